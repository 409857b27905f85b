"""The time of day jumps: what must follow it does, and nothing else."""

import mmap
import struct
import time

import paramiko
import pytest

import sallyport
import wrapping
from fixtures import needs_root
from sallyport import wait_until
from test_penalties import TOLD, penalties

pytestmark = needs_root

TIMEWARP = sallyport.BUILD / "tests/process/timewarp.so"
DAY = 86400
YEARS = 3650 * DAY


class Clock:
    """The daemon's time of day."""

    def __init__(self, path):
        path.write_bytes(bytes(8))
        with open(path, "r+b") as file:
            self.offset = mmap.mmap(file.fileno(), 8)

    def jump(self, seconds):
        self.offset[:] = struct.pack("=q", seconds)


@pytest.fixture
def make(folder, make_daemon):
    if sallyport.is_sanitized():
        pytest.skip("a sanitizer must be loaded first")
    clock = Clock(folder / "offset")
    warp = {"LD_PRELOAD": str(TIMEWARP), "TIMEWARP": str(folder / "offset")}
    script = "".join(f"export {name}={value}\n"
                     for name, value in warp.items())
    program = wrapping.wrap(
        folder, dict.fromkeys(wrapping.PROGRAMS, script))

    def made(**settings):
        return clock, make_daemon(
            program=program, first=[f"export {name}={value}"
                                    for name, value in warp.items()],
            **settings)
    return made


def cpu_ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return sum(map(int, file.read().rpartition(")")[2].split()[11:13]))


def expire(daemon, user, day):
    """The day from which on the account is none."""
    shadow = daemon.folder / "etc/shadow"
    lines = shadow.read_text().splitlines()
    # The file itself is what the namespace has: it is not replaced.
    shadow.write_text("".join(
        f"{user}:*:19000:0:99999:7::{day}:\n" if line.startswith(f"{user}:")
        else f"{line}\n" for line in lines))


def test_an_account_expires_by_the_time_of_day(make):
    clock, daemon = make(server="gates = 1;")
    expire(daemon, "bob", int(time.time() / DAY) + 30)
    assert daemon.ssh("true", user="bob").returncode == 0
    clock.jump(31 * DAY)
    assert daemon.ssh("true", user="bob").returncode == 255
    assert daemon.ssh("true").returncode == 0
    refused, = daemon.expect("user_refused")
    assert (refused["user"], refused["reason"]) == (
        "bob", "account has expired")
    clock.jump(0)
    assert daemon.ssh("true", user="bob").returncode == 0


@pytest.mark.parametrize("jump", [YEARS, -YEARS])
def test_no_deadline_moves_with_it(make, jump):
    clock, daemon = make(server='gates = 1; login_time = "3s";',
                         profile='idle_time = "2s";')
    session = daemon.popen("cat")
    session.stdin.write(b"one\n")
    session.stdin.flush()
    assert session.stdout.readline() == b"one\n"
    stranger = sallyport.socket.create_connection(("127.0.0.1", daemon.port))
    began = time.monotonic()
    stranger.settimeout(30)
    assert stranger.recv(64).startswith(b"SSH-2.0-")
    before = {pid: cpu_ticks(pid) for pid in daemon.pids()}

    clock.jump(jump)
    # Nobody is thrown out for it, and new ones come in.
    done = daemon.ssh("echo", "in")
    assert done.stdout == b"in\n", done.stderr
    session.stdin.write(b"two\n")
    session.stdin.flush()
    assert session.stdout.readline() == b"two\n"

    # And all are in time.
    while stranger.recv(4096):
        pass
    assert 2.9 < time.monotonic() - began < 15
    stranger.close()
    session.wait(20)
    assert session.returncode == 255
    wait_until(lambda: daemon.records("connection_timed_out"))
    session.communicate()
    for pid, ticks in before.items():
        if pid in daemon.pids():
            assert cpu_ticks(pid) - ticks < 50
    # The log tells the time of day, whatever it is.
    year = wait_until(lambda: daemon.records("session_closed"))[0]["time"][:4]
    assert abs(int(year) - time.gmtime().tm_year) >= 9


def test_programs_are_started_and_retired_after_it(make):
    clock, daemon = make(server='gates = 1; renew_time = "2s";')
    first = daemon.pids("gate")
    clock.jump(-YEARS)
    wait_until(lambda: not set(daemon.pids("gate")) & set(first))
    second = daemon.pids("gate")
    clock.jump(YEARS)
    wait_until(lambda: not set(daemon.pids("gate")) & set(second))
    done = daemon.ssh("echo", "in")
    assert done.stdout == b"in\n", done.stderr
    assert not daemon.records("process_died")


def test_a_key_expires_by_the_time_of_day(make):
    clock, daemon = make(server="gates = 1;")
    last = time.strftime("%Y%m%d", time.gmtime(time.time() + 30 * DAY))
    keys = daemon.homes / "bob/.ssh/authorized_keys"
    keys.write_text(f'expiry-time="{last}" {keys.read_text()}')
    assert daemon.ssh("true", user="bob").returncode == 0
    clock.jump(31 * DAY)
    assert daemon.ssh("true", user="bob").returncode == 255
    clock.jump(-YEARS)
    assert daemon.ssh("true", user="bob").returncode == 0


@pytest.mark.parametrize("jump", [YEARS, -YEARS])
def test_who_is_on_his_way_in_comes_in(make, jump):
    """His ticket was made before it, and is as good as before."""
    clock, daemon = make(server="gates = 1;")
    transport = paramiko.Transport(("127.0.0.1", daemon.port))
    try:
        transport.start_client(timeout=20)
        clock.jump(jump)
        transport.auth_publickey(
            daemon.user, paramiko.Ed25519Key.from_private_key_file(
                str(daemon.key)))
        assert transport.is_authenticated()
    finally:
        transport.close()


@pytest.mark.parametrize("jump", [YEARS, -YEARS])
def test_what_a_source_owes_is_neither_paid_nor_more_after_it(make, jump):
    clock, daemon = make(server="gates = 1; " + penalties(
        'noauth = "3s"; min = "5s"; max = "8s"; max_known = "8s";'))
    address = "127.0.9.1"

    def is_refused():
        with sallyport.socket.create_connection(
                ("127.0.0.1", daemon.port), 20, (address, 0)) as stranger:
            return stranger.recv(64) == TOLD

    wait_until(is_refused, 20)
    clock.jump(jump)
    assert is_refused()
    assert daemon.ssh("true").returncode == 0
    # Eight seconds at most, by a clock that nobody sets.
    began = time.monotonic()
    wait_until(lambda: not is_refused(), 20)
    assert time.monotonic() - began < 15
