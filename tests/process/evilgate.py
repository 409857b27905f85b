#!/usr/bin/python3
"""A compromised gate: the real account and sockets of a gate, with a test
in place of its program.

The supervisor starts it like the gate it replaces. It takes what a gate is
given, becomes the gate's account, and then runs what the test sends it.
The first one started after the test has asked for one is evil; all others
become the real program.
"""

import array
import hmac
import json
import os
import re
import select
import socket
import struct
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
GATE_UID = 64811
KEYHOLDER, LOGIN, LEDGER = 2, 8, 128  # of enum ipc_role
LISTENERS = 2  # of the configuration


def read_rows():
    """The number of each message, as daemon/ipc/ipc.def has it."""
    path = os.path.join(HERE, "../../daemon/ipc/ipc.def")
    with open(path, encoding="ascii") as f:
        names = re.findall(r"^IPC\((\w+),", f.read(), re.M)
    return {name: number for number, name in enumerate(names, 1)}


ROWS = read_rows()
NAMES = {number: name for name, number in ROWS.items()}


# ---- the wire ----

def u32(n):
    return struct.pack(">I", n)


def u64(n):
    return struct.pack(">Q", n)


def string(b):
    b = b.encode() if isinstance(b, str) else b
    return u32(len(b)) + b


def boolean(b):
    return b"\1" if b else b"\0"


class Reader:
    """Fields from the front of a body."""

    def __init__(self, body):
        self.body = body

    def take(self, n):
        part, self.body = self.body[:n], self.body[n:]
        return part

    def u32(self):
        return struct.unpack(">I", self.take(4))[0]

    def u64(self):
        return struct.unpack(">Q", self.take(8))[0]

    def string(self):
        return self.take(self.u32())


def send(sock, name, body=b"", fds=()):
    """One message, when there is room for it; what the kernel says when the
    other end is gone."""
    ancillary = []
    if fds:
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                      array.array("i", fds))]
    while True:
        try:
            sock.sendmsg([u32(ROWS[name]) + body], ancillary)
            return
        except BlockingIOError:
            if not select.select([], [sock], [], 10)[1]:
                raise


def receive(sock, seconds=5.0):
    """(name, body, descriptors); name None at the end or in vain."""
    if not select.select([sock], [], [], seconds)[0]:
        return None, b"silence", []
    try:
        data, ancillary, _, _ = sock.recvmsg(200000, 4096)
    except ConnectionResetError:
        return None, b"reset", []
    fds = []
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds += array.array("i", content).tolist()
    if not data:
        return None, b"end", fds
    return NAMES.get(struct.unpack(">I", data[:4])[0]), data[4:], fds


# ---- what a gate can say ----

class Gate:
    """The sockets a gate has, and the messages it may send."""

    def __init__(self):
        self.control = socket.socket(fileno=3)
        self.keyholder = self.login = self.ledger = self.arrears = None
        self.listeners = []
        self.connection = None
        self.host_key = b""
        self.keys_of, self.listener = {}, ""
        self.next_id = 0
        self.kept = {}

    def is_complete(self, kind):
        """Of three kinds: who accepts for others has nobody to ask."""
        is_listening = len(self.listeners) == LISTENERS
        if kind == "porter":
            return is_listening and self.ledger and self.arrears
        if kind == "shared" and not (self.ledger and self.arrears):
            return False
        return (self.keyholder and self.login and self.host_key and
                (self.connection if kind == "escort" else is_listening))

    def take_host_keys(self, fields):
        """Each key's blob with its listeners, and their names."""
        keys = []
        for _ in range(fields.u32()):
            fields.string()
            keys.append((fields.string(), fields.u64()))
        names = [fields.string() for _ in range(fields.u32())]
        self.keys_of = {
            name.decode(): [blob for blob, of in keys if of >> i & 1]
            for i, name in enumerate(names)}
        self.listener = self.listener or names[0].decode()
        self.host_key = self.keys_of[self.listener][0]

    def take_orders(self, kind):
        send(self.control, "READY")
        while not self.is_complete(kind):
            name, body, fds = receive(self.control, 30)
            fields = Reader(body)
            if name == "HOST_KEYS":
                self.take_host_keys(fields)
            elif name == "PEER":
                self.take_peer(fields, socket.socket(fileno=fds[0]))
            elif name == "ARREARS":
                self.arrears = fds[0]
            elif name == "LISTENER":
                self.listeners.append(socket.socket(fileno=fds[0]))
            elif name == "CONNECTION":
                fields.u64()
                self.listener = fields.string().decode()
                self.connection = socket.socket(fileno=fds[0])
                self.leash = socket.socket(fileno=fds[1])
            elif name is None:
                sys.exit(1)

    def take_peer(self, fields, sock):
        role = fields.u32()
        fields.u32(), fields.u32()
        if role == KEYHOLDER:
            self.link = fields.string()
            self.keyholder = sock
        elif role == LOGIN:
            self.login = sock
        else:
            assert role == LEDGER, role
            self.ledger = sock

    def accept(self, seconds=10):
        """A client that came to this gate's share of the port."""
        if self.connection:
            return self.connection
        ready = select.select(self.listeners, [], [], seconds)[0]
        if not ready:
            return None
        client = ready[0].accept()[0]
        self.listener = "%s:%d" % client.getsockname()
        # Who accepts for others is told of none.
        self.host_key, *_ = self.keys_of.get(self.listener, [b""])
        return client

    def exchange(self, **changes):
        """The fields of a SIGN, made up; all different each time."""
        self.next_id += 1
        fields = {
            "id": u64(self.next_id),
            "serial": u64(self.next_id),
            "listener": string(self.listener),
            "algorithm": string("ssh-ed25519"),
            "method": string("curve25519-sha256"),
            "v_c": string("SSH-2.0-evil"),
            "v_s": string("SSH-2.0-Sallyport_0.1"),
            "i_c": string(b"\x14" + os.urandom(40)),
            "i_s": string(b"\x14" + cookie_of(self.link, self.next_id) +
                          os.urandom(24)),
            "group": string(b""),
            "q_c": string(os.urandom(32)),
            "q_s": string(os.urandom(32)),
            "shared": string(os.urandom(32)),
        }
        fields.update(changes)
        return fields

    def sign(self, **changes):
        """(session id, ticket) of an exchange of this gate's making."""
        fields = self.exchange(**changes)
        send(self.keyholder, "SIGN", b"".join(fields.values()))
        name, body, _ = receive(self.keyholder)
        if name != "SIGNED":
            return None, name
        reader = Reader(body)
        reader.u64()
        reader.string()
        return session_id_of(fields, self.host_key), reader.string()


def cookie_of(link, serial):
    """The cookie of a gate's first KEXINIT (daemon/ipc/cookie.c)."""
    digest = hmac.digest(link, b"sallyport cookie 1" + u64(serial), "sha256")
    return bytes([digest[0] & 0x7f]) + digest[1:16]


def session_id_of(fields, host_key):
    import hashlib
    text = b"".join(fields[k] for k in ("v_c", "v_s", "i_c", "i_s"))
    text += string(host_key) + fields["q_c"] + fields["q_s"]
    secret = fields["shared"][4:].lstrip(b"\0")
    if secret[:1] >= b"\x80":
        secret = b"\0" + secret
    return hashlib.sha256(text + string(secret)).digest()


def request(user="alice", method="publickey", algorithm="ssh-ed25519",
            key=b"", signature=b"", signed=True, service="ssh-connection",
            bound_to=b"", password=b"", new_password=b"", submethods=b"",
            client_host=b"", client_user=b""):
    return (string(user) + string(service) + string(method) +
            string(algorithm if key else b"") + string(key) +
            boolean(signed) + string(signature) + string(bound_to) +
            string(password) + boolean(new_password != b"") +
            string(new_password) + string(submethods) +
            string(client_host) + string(client_user))


def signed_data(session_id, user, key):
    return (string(session_id) + b"\x32" + string(user) +
            string("ssh-connection") + string("publickey") + b"\1" +
            string("ssh-ed25519") + string(key))


def talk_pair():
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def claim(peer="", local="127.0.0.1", port=4711):
    """What a proxy would have said; nothing without an address."""
    def endpoint(address):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        raw = socket.inet_pton(family, address)
        return (b"\0" * 10 + b"\xff\xff" + raw if len(raw) == 4
                else raw) + u32(port)

    return b"\1" + endpoint(peer) + endpoint(local) if peer else b"\0"


def spawn(gate, client_fd, ticket, body, talk_fd=None, claimed=""):
    """Our end of the talk, unless another descriptor takes its place."""
    ours, theirs = talk_pair()
    send(gate.login, "SPAWN",
         u64(7) + string(ticket) + claim(claimed) + body,
         [client_fd, theirs.fileno() if talk_fd is None else talk_fd])
    theirs.close()
    return ours


def export_of(session_id, **changes):
    """A hand-over of a connection whose keys nobody but us knows."""
    key = string(b"k" * 64)
    direction = (string("chacha20-poly1305@openssh.com") + string("") + key +
                 string(b"") + string(b"") + u32(0) + u64(0) + u64(0))
    fields = {
        "version": b"\3",
        "session_id": string(session_id),
        "v_s": string("SSH-2.0-Sallyport_0.1"),
        "v_c": string("SSH-2.0-evil"),
        "method": string("curve25519-sha256"),
        "host_key": string("ssh-ed25519"),
        "strict": boolean(True),
        "extensions": u32(0),
        "rekey_in": u64(1000),
        "compression_in": string("none"),
        "compression_out": string("none"),
        "rx": direction,
        "tx": direction,
        "out": string(b""),
        "in": string(b""),
    }
    fields.update(changes)
    return b"".join(fields.values())


# ---- being one ----

def is_wanted(path):
    """Takes the wish away, so that one gate alone fulfils it."""
    try:
        os.unlink(path + ".wanted")
        return True
    except FileNotFoundError:
        return False


def become_gate():
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(GATE_UID, GATE_UID, GATE_UID)
        os.setresuid(GATE_UID, GATE_UID, GATE_UID)


def obey(gate, stream):
    """Runs what comes, a JSON string a line, until the test has enough."""
    scope = dict(globals(), gate=gate, time=time)
    for line in stream:
        scope["result"] = None
        try:
            exec(json.loads(line), scope)  # pylint: disable=exec-used
            answer = {"result": scope["result"]}
        except Exception as error:  # pylint: disable=broad-except
            answer = {"error": repr(error)}
        stream.write(json.dumps(answer).encode() + b"\n")
        stream.flush()


def serve(path, kind, real_gate, *arguments):
    is_escort = "--connection" in arguments
    if is_escort != (kind == "escort") or not is_wanted(path):
        os.execv(real_gate, ["sallyport-gate", *arguments])
    commands = socket.socket(socket.AF_UNIX)
    commands.connect(path)
    become_gate()
    gate = Gate()
    gate.take_orders(kind)
    stream = commands.makefile("rwb")
    stream.write(b'"ready"\n')
    stream.flush()
    obey(gate, stream)


if __name__ == "__main__":
    serve(*sys.argv[1:])
