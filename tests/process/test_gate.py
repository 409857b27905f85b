"""The gate alone: what it sends to whom, what it never does, its limits."""

import asyncio
import contextlib
import os
import pathlib
import struct
import subprocess
import threading
import time

import asyncssh
import pytest

import gatehouse
import sallyport
from gatehouse import (Gatehouse, banner, is_closed, kexinit, packet,
                       said_to, string)

from fixtures import needs_root


@pytest.fixture
def make_gate():
    with contextlib.ExitStack() as running:
        def make(complete=True, **settings):
            gate = Gatehouse(**settings)
            running.callback(gate.stop)
            return gate.start(complete)

        yield make


@pytest.fixture
def gate(make_gate):
    return make_gate()


class Client(threading.Thread):
    """A stock client that tries to log in with keys, in a thread."""

    def __init__(self, gate, keys=None, **options):
        super().__init__(daemon=True)
        self.gate = gate
        self.keys = keys or [asyncssh.generate_private_key("ssh-ed25519")]
        self.options = options
        self.error = None
        self.connection = None
        self.start()

    def run(self):
        asyncio.run(self.log_in())

    async def log_in(self):
        try:
            await asyncssh.connect(
                "127.0.0.1", self.gate.port, username="alice",
                client_keys=self.keys, known_hosts=None, agent_path=None,
                config=None, **self.options)
        except (OSError, asyncssh.Error) as error:
            self.error = error

    def wait(self):
        self.join(10)
        assert not self.is_alive()
        return self.error


def is_sanitized(gate):
    """Such a build cannot have its system calls denied, and says so."""
    return any("seccomp" in record.get("detail", "")
               for record in gate.records)


# ---- starting ----

def test_it_says_ready_and_lets_nobody_in_before_it_can_serve(make_gate):
    gate = make_gate(complete=False)
    gate.give_listener()
    stranger = gate.connect()
    stranger.settimeout(0.2)
    for step in (gate.give_keys, gate.give_keyholder, gate.give_login):
        with pytest.raises(TimeoutError):
            stranger.recv(1)
        step()
    stranger.settimeout(5)
    assert banner(stranger) == b"SSH-2.0-Sallyport_test\r\n"


def test_a_listener_that_comes_late_is_served(gate):
    gate.give_listener()
    assert banner(gate.connect()) == b"SSH-2.0-Sallyport_test\r\n"


def test_it_is_confined(gate):
    status = pathlib.Path(f"/proc/{gate.process.pid}/status").read_text()
    assert "NoNewPrivs:\t1" in status
    if is_sanitized(gate):
        pytest.skip("built without seccomp, as a sanitizer needs it")
    assert "Seccomp:\t2" in status


@needs_root
def test_it_is_nobody_and_has_no_files(gate):
    status = pathlib.Path(f"/proc/{gate.process.pid}/status").read_text()
    uids = status.split("Uid:\t")[1].split("\n")[0].split("\t")
    assert len(set(uids)) == 1 and uids[0] not in ("0", "65534")
    assert "CapEff:\t0000000000000000" in status
    assert "Groups:\t \n" in status
    assert os.listdir(f"/proc/{gate.process.pid}/root/") == []


def test_it_holds_no_channel_code():
    names = subprocess.run(["nm", gatehouse.GATE], check=True,
                           capture_output=True, text=True).stdout
    assert " stranger_welcome" in names
    for word in ("channel_", "connection_new", "flow_", "relay_"):
        assert f" {word}" not in names and f" sp_{word}" not in names, word


# ---- the key exchange ----

def test_the_keyholder_signs_and_the_session_id_is_its_hash(gate):
    client = Client(gate)
    talk = gate.next_login()
    assert len(gate.keyholder.session_ids) == 1
    assert talk.ticket == gate.keyholder.tickets[0]
    talk.fail(disconnect=True)
    assert client.wait() is not None


def test_a_refused_signature_ends_the_connection(gate):
    gate.keyholder.refuses = True
    assert Client(gate).wait() is not None
    end, = gate.wait_for_ends(1)
    assert end["event"] == "CONNECTION_FAILED"


def test_a_new_keyholder_is_asked_what_the_old_one_did_not_answer(gate):
    gate.keyholder.free.clear()
    client = Client(gate)
    time.sleep(0.2)
    gate.keyholder.die()
    time.sleep(0.1)
    gate.keyholder.free.set()
    gate.give_keyholder()
    gate.next_login().fail(disconnect=True)
    assert client.wait() is not None


# ---- authentication ----

def test_none_is_answered_here_and_starts_no_login(make_gate):
    gate = make_gate(methods="publickey,keyboard-interactive")
    done = subprocess.run(
        ["ssh", "-v", "-F", "none", "-p", str(gate.port),
         "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
         "-o", "PreferredAuthentications=none", "-o", "BatchMode=yes",
         "alice@127.0.0.1"], capture_output=True, text=True, timeout=10)
    assert "that can continue: publickey,keyboard-interactive" in done.stderr
    assert gate.has_no_login()
    gate.wait_for_ends(1)


def test_where_there_are_banners_none_is_a_logins_business(make_gate):
    client = Client(make_gate(hears_none=True))
    talk = client.gate.next_login()
    assert talk.requests[0].method == "none"
    talk.banner("hello")
    talk.fail()
    assert talk.next_request().method == "publickey"
    talk.fail(disconnect=True)
    assert client.wait() is not None


def test_the_first_request_starts_a_login_with_socket_and_ticket(gate):
    client = Client(gate)
    talk = gate.next_login()
    request, = talk.requests
    assert (request.user, request.service, request.method) == \
        ("alice", "ssh-connection", "publickey")
    assert request.key == client.keys[0].public_data
    assert talk.connection == 1
    assert talk.stranger.getsockname() == ("127.0.0.1", gate.port)
    assert talk.stranger.getpeername()[0] == "127.0.0.1"
    talk.fail(disconnect=True)
    client.wait()


def test_further_requests_go_to_the_same_login(gate):
    keys = [asyncssh.generate_private_key("ssh-ed25519") for _ in range(3)]
    client = Client(gate, keys)
    talk = gate.next_login()
    assert talk.requests[0].key == keys[0].public_data
    talk.fail()
    assert talk.next_request().key == keys[1].public_data
    talk.fail()
    assert talk.next_request().key == keys[2].public_data
    talk.fail()
    assert isinstance(client.wait(), asyncssh.PermissionDenied)
    assert talk.is_closed()
    assert gate.has_no_login()
    gate.wait_for_ends(1)


def accepted_talk(gate):
    """A talk whose stranger has proved himself and been believed."""
    client = Client(gate)
    talk = gate.next_login()
    if not talk.requests[-1].is_signed:
        talk.key_ok()
        talk.next_request()
    assert talk.requests[-1].is_signed
    return client, talk


def test_the_connection_is_handed_over_and_no_trace_stays(gate):
    _, talk = accepted_talk(gate)
    descriptors = f"/proc/{gate.process.pid}/fd"
    export = talk.accept()
    assert gate.keyholder.session_ids[0] in export
    assert talk.is_closed()
    assert gate.ends() == []
    talk.stranger.settimeout(0.2)
    with pytest.raises(TimeoutError):
        talk.stranger.recv(1)
    if sallyport.is_root():
        kinds = [os.readlink(f"{descriptors}/{fd}")
                 for fd in os.listdir(descriptors)]
        # Control, log, keyholder, login, listener, and the spare pair.
        assert len([k for k in kinds if k.startswith("socket:")]) == 7
    talk.close()


def test_a_login_that_dies_ends_the_connection(gate):
    client = Client(gate)
    gate.next_login().close()
    assert client.wait() is not None
    end, = gate.wait_for_ends(1)
    assert end["event"] == "CONNECTION_FAILED"
    assert "without a verdict" in end["reason"]
    assert gate.has_no_login()


def test_a_login_that_has_had_enough_logs_it_itself(gate):
    client = Client(gate)
    gate.next_login().fail(disconnect=True)
    assert client.wait() is not None
    time.sleep(0.1)
    assert gate.ends() == []


def test_an_answer_that_nothing_was_asked_for_ends_the_connection(gate):
    client = Client(gate)
    talk = gate.next_login()
    talk.fail()
    with contextlib.suppress(BrokenPipeError):  # its client may go sooner
        talk.fail()
    client.wait()
    assert talk.is_closed()
    gate.wait_for_ends(1)


def test_an_acceptance_of_a_mere_question_hands_nothing_over(gate):
    client = Client(gate)
    talk = gate.next_login()
    if talk.requests[-1].is_signed:
        pytest.skip("this client does not ask first")
    gatehouse.send(talk.socket, "AUTH_ACCEPTED")
    assert talk.is_closed()
    assert client.wait() is not None
    end, = gate.wait_for_ends(1)
    assert end["event"] == "CONNECTION_FAILED"


@pytest.mark.parametrize("name, body", [
    ("SIGNED", b"\0" * 16), ("AUTH_FAILED", b"\0"), ("READY", b""),
    ("AUTH_FAILED", gatehouse.string("a,,b") + b"\0\0")])
def test_a_login_that_breaks_the_rules_loses_its_stranger(gate, name, body):
    client = Client(gate)
    talk = gate.next_login()
    gatehouse.send(talk.socket, name, body)
    assert talk.is_closed()
    assert client.wait() is not None
    gate.wait_for_ends(1)


def test_a_stranger_who_leaves_takes_his_login_with_him(gate, tmp_path):
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key],
                   check=True)
    client = subprocess.Popen(
        ["ssh", "-F", "none", "-p", str(gate.port), "-i", str(key),
         "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
         "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "alice@127.0.0.1"],
        stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    talk = gate.next_login()
    client.kill()
    client.wait()
    talk.stranger.close()
    assert talk.is_closed()
    end, = gate.wait_for_ends(1)
    assert end["event"] in ("CONNECTION_CLOSED_BY_USER", "CONNECTION_RESET")
    assert end["port"] > 0 and end["address"] == "127.0.0.1"


def test_a_new_login_program_gets_the_next_strangers(gate):
    first = gate.login
    gate.give_login()
    client = Client(gate)
    gate.next_login().fail(disconnect=True)
    client.wait()
    assert gatehouse.receive(first) is None


def test_strangers_wait_for_a_login_program_that_died(gate):
    gate.login.close()
    client = Client(gate)
    time.sleep(0.3)
    gate.give_login()
    gate.next_login().fail(disconnect=True)
    client.wait()


def said_to_ssh(gate, **answer):
    """What OpenSSH shows of a text and an ending."""
    key = gate.folder / "key"
    if not key.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                        "-f", key], check=True)
    ssh = subprocess.Popen(
        ["ssh", "-F", "none", "-p", str(gate.port), "-i", str(key),
         "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
         "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
         "alice@127.0.0.1"], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    talk = gate.next_login()
    for text in answer.get("texts", ()):
        talk.banner(text)
    if "ending" in answer:
        talk.end(answer["ending"])
    return ssh.communicate(timeout=10)[1].decode()


def test_each_ending_is_told_in_its_own_words(gate, tmp_path):
    gate.folder = tmp_path
    told = [said_to_ssh(gate, ending=n) for n in range(1, 5)]
    assert "Too many authentication failures" in told[0]
    assert "not allowed" in told[1]
    assert "not possible at present" in told[2]
    assert "could not be set up" in told[3]
    # The login has logged why.
    assert not gate.ends()


def test_an_ending_that_there_is_not_ends_as_well(gate, tmp_path):
    gate.folder = tmp_path
    assert "cannot go on" in said_to_ssh(gate, ending=6)
    gate.wait_for_ends(1)


def test_a_text_of_the_logins_comes_before_the_answer(gate, tmp_path):
    gate.folder = tmp_path
    told = said_to_ssh(gate, texts=["Back at noon.\r\n"], ending=3)
    assert told.index("Back at noon.") < told.index("not possible")


@pytest.mark.parametrize("texts", [["x\0y"], ["x"] * 17, ["x" * 8001]])
def test_texts_have_a_maximum(gate, tmp_path, texts):
    gate.folder = tmp_path
    assert "cannot go on" in said_to_ssh(gate, texts=texts)
    gate.wait_for_ends(1)


# ---- limits ----

def answers(sock, seconds=0.3):
    sock.settimeout(seconds)
    try:
        return bool(sock.recv(1))
    except TimeoutError:
        return False
    finally:
        sock.settimeout(5)


def test_silence_is_ended_when_login_time_is_over(make_gate):
    gate = make_gate(login_time=500)
    begin = time.monotonic()
    strangers = [gate.connect() for _ in range(3)]
    for stranger in strangers:
        assert is_closed(stranger)
    assert 0.4 < time.monotonic() - begin < 2
    ends = gate.wait_for_ends(3)
    assert {e["event"] for e in ends} == {"CONNECTION_TIMED_OUT"}
    assert {e["port"] for e in ends} == \
        {e["port"] for e in gate.records if e["event"] == "CONNECTION_OPENED"}


def test_login_time_holds_while_a_login_thinks(make_gate):
    gate = make_gate(login_time=700)
    client = Client(gate)
    talk = gate.next_login()
    assert talk.is_closed()
    assert client.wait() is not None
    end, = gate.wait_for_ends(1)
    assert end["event"] == "CONNECTION_TIMED_OUT"


def test_a_source_has_its_share_and_others_theirs(make_gate):
    gate = make_gate(per_source=3)
    held = [gate.connect() for _ in range(3)]
    assert all(banner(each) for each in held)
    assert is_closed(gate.connect())
    other = gate.connect("127.0.0.2")
    assert banner(other)
    end, = gate.wait_for_ends(1)
    assert end["event"] == "CONNECTION_REFUSED"
    held[0].close()
    sallyport.wait_until(lambda: banner(gate.connect()), what="a free place")


def test_where_sources_are_not_steered_a_source_has_a_part_of_its_share(
        make_gate):
    gate = make_gate(complete=False, per_source=5, gates=2)
    gate.give_keys()
    gate.give_keyholder()
    gate.give_login()
    gate.give_listener(is_steered=False)
    held = [gate.connect() for _ in range(2)]
    assert all(banner(each) for each in held)
    assert is_closed(gate.connect())
    other = gate.connect("127.0.0.2")
    assert banner(other)
    gate.wait_for_ends(1)


def test_between_two_keyholders_nobody_is_let_in_and_nobody_refused(gate):
    early = gate.connect()
    assert banner(early)
    gate.keyholder.die()
    time.sleep(0.1)
    client = Client(gate)
    late = gate.connect()
    late.settimeout(0.3)
    with pytest.raises(TimeoutError):
        late.recv(1)
    before = gate.cpu_seconds()
    time.sleep(0.5)
    assert gate.cpu_seconds() - before <= 0.02
    gate.give_keyholder()
    late.settimeout(5)
    assert banner(late)
    gate.next_login().fail(disconnect=True)
    assert client.wait() is not None


def test_a_full_gate_loses_the_oldest_of_the_largest_source(make_gate):
    gate = make_gate(max_waiting=10, gates=2)
    quiet = gate.connect("127.0.0.2")
    loud = [gate.connect("127.0.0.3") for _ in range(4)]
    for each in (quiet, *loud):
        assert banner(each)
    newcomer = gate.connect("127.0.0.4")
    assert banner(newcomer)
    assert is_closed(loud[0])
    end, = gate.wait_for_ends(1)
    assert end["event"] == "CONNECTION_REFUSED"
    assert end["address"] == "127.0.0.3"
    for each in (quiet, newcomer, *loud[1:]):
        assert not is_closed(each, 0.05)


def test_a_full_gate_of_as_many_sources_loses_the_oldest(make_gate):
    gate = make_gate(max_waiting=5)
    strangers = []
    for number in range(1, 11):
        strangers.append(gate.connect(f"127.0.6.{number}"))
        assert banner(strangers[-1])
    assert gate.process.poll() is None
    for old in strangers[:5]:
        assert is_closed(old)
    for new in strangers[5:]:
        assert not is_closed(new, 0.05)
    ends = gate.wait_for_ends(5)
    assert [end["address"] for end in ends] == [
        f"127.0.6.{number}" for number in range(1, 6)]


def test_refusals_flood_no_log(make_gate):
    gate = make_gate(per_source=1)
    held = gate.connect()
    assert banner(held)
    for _ in range(200):
        gate.connect().close()
    time.sleep(1.1)
    gate.connect().close()
    sallyport.wait_until(
        lambda: "more were not told" in gate.ends()[-1].get("reason", ""),
        what="the count of refusals left out")
    assert len(gate.ends()) < 60


def test_without_descriptors_it_waits_and_does_not_spin(make_gate):
    gate = make_gate(max_fds=30)
    held = [gate.connect() for _ in range(30)]
    accepted = [each for each in held if answers(each)]
    assert 10 < len(accepted) < 30
    before = gate.cpu_seconds()
    time.sleep(0.5)
    assert gate.cpu_seconds() - before < 0.05
    end, = gate.wait_for_ends(1)
    assert end["event"] == "PROCESS_FAILED" and "open files" in end["reason"]
    waiting = [each for each in held if each not in accepted]
    for each in accepted:
        each.close()
    assert all(banner(each) for each in waiting)


# ---- hostility ----

SSH = b"SSH-2.0-x\r\n"
STRICT = "curve25519-sha256,kex-strict-c-v00@openssh.com"
POINT = string(b"\x09" + bytes(31))

# What a stranger says, and the reason that he is told at the end; None where
# there are keys by then.
FIRST_BYTES = {
    "http": (b"GET / HTTP/1.0\r\n\r\n", 2),
    "old": (b"SSH-1.5-old\r\n", 8),
    "endless": (b"S" * 300, 2),
    "long": (b"SSH-2.0-" + b"x" * 300 + b"\r\n", 2),
    "nul": (b"SSH-2.0-\0\r\n", 2),
    "zero": (SSH + bytes(64), 2),
    "huge": (SSH + b"\xff\xff\xff\xff" + bytes(60), 2),
    "random": (SSH + bytes(range(256)) * 3, 2),
    "all padding": (SSH + b"\0\0\0\x0c\x0c" + bytes(11), 2),
    "service": (SSH + b"\0\0\0\x0c\x0a\x05" + bytes(10), 2),
    "service in full": (SSH + packet(b"\5" + string("ssh-userauth")), 2),
    "request": (SSH + packet(b"\x32" + string("a") * 3), 2),
    "channel": (SSH + packet(b"\x5a" + string("session") + bytes(12)), 2),
    "nothing": (SSH + packet(b""), 2),
    "unknown": (SSH + packet(b"\xc8abc"), 2),
    "ours": (SSH + packet(b"\x1f" + POINT * 3), 2),
    "keys at once": (SSH + packet(b"\x15"), 2),
    "value at once": (SSH + packet(b"\x1e" + POINT), 2),
    "short kexinit": (SSH + packet(kexinit(end=b"")), 2),
    "longer kexinit": (SSH + packet(kexinit(end=bytes(6))), 2),
    "no kexinit": (SSH + packet(b"\x14" + bytes(16)), 2),
    "bad names": (SSH + packet(kexinit("a,,b")), 2),
    "nothing in common": (SSH + packet(kexinit("none-of-yours")), 3),
    "two of them": (SSH + packet(kexinit()) * 2, 2),
    "early keys": (SSH + packet(kexinit()) + packet(b"\x15"), 2),
    "early service": (SSH + packet(kexinit()) +
                      packet(b"\5" + string("ssh-userauth")), 2),
    "noise in strict": (SSH + packet(kexinit(STRICT)) +
                        packet(b"\2" + string("noise")), 3),
    "short value": (SSH + packet(kexinit()) +
                    packet(b"\x1e" + string(bytes(31))), 3),
    "null value": (SSH + packet(kexinit()) +
                   packet(b"\x1e" + string(bytes(32))), 3),
    "no value": (SSH + packet(kexinit()) + packet(b"\x1e"), 2),
    "more than a value": (SSH + packet(kexinit()) +
                          packet(b"\x1e" + POINT + b"\0"), 2),
    "two values": (SSH + packet(kexinit()) + packet(b"\x1e" + POINT) * 2, None),
}


@pytest.mark.parametrize("kind", FIRST_BYTES)
def test_hostile_first_bytes_get_one_end_and_one_line(gate, kind):
    data, reason = FIRST_BYTES[kind]
    stranger = gate.connect()
    stranger.sendall(data)
    payloads = said_to(stranger)
    end, = gate.wait_for_ends(1)
    numbers = [each[0] for each in payloads]
    if reason is None:
        assert numbers == [20, 31, 21]
    else:
        assert numbers in ([1], [20, 1])
        fields = gatehouse.Reader(payloads[-1])
        assert (fields.u8(), fields.u32()) == (1, reason)
        text = fields.string().decode("ascii")
        assert fields.string() == b""
        fields.done()
        # The same words for him and for the log, but where OpenSSH has its own.
        assert text
        if end["event"] == "CONNECTION_FAILED":
            assert end["reason"] == text
        else:
            assert end["event"] in ("IDENTIFICATION_FAILED",
                                    "NEGOTIATION_FAILED")
    assert banner(gate.connect())


def test_nothing_in_common_is_said_as_openssh_says_it(gate):
    client = Client(gate, encryption_algs=["aes128-ctr"])
    assert client.wait() is not None
    end, = gate.wait_for_ends(1)
    assert end["event"] == "NEGOTIATION_FAILED"
    assert end["reason"] == "no matching cipher found"


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-x\r\n", b"SSH-2.0-"])
def test_leaving_early_is_one_line(gate, said):
    stranger = gate.connect()
    assert banner(stranger)
    stranger.sendall(said)
    stranger.close()
    end, = gate.wait_for_ends(1)
    assert end["event"] in ("CONNECTION_CLOSED", "CONNECTION_RESET")


def test_what_a_dead_login_had_not_looked_at_the_next_is_asked(gate):
    client = Client(gate)
    sallyport.wait_until(lambda: gate.keyholder.tickets, what="an exchange")
    time.sleep(0.5)
    gate.login.close()
    time.sleep(0.3)
    gate.give_login()
    talk = gate.next_login()
    assert talk.ticket == gate.keyholder.tickets[0]
    talk.close()
    assert client.wait() is not None


def test_a_dead_login_that_had_looked_at_it_was_the_last(gate):
    client = Client(gate)
    talk = gate.next_login()
    talk.key_ok()
    talk.next_request()
    gate.login.close()
    talk.close()
    assert client.wait() is not None
    gate.give_login()
    assert gate.has_no_login()


def test_a_login_that_refuses_is_not_asked_again(gate):
    client = Client(gate)
    gate.next_login().close()
    assert client.wait() is not None
    assert gate.has_no_login()
    assert "without a verdict" in gate.wait_for_ends(1)[0]["reason"]


# ---- turns ----

def test_one_source_with_many_exchanges_delays_no_other_for_long(gate):
    gate.keyholder.seconds = 0.02
    greedy = [gate.connect("127.0.5.1") for _ in range(200)]
    for each in greedy:
        gatehouse.begin_exchange(each)
    sallyport.wait_until(lambda: gate.keyholder.tickets)
    start = time.monotonic()
    other = gate.connect("127.0.5.2")
    gatehouse.begin_exchange(other)
    banner(other)
    data = b""
    # KEX_ECDH_REPLY and the host key that it begins with.
    while b"\x1f" + struct.pack(">I", 51) not in data:
        data += other.recv(65536)
    # The eight that were asked for before, one of the other, and his own.
    assert time.monotonic() - start < 0.02 * 10 + 0.3
    assert len(gate.keyholder.tickets) < 100


# ---- ends ----

def test_a_retired_gate_finishes_what_is_there(gate):
    client, talk = accepted_talk(gate)
    gate.retire()
    time.sleep(0.1)
    with pytest.raises(ConnectionRefusedError):
        gate.connect()
    assert gate.process.poll() is None
    assert talk.accept()
    assert gate.process.wait(5) == 0
    talk.close()
    client.join(1)


def test_without_strangers_it_retires_at_once(gate):
    gate.retire()
    assert gate.process.wait(5) == 0


def test_without_a_supervisor_it_finishes_and_ends(gate):
    stranger = gate.connect()
    assert banner(stranger)
    gate.control.close()
    time.sleep(0.2)
    assert gate.process.poll() is None
    stranger.close()
    assert gate.process.wait(5) == 0


# ---- cost ----

def test_holding_strangers_costs_no_time(gate):
    held = [gate.connect() for _ in range(50)]
    assert all(banner(each) for each in held)
    time.sleep(1.5)
    before = gate.cpu_seconds()
    time.sleep(1)
    assert gate.cpu_seconds() - before <= 0.01


@needs_root
def test_an_idle_stranger_costs_little_memory(gate):
    count = 1000
    if not gatehouse.raise_own_fd_limit(3000):
        pytest.skip("cannot hold so many sockets")
    warm = [gate.connect() for _ in range(50)]
    assert all(banner(each) for each in warm)
    time.sleep(1.3)
    before = gate.pss()
    held = [gate.connect() for _ in range(count)]
    for each in held:
        assert banner(each)
        each.sendall(b"SSH-2.0-idle\r\n")
    time.sleep(1.3)
    each = (gate.pss() - before) / count
    assert each <= 40, f"{each:.1f} KiB"


@needs_root
def test_memory_that_strangers_take_has_a_bound(gate):
    if is_sanitized(gate):
        pytest.skip("a sanitizer counts memory in its own way")
    if not gatehouse.raise_own_fd_limit(10000):
        pytest.skip("cannot hold so many sockets")
    packet = b"SSH-2.0-x\r\n\0\0\x88\xac\x0a\x14" + bytes(33000)
    held = []
    for i in range(8000):
        held.append(gate.connect(f"127.0.{i // 200}.{i % 200 + 1}"))
        held[-1].sendall(packet)
    time.sleep(0.5)
    assert gate.pss() < 300 * 1024
    reasons = {end["reason"] for end in gate.ends()}
    assert reasons and all("memory" in reason for reason in reasons)
    # All of it is to be read before, which a busy machine takes its time for.
    last = gate.connect("127.9.9.9")
    last.settimeout(60)
    assert banner(last)
