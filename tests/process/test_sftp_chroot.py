"""Files in a profile with chroot: what sshd does with ChrootDirectory and
internal-sftp, under a root folder that the kernel knows of."""

import os
import stat

import pytest

import sallyport
# Their fixtures, and a daemon that serves files by both protocols.
from test_sftp import connect, needs_home  # noqa: F401
from test_scp import Copies
from sallyport import wait_until

pytestmark = needs_home

OWN = """\
  plain = {{ type = "sftp"; }};
  asked = {{ type = "sftp"; hooks = (
    {{ before = "mkdir"; run = "/bin/true"; }} ); }};
  deeper = {{ type = "sftp"; storage = {{ root = "/home/%u/deep"; }};
    upload = "atomic"; }};
"""


class Jailed(Copies):
    """Its users see a folder of root's with one of their own in it."""

    def __init__(self, folder, sftp="plain", home=True, **settings):
        self.jail = folder / "jail"
        super().__init__(folder, scp=sftp, own=OWN,
                         profile=f'chroot = "{folder}/jail";', **settings)
        self.jail.mkdir()
        os.chmod(self.jail, 0o755)
        self.inside = self.jail / ("home/" + self.user if home else "files")
        self.inside.mkdir(parents=True)
        self.give(self.inside)
        (self.folder / "secret").write_text("outside")
        os.chmod(self.folder / "secret", 0o644)


@pytest.fixture
def make(folder):
    running = []

    def made(**settings):
        place = folder / str(len(running))
        place.mkdir()
        os.chmod(folder, 0o755)
        os.chmod(place, 0o755)
        running.append(Jailed(place, **settings))
        return running[-1].start()

    yield made
    for each in running:
        each.stop()


def test_a_client_is_at_home_in_it(make):
    daemon = make()
    data = os.urandom(300000)
    (daemon.here / "a").write_bytes(data)
    said = daemon.good("pwd\nput a\nget a b\nls -l\ncd /\nls\n")
    assert f"working directory: /home/{daemon.user}\n" in said
    assert (daemon.here / "b").read_bytes() == data
    assert (daemon.inside / "a").read_bytes() == data
    # Nobody's name is known in there, but by a user database inside.
    uid = sallyport.USERS[daemon.user]
    assert f" {uid} " in said
    assert said.rstrip().endswith("home")
    record = daemon.expect("file_uploaded")[0]
    assert record["path"] == f"/home/{daemon.user}/a"
    daemon.copy("a", daemon.far("c"))
    assert (daemon.inside / "c").read_bytes() == data


def test_the_session_is_in_it_as_the_user(make, connect):  # noqa: F811
    daemon = make()
    connect(daemon)
    (session,) = daemon.sessions()
    assert os.readlink(f"/proc/{session}/root") == str(daemon.jail)
    assert os.stat(f"/proc/{session}").st_uid == \
        sallyport.USERS[daemon.user]


def test_without_a_home_in_it_its_root_is_where_one_begins(
        make, connect):  # noqa: F811
    """As with sshd, which stays where it is when it finds no home."""
    daemon = make(home=False)
    sftp = connect(daemon)
    assert sftp.normalize(".") == "/"
    assert sftp.listdir() == ["files"]
    with sftp.open("files/x", "w") as far:
        far.write(b"hello")
    assert (daemon.inside / "x").read_text() == "hello"
    with pytest.raises(PermissionError):
        sftp.mkdir("new")


def test_no_path_leads_out_of_it(make, connect):  # noqa: F811
    daemon = make()
    sftp = connect(daemon)
    secret = str(daemon.folder / "secret")
    ups = "../" * 40
    for name, target in [("up", ups + secret[1:]), ("abs", secret),
                         ("top", ups), ("dot", "../../../secret")]:
        sftp.symlink(target, name)
    for path in [secret, ups + secret[1:], "up", "abs", "dot",
                 "top" + secret, "../../../secret"]:
        with pytest.raises(FileNotFoundError):
            sftp.open(path)
        with pytest.raises(FileNotFoundError):
            sftp.stat(path)
    assert sftp.normalize("top") == "/"
    assert sftp.normalize(ups) == "/"
    assert sorted(sftp.listdir("top")) == ["home"]
    # A folder that is moved out from under an open one takes none along.
    (daemon.inside / "a").mkdir()
    daemon.give(daemon.inside / "a")
    (daemon.inside / "a").rename(daemon.folder / "a")
    with pytest.raises(FileNotFoundError):
        sftp.listdir("a/..")


def test_a_root_may_be_in_it(make, connect):  # noqa: F811
    """The handler's walls, within those of the kernel."""
    daemon = make(sftp="deeper")
    for name in ("deep", "deep/in"):
        (daemon.inside / name).mkdir()
        daemon.give(daemon.inside / name)
    (daemon.inside / "beside").write_text("beside")
    sftp = connect(daemon)
    assert sftp.normalize(".") == "/" and sftp.listdir() == ["in"]
    with sftp.open("in/x", "w") as far:
        far.write(b"hello")
    assert (daemon.inside / "deep/in/x").read_text() == "hello"
    sftp.symlink("../../beside", "in/out")
    for path in ("../beside", f"/home/{daemon.user}/beside", "in/out"):
        with pytest.raises(FileNotFoundError):
            sftp.open(path)


def test_modes_and_times_need_no_proc(make, connect):  # noqa: F811
    daemon = make()
    sftp = connect(daemon)
    with sftp.open("x", "w") as far:
        far.write(b"hello")
    for mode in (0, 0o200, 0o640):
        sftp.chmod("x", mode)
        seen = os.stat(daemon.inside / "x")
        assert stat.S_IMODE(seen.st_mode) == mode
    sftp.utime("x", (1, 2))
    assert os.stat(daemon.inside / "x").st_mtime == 2
    sftp.truncate("x", 2)
    assert (daemon.inside / "x").read_text() == "he"


def test_programs_are_looked_for_inside(make, connect):  # noqa: F811
    """The machine's own is none of a session's that does not see it."""
    sftp = connect(make(sftp="asked"))
    with pytest.raises(PermissionError, match="program of the server's"):
        sftp.mkdir("new")
    assert sftp.listdir() == []


@pytest.mark.parametrize("what", ["writable", "above", "owner"])
def test_who_could_change_its_root_is_not_let_in(make, what):
    """What sshd demands of a ChrootDirectory, of each part of its path."""
    daemon = make()
    if what == "writable":
        os.chmod(daemon.jail, 0o775)
    elif what == "above":
        os.chmod(daemon.folder, 0o757)
    else:
        daemon.give(daemon.jail)
    done = daemon.sftp("ls\n")
    os.chmod(daemon.folder, 0o755)
    assert done.returncode == 255
    assert daemon.expect("login_refused")[0]["reason"].startswith("chroot: ")
    wait_until(lambda: not daemon.sessions())
