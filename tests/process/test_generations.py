"""Programs that grow old, crash again and again, or run out of something."""

import contextlib
import os
import pathlib
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest

import sallyport
from fixtures import needs_root
from sallyport import wait_until

CRASHES_MAX = 16  # of logins, until their program is replaced


def serving(daemon, program):
    """The processes of a program that are no children of others of it."""
    return {pid for pid in daemon.pids(program)
            if parent_of(pid) == daemon.process.pid}


def parent_of(pid):
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text("ascii")
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[1])


def assert_login(daemon):
    done = daemon.ssh("echo", "in")
    assert done.stdout == b"in\n", done.stderr


def test_what_is_old_is_renewed_and_sessions_stay(make_daemon):
    daemon = make_daemon(server="gates = 2; renew_time = \"2s\";")
    old = {name: serving(daemon, name) for name in ("login", "gate")}
    holder = daemon.pids("keyholder")
    session = daemon.popen("cat")
    session.stdin.write(b"one\n")
    session.stdin.flush()
    assert session.stdout.readline() == b"one\n"
    for name in ("login", "gate"):
        wait_until(lambda: len(serving(daemon, name)) >= len(old[name])
                   and not serving(daemon, name) & old[name] - {session.pid},
                   what=f"a new {name}")
        assert_login(daemon)
    out, _ = session.communicate(b"two\n", timeout=10)
    assert out == b"two\n"
    assert daemon.pids("keyholder") == holder
    assert not daemon.records("process_died")


class SilentAgent(threading.Thread):
    """An ssh-agent that shows a key and never signs: its login stays."""

    IDENTITIES, SIGN = 11, 13

    def __init__(self, path, public):
        super().__init__(daemon=True)
        self.blob = subprocess.run(
            ["base64", "-d"], input=public.read_text().split()[1].encode(),
            stdout=subprocess.PIPE, check=True).stdout
        self.path = path
        self.asked = threading.Event()
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(str(path))
        self.server.listen()
        self.start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.server.accept()[0]
                threading.Thread(target=self.serve, args=(client,),
                                 daemon=True).start()

    def serve(self, client):
        with client, client.makefile("rb") as requests:
            while head := requests.read(4):
                request = requests.read(struct.unpack(">I", head)[0])
                if request[0] == self.IDENTITIES:
                    client.sendall(self.list())
                elif request[0] == self.SIGN:
                    self.asked.set()
                else:
                    client.sendall(b"\0\0\0\1\5")

    def list(self):
        answer = (b"\x0c" + struct.pack(">II", 1, len(self.blob)) +
                  self.blob + struct.pack(">I", 0))
        return struct.pack(">I", len(answer)) + answer


def logins_under_way(daemon):
    zygotes = serving(daemon, "login")
    return {pid for pid in daemon.pids("login") if parent_of(pid) in zygotes}


@needs_root
def test_a_login_program_whose_logins_crash_is_replaced(make_daemon, folder):
    daemon = make_daemon()
    agent = SilentAgent(folder / "agent", daemon.key.with_suffix(".pub"))
    before = serving(daemon, "login")
    for number in range(CRASHES_MAX):
        agent.asked.clear()
        command = daemon.ssh_command("true")
        command[command.index("-i") + 1] = str(daemon.key) + ".pub"
        command[command.index("IdentityAgent=none")] = \
            f"IdentityAgent={agent.path}"
        with subprocess.Popen(command, stdin=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as client:
            try:
                assert agent.asked.wait(20)
                pid, = logins_under_way(daemon)
                daemon.crashed.add(pid)
                os.kill(pid, signal.SIGABRT)
                wait_until(
                    lambda: len(daemon.records("child_died")) == number + 1)
            finally:
                client.kill()
    wait_until(lambda: serving(daemon, "login")
               and not serving(daemon, "login") & before,
               what="another login program")
    assert_login(daemon)
    agent.server.close()


def limit_descriptors(pid, soft):
    """As the process's own user: to limit others is no right of root's."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text("ascii")
    uid, gid = (line.split()[1] for line in status.splitlines()
                if line.startswith(("Uid:", "Gid:")))
    subprocess.run(["setpriv", "--reuid", uid, "--regid", gid,
                    "--clear-groups", "prlimit", "--pid", str(pid),
                    f"--nofile={soft}:"], check=True)


@contextlib.contextmanager
def without_descriptors(pids):
    """What is open stays, but all below the limit is in use."""
    before = {pid: soft_limit(pid) for pid in pids}
    for pid in pids:
        taken = set(map(int, os.listdir(f"/proc/{pid}/fd")))
        limit_descriptors(pid, min(set(range(1024)) - taken))
    yield
    for pid, soft in before.items():
        limit_descriptors(pid, soft)


def soft_limit(pid):
    limits = pathlib.Path(f"/proc/{pid}/limits").read_text("ascii")
    line, = (each for each in limits.splitlines()
             if each.startswith("Max open files"))
    return line.split()[3]


def cpu_ticks(pid):
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text("ascii")
    return sum(map(int, stat.rpartition(")")[2].split()[11:13]))


@needs_root
@pytest.mark.parametrize("program", ["login", "keyholder", "supervisor"])
def test_a_program_without_descriptors_waits_and_goes_on_later(
        make_daemon, program):
    daemon = make_daemon()
    assert_login(daemon)
    session = daemon.popen("cat")
    session.stdin.write(b"one\n")
    session.stdin.flush()
    assert session.stdout.readline() == b"one\n"
    pids = [daemon.process.pid] if program == "supervisor" \
        else serving(daemon, program) - {session.pid}
    with without_descriptors(pids):
        before = {pid: cpu_ticks(pid) for pid in pids}
        clients = [daemon.popen("true") for _ in range(3)]
        if program == "supervisor":
            daemon.process.send_signal(signal.SIGHUP)
        time.sleep(2)
        # It waits for better times and does not spin.
        used = {pid: cpu_ticks(pid) - before[pid] for pid in pids}
        assert max(used.values()) < 50, used
        for client in clients:
            client.kill()
            client.communicate()
    wait_until(lambda: daemon.ssh("echo", "in").stdout == b"in\n", 20,
               "a login")
    out, _ = session.communicate(b"two\n", timeout=10)
    assert out == b"two\n"


@needs_root
def test_a_session_without_keyholder_goes_on_and_ends_where_it_must_rekey(
        make_daemon):
    daemon = make_daemon()
    session = daemon.popen("cat", options=["RekeyLimit=1M"])
    session.stdin.write(b"one\n")
    session.stdin.flush()
    assert session.stdout.readline() == b"one\n"
    for pid in daemon.pids("keyholder"):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: daemon.records("process_died"))
    session.stdin.write(b"two\n")
    session.stdin.flush()
    assert session.stdout.readline() == b"two\n"
    with contextlib.suppress(BrokenPipeError):
        session.stdin.write(b"\n" * 2_000_000)
        session.stdin.flush()
    session.communicate(timeout=30)
    assert session.returncode == 255
    record, = daemon.expect("session_failed")
    assert "host key" in record["reason"] or "sign" in record["reason"]
    assert_login(daemon)


@needs_root
def test_a_session_holds_nothing_of_those_who_logged_in_before(make_daemon):
    """Its memory comes from the program that forked all of them."""
    daemon = make_daemon()
    marker = b"a-comment-that-is-in-no-other-file-0123456789"
    keys = daemon.homes / "alice/.ssh/authorized_keys"
    keys.write_bytes(keys.read_bytes().rstrip() + b" " + marker + b"\n")
    for _ in range(5):
        assert daemon.ssh("true").returncode == 0
    before = set(daemon.pids("login"))
    session = daemon.popen("cat", user="bob")
    session.stdin.write(b"one\n")
    session.stdin.flush()
    assert session.stdout.readline() == b"one\n"
    pid, = set(daemon.pids("login")) - before
    memory = memory_of(pid)
    assert b"/home/bob" in memory
    assert marker not in memory
    session.communicate(timeout=10)


@needs_root
def test_a_session_holds_no_password_hash(make_daemon):
    """They stand beside each other in the file in which one is looked up."""
    if sallyport.is_sanitized():
        pytest.skip("a sanitizer keeps what was freed")
    daemon = make_daemon()
    shadow = daemon.folder / "etc/shadow"
    marker = "$6$a-hash-that-is-nobody-else-s$0123456789"
    shadow.write_text("".join(
        line.replace(":*:", f":{marker}:") + "\n"
        for line in shadow.read_text().splitlines()))
    before = set(daemon.pids("login"))
    session = daemon.popen("cat", user="bob")
    session.stdin.write(b"one\n")
    session.stdin.flush()
    assert session.stdout.readline() == b"one\n"
    pid, = set(daemon.pids("login")) - before
    memory = memory_of(pid)
    assert b"/home/bob" in memory
    assert marker.encode() not in memory


def memory_of(pid):
    found = []
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, \
            open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            bounds, access = line.split()[:2]
            low, high = (int(x, 16) for x in bounds.split("-"))
            # More than that is a sanitizer's.
            if access.startswith("rw") and high - low < 1 << 28:
                memory.seek(low)
                with contextlib.suppress(OSError):
                    found.append(memory.read(high - low))
    return b"".join(found)
