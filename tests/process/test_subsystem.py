"""Subsystem requests go to the handler that the profile names."""

import asyncio
import shutil
import subprocess

import pytest

import sallyport
from sallyport import wait_until

CONFIG = sallyport.CONFIG.replace(
    "handlers = {{",
    'handlers = {{ mirror = {{ type = "mirror"; word = "so long"; }};').replace(
        'exec = "login";', 'exec = "login"; {profile}', 1).replace(
            "  {profile} }};", "}};", 1)
BOTH = 'subsystem = { mirror = "mirror"; farewell = "mirror"; };'


@pytest.fixture
def modules(folder):
    """Those of the build, and one of this test's."""
    place = folder / "modules"
    place.mkdir()
    for path in ("modules/authorized_keys.so", "modules/login.so",
                 "tests/process/mirror.so"):
        shutil.copy(sallyport.BUILD / path, place)
    return place


@pytest.fixture
def make(make_daemon, modules):
    def made(profile):
        return make_daemon(config=CONFIG, profile=profile,
                           arguments=["--modules", str(modules)])
    return made


def test_a_handler_serves_the_subsystem_it_is_named_for(make):
    daemon = make(BOTH)
    done = daemon.ssh("-s", "mirror", input=b"hello\n" * 10000)
    assert (done.returncode, done.stdout) == (0, b"hello\n" * 10000)
    done = daemon.ssh("-s", "farewell")
    assert (done.returncode, done.stdout) == (3, b"so long")
    started = wait_until(lambda: daemon.records("program_started"))
    assert started[0]["handler"] == "mirror"
    assert started[0]["command"] == "subsystem:mirror"
    # It is none of its commands.
    assert daemon.ssh("mirror").returncode == 127


@pytest.mark.parametrize("name", [
    "sftp", "mirror2", "mirro", "MIRROR", "mirror,farewell", "x" * 1000])
def test_what_the_profile_does_not_name_is_refused(make, name):
    daemon = make(BOTH)
    done = daemon.ssh("-s", name)
    assert done.returncode == 255
    assert b"subsystem request failed" in done.stderr
    refused = wait_until(lambda: daemon.records("request_refused"))
    assert refused[0]["detail"] == "subsystem"
    # Others go on.
    assert daemon.ssh("-s", "farewell").returncode == 3


def test_a_session_is_told_which_listener_it_came_by(make_daemon, modules):
    """By the name that the configuration has for it."""
    daemon = make_daemon(
        config=CONFIG.replace("so long", "listener"),
        profile='subsystem = { fact = "mirror"; };',
        arguments=["--modules", str(modules)])
    done = daemon.ssh("-s", "fact")
    assert done.stdout.decode() == f"127.0.0.1:{daemon.port}"


def test_without_any_all_are_refused(make):
    daemon = make("")
    assert daemon.ssh("-s", "mirror").returncode == 255
    assert daemon.ssh("true").returncode == 0


def test_a_handler_is_not_named_for_what_it_does_not_serve(make, folder):
    daemon = make(BOTH)
    daemon.config.write_text(daemon.config.read_text().replace(
        "farewell =", "other ="))
    done = subprocess.run(
        [sallyport.BUILD / "sallyportd", "--modules", folder / "modules",
         "check", daemon.config], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 78
    assert b"does not serve subsystem:other" in done.stdout


def test_a_channel_is_served_once(make):
    """A second request on it, which a stock client never sends."""
    import asyncssh

    daemon = make(BOTH)

    async def ask():
        async with asyncssh.connect(
                "127.0.0.1", daemon.port, username=daemon.user,
                client_keys=[str(daemon.key)], known_hosts=None,
                agent_path=None, config=None) as connection:
            process = await connection.create_process(subsystem="mirror")
            process.channel._send_request(
                b"subsystem", asyncssh.packet.String("farewell"))
            process.stdin.write("still here\n")
            process.stdin.write_eof()
            return await process.wait()

    result = asyncio.run(ask())
    assert (result.exit_status, result.stdout) == (0, "still here\n")
    refused = wait_until(lambda: daemon.records("request_refused"))
    assert refused[0]["reason"] == "the channel is in use"
