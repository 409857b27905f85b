"""What users of Python's asyncssh expect of a login."""

import asyncio
import functools
import hashlib
import logging
import os
import warnings

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    asyncssh = pytest.importorskip("asyncssh")

MEGABYTE = 1024 * 1024


def on_a_loop(test):
    """A coroutine as a test, with an end."""
    @functools.wraps(test)
    def run(*args, **kwargs):
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), 180))
    return run


def connect(daemon, **options):
    settings = {"username": daemon.user, "client_keys": [str(daemon.key)],
                "known_hosts": None, "agent_path": None, "config": None}
    return asyncssh.connect("127.0.0.1", daemon.port, **settings | options)


def digest(data):
    return hashlib.sha256(data).hexdigest()


@on_a_loop
async def test_status_and_stderr_come_back_apart(daemon):
    async with connect(daemon) as connection:
        done = await connection.run("echo out; echo err >&2; exit 42")
    assert (done.stdout, done.stderr) == ("out\n", "err\n")
    assert done.exit_status == 42


class Order(asyncssh.SSHClientSession):
    """What a channel is told, in the order in which it comes."""

    def __init__(self):
        self.told = []
        self.size = 0
        self.is_over = asyncio.get_running_loop().create_future()

    def data_received(self, data, datatype):
        self.size += len(data)

    def eof_received(self):
        self.told.append(("end of data", self.size))

    def exit_status_received(self, status):
        self.told.append((status, self.size))

    def connection_lost(self, exc):
        self.is_over.set_result((self.told, self.size))


@on_a_loop
async def test_all_output_comes_before_the_end_and_that_before_the_status(
        daemon):
    """A megabyte right before it, on some channels at a time."""
    wanted = [("end of data", MEGABYTE), (3, MEGABYTE)], MEGABYTE
    async with connect(daemon) as connection:
        for _ in range(5):
            opened = [await connection.create_session(
                Order, f"head -c {MEGABYTE} /dev/zero; exit 3", encoding=None)
                      for _ in range(4)]
            for _, order in opened:
                assert await order.is_over == wanted


@pytest.mark.parametrize(
    "cipher", ["chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com"])
@on_a_loop
async def test_10_megabytes_pass_both_ways_through_rekeys(
        daemon, caplog, cipher):
    caplog.set_level(logging.DEBUG, "asyncssh")
    asyncssh.set_debug_level(1)
    data = os.urandom(10 * MEGABYTE)
    async with connect(daemon, rekey_bytes=MEGABYTE,
                       encryption_algs=[cipher]) as connection:
        up = await connection.run("sha256sum", input=data, encoding=None)
        back = await connection.run("cat", input=data, encoding=None)
        assert connection.get_extra_info("send_cipher") == cipher
    assert up.stdout.split()[0].decode() == digest(data)
    assert digest(back.stdout) == digest(data)
    # The first one, and at least one for every few megabytes.
    assert caplog.text.count("Completed key exchange") > 5


@on_a_loop
async def test_a_terminal_has_its_size_and_follows_it(daemon):
    async with connect(daemon) as connection:
        process = await connection.create_process(
            term_type="xterm-test", term_size=(100, 30))
        process.stdin.write("stty size; echo t=$TERM\n")
        await process.stdout.readuntil("\n30 100\r\n")
        await process.stdout.readuntil("t=xterm-test\r\n")
        process.change_terminal_size(120, 40)
        process.stdin.write("stty size\n")
        await process.stdout.readuntil("\n40 120\r\n")
        process.stdin.write("exit 7\n")
        await process.wait()
        assert process.exit_status == 7


@on_a_loop
async def test_output_comes_after_the_end_of_input(daemon):
    async with connect(daemon) as connection:
        process = await connection.create_process(
            "cat >/dev/null; sleep 0.2; echo after")
        process.stdin.write("x" * 1000)
        process.stdin.write_eof()
        done = await process.wait()
    assert done.stdout == "after\n"
    assert done.exit_status == 0


@on_a_loop
async def test_20_channels_share_a_connection(make_daemon):
    daemon = make_daemon(profile="max_sessions = 20;")
    async with connect(daemon) as connection:
        done = await asyncio.gather(*(
            connection.run(f"sleep 0.2; echo {i}; cat; exit {i}",
                           input=f"in{i}") for i in range(20)))
    for i, each in enumerate(done):
        assert each.stdout == f"{i}\nin{i}"
        assert each.exit_status == i


@on_a_loop
async def test_environment_passes_by_pattern_only(make_daemon):
    daemon = make_daemon(profile='env = [ "LC_*" ];')
    async with connect(daemon) as connection:
        done = await connection.run(
            "env", env={"LC_TEST": "yes", "LD_PRELOAD": "evil"})
    assert "LC_TEST=yes\n" in done.stdout
    assert "LD_PRELOAD" not in done.stdout


@on_a_loop
async def test_a_signal_reaches_the_command(daemon):
    async with connect(daemon) as connection:
        process = await connection.create_process(
            "trap 'echo caught; exit 5' USR1; echo ready; "
            "while :; do sleep 0.05; done")
        await process.stdout.readuntil("ready\n")
        process.send_signal("USR1")
        done = await process.wait()
    assert done.stdout == "caught\n"
    assert done.exit_status == 5


@on_a_loop
async def test_the_signal_that_ends_a_command_is_told(daemon):
    async with connect(daemon) as connection:
        done = await connection.run("kill -TERM $$")
    assert done.exit_signal[0] == "TERM"


@on_a_loop
async def test_a_wrong_key_is_refused_and_the_right_one_still_taken(daemon):
    wrong = asyncssh.generate_private_key("ssh-ed25519")
    with pytest.raises(asyncssh.PermissionDenied):
        await connect(daemon, client_keys=[wrong])
    right = asyncssh.read_private_key(str(daemon.key))
    async with connect(daemon, client_keys=[wrong, right]) as connection:
        assert (await connection.run("echo in")).stdout == "in\n"


@on_a_loop
async def test_a_channel_closed_early_disturbs_no_other(daemon):
    async with connect(daemon) as connection:
        process = await connection.create_process(
            "cat /dev/zero", encoding=None)
        await process.stdout.readexactly(MEGABYTE)
        process.close()
        await process.wait_closed()
        done = await connection.run("echo still")
    assert done.stdout == "still\n"
