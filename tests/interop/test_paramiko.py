"""What users of Python's paramiko expect of a login."""

import hashlib
import os
import socket
import threading
import warnings

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    paramiko = pytest.importorskip("paramiko")


@pytest.fixture
def client(daemon):
    with paramiko.SSHClient() as it:
        it.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        it.connect("127.0.0.1", daemon.port, daemon.user, timeout=120,
                   key_filename=str(daemon.key), allow_agent=False,
                   look_for_keys=False)
        yield it


def open_channel(client):
    channel = client.get_transport().open_session(timeout=120)
    channel.settimeout(120)
    return channel


def read_all(channel):
    found = b""
    while block := channel.recv(65536):
        found += block
    return found


def read_until(channel, wanted):
    found = b""
    while wanted not in found:
        block = channel.recv(65536)
        assert block, found
        found += block
    return found


def test_without_a_common_cipher_it_is_told_at_once(make_daemon):
    daemon = make_daemon(server='crypto = { cipher = "-*ctr,*gcm*"; };')
    with socket.create_connection(("127.0.0.1", daemon.port), 30) as s:
        transport = paramiko.Transport(s)
        transport.get_security_options().ciphers = ["aes128-ctr"]
        with pytest.raises(paramiko.SSHException):
            transport.start_client(timeout=120)
        transport.close()
    records = daemon.records("negotiation_failed")
    assert len(records) == 1
    assert "cipher" in records[0]["reason"]


def test_status_and_stderr_come_back_apart(client):
    channel = open_channel(client)
    channel.exec_command("echo out; echo err >&2; exit 42")
    assert read_all(channel) == b"out\n"
    assert channel.recv_stderr(100) == b"err\n"
    assert channel.recv_exit_status() == 42


def test_10_megabytes_pass_both_ways_through_a_rekey(client):
    data = os.urandom(10 * 1024 * 1024)
    channel = open_channel(client)
    channel.exec_command("cat")

    def send():
        half = len(data) // 2
        channel.sendall(data[:half])
        client.get_transport().renegotiate_keys()
        channel.sendall(data[half:])
        channel.shutdown_write()

    sender = threading.Thread(target=send)
    sender.start()
    found = read_all(channel)
    sender.join(120)
    assert hashlib.sha256(found).digest() == hashlib.sha256(data).digest()


def test_a_terminal_has_its_size_and_follows_it(client):
    channel = open_channel(client)
    channel.get_pty("xterm-test", 100, 30)
    channel.invoke_shell()
    channel.sendall(b"stty size; echo t=$TERM\n")
    read_until(channel, b"t=xterm-test\r\n")
    channel.resize_pty(120, 40)
    channel.sendall(b"stty size\n")
    read_until(channel, b"\n40 120\r\n")
    channel.sendall(b"exit 7\n")
    assert channel.recv_exit_status() == 7


def test_output_comes_after_the_end_of_input(client):
    channel = open_channel(client)
    channel.exec_command("cat >/dev/null; sleep 0.2; echo after")
    channel.sendall(b"x" * 1000)
    channel.shutdown_write()
    assert read_all(channel) == b"after\n"
    assert channel.recv_exit_status() == 0


def test_10_channels_share_a_connection(client):
    channels = [open_channel(client) for _ in range(10)]
    for i, channel in enumerate(channels):
        channel.exec_command(f"sleep 0.2; echo {i}; exit {i}")
    for i, channel in enumerate(channels):
        assert read_all(channel) == b"%d\n" % i
        assert channel.recv_exit_status() == i


def test_who_wants_no_more_sessions_is_given_none(client):
    transport = client.get_transport()
    channel = open_channel(client)
    assert transport.global_request(
        "no-more-sessions@openssh.com", wait=True) is not None
    with pytest.raises(paramiko.ChannelException) as refused:
        open_channel(client)
    assert refused.value.code == 1
    # What is open already goes on; and another request is not known.
    assert transport.global_request("no-such-thing", wait=True) is None
    channel.exec_command("echo on")
    assert read_all(channel) == b"on\n"


@pytest.mark.parametrize("kind, arguments", [
    ("no-such-thing", ()),
    ("forwarded-tcpip", (("127.0.0.1", 1), ("127.0.0.1", 2))),
    ("auth-agent@openssh.com", ()),
])
def test_a_channel_of_a_type_nobody_serves_is_refused_as_unknown(
        client, kind, arguments):
    transport = client.get_transport()
    with pytest.raises(paramiko.ChannelException) as refused:
        transport.open_channel(kind, *arguments)
    assert refused.value.code == 3
    # And costs nothing else.
    channel = open_channel(client)
    channel.exec_command("echo on")
    assert read_all(channel) == b"on\n"


def test_a_wrong_key_is_refused(daemon):
    with paramiko.SSHClient() as it:
        it.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        with pytest.raises(paramiko.AuthenticationException):
            it.connect("127.0.0.1", daemon.port, daemon.user, timeout=120,
                       pkey=paramiko.RSAKey.generate(2048),
                       allow_agent=False, look_for_keys=False)


def test_who_asks_for_the_service_again_may_try_another_key(daemon):
    """It does so before each attempt, on one connection."""
    with socket.create_connection(("127.0.0.1", daemon.port), 30) as s:
        transport = paramiko.Transport(s)
        transport.start_client(timeout=120)
        with pytest.raises(paramiko.AuthenticationException):
            transport.auth_publickey(daemon.user, paramiko.RSAKey.generate(
                2048))
        transport.auth_publickey(
            daemon.user, paramiko.Ed25519Key(filename=str(daemon.key)))
        assert transport.is_authenticated()
        transport.close()
