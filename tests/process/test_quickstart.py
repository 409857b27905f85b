"""./quickstart, as somebody with a fresh clone meets it."""

import os
import pathlib
import pwd
import re
import shlex
import signal
import socket
import subprocess
import time

import pytest

import sallyport
from fixtures import needs_root

pytestmark = pytest.mark.skipif(
    sallyport.BUILD != sallyport.SOURCE / "build",
    reason="./quickstart builds in build/ and nowhere else")


def others_may_enter(path):
    return all(part.stat().st_mode & 0o001 for part in (path, *path.parents))


needs_open_tree = pytest.mark.skipif(
    not others_may_enter(sallyport.SOURCE),
    reason="the source tree is in a folder that other users cannot enter")


class Quickstart:
    """One that runs, and what it has printed."""

    def __init__(self, state, *arguments, prefix=(), environment=None):
        self.state = pathlib.Path(state)
        self.log = self.state.parent / f"{self.state.name}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [*prefix, sallyport.SOURCE / "quickstart", "--state", state,
                 *arguments], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True, cwd="/",
                env={**os.environ, **(environment or {})})

    def output(self):
        return self.log.read_text(errors="replace")

    def line(self, name):
        match = re.search(rf"^{name} +(.*)$", self.output(), re.MULTILINE)
        if match is None and self.process.poll() is not None:
            raise AssertionError("quickstart ended:\n" + self.output())
        return match and match[1]

    def wait(self, seconds=60):
        sallyport.wait_until(lambda: self.line("log in with"), seconds,
                             "what to type")
        return self

    def ssh(self, *command, **kwargs):
        """Exactly what was printed, but for what asks a person."""
        words = shlex.split(self.line("log in with"))
        known = self.state / "known_hosts"
        words[1:1] = ["-F", "none", "-o", "BatchMode=yes",
                      "-o", "IdentitiesOnly=yes", "-o", "LogLevel=ERROR",
                      "-o", "StrictHostKeyChecking=accept-new",
                      "-o", f"UserKnownHostsFile={known}"]
        return subprocess.Popen([*words, *command], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, text=True, **kwargs)

    def says(self, *command):
        client = self.ssh(*command)
        return client.communicate(timeout=20)[0].strip()

    def interrupt(self):
        """Ctrl-C: to the whole foreground."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(20)

    def __enter__(self):
        return self.wait()

    def __exit__(self, *_):
        left = sallyport.children_of(self.process.pid)
        if self.process.poll() is None:
            self.interrupt()
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def own_name():
    return pwd.getpwuid(os.geteuid())[0]


def test_it_lets_in_who_started_it_with_the_command_it_prints(folder):
    with Quickstart(folder / "state", "--port",
                    str(sallyport.free_port())) as quickstart:
        assert quickstart.says("id -un") == own_name()


def test_it_prints_address_and_fingerprint_of_its_host_key(folder):
    port = sallyport.free_port()
    with Quickstart(folder / "state", "--port", str(port)) as quickstart:
        assert quickstart.line("address") == f"127.0.0.1 port {port}"
        assert quickstart.says("true") == ""
        shown = subprocess.run(
            ["ssh-keygen", "-lf", folder / "state/known_hosts"],
            stdout=subprocess.PIPE, text=True, check=True).stdout
        assert quickstart.line("host key").split()[0] in shown


def test_a_second_run_takes_seconds_and_keeps_the_keys(folder):
    port = str(sallyport.free_port())
    with Quickstart(folder / "state", "--port", port) as quickstart:
        fingerprint = quickstart.line("host key")
        key = (folder / "state/client_key").read_bytes()
    before = time.monotonic()
    with Quickstart(folder / "state", "--port", port) as quickstart:
        assert time.monotonic() - before < 15
        assert quickstart.line("host key") == fingerprint
        assert quickstart.says("echo again") == "again"
    assert (folder / "state/client_key").read_bytes() == key


def test_it_takes_the_next_port_where_the_first_is_in_use(folder):
    taken = socket.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind(("127.0.0.1", 2222))
        taken.listen()
    except OSError:
        pass  # somebody else has it: so much the better
    with taken, Quickstart(folder / "state") as quickstart:
        assert int(quickstart.line("address").split()[-1]) > 2222
        assert quickstart.says("echo here") == "here"


def test_a_port_that_was_asked_for_and_is_in_use_is_an_error(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        quickstart = Quickstart(folder / "state", "--port", str(port))
        assert quickstart.process.wait(60) == 1
        assert f"port {port} is in use" in quickstart.output()


def test_ctrl_c_ends_the_daemon_and_its_sessions(folder):
    with Quickstart(folder / "state", "--port",
                    str(sallyport.free_port())) as quickstart:
        client = quickstart.ssh("echo started; exec sleep 600")
        assert client.stdout.readline() == "started\n"
        running = sallyport.children_of(quickstart.process.pid)
        assert quickstart.interrupt() == 0
        assert client.wait(10) != 0
        sallyport.wait_until(
            lambda: not any(is_alive(pid) for pid in running), 10,
            "the end of all processes")


def is_alive(pid):
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@needs_open_tree
def test_a_key_of_the_users_own_folder_is_taken(folder):
    """Its public key is enough: no authorized_keys is there."""
    if not sallyport.is_root():
        pytest.skip("needs root: another home")
    prefix, environment, home = as_alice(folder)
    key = home / ".ssh/id_ed25519"
    (home / ".ssh/authorized_keys").unlink()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                    folder / "own"], check=True)
    for suffix in ("", ".pub"):
        target = key.with_name(key.name + suffix)
        target.write_bytes((folder / ("own" + suffix)).read_bytes())
        os.chown(target, sallyport.USERS["alice"], -1)
    (folder / "alice").mkdir()
    os.chown(folder / "alice", sallyport.USERS["alice"], -1)
    with Quickstart(folder / "alice/state", "--port",
                    str(sallyport.free_port()), prefix=prefix,
                    environment=environment) as quickstart:
        words = shlex.split(quickstart.line("log in with"))
        words[words.index("-i") + 1] = str(folder / "own")
        words[1:1] = ["-F", "none", "-o", "BatchMode=yes",
                      "-o", "StrictHostKeyChecking=no",
                      "-o", f"UserKnownHostsFile={folder}/known_hosts",
                      "-o", "IdentitiesOnly=yes"]
        done = subprocess.run([*words, "id -un"], stdout=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, timeout=20,
                              text=True, check=False)
        assert done.stdout == "alice\n", quickstart.output()


def as_alice(folder):
    """A prefix that makes an ordinary user of a command, with a home."""
    sallyport.need_namespaces()
    (folder / "accounts").mkdir()
    os.chmod(folder, 0o755)
    accounts = sallyport.Daemon(folder / "accounts")
    etc = accounts.folder / "etc"
    uid = str(sallyport.USERS["alice"])
    script = "".join(f"mount --bind {etc}/{name} /etc/{name} && "
                     for name in ("passwd", "group", "shadow"))
    script += (f"mount --bind {accounts.homes} /home && exec setpriv "
               f"--reuid {uid} --regid {uid} --clear-groups \"$@\"")
    prefix = ["unshare", "--mount", "--propagation", "private", "sh", "-c",
              script, "sh"]
    return prefix, {"HOME": "/home/alice"}, accounts.homes / "alice"


def test_nothing_is_written_to_the_users_home(folder):
    home = folder / "home"
    home.mkdir()
    with Quickstart(folder / "state", "--port", str(sallyport.free_port()),
                    environment={"HOME": str(home)}):
        pass
    assert not list(home.iterdir())


@needs_root
def test_nothing_is_written_outside_the_tree_and_the_folder(folder):
    """All else can be read alone, where it is run."""
    sallyport.need_namespaces()
    state = folder / "state"
    (state / "tmp").mkdir(parents=True)
    kept = f"{sallyport.SOURCE} {state} /dev /proc /sys"
    script = f"""
        for kept in {sallyport.SOURCE} {state}; do
            mount --bind $kept $kept || exit
        done
        while read -r _ place _; do
            for kept in {kept}; do
                case $place/ in $kept/*) continue 2;; esac
            done
            mount -o remount,bind,ro "$place" || exit
        done </proc/self/mounts
        if touch /sallyport-test 2>/dev/null; then exit 1; fi
        exec "$@"
        """
    prefix = ["unshare", "--mount", "--propagation", "private", "bash", "-c",
              script, "bash"]
    with Quickstart(state, "--port", str(sallyport.free_port()),
                    prefix=prefix,
                    environment={"TMPDIR": str(state / "tmp")}) as quickstart:
        assert quickstart.says("id -un") == own_name()


class Apt:
    """A dpkg that lacks some packages until the apt-get here is asked."""

    def __init__(self, folder, *packages, status=0):
        self.folder = folder / "bin"
        self.folder.mkdir()
        self.asked = self.folder / "asked"
        lacking = "|".join(packages)
        self.write("dpkg-query", f"""
            for package; do :; done
            case $package in
            {lacking}) [ -e {self.asked} ] || exit 1;;
            esac
            echo 'ii '""")
        self.write("apt-get", f"""
            echo "$@" >>{self.asked}
            echo it is said why
            exit {status}""")

    def write(self, name, text):
        program = self.folder / name
        program.write_text(f"#!/bin/sh{text}\n")
        program.chmod(0o755)

    def environment(self):
        return {"PATH": f"{self.folder}:{os.environ['PATH']}"}


@needs_root
def test_root_gets_the_packages_that_are_missing(folder):
    apt = Apt(folder, "libevent-dev", "libconfig-dev")
    with Quickstart(folder / "state", "--port", str(sallyport.free_port()),
                    environment=apt.environment()) as quickstart:
        assert quickstart.says("id -un") == own_name()
        # What went well is not shown.
        assert "it is said why" not in quickstart.output()
    update, install = apt.asked.read_text().splitlines()
    assert update == "update"
    words = install.split()
    assert words[:3] == ["install", "-y", "--no-install-recommends"]
    assert set(words[3:]) == {"libevent-dev", "libconfig-dev"}


@needs_root
def test_where_they_cannot_be_had_it_ends_and_says_why(folder):
    apt = Apt(folder, "libevent-dev", status=100)
    quickstart = Quickstart(folder / "state", environment=apt.environment())
    assert quickstart.process.wait(60) not in (0, None)
    assert "it is said why" in quickstart.output()
    assert apt.asked.read_text() == "update\n"
    assert not (folder / "state").exists()


@needs_open_tree
def test_an_ordinary_user_is_told_the_packages_that_are_missing(folder):
    empty = folder / "bin"
    empty.mkdir()
    (empty / "dpkg-query").write_text("#!/bin/sh\nexit 1\n")
    os.chmod(empty / "dpkg-query", 0o755)
    os.chmod(folder, 0o755)
    prefix = []
    if sallyport.is_root():
        prefix = ["setpriv", "--reuid", "65534", "--regid", "65534",
                  "--clear-groups"]
    done = subprocess.run(
        [*prefix, sallyport.SOURCE / "quickstart", "--state",
         folder / "state"], stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        env={**os.environ, "PATH": f"{empty}:{os.environ['PATH']}"})
    assert done.returncode == 2
    assert re.fullmatch(r"apt-get install( [a-z0-9.+-]+)+\n", done.stdout)
    assert " libevent-dev" in done.stdout
    assert not (folder / "state").exists()
