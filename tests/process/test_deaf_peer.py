"""A peer that reads nothing while its program writes."""

import asyncio
import os
import pathlib
import signal
import time

import asyncssh
import pytest

import sallyport
from fixtures import needs_root
from sallyport import children_of, wait_until

pytestmark = needs_root  # to look into processes that hide themselves

# KiB that one session may take, whatever its program writes (what a peer
# can make an engine hold is in doc/architecture.md, and pipes are beside).
SESSION = 3 * 1024


def is_small(pid):
    """Its memory; a sanitizer takes as it likes."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    size = int(text.partition("Private_Dirty:")[2].split()[0])
    return size < SESSION or sallyport.is_sanitized()


def cpu_ticks(pid):
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text("ascii")
    return sum(map(int, stat.rpartition(")")[2].split()[11:13]))


def written(pid):
    """Bytes that a process has written."""
    text = pathlib.Path(f"/proc/{pid}/io").read_text("ascii")
    return int(text.partition("wchar: ")[2].split()[0])


def session_of(daemon):
    return wait_until(lambda: daemon.records("session_opened"))[0]["pid"]


def writer_below(pid):
    """The program that writes: "cat", with or without a shell above."""
    def find():
        for each in children_of(pid):
            name = pathlib.Path(f"/proc/{each}/comm").read_text().strip()
            if name == "cat":
                return each
        return None
    return wait_until(find)


def wait_until_it_stands(pid):
    """Until it has written nothing for half a second; how much it has."""
    last, since = written(pid), time.monotonic()
    while time.monotonic() - since < 0.5:
        time.sleep(0.05)
        now = written(pid)
        if now != last:
            last, since = now, time.monotonic()
    return last


def assert_login(daemon):
    done = daemon.ssh("echo", "in")
    assert done.stdout == b"in\n", done.stderr


@pytest.fixture
def stopped(make_daemon):
    """A daemon, and a client that was stopped in the midst of a flood."""
    clients = []

    def make(**settings):
        daemon = make_daemon(**settings)
        client = daemon.popen("cat /dev/zero")
        clients.append(client)
        client.stdout.read(1 << 20)
        client.send_signal(signal.SIGSTOP)
        return daemon, client

    yield make
    for client in clients:
        client.kill()
        client.communicate()


def test_its_program_waits_the_session_stays_small_and_it_may_go_on(stopped):
    daemon, client = stopped()
    session = session_of(daemon)
    program = writer_below(session)
    before = wait_until_it_stands(program)
    ticks = cpu_ticks(session)
    assert is_small(session)
    assert_login(daemon)
    assert written(program) == before
    assert cpu_ticks(session) - ticks <= 1
    client.send_signal(signal.SIGCONT)
    for _ in range(32):
        assert client.stdout.read(1 << 20) == bytes(1 << 20)
    assert written(program) > before
    assert is_small(session)


def test_idle_time_ends_it_and_its_program(stopped):
    daemon, _ = stopped(profile='idle_time = "4s";')
    session = session_of(daemon)
    program = writer_below(session)
    wait_until(lambda: daemon.records("session_closed"), 20)
    wait_until(lambda: not os.path.exists(f"/proc/{session}")
               and not os.path.exists(f"/proc/{program}"), 20,
               "the end of both")
    assert_login(daemon)


def test_other_channels_of_its_connection_go_on(make_daemon):
    """It leaves one window shut, and reads the rest."""
    daemon = make_daemon()

    async def visit():
        async with asyncssh.connect(
                "127.0.0.1", daemon.port, username=daemon.user,
                client_keys=[str(daemon.key)], known_hosts=None,
                agent_path=None, config=None) as connection:
            unread = await connection.create_process(
                "cat /dev/zero", encoding=None)
            session = session_of(daemon)
            loop = asyncio.get_running_loop()
            program = await loop.run_in_executor(None, writer_below, session)
            before = await loop.run_in_executor(
                None, wait_until_it_stands, program)
            for _ in range(3):
                done = await connection.run("echo in; head -c 3000000 "
                                            "/dev/zero | wc -c")
                assert done.stdout == "in\n3000000\n"
            assert written(program) == before
            assert is_small(session)
            got = 0
            while got < 32 << 20:
                got += len(await unread.stdout.read(1 << 20))
            assert written(program) > before
            unread.kill()

    asyncio.run(visit())
