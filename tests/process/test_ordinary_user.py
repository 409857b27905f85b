"""A daemon that an ordinary user starts: the same processes, all of his."""

import ctypes
import os
import pathlib
import re
import shutil
import subprocess

import pytest

import sallyport
from fixtures import make_folder, needs_root

LANDLOCK_CREATE_RULESET, VERSION = 444, 1


def has_landlock():
    return ctypes.CDLL(None).syscall(
        LANDLOCK_CREATE_RULESET, None, 0, VERSION) > 0


class Own(sallyport.Daemon):
    """As root: one of alice's, among accounts of the test's own."""

    def __init__(self, folder, **settings):
        super().__init__(folder, **settings)
        if not sallyport.is_root():
            return
        uid = sallyport.USERS["alice"]
        state = self.folder / "state"
        state.mkdir(mode=0o700)
        for path in (state, self.config):
            os.chown(path, uid, uid)
        self.copy_programs()

    def copy_programs(self):
        """She may have no right to enter the folder of the build."""
        place = self.folder / "programs"
        self.modules = place / "modules"
        self.modules.mkdir(parents=True)
        for name in ("sallyportd", "sallyport-gate", "sallyport-keyholder",
                     "sallyport-ledger", "sallyport-login",
                     "sallyport-service"):
            shutil.copy(sallyport.BUILD / name, place / name)
        for module in (sallyport.BUILD / "modules").glob("*.so"):
            shutil.copy(module, self.modules / module.name)
        self.program = place / "sallyportd"

    def apart(self, program):
        if not sallyport.is_root():
            return program
        uid = str(sallyport.USERS["alice"])
        return super().apart(["setpriv", "--reuid", uid, "--regid", uid,
                              "--clear-groups", *program])


@pytest.fixture(scope="module")
def own():
    path = make_folder()
    os.chmod(path, 0o755)
    with Own(path) as running:
        yield running
    shutil.rmtree(path, ignore_errors=True)


def uids_of(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return set(re.search(r"^Uid:\t(.*)$", text, re.M).group(1).split())


def test_he_logs_in_and_all_processes_are_his(own):
    with own.popen("cat") as client:
        client.stdin.write(b"up\n")
        client.stdin.flush()
        assert client.stdout.readline() == b"up\n"
        uid = str(sallyport.USERS["alice"] if sallyport.is_root()
                  else os.geteuid())
        for name in ("keyholder", "gate", "ledger", "login"):
            assert own.pids(name)
            for pid in own.pids(name):
                assert uids_of(pid) == {uid}, name
        client.stdin.close()


def test_who_fails_often_is_refused_for_a_time(folder):
    os.chmod(folder, 0o755)
    daemon = Own(folder, server='penalties = { authfail = "2m"; exempt = []; };')
    if sallyport.is_root():
        uid = sallyport.USERS["alice"]
        os.chown(folder, uid, uid)
    with daemon:
        source = ["BindAddress=127.0.9.1"]
        assert daemon.ssh("true", user="root",
                          options=source).returncode == 255
        sallyport.wait_until(lambda: daemon.records("source_penalised"))
        assert daemon.ssh("true", options=source).returncode == 255
        assert daemon.ssh("true").returncode == 0
        refused = daemon.records("connection_refused")
        assert {each["address"] for each in refused} == {"127.0.9.1"}


def test_all_have_the_memory_score_they_were_started_with(folder):
    """What an administrator or a service manager said holds for all."""
    os.chmod(folder, 0o755)
    daemon = Own(folder)
    try:
        daemon.start(prepare=lambda: pathlib.Path(
            "/proc/self/oom_score_adj").write_text("300\n"))
        assert {pathlib.Path(f"/proc/{pid}/oom_score_adj").read_text()
                for pid in daemon.pids()} == {"300\n"}
        assert daemon.ssh("cat", "/proc/self/oom_score_adj").stdout == \
            b"300\n"
    finally:
        daemon.stop()


def test_nobody_else_logs_in(own):
    assert own.ssh("true", user="root").returncode == 255


@needs_root
def test_his_programs_reach_neither_keys_nor_configuration(own):
    """Whom he lets in could else read the host key that he can read."""
    if not has_landlock():
        pytest.skip("needs a kernel with Landlock")
    if any(os.stat(each).st_mode & 0o002 for each in own.folder.parents):
        pytest.skip("a folder above is everybody's to write in")
    state = own.folder / "state"
    assert (state / "host_key_ed25519").exists()
    for command in (f"cat {state}/host_key_ed25519",
                    f"echo >> {own.config}", f"echo > {state}/new",
                    f"mv {state}/host_key_ed25519 /tmp/"):
        done = own.ssh(command)
        assert done.returncode not in (0, 255), command
        assert b"ermission denied" in done.stderr, (command, done.stderr)
    done = own.ssh("cat /etc/passwd >/dev/null && echo x > ~/sallyport-test "
                   "&& rm ~/sallyport-test && echo fine")
    assert done.stdout == b"fine\n", done.stderr


def test_folders_below_his_own_are_left_open_and_the_log_says_so(folder):
    """Else his programs could make no file in his home."""
    os.chmod(folder, 0o755)
    own = Own(folder)
    if sallyport.is_root():
        uid = sallyport.USERS["alice"]
        os.chown(folder, uid, uid)
    with own:
        records = sallyport.wait_until(lambda: own.records("unconfined"))
        assert any(f"{folder}/state" in record["detail"]
                   for record in records), records
        done = own.ssh(f"echo x > {folder}/new && echo fine")
        assert done.stdout == b"fine\n", done.stderr


def test_to_run_as_somebody_else_is_a_mistake_of_the_configuration(own):
    """He could not, and it would be found out at the first login."""
    config = own.folder / "other.conf"
    config.write_text(own.config.read_text().replace(
        "accept", 'run_as = "nobody"; accept', 1))
    os.chmod(config, 0o644)
    done = subprocess.run(
        own.apart([str(own.program), "check", str(config)]),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=30, check=False)
    assert done.returncode == 78, done.stdout
    assert "run_as" in done.stdout, done.stdout


class Alone(Own):
    """Alice's, without a file: a network of its own, where 2222 is free."""

    SCRIPT = 'ip link set lo up && exec "$@"'

    def __init__(self, folder):
        super().__init__(folder)
        self.port = 2222
        self.ssh_folder = self.homes / "alice/.ssh"

    def command(self):
        program = [str(self.program), "--state", str(self.folder / "state"),
                   "--modules", str(self.modules)]
        return ["unshare", "--net", "sh", "-c", self.SCRIPT, "sh",
                *self.apart(program)]

    def inside(self, command):
        return ["nsenter", f"--net=/proc/{self.process.pid}/ns/net", *command]

    def ssh_command(self, *arguments, **more):
        return self.inside(super().ssh_command(*arguments, **more))

    def make_key(self, kind, place):
        """The private key, of which the public one is in her folder."""
        key = self.folder / place.replace(".", "-")
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", key],
                       check=True)
        target = self.ssh_folder / place
        shutil.copy(key.with_suffix(".pub"), target)
        uid = sallyport.USERS["alice"]
        os.chown(target, uid, uid)
        os.chmod(target, 0o644)
        return key

    def lets_in(self, key):
        command = self.ssh_command("echo", "in")
        command[command.index("-i") + 1] = str(key)
        done = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=30,
                              stdout=subprocess.PIPE, check=False)
        return done.stdout == b"in\n"


@needs_root
@pytest.mark.skipif(shutil.which("ip") is None, reason="needs ip(8)")
def test_without_a_file_she_has_all_her_keys_and_is_told_how(folder):
    os.chmod(folder, 0o755)
    alone = Alone(folder)
    keys = [alone.key, alone.make_key("rsa", "id_rsa.pub"),
            alone.make_key("ed25519", "work-2.pub")]
    others = [alone.make_key("ed25519", "x-cert.pub"),
              alone.make_key("ed25519", "known"),
              alone.make_key("ed25519", "with blank.pub"),
              alone.make_key("ed25519", ".hidden.pub")]
    alone.start(wait=False)
    try:
        said = sallyport.wait_until(
            lambda: "Ready" in (text := alone.log.read_text()) and text, 20)
        fingerprint = subprocess.run(
            ["ssh-keygen", "-lf", folder / "state/host_key_ed25519"],
            stdout=subprocess.PIPE, text=True, check=True).stdout.split()[1]
        assert "Server listening on 127.0.0.1 port 2222." in said
        assert fingerprint in said
        line, = re.findall(r"connect with (ssh .*)$", said, re.M)
        assert "-p 2222" in line and "alice@127.0.0.1" in line
        assert all(map(alone.lets_in, keys))
        assert not any(map(alone.lets_in, others))
        # The command as it stands, with her key as ssh would find it.
        done = subprocess.run(
            alone.inside(["sh", "-c", f"{line} -F none -i {alone.key} "
                          "-o StrictHostKeyChecking=no -o BatchMode=yes "
                          f"-o UserKnownHostsFile={folder}/known echo in"]),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=30,
            check=False)
        assert done.stdout == b"in\n"
    finally:
        alone.stop()
