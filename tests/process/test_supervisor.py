"""The whole daemon under its supervisor: deaths, reloads, ends."""

import asyncio
import collections
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import asyncssh
import pytest

import sallyport
from fixtures import needs_root
from sallyport import wait_until


class Session:
    """A client that stays logged in and echoes lines."""

    def __init__(self, daemon):
        self.client = daemon.popen("cat")
        self.echo("hello")

    def echo(self, word):
        self.client.stdin.write(word.encode() + b"\n")
        self.client.stdin.flush()
        assert self.client.stdout.readline().decode().strip() == word

    def end(self):
        self.client.stdin.close()
        assert self.client.wait(10) == 0
        self.client.stdout.close()
        self.client.stderr.close()


def assert_login(daemon):
    done = daemon.ssh("echo", "in")
    assert done.stdout == b"in\n", done.stderr


def replaced(daemon, program, old):
    """The new processes of a program, once they are others than old."""
    def condition():
        now = set(daemon.pids(program)) - set(old)
        return now if len(now) >= len(old) else None
    return wait_until(condition, what=f"a new {program}")


def kill_all(pids):
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


class Kept(sallyport.Daemon):
    """A daemon under a service manager that starts it again."""

    KEEPER = """
        trap 'kill $!; wait; exit' TERM
        while :; do "$@" & wait; done
        """

    def command(self):
        return ["sh", "-c", self.KEEPER, "sh", *super().command()]

    def main(self):
        """The process that is kept; None where there is none just now."""
        return next((pid for pid in sallyport.children_of(self.process.pid)
                     if name_of(pid) == "sallyportd"), None)


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return None


class Bulk:
    """A session with data under way in both directions, and new keys."""

    CHUNK = bytes(range(256)) * 256

    def __init__(self, daemon, rekeys):
        self.messages = daemon.folder / "messages"
        with open(self.messages, "wb") as messages:
            self.client = daemon.popen(
                "cat", stderr=messages, options=[
                    "LogLevel=DEBUG", f"RekeyLimit={'1M' if rekeys else '1G'}"])
        self.is_over = threading.Event()
        self.sent = self.received = 0
        self.is_right = True
        self.threads = [threading.Thread(target=each, daemon=True)
                        for each in (self.send, self.receive)]
        for each in self.threads:
            each.start()
        self.goes_on()

    def send(self):
        while not self.is_over.wait(0.01):  # others want to compute too
            self.client.stdin.write(self.CHUNK)
            self.sent += len(self.CHUNK)
        self.client.stdin.close()

    def receive(self):
        while got := self.client.stdout.read(len(self.CHUNK)):
            self.is_right = self.is_right and got == self.CHUNK
            self.received += len(got)

    def goes_on(self, count=2_500_000):
        before = self.received
        wait_until(lambda: self.received >= before + count, 30, "more data")

    def keys(self):
        return self.messages.read_bytes().count(b"SSH2_MSG_NEWKEYS received")

    def ends_well(self):
        self.is_over.set()
        for each in self.threads:
            each.join(30)
        return (self.client.wait(30) == 0 and self.is_right and
                self.received == self.sent)


class Crowd:
    """Clients that log in one after the other, some at a time."""

    def __init__(self, daemon, count):
        self.daemon = daemon
        self.is_over = threading.Event()
        self.passed = self.failed = 0
        self.threads = [threading.Thread(target=self.log_in, daemon=True)
                        for _ in range(count)]
        for each in self.threads:
            each.start()

    def log_in(self):
        while not self.is_over.is_set():
            if self.daemon.ssh("echo", "in").stdout == b"in\n":
                self.passed += 1
            else:
                self.failed += 1
                time.sleep(0.05)  # nobody may be there to answer

    def goes_on(self, count=3):
        before = self.passed
        wait_until(lambda: self.passed >= before + count, 30, "more logins")

    def leave(self):
        self.is_over.set()
        for each in self.threads:
            each.join(60)


@pytest.mark.parametrize("program", ["gate", "keyholder", "ledger", "login",
                                     "supervisor"])
def test_what_is_killed_under_load_is_back_and_no_session_is_lost(
        folder, program):
    os.chmod(folder, 0o755)
    daemon = Kept(folder, server="gates = 2; max_waiting_per_source = 100;")
    with daemon:
        # Who has no keyholder any more renews no keys.
        bulk = Bulk(daemon, program != "keyholder")
        crowd = Crowd(daemon, 2)
        crowd.goes_on()
        failed = crowd.failed
        old = victims(daemon, program)
        kill_all(old)
        wait_until(lambda: says_so(daemon, program, old), 20,
                   "lines about the death")
        crowd.goes_on()
        bulk.goes_on()
        assert not any(is_running(pid) for pid in old)
        if program == "supervisor":
            assert daemon.main() not in (None, *old)
        else:
            replaced(daemon, program, old)
        crowd.leave()
        # Who is judged already still is; whoever comes waits in a queue.
        if program in ("login", "ledger"):
            assert crowd.failed == failed
        if program != "keyholder":
            assert bulk.keys() > 3
        assert bulk.ends_well()


def victims(daemon, program):
    """The processes that serve, and no sessions."""
    main = daemon.main()
    if program == "supervisor":
        return [main]
    return [pid for pid in daemon.pids(program)
            if parent_of(pid) == main and not is_session(daemon, pid)]


def says_so(daemon, program, old):
    if program == "supervisor":  # the next one, since it could say nothing
        return len(daemon.records("listening")) == 2
    died = [record for record in daemon.records("process_died")
            if record["process"] in old]
    return len(died) == len(old) and all(
        (record["role"], record["signal"]) == (program, signal.SIGKILL)
        for record in died)


def test_an_old_session_renews_its_keys_with_the_keyholder_it_had(make_daemon):
    """Which lives until its last session has gone."""
    daemon = make_daemon()
    bulk = Bulk(daemon, True)
    holders = daemon.pids("keyholder")
    os.kill(daemon.process.pid, signal.SIGHUP)
    wait_until(lambda: daemon.records("reloaded"), what="the reload")
    keys = bulk.keys()
    bulk.goes_on()
    assert bulk.keys() > keys
    assert set(holders) < set(daemon.pids("keyholder"))
    daemon.process.kill()
    daemon.process.wait()
    daemon.start()
    keys = bulk.keys()
    bulk.goes_on()
    assert bulk.keys() > keys
    assert bulk.ends_well()
    wait_until(lambda: not any(is_running(pid) for pid in holders),
               what="the end of the old keyholder")


def parent_of(pid):
    """None for one that has gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def is_session(daemon, pid):
    """A session runs the login program too, but as its own process."""
    return pid in {record["pid"] for record in daemon.records()
                   if record["by"] in ("login", "session")
                   and record["event"] == "auth_accepted"}


def test_logins_go_on_while_gates_are_killed_again_and_again(make_daemon):
    daemon = make_daemon(server="gates = 2;")
    for _ in range(5):
        kill_all(daemon.pids("gate"))
        wait_until(daemon.is_listening)
        assert_login(daemon)
    deaths = daemon.records("process_died")
    assert max(record["milliseconds"] for record in deaths) >= 100


def test_a_reload_starts_a_new_generation_and_keeps_sessions(make_daemon):
    daemon = make_daemon()
    session = Session(daemon)
    gates, logins = daemon.pids("gate"), daemon.pids("login")
    os.kill(daemon.process.pid, signal.SIGHUP)
    wait_until(lambda: daemon.records("reloaded"), what="the reload")
    assert not set(daemon.pids("gate")) & set(gates) or wait_until(
        lambda: not set(daemon.pids("gate")) & set(gates),
        what="the end of the old gates")
    assert set(daemon.pids("login")) - set(logins)
    assert_login(daemon)
    session.echo("still here")
    session.end()


def test_no_connection_is_refused_while_it_reloads(make_daemon):
    daemon = make_daemon(server="gates = 2; max_waiting_per_source = 1000;")
    for number in range(1, 4):
        os.kill(daemon.process.pid, signal.SIGHUP)
        while len(daemon.records("reloaded")) < number:
            with socket.create_connection(("127.0.0.1", daemon.port)) as s:
                s.settimeout(10)
                assert s.recv(8).startswith(b"SSH-2.0-")


def test_a_reload_with_a_mistake_changes_nothing(make_daemon):
    daemon = make_daemon()
    before = set(daemon.pids())  # one may still be on its way
    gates = daemon.pids("gate")
    good = daemon.config.read_text()
    daemon.config.write_text(good.replace("exec =", "exek ="))
    os.kill(daemon.process.pid, signal.SIGHUP)
    wait_until(lambda: daemon.records("reload_refused"))
    reason = daemon.records("reload_refused")[0]["reason"]
    assert "sallyportd.conf" in reason and "exek" in reason
    assert before <= set(daemon.pids())
    assert daemon.pids("gate") == gates
    assert_login(daemon)
    daemon.config.write_text(good)
    os.kill(daemon.process.pid, signal.SIGHUP)
    wait_until(lambda: daemon.records("reloaded"))
    assert_login(daemon)


@pytest.fixture
def slow_programs(folder):
    """The programs, with a login whose modules take their time to answer."""
    programs = folder / "programs"
    programs.mkdir()
    for name in ("sallyportd", "sallyport-keyholder", "sallyport-gate",
                 "sallyport-ledger", "sallyport-service"):
        shutil.copy(sallyport.BUILD / name, programs / name)
    login = programs / "sallyport-login"
    login.write_text(
        f"#!/bin/sh\n"
        f"case $* in *--describe*) [ -e {folder}/slow ] && sleep 6;; esac\n"
        f"exec {sallyport.BUILD}/sallyport-login \"$@\"\n")
    login.chmod(0o755)
    return programs


def test_who_dies_while_a_configuration_is_examined_is_replaced(
        folder, slow_programs, make_daemon):
    daemon = make_daemon(program=slow_programs / "sallyportd")
    (folder / "slow").touch()
    os.kill(daemon.process.pid, signal.SIGHUP)
    time.sleep(0.3)
    gates = daemon.pids("gate")
    kill_all(gates)
    replaced(daemon, "gate", gates)
    # A second wish is heard, and granted after the first.
    os.kill(daemon.process.pid, signal.SIGHUP)
    assert not daemon.records("reloaded")
    (folder / "slow").unlink()
    wait_until(lambda: len(daemon.records("reloaded")) == 2, 30,
               "both reloads")
    assert_login(daemon)


def test_it_can_be_ended_while_a_configuration_is_examined(
        folder, slow_programs, make_daemon):
    daemon = make_daemon(program=slow_programs / "sallyportd")
    (folder / "slow").touch()
    os.kill(daemon.process.pid, signal.SIGHUP)
    time.sleep(0.3)
    daemon.process.terminate()
    assert daemon.process.wait(3) == 0


def test_a_reload_may_change_addresses_and_gates(make_daemon):
    daemon = make_daemon(server="gates = 1;")
    port = sallyport.free_port()
    text = daemon.config.read_text()
    text = text.replace(f"127.0.0.1:{daemon.port}", f"127.0.0.1:{port}")
    daemon.config.write_text(text.replace("gates = 1", "gates = 3"))
    os.kill(daemon.process.pid, signal.SIGHUP)
    wait_until(lambda: daemon.records("reloaded"))
    wait_until(lambda: len(daemon.pids("gate")) == 3)
    with socket.socket() as s:
        assert s.connect_ex(("127.0.0.1", daemon.port)) != 0
    daemon.port = port
    assert_login(daemon)


def test_a_reload_to_a_port_that_is_taken_changes_nothing(make_daemon):
    daemon = make_daemon()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        text = daemon.config.read_text()
        daemon.config.write_text(
            text.replace(f"127.0.0.1:{daemon.port}", f"127.0.0.1:{port}"))
        os.kill(daemon.process.pid, signal.SIGHUP)
        wait_until(lambda: daemon.records("reload_refused"))
    assert "in use" in daemon.records("reload_refused")[0]["reason"]
    assert_login(daemon)


def test_sessions_outlive_the_daemon_that_is_told_to_end(make_daemon):
    daemon = make_daemon()
    session = Session(daemon)
    left = sallyport.children_of(daemon.process.pid)[1:]
    daemon.process.terminate()
    assert daemon.process.wait(10) == 0
    session.echo("still here")
    session.end()
    wait_until(lambda: not any(is_running(pid) for pid in left),
               what="the end of the rest")


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_killed_supervisor_can_be_started_again_at_once(make_daemon):
    daemon = make_daemon()
    session = Session(daemon)
    left = sallyport.children_of(daemon.process.pid)[1:]
    daemon.process.kill()
    daemon.process.wait()
    daemon.start()
    assert_login(daemon)
    session.echo("still here")
    session.end()
    wait_until(lambda: not any(is_running(pid) for pid in left),
               what="the end of the first daemon's processes")


def test_with_end_sessions_nothing_is_left(make_daemon):
    daemon = make_daemon()
    daemon.stop()
    daemon.arguments.append("--end-sessions")
    daemon.start()
    stubborn = daemon.popen("trap '' HUP TERM; echo up; sleep 600; sleep 600")
    assert stubborn.stdout.readline() == b"up\n"
    left = sallyport.children_of(daemon.process.pid)[1:]
    assert len(left) > 4
    daemon.process.send_signal(signal.SIGINT)
    assert daemon.process.wait(15) == 0
    assert not any(is_running(pid) for pid in left)
    stubborn.kill()
    stubborn.wait()
    for each in (stubborn.stdin, stubborn.stdout, stubborn.stderr):
        each.close()


def test_a_session_that_is_told_to_end_says_so(make_daemon):
    """To its client, and in the log."""
    daemon = make_daemon()
    before = set(daemon.pids("login"))
    client = daemon.popen("echo up; exec sleep 600")
    assert client.stdout.readline() == b"up\n"
    pid, = set(daemon.pids("login")) - before
    os.kill(pid, signal.SIGTERM)
    out, error = client.communicate(timeout=20)
    assert client.returncode == 255
    assert b"told to end" in error
    assert daemon.expect("session_closed")[0]["reason"] == "told to end"


def test_no_zombie_stays(make_daemon):
    daemon = make_daemon()
    for _ in range(5):
        assert_login(daemon)
    session = Session(daemon)
    kill_all(zygotes(daemon))
    session.end()
    assert_login(daemon)

    def has_no_zombie():
        for pid in sallyport.children_of(daemon.process.pid):
            if not is_running(pid):
                return False
        return True
    wait_until(has_no_zombie, what="the end of zombies")


def zygotes(daemon):
    """The login programs that serve, and no login of theirs."""
    return [pid for pid in daemon.pids("login")
            if parent_of(pid) == daemon.process.pid
            and not is_session(daemon, pid)]


@pytest.mark.parametrize("program", ["login", "keyholder"])
def test_who_logs_in_while_a_program_dies_waits_for_the_next(
        make_daemon, program):
    daemon = make_daemon()
    for number in range(4):
        kill_all(zygotes(daemon) if program == "login"
                 else daemon.pids(program))
        if program == "keyholder":  # an exchange under way is lost with it
            wait_until(lambda: len(daemon.records("process_died")) > number)
        assert_login(daemon)
    assert not daemon.records("connection_failed")


def test_a_crowd_that_logs_in_while_login_programs_die_gets_in(make_daemon):
    daemon = make_daemon(server="gates = 2; max_logins_per_source = 2; "
                         "max_waiting_per_source = 100;")
    clients = []
    for number in range(24):
        clients.append(daemon.popen("echo", "in"))
        if number % 8 == 7:
            kill_all(zygotes(daemon))
    for client in clients:
        out, problem = client.communicate(timeout=60)
        # Who was judged in just that moment still is.
        assert out == b"in\n", problem


class Stranger(threading.Thread):
    """A client that has exchanged keys and takes its time to go on."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.daemon = daemon
        self.has_come = threading.Event()
        self.may_go_on = threading.Event()
        self.output = None
        self.start()
        assert self.has_come.wait(10)

    def run(self):
        asyncio.run(self.converse())

    async def converse(self):
        stranger = self
        key = asyncssh.read_private_key(str(self.daemon.key))

        class Client(asyncssh.SSHClient):
            async def public_key_auth_requested(self):
                stranger.has_come.set()
                while not stranger.may_go_on.is_set():
                    await asyncio.sleep(0.02)
                return key

        async with asyncssh.connect(
                "127.0.0.1", self.daemon.port, username=self.daemon.user,
                client_factory=Client, known_hosts=None, agent_path=None,
                client_keys=(), config=None) as connection:
            self.output = (await connection.run("echo in")).stdout

    def logs_in(self):
        self.may_go_on.set()
        self.join(20)
        return self.output == "in\n"


def test_who_came_before_a_reload_logs_in_after_it(make_daemon):
    daemon = make_daemon()
    early = [Stranger(daemon) for _ in range(3)]
    os.kill(daemon.process.pid, signal.SIGHUP)
    wait_until(lambda: daemon.records("reloaded"), what="the reload")
    assert early[0].logs_in()
    kill_all(zygotes(daemon))
    assert early[1].logs_in()
    kill_all(daemon.pids("keyholder")[-1:])
    wait_until(lambda: len(daemon.records("process_died")) >= 2)
    assert early[2].logs_in()


class SlowAgent:
    """An ssh-agent that asks before it signs, and waits for the answer."""

    def __init__(self, folder, key):
        self.path, self.may_sign = folder / "agent", folder / "may-sign"
        self.asked = folder / "asked"
        ask = folder / "ask"
        ask.write_text(f"#!/bin/sh\n: >{self.asked}\n"
                       f"while [ ! -e {self.may_sign} ]; do sleep 0.02; done\n")
        ask.chmod(0o755)
        self.process = subprocess.Popen(
            ["ssh-agent", "-D", "-a", self.path], stdout=subprocess.DEVNULL,
            env={**os.environ, "SSH_ASKPASS": str(ask),
                 "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":0"})
        wait_until(self.path.exists)
        subprocess.run(["ssh-add", "-q", "-c", key], check=True,
                       stderr=subprocess.DEVNULL,
                       env={**os.environ, "SSH_AUTH_SOCK": str(self.path)})

    def client(self, daemon):
        command = daemon.ssh_command("echo", "in")
        command[command.index("-i") + 1] = str(daemon.key) + ".pub"
        command[command.index("IdentityAgent=none")] = \
            f"IdentityAgent={self.path}"
        return subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)


def test_who_is_judged_while_the_login_program_dies_gets_in(
        make_daemon, folder):
    daemon = make_daemon()
    agent = SlowAgent(folder, daemon.key)
    try:
        client = agent.client(daemon)
        wait_until(agent.asked.exists)
        old = zygotes(daemon)
        kill_all(old)
        replaced(daemon, "login", old)
        agent.may_sign.touch()
        out, problem = client.communicate(timeout=30)
        assert out == b"in\n", problem
    finally:
        agent.process.kill()
        agent.process.wait()


def test_a_second_daemon_with_the_same_state_is_refused(make_daemon):
    daemon = make_daemon()
    second = subprocess.run(
        daemon.command(), stdin=subprocess.DEVNULL, capture_output=True,
        timeout=20, check=False)
    assert second.returncode == 1
    assert b"another sallyportd runs with it" in second.stderr


def run(*arguments):
    return subprocess.run(
        [sallyport.BUILD / "sallyportd", *map(str, arguments)],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False)


def test_a_configuration_with_mistakes_does_not_start(folder):
    config = folder / "c.conf"
    config.write_text('server = { listenn = [ "127.0.0.1:1" ]; };\n')
    done = run("-f", config, "--state", folder / "state")
    assert done.returncode == 78
    assert b"c.conf:1: server.listenn" in done.stderr
    assert run("check", config).returncode == 78


def test_a_port_that_is_taken_is_told_of(folder, make_daemon):
    daemon = make_daemon()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        config = folder / "c.conf"
        config.write_text(daemon.config.read_text().replace(
            str(daemon.port), str(port)))
        done = run("-f", config, "--state", folder / "other")
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}".encode() in done.stderr
    assert b"server.listen" in done.stderr


@pytest.mark.parametrize("arguments, word", [
    (["--nonsense"], b"--nonsense"),
    (["nonsense"], b"nonsense"),
    (["-f"], b"-f"),
    (["check", "a", "b"], b"b"),
])
def test_a_wrong_command_line_is_explained(arguments, word):
    done = run(*arguments)
    assert done.returncode == 64
    assert word in done.stderr and b"usage:" in done.stderr


def test_version_and_help():
    assert re.match(rb"sallyportd \d", run("--version").stdout)
    assert run("--help").stdout.startswith(b"usage: sallyportd")


def tells(manager):
    """One message to the service manager, as names and values."""
    return dict(line.split("=", 1)
                for line in manager.recv(512).decode().splitlines())


@pytest.fixture
def manager(folder):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(str(folder / "notify"))
        s.settimeout(10)
        yield s


def test_the_service_manager_is_told(manager, make_daemon):
    daemon = make_daemon(
        environment={"NOTIFY_SOCKET": manager.getsockname()})
    assert tells(manager) == {"READY": "1", "STATUS": "Serving, generation 1"}
    wished = time.monotonic_ns() // 1000
    os.kill(daemon.process.pid, signal.SIGHUP)
    reloading = tells(manager)
    assert reloading.pop("RELOADING") == "1"
    assert wished <= int(reloading.pop("MONOTONIC_USEC")) <= \
        time.monotonic_ns() // 1000
    assert not reloading
    assert tells(manager)["READY"] == "1"
    daemon.config.write_text("nonsense = 1;\n")
    os.kill(daemon.process.pid, signal.SIGHUP)
    assert tells(manager)["RELOADING"] == "1"
    status = tells(manager)
    assert status["READY"] == "1" and "refused" in status["STATUS"]
    daemon.process.terminate()
    assert tells(manager) == {"STOPPING": "1"}


def test_the_service_manager_gets_signs_of_life_and_no_users_program_does(
        manager, make_daemon):
    daemon = make_daemon(
        environment={"NOTIFY_SOCKET": manager.getsockname(),
                     "WATCHDOG_USEC": "200000"})
    assert tells(manager)["READY"] == "1"
    for _ in range(3):
        assert tells(manager) == {"WATCHDOG": "1"}
    names = [b"NOTIFY_SOCKET", b"WATCHDOG_USEC"]
    shown = daemon.ssh("env").stdout
    assert b"PATH=" in shown and not any(name in shown for name in names)
    assert b"SALLYPORT" not in shown
    for pid in (daemon.pids("gate") + daemon.pids("keyholder") +
                daemon.pids("ledger")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                shown = file.read()
        except PermissionError:  # an ordinary user's that hides its memory
            continue
        assert not any(name in shown for name in names)


def test_the_state_folder_is_kept_private(make_daemon):
    daemon = make_daemon()
    state = daemon.folder / "state"
    assert os.stat(state).st_mode & 0o077 == 0
    assert os.stat(state / "host_key_ed25519").st_mode & 0o777 == 0o600
    assert daemon.records("host_key_made")
    daemon.stop()
    daemon.log.unlink()
    daemon.start()
    assert not daemon.records("host_key_made")


def descriptors(pid):
    """Those that have a number of their own, and how many of a kind else."""
    places, others = {}, collections.Counter()
    for name in os.listdir(f"/proc/{pid}/fd"):
        kind = os.readlink(f"/proc/{pid}/fd/{name}").partition(":")[0]
        if int(name) in (0, 1, 2, 3, 5):
            places[int(name)] = kind
        else:
            others[kind] += 1
    return places, dict(others)


# Three that go nowhere, the supervisor's socket, that of the log; 4, the part
# of the settings, is read and closed.
PLACES = {0: "/dev/null", 1: "/dev/null", 2: "/dev/null",
          3: "socket", 5: "socket"}
LOOP = {"anon_inode": 1, "pipe": 2} # that waits, and wakes for signals


@needs_root
@pytest.mark.parametrize("program, others", [
    # Two gates and a login.
    ("keyholder", {"socket": 3, **LOOP}),
    # Keyholder, login, ledger, a listener, and the pair that is given up in
    # need.
    ("gate", {"socket": 6, **LOOP}),
    # Two gates and a login.
    ("ledger", {"socket": 3, **LOOP}),
    # Two gates, the keyholder, the ledger, and the pair by which logins say
    # that they are in.
    ("login", {"socket": 6}),
])
def test_programs_have_the_listed_descriptors_only(
        make_daemon, program, others):
    daemon = make_daemon(server="gates = 2;")
    assert_login(daemon)
    pids = [pid for pid in daemon.pids(program)
            if parent_of(pid) == daemon.process.pid]
    for pid in pids:
        try:
            wait_until(lambda: descriptors(pid) == (PLACES, others))
        except AssertionError:
            assert descriptors(pid) == (PLACES, others)


def status_of(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return {name: value.split() for name, _, value in
            (line.partition(":") for line in text.splitlines())}


@needs_root
def test_each_program_is_an_account_of_its_own_that_can_reach_nothing(
        make_daemon):
    daemon = make_daemon(server="gates = 2;")
    assert_login(daemon)
    accounts = set()
    for program in ("gate", "keyholder", "ledger"):
        pids = daemon.pids(program)
        assert len(pids) == (2 if program == "gate" else 1)
        uids = {uid for pid in pids for uid in status_of(pid)["Uid"]}
        gids = {gid for pid in pids for gid in status_of(pid)["Gid"]}
        assert len(uids) == len(gids) == 1, program
        accounts |= uids
        for pid in pids:
            status = status_of(pid)
            assert status["Groups"] == []
            assert {int(status[f"Cap{which}"][0], 16) for which in
                    ("Inh", "Prm", "Eff", "Amb")} == {0}
            assert status["NoNewPrivs"] == ["1"]
            if not sallyport.is_sanitized():
                assert status["Seccomp"] == ["2"], program
            assert os.listdir(f"/proc/{pid}/root") == []
    assert len(accounts) == 3
    assert not accounts & {"0", "65534",
                           *(str(uid) for uid in sallyport.USERS.values())}


def code_of(pid):
    """Where the program itself lies in its memory."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps:
        return next(line.partition("-")[0] for line in maps
                    if "sallyport" in line)


@needs_root
def test_no_two_programs_lie_at_the_same_addresses(make_daemon):
    """Whoever has found out about one knows nothing of the next."""
    random = pathlib.Path("/proc/sys/kernel/randomize_va_space").read_text()
    if random.strip() == "0":
        pytest.skip("this kernel gives all programs the same addresses")
    daemon = make_daemon(server="gates = 2;")
    assert_login(daemon)
    pids = [daemon.process.pid, *(
        pid for name in ("gate", "keyholder", "ledger", "login")
        for pid in daemon.pids(name) if parent_of(pid) == daemon.process.pid)]
    assert len(pids) == 6
    assert len({code_of(pid) for pid in pids}) == len(pids)
