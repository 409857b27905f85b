"""Programs and their channels are under sshd what they are under ours.

The same is asked of both; what each answers must be equal. Where sshd is
not there (./check unpacks it) there is nothing to compare with.
"""

import asyncio
import os
import re
import shutil

import asyncssh
import pytest

import sallyport
from fixtures import make_folder, needs_root
from peers import Missing, need

pytestmark = needs_root

PROFILE = 'env = [ "LANG", "LC_*" ];'
FORCED = "echo forced $SSH_ORIGINAL_COMMAND; exit 6"


class Sshd(sallyport.Daemon):
    """OpenSSH's, among the same accounts."""

    def __init__(self, folder, lines="", **settings):
        super().__init__(folder, **settings)
        with open(self.folder / "etc/passwd", "a", encoding="ascii") as f:
            f.write("sshd:x:64791:65534::/run/sshd:/usr/sbin/nologin\n")
        os.makedirs("/run/sshd", exist_ok=True)
        shutil.copy(self.key, self.folder / "host_key")
        (self.folder / "sshd_config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nPidFile none\n"
            f"HostKey {self.folder}/host_key\nUsePAM no\nPrintMotd no\n"
            "PrintLastLog no\nMaxStartups 100\nAcceptEnv LANG LC_*\n"
            f"Subsystem given given\n{lines}")

    def command(self):
        return self.apart([need("sshd", "openssh-server"), "-D", "-e", "-f",
                           str(self.folder / "sshd_config")])


def pair(profile, lines):
    """Ours and sshd, started; with the folders to be removed."""
    try:
        need("sshd", "openssh-server")
    except Missing as missing:
        pytest.skip(str(missing))
    folders = [make_folder(), make_folder()]
    return [sallyport.Daemon(folders[0], profile=profile).start(),
            Sshd(folders[1], lines).start()], folders


def end(servers, folders):
    for server in servers:
        server.stop()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def both():
    servers, folders = pair(PROFILE, "")
    yield servers
    end(servers, folders)


@pytest.fixture(scope="module")
def both_forced():
    servers, folders = pair(f'command = "{FORCED}";',
                            f"ForceCommand {FORCED}\n")
    yield servers
    end(servers, folders)


def connect(server):
    return asyncssh.connect(
        "127.0.0.1", server.port, username=server.user,
        client_keys=[str(server.key)], known_hosts=None, agent_path=None,
        config=None)


def masked(server, text):
    """Without what differs between any two logins."""
    text = text.replace(str(server.port), "PORT")
    text = re.sub(r"(SSH_CLIENT=127\.0\.0\.1 )\d+", r"\1CLIENT", text)
    text = re.sub(r"(SSH_CONNECTION=127\.0\.0\.1 )\d+", r"\1CLIENT", text)
    return re.sub(r"/dev/pts/\d+", "/dev/pts/N", text)


def told(server, done):
    return (masked(server, done.stdout), masked(server, done.stderr),
            done.exit_status, done.exit_signal and done.exit_signal[:2])


def ask(server, command=None, **settings):
    async def run():
        async with connect(server) as connection:
            return told(server, await connection.run(
                command, check=False, timeout=30, **settings))

    return asyncio.run(run())


def compare(servers, *arguments, **settings):
    ours, theirs = (ask(server, *arguments, **settings)
                    for server in servers)
    assert ours == theirs
    return ours


# ---- what a program finds ----

LOOK = ("env | sort; echo $0 $- $#; pwd; umask; ulimit -a; "
        "grep -E 'Sig|Cap|NoNewPrivs|Seccomp|Uid|Gid|Groups' "
        "/proc/self/status | grep -v SigQ; "
        "ls -l /proc/self/fd | sed 's/.* //; s/[0-9]\\+//; s/pipe/socket/' ; "
        "test $(ps -o sid= -p $$) = $$ && echo leads a session; "
        "test $(ps -o pgid= -p $$) = $$ && echo and a group; "
        "ps -o ni= -p $$; cat /proc/self/oom_score_adj")


def lines_of(result):
    """In which folder ls looks is its own affair."""
    return [line for line in result[0].splitlines()
            if "/proc/" not in line and not line.startswith("_=")]


@pytest.mark.parametrize("settings", [
    {}, {"env": {"LANG": "C.UTF-8", "LC_TIME": "C", "OTHER": "x",
                 "SSH_TTY": "no", "PATH": "/no"}}])
def test_a_command_finds_the_same(both, settings):
    ours, theirs = (ask(server, LOOK, **settings) for server in both)
    assert lines_of(ours) == lines_of(theirs)
    assert ours[1:] == theirs[1:]
    assert "USER=alice" in ours[0]


def test_a_command_on_a_terminal_finds_the_same(both):
    ours, theirs = (ask(server, LOOK, term_type="vt220",
                        env={"LANG": "C.UTF-8"}) for server in both)
    assert lines_of(ours) == lines_of(theirs)
    assert "TERM=vt220" in ours[0] and "SSH_TTY=/dev/pts/N" in ours[0]


def test_a_shell_is_a_login_shell(both):
    script = "echo $0; shopt login_shell; env | sort | grep -v ^_=\nexit 5\n"
    ours = compare(both, None, input=script)
    assert ours[0].startswith("-bash\nlogin_shell    \ton\n")
    assert ours[2] == 5


# ---- terminals ----

# By their numbers in RFC 4254 section 8.
MODES = {
    # VINTR to VLNEXT, one of them switched off.
    1: 1, 2: 255, 3: 8, 7: 7, 13: 23, 14: 6,
    # IGNPAR INLCR ICRNL IXON IXANY IMAXBEL IUTF8.
    30: 1, 34: 1, 36: 0, 38: 0, 39: 1, 41: 0, 42: 1,
    # ISIG ECHOK NOFLSH TOSTOP ECHOCTL.
    50: 0, 55: 0, 57: 1, 58: 1, 60: 0,
    # OPOST ONLCR OCRNL; PARENB PARODD; the speeds.
    70: 1, 72: 0, 73: 1, 92: 1, 93: 1, 128: 9600, 129: 9600,
    # What no system has.
    11: 1, 17: 1, 150: 7,
}


@pytest.mark.parametrize("modes", [{}, MODES, {91: 1}, {90: 1}])
def test_a_terminal_is_set_up_alike(both, modes):
    ours = compare(both, "stty -a; tty", term_type="vt100", term_modes=modes,
                   term_size=(123, 45, 678, 901))
    assert "rows 45; columns 123;" in ours[0]


# Each flag and character, so that any two differ in some of the runs.
FLAGS = [*range(30, 43), *range(50, 63), *range(70, 76), *range(90, 94)]
# Without VSWTCH, which sshd looks for by a name that Linux does not use.
CHARACTERS = [mode for mode in range(1, 19) if mode != 16]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("bit", range(6))
def test_each_mode_is_set_alike(both, bit, turned):
    modes = {mode: int((i >> bit & 1) != turned)
             for i, mode in enumerate(FLAGS)}
    modes |= {mode: 65 + mode if (mode >> bit & 1) != turned else 255
              for mode in CHARACTERS}
    ours = compare(both, "stty -a -F /dev/tty; stty -g", term_type="vt100",
                   term_modes=modes)
    assert "speed" in ours[0].lower()


def test_a_resized_terminal_tells_its_programs(both):
    async def run(server):
        async with connect(server) as connection:
            process = await connection.create_process(
                "trap 'stty size; exit' WINCH; echo up; "
                "while :; do sleep 0.05; done", term_type="vt100")
            assert (await process.stdout.readline()).strip() == "up"
            process.change_terminal_size(99, 33)
            return told(server, await process.wait())

    ours, theirs = (asyncio.run(run(server)) for server in both)
    assert ours == theirs
    assert ours[0].strip() == "33 99"


@pytest.mark.parametrize("settings", [{"term_type": "vt100"}, {}])
def test_a_break_is_answered_alike(both, settings):
    async def run(server):
        async with connect(server) as connection:
            process = await connection.create_process("cat", **settings)
            return await process.channel._make_request(
                b"break", asyncssh.packet.UInt32(0))

    ours, theirs = (asyncio.run(run(server)) for server in both)
    assert ours is theirs is ("term_type" in settings)


# ---- ends ----

@pytest.mark.parametrize("command", [
    "exit 0", "exit 41", "kill -TERM $$", "kill -KILL $$", "kill -USR1 $$",
    "kill -RTMIN $$", "exec kill -ABRT $$",
    "no-such-command-here", "exit 300"])
def test_a_program_ends_alike(both, command):
    compare(both, command)


def test_a_core_that_was_dumped_is_told(both):
    """Where the system's pattern lets the test's home have one."""
    ours = compare(both, "ulimit -c unlimited; kill -SEGV $$")
    dumped = [path for server in both
              for path in (server.folder / "homes/alice").glob("core*")]
    assert ours[3] == ("SEGV", True) or not dumped
    assert compare(both, "ulimit -c 0; kill -SEGV $$")[3] == ("SEGV", False)


@pytest.mark.parametrize("command", [
    # Held by a child, which is waited for.
    "(sleep 0.3; echo late) & echo early",
    "(sleep 0.3; echo late >&2) & exit 3",
    # A child that holds nothing is not.
    "sleep 3031 >/dev/null 2>&1 </dev/null & exit 4",
    # One of its outputs, and then the other.
    "exec >&-; sleep 0.1; echo err >&2", "exec 2>&-; sleep 0.1; echo out",
    "exec >&- 2>&-; sleep 0.2; exit 5"])
def test_children_and_outputs_are_waited_for_alike(both, command):
    compare(both, command)


@pytest.mark.parametrize("command", [
    "sleep 3032 & echo out; exit 3", "trap '' HUP; sleep 0.2 & echo out"])
def test_a_terminal_ends_with_its_leader(both, command):
    compare(both, command, term_type="vt100")


def test_input_goes_on_when_the_outputs_have_ended(both):
    """And the end of outputs is told before the program has ended."""
    async def run(server):
        path = server.folder / "homes/alice/taken"
        async with connect(server) as connection:
            process = await connection.create_process(
                "exec >&- 2>&-; cat >taken; exit 7")
            assert await process.stdout.read() == ""
            process.stdin.write("x" * 300000)
            process.stdin.write_eof()
            done = await process.wait()
            return done.exit_status, path.stat().st_size

    for server in both:
        assert asyncio.run(run(server)) == (7, 300000)


def test_output_comes_after_the_end_of_input(both):
    compare(both, "cat; sleep 0.1; echo after; exit 2", input="in\n")


# ---- signals ----

# Both know no others of RFC 4254 that can be caught.
ALL = "HUP INT QUIT TERM USR1 USR2"


@pytest.mark.parametrize("name", [
    *ALL.split(), "KILL", "NONE", "STOP"])
def test_signals_reach_the_group_alike(both, name):
    async def run(server):
        async with connect(server) as connection:
            process = await connection.create_process(
                f"trap : {ALL}; sh -c '"
                f"for s in {ALL}; do "
                "trap \"echo child $s; exit\" $s; done; echo up; "
                "while read line; do echo $line; done'; exit 3")
            assert await process.stdout.readline() == "up\n"
            process.send_signal(name)
            process.stdin.write("on\n")
            process.stdin.write_eof()
            return told(server, await process.wait())

    ours, theirs = (asyncio.run(run(server)) for server in both)
    assert ours == theirs
    if name in ALL.split():
        assert f"child {name}" in str(ours)


# ---- a command that is forced ----

@pytest.mark.parametrize("settings", [
    {"command": "echo 'a  b'; $(id)"}, {}, {"subsystem": "given"},
    {"command": "x", "term_type": "vt100"}, {"term_type": "vt100"},
    {"command": "x", "env": {"SSH_ORIGINAL_COMMAND": "mine"}},
    {"env": {"SSH_ORIGINAL_COMMAND": "mine"}}])
def test_a_forced_command_is_told_the_same(both_forced, settings):
    assert compare(both_forced, **settings)[2] == 6


def test_a_forced_command_gets_no_signal_from_either(both_forced):
    async def run(server):
        async with connect(server) as connection:
            process = await connection.create_process("x", stdin=None)
            process.send_signal("KILL")
            return told(server, await process.wait())

    ours, theirs = (asyncio.run(run(server)) for server in both_forced)
    assert ours == theirs
    assert ours[2] == 6


# ---- how many ----

def test_ten_sessions_are_open_at_once(both):
    async def run(server):
        async with connect(server) as connection:
            opened = [await connection.create_process("cat")
                      for _ in range(10)]
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.create_process("cat")
            opened[0].stdin.write_eof()
            await opened[0].wait()
            # sshd has room only when it has noticed that the program ended.
            for _ in range(100):
                try:
                    more = await connection.run("echo room")
                    break
                except asyncssh.ChannelOpenError:
                    await asyncio.sleep(0.05)
            return len(opened), more.stdout

    ours, theirs = (asyncio.run(run(server)) for server in both)
    assert ours == theirs == (10, "room\n")
