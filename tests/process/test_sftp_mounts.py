"""Further storages, mounted on folders of what a client sees."""

import os
import stat
import struct

import pytest

# Their fixtures, and a daemon that serves files by both protocols.
from test_sftp import (Raw, connect, digest, needs_home,  # noqa: F401
                       string)
from test_scp import Copies
from test_storage import modules  # noqa: F401
from sallyport import wait_until

pytestmark = needs_home

MOUNTS = """\
  tree = {{ type = "sftp"; hide = [ "*.bak", "/team/secret" ];
    storage = {{ type = "local"; root = "%h/jail"; }};
    mounts = (
      {{ path = "/shared"; storage = {{ type = "local"; root = "%h/shared"; }};
         read_only = true; }},
      {{ path = "/team/mine"; storage = {{ root = "%h/teams/%u/%i"; }}; }}
    ); }};
  grows = {{ type = "sftp"; upload = "atomic";
    storage = {{ root = "%h/jail"; }};
    mounts = ( {{ path = "/in"; storage = {{ root = "%h/shared"; }}; }} ); }};
  rules = {{ type = "sftp"; storage = {{ root = "%h/jail"; }};
    mounts = ( {{ path = "/in"; storage = {{ root = "%h/shared"; }}; }} );
    folders = ( {{ path = "/"; may = [ "list", "upload" ]; }},
                {{ path = "/in"; may = [ "list", "download" ]; }} ); }};
"""


@pytest.fixture
def make(folder):
    running = []

    def made(sftp, own="", **settings):
        place = folder / str(len(running))
        place.mkdir()
        os.chmod(folder, 0o755)
        daemon = Copies(place, scp=sftp, own=MOUNTS + own, **settings)
        running.append(daemon)
        daemon.start()
        mine = f"teams/{daemon.user}"
        for name in ("jail", "jail/sub", "shared", "odd", "teams", mine,
                     f"{mine}/{daemon.user}"):
            (daemon.home / name).mkdir()
            daemon.give(daemon.home / name)
        for name in ("jail", "shared", "odd", f"{mine}/{daemon.user}"):
            (daemon.home / name / "x").write_text(name)
            daemon.give(daemon.home / name / "x")
        daemon.mine = daemon.home / mine / daemon.user
        return daemon

    yield made
    for each in running:
        each.stop()


@pytest.fixture
def tree(make):
    return make("tree")


def names(sftp, path):
    return sorted(each.filename for each in sftp.listdir_attr(path)
                  if each.filename not in (".", ".."))


def test_openssh_sees_one_tree(tree):
    (tree.here / "a").write_bytes(os.urandom(3000000))
    out = tree.good("ls -l\nput a team/mine/a\nget team/mine/a b\n"
                    "get shared/x c\nls -l team\ncd shared/../team/mine\npwd\n"
                    "rename a new\ndf -h /\ndf -h /shared\ncd ..\npwd\nls\n")
    assert "shared" in out and "Remote working directory: /team/mine" in out
    assert "Remote working directory: /team\n" in out
    assert digest(tree.here / "a") == digest(tree.here / "b") == \
        digest(tree.mine / "new")
    assert (tree.here / "c").read_text() == "shared"
    for command, text in (("rename x team/mine/x", "Failure"),
                          ("rename team/mine/x x", "Failure"),
                          ("rm shared/x", "Permission denied"),
                          ("put a shared/a", "Permission denied"),
                          ("rmdir shared", "Permission denied"),
                          ("rmdir team", "Permission denied"),
                          ("rename team other", "Permission denied"),
                          ("mkdir shared/d", "Permission denied"),
                          ("chmod 700 shared/x", "Permission denied"),
                          ("ln x team/mine/y", "Failure"),
                          ("get shared/a.bak", "not found")):
        done = tree.sftp(command + "\n")
        assert done.returncode == 1 and text in done.stdout, done.stdout
    assert sorted(os.listdir(tree.home / "shared")) == ["x"]


def test_what_cannot_be_moved_is_told_why(tree, connect):  # noqa: F811
    sftp = connect(tree)
    with pytest.raises(OSError, match="cross-device"):
        sftp.posix_rename("x", "team/mine/y")
    with pytest.raises(OSError, match="part of the configuration"):
        sftp.rename("team/mine", "z")
    sftp.symlink("/team/mine", "to-mine")
    assert sftp.normalize("to-mine/../x") == "/team/x"
    assert sftp.normalize("to-mine/x") == "/team/mine/x"
    assert names(sftp, "to-mine") == ["x"]
    with pytest.raises(OSError):
        sftp.posix_rename("x", "to-mine/y")
    sftp.symlink("/shared/x", "to-shared")
    with pytest.raises(PermissionError):
        sftp.open("to-shared", "w")
    assert sftp.open("to-shared").read() == b"shared"
    assert (tree.home / "shared/x").read_text() == "shared"


def test_a_mount_leads_nowhere_else(tree, connect):  # noqa: F811
    """Links that its owner has put there are read in the client's tree."""
    sftp = connect(tree)
    for name, text in (("a", "/etc/passwd"), ("b", "../../../../etc/passwd"),
                       ("c", str(tree.home / "odd/x")), ("d", "../x")):
        os.symlink(text, tree.mine / name)
    for name in "abc":
        with pytest.raises(FileNotFoundError):
            sftp.open(f"team/mine/{name}")
    with pytest.raises(FileNotFoundError):
        sftp.open("team/mine/d")  # /team/x, where there is none
    assert names(sftp, "team/mine") == ["a", "b", "c", "d", "x"]
    assert names(sftp, "/") == ["shared", "sub", "team", "x"]
    assert stat.S_ISDIR(sftp.stat("team").st_mode)


def test_hidden_names_are_those_of_the_tree(tree, connect):  # noqa: F811
    (tree.mine / "x.bak").write_text("old")
    (tree.home / "jail/team").mkdir()
    (tree.home / "jail/team/secret").mkdir()
    (tree.home / "jail/team/open").mkdir()
    sftp = connect(tree)
    assert names(sftp, "team/mine") == ["x"]
    assert "open" in names(sftp, "team") and "mine" in names(sftp, "team")
    assert "secret" not in names(sftp, "team")
    with pytest.raises(FileNotFoundError):
        sftp.stat("team/secret")


def test_rights_are_those_of_the_tree(make, connect):  # noqa: F811
    daemon = make("rules")
    sftp = connect(daemon)
    assert sftp.open("in/x").read() == b"shared"
    with pytest.raises(PermissionError):
        sftp.open("x")
    with pytest.raises(PermissionError):
        sftp.open("in/y", "w")
    sftp.open("sub/y", "w").close()


def test_uploads_appear_in_a_mount(make, connect):  # noqa: F811
    daemon = make("grows")
    sftp = connect(daemon)
    far = sftp.open("in/new", "wb")
    far.write(b"half")
    far.flush()
    assert names(sftp, "in") == ["x"]
    assert len(os.listdir(daemon.home / "shared")) == 2
    far.close()
    assert sorted(os.listdir(daemon.home / "shared")) == ["new", "x"]
    assert daemon.expect("file_uploaded")[0]["path"] == "/in/new"
    far = sftp.open("in/cut", "wb")
    far.write(b"half")
    far.flush()
    sftp.get_channel().get_transport().close()
    wait_until(lambda: ".cut.part" in os.listdir(daemon.home / "shared"))


def test_the_whole_machine_may_be_the_first(make):
    """Its links, such as that of /bin, are the tree's as well."""
    daemon = make("all", own="""all = {{ type = "sftp"; mounts = (
      {{ path = "/mnt/not/there"; storage = {{ root = "%h/shared"; }}; }} ); }};
    """)
    (daemon.home / "link").symlink_to("/mnt/not/there")
    out = daemon.good("ls -l /bin/sh\nget link/x a\nget ../../bin/sh b\n"
                      "put a jail/y\nls /mnt/not\ncd link\npwd\n")
    assert "working directory: /mnt/not/there" in out
    assert (daemon.here / "a").read_text() == "shared"
    assert digest(daemon.here / "b") == digest("/bin/sh")
    assert (daemon.home / "jail/y").read_text() == "shared"


def test_scp_sees_the_same_tree(tree):
    (tree.here / "a").write_bytes(os.urandom(100000))
    tree.copy("a", tree.far("/team/mine/"))
    assert digest(tree.here / "a") == digest(tree.mine / "a")
    (tree.here / "got").mkdir()
    tree.copy("-r", tree.far("/team"), "got")
    assert digest(tree.here / "got/team/mine/a") == digest(tree.here / "a")
    tree.copy("-r", tree.far("/shared"), "got")
    assert (tree.here / "got/shared/x").read_text() == "shared"
    assert "not allowed here" in tree.scp("a", tree.far("/shared/a")).stdout
    assert tree.scp("-r", "got", tree.far("/shared")).returncode == 1


def test_what_is_open_is_copied_from_mount_to_mount(tree):
    data = os.urandom(1500000)
    (tree.home / "shared/big").write_bytes(data)
    raw = Raw(tree)
    one = raw.ask(3, 1, string(b"shared/big") + struct.pack(">II", 1, 0))[5:]
    two = raw.ask(3, 2, string(b"team/mine/big") +
                  struct.pack(">II", 0x1a, 0))[5:]
    assert raw.ask(200, 3, string(b"copy-data") + one +
                   struct.pack(">QQ", 0, 0) + two + struct.pack(">Q", 0))[:9] \
        == struct.pack(">BII", 101, 3, 0)
    assert raw.end() == 0
    assert (tree.mine / "big").read_bytes() == data


def test_a_mount_may_be_of_another_module(folder, modules,  # noqa: F811
                                          connect):  # noqa: F811
    os.chmod(folder, 0o755)
    daemon = Copies(
        folder, scp="both", own='both = {{ type = "sftp"; storage = '
        '{{ root = "%h"; }}; mounts = ( {{ path = "/memory"; '
        'storage = "memory"; }}, {{ path = "/more"; storage = '
        '{{ type = "memory"; size = "1K"; }}; }} ); }};',
        arguments=["--modules", str(modules)])
    try:
        daemon.start()
        (daemon.here / "a").write_bytes(os.urandom(200000))
        daemon.good("put a memory/a\nget memory/a b\nput a a\nls memory\n")
        assert digest(daemon.here / "a") == digest(daemon.here / "b")
        done = daemon.sftp("put a more/a\n")
        assert done.returncode == 1
        done = daemon.sftp("rm memory/a\n")
        assert "nsupported" in done.stdout
        assert (daemon.home / "a").exists()
    finally:
        daemon.stop()


@pytest.mark.parametrize("mounts, text", [
    ('{{ path = "in"; }}', "is no path"),
    ('{{ path = "/"; }}', "is no path"),
    ('{{ path = "/a/"; }}', "is no path"),
    ('{{ path = "/a"; }}, {{ path = "/a"; }}', "is there twice"),
    ('{{ path = "/a"; storage = {{ type = "locale"; }}; }}', "no module"),
    ('{{ path = "/a"; storage = {{ roof = "/srv"; }}; }}',
     "unknown setting (did you mean"),
    ('{{ path = "/a"; storage = "login"; }}', "is no storage"),
    ('{{ storage = "local"; }}', "path is missing"),
])
def test_with_mounts_that_make_no_sense_nothing_starts(folder, mounts, text):
    daemon = Copies(folder, scp="bad", own=(
        'bad = {{ type = "sftp"; mounts = ( %s ); }};' % mounts))
    try:
        daemon.start(wait=False)
        wait_until(lambda: text in daemon.log.read_text())
        assert not daemon.records("ready")
    finally:
        daemon.stop()


def test_without_one_of_its_roots_nobody_is_served(make):
    daemon = make("bad", own="""bad = {{ type = "sftp"; mounts = (
      {{ path = "/gone"; storage = {{ root = "%h/gone"; }}; }} ); }};""")
    assert daemon.sftp("ls\n").returncode != 0
    record = daemon.expect("module_error")[0]
    assert "/gone" in record["reason"]
    (daemon.home / "gone").mkdir()
    assert "gone" in daemon.good("ls\n")
