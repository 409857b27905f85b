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
