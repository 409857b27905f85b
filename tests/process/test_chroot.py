"""chroot: another root folder, for the session and all that it starts."""

import os
import pathlib
import shutil
import subprocess

import pytest

import sallyport
from fixtures import needs_root

pytestmark = needs_root


class Jailed(sallyport.Daemon):
    """Its users live in a folder with a shell, a /dev, and little else."""

    def __init__(self, folder, **settings):
        self.jail = pathlib.Path(folder) / "jail"
        super().__init__(folder, **settings)
        (self.jail / "dev").mkdir(parents=True)
        os.chmod(self.jail, 0o755)
        needed = subprocess.run(["ldd", "/bin/bash"], check=True, text=True,
                                stdout=subprocess.PIPE).stdout
        paths = [word for word in needed.split() if word.startswith("/")]
        for path in ["/bin/bash", *paths]:
            place = self.jail / path[1:]
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
        (self.jail / "motto").write_text("inside\n")

    def apart(self, program):
        command = super().apart(program)
        place = command.index("-c") + 1
        # Where programs may be run, whatever holds for the folders above.
        command[place] = (f"mount --bind {self.jail} {self.jail} && "
                          f"mount -o remount,bind,exec {self.jail} && "
                          f"mount --rbind /dev {self.jail}/dev && "
                          f"{command[place]}")
        return command


@pytest.fixture
def make(folder):
    running = []

    def made(**settings):
        place = folder / str(len(running))
        place.mkdir()
        os.chmod(folder, 0o755)
        running.append(Jailed(place, **settings))
        return running[-1]

    yield made
    for each in running:
        each.stop()


def jailed(make, inside="{jail}"):
    daemon = make()
    folder = inside.format(jail=daemon.jail)
    daemon.config.write_text(daemon.config.read_text().replace(
        'exec = "login";', f'exec = "login"; chroot = "{folder}";', 1))
    return daemon.start()


def test_programs_see_nothing_else(make):
    daemon = jailed(make)
    done = daemon.ssh("echo $(</motto) /*; pwd; cd /..; pwd; echo $HOME $UID")
    lines = done.stdout.decode().split("\n")
    assert lines[0].startswith("inside /bin /dev /lib")
    assert "/home" not in lines[0] and "/etc" not in lines[0]
    assert lines[1:4] == ["/", "/", "/home/alice 64701"]
    # A home that is not there is no news here, as with sshd.
    assert done.stderr == b""


def test_the_home_inside_is_where_a_program_begins(make):
    daemon = jailed(make)
    home = daemon.jail / "home/alice"
    home.mkdir(parents=True)
    assert daemon.ssh("pwd").stdout == b"/home/alice\n"


def test_a_terminal_is_one_of_the_folders_own(make):
    daemon = jailed(make)
    done = daemon.ssh("-tt", "test -t 0 && echo on $SSH_TTY")
    assert done.stdout.startswith(b"on /dev/pts/")


def test_the_session_itself_is_in_it(make):
    daemon = jailed(make)
    before = set(daemon.pids("login"))
    client = daemon.popen("echo up; read line")
    assert client.stdout.readline() == b"up\n"
    session, = set(daemon.pids("login")) - before
    for name in ("root", "cwd"):
        assert os.readlink(f"/proc/{session}/{name}") == str(daemon.jail)
    status = pathlib.Path(f"/proc/{session}/status").read_text()
    assert "Uid:\t64701\t64701\t64701\t64701\n" in status
    client.communicate(timeout=10)


def test_a_shell_is_looked_for_inside(make):
    """What the account's shell is outside does not matter."""
    daemon = jailed(make)
    passwd = daemon.folder / "etc/passwd"
    passwd.write_text(passwd.read_text().replace(
        ":/home/alice:/bin/bash", ":/home/alice:/shell"))
    done = daemon.ssh("echo never")
    assert (done.returncode, done.stdout, done.stderr) == \
        (126, b"", b"/shell: No such file or directory\n")
    failed, = daemon.expect("program_failed")
    assert failed["command"] == "/shell"
    os.link(daemon.jail / "bin/bash", daemon.jail / "shell")
    assert daemon.ssh("echo inside").stdout == b"inside\n"


@pytest.mark.parametrize("what", ["writable", "above", "gone", "owner"])
def test_a_folder_that_is_not_to_be_trusted_lets_nobody_in(make, what):
    daemon = jailed(make)
    if what == "writable":
        os.chmod(daemon.jail, 0o775)
    elif what == "above":
        os.chmod(daemon.folder, 0o757)
    elif what == "gone":
        daemon.jail.rename(daemon.folder / "elsewhere")
    else:
        os.chown(daemon.jail, sallyport.USERS["alice"], 0)
    done = daemon.ssh("echo never")
    os.chmod(daemon.folder, 0o755)
    assert done.returncode == 255
    assert done.stdout == b""
    refused = daemon.expect("login_refused")[0]
    assert refused["reason"].startswith("chroot: ")
    assert str(daemon.folder) in refused["reason"]
    assert daemon.records("session_opened") == []


def test_names_are_put_in(make):
    daemon = jailed(make, "{jail}/%u")
    place = daemon.jail / "alice"
    place.mkdir()
    for each in daemon.jail.glob("[bl]*"):
        shutil.copytree(each, place / each.name)
    assert daemon.ssh("echo /*").stdout.startswith(b"/bin /lib")
    daemon.ssh("echo never", user="bob")
    refused = daemon.expect("login_refused")[0]
    assert refused["reason"].endswith("/jail/bob")
