"""Users of the service alone, in a file that sallyportctl writes."""

import concurrent.futures
import os
import pty
import re
import statistics
import subprocess

import pytest

import asking
import sallyport
from fixtures import needs_root
from sallyport import wait_until

if not (sallyport.BUILD / "modules/userfile.so").exists():
    pytest.skip("this build has no libxcrypt", allow_module_level=True)

CTL = sallyport.BUILD / "sallyportctl"
MODTEST = sallyport.BUILD / "sallyport-modtest"
MODULE = sallyport.BUILD / "modules/userfile.so"

CONFIG = """\
server = {{ listen = [ "127.0.0.1:{port}" ]; {server} }};
log = {{ to = "stderr"; format = "json"; level = "debug"; }};
auth = {{ users = {{ type = "userfile"; file = "BOOK";
  environment = [ "COLOUR" ]; }}; }};
handlers = {{ login = {{ type = "login"; }}; }};
profiles = {{ all = {{ accept = "users"; exec = "login"; command = "COMMAND";
  {profile} }}; }};
rules = ( {{ use = "all"; }} );
"""

RIGHT = "Gr8 Kastanie \u00e4"


@pytest.fixture
def book(folder):
    os.chmod(folder, 0o755)
    return folder / "users"


@pytest.fixture
def ctl(book):
    def run(command, *words, password=None):
        return subprocess.run(
            [CTL, "user", command, book, *words], text=True, check=False,
            input=None if password is None else password + "\n",
            stdin=subprocess.DEVNULL if password is None else None,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return run


@pytest.fixture
def key(folder):
    path = folder / "own"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                    "-C", "some key", "-f", path], check=True)
    return path.with_suffix(".pub")


@pytest.fixture
def modtest(book):
    def run(*orders):
        return subprocess.run(
            [MODTEST, MODULE, f"file={book}"], text=True, check=False,
            input="".join(each + "\n" for each in orders),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return run


def verdicts(done):
    return [line.split()[0] for line in done.stdout.splitlines()
            if line.split(" ")[0] in ("ALLOW", "DENY", "NEXT", "FAIL")]


# ---- sallyportctl ----

def test_a_user_is_written_read_and_taken_out(ctl, book, key):
    assert ctl("add", "alice").returncode == 0
    assert ctl("add", "bob", "restrict,pty").returncode == 0
    assert ctl("passwd", "alice", password=RIGHT).returncode == 0
    assert ctl("key", "alice", "add", key, "no-pty").returncode == 0
    assert ctl("list").stdout == ("alice password=yes keys=1\n"
                                  "bob password=no keys=0 "
                                  "options=restrict,pty\n")
    assert book.stat().st_mode & 0o777 == 0o600
    text = book.read_text()
    assert text.startswith("user alice\n\tpassword $y$")
    assert f"\n\tkey no-pty {key.read_text()}user bob\n" in text
    assert RIGHT not in text
    assert ctl("del", "alice").returncode == 0
    assert book.read_text() == "user bob\n\toptions restrict,pty\n"


def test_a_change_leaves_the_rest_as_it_is(ctl, book, key):
    text = ("# ours\nuser alice\n  # his\n\tkey no-pty " + key.read_text() +
            "\tpassword $6$a$b\n\n# next\nuser bob\n\tpassword $6$c$d")
    book.write_text(text)
    book.chmod(0o640)
    assert ctl("key", "alice", "add", key, "restrict").returncode == 0
    assert book.read_text() == (
        "# ours\nuser alice\n  # his\n\tpassword $6$a$b\n\n# next\n"
        "\tkey restrict " + key.read_text() + "user bob\n\tpassword $6$c$d")
    assert ctl("passwd", "bob", password="x").returncode == 0
    assert book.read_text().count("password $") == 2
    assert "$6$c$d" not in book.read_text()
    assert ctl("add", "carol").returncode == 0
    assert book.read_text().endswith("\nuser carol\n")
    assert book.stat().st_mode & 0o777 == 0o640
    assert os.listdir(book.parent).count("users") == 1
    assert not list(book.parent.glob(".*.new"))


def test_a_key_is_taken_out_by_its_fingerprint_or_its_file(ctl, book, key):
    ctl("add", "alice")
    shown = subprocess.run(["ssh-keygen", "-lf", key], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.split()[1]
    for word in (shown, key):
        assert ctl("key", "alice", "add", key).returncode == 0
        assert ctl("list").stdout == "alice password=no keys=1\n"
        assert ctl("key", "alice", "del", word).returncode == 0
        assert ctl("list").stdout == "alice password=no keys=0\n"
        done = ctl("key", "alice", "del", word)
        assert done.returncode == 1 and "not there" in done.stdout


@pytest.mark.parametrize("kind, prefix", [
    ("yescrypt", "$y$"), ("sha512", "$6$"), ("argon2", "$argon2id$")])
def test_a_hash_is_of_the_kind_that_is_asked_for(
        ctl, book, modtest, kind, prefix):
    ctl("add", "alice")
    written = book.read_text()
    done = ctl("passwd", "alice", kind, password=RIGHT)
    if kind == "argon2" and done.returncode == 1:
        # Where the system has it not that is said, and nothing is changed.
        assert "cannot make such a hash" in done.stdout
        assert book.read_text() == written
        pytest.skip("a crypt(3) without argon2")
    assert done.returncode == 0
    assert f"\tpassword {prefix}" in book.read_text()
    done = modtest(f"password alice '{RIGHT}'", "password alice wrong")
    assert verdicts(done) == ["ALLOW", "DENY"], done.stderr


@pytest.mark.parametrize("words, password, why", [
    (["add", "a b"], None, "no name"),
    (["add", ""], None, "no name"),
    (["add", "alice"], None, "there already"),
    (["add", "bob", "dance"], None, "malformed or not known"),
    (["add", "bob", "cert-authority"], None, "certificates"),
    (["add", "bob", "no-pty\nuser root"], None, "malformed or not known"),
    (["del", "bob"], None, "no such user"),
    (["passwd", "bob"], "x", "no such user"),
    (["passwd", "alice"], "", "empty"),
    (["passwd", "alice"], "x" * 512, "too long"),
    (["passwd", "alice", "md5"], "x", "no kind of hash"),
    (["key", "alice", "add", "/dev/null"], None, "no public key"),
    (["key", "alice", "add", "/nowhere"], None, "cannot be opened"),
])
def test_what_is_wrong_changes_nothing(ctl, book, words, password, why):
    ctl("add", "alice")
    before = book.read_text()
    done = ctl(*words, password=password)
    assert done.returncode == 1 and why in done.stdout
    assert book.read_text() == before


def test_a_password_stands_in_no_command_line(ctl, book):
    ctl("add", "alice")
    done = ctl("passwd", "alice", "yescrypt", RIGHT, password="x")
    assert done.returncode == 64 and "usage:" in done.stdout


def test_a_password_is_typed_twice_and_not_shown(ctl, book, modtest):
    ctl("add", "alice")
    for again, status in (("else", 1), ("secret", 0)):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(CTL, [CTL, "user", "passwd", book, "alice"])
        shown = b""
        for prompt, answer in ((b"New password: ", b"secret\n"),
                               (b"again: ", again.encode() + b"\n")):
            while not shown.endswith(prompt):
                shown += os.read(terminal, 1000)
            os.write(terminal, answer)
        try:
            while more := os.read(terminal, 1000):
                shown += more
        except OSError:
            pass  # the terminal is gone
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == status
        os.close(terminal)
        assert b"secret" not in shown and b"else" not in shown
    assert verdicts(modtest("password alice secret")) == ["ALLOW"]


def test_symlinks_are_not_followed_when_writing_nor_files_of_others_changed(ctl, book):
    ctl("add", "alice")
    book.chmod(0o620)
    done = ctl("add", "bob")
    assert done.returncode == 1 and "others may write it" in done.stdout
    book.chmod(0o600)
    book.rename(book.with_name("real"))
    book.symlink_to("real")
    done = ctl("add", "bob")
    assert done.returncode == 1 and "a link" in done.stdout
    assert "bob" not in book.with_name("real").read_text()


def test_many_that_change_it_at_once_all_have_their_way(ctl):
    names = [f"user{i}" for i in range(24)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda name: ctl("add", name), names))
    assert not any(each.returncode for each in done)
    listed = ctl("list").stdout.splitlines()
    assert sorted(line.split()[0] for line in listed) == sorted(names)


def test_a_wrong_line_is_told_and_nothing_is_written(ctl, book):
    book.write_text("user alice\n\tshell /bin/sh\n")
    done = ctl("add", "bob")
    assert done.returncode == 1 and "line 2" in done.stdout
    assert book.read_text() == "user alice\n\tshell /bin/sh\n"


# ---- the module ----

@pytest.mark.parametrize("line", [
    "user a b", "password plain", "password $6$a$b\n password "
    "$6$a$b", "key nonsense", "options", "shell /bin/sh", "\x01"])
def test_one_malformed_line_lets_nobody_in(ctl, book, modtest, line):
    ctl("add", "alice")
    ctl("passwd", "alice", "sha512", password="x")
    good = book.read_text()
    assert verdicts(modtest("password alice x")) == ["ALLOW"]
    book.write_text(good + line + "\n")
    done = modtest("password alice x")
    assert done.returncode == 1 and f"{book} line " in done.stderr


def test_a_user_who_is_there_twice_is_not_let_in(ctl, book, modtest):
    ctl("add", "alice")
    ctl("add", "bob")
    for each in ("alice", "bob"):
        ctl("passwd", each, "sha512", password="x")
    book.write_text(book.read_text() + "user alice\n")
    done = modtest("password alice x", "password bob x")
    assert verdicts(done) == ["FAIL", "ALLOW"]
    assert "line 5: this user is there twice" in done.stderr


@pytest.mark.parametrize("mode, why", [
    (0o604, "others may read it"), (0o620, "written by others"),
    (0o602, "written by others")])
def test_a_file_that_others_may_read_or_write_is_refused(
        ctl, book, modtest, mode, why):
    ctl("add", "alice")
    book.chmod(mode)
    done = modtest("password alice x")
    assert done.returncode == 1 and why in done.stderr


@needs_root
def test_a_file_of_another_users_is_refused(ctl, book, modtest):
    ctl("add", "alice")
    os.chown(book, 64701, 0)
    assert modtest("password alice x").returncode == 1


def test_a_file_that_is_not_there_is_told_at_the_start(modtest):
    done = modtest()
    assert done.returncode == 1 and "No such file" in done.stderr


def test_a_hash_that_is_weak_lets_nobody_in(book, modtest):
    book.write_text("user alice\n\tpassword "
                    "$1$abcdefgh$G//4keteveJp0qb8z2DxG/\n")
    book.chmod(0o600)
    done = modtest("password alice password")
    assert verdicts(done) == ["DENY"] and "too weak" in done.stderr


def test_options_of_user_and_key_add_up(ctl, modtest, key):
    ctl("add", "alice", "no-pty")
    ctl("key", "alice", "add", key, "no-agent-forwarding")
    ctl("passwd", "alice", "sha512", password="x")
    done = modtest(f"publickey alice {key}")
    assert "restrict agent-forwarding=no\nrestrict pty=no\n" in done.stdout
    done = modtest("password alice x")
    assert "restrict pty=no\n" in done.stdout
    assert "agent" not in done.stdout.partition("ALLOW")[2]


def test_a_user_has_his_own_keys_and_no_others(ctl, modtest, key):
    ctl("add", "alice")
    ctl("add", "bob")
    ctl("key", "bob", "add", key)
    assert verdicts(modtest(
        *(f"publickey {each} {key}" for each in ("alice", "bob", "carol")),
        "password alice x", "password carol x")) == \
        ["NEXT", "ALLOW", "NEXT", "NEXT", "NEXT"]


def test_random_credentials_let_nobody_in(ctl, modtest, key):
    ctl("add", "alice")
    ctl("passwd", "alice", "sha512", password="x")
    ctl("key", "alice", "add", key)
    done = modtest("fuzz 200")
    assert " allow=0 " in done.stdout and "left_open=0" in done.stdout


def test_an_unknown_user_takes_the_time_of_a_wrong_password(
        ctl, modtest, book):
    if sallyport.is_sanitized():
        pytest.skip("its time is not that of the program")
    ctl("add", "alice")
    ctl("add", "nopass")
    ctl("passwd", "alice", "sha512", password="x")

    def cost(user):
        """Milliseconds, as the module took them."""
        done = modtest(*[f"password {user} wrong"] * 3)
        assert len(verdicts(done)) == 3
        return [float(each) for each in re.findall(
            r"^(?:DENY|NEXT) ([\d.]+) ms$", done.stdout, re.MULTILINE)]

    names = ("alice", "nobody-here", "nopass")
    times = {each: [] for each in names}
    for _ in range(7):
        for each in names:
            times[each] += cost(each)
    assert all(len(each) == 21 for each in times.values())
    base = statistics.median(times["alice"])
    ratios = [statistics.median(times[each]) / base for each in names[1:]]
    print("unknown and without a password, by wrong:", ratios)
    assert all(0.5 < ratio < 2 for ratio in ratios), times


# ---- logins ----

@pytest.fixture
def serve(make_daemon, ctl, book):
    def make(command="echo %i $COLOUR"):
        assert ctl("add", "first").returncode == 0
        user = "git" if sallyport.is_root() else \
            subprocess.run(["id", "-un"], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.strip()
        return make_daemon(
            config=CONFIG.replace("BOOK", str(book)).replace(
                "COMMAND", command), profile=f'run_as = "{user}";')
    return make


def test_a_user_that_the_machine_does_not_know_logs_in_by_password(
        serve, ctl):
    daemon = serve()
    ctl("add", "guest", 'environment="COLOUR=blue"')
    ctl("passwd", "guest", password=RIGHT)
    done, prompts = asking.login(daemon, "password", RIGHT, user="guest")
    assert done.stdout == b"guest blue\n" and len(prompts) == 1
    for user, password in (("guest", "wrong"), ("nobody-here", RIGHT),
                           ("first", RIGHT)):
        done, _ = asking.login(daemon, "password", password, user=user)
        assert done.returncode == 255
        assert b"Permission denied" in done.stderr
    asking.assert_no_secret(daemon, RIGHT)


def test_a_change_holds_at_the_next_login(serve, ctl):
    daemon = serve()
    key = daemon.key.with_suffix(".pub")

    def login():
        return daemon.ssh("x", user="guest").returncode

    assert login() == 255
    ctl("add", "guest")
    assert login() == 255
    ctl("key", "guest", "add", key)
    assert login() == 0
    ctl("key", "guest", "add", key, 'from="192.0.2.0/24"')
    assert login() == 255
    ctl("key", "guest", "add", key, 'from="127.0.0.0/8"')
    assert login() == 0
    ctl("key", "guest", "del", key)
    assert login() == 255


def test_options_bound_what_a_user_may(serve, ctl):
    daemon = serve()
    ctl("add", "guest")
    ctl("key", "guest", "add", daemon.key.with_suffix(".pub"), "restrict")
    done = daemon.ssh("-tt", "x", user="guest")
    assert b"PTY allocation request failed" in done.stderr


def test_a_file_that_goes_wrong_lets_nobody_in_until_it_is_right(
        serve, ctl, book):
    daemon = serve()
    ctl("key", "first", "add", daemon.key.with_suffix(".pub"))
    assert daemon.ssh("x", user="first").returncode == 0
    book.chmod(0o606)
    assert daemon.ssh("x", user="first").returncode == 255
    book.chmod(0o600)
    with open(book, "a", encoding="ascii") as file:
        file.write("nonsense\n")
    assert daemon.ssh("x", user="first").returncode == 255
    wait_until(lambda: any("line 3: " in record["reason"] for record in
                           daemon.records("module_error")), what="a line")
    book.write_text(book.read_text().replace("nonsense\n", ""))
    assert daemon.ssh("x", user="first").returncode == 0
