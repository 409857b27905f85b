"""The command of a profile takes the place of whatever is asked for."""

import asyncio
import shutil

import pytest

import sallyport
from fixtures import make_folder

REPORT = ("printf '%%s|%%s' forced \\\"${SSH_ORIGINAL_COMMAND-nothing}\\\"; "
          "exit 7")


def profile(command, more=""):
    return f'command = "{command}"; {more}'


@pytest.fixture(scope="module")
def forced():
    path = make_folder()
    with sallyport.Daemon(
            path, profile=profile(REPORT, 'env = [ "*" ];')) as running:
        yield running
    shutil.rmtree(path, ignore_errors=True)


def connect(daemon):
    import asyncssh

    return asyncssh.connect(
        "127.0.0.1", daemon.port, username=daemon.user,
        client_keys=[str(daemon.key)], known_hosts=None, agent_path=None,
        config=None)


# ---- what is asked for ----

@pytest.mark.parametrize("asked, original", [
    (["echo free"], b"echo free"),
    (["echo 'a  b' $(id); true"], b"echo 'a  b' $(id); true"),
    ([""], b"nothing"),      # ssh asks for a shell
    (["-s", "sftp"], b"sftp"),
    (["-s", "anything,at all"], b"anything,at all")])
def test_every_request_becomes_the_command(forced, asked, original):
    done = forced.ssh(*asked)
    assert done.stdout == b"forced|" + original
    assert done.returncode == 7


def test_a_shell_on_a_terminal_becomes_the_command(forced):
    done = forced.ssh("-tt")
    assert done.stdout == b"forced|nothing"
    assert done.returncode == 7
    done = forced.ssh("-tt", "echo free")
    assert done.stdout == b"forced|echo free"


def test_the_next_channels_are_no_freer(forced):
    """Forced command bypassed by another channel, or another request."""
    async def ask():
        async with connect(forced) as connection:
            results = []
            for asked in ({"command": "one"}, {}, {"subsystem": "two"},
                          {"command": "three", "term_type": "vt100"}):
                done = await connection.run(check=False, **asked)
                results.append((done.exit_status, done.stdout))
            return results

    assert asyncio.run(ask()) == [
        (7, "forced|one"), (7, "forced|nothing"), (7, "forced|two"),
        (7, "forced|three")]


def test_a_channel_runs_it_once(make_daemon):
    import asyncssh

    daemon = make_daemon(profile=profile("echo up; cat; echo forced"))

    async def ask():
        async with connect(daemon) as connection:
            process = await connection.create_process("first")
            assert await process.stdout.readline() == "up\n"
            process.channel._send_request(
                b"exec", asyncssh.packet.String("second"))
            process.channel._send_request(b"shell")
            process.stdin.write_eof()
            return await process.wait()

    assert asyncio.run(ask()).stdout == "forced\n"
    refused = daemon.expect("request_refused", 2)
    assert {r["reason"] for r in refused} == {"the channel is in use"}
    assert daemon.expect("program_started")[0]["detail"] == "first"


def test_a_client_cannot_say_what_it_asked_for(forced):
    """Every name is let through, but not those by which the daemon speaks."""
    done = forced.ssh("-tt", options=[
        "SetEnv=SSH_ORIGINAL_COMMAND=free SSH_ORIGINAL_COMMAND2=x"])
    assert done.stdout == b"forced|nothing"
    done = forced.ssh("asked", options=["SetEnv=SSH_ORIGINAL_COMMAND=free"])
    assert done.stdout == b"forced|asked"


def test_the_log_has_both_commands(forced):
    before = len(forced.records("program_started"))
    forced.ssh("echo \x1b[1m")
    record = forced.expect("program_started", before=before)[0]
    assert record["command"].startswith("printf ")
    assert record["detail"] == "echo \x1b[1m"


# ---- what is put in ----

def test_values_are_put_in(make_daemon):
    daemon = make_daemon(profile=profile(
        "echo %u %i %h 100%%; pwd; test %n = $(uname -n) && echo host"))
    done = daemon.ssh("free")
    home = done.stdout.decode().split("\n")[1]
    assert done.stdout.decode() == (
        f"{daemon.user} {daemon.user} {home} 100%\n{home}\nhost\n")


# ---- signals ----

TRAP = ("trap 'echo got TERM' TERM; echo up; read line; echo bye; exit 0")


def signalled(daemon, command):
    """What a program says that is sent a signal and then a line."""
    async def ask():
        async with connect(daemon) as connection:
            process = await connection.create_process(command)
            assert await process.stdout.readline() == "up\n"
            process.send_signal("TERM")
            process.stdin.write("go\n")
            return (await process.wait()).stdout

    return asyncio.run(ask())


def test_client_sent_signals_do_not_reach_forced_command_programs(make_daemon):
    """Client-sent signals reaching forced-command programs."""
    daemon = make_daemon(profile=profile(TRAP))
    assert signalled(daemon, "free") == "bye\n"
    refused = daemon.expect("request_refused")[0]
    assert refused["detail"] == "signal"
    assert refused["reason"] == "a forced command gets no signals"


def test_signals_reach_it_where_the_profile_says_so(make_daemon):
    daemon = make_daemon(profile=profile(TRAP, "signals = true;"))
    assert signalled(daemon, "free").startswith("got TERM\n")
    assert daemon.records("request_refused") == []


def test_without_a_command_signals_reach_the_process_group(daemon):
    script = ("trap '' TERM; (trap 'echo child; exit' TERM; echo up; "
              "while :; do sleep 0.05; done); read line; echo $line")
    assert signalled(daemon, script) == "child\ngo\n"
