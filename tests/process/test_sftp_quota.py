"""How much an identity may have below its root, over all of its sessions."""

import contextlib
import os
import random
import signal
import subprocess
import threading

import pytest

import sallyport
# Their fixtures, and a daemon that serves files by both protocols.
from test_sftp import connect, digest, needs_home  # noqa: F401
from test_scp import Copies
from sallyport import wait_until

pytestmark = needs_home

QUOTA = 1 << 20
FULL = "quota exceeded"

OWN = """\
  full = {{ type = "sftp";
    storage = {{ root = "%h/jail"; quota = "1M"; }}; }};
  swapped = {{ type = "sftp"; upload = "atomic";
    storage = {{ root = "%h/jail"; quota = "1M"; }}; }};
  names = {{ type = "sftp";
    storage = {{ root = "%h/jail"; quota_files = 10; }}; }};
  mounted = {{ type = "sftp"; storage = {{ root = "%h/jail"; quota = "1M"; }};
    mounts = ( {{ path = "/more";
      storage = {{ root = "%h/other"; quota = "1M"; }}; }} ); }};
"""


@pytest.fixture
def make(folder):
    running = []

    def made(sftp="full", **settings):
        place = folder / str(len(running))
        place.mkdir()
        os.chmod(folder, 0o755)
        running.append(Copies(place, scp=sftp, own=OWN, **settings))
        daemon = running[-1]
        daemon.jail = daemon.home / "jail"
        for each in (daemon.jail, daemon.home / "other"):
            each.mkdir()
            daemon.give(each)
        return daemon.start()

    yield made
    for each in running:
        each.stop()


def size_of(folder):
    return sum(path.lstat().st_size for path in folder.rglob("*")
               if path.is_file() and not path.is_symlink())


def put(far, name, size, mode="wb"):
    with far.open(name, mode) as file:
        file.write(os.urandom(size))


def expect_full(function, *arguments):
    with pytest.raises(OSError) as told:
        function(*arguments)
    assert FULL in str(told.value), told.value


def notice(daemon, detail):
    """What the one line of that kind says."""
    def found():
        return [each["reason"] for each in daemon.records()
                if each.get("detail") == detail]
    line, = wait_until(found)
    return line


def room(far):
    """How much can be written: all of it is, and taken away again."""
    most = 0
    with far.open("fill", "wb") as file:
        with contextlib.suppress(OSError):
            while True:
                file.write(bytes(8192))
                most += 8192
    far.remove("fill")
    return most


# ---- one session ----

def test_what_fits_is_there_and_nothing_more(make, connect):  # noqa: F811
    daemon = make()
    far = connect(daemon)
    put(far, "a", QUOTA - 1000)
    put(far, "b", 1000)
    assert size_of(daemon.jail) == QUOTA
    for _ in range(3):
        expect_full(put, far, "c", 1)
    assert size_of(daemon.jail) == QUOTA
    # What is there can be changed, and read.
    with far.open("a", "r+b") as file:
        file.write(b"changed")
    with far.open("a", "rb") as file:
        assert file.read(7) == b"changed"
    told = notice(daemon, "quota_exceeded")
    assert "quota = 1048576" in told and "/jail" in told


def test_clients_are_told(make):
    daemon = make()
    (daemon.here / "large").write_bytes(os.urandom(QUOTA + 1))
    done = daemon.sftp("put large\n")
    assert done.returncode != 0
    done = daemon.scp("large", daemon.far("scp"))
    assert done.returncode != 0 and FULL in done.stdout
    assert size_of(daemon.jail) <= QUOTA


def test_what_was_there_counts(make, connect):  # noqa: F811
    daemon = make()
    folder = daemon.jail / "a/b"
    folder.mkdir(parents=True)
    (folder / "old").write_bytes(bytes(QUOTA - 5000))
    far = connect(daemon)
    expect_full(put, far, "new", 5001)
    put(far, "new", 5000)


def test_room_is_given_back(make, connect):  # noqa: F811
    daemon = make()
    far = connect(daemon)

    def emptied():
        assert room(far) == QUOTA

    put(far, "a", QUOTA)
    far.remove("a")
    emptied()
    put(far, "a", QUOTA)
    far.truncate("a", 0)
    emptied()
    with far.open("a", "r+b") as file:
        file.write(bytes(QUOTA))
        file.truncate(10)
        put(far, "b", QUOTA - 10)
        far.remove("b")
        file.truncate(0)
    emptied()
    put(far, "a", QUOTA)
    put(far, "a", QUOTA)  # in its place
    far.remove("a")
    put(far, "a", QUOTA // 2)
    put(far, "b", QUOTA // 2)
    far.posix_rename("a", "b")
    put(far, "c", QUOTA // 2)
    far.remove("b")
    far.remove("c")
    emptied()


def test_what_fails_is_given_back(make, connect):  # noqa: F811
    daemon = make()
    far = connect(daemon)
    for _ in range(3):
        expect_full(put, far, "a", QUOTA + 1)
        far.remove("a")
    assert room(far) == QUOTA


def test_a_size_that_is_set_counts(make, connect):  # noqa: F811
    daemon = make()
    far = connect(daemon)
    put(far, "a", 100)
    expect_full(far.truncate, "a", QUOTA + 1)
    with far.open("a", "r+b") as file:
        expect_full(file.truncate, QUOTA + 1)
        file.seek(QUOTA)
        expect_full(file.write, b"x")
    assert size_of(daemon.jail) == 100
    far.truncate("a", QUOTA)
    expect_full(put, far, "b", 1)


def test_who_appends_is_counted(make, connect):  # noqa: F811
    daemon = make()
    far = connect(daemon)
    for _ in range(4):
        put(far, "a", QUOTA // 4, "ab")
    expect_full(put, far, "a", 1, "ab")
    assert size_of(daemon.jail) == QUOTA


def test_a_copy_counts(make):
    daemon = make()
    (daemon.here / "a").write_bytes(os.urandom(QUOTA // 2))
    daemon.good("put a a\ncp a b\n")
    assert digest(daemon.jail / "b") == digest(daemon.here / "a")
    assert daemon.sftp("cp a c\n").returncode != 0
    assert size_of(daemon.jail) <= QUOTA
    daemon.good("rm b\nrm c\ncp a c\n")


def test_a_file_with_two_names_is_there_until_both_are_gone(
        make, connect):  # noqa: F811
    daemon = make()
    far = connect(daemon)
    put(far, "a", QUOTA)
    daemon.good("ln a b\n")
    far.remove("a")
    expect_full(put, far, "c", 1)
    far.remove("b")
    far.remove("c")
    assert room(far) == QUOTA


def test_a_file_that_is_open_counts_when_its_name_is_gone(
        make, connect):  # noqa: F811
    daemon = make()
    far, other = connect(daemon), connect(daemon)
    for holder in (far, other):
        put(far, "a", QUOTA)
        held = holder.open("a", "rb")
        far.remove("a")
        expect_full(put, far, "b", 1)
        held.close()
        far.remove("b")
        assert room(far) == QUOTA
    # One that is written to still, and one that another takes the place of.
    with far.open("a", "wb") as held:
        held.write(bytes(QUOTA // 2))
        far.remove("a")
        held.write(bytes(QUOTA // 2))
        expect_full(put, far, "b", 1)
    far.remove("b")
    put(far, "a", QUOTA // 2)
    with other.open("a", "rb"):
        put(far, "b", QUOTA // 2)
        far.posix_rename("b", "a")
        expect_full(put, far, "b", 1)
    far.remove("a")
    far.remove("b")
    assert room(far) == QUOTA


def test_uploads_that_appear_when_whole_count(make, connect):  # noqa: F811
    daemon = make("swapped")
    far = connect(daemon)
    put(far, "a", QUOTA // 2)
    # Both are there for a moment: the part that comes, and what it replaces.
    put(far, "a", QUOTA // 2)
    expect_full(put, far, "a", QUOTA // 2 + 1)
    assert [path.name for path in daemon.jail.iterdir()] == ["a"]
    assert (daemon.jail / "a").stat().st_size == QUOTA // 2
    put(far, "b", QUOTA // 2)
    expect_full(put, far, "c", 1)


def test_files_and_folders_are_counted(make, connect):  # noqa: F811
    daemon = make("names")
    (daemon.jail / "there").mkdir()
    daemon.give(daemon.jail / "there")
    far = connect(daemon)
    for i in range(4):
        put(far, f"f{i}", 10)
        far.mkdir(f"d{i}")
    far.symlink("f0", "s")
    for attempt in (lambda: put(far, "x", 1), lambda: far.mkdir("x"),
                    lambda: far.symlink("f0", "x"),
                    lambda: put(far, "there/x", 1)):
        expect_full(attempt)
    assert len(list(daemon.jail.rglob("*"))) == 10
    put(far, "f0", 100)  # it is there
    far.remove("f0")
    put(far, "x", 1)
    far.rmdir("d0")
    far.mkdir("y")
    far.posix_rename("x", "f1")
    put(far, "z", 1)
    expect_full(far.mkdir, "d")
    for exclusive in range(3):
        with pytest.raises(OSError):
            far.open("z", "wx")
    far.remove("z")
    put(far, "z", 1)


def test_room_is_told(make):
    daemon = make()
    (daemon.here / "a").write_bytes(bytes(QUOTA // 2))
    daemon.good("put a\n")
    told = daemon.good("put a b\ndf\n").splitlines()[-1].split()
    assert [int(each) for each in told[:3]] == [1024, 1024, 0]


def test_each_mount_has_its_own(make, connect):  # noqa: F811
    daemon = make("mounted")
    far = connect(daemon)
    put(far, "a", QUOTA)
    put(far, "more/a", QUOTA)
    expect_full(put, far, "b", 1)
    expect_full(put, far, "more/b", 1)
    assert size_of(daemon.jail) == size_of(daemon.home / "other") == QUOTA


def test_scp_is_counted_with_it(make, connect):  # noqa: F811
    daemon = make()
    far = connect(daemon)
    put(far, "a", QUOTA // 2)
    (daemon.here / "b").write_bytes(bytes(QUOTA // 2))
    daemon.copy("b", daemon.far("b"))
    assert daemon.scp("b", daemon.far("c")).returncode != 0
    assert size_of(daemon.jail) == QUOTA


# ---- several sessions ----

def all_at_once(function, count):
    threads = [threading.Thread(target=function, args=(i,))
               for i in range(count)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def test_eight_sessions_together_write_no_more(make, connect):  # noqa: F811
    daemon = make()
    (daemon.jail / "old").write_bytes(bytes(100000))
    far = [connect(daemon) for _ in range(8)]
    full = []

    def fill(i):
        try:
            with far[i].open(f"f{i}", "wb") as file:
                while True:
                    file.write(bytes(5000))
        except OSError as told:
            full.append(str(told))

    all_at_once(fill, 8)
    assert len(full) == 8 and all(FULL in each for each in full)
    assert QUOTA - 8 * 5000 < size_of(daemon.jail) <= QUOTA


def test_who_shares_a_file_gains_nothing(make, connect):  # noqa: F811
    """Sessions that write, cut, rename, link and remove the same few names.

    Behind it the account must not be less than what is there: what can then
    still be written fits.
    """
    daemon = make()
    far = [connect(daemon) for _ in range(5)]
    names = ["a", "b", "c"]
    end = threading.Event()

    def once(client, chance):
        name, other = chance.choice(names), chance.choice(names)
        deed = chance.randrange(6)
        if deed == 0:
            client.remove(name)
        elif deed == 1:
            client.posix_rename(name, other)
        elif deed == 2:
            client.truncate(name, chance.randrange(QUOTA // 2))
        else:
            with client.open(name, chance.choice(("wb", "r+b", "ab"))) as file:
                for _ in range(chance.randrange(8)):
                    if chance.random() < 0.2:
                        file.truncate(chance.randrange(QUOTA // 2))
                    file.seek(chance.randrange(QUOTA // 2))
                    file.write(bytes(chance.randrange(60000)))

    def hammer(i):
        chance = random.Random(i)
        while not end.is_set():
            with contextlib.suppress(OSError):
                once(far[i], chance)

    timer = threading.Timer(8, end.set)
    timer.start()
    all_at_once(hammer, 5)
    for i, client in enumerate(far):
        with contextlib.suppress(OSError):
            with client.open(f"last{i}", "wb") as file:
                while True:
                    file.write(bytes(4096))
    assert size_of(daemon.jail) <= QUOTA
    # The next count begins with what is there.
    for client in far:
        client.get_channel().get_transport().close()
    wait_until(lambda: not daemon.sessions())
    for path in daemon.jail.iterdir():
        path.unlink()
    assert room(connect(daemon)) == QUOTA


def test_what_others_change_is_seen_when_no_session_is_left(
        make, connect):  # noqa: F811
    daemon = make()
    far = connect(daemon)
    put(far, "a", 1000)
    (daemon.jail / "brought").write_bytes(bytes(QUOTA))
    put(far, "b", 1000)
    far.get_channel().get_transport().close()
    wait_until(lambda: not daemon.sessions())
    expect_full(put, connect(daemon), "c", 1)


def fill_tree(daemon, folders, files):
    for i in range(folders):
        (daemon.jail / f"d{i}").mkdir()
        for k in range(files):
            os.close(os.open(daemon.jail / f"d{i}/{k}", os.O_CREAT, 0o600))
    if sallyport.is_root():
        uid = sallyport.USERS[daemon.user]
        subprocess.run(["chown", "-R", f"{uid}", daemon.jail], check=True)


def test_who_is_killed_while_he_counts_is_replaced(
        make, connect):  # noqa: F811
    paramiko = pytest.importorskip("paramiko")
    daemon = make()
    fill_tree(daemon, 40, 500)
    (daemon.jail / "old").write_bytes(bytes(QUOTA - 1000))
    first, second = connect(daemon), connect(daemon)
    pid = daemon.records("session_opened")[0]["pid"]
    killer = threading.Timer(0.02, os.kill, (pid, signal.SIGKILL))
    killer.start()
    with contextlib.suppress(OSError, paramiko.SSHException):
        first.mkdir("first")
    killer.join()
    expect_full(put, second, "x", 1001)
    put(second, "x", 1000)


def test_others_go_on_while_it_is_counted(make, connect):  # noqa: F811
    daemon = make()
    fill_tree(daemon, 40, 500)
    far = connect(daemon)
    other = far.get_channel().get_transport().open_sftp_client()
    done = []

    def write():
        put(far, "x", 10)
        done.append("x")

    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(20):
        assert len(other.listdir("d0")) == 500
    writer.join()
    assert done == ["x"]


def test_where_it_cannot_be_counted_nothing_is_changed(
        make, connect):  # noqa: F811
    daemon = make()
    hidden = daemon.jail / "hidden"
    hidden.mkdir()
    (hidden / "large").write_bytes(bytes(1000))
    daemon.give(hidden)
    hidden.chmod(0)
    if not sallyport.is_root():
        pytest.skip("needs root to look into it")
    far = connect(daemon)
    with pytest.raises(OSError, match="cannot be counted"):
        put(far, "x", 1)
    told = notice(daemon, "quota_unknown")
    assert "folder /hidden: Permission denied" in told
    far.chmod("hidden", 0o700)
    put(far, "x", 1)


def test_a_quota_is_of_a_root(make):
    daemon = make()
    daemon.config.write_text(daemon.config.read_text().replace(
        'root = "%h/jail"; quota = "1M"', 'quota = "1M"'))
    daemon.process.send_signal(signal.SIGHUP)
    daemon.expect("reload_refused")
    assert "there must be one" in daemon.log.read_text()


def test_who_has_no_quota_pays_nothing(make):
    daemon = make("files")
    daemon.good("put " + str(daemon.config) + " x\n")
    assert not list((daemon.folder / "state/identities").iterdir())
