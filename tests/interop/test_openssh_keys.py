"""OpenSSH's ssh with every type of host key and of user key."""

import subprocess

import pytest

from houses import TYPES, listed
from rotation import KEYS

HOST_KEYS = {name: kind for name, kind in KEYS.items() if kind in TYPES}


def make_key(path, kind, bits):
    if not path.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-b", bits, "-N", "",
                        "-f", path], check=True)
    return path


def settings(keys, algorithms):
    return (f"host_keys = {listed(keys)}; "
            f"crypto = {{ host_key = {listed(algorithms)}; }};")


def algorithm_used(done):
    for line in done.stderr.decode().splitlines():
        if "kex: host key algorithm: " in line:
            return line.rpartition(" ")[2]
    return None


def test_every_type_of_host_key_is_verified(make_daemon, keys):
    daemon = make_daemon(server=settings(keys.host.all(), HOST_KEYS))
    for name in HOST_KEYS:
        done = daemon.ssh("echo", name, options=[
            f"HostKeyAlgorithms={name}", "LogLevel=DEBUG1"])
        assert done.stdout.decode().strip() == name, done.stderr
        assert algorithm_used(done) == name
    fingerprints = {record["fingerprint"]
                    for record in daemon.records("host_key")}
    assert len(fingerprints) == len(TYPES)
    assert len(daemon.records("host_key")) == len(TYPES)


def test_host_keys_of_nist_are_offered_only_where_listed(make_daemon, keys):
    daemon = make_daemon(server=f"host_keys = {listed(keys.host.all())};")
    for name in HOST_KEYS:
        done = daemon.ssh("true", options=[f"HostKeyAlgorithms={name}"])
        assert (done.returncode == 0) == (not name.startswith("ecdsa"))
    unused = {record["algorithm"]
              for record in daemon.records("host_key_unused")}
    assert unused == {name for name in HOST_KEYS
                      if name.startswith("ecdsa")}
    done = daemon.ssh("true", options=["HostKeyAlgorithms=ssh-rsa"])
    assert done.returncode == 255


def test_a_daemon_whose_keys_nobody_can_use_does_not_start(make_daemon, keys):
    with pytest.raises(AssertionError, match="no host key signs with"):
        make_daemon(server=f'host_keys = "{keys.host["ecdsa256"]}";')


def give(daemon, path):
    """Has the users take this key, and the client show it."""
    daemon.key = path
    daemon.key_file()
    daemon.make_accounts()


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_of_user_key_lets_in(daemon, keys, kind):
    give(daemon, keys.user[kind])
    done = daemon.ssh("echo", "hello")
    assert done.stdout == b"hello\n", done.stderr
    daemon.key = keys.stranger[kind]
    assert daemon.ssh("true").returncode == 255


def test_an_rsa_key_never_signs_with_sha1(daemon, keys):
    give(daemon, keys.user["rsa"])
    for name in ("rsa-sha2-512", "rsa-sha2-256"):
        done = daemon.ssh("true", options=[f"PubkeyAcceptedAlgorithms={name}"])
        assert done.returncode == 0, done.stderr
    done = daemon.ssh("true", options=["PubkeyAcceptedAlgorithms=ssh-rsa"])
    assert done.returncode == 255


def test_an_rsa_key_of_1024_bits_is_refused(daemon, folder):
    give(daemon, make_key(folder / "key", "rsa", "1024"))
    done = daemon.ssh("true", options=["RequiredRSASize=1024"])
    assert done.returncode == 255


def test_a_certificate_in_a_key_file_lets_nobody_in(daemon, folder):
    """Nobody has asked whose it is and for how long."""
    key = make_key(folder / "key", "ed25519", "256")
    authority = make_key(folder / "authority", "ed25519", "256")
    subprocess.run(["ssh-keygen", "-q", "-s", authority, "-I", "alice", "-n",
                    daemon.user, key.with_suffix(".pub")], check=True)
    certificate = folder / "key-cert.pub"
    certificate.rename(folder / "certificate.pub")
    give(daemon, folder / "certificate")
    done = daemon.ssh("true", options=[
        f"IdentityFile={key}", f"CertificateFile={folder}/certificate.pub"])
    assert done.returncode == 255
    assert b"Permission denied" in done.stderr
