"""The machine runs out of something: the rest goes on, and so does all of it
once there is room again, without a restart."""

import contextlib
import os
import pathlib
import shutil
import signal

import pytest

import sallyport
from fixtures import needs_root
from sallyport import wait_until
from test_supervisor import Session, assert_login


# ---- processes ----

class Cgroup:
    """A bound for the number of processes; skips where it cannot be set."""

    def __init__(self):
        tops = [pathlib.Path(path) for path in
                ("/sys/fs/cgroup/pids", "/sys/fs/cgroup")]
        self.folder = None
        for top in tops:
            folder = top / f"sallyport-test-{os.getpid()}"
            with contextlib.suppress(OSError):
                folder.mkdir()
                if (folder / "pids.max").exists():
                    self.folder = folder
                    return
                folder.rmdir()
        pytest.skip("no cgroup with a bound for processes can be made")

    def take(self, pids):
        for pid in pids:
            (self.folder / "cgroup.procs").write_text(str(pid))

    def limit(self, most):
        (self.folder / "pids.max").write_text(str(most))

    def limit_to_what_there_is(self):
        self.limit((self.folder / "pids.current").read_text().strip())

    def remove(self):
        def is_removed():
            try:
                self.folder.rmdir()
            except OSError:
                return False
            return True
        wait_until(is_removed, what="an empty cgroup")


@needs_root
def test_without_processes_the_rest_goes_on_and_what_died_comes_back(
        make_daemon):
    cgroup = Cgroup()
    daemon = make_daemon(server="gates = 1;")
    try:
        session = Session(daemon)
        cgroup.take(sallyport.children_of(daemon.process.pid))
        gate, = daemon.pids("gate")
        cgroup.limit_to_what_there_is()
        # A place is free when the gate has gone: the client takes it.
        done = daemon.ssh("true", timeout=30)
        assert done.returncode == 255
        failed = wait_until(lambda: daemon.records("process_failed"))
        assert failed[0]["by"] == "login"
        cgroup.limit(1)
        os.kill(gate, signal.SIGKILL)
        unstarted = wait_until(lambda: daemon.records("process_unstarted"))
        assert unstarted[0]["role"] == "gate"
        assert unstarted[0]["reason"] == os.strerror(11)  # EAGAIN
        session.echo("still here")
        cgroup.limit("max")
        wait_until(daemon.is_listening)
        assert_login(daemon)
        session.end()
    finally:
        cgroup.limit("max")
        daemon.stop()
        cgroup.remove()


# ---- crashes ----

@pytest.fixture
def brittle_gate(folder):
    """Programs whose gate ends at once while there is a file "broken"."""
    programs = folder / "programs"
    programs.mkdir()
    for name in ("sallyportd", "sallyport-keyholder", "sallyport-login"):
        shutil.copy(sallyport.BUILD / name, programs / name)
    gate = programs / "sallyport-gate"
    gate.write_text(f"#!/bin/sh\n[ ! -e {folder}/broken ] || exit 3\n"
                    f"exec {sallyport.BUILD}/sallyport-gate \"$@\"\n")
    gate.chmod(0o755)
    return programs / "sallyportd"


def test_a_gate_that_crashes_again_and_again_is_tried_less_and_less(
        folder, brittle_gate, make_daemon):
    daemon = make_daemon(program=brittle_gate, server="gates = 1;")
    session = Session(daemon)
    (folder / "broken").touch()
    for pid in daemon.pids("gate"):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: len(daemon.records("process_died")) >= 5)
    (folder / "broken").unlink()
    deaths = daemon.records("process_died")
    waits = [record["milliseconds"] for record in deaths[:5]]
    assert waits == [0, 100, 200, 400, 800]
    assert {record["status"] for record in deaths[1:]} == {3}
    session.echo("still here")
    wait_until(daemon.is_listening)
    assert_login(daemon)
    session.end()
