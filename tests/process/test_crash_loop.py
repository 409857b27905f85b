"""Gates that die as soon as they are started, again and again."""

import os
import pathlib
import signal
import socket

import wrapping
from sallyport import wait_until


def cpu_ticks(pid):
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text("ascii")
    return sum(map(int, stat.rpartition(")")[2].split()[11:13]))


def test_gates_that_die_at_once_are_started_later_and_later(
        folder, make_daemon):
    crash = folder / "crash"
    program = wrapping.wrap(
        folder, {"gate": f"[ ! -e {crash} ] || kill -ABRT $$"})
    daemon = make_daemon(program=program, server="gates = 1;")
    session = daemon.popen("cat")
    session.stdin.write(b"one\n")
    session.stdin.flush()
    assert session.stdout.readline() == b"one\n"
    stay = [daemon.pids("keyholder"), daemon.pids("login")]
    before = cpu_ticks(daemon.process.pid)

    crash.touch()
    os.kill(daemon.pids("gate")[0], signal.SIGKILL)
    wait_until(lambda: len(daemon.records("process_died")) >= 6)
    crash.unlink()
    wait_until(lambda: daemon.ssh("echo", "in").stdout == b"in\n", 30)

    deaths = daemon.records("process_died")
    waits = [record["milliseconds"] for record in deaths]
    assert waits[:6] == [0, 100, 200, 400, 800, 1600]
    assert len(waits) <= 7
    assert {record["role"] for record in deaths} == {"gate"}
    daemon.crashed.update(record["process"] for record in deaths)
    assert len({record["process"] for record in deaths}) == len(deaths)
    assert deaths[1]["signal"] == signal.SIGABRT
    # Who had nothing to do with it is as before.
    wait_until(lambda: [daemon.pids("keyholder"), daemon.pids("login")]
               == stay)
    assert cpu_ticks(daemon.process.pid) - before < 50
    out, _ = session.communicate(b"two\n", timeout=10)
    assert out == b"two\n"


def is_served(daemon, address):
    with socket.socket() as s:
        s.bind((address, 0))
        s.settimeout(0.5)
        s.connect(("127.0.0.1", daemon.port))
        try:
            return s.recv(8).startswith(b"SSH-2.0-")
        except TimeoutError:
            return False


def test_one_gate_that_crashes_is_no_other_gates_business(
        folder, make_daemon):
    """Half of the sources, at most, are without one meanwhile."""
    crash = folder / "crash"
    program = wrapping.wrap(
        folder, {"gate": f"[ ! -e {crash} ] || exit 1"})
    daemon = make_daemon(program=program, server="gates = 2;")
    first, second = daemon.pids("gate")
    crash.touch()
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: len(daemon.records("process_died")) >= 4)
    assert second in daemon.pids("gate")
    assert daemon.records("process_died")[-1]["status"] == 1
    assert any(is_served(daemon, f"127.0.{number}.1")
               for number in range(2, 20))
    crash.unlink()
