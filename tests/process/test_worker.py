"""The keyholder's worker: who waits for RSA, and who does not."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization

import fixtures
import sallyport
from fixtures import needs_root
from sallyport import wait_until

RSA_KEY = sallyport.SOURCE / "tests/unit/pubkey/keys/rsa_2048"
RSA, QUICK = "HostKeyAlgorithms=rsa-sha2-512", "HostKeyAlgorithms=ssh-ed25519"


class Keys:
    """An RSA host key and one of Ed25519, and an authority for the first."""

    def __init__(self, folder):
        self.rsa = folder / "rsa"
        self.quick = folder / "quick"
        self.authority = folder / "authority"
        shutil.copy(RSA_KEY, self.rsa)
        shutil.copy(f"{RSA_KEY}.pub", f"{self.rsa}.pub")
        os.chmod(self.rsa, 0o600)
        for path in (self.quick, self.authority):
            keygen("-t", "ed25519", "-N", "", "-f", path)
        keygen("-s", self.authority, "-I", "a host", "-h", "-n", "127.0.0.1",
               f"{self.rsa}.pub")

    def settings(self):
        return (f'host_keys = [ "{self.quick}", "{self.rsa}" ]; '
                f'host_certificates = "{self.rsa}-cert.pub"; ')


def keygen(*arguments):
    subprocess.run(["ssh-keygen", "-q", *map(str, arguments)], check=True)


@pytest.fixture(name="keys", scope="module")
def make_keys():
    path = fixtures.make_folder()
    yield Keys(path)
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def daemon(keys):
    path = fixtures.make_folder()
    with sallyport.Daemon(path, server=keys.settings()) as running:
        yield running
    shutil.rmtree(path, ignore_errors=True)


def worker_of(daemon):
    pid, = daemon.pids("worker")
    return pid


def assert_login(daemon, *options):
    done = daemon.ssh("echo", "in", options=options)
    assert done.stdout == b"in\n", done.stderr


@contextlib.contextmanager
def stopped(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("name", ["rsa-sha2-512", "rsa-sha2-256"])
def test_a_client_that_wants_rsa_logs_in(daemon, name):
    assert_login(daemon, f"HostKeyAlgorithms={name}")


@pytest.mark.parametrize("name", ["rsa-sha2-512", "rsa-sha2-256"])
def test_a_client_that_trusts_an_authority_logs_in(daemon, keys, name):
    known = keys.authority.with_name("known_hosts")
    known.write_text("@cert-authority * " +
                     keys.authority.with_suffix(".pub").read_text())
    command = daemon.ssh_command(
        "echo", "in",
        options=[f"HostKeyAlgorithms={name}-cert-v01@openssh.com"])
    command[1:1] = ["-o", "StrictHostKeyChecking=yes",
                    "-o", f"UserKnownHostsFile={known}"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=60,
                          capture_output=True, check=False)
    assert done.stdout == b"in\n", done.stderr


def test_a_session_renews_its_keys_with_rsa(daemon):
    done = daemon.ssh("head -c 40000 /dev/zero | wc -c",
                      options=[RSA, "RekeyLimit=16K"])
    assert done.stdout.strip() == b"40000", done.stderr


def test_an_rsa_key_is_proved_to_who_came_by_another(daemon, keys, folder):
    known = folder / "known_hosts"
    known.write_text(f"[127.0.0.1]:{daemon.port} " +
                     keys.quick.with_suffix(".pub").read_text())
    # ssh takes no key that it would not take in an exchange.
    command = daemon.ssh_command("cat", options=[
        f"{QUICK},rsa-sha2-512", "UpdateHostKeys=yes"])
    command[1:1] = ["-o", f"UserKnownHostsFile={known}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as client:
        wait_until(lambda: "ssh-rsa" in known.read_text(), what="the RSA key")
        client.stdin.close()
    public = pathlib.Path(f"{RSA_KEY}.pub").read_text().split()[1]
    assert public in known.read_text()


def test_while_the_worker_does_nothing_all_else_goes_on(daemon):
    """Strangers, and a session that renews its keys; who wants RSA waits."""
    # More than a gate would leave at its keyholder of those.
    count = 9
    with stopped(worker_of(daemon)):
        before = len(daemon.records("connection_opened"))
        waiting = [daemon.popen("echo", "in", options=[RSA])
                   for _ in range(count)]
        wait_until(
            lambda: len(daemon.records("connection_opened")) ==
            before + count, what="all of them at the gate")
        assert_login(daemon, QUICK)
        done = daemon.ssh("head -c 40000 /dev/zero | wc -c",
                          options=[QUICK, "RekeyLimit=16K"])
        assert done.stdout.strip() == b"40000", done.stderr
        assert [each.poll() for each in waiting] == [None] * count
    for each in waiting:
        out, error = each.communicate(timeout=30)
        assert out == b"in\n", error


def test_who_leaves_while_his_signature_waits_harms_nobody(daemon):
    with stopped(worker_of(daemon)):
        before = len(daemon.records("connection_opened"))
        impatient = daemon.popen("true", options=[RSA])
        wait_until(
            lambda: len(daemon.records("connection_opened")) > before)
        impatient.kill()
        impatient.communicate(timeout=10)
    assert_login(daemon, RSA)


def test_the_worker_can_reach_nothing(daemon):
    proc = pathlib.Path(f"/proc/{worker_of(daemon)}")
    makefile = (sallyport.BUILD / "Makefile").read_text()
    status = dict(line.split(":\t", 1)
                  for line in (proc / "status").read_text().splitlines())
    assert status["NoNewPrivs"] == "1"
    assert status["Threads"] == "1"
    if "\nFILTER_SYSCALLS_TRUE = \n" in makefile:
        assert status["Seccomp"] == "2"
    limits = (proc / "limits").read_text()
    for name in ("core file size", "file size", "processes"):
        assert re.search(rf"^Max {name} +0 +0 ", limits, re.M)
    if sallyport.is_root():
        assert set(status["Uid"].split()) == {"64812"}
        assert status["Groups"].strip() == ""
        assert int(status["CapPrm"], 16) == 0
        assert os.listdir(proc / "root") == []
        # Whoever hides its memory has files in /proc that are root's.
        assert os.stat(proc / "maps").st_uid == 0
        open_files = [os.readlink(each) for each in (proc / "fd").iterdir()]
        assert len(open_files) == 4
        assert sum(each.startswith("socket:") for each in open_files) == 1


def secrets_of(path):
    """A private key as it may lie in memory, in either order of bytes."""
    key = serialization.load_ssh_private_key(path.read_bytes(), None)
    numbers = key.private_numbers()
    for number in (numbers.p, numbers.q, numbers.d):
        length = (number.bit_length() + 7) // 8
        yield number.to_bytes(length, "big")
        yield number.to_bytes(length, "little")


def memory_of(pid):
    """What it may write to; nothing of one that ends meanwhile."""
    found = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError), \
            open(f"/proc/{pid}/maps", encoding="ascii") as maps, \
            open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            bounds, access = line.split()[:2]
            low, high = (int(x, 16) for x in bounds.split("-"))
            # More than that is a sanitizer's.
            if access.startswith("rw") and high - low < 1 << 28:
                memory.seek(low)
                with contextlib.suppress(OSError):
                    found.append(memory.read(high - low))
    return b"".join(found)


@needs_root
def test_each_private_key_is_in_one_process_alone(daemon, keys):
    assert_login(daemon, RSA)
    assert_login(daemon, QUICK)
    seed = serialization.load_ssh_private_key(
        keys.quick.read_bytes(), None).private_bytes(
            serialization.Encoding.Raw, serialization.PrivateFormat.Raw,
            serialization.NoEncryption())
    keyholder, = daemon.pids("keyholder")
    worker = worker_of(daemon)
    for pid in daemon.pids():
        memory = memory_of(pid)
        slow = [each in memory for each in secrets_of(keys.rsa)]
        assert any(slow) == (pid == worker), (pid, slow)
        assert (seed in memory) == (pid == keyholder), pid


def test_without_an_rsa_key_there_is_no_worker(make_daemon):
    daemon = make_daemon()
    assert daemon.pids("worker") == []
    assert len(daemon.pids("keyholder")) == 1


@pytest.mark.parametrize("dies", ["worker", "keyholder"])
def test_worker_and_keyholder_die_together_and_come_again(
        make_daemon, keys, dies):
    daemon = make_daemon(server=keys.settings())
    session = daemon.popen("cat", options=[QUICK])
    session.stdin.write(b"one\n")
    session.stdin.flush()
    assert session.stdout.readline() == b"one\n"
    old = {worker_of(daemon), *daemon.pids("keyholder")}
    os.kill(daemon.pids(dies)[0], signal.SIGKILL)
    wait_until(lambda: not any(is_running(pid) for pid in old)
               and daemon.pids("worker") and daemon.pids("keyholder"),
               what="another keyholder with another worker")
    assert_login(daemon, RSA)
    assert_login(daemon, QUICK)
    out, _ = session.communicate(b"two\n", timeout=10)
    assert out == b"two\n"
    daemon.expect("process_died")
    reasons = [each["reason"] for each in daemon.records("process_failed")]
    assert ["worker" in each for each in reasons] == \
        ([True] if dies == "worker" else [])


def test_it_ends_with_its_daemon(make_daemon, keys):
    daemon = make_daemon(server=keys.settings())
    assert_login(daemon, RSA)
    left = sallyport.children_of(daemon.process.pid)
    assert worker_of(daemon) in left
    daemon.process.send_signal(signal.SIGTERM)
    daemon.process.wait(10)
    wait_until(lambda: not any(is_running(pid) for pid in left),
               what="the end of all processes")


def is_running(pid):
    """And no zombie that waits for somebody to look."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_a_reload_brings_a_worker_of_its_own(make_daemon, keys):
    daemon = make_daemon(server=keys.settings())
    old = worker_of(daemon)
    daemon.process.send_signal(signal.SIGHUP)
    daemon.expect("reloaded")
    wait_until(lambda: daemon.pids("worker") not in ([], [old])
               and len(daemon.pids("worker")) == 1,
               what="the end of the old worker")
    assert_login(daemon, RSA)
