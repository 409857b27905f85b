"""What thousands of logins, cut connections and idle hours leave behind."""

import asyncio
import json
import os
import pathlib
import socket
import subprocess
import time

import asyncssh
import pytest

import sallyport
from cutting import Wire
from fixtures import needs_root
from sallyport import wait_until

pytestmark = needs_root  # to look into processes that hide themselves

CLIENTS = sallyport.BUILD / "tests/bench/clients"
WARM_UP = 200
# Sanitizers look at each for themselves, and take longer.
LOGINS = 400 if sallyport.is_sanitized() else 2000

# KiB that one process may grow by in 2,000 logins: malloc's own wavering.
# A leak of 128 bytes a login would be 250.
GROWTH = 128
# And the same of one session and its channels.
CHANNELS = 800
CHANNELS_GROWTH = 32

needs_clients = pytest.mark.skipif(
    not CLIENTS.exists(), reason="the build has no tests/bench/clients")


def load(daemon, mode, count, *arguments):
    """Runs the load, which takes no failure of a login lightly."""
    done = subprocess.run(
        [CLIENTS, "-m", mode, "-p", str(daemon.port), "-u", daemon.user,
         "-k", daemon.key, "-n", str(count), *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=300,
        check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def descriptors(pid):
    """How many are open; none of one that has gone."""
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except FileNotFoundError:
        return 0


def private_dirty(pid):
    """KiB, without what no child inherits.

    That is the login program's table of used tickets, which are known until
    they expire: its size follows the logins of the last minute.
    """
    total = size = 0
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text("ascii") \
            .splitlines():
        words = line.split()
        if words[0] == "Private_Dirty:":
            size = int(words[1])
        elif words[0] == "VmFlags:" and "dc" not in words:
            total += size
    return total


def cpu_ticks(pid):
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text("ascii")
    return sum(map(int, stat.rpartition(")")[2].split()[11:13]))


def processes(daemon):
    """All of the daemon's, zombies too."""
    return set(sallyport.children_of(daemon.process.pid))


def picture(daemon):
    return {pid: (descriptors(pid), private_dirty(pid))
            for pid in processes(daemon)}


def wait_for_quiet(daemon, wanted):
    """Until only these processes are left, with so many descriptors."""
    def is_quiet():
        return processes(daemon) == set(wanted) and all(
            descriptors(pid) == count for pid, count in wanted.items())
    try:
        wait_until(is_quiet, 20)
    except AssertionError:
        pass
    assert {pid: descriptors(pid) for pid in processes(daemon)} == wanted


def used(daemon):
    """A daemon after its first login, and how it rests then."""
    assert daemon.ssh("true").returncode == 0
    wait_until(lambda: daemon.records("session_closed"))
    wait_until(lambda: processes(daemon) == set(daemon.pids()))
    daemon.resting = settled(lambda: processes(daemon))
    return daemon


def settled(find):
    """The descriptors of each process found, once nothing changes any more."""
    last, still = None, 0
    while still < 10:
        now = {pid: descriptors(pid) for pid in find()}
        still = still + 1 if now == last else 0
        last = now
        time.sleep(0.05)
    return last


@pytest.fixture
def still(make_daemon):
    return used(make_daemon())


@needs_clients
def test_2000_logins_leave_nothing_behind(still):
    load(still, "login", WARM_UP, "-j", "8")
    wait_for_quiet(still, still.resting)
    before = picture(still)
    done = load(still, "login", LOGINS, "-j", "8")
    assert done["done"] == LOGINS, done
    wait_for_quiet(still, still.resting)
    grown = {pid: private_dirty(pid) - before[pid][1] for pid in before}
    names = {pid: os.readlink(f"/proc/{pid}/exe") for pid in before}
    if not sallyport.is_sanitized():
        assert all(size <= GROWTH for size in grown.values()), (grown, names)
    still.expect("session_closed", 1 + WARM_UP + LOGINS)


async def run_commands(connection, count):
    """Ten at a time, each on a channel of its own."""
    for _ in range(count // 10):
        done = await asyncio.gather(*(connection.run(
            "echo out; echo err >&2; exit 3") for _ in range(10)))
        assert {each.exit_status for each in done} == {3}


def test_channels_of_one_session_leave_nothing_behind(still):
    """A session can look for no leaks of its own, as nobody may look into it.

    What each channel would leave, be it 64 bytes, is seen behind many.
    """
    if sallyport.is_sanitized():
        pytest.skip("a sanitizer keeps what was freed")

    async def measure():
        async with asyncssh.connect(
                "127.0.0.1", still.port, username=still.user,
                client_keys=[str(still.key)], known_hosts=None,
                agent_path=None, config=None) as connection:
            await run_commands(connection, CHANNELS // 4)
            pid, = processes(still) - set(still.resting)
            before = settled(lambda: {pid})[pid], private_dirty(pid)
            await run_commands(connection, CHANNELS)
            # The last ones end when the machine comes to it.
            for _ in range(200):
                if descriptors(pid) == before[0]:
                    break
                await asyncio.sleep(0.1)
            return before, (descriptors(pid), private_dirty(pid))

    (open_before, before), (open_after, after) = asyncio.run(measure())
    assert open_after == open_before
    assert after - before <= CHANNELS_GROWTH
    still.expect("program_started", 1 + CHANNELS * 5 // 4)
    wait_for_quiet(still, still.resting)


def test_idle_uses_no_cpu(still):
    strangers = [socket.create_connection(("127.0.0.1", still.port), 10,
                                          (f"127.0.0.{i}", 0))
                 for i in range(10, 60)]
    session = still.popen("cat")
    try:
        for each in strangers:
            assert each.recv(64).startswith(b"SSH-2.0-")
        session.stdin.write(b"hello\n")
        session.stdin.flush()
        assert session.stdout.readline() == b"hello\n"
        time.sleep(1)
        before = {pid: cpu_ticks(pid) for pid in processes(still)}
        time.sleep(3)
        assert {pid: cpu_ticks(pid) for pid in processes(still)} == before
    finally:
        session.stdin.close()
        session.wait(10)
        for each in strangers:
            each.close()
    wait_for_quiet(still, still.resting)


@pytest.mark.parametrize("command", [
    "cat /dev/zero", "cat >/dev/null", "cat", "setsid -w cat /dev/zero"])
def test_connections_cut_in_bulk_leave_nothing(still, command):
    for limit in (100_000, 1_000_000, 5_000_000):
        wire = Wire(still, limit)
        wire.start()
        client = still.ssh_command(command)
        client[client.index(str(still.port))] = str(wire.port)
        with open("/dev/zero", "rb") as zero:
            done = subprocess.run(
                client, stdin=zero, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, timeout=60, check=False)
        assert done.returncode == 255
        wire.join(10)
    wait_for_quiet(still, still.resting)
    still.expect("session_closed", 1 + 3)


def test_strangers_cut_anywhere_leave_nothing(still):
    """After n bytes of a login, for n from the first to the last."""
    for limit in range(1, 5000, 250):
        wire = Wire(still, limit)
        wire.start()
        client = still.ssh_command("true")
        client[client.index(str(still.port))] = str(wire.port)
        subprocess.run(client, stdin=subprocess.DEVNULL, timeout=60,
                       stderr=subprocess.DEVNULL, check=False)
        wire.join(10)
    wait_for_quiet(still, still.resting)
