"""The programs of examples/ do what they say, with the daemon's help."""

import os
import subprocess

import pytest

import sallyport

SONAME = "libsallyport.so.0"


@pytest.fixture(scope="module")
def exec_client(tmp_path_factory):
    """Built with public headers and the library, and nothing else."""
    if sallyport.is_sanitized():
        pytest.skip("the library needs the sanitizers' program")
    folder = tmp_path_factory.mktemp("examples")
    (folder / SONAME).symlink_to(sallyport.BUILD / "libsallyport.so.0.0.0")
    program = folder / "exec_client"
    subprocess.run(
        ["gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror",
         "-I", sallyport.SOURCE / "include",
         sallyport.SOURCE / "examples/exec_client.c", "-o", program,
         "-L", folder, f"-l:{SONAME}"], check=True)
    return program


@pytest.fixture(scope="module")
def fingerprint(daemon):
    scanned = subprocess.run(
        ["ssh-keyscan", "-t", "ed25519", "-p", str(daemon.port), "127.0.0.1"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    shown = subprocess.run(["ssh-keygen", "-lf", "-"], input=scanned,
                           stdout=subprocess.PIPE, check=True).stdout
    return shown.split()[1].decode()


@pytest.fixture
def run(daemon, exec_client, fingerprint):
    def run_command(command, key=None, host_key=None):
        return subprocess.run(
            [exec_client, "127.0.0.1", str(daemon.port), daemon.user,
             key or daemon.key, host_key or fingerprint, command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=60, check=False,
            env={**os.environ, "LD_LIBRARY_PATH": str(exec_client.parent)})
    return run_command


def test_a_command_is_run_and_its_output_and_status_come_back(run):
    done = run("echo out; echo err >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == \
        (7, b"out\n", b"err\n")


def test_much_output_comes_whole(run):
    done = run("seq 1 400000")
    assert done.returncode == 0
    assert done.stdout == b"".join(b"%d\n" % i for i in range(1, 400001))


def test_the_signal_that_killed_a_command_is_told(run):
    done = run("kill -TERM $$")
    assert (done.returncode, done.stderr) == (255, b"killed by SIGTERM\n")


def test_another_host_key_is_not_accepted(run):
    done = run("true", host_key="SHA256:" + "x" * 43)
    assert done.returncode == 255
    assert b"the host's key is SHA256:" in done.stderr
    assert b"host key not accepted" in done.stderr


def test_another_key_is_not_let_in(run, folder):
    key = folder / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-N", "", "-f", key],
                   check=True)
    done = run("true", key=key)
    assert done.returncode == 255
    assert b"the server does not take the key" in done.stderr
