"""Keys of an index, which sallyportctl changes while logins read it."""

import base64
import os
import random
import re
import resource
import subprocess
import threading

import pytest

import sallyport
from sallyport import wait_until

if not (sallyport.BUILD / "modules/keydb.so").exists():
    pytest.skip("this build has no LMDB", allow_module_level=True)

CTL = sallyport.BUILD / "sallyportctl"
MODTEST = sallyport.BUILD / "sallyport-modtest"
MODULE = sallyport.BUILD / "modules/keydb.so"

CONFIG = """\
server = {{ listen = [ "127.0.0.1:{port}" ]; {server} }};
log = {{ to = "stderr"; format = "json"; level = "debug"; }};
auth = {{ keys = {{ type = "keydb"; file = "INDEX"; MORE }}; }};
handlers = {{ login = {{ type = "login"; }}; }};
profiles = {{ all = {{ accept = "keys"; shell = "login"; exec = "login";
  {profile} }}; }};
rules = ( {{ use = "all"; }} );
"""


@pytest.fixture
def ctl(folder):
    os.chmod(folder, 0o755)

    def run(command, *words, **more):
        return subprocess.run(
            [CTL, "keydb", command, folder / "k.mdb", *words], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            **more)
    return run


@pytest.fixture
def key(folder):
    path = folder / "own"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                    "-f", path], check=True)
    return path.with_suffix(".pub")


def fingerprint_of(path):
    return subprocess.run(["ssh-keygen", "-lf", path], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.split()[1]


def make_fingerprints(count, seed=1):
    rest = random.Random(seed)
    for _ in range(count):
        yield "SHA256:" + base64.b64encode(
            rest.randbytes(32)).decode().rstrip("=")


# ---- sallyportctl ----

def test_what_was_added_is_listed_until_it_is_taken_out(ctl, key):
    assert ctl("add", key, "alice").returncode == 0
    other, = make_fingerprints(1)
    assert ctl("add", other, "bob", "expires=2031-02-03").returncode == 0
    listed = ctl("list").stdout
    assert f"{fingerprint_of(key)} alice\n" in listed
    assert f"{other} bob expires=2031-02-03T00:00:00\n" in listed
    assert ctl("add", other, "carol").returncode == 0
    assert f"{other} carol\n" in ctl("list").stdout
    assert ctl("del", other).returncode == 0
    done = ctl("del", other)
    assert done.returncode == 1 and "not there" in done.stdout
    assert len(ctl("list").stdout.splitlines()) == 1


def test_what_is_listed_can_be_imported(ctl, folder):
    lines = "".join(f"{each} user{i} expires=2030-01-01\n"
                    for i, each in enumerate(make_fingerprints(100)))
    done = ctl("import", "-", input="# a comment\n\n" + lines)
    assert (done.returncode, done.stdout) == (0, "100 keys\n")
    listed = ctl("list").stdout
    (folder / "k.mdb").unlink()
    assert ctl("import", "-", input=listed).returncode == 0
    assert ctl("list").stdout == listed


def test_options_are_listed_and_imported_with_their_blanks(ctl, folder):
    one, other = make_fingerprints(2)
    options = 'from="10.0.0.0/8",command="echo a  b"'
    assert ctl("add", one, "alice", f"options={options}").returncode == 0
    assert ctl("add", other, "bob", "expires=2031-02-03",
               "options=restrict").returncode == 0
    listed = ctl("list").stdout
    assert f"{one} alice options={options}\n" in listed
    assert f"{other} bob expires=2031-02-03T00:00:00 options=restrict\n" \
        in listed
    (folder / "k.mdb").unlink()
    assert ctl("import", "-", input=listed).stdout == "2 keys\n"
    assert ctl("list").stdout == listed


@pytest.mark.parametrize("words", [
    ["options=dance"], ["options=cert-authority"],
    ['options=principals="a"'], ['options=command="open'],
    ["options=" + "no-pty," * 1000], ["options=a\x01b"],
    ["options=no-pty", "expires=2030-01-01"], ["options=no-pty", "more"],
])
def test_options_that_would_be_refused_are_not_written(ctl, folder, words):
    one, = make_fingerprints(1)
    done = ctl("add", one, "alice", *words)
    assert done.returncode == 1 and "sallyportctl keydb: " in done.stdout
    assert not (folder / "k.mdb").exists()


@pytest.mark.parametrize("line", [
    "SHA256:short alice", "MD5:00 alice", "FINGERPRINT",
    "FINGERPRINT alice forever", "FINGERPRINT alice expires=soon",
    "FINGERPRINT alice expires=2030-01-01 more", "FINGERPRINT a\x01b",
])
def test_one_wrong_line_keeps_all_out(ctl, line):
    good, other = make_fingerprints(2)
    assert ctl("add", good, "alice").returncode == 0
    done = ctl("import", "-", input=f"{other} bob\n" +
               line.replace("FINGERPRINT", other) + "\n")
    assert done.returncode == 1
    assert "line 2 is wrong; nothing was changed" in done.stdout
    assert ctl("list").stdout == f"{good} alice\n"


def test_a_wrong_command_line_is_told():
    for words in ([], ["dance"], ["keydb"], ["keydb", "add", "x"],
                  ["keydb", "list"], ["keydb", "list", "a", "b"]):
        done = subprocess.run([CTL, *words], text=True, check=False,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        assert done.returncode == 64 and "keydb add FILE" in done.stdout
    shown = subprocess.run([CTL, "--version"], text=True, check=True,
                           stdout=subprocess.PIPE).stdout
    assert shown.startswith("sallyportctl ")


# ---- logins ----

@pytest.fixture
def serve(make_daemon, ctl, folder):
    """A daemon over an index that has one key of nobody's."""
    def make(more=""):
        stranger, = make_fingerprints(1)
        assert ctl("add", stranger, "nobody").returncode == 0
        return make_daemon(config=CONFIG.replace(
            "INDEX", str(folder / "k.mdb")).replace("MORE", more))
    return make


def whoami(daemon):
    return daemon.ssh("echo $SALLYPORT_IDENTITY in")


def test_a_change_holds_at_the_next_login(serve, ctl):
    daemon = serve()
    key = daemon.key.with_suffix(".pub")
    assert whoami(daemon).returncode == 255
    ctl("add", key, daemon.user)
    assert whoami(daemon).returncode == 0
    ctl("del", key)
    assert whoami(daemon).returncode == 255


def test_a_key_is_for_who_is_named_like_its_identity(serve, ctl):
    daemon = serve()
    ctl("add", daemon.key.with_suffix(".pub"), "somebody")
    assert whoami(daemon).returncode == 255


def test_a_key_is_for_any_name_where_it_is_said(serve, ctl):
    daemon = serve('user = "any";')
    ctl("add", daemon.key.with_suffix(".pub"), "somebody")
    assert whoami(daemon).returncode == 0
    wait_until(lambda: daemon.records("session_opened"), what="a session")


def test_a_key_that_has_expired_is_refused_and_told_of(serve, ctl):
    daemon = serve()
    key = daemon.key.with_suffix(".pub")
    ctl("add", key, daemon.user, "expires=2001-01-01")
    assert whoami(daemon).returncode == 255
    record = wait_until(lambda: daemon.records("module_notice"),
                        what="a line")[0]
    assert "has expired" in record["reason"]
    ctl("add", key, daemon.user, "expires=2100-01-01")
    assert whoami(daemon).returncode == 0


def test_options_of_a_key_bound_its_logins(serve, ctl):
    daemon = serve('environment = [ "COLOUR" ];')
    key = daemon.key.with_suffix(".pub")
    add = ("add", key, daemon.user)
    ctl(*add, 'options=command="echo $SSH_ORIGINAL_COMMAND and $COLOUR",'
        'environment="COLOUR=blue"')
    assert daemon.ssh("dance").stdout == b"dance and blue\n"
    ctl(*add, 'options=from="192.0.2.0/24"')
    assert whoami(daemon).returncode == 255
    wait_until(lambda: any("is refused" in record["reason"]
                           for record in daemon.records("module_notice")),
               what="a line")
    ctl(*add, 'options=from="127.0.0.0/8"')
    assert whoami(daemon).returncode == 0
    ctl(*add, 'options=expiry-time="20010101"')
    assert whoami(daemon).returncode == 255


def test_an_index_that_is_gone_or_not_trusted_lets_nobody_in(
        serve, ctl, folder):
    daemon = serve()
    ctl("add", daemon.key.with_suffix(".pub"), daemon.user)
    assert whoami(daemon).returncode == 0
    (folder / "k.mdb").chmod(0o666)
    assert whoami(daemon).returncode == 255
    wait_until(lambda: any("nobody else" in record["reason"]
                           for record in daemon.records("module_error")),
               what="a line")
    (folder / "k.mdb").chmod(0o600)
    assert whoami(daemon).returncode == 0
    (folder / "k.mdb").write_bytes(b"\0" * 4096)
    assert whoami(daemon).returncode == 255


def test_an_index_that_is_not_there_is_told_at_the_start(folder):
    os.chmod(folder, 0o755)
    done = subprocess.run([MODTEST, MODULE, f"file={folder}/none"], text=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          check=False)
    assert done.returncode == 1 and "No such file" in done.stderr
    assert not list(folder.glob("none*"))


def test_logins_go_on_while_keys_are_added(serve, ctl):
    daemon = serve()
    ctl("add", daemon.key.with_suffix(".pub"), daemon.user)
    stop = threading.Event()
    changes = []

    def change():
        for each in make_fingerprints(100000, seed=2):
            if stop.is_set():
                return
            changes.append(ctl("add", each, "other").returncode)
            changes.append(ctl("del", each).returncode)

    writer = threading.Thread(target=change)
    writer.start()
    try:
        codes = [whoami(daemon).returncode for _ in range(20)]
    finally:
        stop.set()
        writer.join()
    assert codes == [0] * 20
    assert len(changes) > 20 and not any(changes)


# ---- a million ----

def test_a_million_keys_are_found_as_fast_as_few(ctl, folder, key):
    if sallyport.is_sanitized():
        pytest.skip("its time is not that of the program")
    with open(folder / "lines", "w", encoding="ascii") as lines:
        for i, each in enumerate(make_fingerprints(1_000_000)):
            lines.write(f"{each} user{i}\n")
    done = ctl("import", folder / "lines")
    assert done.stdout == "1000000 keys\n", done.stdout
    assert ctl("add", key, "alice").returncode == 0

    def cost(orders):
        """CPU seconds."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        shown = subprocess.run(
            [MODTEST, MODULE, f"file={folder}/k.mdb"], input=orders,
            text=True, check=True, stdout=subprocess.PIPE).stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - \
            before.ru_stime, shown

    begin, shown = cost(f"publickey alice {key}\n")
    assert re.search("^ALLOW identity=alice ", shown, re.MULTILINE)
    many, shown = cost("fuzz 2000\n")
    assert "next=2000" in shown
    each = (many - begin) / 2000
    print(f"{each * 1000:.2f} ms of CPU a look-up, with opening the index")
    # A tenth of a login; sanitizers and a busy machine are slower.
    assert each < 0.004
