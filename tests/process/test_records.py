"""Records of logins: lastlog and its text, terminals in utmp and wtmp."""

import contextlib
import os
import pathlib
import re
import select
import signal
import struct
import subprocess
import time

import pytest

import sallyport
from fixtures import needs_root
from sallyport import USERS, wait_until
from test_ordinary_user import Own

pytestmark = needs_root

LASTLOG = struct.Struct("=i32s256s")
# Type, process, line, id, user, host; what is behind them nobody needs.
UTMP = struct.Struct("=hxxi32s4s32s256s52x")
USER_PROCESS, DEAD_PROCESS = 7, 8

UTEMPTER = next((line.split(" = ")[1] for line in
                 (sallyport.BUILD / "Makefile").read_text().splitlines()
                 if line.startswith("UTEMPTER = ")), "")
needs_utempter = pytest.mark.skipif(
    not os.access(UTEMPTER, os.X_OK), reason="no utempter")

# The machine's own are behind it.
EMPTY = ["mount -t tmpfs none /var", "mkdir /var/log /var/run /var/empty"]
WITH_LASTLOG = [*EMPTY, "touch /var/log/lastlog",
                "chmod 664 /var/log/lastlog"]


def with_utmp(*more):
    """With a group that only utempter has, and not the daemon's root alone."""
    group = os.stat(UTEMPTER).st_gid
    return [*WITH_LASTLOG, "touch /var/run/utmp /var/log/wtmp",
            f"chown 0:{group} /var/run/utmp /var/log/wtmp",
            "chmod 664 /var/run/utmp /var/log/wtmp", *more]


def text(field):
    return field.partition(b"\0")[0].decode()


def last(daemon, user="alice"):
    """When, by what line and from where; or None."""
    data = daemon.inside("/var/log/lastlog").read_bytes()
    place = USERS[user] * LASTLOG.size
    record = data[place:place + LASTLOG.size]
    if len(record) < LASTLOG.size or not any(record):
        return None
    seconds, line, host = LASTLOG.unpack(record)
    return seconds, text(line), text(host)


def entries(daemon, path):
    """Of a file of utmp(5): type, line, user, host."""
    data = daemon.inside(path).read_bytes()
    found = []
    for kind, _, line, _, user, host in UTMP.iter_unpack(data):
        found.append((kind, text(line), text(user), text(host)))
    return found


def there(daemon):
    return [entry[1:] for entry in entries(daemon, "/var/run/utmp")
            if entry[0] == USER_PROCESS]


def wait_there(daemon, count):
    wait_until(lambda: len(there(daemon)) == count, 20,
               f"{count} terminals in utmp")
    return there(daemon)


def shell(daemon, **more):
    done = daemon.ssh("-tt", input=b"exit 4\n", **more)
    assert done.returncode == 4, done.stderr
    return done.stdout


class Terminal:
    """A shell on a terminal, whose client is there."""

    def __init__(self, daemon, *command):
        self.client = daemon.popen("-tt", *command)

    def ask(self):
        """What its terminal is called, once it answers."""
        self.client.stdin.write(b"echo is $(tty)\n")
        self.client.stdin.flush()
        shown = b""
        while True:
            found = re.search(rb"is /dev/(pts/\d+)\r\n", shown)
            if found:
                return found[1].decode()
            assert select.select([self.client.stdout], [], [], 20)[0], shown
            more = os.read(self.client.stdout.fileno(), 4096)
            assert more, shown
            shown += more

    def leave(self):
        with contextlib.suppress(BrokenPipeError):
            self.client.stdin.write(b"exit\n")
            self.client.stdin.flush()
        self.close()

    def close(self):
        self.client.kill()
        self.client.communicate(timeout=20)


@pytest.fixture
def terminal():
    with contextlib.ExitStack() as stack:
        def make(*arguments):
            made = Terminal(*arguments)
            stack.callback(made.close)
            return made

        yield make


# ---- lastlog ----

def test_a_shell_on_a_terminal_is_told_of_the_last_login(make_daemon):
    daemon = make_daemon(first=WITH_LASTLOG)
    before = int(time.time())
    assert b"Last login" not in shell(daemon)
    seconds, line, host = last(daemon)
    assert (line, host) == ("ssh", "127.0.0.1")
    assert before <= seconds <= time.time()
    told = time.strftime("%a %b %e %H:%M:%S %Y", time.localtime(seconds))
    expected = f"Last login: {told} from 127.0.0.1\r\n".encode()
    assert expected in shell(daemon)
    # Of the others nobody knows.
    assert last(daemon, "bob") is None
    assert b"Last login" not in shell(daemon, user="bob")
    assert not daemon.records("login_unrecorded")


def test_a_command_is_a_login_and_is_told_nothing(make_daemon):
    daemon = make_daemon(first=WITH_LASTLOG)
    for arguments in (("echo", "in"), ("-tt", "echo", "in"), ()):
        done = daemon.ssh(*arguments)
        assert done.returncode == 0
        assert b"Last login" not in done.stdout + done.stderr
        assert last(daemon)
    (daemon.homes / "alice/.hushlogin").touch()
    assert b"Last login" not in shell(daemon)
    (daemon.homes / "alice/.hushlogin").unlink()
    assert b"Last login" in shell(daemon)


def test_it_comes_before_the_message_of_the_day(make_daemon, folder):
    (folder / "motd").write_text("Mind the gap.\n")
    daemon = make_daemon(first=WITH_LASTLOG,
                         profile=f'motd = "{folder}/motd";')
    assert daemon.ssh("true").returncode == 0
    shown = shell(daemon)
    assert 0 <= shown.index(b"Last login") < shown.index(b"Mind the gap.")


def test_a_login_that_was_refused_is_none(make_daemon):
    daemon = make_daemon(first=WITH_LASTLOG,
                         profile='chroot = "/nonexistent";')
    assert daemon.ssh("true").returncode == 255
    daemon.expect("login_refused")
    assert last(daemon) is None


def test_it_is_written_outside_of_another_root(make_daemon):
    daemon = make_daemon(first=WITH_LASTLOG, profile='chroot = "/usr";')
    daemon.ssh("true")
    daemon.expect("session_opened")
    assert last(daemon)[2] == "127.0.0.1"


def test_who_wants_no_records_has_none(make_daemon):
    daemon = make_daemon(first=WITH_LASTLOG,
                         profile="login_records = false;")
    assert daemon.ssh("true").returncode == 0
    assert b"Last login" not in shell(daemon)
    assert last(daemon) is None


@pytest.mark.parametrize("kind", ["none", "link", "foreign", "full"])
def test_what_cannot_be_recorded_keeps_nobody_out(make_daemon, kind):
    first = {
        "none": EMPTY,
        "link": [*EMPTY, "touch /var/log/target",
                 "ln -s target /var/log/lastlog"],
        "foreign": [*WITH_LASTLOG, "chown 64701 /var/log/lastlog"],
        # One page, which is another's.
        "full": [*EMPTY, "mount -t tmpfs -o size=4096 none /var/log",
                 "echo >/var/log/lastlog"],
    }[kind]
    daemon = make_daemon(first=first)
    assert daemon.ssh("true").returncode == 0
    assert b"Last login" not in shell(daemon)
    if kind == "none":
        assert not daemon.inside("/var/log/lastlog").exists()
        assert not daemon.records("login_unrecorded")
        return
    record = daemon.expect("login_unrecorded", count=2)[0]
    assert record["user"] == "alice"
    assert record["path"] == "/var/log/lastlog"
    assert record["reason"] == {
        "link": os.strerror(40), "foreign": "bad ownership or modes",
        "full": os.strerror(28)}[kind]
    assert daemon.inside("/var/log/lastlog").stat().st_size <= 1


# ---- utmp and wtmp ----

@needs_utempter
def test_a_terminal_is_recorded_until_it_is_left(make_daemon, terminal):
    daemon = make_daemon(first=with_utmp())
    assert daemon.ssh("true").returncode == 0
    shells = [terminal(daemon), terminal(daemon)]
    lines = [each.ask() for each in shells]
    expected = [(line, "alice", "127.0.0.1") for line in lines]
    assert sorted(wait_there(daemon, 2)) == sorted(expected)
    shown = subprocess.run(["who", daemon.inside("/var/run/utmp")],
                           stdout=subprocess.PIPE, check=True).stdout
    assert shown.count(b"(127.0.0.1)") == 2
    shells[0].leave()
    assert wait_there(daemon, 1) == [expected[1]]
    shells[1].leave()
    wait_there(daemon, 0)
    # Each came and went, and nobody else did.
    written = entries(daemon, "/var/log/wtmp")
    for line in lines:
        assert [kind for kind, of, _, _ in written if of == line] == \
            [USER_PROCESS, DEAD_PROCESS]
    assert len(written) == 4
    assert not daemon.records("login_unrecorded")


@needs_utempter
def test_one_that_is_there_for_a_moment_leaves_nothing(make_daemon):
    """Its program may be gone before it was added."""
    daemon = make_daemon(first=with_utmp())
    assert daemon.ssh("-tt", "true").returncode == 0
    wait_until(lambda: len(entries(daemon, "/var/log/wtmp")) == 2)
    assert there(daemon) == []


@needs_utempter
def test_one_whose_client_dies_is_over(make_daemon, terminal):
    daemon = make_daemon(first=with_utmp())
    shell = terminal(daemon)
    shell.ask()
    wait_there(daemon, 1)
    shell.close()
    wait_there(daemon, 0)


@needs_utempter
def test_one_whose_session_is_told_to_end_is_over(make_daemon, terminal):
    daemon = make_daemon(first=with_utmp())
    shell = terminal(daemon)
    shell.ask()
    wait_there(daemon, 1)
    record = daemon.expect("session_opened")[0]
    os.kill(record["pid"], signal.SIGTERM)
    wait_there(daemon, 0)


# ---- the program ----

def instead(folder, script):
    """Another program in the place of utempter, in the namespace alone."""
    path = folder / "utempter"
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(0o755)
    return with_utmp(f"mount --bind {path} {UTEMPTER}")


SPY = """\
files=$(ls /proc/$$/fd)
{ echo "$@"; readlink /proc/$$/fd/0; id -un; pwd
  tr '\\0' '\\n' </proc/$$/environ | wc -l; echo $files
} >>/home/alice/spied 2>&1
"""


@needs_utempter
def test_it_is_run_as_the_user_with_nothing_else(make_daemon, folder):
    daemon = make_daemon(first=instead(folder, SPY))
    assert daemon.ssh("-tt", "true").returncode == 0
    path = daemon.homes / "alice/spied"
    wait_until(lambda: path.exists() and path.read_text().count("\n") == 12)
    lines = path.read_text().splitlines()
    for place, what in ((0, "add 127.0.0.1"), (6, "del")):
        assert lines[place] == what
        assert lines[place + 1] in ("/dev/ptmx", "/dev/pts/ptmx")
        assert lines[place + 2:place + 5] == ["alice", "/", "0"]
        # The shell has its script (10) and our question (3).
        assert lines[place + 5] == "0 1 10 2 3"


@needs_utempter
def test_nothing_is_deleted_before_it_was_added(make_daemon, folder):
    daemon = make_daemon(first=instead(
        folder, "test $1 = del || sleep 1\necho $1 >>/home/alice/order\n"))
    assert daemon.ssh("-tt", "true").returncode == 0
    path = daemon.homes / "alice/order"
    wait_until(lambda: path.exists() and path.read_text().count("\n") == 2)
    assert path.read_text() == "add\ndel\n"


@needs_utempter
@pytest.mark.parametrize("profile", [
    "login_records = false;", "no_new_privs = true;"])
def test_it_is_not_run_where_it_is_not_wanted_or_of_no_use(
        make_daemon, folder, profile):
    daemon = make_daemon(first=instead(folder, SPY), profile=profile)
    shell(daemon)
    daemon.expect("session_closed")
    wait_until(lambda: len(daemon.pids("login")) == 1)
    assert not (daemon.homes / "alice/spied").exists()


@needs_utempter
def test_a_command_without_a_terminal_does_not_run_it(make_daemon, folder):
    daemon = make_daemon(first=instead(folder, SPY))
    assert daemon.ssh("true").returncode == 0
    wait_until(lambda: len(daemon.pids("login")) == 1)
    assert not (daemon.homes / "alice/spied").exists()


@needs_utempter
def test_where_it_fails_the_log_says_so(make_daemon, folder):
    """And what was not added is not deleted."""
    daemon = make_daemon(first=instead(
        folder, "echo $1 >>/home/alice/order; exit 3\n"))
    shell(daemon)
    wait_until(lambda: len(daemon.pids("login")) == 1)
    assert (daemon.homes / "alice/order").read_text() == "add\n"
    record = daemon.expect("login_unrecorded")[0]
    assert record["path"] == "/var/run/utmp"
    assert record["reason"] == "utempter ended with status 3"


@needs_utempter
def test_one_that_hangs_keeps_nobody_waiting(make_daemon, folder, terminal):
    """And is killed with all that it started."""
    daemon = make_daemon(first=instead(
        folder, "trap '' TERM; sleep 3043 & sleep 3043\n"))
    began = time.monotonic()
    shell = terminal(daemon)
    shell.ask()
    assert time.monotonic() - began < 2 or sallyport.is_sanitized()
    shell.leave()
    record = daemon.expect("login_unrecorded")[0]
    assert record["reason"] == "utempter ended by signal 9"
    wait_until(lambda: len(daemon.pids("login")) == 1)
    assert subprocess.run(["pgrep", "-fx", "sleep 3043"], check=False,
                          stdout=subprocess.PIPE).stdout == b""


@needs_utempter
def test_without_utmp_nobody_runs_it(make_daemon, folder):
    daemon = make_daemon(first=[*instead(folder, SPY), "rm /var/run/utmp"])
    shell(daemon)
    wait_until(lambda: len(daemon.pids("login")) == 1)
    assert not (daemon.homes / "alice/spied").exists()
    assert not daemon.records("login_unrecorded")


@needs_utempter
def test_without_it_all_else_is_as_ever(make_daemon, folder):
    daemon = make_daemon(first=with_utmp(
        f"mount -t tmpfs none {pathlib.Path(UTEMPTER).parent}"))
    shell(daemon)
    assert last(daemon)
    assert not daemon.records("login_unrecorded")
    assert entries(daemon, "/var/log/wtmp") == []


# ---- without root ----

@needs_utempter
def test_an_ordinary_users_daemon_records_nothing(folder):
    """Though she could."""
    os.chmod(folder, 0o755)
    uid = USERS["alice"]
    with Own(folder, first=[*instead(folder, SPY),
                            f"chown {uid} /var/log/lastlog"]) as daemon:
        shell(daemon)
        assert b"Last login" not in shell(daemon)
        wait_until(lambda: len(daemon.pids("login")) == 1)
        assert last(daemon) is None
        assert not (daemon.homes / "alice/spied").exists()
