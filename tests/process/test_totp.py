"""One-time codes as a second step, with codes that are computed here."""

import base64
import hashlib
import hmac
import os
import struct
import subprocess
import time

import pytest

import asking
import sallyport
from sallyport import wait_until

if not (sallyport.BUILD / "modules/totp.so").exists():
    pytest.skip("this build has no liboath", allow_module_level=True)

MODTEST = sallyport.BUILD / "sallyport-modtest"
MODULE = sallyport.BUILD / "modules/totp.so"

CONFIG = """\
server = {{ listen = [ "127.0.0.1:{port}" ]; {server} }};
log = {{ to = "stderr"; format = "json"; level = "debug"; }};
auth = {{ keys = {{ type = "authorized_keys"; {file} }};
  otp = {{ type = "totp"; secret = "SECRETS/%u"; used = "USED/%u"; MORE }}; }};
handlers = {{ login = {{ type = "login"; }}; }};
profiles = {{ all = {{ accept = "keys+otp"; shell = "login"; exec = "login";
  {profile} }}; }};
rules = ( {{ use = "all"; }} );
"""

SECRET = b"a secret of 20 bytes"
METHODS = "publickey,keyboard-interactive"


def code_of(seconds=None, secret=SECRET, digits=6, hashing=hashlib.sha1):
    """RFC 6238 with its defaults."""
    step = int(time.time() if seconds is None else seconds) // 30
    digest = hmac.new(secret, struct.pack(">Q", step), hashing).digest()
    at = digest[-1] & 15
    number = struct.unpack(">I", digest[at:at + 4])[0] & 0x7fffffff
    return f"{number % 10 ** digits:0{digits}d}"


def test_codes_are_computed_as_the_rfc_has_them():
    secret = b"12345678901234567890"
    assert code_of(59, secret, 8) == "94287082"
    assert code_of(20000000000, secret, 8) == "65353130"


def other_than(*codes):
    """A code that is right at no time near."""
    near = {code_of(time.time() + 30 * i) for i in range(-4, 5)}
    return next(each for each in (f"{i:06d}" for i in range(100))
                if each not in near and each not in codes)


class Place:
    """Folders of secrets and of used codes."""

    def __init__(self, folder):
        os.chmod(folder, 0o755)
        self.secrets = folder / "secrets"
        self.used = folder / "used"
        for each in (self.secrets, self.used):
            each.mkdir(mode=0o700)

    def write(self, name, secret=SECRET, mode=0o600):
        path = self.secrets / name
        path.write_text(f"# of {name}\n{base64.b32encode(secret).decode()}\n")
        path.chmod(mode)


@pytest.fixture
def place(folder):
    return Place(folder)


@pytest.fixture
def modtest(place):
    def run(*orders, options=()):
        done = subprocess.run(
            [MODTEST, MODULE, f"secret={place.secrets}/%u",
             f"used={place.used}/%u", *options], text=True, check=False,
            input="".join(each + "\n" for each in orders),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return done
    return run


def verdicts(done):
    return [line.split()[0].rstrip(":") for line in done.stdout.splitlines()
            if line.split(" ")[0].rstrip(":") in
            ("ALLOW", "DENY", "NEXT", "FAIL")]


# ---- the module ----

def test_a_code_lets_in_once_and_an_earlier_one_never_more(modtest, place):
    place.write("alice")
    now = time.time()
    code, before = code_of(now), code_of(now - 30)
    done = modtest(f"keyboard alice {other_than()}", f"keyboard alice {code}",
                   f"keyboard alice {code}", f"keyboard alice {before}")
    assert verdicts(done) == ["DENY", "ALLOW", "DENY", "DENY"], done.stderr
    assert "totp_replay" in done.stderr or "used before" in done.stderr
    assert "asked: One-time code: \n" in done.stdout
    kept = place.used / "alice"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert int(kept.read_text()) == int(now) // 30 + 1


def test_who_has_no_secret_is_asked_and_wrong(modtest, place):
    place.write("alice")
    done = modtest(f"keyboard bob {code_of()}", "keyboard ../alice 123456",
                   "keyboard bob")
    assert verdicts(done) == ["DENY", "DENY", "DENY"]
    assert done.stdout.count("asked: One-time code: \n") == 3
    assert not list(place.used.iterdir())


@pytest.mark.parametrize("options, how", [
    (["digits=8"], {"digits": 8}),
    (["hash=sha256"], {"hashing": hashlib.sha256}),
    (["hash=sha512", "digits=7"], {"hashing": hashlib.sha512, "digits": 7}),
])
def test_codes_are_of_the_kind_that_is_said(modtest, place, options, how):
    place.write("alice")
    right = code_of(**how)
    assert verdicts(modtest(f"keyboard alice {right}",
                            options=options)) == ["ALLOW"]


def test_a_window_is_as_wide_as_is_said(modtest, place):
    def login(offset, window):
        place.write("alice")
        (place.used / "alice").unlink(missing_ok=True)
        return verdicts(modtest(f"keyboard alice {code_of(time.time() + offset)}",
                                options=[f"window={window}"]))[0]

    if time.time() % 30 > 25:
        time.sleep(6)  # no step ends between a code and its check
    assert login(-30, 0) == "DENY" and login(0, 0) == "ALLOW"
    assert login(-30, 1) == "ALLOW" and login(30, 1) == "ALLOW"
    assert login(-90, 2) == "DENY" and login(90, 3) == "ALLOW"


@pytest.mark.parametrize("spoil, why", [
    (lambda place: (place.secrets / "alice").chmod(0o640), "others may read"),
    (lambda place: place.secrets.chmod(0o777), "written by others"),
    (lambda place: (place.secrets / "alice").write_text("AAAA\n"), "base32"),
    (lambda place: (place.secrets / "alice").write_text("\n"), "base32"),
])
def test_a_secret_that_is_not_safe_or_none_is_wrong(
        modtest, place, spoil, why):
    place.write("alice")
    spoil(place)
    done = modtest(f"keyboard alice {code_of()}")
    assert verdicts(done) == ["DENY"] and why in done.stderr


@pytest.mark.parametrize("spoil", [
    lambda place: place.used.rmdir(),
    lambda place: place.used.chmod(0o777),
    lambda place: (place.used / "alice").write_text("1\n"),
    lambda place: (place.used / "alice").symlink_to("/dev/null"),
    lambda place: (place.used / "alice").mkdir(),
])
def test_where_nothing_can_be_remembered_nobody_is_let_in(
        modtest, place, spoil):
    place.write("alice")
    spoil(place)
    done = modtest(f"keyboard alice {code_of()}")
    assert verdicts(done) == ["FAIL"] and str(place.used) in done.stderr


@pytest.mark.parametrize("option, why", [
    ("used=/var/lib/x", "used must name a user's file"),
    ("used=/var/lib/%i", "by %u"),
    ("period=1500ms", "whole seconds"),
    ("digits=5", "out of range"),
    ("window=11", "out of range"),
])
def test_options_that_make_no_sense_are_told_at_the_start(
        modtest, option, why):
    done = modtest(options=[option])
    assert done.returncode == 1 and why in done.stderr


def test_random_answers_let_nobody_in(modtest, place):
    done = modtest("fuzz 200")
    assert " allow=0 " in done.stdout and "left_open=0" in done.stdout


# ---- logins ----

@pytest.fixture
def serve(make_daemon, place):
    def make(more=""):
        daemon = make_daemon(config=CONFIG.replace(
            "SECRETS", str(place.secrets)).replace(
                "USED", str(place.used)).replace("MORE", more))
        place.write(daemon.user)
        return daemon
    return make


def test_a_key_and_a_code_let_in_and_the_code_is_used_up(serve):
    daemon = serve()
    code = code_of()
    done, prompts = asking.login(daemon, METHODS, code)
    assert done.stdout == b"in\n", done.stderr
    assert prompts == ["One-time code: "]
    done, prompts = asking.login(daemon, METHODS, code)
    assert done.returncode == 255 and prompts == ["One-time code: "]
    wait_until(lambda: any("used before" in record["reason"] for record in
                           daemon.records("module_notice")), what="a line")
    if time.time() % 30 < 28:
        done, _ = asking.login(daemon, METHODS, code_of(time.time() + 30))
        assert done.stdout == b"in\n", done.stderr


def test_neither_key_nor_code_lets_in_alone(serve):
    daemon = serve()
    assert daemon.ssh("echo", "in").returncode == 255
    done, prompts = asking.login(daemon, METHODS, other_than())
    assert done.returncode == 255 and prompts
    done, prompts = asking.login(daemon, "keyboard-interactive", code_of())
    assert done.returncode == 255 and not prompts


def test_a_missing_secret_looks_like_a_wrong_code(serve, place):
    daemon = serve()
    wrong = asking.login(daemon, METHODS, other_than())
    (place.secrets / daemon.user).unlink()
    missing = asking.login(daemon, METHODS, code_of())
    assert missing[0].returncode == wrong[0].returncode == 255
    assert missing[0].stderr == wrong[0].stderr
    assert missing[1] == wrong[1]


def test_of_two_logins_at_once_with_one_code_one_is_let_in(serve):
    daemon = serve()
    code = code_of()
    transports = [asking.connect(daemon) for _ in range(4)]
    try:
        import paramiko
        key = paramiko.Ed25519Key(filename=str(daemon.key))
        for each in transports:
            assert each.auth_publickey(daemon.user, key) == \
                ["keyboard-interactive"]
        inside = 0
        for each in transports:
            try:
                each.auth_interactive(
                    daemon.user, lambda *_: [code])
                inside += each.is_authenticated()
            except paramiko.AuthenticationException:
                pass
        assert inside == 1
    finally:
        for each in transports:
            each.close()
