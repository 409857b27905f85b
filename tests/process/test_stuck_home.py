"""A home whose file system does not answer stops the program that is to
begin there, and nothing else of its connection."""

import asyncio
import contextlib
import os
import pathlib
import signal
import struct
import sys
import time

import pytest

import sallyport
from fixtures import needs_root
from sallyport import wait_until

pytestmark = [
    needs_root,
    pytest.mark.skipif(not os.path.exists("/dev/fuse"),
                       reason="needs /dev/fuse")]

HELPER = pathlib.Path(__file__).with_name("stuckfs.py")
# Whoever waits for the home waits for longer; a busy machine does not.
SOON = 8


class Home:
    """Alice's, in the daemon's namespace."""

    def __init__(self, pidfile):
        self.pid = int(wait_until(pidfile.read_text))

    def stick(self):
        os.kill(self.pid, signal.SIGUSR2)
        time.sleep(0.1)  # it looks each hundredth of a second

    def go_on(self):
        os.kill(self.pid, signal.SIGUSR1)


def make_place(make_daemon, folder, more=""):
    """A daemon whose keys are not in the homes, and alice's home."""
    pidfile = folder / "pid"
    pidfile.write_text("")
    keys = folder / "keys"
    keys.mkdir()
    motd = folder / "motd"
    motd.write_text("Cake at noon.\n")
    for path, mode in ((keys, 0o755), (motd, 0o644)):
        path.chmod(mode)
    config = sallyport.CONFIG.replace(
        'type = "login"; }};', """type = "login"; }};
          files = {{ type = "sftp"; storage = {{
            type = "local"; root = "/home/alice"; }}; }};""",
        1).replace(
        "{file}", f'file = "{keys}/%u";').replace("{{file}}", "")
    daemon = make_daemon(
        config=config, profile=f'motd = "{motd}"; {more}',
        first=[f"{sys.executable} {HELPER} /home/alice {pidfile}"])
    for user in ("alice", "bob"):
        key = keys / user
        key.write_text(daemon.key.with_suffix(".pub").read_text())
        key.chmod(0o644)
    return daemon, Home(pidfile)


@pytest.fixture
def place(make_daemon, folder):
    daemon, home = make_place(make_daemon, folder)
    yield daemon, home
    os.kill(home.pid, signal.SIGTERM)


@pytest.fixture
def served_place(make_daemon, folder):
    """The home is the root of files as well; a session has its time."""
    daemon, home = make_place(
        make_daemon, folder, 'sftp = "files"; session_time = "4s";')
    yield daemon, home
    os.kill(home.pid, signal.SIGTERM)


@contextlib.asynccontextmanager
async def connect(daemon, home):
    """Who were stuck to the end would not let the test end either."""
    import asyncssh

    connection = await asyncssh.connect(
        "127.0.0.1", daemon.port, username="alice", known_hosts=None,
        client_keys=[str(daemon.key)], agent_path=None, config=None)
    try:
        yield connection
    finally:
        home.go_on()
        connection.abort()


async def soon(awaitable):
    """Who is late is not waited for any more, not even to be cancelled."""
    task = asyncio.ensure_future(awaitable)
    done, _ = await asyncio.wait({task}, timeout=SOON)
    assert done, "a session that waits for a file system"
    return task.result()


async def echo(process, word):
    process.stdin.write(word + "\n")
    answer = await soon(process.stdout.readline())
    assert answer == word + "\n"


def session_of(daemon):
    zygote = daemon.pids("login")[0]
    session, = (pid for pid in daemon.pids("login") if pid != zygote)
    return session


def stuck_children(session):
    """Who shares the session's program still, and waits for a file system."""
    return [pid for pid in sallyport.children_of(session)[1:]
            if pathlib.Path(f"/proc/{pid}/comm").read_text()
            .startswith("sallyport-")]


def test_other_channels_go_on(place):
    daemon, home = place

    async def visit():
        async with connect(daemon, home) as connection:
            before = await connection.create_process("cat")
            await echo(before, "before")
            session = session_of(daemon)
            home.stick()
            waiting = await soon(connection.create_process("pwd"))
            await echo(before, "while it waits")
            assert len(stuck_children(session)) == 1
            # Any number of them, and a terminal with its greeting.
            more = [await soon(connection.create_process("echo so"))
                for _ in range(3)]
            shell = await soon(connection.create_process(term_type="xterm"))
            await echo(before, "while all wait")
            assert len(stuck_children(session)) == 5
            home.go_on()
            assert await soon(waiting.stdout.read()) == \
                "/home/alice\n"
            for each in more:
                assert await soon(each.stdout.read()) == \
                    "so\n"
            shell.stdin.write("exit 4\n")
            done = await soon(shell.wait())
            assert done.exit_status == 4 and "Cake at noon." in done.stdout
            await echo(before, "after")

    asyncio.run(visit())


def test_who_waits_for_it_ends_with_its_channel(place):
    daemon, home = place

    async def visit():
        async with connect(daemon, home) as connection:
            before = await connection.create_process("cat")
            await echo(before, "before")
            session = session_of(daemon)
            home.stick()
            waiting = await connection.create_process(term_type="xterm")
            await asyncio.get_running_loop().run_in_executor(
                None, wait_until, lambda: stuck_children(session))
            waiting.close()
            await asyncio.get_running_loop().run_in_executor(
                None, wait_until, lambda: not stuck_children(session))
            await echo(before, "after")
            # A signal of the client's reaches it, too.
            waiting = await connection.create_process("pwd")
            waiting.send_signal("TERM")
            done = await soon(waiting.wait())
            assert done.exit_signal[0] == "TERM"

    asyncio.run(visit())


def test_who_waits_for_it_ends_with_the_session(place):
    daemon, home = place
    home.stick()
    client = daemon.popen("pwd")
    session = wait_until(lambda: len(daemon.pids("login")) == 3 and
                         daemon.pids("login")[1])
    client.kill()
    client.communicate()
    wait_until(lambda: not os.path.exists(f"/proc/{session}"))
    assert len(daemon.pids("login")) == 1


def test_its_time_ends_who_waits(place):
    daemon, home = place
    daemon.config.write_text(daemon.config.read_text().replace(
        "motd =", 'limits = { time = "1s"; }; motd ='))
    daemon.process.send_signal(signal.SIGHUP)
    daemon.expect("reloaded")
    home.stick()
    done = daemon.ssh("pwd", timeout=30)
    assert done.returncode == 255
    daemon.expect("program_overdue")


def say(client, kind, body):
    client.stdin.write(struct.pack(">IB", 1 + len(body), kind) + body)
    client.stdin.flush()


def test_a_root_of_files_stops_its_connection_alone(served_place):
    daemon, home = served_place
    files = daemon.popen("-s", "sftp")
    say(files, 1, struct.pack(">I", 3))
    size, kind = struct.unpack(">IB", files.stdout.read(5))
    assert kind == 2 and files.stdout.read(size - 1)
    session = daemon.records("session_opened")[0]["pid"]
    home.stick()
    say(files, 11, struct.pack(">II", 1, 1) + b"/")
    # Others come in, and are served, meanwhile.
    for _ in range(2):
        assert daemon.ssh("echo", "in", user="bob").stdout == b"in\n"
    assert session in daemon.pids() and files.poll() is None
    # Its time ends it, though it waits for what does not answer.
    assert files.wait(40) == 255
    line, = daemon.expect("child_died")
    assert (line["process"], line["signal"]) == (session, signal.SIGALRM)
    files.communicate()
    home.go_on()
    assert daemon.ssh("pwd").stdout == b"/home/alice\n"
