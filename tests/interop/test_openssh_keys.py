"""OpenSSH's ssh with every type of host key and of user key."""

import subprocess

import pytest

HOST_KEYS = {
    "ssh-ed25519": ("ed25519", "256"),
    "rsa-sha2-512": ("rsa", "2048"),
    "rsa-sha2-256": ("rsa", "2048"),
    "ecdsa-sha2-nistp256": ("ecdsa", "256"),
    "ecdsa-sha2-nistp384": ("ecdsa", "384"),
    "ecdsa-sha2-nistp521": ("ecdsa", "521"),
}
USER_KEYS = [("ed25519", "256"), ("rsa", "2048"), ("rsa", "4096"),
             ("ecdsa", "256"), ("ecdsa", "384"), ("ecdsa", "521")]


def make_key(path, kind, bits):
    if not path.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-b", bits, "-N", "",
                        "-f", path], check=True)
    return path


def host_keys(folder, kinds):
    return [make_key(folder / f"host_{kind}_{bits}", kind, bits)
            for kind, bits in dict.fromkeys(kinds)]


def settings(keys, algorithms):
    files = ", ".join(f'"{path}"' for path in keys)
    names = ", ".join(f'"{name}"' for name in algorithms)
    return (f"host_keys = [ {files} ]; "
            f"crypto = {{ host_key = [ {names} ]; }};")


def algorithm_used(done):
    for line in done.stderr.decode().splitlines():
        if "kex: host key algorithm: " in line:
            return line.rpartition(" ")[2]
    return None


def test_every_type_of_host_key_is_verified(make_daemon, folder):
    keys = host_keys(folder, HOST_KEYS.values())
    daemon = make_daemon(server=settings(keys, HOST_KEYS))
    for name in HOST_KEYS:
        done = daemon.ssh("echo", name, options=[
            f"HostKeyAlgorithms={name}", "LogLevel=DEBUG1"])
        assert done.stdout.decode().strip() == name, done.stderr
        assert algorithm_used(done) == name
    fingerprints = {record["fingerprint"]
                    for record in daemon.records("host_key")}
    assert len(fingerprints) == len(keys)
    assert len(daemon.records("host_key")) == len(keys)


def test_host_keys_of_nist_are_offered_only_where_listed(make_daemon, folder):
    keys = host_keys(folder, HOST_KEYS.values())
    files = ", ".join(f'"{path}"' for path in keys)
    daemon = make_daemon(server=f"host_keys = [ {files} ];")
    for name in HOST_KEYS:
        done = daemon.ssh("true", options=[f"HostKeyAlgorithms={name}"])
        assert (done.returncode == 0) == (not name.startswith("ecdsa"))
    unused = {record["algorithm"]
              for record in daemon.records("host_key_unused")}
    assert unused == {name for name in HOST_KEYS
                      if name.startswith("ecdsa")}
    done = daemon.ssh("true", options=["HostKeyAlgorithms=ssh-rsa"])
    assert done.returncode == 255


def test_a_daemon_whose_keys_nobody_can_use_does_not_start(make_daemon, folder):
    keys = host_keys(folder, [("ecdsa", "256")])
    with pytest.raises(AssertionError, match="no host key signs with"):
        make_daemon(server=f'host_keys = [ "{keys[0]}" ];')


def give(daemon, path):
    """Has the users take this key, and the client show it."""
    daemon.key = path
    daemon.key_file()
    daemon.make_accounts()


@pytest.mark.parametrize("kind, bits", USER_KEYS)
def test_every_type_of_user_key_lets_in(daemon, folder, kind, bits):
    give(daemon, make_key(folder / "key", kind, bits))
    done = daemon.ssh("echo", "hello")
    assert done.stdout == b"hello\n", done.stderr
    daemon.key = make_key(folder / "other", kind, bits)
    assert daemon.ssh("true").returncode == 255


def test_an_rsa_key_never_signs_with_sha1(daemon, folder):
    give(daemon, make_key(folder / "key", "rsa", "2048"))
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
