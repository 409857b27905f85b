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
import signal
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
ROLES = {"gate": 1, "keyholder": 2, "zygote": 3, "login": 4, "supervisor": 5,
         "ledger": 6, "service": 7}
SOME = 10

# bob is let in by a program, and so by a service.
CONFIG = """\
server = {{ listen = [ "127.0.0.1:{port}" ]; {server} }};
log = {{ to = "stderr"; format = "json"; level = "debug"; }};
auth = {{ keys = {{ type = "authorized_keys"; {file} }};
  asked = {{ type = "program"; run = [ "WORKER" ]; timeout = "5s"; }}; }};
handlers = {{ login = {{ type = "login"; }}; }};
profiles = {{ all = {{ accept = "keys"; exec = "login"; {profile} }};
  asking = {{ accept = "asked"; exec = "login"; }}; }};
rules = ( {{ user = "bob"; use = "asking"; }}, {{ use = "all"; }} );
"""
WORKER = """\
#!/bin/sh
while read -r line; do
    id="${line#*\\"id\\":}"
    echo "{\\"id\\":${id%%,*},\\"verdict\\":\\"allow\\"}"
done
"""


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
    preload = f"export LD_PRELOAD={FAMINE} FAMINE={folder}/plan"
    program = wrapping.wrap(folder, dict.fromkeys(wrapping.PROGRAMS, preload))
    worker = folder / "worker"
    worker.write_text(WORKER)
    worker.chmod(0o755)
    daemon = make_daemon(program=program, first=[preload],
                         config=CONFIG.replace("WORKER", str(worker)),
                         server="gates = 1; max_waiting_per_source = 1000;")
    return daemon, plan


def visit(daemon, user="alice", seconds=30):
    """True for a login and a command that went well; never hangs."""
    done = subprocess.run(
        [CLIENTS, "-m", "exec", "-p", str(daemon.port), "-u", user,
         "-k", daemon.key, "-x", "echo in"], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=seconds,
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
@pytest.mark.parametrize("role", ["gate", "keyholder", "zygote", "login"])
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


# ---- while programs are started and made known to each other ----

def outcomes(daemon):
    return daemon.records("reloaded") + daemon.records("reload_refused")


def remake(daemon):
    """All programs, by a reload, which is done or refused in any case."""
    before = len(outcomes(daemon))
    os.kill(daemon.process.pid, signal.SIGHUP)
    # A program that does not get ready has a minute.
    wait_until(lambda: len(outcomes(daemon)) > before, 90, "a reload's end")


def serves(daemon, seconds):
    """Whether both come in; while memory is short nobody may, for long."""
    try:
        return visit(daemon, "alice", seconds) and visit(daemon, "bob",
                                                         seconds)
    except subprocess.TimeoutExpired:
        return False


def moments(told, count):
    """Allocations of a start, some, and of those with which it was told whom
    it works with and served two clients each second or so."""
    if os.environ.get("EVERY_ALLOCATION"):
        return itertools.product(range(max(1, told - 100), count + 1),
                                 (False, True))
    late = sorted(random.sample(range(max(1, told - 40), count + 1),
                                min(SOME, count)))
    early = sorted(random.sample(range(1, told + 1), SOME // 2))
    return zip(early + late, itertools.cycle((False, True)))


@needs_clients
@pytest.mark.parametrize("role", sorted(ROLES.keys() - {"login"}))
def test_an_allocation_that_fails_while_programs_are_made_anew(hungry, role):
    """They serve, or are not taken; and when there is memory all is well
    again without anybody's help."""
    daemon, plan = hungry
    session = daemon.popen("cat")
    session.stdin.write(b"one\n")
    session.stdin.flush()
    assert session.stdout.readline() == b"one\n"
    plan.set(ROLES[role])
    remake(daemon)
    told = plan.seen()
    assert serves(daemon, 30)
    for number, goes_on in moments(told, plan.seen()):
        plan.set(ROLES[role], number, goes_on)
        remake(daemon)
        serves(daemon, 2)
        plan.set()
        assert daemon.process.poll() is None, number
        wait_until(lambda: serves(daemon, 10), 60,
                   f"{role}, {number}, {goes_on}: a login")
    # It was not for nothing, and was told of.
    assert any(record["level"] in ("warning", "error")
               for record in daemon.records())
    # libseccomp frees twice what it could not allocate, and libraries may
    # then try what no program of ours may do: such a one ends, and no other.
    died = [record for record in deaths(daemon)
            if record.get("signal") in (signal.SIGABRT, signal.SIGSYS)]
    own = "login" if role == "zygote" else role
    assert {record["role"] for record in died} <= {own}
    daemon.crashed.update(record["process"] for record in died)
    out, _ = session.communicate(b"two\n", timeout=10)
    assert out == b"two\n"


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
