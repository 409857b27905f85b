"""What a login asks may hang: its time ends it, and nobody else waits."""

import glob
import os
import shutil
import signal
import subprocess
import time

import pytest

import sallyport
from fixtures import needs_root
from sallyport import wait_until

pytestmark = needs_root

OURS = sallyport.BUILD / "tests/process"
SERVER = 'gates = 1; login_time = "3s";'


def assert_login(daemon):
    done = daemon.ssh("echo", "in")
    assert done.stdout == b"in\n", done.stderr


def assert_ends_alone(daemon, user):
    """His login hangs, and ends; the line about it."""
    zygote, = daemon.pids("login")
    began = time.monotonic()
    client = daemon.popen("true", user=user)
    wait_until(lambda: len(daemon.pids("login")) == 2)
    assert_login(daemon)
    assert client.poll() is None or time.monotonic() - began > 3
    client.communicate(timeout=20)
    assert client.returncode == 255
    assert time.monotonic() - began >= 2.9
    line, = daemon.expect("login_hangs")
    assert (line["user"], line["address"]) == (user, "127.0.0.1")
    wait_until(lambda: daemon.pids("login") == [zygote])
    assert_login(daemon)
    assert not daemon.records("child_died")
    return line["reason"]


@pytest.fixture
def modules(folder):
    place = folder / "modules"
    place.mkdir()
    for path in (sallyport.BUILD / "modules").glob("*.so"):
        shutil.copy(path, place)
    shutil.copy(OURS / "sloth.so", place)
    return place


@pytest.fixture
def make_slow(make_daemon, modules):
    """Daemons at which bob's logins hang."""
    config = sallyport.CONFIG.replace(
        "auth = {{", 'auth = {{ slow = {{ type = "sloth"; }};').replace(
            'accept = "keys"', 'accept = [ "slow", "keys" ]')

    def make(server):
        return make_daemon(config=config, server=server,
                           arguments=["--modules", str(modules)])
    return make


def test_a_module_that_hangs_is_named(make_slow):
    reason = assert_ends_alone(make_slow(SERVER), "bob")
    assert '"slow"' in reason and "sloth" in reason


def test_a_name_service_that_hangs_is_told_of(make_daemon, folder):
    places = glob.glob("/lib/*/libnss_hesiod.so.2")
    if not places:
        pytest.skip("no name service that could be replaced")
    switch = folder / "nsswitch.conf"
    switch.write_text("passwd: files hesiod\ngroup: files\nshadow: files\n")
    daemon = make_daemon(server=SERVER, first=[
        f"mount --bind {switch} /etc/nsswitch.conf",
        f"mount --bind {OURS / 'limbo.so'} {places[0]}"])
    reason = assert_ends_alone(daemon, "sleeper")
    assert "account" in reason


class Caller:
    """A client of a source of its own, from when it has asked to log in."""

    def __init__(self, daemon, folder, user, source):
        self.began = time.monotonic()
        words = folder / f"words{self.began}"
        with open(words, "wb") as file:
            self.client = daemon.popen(
                "true", user=user, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=file,
                options=[f"BindAddress={source}", "LogLevel=DEBUG1"])
        wait_until(lambda: b"Offering public key" in words.read_bytes(), 20,
                   "a client that has a key to show")

    def wait(self):
        """Its seconds, when it has been ended."""
        assert self.client.wait(60) == 255
        return time.monotonic() - self.began


def test_who_waits_for_a_turn_spends_his_time(make_slow, folder):
    """Of three the first has the only place, and the last comes next: his
    source had its place in the line before. What a client of his has left
    when it is his turn is not login_time again."""
    login_time, late = 8, 1.5  # it ends later than the gate by that
    daemon = make_slow(f'gates = 1; max_logins = 1; '
                       f'login_time = "{login_time}s";')
    zygote, = daemon.pids("login")
    first = Caller(daemon, folder, "bob", "127.0.9.1")
    wait_until(lambda: len(daemon.pids("login")) == 2)
    waiting = Caller(daemon, folder, "alice", "127.0.9.2")
    time.sleep(3)
    last = Caller(daemon, folder, "bob", "127.0.9.1")
    assert login_time - 0.1 < waiting.wait()
    # The house was full all the time, and still is.
    assert last.client.poll() is None
    assert not daemon.records("auth_accepted")
    first.wait()
    last.wait()
    wait_until(lambda: daemon.pids("login") == [zygote])
    assert time.monotonic() - last.began < login_time + late + 3
    # Both had a place, one after the other.
    assert [line["user"] for line in daemon.expect("login_hangs", 2)] == [
        "bob"] * 2
    assert not daemon.records("auth_accepted")
    assert_login(daemon)


# ---- a handler, in the session ----

HANDLERS = """\
server = {{ listen = [ "127.0.0.1:{port}" ]; {server} }};
log = {{ to = "stderr"; format = "json"; level = "debug"; }};
auth = {{ keys = {{ type = "authorized_keys"; {file} }}; }};
handlers = {{ login = {{ type = "login"; }}; slow = {{ type = "sloth"; }}; }};
profiles = {{ all = {{ accept = "keys"; exec = "login"; }};
  slow = {{ accept = "keys"; exec = "slow"; {profile} }}; }};
rules = ( {{ user = "bob"; use = "slow"; }}, {{ use = "all"; }} );
"""
PATIENCE = 10  # as vigil.c has it


@pytest.fixture
def make_stuck(make_daemon, modules):
    """A daemon, and a session of bob's that hangs in its module."""
    clients = []

    def make(command, **settings):
        daemon = make_daemon(config=HANDLERS, arguments=[
            "--modules", str(modules)], **settings)
        other = daemon.popen("cat")
        clients.append(other)
        began = time.monotonic()
        client = daemon.popen(command, user="bob")
        clients.append(client)
        opened = wait_until(lambda: [
            line for line in daemon.records("session_opened")
            if line["user"] == "bob"])[0]
        return daemon, Stuck(daemon, client, other, opened["pid"], began)

    yield make
    for client in clients:
        client.kill()
        client.communicate()


class Stuck:
    def __init__(self, daemon, client, other, pid, began):
        self.daemon, self.client, self.other = daemon, client, other
        self.pid, self.began = pid, began

    def assert_alone(self):
        """Nobody else has to do with it, whether here already or not."""
        assert_login(self.daemon)
        self.other.stdin.write(b"on\n")
        self.other.stdin.flush()
        assert self.other.stdout.readline() == b"on\n"

    def wait(self):
        """Seconds from its beginning to the end; the line about that."""
        assert self.client.wait(60) == 255
        line, = self.daemon.expect("child_died")
        assert line["process"] == self.pid
        wait_until(lambda: self.pid not in self.daemon.pids())
        return time.monotonic() - self.began, line


@pytest.mark.parametrize("bound", ["session_time", "idle_time"])
@pytest.mark.parametrize("command", ["wait", "spin"])
def test_a_handler_that_hangs_ends_with_its_sessions_time(
        make_stuck, bound, command):
    daemon, stuck = make_stuck(command, profile=f'{bound} = "2s";')
    stuck.assert_alone()
    took, line = stuck.wait()
    assert took > 2 + PATIENCE - 1
    assert line["signal"] == signal.SIGALRM and "hung" in line["reason"]
    stuck.assert_alone()
    assert len(daemon.records("session_closed")) >= 1
    assert not daemon.records("process_died")


def test_without_a_time_it_stays_and_disturbs_nobody(make_stuck):
    daemon, stuck = make_stuck("wait")
    for _ in range(3):
        stuck.assert_alone()
    assert stuck.client.poll() is None
    # Only a signal that it cannot catch ends it, and that is in the log.
    os.kill(stuck.pid, signal.SIGKILL)
    assert stuck.wait()[1]["signal"] == signal.SIGKILL
    stuck.assert_alone()
