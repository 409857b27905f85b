"""Proofs that OpenSSH's ssh binds to the host, and keys for one host alone."""

import os
import signal
import subprocess

import pytest


@pytest.fixture
def agent(folder):
    """An environment in which ssh finds an agent that has no key yet."""
    path = folder / "agent"
    lines = subprocess.run(["ssh-agent", "-a", path], check=True,
                           stdout=subprocess.PIPE).stdout.decode().split(";")
    pid = next(int(line.rpartition("=")[2]) for line in lines
               if "SSH_AGENT_PID=" in line)
    yield dict(os.environ, SSH_AUTH_SOCK=str(path))
    os.kill(pid, signal.SIGTERM)


def log_in(daemon, agent, known):
    """ssh with what the agent has, and nothing else."""
    return subprocess.run(
        ["ssh", "-F", "none", "-p", str(daemon.port), "-o", "BatchMode=yes",
         "-o", f"UserKnownHostsFile={known}",
         "-o", "GlobalKnownHostsFile=none", "-o", "IdentityFile=none",
         "-o", "LogLevel=DEBUG1", "-o", "UpdateHostKeys=no",
         f"{daemon.user}@127.0.0.1", "echo", "hello"],
        env=agent, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, timeout=60, check=False)


def learn(daemon, known):
    """Adds the key of this daemon's host to the known ones."""
    lines = subprocess.run(
        ["ssh-keyscan", "-t", "ed25519", "-p", str(daemon.port), "127.0.0.1"],
        check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout
    with open(known, "ab") as f:
        f.write(lines)


def add_key(daemon, agent, known, host):
    subprocess.run(
        ["ssh-add", "-q", "-h", f"[127.0.0.1]:{host.port}", "-H", known,
         daemon.key], env=agent, check=True)


def test_the_proof_names_the_host_key(daemon):
    done = daemon.ssh("echo", "hello", options=["LogLevel=DEBUG3"])
    assert done.stdout == b"hello\n"
    assert b"publickey-hostbound@openssh.com=<0>" in done.stderr
    assert b"using publickey-hostbound-v00@openssh.com" in done.stderr


def test_a_key_for_this_host_alone_opens_it(daemon, agent, folder):
    known = folder / "known"
    learn(daemon, known)
    add_key(daemon, agent, known, daemon)
    done = log_in(daemon, agent, known)
    assert done.stdout == b"hello\n", done.stderr.decode()


def test_a_key_for_another_host_does_not(daemon, make_daemon, agent, folder):
    other = make_daemon()
    known = folder / "known"
    learn(daemon, known)
    learn(other, known)
    add_key(daemon, agent, known, other)
    done = log_in(daemon, agent, known)
    assert done.returncode == 255
    assert b"Permission denied" in done.stderr, done.stderr.decode()


def test_a_client_that_binds_nothing_is_let_in_too(daemon):
    done = daemon.ssh("echo", "hello", options=[
        "PubkeyAuthentication=unbound", "LogLevel=DEBUG3"])
    assert done.stdout == b"hello\n"
    assert b"using publickey with" in done.stderr
