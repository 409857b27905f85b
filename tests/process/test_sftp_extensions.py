"""OpenSSH's extensions of SFTP, by hand: what they do, where the files are
those of a home, a root, a chroot or nobody's to change, and with nonsense."""

import os
import shutil
import struct
import subprocess

import pytest

import sallyport
import test_sftp_chroot
from sallyport import wait_until
# Their fixtures, and SFTP by hand.
from test_sftp import Raw, files, jail, make, string  # noqa: F401
from test_sftp import needs_home

pytestmark = needs_home

STATUS, HANDLE, NAME, REPLY = 101, 102, 104, 201
OK, NOT_FOUND, DENIED, FAILED, BAD_MESSAGE = 0, 2, 3, 4, 5
READ, WRITE, CREATE = 1, 2, 8


class Client(Raw):
    """Each answer without its number, which has to be the request's."""

    number = 0

    def query(self, kind, body):
        self.number += 1
        answer = self.ask(kind, self.number, body)
        assert struct.unpack(">I", answer[1:5])[0] == self.number
        return answer[0], answer[5:]

    def extended(self, name, body=b""):
        return self.query(200, string(name.encode()) + body)

    def status(self, name, body=b""):
        kind, rest = self.extended(name, body)
        assert kind == STATUS, kind
        return struct.unpack(">I", rest[:4])[0]

    def name(self, name, path):
        """What NAME has, or the status in its place."""
        kind, rest = self.extended(name, string(path))
        if kind == STATUS:
            return struct.unpack(">I", rest[:4])[0]
        assert kind == NAME and rest[:4] == struct.pack(">I", 1)
        size, = struct.unpack(">I", rest[4:8])
        return rest[8:8 + size].decode()

    def open(self, path, flags):
        kind, rest = self.query(
            3, string(path) + struct.pack(">II", flags, 0))
        assert kind == HANDLE, rest
        return rest

    def copy(self, source, at, size, target, to):
        return self.status("copy-data", source + struct.pack(">QQ", at, size) +
                           target + struct.pack(">Q", to))


@pytest.fixture(name="client")
def make_client():
    opened = []

    def made(daemon):
        opened.append(Client(daemon))
        return opened[-1]

    yield made
    for each in opened:
        assert each.end() == 0


@pytest.fixture(name="chrooted")
def make_chrooted(folder):
    place = folder / "chrooted"
    place.mkdir()
    for each in (folder, place):
        os.chmod(each, 0o755)
    daemon = test_sftp_chroot.Jailed(place)
    with daemon:
        yield daemon


@pytest.fixture(name="readers")
def make_readers(make):  # noqa: F811
    """A home in which nothing may be changed."""
    return make(sftp="look")


def write(daemon, path, text):
    path.write_text(text)
    return daemon.give(path)


def attributes(*, uid=None, mode=None, times=None):
    flags, body = 0, b""
    if uid is not None:
        flags, body = flags | 2, body + struct.pack(">II", uid, uid)
    if mode is not None:
        flags, body = flags | 4, body + struct.pack(">I", mode)
    if times is not None:
        flags, body = flags | 8, body + struct.pack(">II", *times)
    return struct.pack(">I", flags) + body


# Where it is tried: the place of the files, and what a client calls it.
PLACES = ["files", "jail", "chrooted"]


@pytest.fixture(name="place", params=PLACES)
def find_place(request):
    daemon = request.getfixturevalue(request.param)
    inside, called = {
        "files": lambda: (daemon.home, "/home/alice"),
        "jail": lambda: (daemon.home / "jail", "/"),
        "chrooted": lambda: (daemon.inside, "/home/alice"),
    }[request.param]()
    return daemon, inside, called


# ---- fsync ----

def test_what_was_written_is_there_after_fsync(place, client):
    daemon, inside, _ = place
    far = client(daemon)
    handle = far.open(b"new", READ | WRITE | CREATE)
    assert far.query(6, handle + struct.pack(">Q", 0) + string(b"kept"))[0] \
        == STATUS
    assert far.status("fsync@openssh.com", handle) == OK
    assert (inside / "new").read_text() == "kept"


def test_fsync_reaches_the_disk(files, client):  # noqa: F811
    """A system call of the session's, and not only an answer."""
    far = client(files)
    handle = far.open(b"new", WRITE | CREATE)
    pid, = files.sessions()
    calls = files.folder / "calls"
    if not shutil.which("strace"):
        pytest.skip("needs strace")
    with subprocess.Popen(
            ["strace", "-f", "-e", "trace=fsync,fdatasync", "-o", calls,
             "-p", str(pid)], stderr=subprocess.PIPE) as tracer:
        try:
            assert b"attached" in tracer.stderr.readline()
            assert far.status("fsync@openssh.com", handle) == OK
            wait_until(lambda: "sync(" in calls.read_text(), what="the call")
        finally:
            tracer.terminate()


def test_fsync_of_no_file_fails(files, client):  # noqa: F811
    far = client(files)
    kind, folder = far.query(11, string(b"."))
    assert kind == HANDLE
    for handle in (string(b"1234"), string(b""), folder):
        assert far.status("fsync@openssh.com", handle) == FAILED
    for body in (b"", b"\0\0\0\7abc", folder + b"x"):
        assert far.status("fsync@openssh.com", body) == BAD_MESSAGE


# ---- lsetstat ----

def test_lsetstat_changes_the_link_and_not_where_it_leads(place, client):
    daemon, inside, _ = place
    target = write(daemon, inside / "target", "x")
    os.chmod(target, 0o640)
    os.symlink("target", inside / "link")
    daemon.give(inside / "link")
    before = target.stat()
    far = client(daemon)
    assert far.status("lsetstat@openssh.com", string(b"link") +
                      attributes(times=(1000, 2000))) == OK
    assert (inside / "link").lstat().st_mtime == 2000
    assert target.stat().st_mtime == before.st_mtime
    # There is no mode of a link to be set; whatever is said, the target's
    # stays.
    far.status("lsetstat@openssh.com", string(b"link") +
               attributes(mode=0o777))
    assert target.stat().st_mode == before.st_mode
    assert far.status("lsetstat@openssh.com", string(b"target") +
                      attributes(mode=0o600)) == OK
    assert target.stat().st_mode & 0o7777 == 0o600


@pytest.mark.parametrize("leads", [
    "/etc/passwd", "../outside/secret", "/home/alice/outside/secret"])
def test_lsetstat_reaches_nothing_outside_a_root(jail, client, leads):  # noqa: F811
    os.symlink(leads, jail.home / "jail/out")
    os.symlink("..", jail.home / "jail/up")
    for name in ("out", "up"):
        jail.give(jail.home / "jail" / name)
    secret = jail.home / "outside/secret"
    before = secret.stat()
    far = client(jail)
    assert far.status("lsetstat@openssh.com", string(b"out") +
                      attributes(times=(1, 2))) == OK
    for path in (b"up/outside/secret", b"../outside/secret",
                 b"/home/alice/outside/secret"):
        assert far.status("lsetstat@openssh.com", string(path) +
                          attributes(times=(1, 2))) != OK
    after = secret.stat()
    assert (after.st_mtime, after.st_mode) == (before.st_mtime,
                                               before.st_mode)


def test_lsetstat_is_refused_what_its_user_may_not(files, client):  # noqa: F811
    write(files, files.home / "x", "x")
    far = client(files)
    assert far.status("lsetstat@openssh.com", string(b"x") +
                      attributes(uid=0)) == DENIED
    assert (files.home / "x").stat().st_uid == sallyport.USERS[files.user]
    assert far.status("lsetstat@openssh.com", string(b"nothing") +
                      attributes(times=(1, 2))) == NOT_FOUND
    for body in (b"", string(b"x"), string(b"x") + b"\0\0\0\4",
                 string(b"a\0b") + attributes()):
        assert far.status("lsetstat@openssh.com", body) == BAD_MESSAGE


# ---- expand-path and home-directory ----

def test_a_path_is_expanded_from_where_the_user_is_at_home(place, client):
    daemon, inside, called = place
    (inside / "d").mkdir()
    daemon.give(inside / "d")
    top = called.rstrip("/")
    far = client(daemon)
    for path, expected in ((b"~", called), (b"~/d", top + "/d"),
                           (b"d/../d", top + "/d"), (b"", called),
                           (b"~alice", called), (b"~alice/d", top + "/d")):
        assert far.name("expand-path@openssh.com", path) == expected, path
    assert far.name("home-directory", b"") == called
    assert far.name("home-directory", b"alice") == called


def test_nobody_who_is_not_there_has_a_home(place, client):
    far = client(place[0])
    for name in (b"nobodyatall", b"../alice", b"a" * 300):
        for found in (far.name("home-directory", name),
                      far.name("expand-path@openssh.com", b"~" + name)):
            assert isinstance(found, int), (name, found)
    assert far.name("home-directory", b"a\0b") == BAD_MESSAGE
    assert far.name("expand-path@openssh.com", b"a\0b") == BAD_MESSAGE
    for each in ("home-directory", "expand-path@openssh.com"):
        assert far.status(each) == BAD_MESSAGE
        assert far.status(each, string(b"~") + b"x") == BAD_MESSAGE


def test_under_a_root_no_other_home_is_told_of(jail, client):  # noqa: F811
    """Neither of one who is there, whose place is not inside."""
    far = client(jail)
    for name in (b"bob", b"root"):
        for found in (far.name("home-directory", name),
                      far.name("expand-path@openssh.com", b"~" + name)):
            assert isinstance(found, int) or found == "/", (name, found)


# ---- limits ----

@pytest.mark.parametrize("handles", [100, 8])
def test_limits_are_those_that_hold(make, client, handles):  # noqa: F811
    daemon = make(sftp="files" if handles == 100 else "few")
    (daemon.home / "x").write_bytes(b"x" * 1000000)
    os.chmod(daemon.home / "x", 0o644)
    far = client(daemon)
    kind, rest = far.extended("limits@openssh.com")
    assert kind == REPLY
    packet, read, size, count = struct.unpack(">QQQQ", rest)
    assert packet > read > 0 and packet > size > 0
    if handles == 8:
        assert count == 8
    handle = far.open(b"x", READ)
    kind, data = far.query(5, handle + struct.pack(">QI", 0, read))
    assert kind == 103 and len(data) == 4 + read
    new = far.open(b"new", WRITE | CREATE)
    assert far.query(6, new + struct.pack(">Q", 0) + string(b"y" * size)) \
        [1][:4] == struct.pack(">I", OK)
    assert (daemon.home / "new").stat().st_size == size
    if handles == 8:
        for _ in range(count - 2):
            far.open(b"x", READ)
        kind, rest = far.query(3, string(b"x") + struct.pack(">II", READ, 0))
        assert (kind, rest[:4]) == (STATUS, struct.pack(">I", FAILED))
    assert far.status("limits@openssh.com", b"x") == BAD_MESSAGE


# ---- copy-data ----

def test_copy_data_copies_on_this_side(place, client):
    daemon, inside, _ = place
    data = os.urandom(300000)
    (inside / "from").write_bytes(data)
    daemon.give(inside / "from")
    far = client(daemon)
    source = far.open(b"from", READ)
    whole = far.open(b"whole", WRITE | CREATE)
    part = far.open(b"part", WRITE | CREATE)
    assert far.copy(source, 0, 0, whole, 0) == OK
    assert far.copy(source, 1000, 5000, part, 10) == OK
    # Past the end there is nothing, and that is no fault.
    assert far.copy(source, 299999, 10, part, 5010) == OK
    assert far.copy(source, 400000, 10, part, 0) == OK
    for handle in (whole, part):
        far.query(4, handle)
    assert (inside / "whole").read_bytes() == data
    assert (inside / "part").read_bytes() == \
        bytes(10) + data[1000:6000] + data[299999:]


def test_copy_data_needs_what_it_reads_and_writes(files, client):  # noqa: F811
    write(files, files.home / "x", "text")
    write(files, files.home / "y", "kept")
    far = client(files)
    readable = far.open(b"x", READ)
    writable = far.open(b"y", WRITE)
    assert far.copy(writable, 0, 0, readable, 0) != OK
    assert far.copy(readable, 0, 0, readable, 100) != OK
    assert far.copy(readable, 0, 0, string(b"none"), 0) == FAILED
    assert far.copy(string(b"none"), 0, 0, writable, 0) == FAILED
    assert (files.home / "x").read_text() == "text"
    assert (files.home / "y").read_text() == "kept"
    for body in (b"", readable, readable + bytes(16) + writable):
        assert far.status("copy-data", body) == BAD_MESSAGE


# ---- statvfs ----

def test_statvfs_is_what_the_kernel_says(place, client):
    daemon, inside, _ = place
    write(daemon, inside / "x", "x")
    far = client(daemon)
    handle = far.open(b"x", READ)
    real = os.statvfs(inside)
    for found in (far.extended("statvfs@openssh.com", string(b".")),
                  far.extended("fstatvfs@openssh.com", handle)):
        kind, rest = found
        assert kind == REPLY
        fields = struct.unpack(">11Q", rest)
        assert fields[0] == real.f_bsize and fields[1] == real.f_frsize
        assert fields[2] == real.f_blocks and fields[5] == real.f_files
        assert fields[10] == real.f_namemax
    assert far.status("statvfs@openssh.com", string(b"nothing")) == NOT_FOUND
    assert far.status("statvfs@openssh.com", string(b"")) == NOT_FOUND
    assert far.status("fstatvfs@openssh.com", string(b"none")) == FAILED
    for each in ("statvfs@openssh.com", "fstatvfs@openssh.com"):
        assert far.status(each) == BAD_MESSAGE


# ---- users-groups-by-id ----

def test_ids_have_the_names_of_this_machine_and_no_others(place, client):
    daemon, inside, called = place
    far = client(daemon)
    uid = sallyport.USERS[daemon.user]
    kind, rest = far.extended(
        "users-groups-by-id@openssh.com",
        string(struct.pack(">II", uid, 4294967294)) + string(b""))
    assert kind == REPLY
    size, = struct.unpack(">I", rest[:4])
    # A root folder of the kernel's has no list of users in it.
    name = b"" if called == "/home/alice" and inside != daemon.home else \
        b"alice"
    assert rest[4:4 + size] == string(name) + string(b"")
    assert rest[4 + size:] == string(b"")


# ---- where nothing may be changed ----

def test_read_only_refuses_what_changes_and_answers_the_rest(readers, client):
    write(readers, readers.home / "x", "text")
    write(readers, readers.home / "y", "kept")
    os.symlink("x", readers.home / "link")
    readers.give(readers.home / "link")
    before = (readers.home / "link").lstat().st_mtime
    far = client(readers)
    handle = far.open(b"x", READ)
    for name in (b"x", b"link"):
        assert far.status("lsetstat@openssh.com", string(name) +
                          attributes(times=(1, 2))) == DENIED
    kind, rest = far.query(3, string(b"y") + struct.pack(">II", WRITE, 0))
    assert (kind, rest[:4]) == (STATUS, struct.pack(">I", DENIED))
    assert far.copy(handle, 0, 0, handle, 100) != OK
    assert far.status("hardlink@openssh.com",
                      string(b"x") + string(b"z")) == DENIED
    assert far.status("posix-rename@openssh.com",
                      string(b"x") + string(b"z")) == DENIED
    assert far.name("expand-path@openssh.com", b"~/x") == "/home/alice/x"
    assert far.name("home-directory", b"") == "/home/alice"
    for name, body in (("statvfs@openssh.com", string(b"x")),
                       ("fstatvfs@openssh.com", handle),
                       ("limits@openssh.com", b""),
                       ("users-groups-by-id@openssh.com",
                        string(b"") + string(b""))):
        assert far.extended(name, body)[0] == REPLY, name
    assert (readers.home / "x").read_text() == "text"
    assert (readers.home / "link").lstat().st_mtime == before
    assert not (readers.home / "z").exists()
