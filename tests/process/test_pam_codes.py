"""PAM stacks that ask for a code: Google's authenticator, and OATH's."""

import base64
import hashlib
import hmac
import pathlib
import struct
import time

import pytest

import asking
import sallyport
from fixtures import needs_root
from test_pam import RIGHT, UNIX, assert_in, assert_out, make, needs_pam

pytestmark = [needs_root, needs_pam]

SECRET = b"12345678901234567890"


def module(name):
    """Where it is, installed or unpacked."""
    for root in (pathlib.Path("/"), sallyport.UNPACKED.parent):
        for path in root.glob(f"lib/*/security/{name}.so"):
            return path
    pytest.skip(f"no {name}")


def code_now():
    """RFC 6238, six digits, with some seconds left to be typed in."""
    while time.time() % 30 > 24:
        time.sleep(0.5)
    digest = hmac.new(SECRET, struct.pack(">Q", int(time.time()) // 30),
                      hashlib.sha1).digest()
    at = digest[-1] & 15
    number = struct.unpack(">I", digest[at:at + 4])[0] & 0x7fffffff
    return f"{number % 1000000:06}"


def google(host):
    path = host.folder / "google"
    path.write_text(f'{base64.b32encode(SECRET).decode()}\n" TOTP_AUTH\n'
                    '" WINDOW_SIZE 3\n" DISALLOW_REUSE\n')
    path.chmod(0o400)
    return (f"{module('pam_google_authenticator')} secret={path} user=root "
            "[authtok_prompt=Code: ]")


def oath(host):
    path = host.folder / "oath"
    path.write_text(f"HOTP/T30/6 alice - {SECRET.hex()}\n")
    path.chmod(0o600)
    return f"{module('pam_oath')} usersfile={path} window=3 digits=6"


@pytest.fixture
def host(make, request):
    """A password, and then a code."""
    if sallyport.is_sanitized():
        pytest.skip("these modules do not free what they are answered")
    made = make()
    line = request.param(made)
    (made.folder / "etc/pam.d/sallyport").write_text(UNIX.replace(
        "account", f"auth required {line}\naccount", 1) +
        "session required pam_permit.so\n")
    return made.start()


def log_in(host, *answers):
    return asking.login(host, "keyboard-interactive", *answers)


both = pytest.mark.parametrize("host", [google, oath], indirect=True,
                               ids=["google_authenticator", "oath"])


@both
def test_a_password_and_then_a_code_let_in(host):
    done, prompts = log_in(host, RIGHT, code_now())
    assert_in(done)
    assert len(prompts) == 2
    assert prompts[0].startswith("Password")
    assert not prompts[1].startswith("Password")


@both
def test_neither_lets_in_alone(host):
    assert_out(log_in(host, RIGHT, "000000")[0])
    assert_out(log_in(host, "wrong", code_now())[0])
    assert_out(log_in(host, RIGHT, "")[0])
    # By the method "password" there is nobody to be asked for a code.
    assert_out(asking.login(host, "password", RIGHT)[0])
    assert not host.records("auth_accepted")


@both
def test_a_code_that_was_used_lets_in_no_more(host):
    code = code_now()
    assert_in(log_in(host, RIGHT, code)[0])
    assert_out(log_in(host, RIGHT, code)[0])
