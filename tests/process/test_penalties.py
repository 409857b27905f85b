"""Who fails often is refused for a time: with real clients, from addresses of
this machine's own, none of which is exempt here."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time

import paramiko
import pytest

import sallyport
from fixtures import needs_root
from gatehouse import banner
from sallyport import wait_until

BAD, GOOD, TRUSTED = "127.0.9.1", "127.0.9.2", "127.0.9.3"
TOLD = b"Not allowed at this time\r\n"

# So long that nothing is paid while a slow machine does what a test wants.
SLOW = ('authfail = "60s"; noauth = "60s"; grace_exceeded = "60s"; '
        'crash = "300s"; min = "150s"; max = "1000s"; max_known = "900s"; ')


def penalties(text, exempt=""):
    return f"penalties = {{ {text} exempt = [ {exempt} ]; }};"


@pytest.fixture
def make(make_daemon):
    def made(text=SLOW, exempt="", server="", **settings):
        return make_daemon(server=server + penalties(text, exempt),
                           **settings)
    return made


def wrong_key(daemon):
    path = daemon.folder / "wrong"
    if not path.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                        "-f", path], check=True)
    return path


def fail(daemon, source, times=1):
    """Logins with a key that nobody knows."""
    for _ in range(times):
        done = daemon.ssh("true", options=[
            f"BindAddress={source}", f"IdentityFile={wrong_key(daemon)}",
            "PreferredAuthentications=publickey"], user="nobody")
        assert done.returncode == 255
        assert b"Permission denied" in done.stderr, done.stderr


def log_in(daemon, source):
    return daemon.ssh("echo", "in", options=[
        f"BindAddress={source}"]).stdout == b"in\n"


def connect(daemon, source):
    sock = socket.socket()
    sock.bind((source, 0))
    sock.settimeout(20)
    sock.connect(("127.0.0.1", daemon.port))
    return sock


def first_words(daemon, source):
    """What is said to who comes from there; b"" where that was overtaken."""
    with connect(daemon, source) as sock:
        try:
            return sock.recv(64)
        except ConnectionResetError:
            return b""


def is_refused(daemon, source):
    return not first_words(daemon, source).startswith(b"SSH-2.0-")


def raised(daemon, source):
    return [record for record in daemon.records("source_penalised")
            if record["source"] == source]


def wait_for_penalty(daemon, source, count=1):
    wait_until(lambda: len(raised(daemon, source)) >= count, 20,
               f"{count} penalties of {source}")
    found = raised(daemon, source)
    assert len(found) == count, found
    return found[-1]


# ---- growing and fading ----

def test_who_fails_often_is_refused_and_nobody_else(make):
    daemon = make()
    fail(daemon, BAD, 3)
    record = wait_for_penalty(daemon, BAD)
    assert record["reason"] == "penalty: failed authentication"
    assert 150 <= record["seconds"] <= 180
    assert record["by"] == "ledger"
    assert record["until"] > record["time"]
    assert not log_in(daemon, BAD)
    assert log_in(daemon, GOOD)
    for _ in range(5):
        assert first_words(daemon, BAD) in (TOLD, b"")
    # One line when it began, and not one for each who is refused.
    assert len(raised(daemon, BAD)) == 1
    dropped = daemon.expect("connection_refused", 6)
    assert {each["address"] for each in dropped} == {BAD}
    assert {each["reason"] for each in dropped} == {
        "penalty: failed authentication"}


def test_who_is_refused_is_told_so(make):
    daemon = make()
    fail(daemon, BAD, 3)
    wait_for_penalty(daemon, BAD)
    # Who has said nothing yet loses nothing of it.
    wait_until(lambda: first_words(daemon, BAD) == TOLD)


def test_a_failure_or_two_are_nothing(make):
    daemon = make()
    fail(daemon, BAD, 2)
    assert log_in(daemon, BAD)
    assert not daemon.records("source_penalised")


def test_a_penalty_ends_by_itself(make):
    daemon = make('authfail = "3s"; noauth = "0"; min = "1s"; ')
    fail(daemon, BAD)
    record = wait_for_penalty(daemon, BAD)
    assert record["seconds"] <= 3
    began = time.monotonic()
    wait_until(lambda: not is_refused(daemon, BAD), 30)
    assert time.monotonic() - began < 20
    assert log_in(daemon, BAD)


def test_a_flood_of_refused_connections_is_counted_in_the_log(make):
    daemon = make()
    fail(daemon, BAD, 3)
    wait_for_penalty(daemon, BAD)
    began = time.monotonic()
    for _ in range(300):
        is_refused(daemon, BAD)
    seconds = int(time.monotonic() - began) + 2
    assert log_in(daemon, GOOD)
    lines = len(daemon.records("connection_refused"))
    assert lines <= 10 * seconds
    wait_until(lambda: [is_refused(daemon, BAD)] and any(
        "more were not told" in record["reason"]
        for record in daemon.records("connection_refused")), 20)


def test_ban_does_not_grow_on_correct_credentials_from_a_banned_host(make):
    daemon = make('authfail = "4s"; noauth = "4s"; min = "1s"; '
                  'max_known = "60s"; known_time = "1d"; ')
    fail(daemon, BAD)
    record = wait_for_penalty(daemon, BAD)
    tries = 0
    while not log_in(daemon, BAD):
        tries += 1
    assert tries > 0
    # Nothing was added by any of them: that would be a penalty each.
    wait_for_penalty(daemon, BAD)
    assert record["seconds"] <= 4
    assert daemon.expect("auth_accepted")


def test_zero_increment_is_not_refused_at_start(make):
    daemon = make('authfail = "0"; noauth = "0"; grace_exceeded = "0"; '
                  'crash = "0"; min = "1s"; ')
    fail(daemon, BAD, 4)
    assert not is_refused(daemon, BAD)
    assert log_in(daemon, BAD)
    assert not daemon.records("source_penalised")


# ---- whom it is held against ----

def test_who_is_exempt_is_never_refused(make):
    daemon = make(exempt=f'"{TRUSTED}"')
    fail(daemon, TRUSTED, 5)
    fail(daemon, BAD, 3)
    wait_for_penalty(daemon, BAD)
    assert log_in(daemon, TRUSTED)
    assert not raised(daemon, TRUSTED)


def test_this_machine_is_exempt_unless_it_is_said_otherwise(make_daemon):
    daemon = make_daemon(
        server='penalties = { authfail = "10m"; min = "1s"; };')
    fail(daemon, BAD, 3)
    assert log_in(daemon, BAD)
    assert not daemon.records("source_penalised")


def test_off_is_off(make_daemon):
    daemon = make_daemon(server='penalties = "off";')
    fail(daemon, BAD, 6)
    assert log_in(daemon, BAD)
    # Nobody needs a ledger then.
    os.kill(daemon.pids("ledger")[0], signal.SIGSTOP)
    assert log_in(daemon, BAD)
    os.kill(daemon.pids("ledger")[0], signal.SIGCONT)


@contextlib.contextmanager
def addresses(*texts):
    """Of this machine, for as long."""
    given = []
    try:
        for text in texts:
            done = subprocess.run(
                ["ip", "-6", "address", "add", f"{text}/128", "dev", "lo"],
                check=False, stderr=subprocess.PIPE)
            if done.returncode != 0:
                pytest.skip(f"no address of its own: {done.stderr}")
            given.append(text)
        yield
    finally:
        for text in given:
            subprocess.run(["ip", "-6", "address", "del", f"{text}/128",
                            "dev", "lo"], check=False)


def words_to(source, port):
    with socket.socket(socket.AF_INET6) as sock:
        sock.settimeout(20)
        sock.bind((source, 0))
        sock.connect(("::1", port))
        try:
            return sock.recv(64)
        except ConnectionResetError:
            return b""


BOTH = sallyport.CONFIG.replace(
    'listen = [ "127.0.0.1:{port}" ]',
    'listen = [ "127.0.0.1:{port}", "[::1]:{port}" ]')


@needs_root
def test_gates_speak_of_the_nets_that_the_kernel_sends_them(make):
    sources = [f"fd5a:a17:{i}:{i * i}::1" for i in range(1, 9)]
    with addresses(*sources):
        daemon = make(config=BOTH, server="gates = 3;")
        for source in sources:
            for _ in range(3):
                assert words_to(source, daemon.port).startswith(b"SSH-2.0-")
            net = source.replace("::1", "::/64")
            wait_for_penalty(daemon, net)
        assert not daemon.records("conduct_refused")


@needs_root
def test_an_ipv6_source_is_its_net_of_64_bits(make):
    one, same, other, own = ("fd5a:a17:1:1::1", "fd5a:a17:1:1:7::2",
                             "fd5a:a17:1:2::1", "fd5a:a17:1:1::5")
    with addresses(one, same, other, own):
        daemon = make(config=BOTH, exempt=f'"{own}"')
        for _ in range(3):
            assert words_to(one, daemon.port).startswith(b"SSH-2.0-")
        record = wait_for_penalty(daemon, "fd5a:a17:1:1::/64")
        assert "without attempting authentication" in record["reason"]
        assert not words_to(one, daemon.port).startswith(b"SSH-2.0-")
        assert not words_to(same, daemon.port).startswith(b"SSH-2.0-")
        assert words_to(other, daemon.port).startswith(b"SSH-2.0-")
        # One of a net can be exempt, and it is let in.
        assert words_to(own, daemon.port).startswith(b"SSH-2.0-")


# ---- what is held against it ----

def test_who_tries_nothing_is_penalised_less(make):
    daemon = make(SLOW.replace('noauth = "60s"', 'noauth = "40s"'))
    for _ in range(3):
        assert not is_refused(daemon, BAD)
    assert not is_refused(daemon, BAD) # 160 s are owed now, or a bit less
    record = wait_for_penalty(daemon, BAD)
    assert "without attempting authentication" in record["reason"]


def test_so_is_who_speaks_no_ssh(make):
    daemon = make()
    for _ in range(3):
        with connect(daemon, BAD) as sock:
            assert banner(sock)
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n" * 200)
            with contextlib.suppress(ConnectionResetError):
                while sock.recv(4096):
                    pass
    wait_for_penalty(daemon, BAD)


def test_who_lets_the_time_go_by_is_penalised(make):
    daemon = make(server='login_time = "1s";')
    held = [connect(daemon, BAD) for _ in range(3)]
    record = wait_for_penalty(daemon, BAD)
    assert record["reason"] == "penalty: exceeded login_time"
    for each in held:
        each.close()


@pytest.mark.parametrize("gates", ["2", '"per-connection"'])
@pytest.mark.parametrize("tries", [0, 1, 3])
def test_who_fails_and_lets_the_time_go_by_pays_for_the_time_alone(
        make, gates, tries):
    daemon = make('authfail = "60s"; grace_exceeded = "40s"; noauth = "0"; '
                  'min = "35s"; max = "1000s"; max_known = "900s"; ',
                  server=f'login_time = "4s"; gates = {gates};')
    transport = paramiko.Transport(connect(daemon, BAD))
    transport.start_client(timeout=20)
    for _ in range(tries):
        with pytest.raises(paramiko.SSHException):
            transport.auth_password("alice", "no way asks for a password")
    wait_until(lambda: not transport.is_active(), 20)
    record = wait_for_penalty(daemon, BAD)
    assert record["reason"] == "penalty: exceeded login_time"
    # What comes of this login stands behind what came of that.
    try_all(daemon, GOOD, "alice", "no way asks for a password")
    wait_for_penalty(daemon, GOOD)
    wait_for_penalty(daemon, BAD)
    daemon.expect("connection_timed_out")


def test_a_connection_that_succeeds_in_the_end_is_no_failure(make):
    daemon = make()
    for _ in range(4):
        done = daemon.ssh("echo", "in", options=[
            f"BindAddress={BAD}", f"IdentityFile={wrong_key(daemon)}",
            f"IdentityFile={daemon.key}"])
        assert done.stdout == b"in\n"
    assert not daemon.records("source_penalised")


@pytest.fixture
def make_with(make, folder):
    """With a module of a test's own, which is asked first."""
    def made(module, options="", ways="", **settings):
        modules = folder / "modules"
        modules.mkdir()
        for name in ("modules/authorized_keys.so", "modules/login.so",
                     f"tests/process/{module}.so"):
            shutil.copy(sallyport.BUILD / name, modules)
        os.chmod(folder, 0o755)
        config = sallyport.CONFIG.replace(
            "auth = {{",
            f'auth = {{{{ evil = {{{{ type = "{module}"; {options} }}}};'
        ).replace('accept = "keys"', f'accept = [ "evil", {ways}"keys" ]')
        return make(config=config, arguments=["--modules", str(modules)],
                    **settings)
    return made


@needs_root
def test_who_waits_for_us_lets_no_time_go_by(make_with):
    daemon = make_with("sloth", server='login_time = "2s";')
    for _ in range(3):
        assert daemon.ssh("true", user="bob", options=[
            f"BindAddress={BAD}"]).returncode == 255
    daemon.expect("login_hangs", 3)
    assert log_in(daemon, BAD)
    assert not daemon.records("source_penalised")


def try_all(daemon, source, user, *tries):
    """One connection in which each of them fails: a password, or a key."""
    transport = paramiko.Transport(connect(daemon, source))
    transport.start_client(timeout=20)
    for each in tries:
        with pytest.raises(paramiko.SSHException):
            if isinstance(each, str):
                transport.auth_password(user, each)
            else:
                transport.auth_publickey(user, each)
    transport.close()


def unknown_key(daemon):
    return paramiko.Ed25519Key(filename=str(wrong_key(daemon)))


@needs_root
@pytest.mark.parametrize("failure", ["refuse", "next"])
def test_a_way_that_is_broken_is_not_held_against_who_tried(
        make_with, failure):
    daemon = make_with(
        "fickle", f'verdict = "fail"; on_failure = "{failure}";')
    for user in ("bob", "nobody-here") * 3:
        try_all(daemon, BAD, user, unknown_key(daemon))
    # What these are charged is told behind what those would be.
    for _ in range(3):
        try_all(daemon, GOOD, "bob", "no way asks for a password")
    wait_for_penalty(daemon, GOOD)
    assert not raised(daemon, BAD)
    assert not is_refused(daemon, BAD)


@needs_root
def test_who_is_told_no_by_another_way_pays_while_one_is_broken(make_with):
    daemon = make_with("fickle", """verdict = "fail"; on_failure = "next"; }};
        harsh = {{ type = "fickle"; verdict = "deny";""", ways='"harsh", ')
    for user in ("bob", "nobody-here", "bob"):
        try_all(daemon, BAD, user, unknown_key(daemon))
    record = wait_for_penalty(daemon, BAD)
    assert record["reason"] == "penalty: failed authentication"


@needs_root
def test_one_guess_beside_a_broken_way_is_paid_for(make_with):
    daemon = make_with("fickle", 'verdict = "fail";')
    for _ in range(3):
        try_all(daemon, BAD, "bob", unknown_key(daemon), "guess",
                unknown_key(daemon))
    wait_for_penalty(daemon, BAD)


@needs_root
def test_whose_login_crashes_is_refused_at_once(make_with):
    daemon = make_with("villain", 'deed = "crash";')
    assert daemon.ssh("true", user="bob", options=[
        f"BindAddress={BAD}"]).returncode == 255
    record = wait_for_penalty(daemon, BAD)
    daemon.crashed.update(each["process"]
                          for each in daemon.records("child_died"))
    assert record["reason"] == "penalty: caused crash"
    assert log_in(daemon, GOOD)


# ---- what it costs ----

def switches(pid):
    """How often a process has waited for something."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(line for line in file if line.startswith("voluntary"))


def test_who_is_known_and_owes_nothing_costs_no_message(make):
    daemon = make()
    assert log_in(daemon, GOOD)
    # The ledger takes what came before, and this, in its order.
    fail(daemon, BAD, 3)
    wait_for_penalty(daemon, BAD)
    ledger = ledger_of(daemon)
    before = switches(ledger)
    for _ in range(5):
        assert log_in(daemon, GOOD)
    assert is_refused(daemon, BAD)
    assert switches(ledger) == before


# ---- shared addresses ----

def test_a_login_pays_for_no_guesses(make):
    """Whoever has one could try others' passwords for ever."""
    daemon = make()
    for _ in range(2):
        fail(daemon, BAD)
        assert log_in(daemon, BAD)
    fail(daemon, BAD)
    wait_for_penalty(daemon, BAD)
    assert is_refused(daemon, BAD)


def test_where_somebody_was_let_in_the_others_cannot_keep_him_out_for_long(
        make):
    daemon = make(SLOW.replace('"900s"', '"155s"').replace('"60s"', '"90s"'))
    assert log_in(daemon, BAD)
    fail(daemon, BAD, 2)
    record = wait_for_penalty(daemon, BAD)
    assert record["seconds"] <= 155


def test_a_login_under_way_is_not_disturbed_by_a_penalty(make):
    daemon = make()
    session = daemon.popen("cat", options=[f"BindAddress={BAD}"])
    session.stdin.write(b"one\n")
    session.stdin.flush()
    assert session.stdout.readline() == b"one\n"
    waiting = connect(daemon, BAD)
    assert banner(waiting)
    # The login before has let all that was owed, which was nothing, off.
    fail(daemon, BAD, 3)
    wait_for_penalty(daemon, BAD)
    session.stdin.write(b"two\n")
    session.stdin.flush()
    assert session.stdout.readline() == b"two\n"
    session.communicate(timeout=20)
    waiting.close()


# ---- what lives on ----

def ledger_of(daemon):
    found = wait_until(lambda: daemon.pids("ledger"))
    return found[0]


def test_what_is_owed_outlives_the_ledger(make):
    daemon = make()
    fail(daemon, GOOD, 2)
    # What was told before this was taken before it.
    fail(daemon, BAD, 3)
    wait_for_penalty(daemon, BAD)
    for _ in range(3):
        old = ledger_of(daemon)
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: daemon.pids("ledger") not in ([], [old]), 30)
        assert log_in(daemon, TRUSTED)
        assert is_refused(daemon, BAD)
    fail(daemon, GOOD)
    wait_for_penalty(daemon, GOOD)


def not_served(daemon, source):
    """A connection that nobody speaks on, if this is one."""
    sock = connect(daemon, source)
    sock.settimeout(1)
    try:
        assert sock.recv(8).startswith(b"SSH-2.0-")
    except socket.timeout:
        return sock
    sock.close()
    return None


def test_without_a_ledger_who_comes_waits(make):
    daemon = make('noauth = "0"; ', server="gates = 1;")
    old = ledger_of(daemon)
    # Dead, and nobody to start another.
    os.kill(daemon.process.pid, signal.SIGSTOP)
    try:
        os.kill(old, signal.SIGKILL)
        # The gate takes a moment to notice.
        waiting = wait_until(lambda: not_served(daemon, TRUSTED))
    finally:
        os.kill(daemon.process.pid, signal.SIGCONT)
    waiting.settimeout(30)
    assert waiting.recv(8).startswith(b"SSH-2.0-")
    waiting.close()
    assert log_in(daemon, GOOD)


def test_what_is_owed_outlives_a_restart(make):
    daemon = make()
    fail(daemon, BAD, 3)
    wait_for_penalty(daemon, BAD)
    kept = daemon.folder / "state/arrears"
    for _ in range(2):
        daemon.stop()
        assert kept.stat().st_mode & 0o777 == 0o600
        assert kept.stat().st_blocks < 200 # of three MiB
        daemon.start()
        assert is_refused(daemon, BAD)
        assert not kept.exists()
    assert log_in(daemon, GOOD)


def test_what_cannot_be_kept_for_the_next_is_told(make):
    daemon = make()
    fail(daemon, BAD, 3)
    wait_for_penalty(daemon, BAD)
    (daemon.folder / "state/arrears").mkdir()
    daemon.stop()
    daemon.expect("arrears_lost")
    daemon.start()
    assert log_in(daemon, BAD)


def reload(daemon, before=0):
    daemon.process.send_signal(signal.SIGHUP)
    daemon.expect("reloaded", before=before)


def test_what_is_owed_outlives_a_reload_and_new_settings_hold(make):
    daemon = make()
    fail(daemon, BAD, 3)
    wait_for_penalty(daemon, BAD)
    old = ledger_of(daemon)
    reload(daemon)
    assert is_refused(daemon, BAD)
    wait_until(lambda: old not in daemon.pids("ledger"))
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace("exempt = [  ]",
                                          f'exempt = [ "{BAD}" ]'))
    reload(daemon, 1)
    assert log_in(daemon, BAD)
    daemon.config.write_text(text)
    reload(daemon, 2)
    assert is_refused(daemon, BAD)
    # What strangers of old gates do is counted by the new ledger.
    fail(daemon, GOOD, 3)
    wait_for_penalty(daemon, GOOD)


def test_strangers_of_a_gate_that_was_retired_are_counted(make):
    daemon = make()
    held = [connect(daemon, BAD) for _ in range(3)]
    assert all(banner(each) for each in held)
    old = ledger_of(daemon)
    reload(daemon)
    # What the old one was told last is lost with it.
    wait_until(lambda: old not in daemon.pids("ledger"))
    for each in held:
        each.close()
    wait_for_penalty(daemon, BAD)


def test_more_gates_after_a_reload_count_as_well(make):
    """Their numbers are not what the kernel counts by any more."""
    daemon = make(server="gates = 2;")
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace("gates = 2;", "gates = 3;"))
    reload(daemon)
    for source in (f"127.0.9.{i}" for i in range(10, 20)):
        for _ in range(3):
            assert not is_refused(daemon, source)
        wait_for_penalty(daemon, source)
    assert not daemon.records("conduct_refused")


def test_gates_speak_of_the_sources_that_the_kernel_sends_them(make):
    daemon = make(server="gates = 4;")
    for source in (f"127.0.9.{i}" for i in range(10, 30)):
        for _ in range(3):
            assert not is_refused(daemon, source)
        wait_for_penalty(daemon, source)
    assert not daemon.records("conduct_refused")


# ---- a gate for each connection ----

ESCORTED = 'gates = "per-connection"; login_time = "4s";'


def test_gates_of_one_connection_are_counted_by_who_accepts(make):
    daemon = make(server=ESCORTED)
    for _ in range(3):
        assert not is_refused(daemon, BAD)
    wait_for_penalty(daemon, BAD)
    assert is_refused(daemon, BAD)
    fail(daemon, GOOD, 3)
    record = wait_for_penalty(daemon, GOOD)
    assert record["reason"] == "penalty: failed authentication"
    held = [connect(daemon, TRUSTED) for _ in range(3)]
    record = wait_for_penalty(daemon, TRUSTED)
    assert record["reason"] == "penalty: exceeded login_time"
    for each in held:
        each.close()
    for _ in range(3):
        assert log_in(daemon, "127.0.9.4")
    daemon.expect("source_penalised", 3)


def test_whose_gate_crashes_is_refused_at_once(make):
    daemon = make(server='gates = "per-connection";')
    porter = daemon.pids("gate")
    with connect(daemon, BAD) as sock:
        assert banner(sock)
        own, = set(daemon.pids("gate")) - set(porter)
        daemon.crashed.add(own)
        os.kill(own, signal.SIGSEGV)
        record = wait_for_penalty(daemon, BAD)
    assert record["reason"] == "penalty: caused crash"
    assert log_in(daemon, GOOD)
