"""A gate that strangers have taken over gains nothing by it."""

import base64
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import textwrap
import time

import pytest

import sallyport
from fixtures import make_folder, needs_root
from cryptography.hazmat.primitives import serialization

HERE = pathlib.Path(__file__).resolve().parent
pytestmark = needs_root

# Each costs a process, which is dear with sanitizers.
EXPORTS = 600 if sallyport.is_sanitized() else 3000
FLOOD = 300
LOGIN_TIME, PER_SOURCE = 4, 8
# Of what counts against a source nothing but what a gate alone can tell, so
# that the failures of these tests close no door.
COUNTED = """penalties = { authfail = "0"; noauth = "0"; crash = "0";
  grace_exceeded = "5m"; exempt = [ ]; };"""
LIMITS = (f'max_logins = 40; max_logins_per_source = {PER_SOURCE};' + COUNTED)
SETTINGS = {
    "shared": f'gates = 2; login_time = "{LOGIN_TIME}s";' + LIMITS,
    "escort": 'gates = "per-connection"; login_time = "8s";' + LIMITS,
    "porter": 'gates = "per-connection"; login_time = "8s";' + LIMITS,
}

# alice's key is that of a host too, which is believed about everybody.
STEERED = sallyport.CONFIG.replace(
    "auth = {{", """auth = {{ hosts = {{ type = "hostbased";
  known_hosts = "FOLDER/known"; hosts = "FOLDER/hosts";
  check_address = false; }};""").replace(
      'accept = "keys"', 'accept = [ "keys", "hosts" ]').replace(
          'listen = [ "127.0.0.1:{port}" ];',
          'listen = ( "127.0.0.1:{port}", "127.0.0.1:BEHIND" );')
# Where proxies come nobody knows whom a gate can meet.
CONFIG = STEERED.replace('"127.0.0.1:BEHIND"', """{{ at = "127.0.0.1:BEHIND";
  proxy = true; proxy_from = "127.0.7.128/25"; }}""")

# What takes longer than a gate of one connection lives, or thousands of them.
shared_only = pytest.mark.parametrize("evil", ["shared"], indirect=True)
steered_only = pytest.mark.parametrize("evil", ["steered"], indirect=True)
escort_only = pytest.mark.parametrize("evil", ["escort"], indirect=True)
porter_only = pytest.mark.parametrize("evil", ["porter"], indirect=True)


# Lines about what a gate or its stranger may not have, or about harm done.
# What a test caused it names; there are no others.
REFUSALS = {"auth_failed", "gate_refused", "signing_refused", "peer_refused",
            "login_refused", "login_failed", "record_refused",
            "process_refused", "process_failed", "process_died", "child_died"}


def parent_of(pid):
    """None for one that has gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


class Evil:
    """A daemon one of whose gates is ours to command.

    Of kind "shared" it is one of two, for as long as the daemon lives, and of
    kind "steered" one to whom no proxies come; of kind "escort" that of the
    one connection that client() made last; of kind "porter" the one that
    accepts for those.
    """

    def __init__(self, folder, kind):
        self.kind = "shared" if kind == "steered" else kind
        self.config = STEERED if kind == "steered" else CONFIG
        self.folder = folder
        self.programs = folder / "programs"
        self.programs.mkdir()
        self.path = str(folder / "commands")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(1)
        self.listener.settimeout(30)
        self.stream = None
        self.told = []  # by the lines of this test
        self.write_programs()
        self.daemon = self.make_daemon()
        self.key = serialization.load_ssh_private_key(
            self.daemon.key.read_bytes(), None)
        blob = self.key.public_key().public_bytes(
            serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        self.blob = base64.b64decode(blob.split()[1])
        self.evil_source, self.honest_source = "127.0.7.1", "127.0.7.2"

    def begin(self):
        if self.kind == "escort":
            self.daemon.start()
            return
        self.want()
        self.daemon.start(wait=False)
        self.take_command()
        if self.kind == "shared":
            self.find_sources()

    def write_programs(self):
        build = sallyport.BUILD
        for name in ("sallyportd", "sallyport-keyholder", "sallyport-ledger",
                     "sallyport-login", "sallyport-service"):
            shutil.copy(build / name, self.programs / name)
        gate = self.programs / "sallyport-gate"
        gate.write_text(
            "#!/bin/sh\n"
            f"exec /usr/bin/python3 {HERE}/evilgate.py {self.path} "
            f'{self.kind} {build}/sallyport-gate "$@"\n')
        gate.chmod(0o755)

    def make_daemon(self):
        place = self.folder / "daemon"
        place.mkdir()
        os.chmod(self.folder, 0o755)
        self.behind = sallyport.free_port()  # proxies
        made = sallyport.Daemon(
            place, server=SETTINGS[self.kind],
            profile="no_new_privs = true;",
            config=self.config.replace("FOLDER", str(self.folder)).replace(
                "BEHIND", str(self.behind)),
            program=self.programs / "sallyportd",
            environment={"PYTHONDONTWRITEBYTECODE": "1"})
        key = made.key.with_suffix(".pub").read_text()
        (self.folder / "known").write_text(f"client {key}")
        (self.folder / "hosts").write_text("client\n")
        return made

    def want(self):
        """The next gate of the kind is ours."""
        pathlib.Path(self.path + ".wanted").touch()

    def take_command(self):
        commands, _ = self.listener.accept()
        commands.settimeout(60)
        self.stream = commands.makefile("rwb")
        commands.close()  # the stream has it
        assert json.loads(self.stream.readline()) == "ready"
        self.run("BLOB = bytes.fromhex(%r)" % self.blob.hex())

    def drop_command(self):
        if self.stream is not None:
            self.stream.close()
        self.stream = None

    def stop(self):
        self.drop_command()
        self.listener.close()
        self.daemon.stop()

    def tell(self, code):
        """Has code run in the gate, which need not live to answer."""
        self.stream.write(json.dumps(textwrap.dedent(code)).encode() + b"\n")
        self.stream.flush()

    def run(self, code, **values):
        """Runs code in the gate; the value of `result` there."""
        for name, value in values.items():
            text = (f"bytes.fromhex({value.hex()!r})"
                    if isinstance(value, bytes) else repr(value))
            code = f"{name} = {text}\n" + textwrap.dedent(code)
        self.tell(code)
        answer = json.loads(self.stream.readline())
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def connect(self, source, port=None):
        s = socket.socket()
        s.bind((source, 0))
        s.connect(("127.0.0.1", port or self.daemon.port))
        return s

    def find_proxy(self):
        """The address of a proxy that meets the evil gate."""
        for i in range(129, 190):
            s = self.connect(f"127.0.7.{i}")
            is_ours = self.run("CLIENT = gate.accept(0.5)\n"
                               "result = CLIENT is not None\n"
                               "CLIENT = None")
            s.close()
            if is_ours:
                return f"127.0.7.{i}"
        raise AssertionError("the honest gate has all proxies")

    def find_sources(self):
        """Which address meets the evil gate, and which the honest one."""
        self.evil_source = self.honest_source = None
        for i in range(1, 60):
            source = f"127.0.7.{i}"
            s = self.connect(source)
            s.settimeout(1)
            try:
                honest = s.recv(4) == b"SSH-"
            except socket.timeout:
                honest = False
            s.close()
            if honest:
                self.honest_source = self.honest_source or source
            else:
                self.run("gate.accept().close()")
                self.evil_source = self.evil_source or source
            if self.evil_source and self.honest_source:
                return
        raise AssertionError("both gates were the same for all sources")

    def client(self):
        """A client of the evil gate's, known there as CLIENT."""
        if self.kind == "escort":
            self.drop_command()
            self.want()
        s = self.connect(self.evil_source)
        if self.kind == "escort":
            self.take_command()
        assert self.run("CLIENT = gate.accept()\nresult = CLIENT is not None")
        return s

    def sign(self, session_id, user="alice", bound_to=b""):
        """A real signature of alice's key."""
        method = (b"publickey-hostbound-v00@openssh.com" if bound_to
                  else b"publickey")
        data = (self.field(session_id) + b"\x32" + self.field(user.encode()) +
                self.field(b"ssh-connection") + self.field(method) +
                b"\1" + self.field(b"ssh-ed25519") + self.field(self.blob))
        if bound_to:
            data += self.field(bound_to)
        return (self.field(b"ssh-ed25519") +
                self.field(self.key.sign(data)))

    @staticmethod
    def field(b):
        return len(b).to_bytes(4, "big") + b

    def ticket(self):
        """A session of the evil gate's own: its id; the ticket is TICKET."""
        return bytes.fromhex(self.run(
            "SID, TICKET = gate.sign()\nresult = SID.hex()"))

    def attempt(self, session_id, user="alice", signature=None, bound_to=b""):
        """SPAWN with a signed request; the name of the answer."""
        signature = signature or self.sign(session_id, user, bound_to)
        return self.run("""
            TALK = spawn(gate, CLIENT.fileno(), TICKET,
                         request(USER, key=BLOB, signature=SIGNATURE,
                                 bound_to=BOUND_TO))
            result = receive(TALK)[0]
            """, USER=user, SIGNATURE=signature, BOUND_TO=bound_to)

    def honest_login(self, user="alice"):
        done = self.daemon.ssh(
            "echo", "honest", user=user,
            options=[f"BindAddress={self.honest_source}"], timeout=30)
        return done.stdout == b"honest\n"

    @contextlib.contextmanager
    def causes(self, event, count=1):
        """What is done meanwhile leads to so many lines, and to no more."""
        before = len(self.daemon.records(event))
        yield
        self.daemon.expect(event, count, before)
        self.told += [event] * count

    def refusals(self):
        """Without those that sum up what had no line of its own before."""
        return [record for record in self.daemon.records()
                if record["event"] in REFUSALS and "count" not in record]

    def logins(self):
        """The processes that the login program made for strangers."""
        found = self.daemon.pids("login")
        return [pid for pid in found if parent_of(pid) in found]

    def let_go(self):
        """Of who was asked before, so that none is left."""
        if self.stream is not None:
            self.run("TALK = None")
        self.wait_for_rest()

    def wait_for_rest(self):
        sallyport.wait_until(lambda: not self.logins(), 20,
                             "the end of those before")


@pytest.fixture(scope="module", params=["shared", "escort"])
def evil(request):
    path = make_folder()
    one = Evil(path, request.param)
    try:
        one.begin()
        yield one
    finally:
        one.stop()
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(autouse=True)
def others_go_on(evil):
    """But for a porter, by whom they would have to come.

    And each failure was one line, or so many as the test says.
    """
    assert evil.kind == "porter" or evil.honest_login()
    evil.let_go()
    evil.told, before = [], len(evil.refusals())
    yield
    assert evil.kind == "porter" or evil.honest_login()
    found = evil.refusals()[before:]
    wanted = [event for event in evil.told if event in REFUSALS]
    assert sorted(each["event"] for each in found) == sorted(wanted), found


def test_the_key_of_another_listener_logs_nobody_in(evil):
    """A gate can have both; what it has by the wrong one leads nowhere."""
    client = evil.client()
    evil.run("""
        OWN = gate.listener
        gate.listener, = [name for name in gate.keys_of if name != OWN]
        gate.host_key, = gate.keys_of[gate.listener]
        """)
    session_id = evil.ticket()
    with evil.causes("gate_refused"):
        assert evil.attempt(session_id) is None
    assert evil.daemon.records("gate_refused")[-1]["reason"] == (
        "its host key is another listener's")
    evil.run("gate.listener, gate.host_key = OWN, gate.keys_of[OWN][0]")
    assert evil.attempt(evil.ticket()) == "AUTH_ACCEPTED"
    client.close()


def test_a_proof_for_its_own_session_is_taken(evil):
    """So that the failures below fail for their own reason."""
    client = evil.client()
    assert evil.attempt(evil.ticket()) == "AUTH_ACCEPTED"
    client.close()


def test_a_signature_made_for_another_session_is_refused(evil):
    client = evil.client()
    evil.ticket()
    elsewhere = evil.sign(os.urandom(32))
    with evil.causes("auth_failed"):
        assert evil.attempt(b"", signature=elsewhere) == "AUTH_FAILED"
    client.close()


def test_a_signature_made_for_another_user_is_refused(evil):
    client = evil.client()
    session_id = evil.ticket()
    with evil.causes("auth_failed"):
        assert evil.attempt(session_id, user="bob",
                            signature=evil.sign(session_id, "alice")
                            ) == "AUTH_FAILED"
    client.close()


def vouch(evil, session_id, user="alice", signature=None, signed=True):
    """SPAWN with what the host called client says; the name of the answer."""
    data = (evil.field(session_id) + b"\x32" + b"".join(
        evil.field(each) for each in (
            user.encode(), b"ssh-connection", b"hostbased", b"ssh-ed25519",
            evil.blob, b"client", user.encode())))
    if signature is None:
        signature = evil.field(b"ssh-ed25519") + evil.field(
            evil.key.sign(data))
    return evil.run("""
        TALK = spawn(gate, CLIENT.fileno(), TICKET,
                     request(USER, method="hostbased", key=BLOB,
                             signature=SIGNATURE, signed=SIGNED,
                             client_host="client", client_user=USER))
        result = receive(TALK)[0]
        """, USER=user, SIGNATURE=signature, SIGNED=signed)


@pytest.mark.parametrize("signed", [True, False])
def test_a_host_vouches_for_one_session(evil, signed):
    """Whatever the gate says of whether it has signed."""
    client = evil.client()
    assert vouch(evil, evil.ticket(), signed=signed) == "AUTH_ACCEPTED"
    client.close()


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("how", ["no signature", "another session",
                                 "a user's signature"])
def test_without_its_signature_a_host_vouches_for_nobody(evil, how, signed):
    client = evil.client()
    others = evil.ticket()
    session_id = evil.ticket()
    with evil.causes("auth_failed"):
        if how == "no signature":
            answer = vouch(evil, session_id, signature=b"", signed=signed)
        elif how == "another session":
            answer = vouch(evil, others, signed=signed)
        else:
            answer = vouch(evil, session_id, signed=signed,
                           signature=evil.sign(session_id))
    assert answer == "AUTH_FAILED"
    client.close()


def test_control_characters_are_refused_before_anything_is_asked(evil):
    for change in ({"user": "al\x1bice"}, {"user": "alice\0"}, {"user": ""},
                   {"method": "publickey\n"}, {"service": "ssh\x7f"}):
        client = evil.client()
        session_id = evil.ticket()
        fields = dict({"user": "alice"}, **change)
        with evil.causes("login_refused"):
            assert evil.run("""
                TALK = spawn(gate, CLIENT.fileno(), TICKET,
                             request(key=BLOB, signature=SIGNATURE, **FIELDS))
                result = receive(TALK)[0]
                """, FIELDS=fields, SIGNATURE=evil.sign(
                    session_id, fields["user"])) == "AUTH_FAILED"
        client.close()


def test_a_proof_bound_to_the_host_key_of_the_ticket_is_taken(evil):
    client = evil.client()
    session_id = evil.ticket()
    host_key = bytes.fromhex(evil.run("result = gate.host_key.hex()"))
    assert evil.attempt(session_id, bound_to=host_key) == "AUTH_ACCEPTED"
    client.close()


def test_a_proof_bound_to_another_host_key_is_refused(evil):
    """What a man in the middle has who let the user sign for his own."""
    host_key = bytes.fromhex(evil.run("result = gate.host_key.hex()"))
    foreign = host_key[:-32] + os.urandom(32)
    for named, signed in ((foreign, foreign), (host_key, foreign),
                          (b"", foreign), (foreign, host_key),
                          (host_key, b""), (host_key[:-1], host_key[:-1])):
        client = evil.client()
        session_id = evil.ticket()
        with evil.causes("auth_failed"):
            assert evil.attempt(
                session_id, bound_to=named,
                signature=evil.sign(session_id, bound_to=signed)
                ) == "AUTH_FAILED"
        client.close()


@shared_only
def test_a_flood_of_refusals_is_a_few_lines_and_a_number(evil):
    client = evil.client()
    before = len(evil.daemon.records("gate_refused"))
    sent = evil.run("""
        sent = 0
        while sent < 500:
            try:
                spawn(gate, CLIENT.fileno(), b"no ticket", request()).close()
                sent += 1
            except BlockingIOError:
                time.sleep(0.01)
        result = sent
        """)

    def told():
        records = evil.daemon.records("gate_refused")[before:]
        total = sum(1 + r.get("count", 0) for r in records)
        # The line that sums up stands for itself as well.
        return records if total >= sent else None

    records = sallyport.wait_until(told, 15, "all refusals are accounted for")
    assert len(records) < 70
    evil.told += ["gate_refused" for r in records if "count" not in r]
    client.close()


def test_a_ticket_is_good_once(evil):
    client = evil.client()
    session_id = evil.ticket()
    assert evil.attempt(session_id) == "AUTH_ACCEPTED"
    with evil.causes("gate_refused"):
        assert evil.attempt(session_id) is None
    client.close()


def test_a_recorded_exchange_gets_no_ticket_again(evil):
    """Else whoever logged in here could be played back for ever."""
    client = evil.client()
    session_id = bytes.fromhex(evil.run("""
        FIELDS = gate.exchange()
        SID, TICKET = gate.sign(**FIELDS)
        result = SID.hex()
        """))
    assert evil.attempt(session_id) == "AUTH_ACCEPTED"
    with evil.causes("signing_refused"):
        assert evil.run("result = gate.sign(**FIELDS)[1]") == "SIGN_REFUSED"
    # So soon behind the other it is only counted.
    assert evil.run("""
        result = gate.sign(**dict(FIELDS, serial=u64(gate.next_id + 1)))[1]
        """) == "SIGN_REFUSED"
    # Nor has a listener that is none any key.
    assert evil.run("""
        result = gate.sign(listener=string("127.0.0.1:1"))[1]
        """) == "SIGN_REFUSED"
    # An exchange for new keys is signed, and is nobody's session.
    assert evil.run("""
        LATER = string(bytes([20, 128]) + os.urandom(40))
        result = gate.sign(i_s=LATER)[1].hex()
        """) == ""
    client.close()


@shared_only
def test_a_used_ticket_is_of_no_use_with_the_next_login_program(evil):
    client = evil.client()
    session_id = evil.ticket()
    signature = evil.sign(session_id)
    assert evil.attempt(session_id, signature=signature) == "AUTH_ACCEPTED"
    zygote = min(pid for pid in evil.daemon.pids("login")
                 if parent_of(pid) == evil.daemon.process.pid)
    with evil.causes("process_died"):
        os.kill(zygote, signal.SIGKILL)
    assert evil.run("""
        name, body, fds = receive(gate.control, 10)
        gate.login = socket.socket(fileno=fds[0])
        result = name
        """) == "PEER"
    with evil.causes("gate_refused"):
        assert evil.attempt(session_id, signature=signature) is None
    assert evil.attempt(evil.ticket()) == "AUTH_ACCEPTED"
    client.close()


def test_a_login_that_gets_no_connection_is_one_line(evil):
    client = evil.client()
    session_id = evil.ticket()
    with evil.causes("session_failed"):
        assert evil.attempt(session_id) == "AUTH_ACCEPTED"
        evil.run("TALK.close()")
    client.close()


def test_a_changed_ticket_is_no_ticket(evil):
    client = evil.client()
    session_id = evil.ticket()
    signature = evil.sign(session_id)
    length = evil.run("GOOD = TICKET\nresult = len(GOOD)")
    places = range(0, length, 7)
    with evil.causes("gate_refused", len(places)):
        for place in places:
            evil.run("TICKET = GOOD[:AT] + bytes([GOOD[AT] ^ 1]) + "
                     "GOOD[AT + 1:]", AT=place)
            assert evil.attempt(session_id, signature=signature) is None
    client.close()


@shared_only
def test_a_ticket_expires(evil):
    client = evil.client()
    session_id = evil.ticket()
    time.sleep(LOGIN_TIME * 2 + 1)
    with evil.causes("gate_refused"):
        assert evil.attempt(session_id) is None
    client.close()


def test_the_keyholder_signs_no_hash_it_was_given(evil):
    """It puts in its own host key: the id is ours only if that is so."""
    client = evil.client()
    evil.run("""
        FIELDS = gate.exchange()
        send(gate.keyholder, "SIGN", b"".join(FIELDS.values()))
        TICKET = Reader(receive(gate.keyholder)[1])
        TICKET.u64(); TICKET.string()
        TICKET = TICKET.string()
        """)
    foreign = evil.run(
        "result = session_id_of(FIELDS, os.urandom(51)).hex()")
    with evil.causes("auth_failed"):
        assert evil.attempt(bytes.fromhex(foreign)) == "AUTH_FAILED"
    client.close()


@pytest.mark.parametrize("message", ["AUTH_ACCEPTED", "AUTH_KEY_OK",
                                     "LOGIN_SUCCEEDED", "EXPORT",
                                     "AUTH_REQUEST", "AUTH_RESPONSE",
                                     "AUTH_ABORTED", "AUTH_PROMPT"])
def test_a_verdict_of_its_own_is_worth_nothing(evil, message):
    client = evil.client()
    evil.ticket()
    with evil.causes("login_refused"):
        answer = evil.run("""
            TALK = spawn(gate, CLIENT.fileno(), TICKET,
                         request("alice", key=BLOB, signed=False))
            first = receive(TALK)[0]
            send(TALK, MESSAGE)
            result = [first, receive(TALK)[0], receive(TALK)[0]]
            """, MESSAGE=message)
    assert answer == ["AUTH_KEY_OK", "AUTH_FAILED", None]
    evil.let_go()
    client.close()


@pytest.mark.parametrize("what", [
    "os.open('/dev/null', os.O_RDONLY)",
    "os.pipe()[0]",
    "socket.socket(socket.AF_UNIX).detach()",
    "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).detach()",
    "socket.socket().detach()",
    "(gate.listeners or [gate.leash])[0].fileno()",
    "gate.keyholder.fileno()",
    "gate.login.fileno()",
    "gate.control.fileno()",
])
def test_a_foreign_descriptor_is_no_client_and_no_talk(evil, what):
    client = evil.client()
    session_id = evil.ticket()
    body = "request('alice', key=BLOB, signature=SIGNATURE)"
    signature = evil.sign(session_id)
    for fds in (f"{what}, TICKET, {body}",
                f"CLIENT.fileno(), TICKET, {body}, {what}"):
        with evil.causes("gate_refused"):
            assert evil.run(f"TALK = spawn(gate, {fds})\n"
                            "result = receive(TALK)[0]",
                            SIGNATURE=signature) is None
    client.close()


def test_a_proxy_is_claimed_in_vain_where_there_is_none(evil):
    client = evil.client()
    session_id = evil.ticket()
    with evil.causes("gate_refused"):
        assert evil.run("""
            TALK = spawn(gate, CLIENT.fileno(), TICKET,
                         request("alice", key=BLOB, signature=SIGNATURE),
                         claimed="192.0.2.7")
            result = receive(TALK)[0]
            """, SIGNATURE=evil.sign(session_id)) is None
    assert evil.daemon.records("gate_refused")[-1]["reason"] == (
        "it claims a proxy where there is none")
    client.close()


SPAWN_CLAIMING = """
    TALK = spawn(gate, CLIENT.fileno(), TICKET,
                 request("alice", key=BLOB, signature=SIGNATURE),
                 claimed=CLAIMED)
    result = receive(TALK)[0]
    """


@shared_only
@pytest.mark.parametrize("claimed", ["192.0.2.7", ""])
def test_who_comes_past_the_proxies_is_nobody_whatever_is_claimed(
        evil, claimed):
    client = evil.connect(evil.evil_source, evil.behind)
    assert evil.run("CLIENT = gate.accept()\nresult = CLIENT is not None")
    session_id = evil.ticket()
    with evil.causes("gate_refused"):
        assert evil.run(SPAWN_CLAIMING, CLAIMED=claimed,
                        SIGNATURE=evil.sign(session_id)) is None
    assert evil.daemon.records("gate_refused")[-1]["reason"] == (
        "its client came past the listener's proxies")
    client.close()


@shared_only
@pytest.mark.parametrize("claimed", ["192.0.2.7", "2001:db8::7", ""])
def test_for_whom_a_proxy_spoke_is_the_gates_word(evil, claimed):
    """Who the proxy is was asked of the socket."""
    proxy = evil.find_proxy()
    client = evil.connect(proxy, evil.behind)
    assert evil.run("CLIENT = gate.accept()\nresult = CLIENT is not None")
    session_id = evil.ticket()
    with evil.causes("auth_accepted"):
        assert evil.run(SPAWN_CLAIMING, CLAIMED=claimed,
                        SIGNATURE=evil.sign(session_id)) == "AUTH_ACCEPTED"
    assert evil.daemon.records("auth_accepted")[-1]["address"] == (
        claimed or proxy)
    client.close()


def test_the_address_is_the_sockets_own(evil):
    """Nothing the gate says changes whom the log names."""
    client = evil.client()
    port = client.getsockname()[1]
    assert evil.attempt(evil.ticket()) == "AUTH_ACCEPTED"
    record = sallyport.wait_until(
        lambda: [r for r in evil.daemon.records("auth_accepted")
                 if str(r.get("port")) == str(port)], 10, "its log line")[-1]
    assert evil.evil_source in json.dumps(record)
    client.close()


def send_export(evil, code):
    client = evil.client()
    session_id = evil.ticket()
    assert evil.attempt(session_id) == "AUTH_ACCEPTED"
    evil.run(f"send(TALK, 'EXPORT', {code})\n"
             "CLIENT.close(); TALK.close()")
    client.settimeout(5)
    try:
        got = client.recv(100)
    except ConnectionResetError:
        got = b""
    client.close()
    return got


def test_its_own_connection_may_be_handed_over(evil):
    assert send_export(evil, "export_of(SID)") != b""


def test_the_export_of_another_session_is_refused(evil):
    evil.let_go()
    with evil.causes("session_failed"):
        assert send_export(evil, "export_of(os.urandom(32))") == b""


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return {name: value.split() for name, _, value in
                (line.partition(":") for line in file)}


def descriptors_of(pid):
    """What each is."""
    found = {}
    for each in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            found[int(each.name)] = os.readlink(each)
    return found


def share_sockets(evil, session):
    """Processes behind the gates that have one of the session's."""
    own = {what for what in descriptors_of(session).values()
           if what.startswith("socket:")}
    others = [evil.daemon.process.pid] + [
        pid for name in ("keyholder", "ledger", "login")
        for pid in evil.daemon.pids(name) if pid != session]
    return [pid for pid in others
            if own & set(descriptors_of(pid).values())]


def test_who_asks_for_an_export_is_the_user_and_confined(evil):
    """Then nobody else can read it; and who complains of it is the process
    that was looked at before it was there."""
    client = evil.client()
    assert evil.attempt(evil.ticket()) == "AUTH_ACCEPTED"
    session, = evil.logins()
    status = status_of(session)
    alice = str(sallyport.USERS["alice"])
    assert (status["Uid"], status["Gid"]) == ([alice] * 4, [alice] * 4)
    assert set(status["Groups"]) <= {alice}
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(status[name][0], 16) == 0, name
    assert status["NoNewPrivs"] == ["1"]  # of the profile
    # Who hides his memory has files in /proc that are root's.
    assert os.stat(f"/proc/{session}/maps").st_uid == 0
    # Log, client, gate and keyholder.
    found = descriptors_of(session)
    own = [found[fd] for fd in sorted(found) if fd > 2]
    assert len(own) == 4, found
    assert all(what.startswith("socket:") for what in own), found
    sallyport.wait_until(lambda: not share_sockets(evil, session), 10,
                         "that nobody else has its sockets")
    before = len(evil.daemon.records("session_failed"))
    with evil.causes("session_failed"):
        evil.run("send(TALK, 'EXPORT', os.urandom(100))\n"
                 "CLIENT.close(); TALK.close()")
    record = evil.daemon.records("session_failed")[before]
    assert (record["pid"], record["by"]) == (session, "session")
    client.close()


@shared_only
def test_mutated_exports_end_in_nothing(evil):
    """Thousands of them: each its own login and one line, none a crash."""
    evil.run("import random\nrandom.seed(1)")
    before = len(evil.daemon.records())
    for _ in range(EXPORTS):
        client = evil.client()
        assert evil.attempt(evil.ticket()) == "AUTH_ACCEPTED"
        evil.run("""
            data = bytearray(export_of(SID))
            for _ in range(random.choice([1, 1, 2, 8])):
                at = random.randrange(len(data))
                data[at] = random.choice([0, 1, 0x7f, 0xff, data[at] ^ 0x80])
            data = data[:random.choice([len(data)] * 3 + [random.randrange(len(data))])]
            send(TALK, "EXPORT", bytes(data))
            CLIENT.close(); TALK.close()
            """)
        client.close()
    evil.let_go()
    # The last lines may still be on their way.
    sallyport.wait_until(lambda: all(
        map(has_end, ends_of(evil, before).values())), 20, "all ends")
    told = ends_of(evil, before)
    assert len(told) == EXPORTS
    shapes = [" ".join(each["event"] for each in lines)
              for lines in told.values()]
    assert shapes.count("auth_accepted session_failed") > EXPORTS / 2
    # What is right by chance is a session, whose client is gone.
    assert set(shapes) <= {"auth_accepted session_failed", *(
        f"auth_accepted session_opened {how}session_closed"
        for how in ("", "session_failed ", "session_disconnected "))}
    assert not [record for lines in told.values() for record in lines
                if "handed no connection" in record.get("reason", "")]


def ends_of(evil, before):
    """What the log says of each login of the evil source."""
    told = {}
    for record in evil.daemon.records()[before:]:
        if record["event"].startswith(("auth_", "session_")):
            told.setdefault((record["pid"], record["port"]), []).append(record)
    return {who: lines for who, lines in told.items()
            if lines[0]["address"] == evil.evil_source}


def has_end(lines):
    events = [record["event"] for record in lines]
    return "session_closed" in events or (
        "session_failed" in events and "session_opened" not in events)


@shared_only
def test_a_flood_of_spawns_meets_the_limit(evil):
    client = evil.client()
    before = len(evil.refusals())
    evil.run("""
        TALKS = []
        for _ in range(FLOOD):
            SID, TICKET = gate.sign()
            TALKS.append(spawn(gate, CLIENT.fileno(), TICKET,
                request("alice", key=BLOB, signed=False)))
        """, FLOOD=FLOOD)
    sallyport.wait_until(lambda: len(evil.logins()) == PER_SOURCE,
                         what="as many as may be")
    assert len(evil.logins()) <= PER_SOURCE
    assert evil.honest_login()
    # When he who was honest has gone.
    sallyport.wait_until(lambda: len(evil.logins()) <= PER_SOURCE)
    evil.run("for t in TALKS: t.close()")
    client.close()
    evil.let_go()
    # Those that may not even wait are a few lines and a number; of the rest
    # some had no time left when it was their turn.
    refused = evil.refusals()[before:]
    told = [record["event"] for record in refused]
    assert 0 < told.count("gate_refused") < 40
    assert told.count("login_refused") <= PER_SOURCE
    evil.told += told


@shared_only
def test_silence_ends_with_the_login_time(evil):
    """Before it is accepted, and behind that."""
    client = evil.client()
    with evil.causes("login_refused"), evil.causes("session_failed"):
        evil.ticket()
        assert evil.run(
            "FIRST = spawn(gate, CLIENT.fileno(), TICKET, "
            "request('alice', key=BLOB, signed=False))\n"
            "result = receive(FIRST)[0]") == "AUTH_KEY_OK"
        assert evil.attempt(evil.ticket()) == "AUTH_ACCEPTED"
        assert len(evil.logins()) == 2
        evil.wait_for_rest()
    client.close()


@shared_only
def test_a_kept_ticket_buys_no_time(evil):
    """What was left of its time when it was shown is all there is."""
    client = evil.client()
    evil.ticket()
    began = time.monotonic()
    time.sleep(LOGIN_TIME)
    with evil.causes("login_refused"):
        assert evil.run(
            "TALK = spawn(gate, CLIENT.fileno(), TICKET, "
            "request('alice', key=BLOB, signed=False))\n"
            "result = receive(TALK)[0]") == "AUTH_KEY_OK"
        evil.wait_for_rest()
    # With login_time from then on it had been twice that at least.
    assert time.monotonic() - began < 2 * LOGIN_TIME
    client.close()


MAPPED = bytes(10) + b"\xff\xff"  # what an IPv4 address is of IPv6
NOAUTH, GRACE_EXCEEDED, AUTHFAIL, CRASH, SUCCESS = range(1, 6)


def share_of(source):
    """Which of two gates meets it (daemon/ipc/share.c)."""
    word = int.from_bytes(socket.inet_aton(source), "big")
    return (word * 0x9e3779b1 >> 16 & 0xffff) % 2


def accuse(evil, source, kind, times=1):
    evil.run("""
        for _ in range(TIMES):
            send(gate.ledger, "CONDUCT", BODY)
        """, BODY=bytes([kind]) + MAPPED + socket.inet_aton(source) + b"\0",
             TIMES=times)


def sources_penalised(evil):
    return {record["source"]
            for record in evil.daemon.records("source_penalised")}


@steered_only
def test_its_word_shuts_nobody_out_who_is_not_its_own(evil):
    before = len(evil.daemon.records("conduct_refused"))
    accuse(evil, evil.honest_source, GRACE_EXCEEDED, 200)
    record = sallyport.wait_until(
        lambda: evil.daemon.records("conduct_refused")[before:])[0]
    assert record["source"] == evil.honest_source
    assert record["reason"] == "it serves no such source"
    # The ledger goes on, and hears what comes behind it.
    own = next(source for source in (f"127.0.8.{i}" for i in range(1, 60))
               if share_of(source) == share_of(evil.evil_source))
    accuse(evil, own, GRACE_EXCEEDED)
    sallyport.wait_until(lambda: own in sources_penalised(evil))
    assert sources_penalised(evil) == {own}
    assert evil.honest_login()
    # Two hundred refusals are one line in ten seconds.
    assert len(evil.daemon.records("conduct_refused")) - before <= 2


@steered_only
def test_its_word_about_logins_and_crashes_is_none(evil):
    own = next(source for source in (f"127.0.8.{i}" for i in range(60, 120))
               if share_of(source) == share_of(evil.evil_source))
    penalised = sources_penalised(evil)
    for kind in (AUTHFAIL, CRASH):
        accuse(evil, own, kind, 100)
    # What it owes cannot be let off either.
    accuse(evil, own, GRACE_EXCEEDED)
    sallyport.wait_until(lambda: own in sources_penalised(evil))
    accuse(evil, own, SUCCESS, 100)
    accuse(evil, own, GRACE_EXCEEDED)
    lines = sallyport.wait_until(lambda: [
        record for record in evil.daemon.records("source_penalised")
        if record["source"] == own][1:])
    assert lines[0]["seconds"] > 580
    assert sources_penalised(evil) == penalised | {own}


@escort_only
def test_what_a_gate_of_one_connection_says_on_its_leash_is_little(evil):
    """Its own stranger, and once: here of nothing that it may say."""
    client = evil.client()
    evil.run("""
        for word in (b"\\0", b"\\4", b"\\2", b"\\2", b"\\xee"):
            send(gate.leash, "OUTCOME", word)
        send(gate.leash, "OUTCOME")
        """)
    client.close()
    evil.drop_command()
    assert evil.honest_login()
    assert not sources_penalised(evil)


@shared_only
def test_nonsense_to_any_neighbour_ends_that_socket_only(evil):
    """Last: the evil gate loses its sockets by it."""
    with evil.causes("peer_refused", 2), evil.causes("gate_refused"):
        answers = evil.run("""
            result = []
            for sock in (gate.keyholder, gate.login, gate.ledger):
                sock.sendmsg([b"\\0\\0\\0\\xee" + os.urandom(100)])
                result.append(receive(sock)[0])
            """)
        assert answers == [None] * 3
    for name in ("keyholder", "login", "ledger"):
        for pid in evil.daemon.pids(name):
            os.kill(pid, 0)


@porter_only
def test_who_accepts_for_others_is_given_nobody_to_talk_to(evil):
    assert evil.run("""
        name, body, _ = receive(gate.control, 1)
        result = [name, body.decode()]
        """) == [None, "silence"]


@porter_only
def test_what_is_no_connection_gets_a_gate_that_ends(evil):
    """And the next one that is a connection is served."""
    evil.run("""
        LEASHES = []
        def send_on(fd):
            ours, theirs = talk_pair()
            LEASHES.append(ours)
            send(gate.control, "CONNECTION",
                 u64(7) + string(gate.listener) + claim(),
                 [fd, theirs.fileno()])
            theirs.close()
        for fd in (os.open("/dev/null", os.O_RDWR), gate.control.fileno(),
                   gate.listeners[0].fileno(), talk_pair()[0].detach()):
            send_on(fd)
        """)
    # A leash ends with the gate at its other end, which was there, and had
    # nobody to complain of.
    assert evil.run("""
        result = [[receive(leash, 20)[1].decode() for _ in range(3)]
                  for leash in LEASHES]
        """) == [["\0", "\0", "end"]] * 4
    client = evil.connect(evil.evil_source)
    evil.run("""
        CLIENT = gate.accept()
        send_on(CLIENT.fileno())
        CLIENT.close()
        """)
    client.settimeout(20)
    assert client.recv(4) == b"SSH-"
    client.close()
    assert not evil.daemon.records("process_died")


@porter_only
def test_nonsense_of_a_porter_brings_an_honest_one(evil):
    with evil.causes("process_refused"), evil.causes("process_died"):
        evil.tell(
            'gate.control.sendmsg([b"\\0\\0\\0\\xee" + os.urandom(100)])')
    sallyport.wait_until(evil.honest_login, 20, "the next porter")
