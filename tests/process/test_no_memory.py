"""No memory: any allocation of any program may fail, and the rest goes on.

With EVERY_ALLOCATION set each is tried in turn, which takes minutes;
otherwise some, other ones each time.
"""

import contextlib
import itertools
import mmap
import os
import pathlib
import random
import re
import socket
import struct
import subprocess

import pytest

import sallyport
import wrapping
from fixtures import needs_root
from sallyport import wait_until
from test_leaks import CLIENTS, needs_clients

pytestmark = needs_root

FAMINE = sallyport.BUILD / "tests/process/famine.so"
ROLES = {"gate": 1, "keyholder": 2, "zygote": 3, "login": 4}
SOME = 10


class Plan:
    """Which allocation fails, shared with the programs (famine.c)."""

    FIELDS = "=5Q"

    def __init__(self, path):
        path.write_bytes(bytes(struct.calcsize(self.FIELDS)))
        path.chmod(0o644)
        with open(path, "r+b") as file:
            self.shared = mmap.mmap(file.fileno(), 0)

    def set(self, role=0, nth=0, goes_on=False):
        self.shared[:] = struct.pack(self.FIELDS, role, nth, goes_on, 0, 0)

    def seen(self):
        return struct.unpack(self.FIELDS, self.shared[:])[3]


@pytest.fixture
def hungry(folder, make_daemon):
    """A daemon and its plan; the login time bounds what would hang."""
    if sallyport.is_sanitized():
        pytest.skip("a sanitizer has an allocator of its own")
    plan = Plan(folder / "plan")
    program = wrapping.wrap(folder, {
        name: f"export LD_PRELOAD={FAMINE} FAMINE={folder}/plan "
              f"FAMINE_ROLE={name}" for name in wrapping.PROGRAMS})
    daemon = make_daemon(program=program, server="gates = 1; "
                         "max_waiting_per_source = 1000;")
    return daemon, plan


def visit(daemon):
    """True for a login and a command that went well; never hangs."""
    done = subprocess.run(
        [CLIENTS, "-m", "exec", "-p", str(daemon.port), "-u", daemon.user,
         "-k", daemon.key, "-x", "echo in"], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=30,
        check=False)
    return done.returncode == 0


def failures(count):
    """Of so many allocations those that fail, alone or with all behind."""
    if os.environ.get("EVERY_ALLOCATION"):
        return itertools.product(range(1, count + 1), (False, True))
    step = max(1, count // SOME)
    some = range(random.randint(1, step), count + 1, step)
    return zip(some, itertools.cycle((False, True)))


def deaths(daemon):
    return daemon.records("process_died") + daemon.records("child_died")


@needs_clients
@pytest.mark.parametrize("role", ROLES)
def test_an_allocation_that_fails_is_one_clients_loss(hungry, role):
    daemon, plan = hungry
    session = daemon.popen("cat")
    session.stdin.write(b"one\n")
    session.stdin.flush()
    assert session.stdout.readline() == b"one\n"
    stay = [daemon.pids(name) for name in ("gate", "keyholder")]
    plan.set(ROLES[role])
    assert visit(daemon)
    turned_away = 0
    for number, goes_on in failures(plan.seen()):
        plan.set(ROLES[role], number, goes_on)
        try:
            turned_away += not visit(daemon)
        except subprocess.TimeoutExpired:
            pytest.fail(f"allocation {number} of the {role} hangs")
        plan.set()
        assert not deaths(daemon), number
    assert visit(daemon) and visit(daemon)
    assert [daemon.pids(name) for name in ("gate", "keyholder")] == stay
    out, _ = session.communicate(b"two\n", timeout=10)
    assert out == b"two\n"
    # It was not for nothing, and was told of.
    assert turned_away
    wait_until(lambda: any(record["level"] in ("warning", "error")
                           for record in daemon.records()))


@contextlib.contextmanager
def full(pid):
    """The address space of a process may not grow, for a while."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text("ascii")
    size = int(re.search(r"VmSize:\s+(\d+)", text)[1]) * 1024
    uid, gid = (int(re.search(rf"\n{name}:\t(\d+)", text)[1])
                for name in ("Uid", "Gid"))

    def limit(most):
        subprocess.run(["prlimit", f"--pid={pid}", f"--as={most}:"], user=uid,
                       group=gid, extra_groups=[], check=True)
    limit(size)
    try:
        yield
    finally:
        limit("unlimited")


def test_a_gate_that_may_take_no_more_turns_strangers_away(make_daemon):
    if sallyport.is_sanitized():
        pytest.skip("a sanitizer takes address space as it likes")
    daemon = make_daemon(server="gates = 1; max_waiting_per_source = 10000;")
    assert daemon.ssh("true").returncode == 0
    gate, = daemon.pids("gate")
    with contextlib.ExitStack() as strangers, full(gate):
        def is_full():
            for _ in range(50):
                strangers.enter_context(socket.create_connection(
                    ("127.0.0.1", daemon.port)))
            return daemon.records("connection_refused")
        refused = wait_until(is_full, 30)
        assert refused[0]["reason"] == "out of memory"
    wait_until(lambda: daemon.ssh("echo", "in").stdout == b"in\n")
    assert daemon.pids("gate") == [gate]
