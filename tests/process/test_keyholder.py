"""The keyholder program alone, with a test as its supervisor and its peers."""

import fcntl
import hashlib
import hmac
import os
import select
import signal
import socket
import struct
import subprocess
import time

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519

import gatehouse
import sallyport
from fixtures import needs_root
from gatehouse import Reader, mpint, receive, send, seqpacket_pair, string

KEYHOLDER = sallyport.BUILD / "sallyport-keyholder"
LOGIN_TIME = 30000
TICKET_KEY = bytes(range(32))
LINK = b"L" * 32
LISTENER = "[::]:22"


# The lists of algorithms; of these a keyholder looks at the second.
ALGORITHMS = ("curve25519-sha256", "ssh-ed25519", "ssh-ed25519",
              "aes256-gcm@openssh.com", "hmac-sha2-256-etm@openssh.com",
              "none")


def projection(paths):
    """As daemon/config/projection.c writes it."""
    return (b"\x01k" + struct.pack(">I", 1) + string(LISTENER) +
            struct.pack(">I", len(paths)) +
            b"".join(string(str(path)) for path in paths) +
            struct.pack(">I", 0) +  # certificates
            b"".join(map(string, ALGORITHMS)) +
            struct.pack(">Q", LOGIN_TIME) +
            bytes([gatehouse.LEVELS["debug"]]))


def sealed(data):
    fd = os.memfd_create("projection", 0)
    os.write(fd, data)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


class Program:
    """A running keyholder; the test holds the other ends of 3 and 5."""

    def __init__(self, state, settings):
        self.control, control = seqpacket_pair()
        self.log, log = seqpacket_pair()
        fd = sealed(settings)

        def place():
            wanted = [fcntl.fcntl(each, fcntl.F_DUPFD, 100) for each in
                      (control.fileno(), fd, log.fileno())]
            for i, each in enumerate(wanted):
                os.dup2(each, 3 + i, inheritable=True)
            os.closerange(6, 256)

        self.process = subprocess.Popen(
            [KEYHOLDER, str(state)], close_fds=False, preexec_fn=place,
            env={**os.environ, **sallyport.kinship(),
                 **gatehouse.SANITIZERS})
        control.close()
        log.close()
        os.close(fd)

    def read_keys(self):
        name, body, _ = receive(self.control)
        assert name == "HOST_KEYS"
        reader = Reader(body)
        keys = [(reader.string(), reader.string(), reader.u64())
                for _ in range(reader.u32())]
        assert [reader.string() for _ in range(reader.u32())] == [
            LISTENER.encode()]
        assert {listeners for _, _, listeners in keys} == {1}
        reader.done()
        assert receive(self.control)[0] == "READY"
        return keys

    def peer(self, role, number):
        ours, theirs = seqpacket_pair()
        send(self.control, "PEER",
             struct.pack(">III", gatehouse.ROLES[role], number, 0) +
             string(LINK) + struct.pack(">IIB", 0, 1, 1),
             [theirs.fileno()])
        theirs.close()
        return ours

    def events(self):
        found = []
        while True:
            try:
                got = receive(self.log, 0.3)
            except TimeoutError:
                return found
            if got is None:
                return found
            found.append(gatehouse.EVENTS[Reader(got[1]).u32()])

    def wait(self):
        return self.process.wait(5)

    def stop(self):
        self.control.close()
        self.log.close()
        self.process.kill()
        assert -self.process.wait() not in sallyport.DEADLY, "it crashed"


@pytest.fixture
def key(folder):
    path = folder / "host_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path],
                   check=True)
    return path


@pytest.fixture
def keyholder(folder, key):
    program = Program(folder, projection([key]))
    program.keys = program.read_keys()
    send(program.control, "TICKET_KEY", TICKET_KEY)
    yield program
    program.stop()


FIELDS = {
    "listener": LISTENER.encode(),
    "algorithm": b"ssh-ed25519",
    "method": b"curve25519-sha256",
    "v_c": b"SSH-2.0-evil",
    "v_s": b"SSH-2.0-Sallyport_0.1",
    "i_c": b"\x14client",
    "i_s": None,  # with the cookie of the request's number
    "group": b"",
    "q_c": b"c" * 32,
    "q_s": b"s" * 32,
    "k": b"\x80" + b"k" * 31,
}


def server_kexinit(serial):
    return b"\x14" + gatehouse.cookie_of(LINK, serial) + b"server"


def sign_body(number, **changed):
    fields = dict(FIELDS, i_s=server_kexinit(number))
    fields.update(changed)
    return struct.pack(">QQ", number, number) + b"".join(
        string(fields[name]) for name in FIELDS)


def exchange_hash(blob, number=1, **changed):
    f = dict(FIELDS, i_s=server_kexinit(number))
    f.update(changed)
    return hashlib.sha256(
        b"".join(string(f[n]) for n in ("v_c", "v_s", "i_c", "i_s")) +
        string(blob) + string(f["q_c"]) + string(f["q_s"]) +
        mpint(f["k"])).digest()


def ask(peer, number, **changed):
    send(peer, "SIGN", sign_body(number, **changed))
    name, body, _ = receive(peer)
    reader = Reader(body)
    assert reader.u64() == number
    if name == "SIGN_REFUSED":
        return None
    assert name == "SIGNED"
    return reader.string(), reader.string()


def verify(blob, signature, digest):
    reader = Reader(blob)
    assert reader.string() == b"ssh-ed25519"
    public = ed25519.Ed25519PublicKey.from_public_bytes(reader.string())
    reader = Reader(signature)
    assert reader.string() == b"ssh-ed25519"
    public.verify(reader.string(), digest)


def is_hung_up(peer):
    try:
        return receive(peer) is None
    except ConnectionResetError:
        return True


def assert_alive(keyholder, number=99):
    """Whatever another did, an honest gate is served."""
    gate = keyholder.peer("gate", number)
    signature, _ = ask(gate, 1)
    blob = keyholder.keys[0][1]
    verify(blob, signature, exchange_hash(blob))
    gate.close()


def test_its_signature_is_over_the_hash_with_its_own_key(keyholder):
    assert_alive(keyholder)


def test_a_foreign_host_key_in_the_fields_is_never_signed_for(keyholder):
    """There is no field for it; put elsewhere it makes another hash."""
    gate = keyholder.peer("gate", 1)
    foreign = string("ssh-ed25519") + string(b"f" * 32)
    kexinit = server_kexinit(1) + foreign
    signature, _ = ask(gate, 1, i_s=kexinit)
    with pytest.raises(InvalidSignature):
        verify(keyholder.keys[0][1], signature,
               exchange_hash(foreign, i_s=kexinit))


def test_a_digest_in_place_of_fields_is_not_signed(keyholder):
    gate = keyholder.peer("gate", 1)
    send(gate, "SIGN", struct.pack(">Q", 1) + string("ssh-ed25519") +
         string(b"d" * 32))
    assert is_hung_up(gate)
    assert "PEER_REFUSED" in keyholder.events()
    assert_alive(keyholder)


@pytest.mark.parametrize("changed", [
    {"algorithm": b"ssh-rsa"},
    {"algorithm": b""},
    {"listener": b"[::]:23"},
    {"listener": b""},
    {"method": b"none"},
    {"method": b"curve25519-sha256\0"},
])
def test_an_unknown_algorithm_is_refused_with_one_line(keyholder, changed):
    gate = keyholder.peer("gate", 1)
    assert ask(gate, 1, **changed) is None
    assert keyholder.events() == ["SIGNING_REFUSED"]
    assert ask(gate, 2) is not None


@pytest.mark.parametrize("name, size", [
    ("algorithm", 65), ("method", 65), ("v_c", 256), ("v_s", 256),
    ("i_c", 35001), ("i_s", 35001), ("group", 8193), ("q_c", 8193),
    ("q_s", 8193), ("k", 8193)])
def test_an_oversized_field_ends_the_socket(keyholder, name, size):
    gate = keyholder.peer("gate", 1)
    send(gate, "SIGN", sign_body(1, **{name: b"x" * size}))
    assert is_hung_up(gate)
    assert keyholder.events() == ["PEER_REFUSED"]
    assert_alive(keyholder)


@pytest.mark.parametrize("message", [
    b"", b"\0", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\x08",
    b"\0\0\0\x08" + b"x" * 122881],
    ids=["empty", "short", "none", "unknown", "malformed", "too-long"])
def test_what_is_no_message_ends_the_socket(keyholder, message):
    gate = keyholder.peer("gate", 1)
    gate.send(message)
    assert is_hung_up(gate)
    assert_alive(keyholder)


@pytest.mark.parametrize("name", sorted(
    set(gatehouse.TYPES) - {"SIGN"}))
def test_a_gate_may_send_nothing_but_requests(keyholder, name):
    gate = keyholder.peer("gate", 1)
    send(gate, name, b"", [0] if name == "SESSION_KEYS" else [])
    assert is_hung_up(gate)
    assert_alive(keyholder)


def test_a_login_may_not_ask_for_signatures(keyholder):
    login = keyholder.peer("login", 1)
    send(login, "SIGN", sign_body(1))
    assert is_hung_up(login)
    assert_alive(keyholder)


@needs_root
def test_descriptors_that_come_along_are_not_kept(keyholder):
    before = len(os.listdir(f"/proc/{keyholder.process.pid}/fd"))
    gate = keyholder.peer("gate", 1)
    socket.send_fds(gate, [struct.pack(">I", gatehouse.TYPES["SIGN"]) +
                           sign_body(1)], [0, 1, 2])
    assert is_hung_up(gate)
    gate.close()
    sallyport.wait_until(
        lambda: len(os.listdir(f"/proc/{keyholder.process.pid}/fd")) == before,
        what="the old number of descriptors")
    assert_alive(keyholder)


def session_of(keyholder, login):
    ours, theirs = seqpacket_pair()
    send(login, "SESSION_KEYS",
         string(b"session id") + string(LISTENER), [theirs.fileno()])
    theirs.close()
    return ours


def test_a_session_that_asks_too_often_waits_alone_and_gets_no_ticket(
        keyholder):
    login = keyholder.peer("login", 1)
    session, other = (session_of(keyholder, login) for _ in range(2))
    start = time.monotonic()
    for number in range(64 + 10):
        _, ticket = ask(session, number)
        assert ticket == b""
    assert time.monotonic() - start > 0.4
    send(session, "SIGN", sign_body(1))
    start = time.monotonic()
    for number in range(10):
        assert ask(other, number) is not None
    assert time.monotonic() - start < 0.4


def test_a_session_cannot_bring_sockets_or_peers(keyholder):
    login = keyholder.peer("login", 1)
    session = session_of(keyholder, login)
    send(session, "SESSION_KEYS", b"", [0])
    assert is_hung_up(session)
    assert_alive(keyholder)


def refusals(keyholder, gate, count):
    for number in range(1, count + 1):
        assert ask(gate, number, algorithm=b"ssh-rsa") is None
    return keyholder.events().count("SIGNING_REFUSED")


def test_a_flood_of_refusals_is_one_line_a_while(keyholder):
    gate, other = keyholder.peer("gate", 1), keyholder.peer("gate", 2)
    assert refusals(keyholder, gate, 500) <= 3
    assert refusals(keyholder, other, 1) == 1


def test_a_ticket_names_its_gate_and_ends(keyholder):
    gate = keyholder.peer("gate", 7)
    now = time.monotonic_ns() // 1000000
    _, ticket = ask(gate, 1)
    fields, tag = ticket[:-32], ticket[-32:]
    assert tag == hmac.digest(TICKET_KEY, b"sallyport ticket 3" + fields,
                              "sha256")
    reader = Reader(fields)
    blob = keyholder.keys[0][1]
    assert reader.string() == exchange_hash(blob)
    assert reader.string() == hashlib.sha256(blob).digest()
    assert reader.string() == LISTENER.encode()
    assert reader.u32() == 7
    made = reader.u64()
    assert 0 <= made - now < 5000
    assert reader.u64() == made + 2 * LOGIN_TIME
    reader.done()


def test_it_can_reach_nothing(keyholder):
    """Descriptors, uid, root, memory, and the filter of system calls."""
    proc = f"/proc/{keyholder.process.pid}"
    makefile = (sallyport.BUILD / "Makefile").read_text()
    with open(f"{proc}/status") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file)
    assert status["NoNewPrivs"] == "1"
    if "\nFILTER_SYSCALLS_TRUE = \n" in makefile:
        assert status["Seccomp"] == "2"
    if sallyport.is_root():
        assert set(status["Uid"].split()) == {"64812"}
        assert status["Groups"].strip() == ""
        assert int(status["CapPrm"], 16) == 0
        assert os.listdir(f"{proc}/root") == []


def test_it_serves_until_its_last_session_has_gone(keyholder):
    login = keyholder.peer("login", 1)
    session = session_of(keyholder, login)
    assert ask(session, 1) is not None
    keyholder.control.close()
    login.close()
    assert ask(session, 2) is not None
    time.sleep(0.2)
    assert keyholder.process.poll() is None
    session.close()
    assert keyholder.wait() == 0


def test_a_flood_of_one_gate_leaves_others_served(keyholder):
    greedy = keyholder.peer("gate", 1)
    greedy.setblocking(False)
    body = struct.pack(">I", gatehouse.TYPES["SIGN"]) + sign_body(1)
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        try:
            greedy.send(body)
        except BlockingIOError:
            break
    assert_alive(keyholder)
    assert_alive(keyholder, 98)


def served_before(keyholder, session, gates, serial):
    """How many of the gates, who all asked first, are served by then."""
    os.kill(keyholder.process.pid, signal.SIGSTOP)
    for gate in gates:
        send(gate, "SIGN", sign_body(serial))
    send(session, "SIGN", sign_body(serial))
    os.kill(keyholder.process.pid, signal.SIGCONT)
    assert receive(session)[0] == "SIGNED"
    served = select.select(gates, [], [], 0)[0]
    for gate in gates:
        assert receive(gate)[0] == "SIGNED"
    return len(served)


def test_a_session_comes_before_strangers(keyholder):
    login = keyholder.peer("login", 1)
    session = session_of(keyholder, login)
    assert ask(session, 1) is not None
    gates = [keyholder.peer("gate", number) for number in range(1, 201)]
    for gate in gates:
        assert ask(gate, 1) is not None
    # In the order of asking it would be all of them, each time; and on a
    # busy machine some are served before we see the session's answer. A
    # session's signatures are rationed.
    assert min(served_before(keyholder, session, gates, serial)
               for serial in range(2, 12)) < 100


@pytest.mark.parametrize("spoil, word", [
    (lambda key: os.chmod(key, 0o644), "PROCESS_FAILED"),
    (os.unlink, "PROCESS_FAILED"),
    (lambda key: key.write_text("nonsense"), "PROCESS_FAILED"),
])
def test_a_key_that_cannot_be_used_ends_it_with_a_reason(
        folder, key, spoil, word):
    spoil(key)
    program = Program(folder, projection([key]))
    try:
        assert program.wait() == 1
        assert program.events() == [word]
    finally:
        program.stop()


def test_auto_is_the_key_of_the_state_folder(folder, key):
    os.rename(key, folder / "host_key_ed25519")
    program = Program(folder, projection(["auto"]))
    try:
        assert program.read_keys()[0][0] == b"ssh-ed25519"
    finally:
        program.stop()


@pytest.mark.parametrize("settings", [b"", b"\x01", b"\x01g", b"\x02k",
                                      projection([])[:-1]])
def test_malformed_settings_end_it(folder, settings):
    program = Program(folder, settings)
    try:
        assert program.wait() == 1
        assert program.process.returncode != -signal.SIGSEGV
    finally:
        program.stop()
