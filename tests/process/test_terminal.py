"""What belongs to a terminal: the message of the day, breaks, signals."""

import asyncio
import os

import pytest

from fixtures import needs_root

MOTD = "Mind the \x1b[1mgap\x1b[0m.\nSecond line\n\nlast without end"
TYPED = b"exit 4\r\n"  # as the terminal shows it
SHOWN = MOTD.replace("\n", "\r\n").encode()


def connect(daemon):
    import asyncssh

    return asyncssh.connect(
        "127.0.0.1", daemon.port, username=daemon.user,
        client_keys=[str(daemon.key)], known_hosts=None, agent_path=None,
        config=None)


# ---- the message of the day ----

def make_with_motd(make_daemon, folder, text=MOTD, name="motd"):
    path = folder / name
    path.write_text(text)
    path.chmod(0o644)
    return make_daemon(profile=f'motd = "{path}";')


def shell(daemon, *arguments):
    return daemon.ssh(*arguments, input=b"exit 4\n").stdout


def test_a_shell_on_a_terminal_begins_with_it(make_daemon, folder):
    """What was typed ahead may be seen before it or amid it."""
    daemon = make_with_motd(make_daemon, folder)
    assert shell(daemon, "-tt").replace(TYPED, b"", 1).startswith(SHOWN)


def test_nobody_else_is_shown_it(make_daemon, folder):
    daemon = make_with_motd(make_daemon, folder)
    assert b"gap" not in shell(daemon)
    assert b"gap" not in shell(daemon, "-tt", "echo command")
    assert b"gap" not in shell(daemon, "echo command")


@needs_root
def test_who_has_a_hushlogin_is_not(make_daemon, folder):
    daemon = make_with_motd(make_daemon, folder)
    (daemon.homes / "alice/.hushlogin").touch()
    assert b"gap" not in shell(daemon, "-tt")


@needs_root
def test_it_is_read_as_the_user(make_daemon, folder):
    daemon = make_with_motd(make_daemon, folder)
    (folder / "motd").chmod(0o600)
    assert b"gap" not in shell(daemon, "-tt")
    daemon.stop()
    # And names are put into its path.
    daemon = make_with_motd(make_daemon, folder, name="motd-alice")
    daemon.config.write_text(daemon.config.read_text().replace(
        "motd-alice", "motd-%u"))
    daemon.stop()
    daemon.start()
    assert shell(daemon, "-tt").replace(TYPED, b"", 1).startswith(SHOWN)


@pytest.mark.parametrize("kind", ["none", "fifo", "folder", "device"])
def test_what_is_no_file_keeps_nobody(make_daemon, folder, kind):
    daemon = make_with_motd(make_daemon, folder)
    path = folder / "motd"
    path.unlink()
    if kind == "fifo":
        os.mkfifo(path, 0o644)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    done = daemon.ssh("-tt", input=b"exit 4\n", timeout=20)
    assert done.returncode == 4


def test_of_a_long_one_the_beginning_is_shown(make_daemon, folder):
    daemon = make_with_motd(make_daemon, folder, "\n" * 100000)
    done = daemon.ssh("-tt", input=b"exit 4\n")
    assert done.returncode == 4
    assert done.stdout.replace(TYPED, b"", 1).startswith(b"\r\n" * 32768)


# ---- modes ----

def test_no_mode_keeps_a_terminal_from_opening(daemon):
    """Seven bits, which a pseudo-terminal does not have, among them."""
    modes = [*range(1, 19), *range(30, 43), *range(50, 63), *range(70, 76),
             *range(90, 94)]

    async def ask():
        async with connect(daemon) as connection:
            return [(await connection.run(
                "tty", term_type="vt100",
                term_modes={mode: 1})).exit_status for mode in modes]

    assert set(asyncio.run(ask())) == {0}


# ---- breaks ----

@pytest.mark.parametrize("term, taken", [("vt100", True), (None, False)])
def test_a_break_is_for_a_terminal(daemon, term, taken):
    import asyncssh

    async def ask():
        async with connect(daemon) as connection:
            process = await connection.create_process(
                "echo up; read line; echo $line", term_type=term)
            assert (await process.stdout.readline()).strip() == "up"
            answer = await process.channel._make_request(
                b"break", asyncssh.packet.UInt32(500))
            process.stdin.write("on\n")
            return answer, (await process.wait()).stdout

    before = len(daemon.records("request_refused"))
    answer, out = asyncio.run(ask())
    assert answer is taken
    assert "on" in out
    if not taken:
        refused = daemon.expect("request_refused", before=before)[0]
        assert refused["reason"] == "there is no terminal"


# ---- the end of a channel ----

def test_a_channel_that_goes_hangs_up_the_group_of_its_terminal(daemon):
    """While the connection stays."""
    async def ask():
        async with connect(daemon) as connection:
            process = await connection.create_process(
                "sleep 3041 & echo $$ $!; sleep 3042", term_type="vt100")
            pids = (await process.stdout.readline()).split()
            process.channel.close()
            for _ in range(500):
                if not any(os.path.exists(f"/proc/{pid}") for pid in pids):
                    break
                await asyncio.sleep(0.02)
            alive = [pid for pid in pids if os.path.exists(f"/proc/{pid}")]
            return alive, (await connection.run("echo on")).stdout

    assert asyncio.run(ask()) == ([], "on\n")
