"""A program that cannot live: the rest goes on, and so does all of it once
the fault is gone, without a restart."""

import os
import shutil
import signal

import pytest

import sallyport
from sallyport import wait_until
from test_supervisor import Session, assert_login


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
