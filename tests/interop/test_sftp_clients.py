"""Clients of SFTP that are not OpenSSH's: what comes and goes is whole, also
where it goes on from the middle."""

import hashlib
import os
import pathlib
import shutil
import subprocess

import pytest

from peers import HERE, Missing, compile_c, need
# The daemon with files of tests/process; its folder is conftest's.
from test_sftp import Files, needs_home
from sallyport import wait_until

pytestmark = needs_home

SIZE = 5000001


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


class Program:
    """One that takes a port, a user, a key, a task and its arguments."""

    resumes = True

    def __init__(self, daemon):
        self.daemon = daemon
        self.words = [*self.program(), str(daemon.port), daemon.user,
                      str(daemon.key)]

    def run(self, *words):
        done = subprocess.run(
            [str(word) for word in words], cwd=self.daemon.here,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def task(self, *words):
        return self.run(*self.words, *words)

    def put(self, here, there, offset=0):
        self.task("put", here, there, offset)

    def get(self, there, here, offset=0):
        self.task("get", there, here, offset)

    def list(self, folder):
        return self.task("list", folder).splitlines()

    def rename(self, one, other):
        self.task("rename", one, other)

    def remove(self, name):
        self.task("remove", name)

    def end(self):
        pass


class Libssh(Program):
    def program(self):
        return [compile_c("libssh_files", "ssh", "libssh-dev")]


class Libssh2(Program):
    def program(self):
        return [compile_c("libssh2_files", "ssh2", "libssh2-1-dev")]


class Ssh2(Program):
    def program(self):
        if not (HERE / "ssh2/node_modules/ssh2").exists():
            raise Missing(
                "ssh2 is not installed (npm ci in tests/interop/ssh2)")
        return [need("node", "nodejs"), HERE / "ssh2/files.js"]


class Curl(Program):
    """Debian's stands on libssh2."""

    def program(self):
        curl = need("curl", "curl")
        if "sftp" not in self.daemon_protocols(curl):
            raise Missing("this curl has no SFTP")
        return [curl]

    @staticmethod
    def daemon_protocols(curl):
        return subprocess.run([curl, "--version"], check=True, text=True,
                              stdout=subprocess.PIPE).stdout

    def curl(self, path, *words):
        daemon = self.daemon
        return self.run(
            self.words[0], "-sS", "--insecure", "--key", daemon.key,
            "--pubkey", f"{daemon.key}.pub", *words,
            f"sftp://{daemon.user}@127.0.0.1:{daemon.port}/~/{path}")

    def put(self, here, there, offset=0):
        self.curl(there, "-T", here, *(("-C", "-") if offset else ()))

    def get(self, there, here, offset=0):
        self.curl(there, "-o", here, *(("-C", "-") if offset else ()))

    def list(self, folder):
        return self.curl(f"{folder}/", "--list-only").splitlines()

    def rename(self, one, other):
        self.quote("rename", one, other)

    def remove(self, name):
        self.quote("rm", name)

    def quote(self, word, *names):
        home = f"/home/{self.daemon.user}"
        self.curl("", "--list-only", "-Q", " ".join(
            [word, *(f"{home}/{name}" for name in names)]))


class Rclone(Program):
    resumes = False

    def program(self):
        return [need("rclone", "rclone")]

    def far(self, path):
        daemon = self.daemon
        return (f":sftp,host=127.0.0.1,port={daemon.port},user={daemon.user},"
                f"key_file={daemon.key},shell_type=none:{path}")

    def rclone(self, *words):
        return self.run(self.words[0], "--config", "/dev/null", *words)

    def put(self, here, there, offset=0):
        self.rclone("copyto", here, self.far(there))

    def get(self, there, here, offset=0):
        self.rclone("copyto", self.far(there), here)

    def list(self, folder):
        return [name.rstrip("/") for name in
                self.rclone("lsf", self.far(folder)).splitlines()]

    def rename(self, one, other):
        self.rclone("moveto", self.far(one), self.far(other))

    def remove(self, name):
        self.rclone("deletefile", self.far(name))


class Sshfs(Program):
    """A file system, so that what works on it are the machine's calls."""

    def program(self):
        return [need("sshfs", "sshfs")]

    def __init__(self, daemon):
        super().__init__(daemon)
        self.place = daemon.folder / "mount"
        self.place.mkdir()
        words = daemon.options("ssh")
        port = words.pop(words.index("-p") + 1)
        words.remove("-p")
        options = [f"-oport={port}", f"-ossh_command={' '.join(words)}"]
        done = subprocess.run(
            [self.words[0], f"{daemon.user}@127.0.0.1:", str(self.place),
             *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        if done.returncode != 0 and "fuse" in done.stdout:
            raise Missing(f"nothing can be mounted here: {done.stdout}")
        assert done.returncode == 0, done.stdout

    def put(self, here, there, offset=0):
        self.copy(self.daemon.here / here, self.place / there, offset)

    def get(self, there, here, offset=0):
        self.copy(self.place / there, self.daemon.here / here, offset)

    @staticmethod
    def copy(one, other, offset):
        with open(one, "rb") as source, \
                open(other, "r+b" if offset else "wb") as target:
            source.seek(offset)
            target.seek(offset)
            shutil.copyfileobj(source, target)

    def list(self, folder):
        return os.listdir(self.place / folder)

    def rename(self, one, other):
        os.rename(self.place / one, self.place / other)

    def remove(self, name):
        os.remove(self.place / name)

    def end(self):
        subprocess.run(["fusermount3", "-u", str(self.place)], check=False,
                       timeout=60)
        wait_until(lambda: not os.path.ismount(self.place))


@pytest.fixture
def daemon(folder):
    os.chmod(folder, 0o755)
    running = Files(folder, server='crypto = "compatible";')
    yield running.start()
    running.stop()


@pytest.fixture(params=[Libssh, Libssh2, Ssh2, Curl, Rclone, Sshfs],
                ids=lambda kind: kind.__name__)
def client(request, daemon):
    try:
        made = request.param(daemon)
    except Missing as reason:
        pytest.skip(str(reason))
    yield made
    made.end()


def test_files_come_and_go_whole(client):
    here, home = client.daemon.here, client.daemon.home
    for size in (0, 1, 32768, SIZE):
        (here / "a").write_bytes(os.urandom(size))
        client.put("a", "b")
        assert digest(here / "a") == digest(home / "b")
        client.get("b", "c")
        assert digest(here / "a") == digest(here / "c")


def test_names_are_listed_changed_and_removed(client):
    home = client.daemon.home
    (home / "folder").mkdir()
    client.daemon.give(home / "folder")
    names = [f"name {i} é" for i in range(300)]
    for name in names:
        (home / "folder" / name).touch()
    found = set(client.list("folder")) - {".", ".."}
    assert found == set(names)
    (home / "x").write_text("x")
    client.rename("x", "folder/y")
    assert (home / "folder/y").read_text() == "x" and \
        not (home / "x").exists()
    client.remove("folder/y")
    assert not (home / "folder/y").exists()


def test_they_go_on_from_the_middle(client):
    if not client.resumes:
        pytest.skip("it begins anew")
    here, home = client.daemon.here, client.daemon.home
    data = os.urandom(SIZE)
    half = SIZE // 2
    (here / "a").write_bytes(data)
    (home / "b").write_bytes(data[:half])
    client.daemon.give(home / "b")
    client.put("a", "b", half)
    assert (home / "b").read_bytes() == data
    (here / "c").write_bytes(data[:half])
    client.get("b", "c", half)
    assert (here / "c").read_bytes() == data
    transfers = client.daemon.records("file_uploaded")
    assert transfers and transfers[-1]["bytes_in"] == SIZE - half or \
        isinstance(client, Sshfs)
