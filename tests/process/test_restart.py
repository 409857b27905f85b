"""The daemon ends, is started again and replaced: who is logged in stays."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess

import pytest

import sallyport
from fixtures import needs_root
from sallyport import wait_until
from test_supervisor import Stranger, assert_login, is_running

PROGRAMS = ("sallyportd", "sallyport-gate", "sallyport-keyholder",
            "sallyport-ledger", "sallyport-login", "sallyport-service")


class Counter:
    """A session that writes one number after the other."""

    def __init__(self, daemon):
        self.client = daemon.popen(
            "i=0; while :; do echo $i; i=$((i+1)); sleep 0.01; done")
        self.next = 0
        self.goes_on()

    def goes_on(self, lines=30):
        """None is missing, from the first one to more than had been sent."""
        for _ in range(lines):
            assert self.client.stdout.readline() == b"%d\n" % self.next
            self.next += 1

    def end(self):
        self.client.kill()
        self.client.communicate()


@pytest.fixture
def counting():
    counters = []

    def start(daemon):
        counters.append(Counter(daemon))
        return counters[-1]

    yield start
    for counter in counters:
        counter.end()


def end(daemon):
    """As a service manager with KillMode=process does; what is left."""
    left = sallyport.children_of(daemon.process.pid)[1:]
    daemon.process.terminate()
    assert daemon.process.wait(10) == 0
    return left


def is_refused(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) != 0


# ---- SIGTERM ----

def test_who_is_logging_in_when_it_ends_gets_in_and_is_logged(make_daemon):
    daemon = make_daemon(server="gates = 2;")
    stranger = Stranger(daemon)
    left = end(daemon)
    wait_until(lambda: is_refused(daemon.port), what="a closed port")
    before = len(daemon.records("auth_accepted"))
    assert stranger.logs_in()
    daemon.expect("auth_accepted", before=before)
    daemon.expect("session_closed")
    assert not daemon.records("records_lost")
    wait_until(lambda: not any(map(is_running, left)),
               what="the end of all that was left")


def test_a_stranger_has_login_time_and_no_more(make_daemon):
    daemon = make_daemon(server='login_time = "1s";')
    with socket.create_connection(("127.0.0.1", daemon.port)) as s:
        s.settimeout(10)
        assert s.recv(8) == b"SSH-2.0-"
        left = end(daemon)
        with contextlib.suppress(ConnectionResetError):
            while s.recv(4096):
                pass
    wait_until(lambda: not any(map(is_running, left)),
               what="the end of all that was left")
    daemon.expect("connection_timed_out")


def files_of(pid):
    return [os.readlink(entry) for entry in
            pathlib.Path(f"/proc/{pid}/fd").iterdir()]


def writers(log):
    """Who writes this log, of a daemon that has ended."""
    found = []
    for comm in pathlib.Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):
            pid = int(comm.parent.name)
            if comm.read_text() == "sallyport-log\n" and \
                    str(log) in files_of(pid):
                found.append(pid)
    return found


def test_a_session_is_heard_after_the_daemon_has_ended(
        make_daemon, counting, folder):
    log = folder / "events"
    config = sallyport.CONFIG.replace('"stderr"', f'"{log}"')
    daemon = make_daemon(config=config)
    daemon.log = log
    counter = counting(daemon)
    end(daemon)
    writer, = wait_until(lambda: writers(log), 30)
    # It holds the log and what is said, and nothing that anybody wants.
    files = files_of(writer)
    assert not [name for name in files if "lock" in name or "memfd" in name]
    # The file may be put away meanwhile, as the next daemon's is.
    log.rename(folder / "events.1")
    counter.goes_on()
    counter.end()
    wait_until(log.exists)
    daemon.expect("session_closed")
    wait_until(lambda: not is_running(writer), what="the writer's end")


def test_a_daemon_that_cannot_start_says_nothing_to_the_manager(folder):
    path = folder / "notify"
    config = folder / "c.conf"
    host_key = folder / "no-such-key"
    config.write_text(
        f'server = {{ listen = "127.0.0.1:{sallyport.free_port()}";\n'
        f'  host_keys = "{host_key}"; }};\n')
    os.chmod(config, 0o644)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.setblocking(False)
        done = subprocess.run(
            [sallyport.BUILD / "sallyportd", "-f", config,
             "--state", folder / "state"], stdin=subprocess.DEVNULL,
            capture_output=True, timeout=30, check=False,
            env={**os.environ, "NOTIFY_SOCKET": str(path)})
        assert done.returncode == 1, done
        with pytest.raises(BlockingIOError):
            manager.recv(64)


# ---- SIGHUP ----

def test_a_reload_holds_for_who_comes_and_not_for_who_is_there(make_daemon):
    daemon = make_daemon()
    path = f"ControlPath={daemon.folder}/connection"
    master = daemon.popen("cat", options=["ControlMaster=yes", path])
    try:
        wait_until((daemon.folder / "connection").exists)
        text = daemon.config.read_text()
        assert 'exec = "login";' in text
        daemon.config.write_text(text.replace('exec = "login";', ""))
        os.kill(daemon.process.pid, signal.SIGHUP)
        wait_until(lambda: daemon.records("reloaded"), what="the reload")
        # Another command over the connection that was there.
        done = daemon.ssh("echo", "in", options=[path, "ControlMaster=no"])
        assert done.stdout == b"in\n", done.stderr
        done = daemon.ssh("echo", "in")
        assert done.stdout == b"" and done.returncode != 0
        daemon.expect("request_refused")
    finally:
        master.stdin.close()
        master.wait(10)
        master.stdout.close()
        master.stderr.close()


# ---- another daemon in its place ----

def test_a_session_goes_on_writing_through_a_restart_and_a_reload(
        make_daemon, counting):
    daemon = make_daemon()
    counter = counting(daemon)
    for _ in range(2):
        end(daemon)
        counter.goes_on()
        daemon.start()
        counter.goes_on()
        os.kill(daemon.process.pid, signal.SIGHUP)
        wait_until(lambda: daemon.records("reloaded"), what="the reload")
        counter.goes_on()
        assert_login(daemon)


VERSION = sallyport.kinship()["SALLYPORT_VERSION"].encode()
NEWER = VERSION[:-1] + (b"9" if VERSION[-1:] != b"9" else b"8")


class Installation:
    """Programs of a test's own, which can be replaced."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.install(VERSION)

    def install(self, version, names=PROGRAMS):
        """As packages do: written beside, and renamed over."""
        for name in names:
            data = (sallyport.BUILD / name).read_bytes()
            assert VERSION in data
            beside = self.folder / f".{name}"
            beside.write_bytes(data.replace(VERSION, version))
            beside.chmod(0o755)
            beside.rename(self.folder / name)

    def inode(self, name):
        return (self.folder / name).stat().st_ino


@pytest.fixture
def installation(folder):
    return Installation(folder / "installed")


@pytest.fixture
def daemon(make_daemon, installation):
    return make_daemon(program=installation.folder / "sallyportd",
                       server="gates = 1;")


def identification(daemon):
    with socket.create_connection(("127.0.0.1", daemon.port)) as s:
        s.settimeout(10)
        return s.makefile("rb").readline()


def inode_of(pid):
    return os.stat(f"/proc/{pid}/exe").st_ino


@needs_root
def test_a_session_goes_on_writing_through_an_upgrade(
        daemon, installation, counting):
    counter = counting(daemon)
    assert VERSION in identification(daemon)
    installation.install(NEWER)
    counter.goes_on()
    end(daemon)
    counter.goes_on()
    daemon.start()
    assert NEWER in identification(daemon)
    assert_login(daemon)
    counter.goes_on()


@needs_root
def test_a_reload_takes_programs_that_were_built_anew(
        daemon, installation, counting):
    counter = counting(daemon)
    gate, = daemon.pids("gate")
    installation.install(VERSION)
    assert inode_of(gate) != installation.inode("sallyport-gate")
    os.kill(daemon.process.pid, signal.SIGHUP)
    wait_until(lambda: daemon.records("reloaded"), what="the reload")
    wait_until(lambda: gate not in daemon.pids("gate"))
    gate, = daemon.pids("gate")
    assert inode_of(gate) == installation.inode("sallyport-gate")
    assert_login(daemon)
    counter.goes_on()


@needs_root
# Without a module that wants it no service is started.
@pytest.mark.parametrize("name", PROGRAMS[1:-1])
def test_another_version_is_not_mixed_with_this_one(
        daemon, installation, counting, name):
    counter = counting(daemon)
    installation.install(NEWER, [name])
    os.kill(daemon.process.pid, signal.SIGHUP)
    record = wait_until(lambda: daemon.records("reload_refused"))[0]
    assert f"{name} is not of version {VERSION.decode()}" in record["reason"]
    assert "restart" in record["reason"]
    # Who dies is replaced by the same program as before.
    for program in ("gate", "keyholder"):
        # Those of the refused crew may still be there.
        wait_until(lambda: len(daemon.pids(program)) == 1)
        pid, = daemon.pids(program)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: daemon.pids(program) not in ([], [pid]))
    wait_until(daemon.is_listening)
    assert_login(daemon)
    counter.goes_on()


def test_a_mixture_of_versions_does_not_start(folder, installation):
    installation.install(NEWER, ["sallyport-gate"])
    config = folder / "c.conf"
    config.write_text(
        f'server = {{ listen = "127.0.0.1:{sallyport.free_port()}"; }};\n')
    os.chmod(config, 0o644)
    done = subprocess.run(
        [installation.folder / "sallyportd", "-f", config, "--state",
         folder / "state", "--modules", sallyport.BUILD / "modules"],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=30,
        check=False)
    shutil.rmtree(folder / "state", ignore_errors=True)
    assert done.returncode == 1
    assert b"sallyport-gate is not of version" in done.stderr
