"""Listeners behind a proxy: who comes, by the header that it sends, counts
and is named everywhere, and nobody else may send one."""

import contextlib
import os
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import threading

import pytest

import sallyport
from gatehouse import banner, is_closed
from sallyport import wait_until

# The proxy's own, one that is no proxy, and one of who checks in its name.
PROXY, OTHER = "127.0.8.1", "127.0.8.2"
CLIENT, SECOND = "192.0.2.7", "192.0.2.8"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
MODES = ["shared", "per-connection"]
GATES = {"shared": "gates = 2; ", "per-connection":
         'gates = "per-connection"; '}

CONFIG = sallyport.CONFIG.replace(
    'listen = [ "127.0.0.1:{port}" ];',
    'listen = ( {{ at = "127.0.0.1:{port}"; proxy = true; '
    f'proxy_from = [ "{PROXY}" ]; ' '}} );')

# Nothing of a test's own source is exempt.
PENALTIES = ('penalties = { authfail = "60s"; noauth = "60s"; '
             'grace_exceeded = "60s"; min = "100s"; max = "1000s"; '
             'max_known = "900s"; exempt = [ ]; }; ')


class Proxied(sallyport.Daemon):
    """It is there when its listener takes connections."""

    def is_listening(self):
        if self.process.poll() is not None:
            raise AssertionError("sallyportd ended:\n" + self.log.read_text())
        try:
            with connect(self, PROXY) as sock:
                sock.sendall(local_v2())
                return bool(banner(sock))
        except OSError:
            return False


@pytest.fixture
def make(folder):
    with contextlib.ExitStack() as running:
        def made(mode="shared", server="", config=CONFIG, **settings):
            os.chmod(folder, 0o755)
            daemon = Proxied(folder, config=config,
                             server=GATES[mode] + server, **settings)
            running.callback(daemon.stop)
            return daemon.start()

        yield made


# ---- headers ----

def v1(peer=CLIENT, local="198.51.100.1", peer_port=4711, local_port=22):
    family = "TCP6" if ":" in peer else "TCP4"
    return (f"PROXY {family} {peer} {local} {peer_port} "
            f"{local_port}\r\n").encode()


def v2(peer=CLIENT, local="198.51.100.1", peer_port=4711, local_port=22,
       more=b""):
    six = ":" in peer
    family = socket.AF_INET6 if six else socket.AF_INET
    block = (socket.inet_pton(family, peer) + socket.inet_pton(family, local) +
             struct.pack(">HH", peer_port, local_port) + more)
    return (SIGNATURE + (b"\x21\x21" if six else b"\x21\x11") +
            struct.pack(">H", len(block)) + block)


def local_v2():
    return SIGNATURE + b"\x20\0\0\0"


HEADERS = {
    "v1-ipv4": (v1(), CLIENT, "198.51.100.1"),
    "v1-ipv6": (v1("2001:db8::7", "2001:db8::1"), "2001:db8::7",
                "2001:db8::1"),
    "v2-ipv4": (v2(), CLIENT, "198.51.100.1"),
    "v2-ipv6": (v2("2001:db8::7", "2001:db8::1"), "2001:db8::7",
                "2001:db8::1"),
    "v2-more": (v2(more=b"\x02\0\x05alice" + b"\x04" + b"\x07\xd0" +
                   b"\xff" * 2000), CLIENT, "198.51.100.1"),
}


def connect(daemon, source):
    sock = socket.socket()
    sock.bind((source, 0))
    sock.settimeout(20)
    sock.connect(("127.0.0.1", daemon.port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def come(daemon, header, source=PROXY):
    sock = connect(daemon, source)
    sock.sendall(header)
    return sock


# ---- a proxy ----

class Proxy:
    """One client's way to the daemon, with a header before his first byte.

    With together the header waits for it and goes with it; with single each
    of its bytes is a segment. What follows the client's first words is held
    until an event, where there is one.
    """

    def __init__(self, daemon, header, *, together=False, single=False,
                 hold=None):
        self.daemon, self.header, self.hold = daemon, header, hold
        self.together, self.single = together, single
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        client, _ = self.listener.accept()
        with client, connect(self.daemon, PROXY) as server:
            with contextlib.suppress(OSError):
                if self.together:
                    server.sendall(self.header + client.recv(4096))
                elif self.single:
                    for i in range(len(self.header)):
                        server.sendall(self.header[i:i + 1])
                else:
                    server.sendall(self.header)
                if self.hold is not None:
                    server.sendall(client.recv(4096))
                    self.hold.wait(60)
                self.pump(client, server)

    @staticmethod
    def pump(one, other):
        while True:
            for sock in select.select([one, other], [], [])[0]:
                data = sock.recv(65536)
                if not data:
                    return
                (other if sock is one else one).sendall(data)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.thread.join(60)
        self.listener.close()


def ssh(daemon, header, *command, key=None, user=None, **how):
    with Proxy(daemon, header, **how) as proxy:
        options = [f"Port={proxy.port}"]
        if key is not None:
            options += [f"IdentityFile={key}",
                        "PreferredAuthentications=publickey"]
        line = daemon.ssh_command(*command, user=user, options=options)
        line[line.index("-p") + 1] = str(proxy.port)
        return subprocess.run(line, stdin=subprocess.DEVNULL, timeout=60,
                              capture_output=True, check=False)


def assert_login(daemon, header, peer, local, **how):
    done = ssh(daemon, header, "echo", "$SSH_CONNECTION", **how)
    assert done.stdout == f"{peer} 4711 {local} 22\n".encode(), done.stderr


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", HEADERS)
def test_the_client_is_who_the_header_says(make, mode, name):
    daemon = make(mode)
    header, peer, local = HEADERS[name]
    assert_login(daemon, header, peer, local)
    for event in ("connection_opened", "auth_accepted", "session_closed"):
        wait_until(lambda: [r for r in daemon.records(event)
                            if r["address"] == peer and r["port"] == 4711],
                   20, event)
    opened = daemon.records("connection_opened")[-1]
    assert opened["listener"] == f"127.0.0.1:{daemon.port}"
    assert not daemon.records("gate_refused")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["v1-ipv4", "v2-ipv6", "v2-more"])
@pytest.mark.parametrize("how", ["together", "single"])
def test_in_whatever_pieces_the_header_comes(make, mode, name, how):
    daemon = make(mode)
    header, peer, local = HEADERS[name]
    assert_login(daemon, header, peer, local, **{how: True})


def refusals(daemon):
    return [(r["address"], r["reason"])
            for r in daemon.records("connection_refused")]


def expect_refusal(daemon, address, reason):
    wait_until(lambda: (address, reason) in refusals(daemon), 20,
               f"a line: {reason}")


@pytest.mark.parametrize("mode", MODES)
def test_who_is_no_proxy_is_turned_away_at_once(make, mode):
    daemon = make(mode)
    for header in (b"", v1(), v2(), local_v2(), b"SSH-2.0-x\r\n"):
        with connect(daemon, OTHER) as sock:
            with contextlib.suppress(OSError):
                sock.sendall(header)
            assert is_closed(sock)
    wait_until(lambda: refusals(daemon) ==
               [(OTHER, "not in proxy_from of its listener")] * 5)
    # And it can say nothing of others.
    assert not [r for r in daemon.records() if r.get("address") == CLIENT]


BAD = {
    "none": (b"SSH-2.0-OpenSSH_9.2\r\n", "its proxy sent no header"),
    "line": (b"PROXY TCP4 192.0.2.7 198.51.100.1 4711\r\n",
             "its proxy's line is malformed"),
    "unix": (SIGNATURE + b"\x21\x31\0\xd8" + bytes(216),
             "its proxy tells of neither IPv4 nor IPv6"),
    "unspecified": (SIGNATURE + b"\x21\0\0\0",
                    "its proxy tells of neither IPv4 nor IPv6"),
    "long-line": (b"PROXY UNKNOWN " + b"x" * 100,
                  "its proxy's line is too long"),
    "long-block": (SIGNATURE + b"\x21\x11\x08\x01",
                   "its proxy's header is too long"),
    "version": (SIGNATURE + b"\x31\x11\0\x0c" + bytes(12),
                "its proxy's header is malformed"),
}


@pytest.mark.parametrize("mode", MODES)
def test_a_bad_header_ends_the_connection(make, mode):
    daemon = make(mode)
    for header, reason in BAD.values():
        with come(daemon, header) as sock:
            assert is_closed(sock)
        expect_refusal(daemon, PROXY, reason)
    assert not daemon.records("source_penalised")
    assert_login(daemon, v2(), CLIENT, "198.51.100.1")


@pytest.mark.parametrize("mode", MODES)
def test_a_header_that_does_not_come_is_waited_for_no_longer_than_a_login(
        make, mode):
    daemon = make(mode, server='login_time = "2s"; ')
    silent, slow = connect(daemon, PROXY), come(daemon, v1()[:-1])
    assert not is_closed(silent, 0.3)
    assert is_closed(silent, 10)
    assert is_closed(slow, 10)
    reason = "its proxy sent no whole header in time"
    wait_until(lambda: refusals(daemon).count((PROXY, reason)) == 2)
    come(daemon, v1()[:20]).close()
    expect_refusal(daemon, PROXY, "its proxy left before its header")
    silent.close()
    slow.close()


def test_those_without_a_header_are_bounded(make):
    """All of a proxy's meet one gate."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2048:
        pytest.skip("needs 2048 files")
    daemon = make()
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    try:
        with contextlib.ExitStack() as all_of_them:
            waiting = [all_of_them.enter_context(connect(daemon, PROXY))
                       for _ in range(1027)]
            assert all(is_closed(each) for each in waiting[:3])
            waiting[-1].sendall(v1())
            assert banner(waiting[-1])
            wait_until(lambda: refusals(daemon) == [
                (PROXY, "too many connections without a header")] * 3)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_who_is_introduced_between_two_keyholders_waits_for_the_next(make):
    if not sallyport.is_root():
        pytest.skip("needs root: processes that hide their memory")
    daemon = make()
    sock = come(daemon, v1()[:-1])
    keyholder, = daemon.pids("keyholder")
    os.kill(keyholder, signal.SIGKILL)
    wait_until(lambda: keyholder not in daemon.pids("keyholder"), 20, "it")
    sock.sendall(b"\n")
    assert banner(sock)
    sock.close()
    assert_login(daemon, v2(), CLIENT, "198.51.100.1")


@pytest.mark.parametrize("mode", MODES)
def test_nothing_is_said_before_the_header(make, mode):
    daemon = make(mode)
    with come(daemon, v1()[:-1]) as sock:
        assert not select.select([sock], [], [], 0.3)[0]
        sock.sendall(b"\n")
        assert banner(sock)


@pytest.mark.parametrize("mode", MODES)
def test_limits_of_a_source_are_the_clients(make, mode):
    daemon = make(mode, server="max_waiting_per_source = 3; ")
    first = [come(daemon, v2()) for _ in range(3)]
    assert all(banner(each) for each in first)
    with come(daemon, v2()) as sock:
        assert is_closed(sock)
    expect_refusal(daemon, CLIENT, "too many connections of its source")
    others = [come(daemon, v2(f"192.0.2.{i}")) for i in range(20, 30)]
    assert all(banner(each) for each in others)
    for each in first + others:
        each.close()


def wrong_key(daemon):
    path = daemon.folder / "wrong"
    if not path.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                        "-f", path], check=True)
    return path


@pytest.mark.parametrize("mode", MODES)
def test_penalties_are_the_clients(make, mode):
    daemon = make(mode, server=PENALTIES)
    for _ in range(2):
        done = ssh(daemon, v2(), "true", key=wrong_key(daemon), user="nobody")
        assert b"Permission denied" in done.stderr, done.stderr
    wait_until(lambda: daemon.records("source_penalised"), 20, "a penalty")
    with come(daemon, v1()) as sock:
        assert not sock.recv(64).startswith(b"SSH-")
    expect_refusal(daemon, CLIENT, "penalty: failed authentication")
    assert_login(daemon, v2(SECOND), SECOND, "198.51.100.1")
    assert {r["source"] for r in daemon.records("source_penalised")} == {
        CLIENT}


@pytest.mark.parametrize("mode", MODES)
def test_nothing_is_held_against_a_proxy_that_checks_whether_we_are_well(
        make, mode):
    daemon = make(mode, server=PENALTIES)
    checks = [local_v2(), b"PROXY UNKNOWN\r\n", v1(PROXY, "127.0.0.1"),
              v2(PROXY, "127.0.0.1"), b""]
    for check in checks * 4:
        with come(daemon, check) as sock:
            assert not check or banner(sock)
    # A client's own are; by then those before are counted.
    for _ in range(2):
        with come(daemon, v2()) as sock:
            assert banner(sock)
    wait_until(lambda: daemon.records("source_penalised"), 20, "a penalty")
    assert {r["source"] for r in daemon.records("source_penalised")} == {
        CLIENT}
    with come(daemon, local_v2()) as sock:
        assert banner(sock)


@pytest.mark.parametrize("mode", MODES)
def test_a_gate_is_believed_about_whoever_comes_by_its_proxy(make, mode):
    """The proxy's address is what led there, and none of theirs."""
    daemon = make(mode, server=PENALTIES)
    clients = {f"192.0.2.{i}" for i in range(100, 110)}
    for client in sorted(clients) * 2:
        with come(daemon, v2(client)) as sock:
            assert banner(sock)
    wait_until(lambda: {r["source"] for r in daemon.records(
        "source_penalised")} == clients, 20, "a penalty for each")
    assert not daemon.records("conduct_refused")


def test_a_proxys_own_connection_has_its_own_addresses(make):
    daemon = make()
    for header in (local_v2(), b"PROXY UNKNOWN\r\n"):
        done = ssh(daemon, header, "echo", "$SSH_CONNECTION")
        peer, _, local, port = done.stdout.decode().split()
        assert (peer, local, port) == (PROXY, "127.0.0.1", str(daemon.port))


def has_ipv6():
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as sock:
        sock.bind(("::1", 0))
        return True
    return False


@pytest.mark.skipif(not has_ipv6(), reason="needs IPv6")
def test_a_proxy_is_known_by_either_family(make):
    """"[::]" takes IPv4 too; an IPv6 proxy speaks for IPv4 clients."""
    config = CONFIG.replace("127.0.0.1:{port}", "[::]:{port}").replace(
        f'"{PROXY}"', f'"{PROXY}", "::1"')
    daemon = make(config=config)
    assert_login(daemon, v2(), CLIENT, "198.51.100.1")
    with socket.create_connection(("::1", daemon.port), 20) as sock:
        sock.sendall(v1())
        assert banner(sock)
    wait_until(lambda: len([r for r in daemon.records("connection_opened")
                            if r["address"] == CLIENT]) == 2, 20, "both")


def test_a_listener_beside_it_is_as_it_was(make):
    other = sallyport.free_port()
    config = CONFIG.replace("listen = (",
                            f'listen = ( "127.0.0.1:{other}",')
    daemon = make(config=config)
    with socket.create_connection(("127.0.0.1", other), 20) as sock:
        assert banner(sock)
    with socket.create_connection(("127.0.0.1", other), 20) as sock:
        sock.sendall(v1())
        assert banner(sock)
        assert is_closed(sock)
    assert not [r for r in daemon.records() if r.get("address") == CLIENT]


def reload(daemon):
    before = len(daemon.records("reloaded"))
    os.kill(daemon.process.pid, signal.SIGHUP)
    wait_until(lambda: len(daemon.records("reloaded")) > before, 20,
               "the reload")


@pytest.mark.parametrize("mode", MODES)
def test_a_header_that_is_under_way_outlives_a_reload(make, mode):
    daemon = make(mode)
    sock = come(daemon, v1()[:12])
    gates = daemon.pids("gate")
    reload(daemon)
    sock.sendall(v1()[12:])
    assert banner(sock)
    sock.close()
    wait_until(lambda: not set(gates) & set(daemon.pids("gate")), 20,
               "the end of the gates before")
    assert_login(daemon, v2(), CLIENT, "198.51.100.1")


def test_a_proxy_that_a_reload_distrusts_lets_nobody_in(make):
    """Nor one whose client has come already, by a gate that trusts it."""
    daemon = make()
    hold = threading.Event()
    with Proxy(daemon, v2(), hold=hold) as proxy:
        line = daemon.ssh_command("true")
        line[line.index("-p") + 1] = str(proxy.port)
        client = subprocess.Popen(line, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
        wait_until(lambda: [r for r in daemon.records("connection_opened")
                            if r["address"] == CLIENT], 20, "the client")
        text = daemon.config.read_text()
        daemon.config.write_text(text.replace(PROXY, OTHER))
        reload(daemon)
        hold.set()
        client.communicate(timeout=60)
        assert client.returncode == 255
    refused, = daemon.expect("gate_refused")
    assert refused["reason"] == "its client came past the listener's proxies"
    assert not daemon.records("auth_accepted")
    with come(daemon, v2()) as sock:
        assert is_closed(sock)
    expect_refusal(daemon, PROXY, "not in proxy_from of its listener")


def test_rules_ask_for_the_client_and_for_the_listener(make):
    config = CONFIG.replace(
        "rules = ( {{ use", 'rules = ( {{ from = "192.0.2.8"; refuse = true; '
        '}}, {{ local = "198.51.100.1"; refuse = true; }}, '
        '{{ local = ":{port}"; use')
    daemon = make(config=config)
    assert_login(daemon, v2(), CLIENT, "198.51.100.1")
    done = ssh(daemon, v2(SECOND), "true")
    assert b"Permission denied" in done.stderr


def test_a_keys_line_asks_for_the_client(make):
    daemon = make()
    if not sallyport.is_root():
        pytest.skip("needs root: a file of keys of alice's own")
    keys = daemon.homes / "alice/.ssh/authorized_keys"
    keys.write_text('from="192.0.2.7" ' + keys.read_text())
    assert_login(daemon, v1(), CLIENT, "198.51.100.1")
    done = ssh(daemon, v1(SECOND), "true")
    assert b"Permission denied" in done.stderr


def find_haproxy():
    """(the program, its environment); it may only have been unpacked."""
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin",
                            str(sallyport.UNPACKED / "sbin")])
    folders = map(str, sallyport.UNPACKED.glob("lib/*-linux-gnu"))
    old = os.environ.get("LD_LIBRARY_PATH", "")
    libraries = os.pathsep.join([each for each in [old, *folders] if each])
    return (shutil.which("haproxy", path=path),
            {**os.environ, "LD_LIBRARY_PATH": libraries})


def test_a_real_haproxy_is_understood(make, folder):
    program, environment = find_haproxy()
    if program is None:
        pytest.skip("needs haproxy")
    daemon = make()
    ports = {name: sallyport.free_port()
             for name in ("send-proxy", "send-proxy-v2")}
    for name, port in ports.items():
        config = folder / "haproxy.cfg"
        config.write_text(
            "global\n  maxconn 20\n"
            "defaults\n  mode tcp\n  timeout connect 10s\n"
            "  timeout client 60s\n  timeout server 60s\n"
            f"listen ssh\n  bind 127.0.0.1:{port}\n"
            f"  server one 127.0.0.1:{daemon.port} {name} check "
            f"inter 200ms check-send-proxy source {PROXY}\n")
        haproxy = subprocess.Popen([program, "-db", "-f", config],
                                   env=environment,
                                   stderr=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL)
        try:
            wait_until(lambda: is_open(port), 20, "haproxy")
            line = daemon.ssh_command(
                "echo", "$SSH_CONNECTION", options=["BindAddress=127.0.8.9"])
            line[line.index("-p") + 1] = str(port)
            done = subprocess.run(line, capture_output=True, timeout=60,
                                  stdin=subprocess.DEVNULL, check=False)
            peer, _, local, inner = done.stdout.decode().split()
            assert (peer, local, inner) == ("127.0.8.9", "127.0.0.1",
                                            str(port))
        finally:
            haproxy.terminate()
            haproxy.wait()
    assert not daemon.records("source_penalised")


def is_open(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
