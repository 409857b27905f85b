"""Host keys that a client learns once it is logged in."""

import subprocess
import time

import paramiko
import pytest
from paramiko.message import Message

from houses import listed
from sallyport import wait_until

PROVE = "hostkeys-prove-00@openssh.com"


@pytest.fixture
def rich(make_daemon, keys):
    """A daemon with host keys of two types, and its files."""
    paths = [keys.host["ed25519"], keys.host["rsa"]]
    return make_daemon(server=f"host_keys = {listed(paths)};"), paths


def blob_of(path):
    text = path.with_suffix(".pub").read_text()
    return paramiko.pkey.PublicBlob.from_string(text).key_blob


def log_in(daemon):
    transport = paramiko.Transport(("127.0.0.1", daemon.port))
    transport.connect(username=daemon.user,
                      pkey=paramiko.PKey.from_path(daemon.key)
                      if hasattr(paramiko.PKey, "from_path") else
                      paramiko.Ed25519Key.from_private_key_file(
                          str(daemon.key)))
    return transport


def learn(daemon, known, has_learnt, **options):
    """ssh with the first key known, until the other has come, too."""
    known.write_bytes(subprocess.run(
        ["ssh-keyscan", "-t", "ed25519", "-p", str(daemon.port), "127.0.0.1"],
        check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout)
    options = {
        "IdentitiesOnly": "yes", "IdentityAgent": "none", "BatchMode": "yes",
        "UserKnownHostsFile": known, "GlobalKnownHostsFile": "none",
        "UpdateHostKeys": "yes", "LogLevel": "DEBUG3", **options}
    command = ["ssh", "-F", "none", "-p", str(daemon.port), "-i", daemon.key,
               *(f"-o{name}={value}" for name, value in options.items())]
    with subprocess.Popen(
            [*command, f"{daemon.user}@127.0.0.1", "cat; echo hello"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE) as process:
        try:
            wait_until(has_learnt, 60, "the other key")
        finally:
            out, error = process.communicate(timeout=60)
    return out, error


@pytest.mark.parametrize("algorithms", [
    "ssh-ed25519,rsa-sha2-512", "ssh-ed25519,rsa-sha2-256"])
def test_openssh_learns_the_host_key_it_did_not_know(rich, folder, algorithms):
    daemon, keys = rich
    known = folder / "known"
    blobs = [path.with_suffix(".pub").read_text().split()[1] for path in keys]
    out, _ = learn(daemon, known, lambda: all(
        blob in known.read_text() for blob in blobs),
                   HostKeyAlgorithms=algorithms)
    assert out == b"hello\n"


def test_nothing_is_told_where_it_is_not_wanted(make_daemon, keys, folder):
    paths = [keys.host["ed25519"], keys.host["rsa"]]
    daemon = make_daemon(server=f"host_keys = {listed(paths)}; "
                                "announce_host_keys = false;")
    known = folder / "known"
    # What is told comes before what the command says.
    out, error = learn(daemon, known, lambda: True)
    assert out == b"hello\n"
    assert "ssh-rsa" not in known.read_text()
    assert b"hostkeys-00@openssh.com" not in error
    transport = log_in(daemon)
    assert transport.global_request(PROVE, (blob_of(paths[1]),)) is None
    transport.close()


def test_foreign_and_malformed_ones_are_not_proved(rich):
    daemon, keys = rich
    transport = log_in(daemon)
    ours = [blob_of(path) for path in keys]
    for blobs in ((), (b"foreign",), (ours[0], b"foreign"), (ours[0][:-1],),
                  (b"",), (ours[0],) * 33):
        assert transport.global_request(PROVE, blobs) is None, blobs
    reply = transport.global_request(PROVE, tuple(ours))
    for path, blob in zip(keys, ours):
        signature = reply.get_string()
        data = Message()
        data.add_string(PROVE)
        data.add_string(transport.session_id)
        data.add_string(blob)
        key = paramiko.RSAKey(data=blob) if "rsa" in str(path) else \
            paramiko.Ed25519Key(data=blob)
        assert key.verify_ssh_sig(data.asbytes(), Message(signature))
    transport.close()


def test_a_flood_of_requests_is_answered_at_a_rate(rich):
    """And harms nobody: others log in meanwhile."""
    daemon, keys = rich
    transport = log_in(daemon)
    blob = blob_of(keys[0])
    start = time.monotonic()
    for _ in range(84):
        assert transport.global_request(PROVE, (blob,)) is not None
    assert time.monotonic() - start > 0.7
    for i in range(10000):
        message = Message()
        message.add_byte(b"\x50")
        message.add_string(PROVE)
        message.add_boolean(True)
        message.add_string(blob)
        transport._send_user_message(message)
        if i % 2500 == 0:
            assert daemon.ssh("echo", "hello").stdout == b"hello\n"
    assert daemon.ssh("echo", "hello").stdout == b"hello\n"
    transport.close()


def test_before_a_login_it_ends_the_connection(rich):
    daemon, keys = rich
    transport = paramiko.Transport(("127.0.0.1", daemon.port))
    transport.start_client()
    message = Message()
    message.add_byte(b"\x50")
    message.add_string(PROVE)
    message.add_boolean(True)
    message.add_string(blob_of(keys[0]))
    transport._send_message(message)
    transport.join(60)
    assert not transport.is_active()
    transport.close()
