"""A sallyport-gate alone, with the test as its supervisor, keyholder and login.

The messages are encoded here a second time, from the definitions in the
source tree, so that a test is also a check of the wire format.
"""

import ctypes
import fcntl
import hashlib
import hmac
import os
import pathlib
import re
import resource
import socket
import struct
import subprocess
import threading
import time

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

import sallyport

ROLES = {"supervisor": 1, "keyholder": 2, "gate": 4, "login": 8, "ledger": 128}
# A confined process lets nobody look for its leaks, and may write no report
# but to what it has open.
SANITIZERS = {"ASAN_OPTIONS": "abort_on_error=1:handle_abort=1:"
              "handle_sigill=1:detect_leaks=0"}
# Two words, and 4096 sets of 16 rows of three, of either family.
ARREARS_SIZE = 16 + 2 * 4096 * 16 * 24
LEVELS = {"error": 0, "warning": 1, "notice": 2, "info": 3, "debug": 4}
GATE = sallyport.BUILD / "sallyport-gate"
LISTENER = "127.0.0.1:0"  # as it is written in the settings


def rows(path, word):
    """The rows of a .def file: a list of lists of arguments."""
    text = re.sub(r"/\*.*?\*/", "", (sallyport.SOURCE / path).read_text(),
                  flags=re.S)
    return [[a.strip() for a in found.split(",")]
            for found in re.findall(rf"^{word}\((.*)\)\s*$", text, flags=re.M)]


TYPES = {row[0]: i + 1 for i, row in enumerate(rows("daemon/ipc/ipc.def",
                                                    "IPC"))}
TYPE_NAMES = {number: name for name, number in TYPES.items()}
EVENTS = [row[0] for row in rows("daemon/log/event.def", "EVENT")]
FIELDS = [(row[1].strip('"'), row[2]) for row in rows("daemon/log/field.def",
                                                      "FIELD")]


# ---- encoding ----

def string(data):
    if isinstance(data, str):
        data = data.encode()
    return struct.pack(">I", len(data)) + data


def mpint(magnitude):
    magnitude = magnitude.lstrip(b"\0")
    if magnitude and magnitude[0] & 0x80:
        magnitude = b"\0" + magnitude
    return string(magnitude)


class Reader:
    def __init__(self, data):
        self.data = data

    def take(self, n):
        assert len(self.data) >= n
        taken, self.data = self.data[:n], self.data[n:]
        return taken

    def u8(self):
        return self.take(1)[0]

    def u32(self):
        return struct.unpack(">I", self.take(4))[0]

    def u64(self):
        return struct.unpack(">Q", self.take(8))[0]

    def string(self):
        return self.take(self.u32())

    def done(self):
        assert self.data == b""


def send(sock, name, body=b"", fds=()):
    data = struct.pack(">I", TYPES[name]) + body
    if fds:
        socket.send_fds(sock, [data], list(fds))
    else:
        sock.send(data)


def receive(sock, seconds=5):
    """(name, body, fds), or None at the end."""
    sock.settimeout(seconds)
    data, fds, _, _ = socket.recv_fds(sock, 131072, 4)
    if not data:
        return None
    number = struct.unpack(">I", data[:4])[0]
    return TYPE_NAMES[number], data[4:], fds


def seqpacket_pair():
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


# ---- requests ----

class Request:
    """An AUTH_REQUEST, or what of a SPAWN is one."""

    def __init__(self, reader):
        self.user = reader.string().decode()
        self.service = reader.string().decode()
        self.method = reader.string().decode()
        self.algorithm = reader.string().decode()
        self.key = reader.string()
        self.is_signed = bool(reader.u8())
        self.signature = reader.string()
        self.bound_to = reader.string()
        self.password = reader.string()
        self.is_change = bool(reader.u8())
        self.new_password = reader.string()
        self.submethods = reader.string()
        self.client_host = reader.string()
        self.client_user = reader.string()
        reader.done()


class Talk:
    """A login: the far end of a talk, with the stranger's socket."""

    def __init__(self, body, fds):
        reader = Reader(body)
        self.connection = reader.u64()
        self.ticket = reader.string()
        assert reader.u8() == 0  # no proxy claims anything
        self.requests = [Request(reader)]
        self.stranger = socket.socket(fileno=fds[0])
        self.socket = socket.socket(fileno=fds[1])

    def next_request(self, seconds=5):
        name, body, _ = receive(self.socket, seconds)
        assert name == "AUTH_REQUEST", name
        self.requests.append(Request(Reader(body)))
        return self.requests[-1]

    def fail(self, methods="publickey", partial=False, disconnect=False):
        send(self.socket, "AUTH_FAILED",
             string(methods) + bytes([partial, disconnect]))

    def banner(self, text):
        send(self.socket, "AUTH_BANNER", string(text))

    def end(self, ending):
        """One of enum authentication_ending."""
        send(self.socket, "AUTH_FAILED", string("") + bytes([0, ending]))

    def key_ok(self):
        send(self.socket, "AUTH_KEY_OK")

    def accept(self):
        """The export that follows."""
        send(self.socket, "AUTH_ACCEPTED")
        name, body, _ = receive(self.socket)
        assert name == "EXPORT", name
        return body

    def is_closed(self, seconds=5):
        try:
            return receive(self.socket, seconds) is None
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def close(self):
        self.socket.close()
        self.stranger.close()


# ---- the keyholder ----

def cookie_of(link, serial):
    """The cookie of a gate's first KEXINIT (daemon/ipc/cookie.c)."""
    digest = hmac.digest(link, b"sallyport cookie 1" +
                         struct.pack(">Q", serial), "sha256")
    return bytes([digest[0] & 0x7f]) + digest[1:16]


class Keyholder:
    """Signs what a gate sends, in a thread of its own."""

    def __init__(self):
        self.key = ed25519.Ed25519PrivateKey.generate()
        raw = self.key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.blob = string("ssh-ed25519") + string(raw)
        self.refuses = False
        self.seconds = 0 # that a signature takes
        self.session_ids = []
        self.tickets = []
        self.free = threading.Event()
        self.free.set()
        self.sockets = []

    def serve(self):
        """A new generation: the descriptor to give to the gate."""
        ours, theirs = seqpacket_pair()
        self.sockets.append(ours)
        threading.Thread(target=self.loop, args=(ours,), daemon=True).start()
        return theirs

    def die(self):
        sock = self.sockets.pop()
        sock.shutdown(socket.SHUT_RDWR)
        sock.close()

    def loop(self, sock):
        try:
            while True:
                message = receive(sock, None)
                if message is None:
                    return
                self.free.wait()
                time.sleep(self.seconds)
                self.sign(sock, message[1])
        except OSError:
            return

    def sign(self, sock, body):
        reader = Reader(body)
        number = reader.u64()
        serial = reader.u64()
        assert reader.string() == LISTENER.encode()
        assert reader.string() == b"ssh-ed25519"
        method, *parts = (reader.string() for _ in range(9))
        reader.done()
        assert parts[3][1:17] == cookie_of(b"L" * 32, serial)
        assert method.startswith(b"curve25519-sha256")
        assert parts.pop(4) == b""
        digest = hashlib.sha256(
            b"".join(string(part) for part in parts[:4]) +
            string(self.blob) + string(parts[4]) + string(parts[5]) +
            mpint(parts[6])).digest()
        if self.refuses:
            send(sock, "SIGN_REFUSED", struct.pack(">QI", number, 1))
            return
        ticket = b"ticket " + os.urandom(16)
        self.session_ids.append(digest)
        self.tickets.append(ticket)
        signature = string("ssh-ed25519") + string(self.key.sign(digest))
        send(sock, "SIGNED", struct.pack(">Q", number) + string(signature) +
             string(ticket))


# ---- the gate ----

class Gatehouse:
    """A running gate."""

    def __init__(self, **settings):
        self.settings = {
            "methods": "publickey", "kex": "curve25519-sha256",
            "cipher": "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com",
            "login_time": 60000, "max_waiting": 20000, "per_source": 20000,
            "max_tries": 6, "gates": 1, "hears_none": False,
            "per_connection": False, "penalties": False,
            "level": "debug",
            "max_fds": None, # a limit that it cannot raise
        }
        self.settings.update(settings)
        self.keyholder = Keyholder()
        self.listener = None
        self.login = None
        self.ledger = None
        self.process = None
        self.records = []
        self.lock = threading.Lock()

    def projection(self):
        s = self.settings
        return (bytes([1, ord("g")]) + string("Sallyport_test") +
                string(s["methods"]) +
                struct.pack(">I", 1) + string(LISTENER) +  # one listener
                bytes([0]) + struct.pack(">I", 0) +  # with no proxies
                string(s["kex"]) +
                string("ssh-ed25519") + string("ssh-ed25519") +
                string(s["cipher"]) +
                string("hmac-sha2-256-etm@openssh.com") + string("none") +
                struct.pack(">I", 0) +  # groups of its own
                struct.pack(">QIIIIII", s["login_time"], s["max_waiting"],
                            s["per_source"], 256, 8, s["max_tries"],
                            s["gates"]) +
                bytes([s["hears_none"], s["per_connection"]]) +
                bytes([s["penalties"]]) + bytes(8 * 8) +
                struct.pack(">I", 0) +  # nobody is exempt
                bytes([LEVELS[s["level"]]]))

    def start(self, complete=True):
        """With complete, a gate that lets strangers in."""
        max_fds = self.settings["max_fds"]
        self.control, control = seqpacket_pair()
        self.log, log = seqpacket_pair()
        memory = os.memfd_create("projection")
        os.write(memory, self.projection())
        # High numbers first: 3, 4 and 5 may be any of these.
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 100)
                for fd in (control.fileno(), memory, log.fileno())]

        def place():
            for number, fd in enumerate(high, 3):
                os.dup2(fd, number)
            if max_fds is not None:
                limit_fds(max_fds)

        self.process = subprocess.Popen(
            [str(GATE)], pass_fds=(3, 4, 5), preexec_fn=place,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **sallyport.kinship(), **SANITIZERS})
        for fd in (*high, memory):
            os.close(fd)
        control.close()
        log.close()
        threading.Thread(target=self.read_log, daemon=True).start()
        message = receive(self.control)
        assert message is not None and message[0] == "READY", message
        if complete:
            self.give_keys()
            self.give_keyholder()
            self.give_login()
            self.give_listener()
        return self

    def stop(self):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.kill()
        status = self.process.wait()
        self.control.close()
        for sock in (self.listener, self.login, self.ledger,
                     *self.keyholder.sockets):
            if sock is not None:
                sock.close()
        assert -status not in sallyport.DEADLY, "the gate crashed"

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # ---- as the supervisor ----

    def give_keys(self):
        send(self.control, "HOST_KEYS", struct.pack(">I", 1) +
             string("ssh-ed25519") + string(self.keyholder.blob) +
             struct.pack(">QI", 1, 1) + string(LISTENER))

    def give_peer(self, role, sock):
        send(self.control, "PEER",
             struct.pack(">III", ROLES[role], 1, os.getpid()) +
             string(b"L" * 32) + struct.pack(">IIB", 0, 1, 1),
             [sock.fileno()])
        sock.close()

    def give_keyholder(self):
        self.give_peer("keyholder", self.keyholder.serve())

    def give_login(self):
        self.login, theirs = seqpacket_pair()
        self.give_peer("login", theirs)

    def give_ledger(self):
        self.ledger, theirs = seqpacket_pair()
        self.give_peer("ledger", theirs)

    def give_arrears(self):
        """Memory in which nobody owes anything."""
        memory = os.memfd_create("arrears")
        os.ftruncate(memory, ARREARS_SIZE)
        send(self.control, "ARREARS", b"", [memory])
        os.close(memory)

    def give_listener(self, backlog=4096, is_steered=True):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(backlog)
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        send(self.control, "LISTENER",
             string(LISTENER) + bytes([is_steered]), [self.listener.fileno()])

    def retire(self):
        """The supervisor's own descriptor must not keep the socket open."""
        self.listener.close()
        send(self.control, "RETIRE")

    # ---- as login ----

    def next_login(self, seconds=5):
        name, body, fds = receive(self.login, seconds)
        assert name == "SPAWN", name
        return Talk(body, fds)

    def has_no_login(self, seconds=0.2):
        try:
            receive(self.login, seconds)
        except TimeoutError:
            return True
        return False

    # ---- the log ----

    def read_log(self):
        while True:
            try:
                message = receive(self.log, None)
            except OSError:
                return
            if message is None:
                return
            with self.lock:
                self.records.append(self.decode_record(message[1]))

    @staticmethod
    def decode_record(body):
        reader = Reader(body)
        record = {"event": EVENTS[reader.u32()], "lost": reader.u32()}
        while reader.data:
            name, kind = FIELDS[reader.u8()]
            record[name] = (reader.u64() if kind == "NUMBER"
                            else reader.string().decode())
        return record

    def ends(self):
        """The records that say how a connection ended."""
        with self.lock:
            return [r for r in self.records
                    if r["event"] not in ("CONNECTION_OPENED", "UNCONFINED")]

    def wait_for_ends(self, count, seconds=5):
        """So many, and not one more within a moment."""
        sallyport.wait_until(lambda: len(self.ends()) >= count, seconds,
                             f"{count} lines about ends ({self.ends()})")
        time.sleep(0.05)
        ends = self.ends()
        assert len(ends) == count, ends
        return ends

    # ---- strangers ----

    def connect(self, source="127.0.0.1"):
        sock = socket.socket()
        sock.bind((source, 0))
        sock.settimeout(5)
        sock.connect(("127.0.0.1", self.port))
        return sock

    def pss(self):
        text = pathlib.Path(
            f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(re.search(r"^Pss:\s+(\d+) kB", text, re.M).group(1))

    def cpu_seconds(self):
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def limit_fds(count):
    """For good: not even root may raise it again."""
    drop_from_bounding_set, sys_resource = 24, 24
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))
    if sallyport.is_root():
        ctypes.CDLL(None).prctl(drop_from_bounding_set, sys_resource, 0, 0, 0)


def raise_own_fd_limit(count):
    """So that a test can hold many sockets; False where it may not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= count:
        return True
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, max(hard, count)))
    except (ValueError, OSError):
        return False
    return True


def banner(sock):
    """What it says before anything else, or b'' when it says nothing."""
    data = b""
    while not data.endswith(b"\n"):
        got = sock.recv(1)
        if not got:
            break
        data += got
    return data


def packet(payload):
    """A packet before any keys."""
    padding = 8 - (5 + len(payload)) % 8
    padding += 8 if padding < 4 else 0
    return (struct.pack(">IB", 1 + len(payload) + padding, padding) +
            payload + bytes(padding))


def kexinit(kex="curve25519-sha256", end=bytes(5)):
    lists = [kex, "ssh-ed25519",
             "aes256-gcm@openssh.com", "aes256-gcm@openssh.com",
             "hmac-sha2-256", "hmac-sha2-256", "none", "none", "", ""]
    return b"\x14" + os.urandom(16) + b"".join(map(string, lists)) + end


def begin_exchange(sock):
    """All that a client says until the server's reply, at once."""
    sock.sendall(b"SSH-2.0-raw\r\n" + packet(kexinit()) +
                 packet(b"\x1e" + string(b"\x09" + bytes(31))))


def said_to(sock, seconds=5):
    """The payloads that came before any keys, until the end."""
    sock.settimeout(seconds)
    data = b""
    try:
        while got := sock.recv(65536):
            data += got
    except ConnectionResetError:
        pass
    payloads = []
    data = data.partition(b"\n")[2]
    while len(data) > 5 and payloads[-1:] != [b"\x15"]:
        length, padding = struct.unpack(">IB", data[:5])
        payloads.append(data[5:4 + length - padding])
        data = data[4 + length:]
    return payloads


def is_closed(sock, seconds=5):
    """Reads to the end: True when there is one in time."""
    sock.settimeout(seconds)
    try:
        while sock.recv(65536):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True
