"""Clients that know an authority, and not the host's key."""

import shutil
import subprocess

import pytest

from houses import keygen


class Host:
    """A host key, an authority, and what it says about the key."""

    def __init__(self, folder, keys, kind="ed25519"):
        self.key = keys.host[kind]
        self.authority = keys.authority["ed25519"]
        self.public = folder / "host.pub"
        self.certificate = folder / "host-cert.pub"
        shutil.copy(f"{self.key}.pub", self.public)
        self.certify()

    def certify(self, *options, name="127.0.0.1"):
        keygen("-s", self.authority, "-I", "a host", "-h", "-n", name,
               *options, self.public)

    def settings(self):
        return (f'host_keys = "{self.key}"; '
                f'host_certificates = "{self.certificate}"; '
                'crypto = "compatible";')

    def known_hosts(self, folder, marker="@cert-authority "):
        public = self.authority if marker else self.key
        path = folder / "known_hosts"
        path.write_text(f"{marker}* " + public.with_name(
            public.name + ".pub").read_text())
        return path


def ssh(server, known_hosts, *options):
    # ssh takes the first value of an option.
    command = server.ssh_command(
        "head -c 50000 /dev/zero | wc -c",
        options=["RekeyLimit=16K", *options])
    command[1:1] = ["-o", "StrictHostKeyChecking=yes",
                    "-o", f"UserKnownHostsFile={known_hosts}"]
    return subprocess.run(command, stdin=subprocess.DEVNULL, timeout=60,
                          capture_output=True, check=False)


def test_ssh_trusts_the_authority_through_new_keys(make_daemon, folder, keys):
    host = Host(folder, keys, "rsa")
    server = make_daemon(server=host.settings())
    known = host.known_hosts(folder)
    for name in ("rsa-sha2-256-cert-v01@openssh.com",
                 "rsa-sha2-512-cert-v01@openssh.com"):
        done = ssh(server, known, f"HostKeyAlgorithms={name}")
        assert (done.returncode, done.stdout.strip()) == (0, b"50000"), \
            done.stderr


def test_who_knows_the_key_is_shown_the_key(make_daemon, folder, keys):
    host = Host(folder, keys)
    server = make_daemon(server=host.settings())
    known = host.known_hosts(folder, marker="")
    done = ssh(server, known, "HostKeyAlgorithms=ssh-ed25519")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("options, name", [
    (["-V", "20200101:20200102"], "127.0.0.1"),
    ([], "elsewhere.example"),
])
def test_ssh_refuses_what_is_over_or_for_another(
        make_daemon, folder, keys, options, name):
    host = Host(folder, keys)
    host.certify(*options, name=name)
    server = make_daemon(server=host.settings())
    done = ssh(server, host.known_hosts(folder))
    assert done.returncode == 255


def test_a_new_certificate_comes_with_a_reload(make_daemon, folder, keys):
    host = Host(folder, keys)
    host.certify(name="elsewhere.example")
    server = make_daemon(server=host.settings())
    known = host.known_hosts(folder)
    assert ssh(server, known).returncode == 255
    host.certify()
    before = len(server.records("reloaded"))
    server.process.send_signal(1)
    server.expect("reloaded", before=before)
    assert ssh(server, known).returncode == 0
