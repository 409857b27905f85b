"""Host keys that a client learns once it is logged in."""

import subprocess
import time

import paramiko
import pytest
from paramiko.message import Message

from test_openssh_keys import host_keys

PROVE = "hostkeys-prove-00@openssh.com"


@pytest.fixture
def rich(make_daemon, folder):
    """A daemon with host keys of two types, and its files."""
    keys = host_keys(folder, [("ed25519", "256"), ("rsa", "2048")])
    files = ", ".join(f'"{path}"' for path in keys)
    return make_daemon(server=f"host_keys = [ {files} ];"), keys


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


def learn(daemon, folder, known, **options):
    names = [f"{name}={value}" for name, value in options.items()]
    lines = subprocess.run(
        ["ssh-keyscan", "-t", "ed25519", "-p", str(daemon.port), "127.0.0.1"],
        check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout
    known.write_bytes(lines)
    command = ["ssh", "-F", "none", "-p", str(daemon.port), "-i", daemon.key,
               "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none",
               "-o", "BatchMode=yes", "-o", f"UserKnownHostsFile={known}",
               "-o", "GlobalKnownHostsFile=none", "-o", "UpdateHostKeys=yes",
               "-o", "LogLevel=DEBUG3"]
    for name in names:
        command += ["-o", name]
    return subprocess.run(
        [*command, f"{daemon.user}@127.0.0.1", "sleep 1; echo hello"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, timeout=60, check=False)


@pytest.mark.parametrize("algorithms", [
    "ssh-ed25519,rsa-sha2-512", "ssh-ed25519,rsa-sha2-256"])
def test_openssh_learns_the_host_key_it_did_not_know(rich, folder, algorithms):
    daemon, keys = rich
    known = folder / "known"
    done = learn(daemon, folder, known, HostKeyAlgorithms=algorithms)
    assert done.stdout == b"hello\n", done.stderr.decode()
    text = known.read_text()
    for path in keys:
        assert path.with_suffix(".pub").read_text().split()[1] in text, \
            done.stderr.decode()


def test_nothing_is_told_where_it_is_not_wanted(make_daemon, folder):
    keys = host_keys(folder, [("ed25519", "256"), ("rsa", "2048")])
    files = ", ".join(f'"{path}"' for path in keys)
    daemon = make_daemon(server=f"host_keys = [ {files} ]; "
                                "announce_host_keys = false;")
    known = folder / "known"
    done = learn(daemon, folder, known)
    assert done.stdout == b"hello\n"
    assert "ssh-rsa" not in known.read_text()
    assert b"hostkeys-00@openssh.com" not in done.stderr
    transport = log_in(daemon)
    assert transport.global_request(PROVE, (blob_of(keys[1]),)) is None
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
    transport.join(10)
    assert not transport.is_active()
    transport.close()
