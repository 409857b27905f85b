"""What users of OpenSSH's ssh expect of a login."""

import hashlib
import os
import pty
import re
import select
import shlex
import signal
import struct
import fcntl
import subprocess
import termios
import time

from sallyport import wait_until

NEW_KEYS = b"SSH2_MSG_NEWKEYS received"
MEGABYTE = 1024 * 1024


def digest(data):
    return hashlib.sha256(data).hexdigest()


def test_a_command_runs_and_its_output_comes_back(daemon):
    done = daemon.ssh("echo", "hello")
    assert done.stdout == b"hello\n"
    assert done.stderr == b""
    assert done.returncode == 0


def test_exit_status_comes_back(daemon):
    for status in (0, 1, 42, 255):
        assert daemon.ssh(f"exit {status}").returncode == status


def test_a_signal_that_ends_the_command_is_told(daemon):
    command = daemon.ssh_command("kill -TERM $$")
    command[command.index("LogLevel=ERROR")] = "LogLevel=DEBUG"
    done = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=60,
                          stderr=subprocess.PIPE, check=False)
    assert done.returncode == 255
    assert b"exit-signal" in done.stderr


def test_stderr_comes_apart_from_stdout(daemon):
    done = daemon.ssh("echo out; echo err >&2")
    assert done.stdout == b"out\n"
    assert done.stderr == b"err\n"


def test_the_command_runs_as_the_user_in_its_home(daemon):
    done = daemon.ssh("id -un; pwd; echo $USER $LOGNAME $HOME $SHELL")
    lines = done.stdout.decode().split("\n")
    home = lines[1]
    assert lines[0] == daemon.user
    assert lines[2].split()[:3] == [daemon.user, daemon.user, home]


def test_the_environment_names_both_ends(daemon):
    done = daemon.ssh("echo $SSH_CONNECTION; echo $SSH_CLIENT")
    connection, client = done.stdout.decode().split("\n")[:2]
    assert re.fullmatch(rf"127\.0\.0\.1 \d+ 127\.0\.0\.1 {daemon.port}",
                        connection)
    assert re.fullmatch(rf"127\.0\.0\.1 \d+ {daemon.port}", client)


def test_nothing_of_the_daemon_leaks_into_the_command(daemon):
    done = daemon.ssh("ls /proc/self/fd; cat /proc/self/status; env")
    text = done.stdout.decode()
    assert text.split("\n")[:4] == ["0", "1", "2", "3"]
    assert re.search(r"^SigBlk:\s0+$", text, re.M)
    assert re.search(r"^SigIgn:\s0+$", text, re.M)
    assert "NOTIFY_SOCKET" not in text


def test_bulk_passes_both_ways_through_rekeys(daemon, folder):
    size = 200 * MEGABYTE
    path = folder / "bulk"
    with open(path, "wb") as f:
        for _ in range(size // MEGABYTE):
            f.write(os.urandom(MEGABYTE))
    wanted = subprocess.run(["sha256sum", path], stdout=subprocess.PIPE,
                            check=True).stdout.split()[0]
    options = ["LogLevel=DEBUG", "RekeyLimit=1M",
               "KexAlgorithms=curve25519-sha256"]
    with open(path, "rb") as f:
        up = daemon.ssh("sha256sum", options=options, stdin=f, timeout=300)
    assert up.stdout.split()[0] == wanted
    assert up.stderr.count(NEW_KEYS) > size // MEGABYTE / 2
    messages = folder / "messages"
    with open(messages, "wb") as f:
        done = daemon.popen(f"cat {path}", options=options, stderr=f,
                            stdin=subprocess.DEVNULL)
    os.chmod(folder, 0o755)
    down = hashlib.sha256()
    while block := done.stdout.read(MEGABYTE):
        down.update(block)
    assert done.wait(60) == 0
    assert down.hexdigest().encode() == wanted
    assert messages.read_bytes().count(NEW_KEYS) > size // MEGABYTE / 2


def test_half_close_lets_output_come_after_the_end_of_input(daemon):
    done = daemon.ssh("cat >/dev/null; sleep 0.3; echo after", input=b"x" * 10)
    assert done.stdout == b"after\n"


def test_cat_of_a_file_ends_by_itself(daemon):
    with open("/etc/os-release", "rb") as f:
        data = f.read()
        f.seek(0)
        assert daemon.ssh("cat", stdin=f).stdout == data


def test_a_command_that_does_not_read_does_not_stop_the_rest(daemon):
    done = daemon.ssh("exec <&-; sleep 0.2; echo done", input=b"y" * 5000000)
    assert done.stdout == b"done\n"
    assert done.returncode == 0


def test_output_is_complete_before_the_exit_status(daemon):
    """A megabyte right before the end, 500 times over one connection."""
    path = daemon.folder / "mux"
    master = daemon.popen("-N", options=[f"ControlPath={path}",
                                         "ControlMaster=yes"])
    try:
        wait_until(path.exists, 60)
        ssh = shlex.join(daemon.ssh_command(
            "head -c 1000000 /dev/zero; exit 3",
            options=[f"ControlPath={path}"]))
        done = subprocess.run(
            ["xargs", "-P4", "-n1", "bash", "-c",
             f"echo $({ssh} | wc -c; echo ${{PIPESTATUS[0]}})"],
            input=b"again\n" * 500, stdout=subprocess.PIPE, timeout=300,
            check=True)
        assert done.stdout.splitlines() == [b"1000000 3"] * 500
    finally:
        master.kill()  # it may sleep over a SIGTERM
        master.wait(60)


def test_twenty_channels_share_one_connection(make_daemon):
    daemon = make_daemon(profile="max_sessions = 20;")
    path = daemon.folder / "mux20"
    shared = [f"ControlPath={path}"]
    master = daemon.popen("-N", options=shared + ["ControlMaster=yes"])
    try:
        wait_until(path.exists, 60)
        running = [daemon.popen(f"sleep 0.2; echo {i}; cat", options=shared)
                   for i in range(20)]
        for i, each in enumerate(running):
            out, _ = each.communicate(b"in%d" % i, timeout=180)
            assert out == b"%d\nin%d" % (i, i)
            assert each.returncode == 0
    finally:
        master.kill()  # it may sleep over a SIGTERM
        master.wait(60)
    assert len(daemon.records()) > 0


class Terminal:
    """An ssh client with a terminal of its own."""

    def __init__(self, daemon, *arguments, rows=24, columns=80):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            # Before ssh asks for it.
            self.set_size(0, rows, columns)
            command = daemon.ssh_command(*arguments, options=["RequestTTY=force"])
            os.environ["TERM"] = "xterm-test"
            os.execvp(command[0], command)
        self.seen = b""

    @staticmethod
    def set_size(fd, rows, columns):
        fcntl.ioctl(fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, rows, columns):
        self.set_size(self.fd, rows, columns)
        os.kill(self.pid, signal.SIGWINCH)

    def send(self, text):
        os.write(self.fd, text.encode())

    def expect(self, pattern, seconds=60):
        deadline = time.monotonic() + seconds
        while not (found := re.search(pattern.encode(), self.seen)):
            left = deadline - time.monotonic()
            assert left > 0, f"no {pattern} in {self.seen!r}"
            if select.select([self.fd], [], [], left)[0]:
                try:
                    self.seen += os.read(self.fd, 4096)
                except OSError:
                    break
        assert found or re.search(pattern.encode(), self.seen), self.seen
        self.seen = self.seen[found.end():] if found else b""
        return found

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def test_a_shell_has_a_terminal_of_the_right_size(daemon):
    terminal = Terminal(daemon, rows=30, columns=100)
    terminal.send("stty size; echo term=$TERM; tty\n")
    terminal.expect(r"\r\n30 100\r\n")
    terminal.expect(r"term=xterm-test\r\n")
    terminal.expect(r"/dev/pts/\d+")
    terminal.resize(40, 120)
    terminal.send("until [ \"$(stty size)\" = '40 120' ]; do sleep 0.05; done; "
                  "echo now=$(stty size)\n")
    terminal.expect(r"now=40 120\r\n")
    terminal.send("exit 7\n")
    _, status = os.waitpid(terminal.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 7
    os.close(terminal.fd)


def test_an_interrupt_from_the_keyboard_reaches_the_program(daemon):
    terminal = Terminal(daemon)
    terminal.send("sh -c 'trap \"echo caught; exit\" INT; echo go$((1+1)); "
                  "while :; do sleep 0.1; done'\n")
    terminal.expect(r"go2")
    terminal.send("\x03")
    terminal.expect(r"caught")
    terminal.close()


def test_closing_the_terminal_hangs_up_the_programs(daemon):
    terminal = Terminal(daemon, "echo pid=$$=; exec sleep 3001")
    pid = int(terminal.expect(r"pid=(\d+)=")[1])
    terminal.close()
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"), 60, "its end")


def test_environment_is_passed_by_pattern_only(make_daemon):
    daemon = make_daemon(profile='env = [ "LC_*" ];')
    done = daemon.ssh("env", options=["SetEnv=LC_TEST=yes EVIL=no"])
    assert b"LC_TEST=yes" in done.stdout
    assert b"EVIL" not in done.stdout


def test_a_wrong_key_is_refused(daemon, folder):
    key = folder / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key],
                   check=True)
    command = [str(key) if part == str(daemon.key) else part
               for part in daemon.ssh_command("true")]
    done = subprocess.run(command, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 255
    assert b"Permission denied (publickey)" in done.stderr


def test_both_ciphers_serve(daemon):
    for cipher in ("chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com"):
        done = daemon.ssh("echo", "ok", options=[f"Ciphers={cipher}"])
        assert done.stdout == b"ok\n"
