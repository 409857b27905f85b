"""No process to be had: for a program, a login, a gate, or a session."""

import contextlib
import os
import pathlib
import re
import signal
import subprocess

import pytest

import sallyport
from fixtures import needs_root
from sallyport import wait_until
from test_ordinary_user import Own

pytestmark = needs_root


def ids_of(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text("ascii")
    return [int(re.search(rf"^{name}:\t(\d+)", text, re.M)[1])
            for name in ("Uid", "Gid")]


@contextlib.contextmanager
def without_processes(pid):
    """It can fork no more, as one of an ordinary user."""
    uid, gid = ids_of(pid)
    limits = pathlib.Path(f"/proc/{pid}/limits").read_text("ascii")
    before = re.search(r"Max processes +(\S+)", limits)[1]

    def limit(number):
        subprocess.run(["prlimit", f"--pid={pid}", f"--nproc={number}:"],
                       user=uid, group=gid, extra_groups=[], check=True)

    limit(0)
    try:
        yield
    finally:
        limit(before)


def cpu_ticks(pid):
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text("ascii")
    return sum(map(int, stat.rpartition(")")[2].split()[11:13]))


@pytest.fixture
def make_own(folder):
    """Of an ordinary user, whom such a limit binds: root it does not."""
    running = []

    def make(**settings):
        os.chmod(folder, 0o755)
        running.append(Own(folder, **settings).start())
        return running[-1]

    yield make
    for each in running:
        each.stop()


def assert_login(daemon):
    done = daemon.ssh("echo", "in")
    assert done.stdout == b"in\n", done.stderr


class Session:
    """One that goes on meanwhile."""

    def __init__(self, daemon):
        self.client = daemon.popen("cat")
        self.echo(b"hello\n")

    def echo(self, line):
        self.client.stdin.write(line)
        self.client.stdin.flush()
        assert self.client.stdout.readline() == line

    def end(self):
        self.client.communicate(timeout=10)
        assert self.client.returncode == 0


def test_a_login_that_cannot_be_forked_is_refused_and_the_next_is_not(
        make_own):
    own = make_own(server="gates = 1;")
    session = Session(own)
    zygote, = (pid for pid in own.pids("login")
               if f"\nPPid:\t{own.process.pid}\n" in pathlib.Path(
                   f"/proc/{pid}/status").read_text("ascii"))
    with without_processes(zygote):
        for _ in range(3):
            done = own.ssh("true")
            assert done.returncode == 255
            assert b"cannot go on" in done.stderr
        session.echo(b"still here\n")
    assert_login(own)
    session.end()
    # Strangers cannot fill the log with it.
    line, = own.expect("process_failed")
    assert line["role"] == "login"
    assert "Resource temporarily unavailable" in line["reason"]
    assert "processes" in line["remedy"]


@pytest.mark.parametrize("program", ["gate", "login", "keyholder", "ledger"])
def test_a_program_that_cannot_be_started_is_tried_later(make_own, program):
    own = make_own(server="gates = 1;")
    session = Session(own)
    with without_processes(own.process.pid):
        for pid in own.pids(program):
            if pid != session_of(own):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: len(own.records("process_not_started")) >= 2)
        before = cpu_ticks(own.process.pid)
        session.echo(b"still here\n")
        assert cpu_ticks(own.process.pid) - before < 20
    wait_until(lambda: own.ssh("echo", "in").stdout == b"in\n", 30)
    session.end()
    lines = own.records("process_not_started")
    assert {line["role"] for line in lines} == {program}
    assert "Resource temporarily unavailable" in lines[0]["reason"]
    assert lines[0]["milliseconds"] < lines[1]["milliseconds"]
    assert len(lines) < 8


def session_of(own):
    opened = own.records("session_opened")
    return opened[0]["pid"]


def test_a_reload_without_processes_changes_nothing(make_own):
    own = make_own(server="gates = 1;")
    with without_processes(own.process.pid):
        os.kill(own.process.pid, signal.SIGHUP)
        refused, = wait_until(lambda: own.records("reload_refused"))
        assert "Resource temporarily unavailable" in refused["reason"]
        assert_login(own)
    os.kill(own.process.pid, signal.SIGHUP)
    wait_until(lambda: own.records("reloaded"))
    assert_login(own)


def test_a_gate_of_one_connection_that_cannot_be_started_is_told_of(make_own):
    own = make_own(server='gates = "per-connection";')
    assert_login(own)
    with without_processes(own.process.pid):
        for _ in range(3):
            assert own.ssh("true").returncode == 255
    assert_login(own)
    line, = own.expect("process_not_started")
    assert line["role"] == "gate"


def test_a_session_that_may_start_no_more_says_so_and_goes_on(
        make_daemon, folder):
    daemon = make_daemon()
    mux = [f"ControlPath={folder}/mux"]
    master = daemon.popen("cat", options=[*mux, "ControlMaster=yes"])
    master.stdin.write(b"hello\n")
    master.stdin.flush()
    assert master.stdout.readline() == b"hello\n"
    with without_processes(session_of(daemon)):
        done = daemon.ssh("true", options=mux)
        assert done.returncode == 255
        refused, = wait_until(lambda: daemon.records("module_error"))
        assert "Resource temporarily unavailable" in refused["reason"]
        assert daemon.ssh("echo", "in").stdout == b"in\n"
    assert daemon.ssh("echo", "in", options=mux).stdout == b"in\n"
    out, _ = master.communicate(b"still here\n", timeout=10)
    assert out == b"still here\n"
