"""A process without descriptors loses a message and nothing else.

What a keyholder does then is in its unit test; that programs wait, and go on
later, in test_generations.py.
"""

import os
import pathlib
import signal
import subprocess
import time

import pytest

import sallyport
from fixtures import needs_root
from sallyport import wait_until

pytestmark = needs_root


class Without:
    """A process that can open no more files, for a while."""

    def __init__(self, pid, left=0):
        self.pid = pid
        numbers = [int(n) for n in os.listdir(f"/proc/{pid}/fd")]
        free = [n for n in range(max(numbers) + 64) if n not in numbers]
        self.most = free[left]

    def limit(self, files):
        """As its own account: root may be less than all-powerful here."""
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        uid, gid = (int(text.partition(f"\n{name}:")[2].split()[0])
                    for name in ("Uid", "Gid"))
        subprocess.run(
            ["prlimit", f"--pid={self.pid}", f"--nofile={files}:"],
            user=uid, group=gid, extra_groups=[], check=True)

    def __enter__(self):
        text = pathlib.Path(f"/proc/{self.pid}/limits").read_text()
        self.before = text.partition("Max open files")[2].split()[0]
        self.limit(self.most)

    def __exit__(self, *_):
        if os.path.exists(f"/proc/{self.pid}"):
            self.limit(self.before)


def parent_of(pid):
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    return int(stat.rpartition(")")[2].split()[1])


def zygote_of(daemon):
    return next(pid for pid in daemon.pids("login")
                if parent_of(pid) == daemon.process.pid)


@pytest.mark.parametrize("left", [0, 1])
def test_a_login_program_keeps_its_gates(make_daemon, left):
    daemon = make_daemon(server="gates = 1;")
    assert daemon.ssh("true").returncode == 0
    before = daemon.pids("gate"), zygote_of(daemon)
    with Without(zygote_of(daemon), left):
        for _ in range(3):
            done = daemon.ssh("true", timeout=20)
            assert done.returncode == 255
            assert b"cannot go on" in done.stderr
    assert daemon.ssh("true").returncode == 0
    assert (daemon.pids("gate"), zygote_of(daemon)) == before
    line, = daemon.expect("descriptors_short")
    assert (line["by"], line["detail"], line["role"]) == (
        "login", "SPAWN", "gate")
    assert not daemon.records("gate_refused")


def test_a_supervisor_says_whom_it_cannot_hear(make_daemon):
    daemon = make_daemon(server="gates = 1;")
    with Without(daemon.process.pid):
        assert daemon.ssh("true").returncode == 0
        wait_until(lambda: daemon.records("session_unheard"))
    before = len(daemon.records("session_closed"))
    assert daemon.ssh("true").returncode == 0
    wait_until(lambda: len(daemon.records("session_closed")) == before + 1)


@pytest.mark.parametrize("left", [0, 1])
def test_a_gate_hears_of_a_new_keyholder(make_daemon, left):
    daemon = make_daemon(server="gates = 1;")
    assert daemon.ssh("true").returncode == 0
    gate, = daemon.pids("gate")
    keyholder, = daemon.pids("keyholder")
    with Without(gate, left):
        os.kill(keyholder, signal.SIGKILL)
        wait_until(lambda: daemon.pids("keyholder") not in ([], [keyholder]))
        time.sleep(1)
    assert daemon.ssh("true").returncode == 0
    assert daemon.pids("gate") == [gate]


# Gates and login are replaced, and known before the old ones are gone: each
# needs one more descriptor where it is told of.
RENEWED = 'gates = 1; renew_time = "4s";'


def test_a_ledger_that_cannot_know_a_gate_is_replaced(make_daemon):
    """Else that gate would wait for it, and everybody for the gate."""
    daemon = make_daemon(server=RENEWED)
    session = daemon.popen("cat")
    keyholder = daemon.pids("keyholder")
    ledger, = daemon.pids("ledger")
    with Without(ledger):
        line = wait_until(lambda: daemon.records("process_failed"))[0]
        assert (line["role"], "PEER" in line["reason"]) == ("ledger", True)
        wait_until(lambda: ledger not in daemon.pids("ledger"))
        wait_until(lambda: daemon.ssh(
            "echo", "in", timeout=20).stdout == b"in\n")
    assert len(daemon.pids("ledger")) == 1
    assert daemon.pids("keyholder") == keyholder
    assert not daemon.records("process_died")
    out, _ = session.communicate(b"still here\n", timeout=10)
    assert out == b"still here\n"


def test_a_keyholder_that_cannot_know_a_gate_keeps_its_sessions(make_daemon):
    daemon = make_daemon(server=RENEWED)
    session = daemon.popen("cat", options=["RekeyLimit=16K"])
    session.stdin.write(b"hello\n")
    session.stdin.flush()
    assert session.stdout.readline() == b"hello\n"
    keyholder, = daemon.pids("keyholder")
    with Without(keyholder):
        line = wait_until(lambda: daemon.records("process_failed"))[0]
        assert line["role"] == "keyholder"
        wait_until(lambda: len(daemon.pids("keyholder")) == 2)
        # It may be on its way to those that need it.
        wait_until(lambda: daemon.ssh(
            "echo", "in", timeout=20).stdout == b"in\n")
    out, _ = session.communicate(b"x" * 200000, timeout=20)
    assert out == b"x" * 200000
    assert daemon.records("keys_renewed")
    wait_until(lambda: keyholder not in daemon.pids("keyholder"))
    assert not daemon.records("process_died")


def test_a_session_refuses_a_program_and_goes_on(make_daemon, folder):
    daemon = make_daemon(server="gates = 1;")
    mux = [f"ControlPath={folder}/mux"]
    master = daemon.popen("cat", options=[*mux, "ControlMaster=yes"])
    master.stdin.write(b"hello\n")
    master.stdin.flush()
    assert master.stdout.readline() == b"hello\n"
    session = daemon.records("session_opened")[0]["pid"]
    with Without(session, 3):
        assert daemon.ssh("true", options=mux).returncode == 255
        refused, = wait_until(lambda: daemon.records("module_error"))
        assert "Too many open files" in refused["reason"]
        assert daemon.ssh("echo", "in").stdout == b"in\n"
    assert daemon.ssh("echo", "in", options=mux).stdout == b"in\n"
    out, _ = master.communicate(b"still here\n", timeout=10)
    assert out == b"still here\n"
