"""How many connections one identity may have logged in, over all of them.

Each session has a lock in its identity's file; the kernel gives its place back
with the session's end, however it comes.
"""

import contextlib
import fcntl
import os
import pathlib
import shutil
import signal
import struct

import pytest

import sallyport
from sallyport import is_root, wait_until

needs_root = pytest.mark.skipif(not is_root(), reason="other users need root")
# It is no user's own, not even his who runs it.
sees_inside = pytest.mark.skipif(
    not is_root(), reason="what a session has open is for root to see")


@pytest.fixture
def make(make_daemon):
    def with_limit(limit=2, **settings):
        profile = f"sessions_per_identity = {limit}; "
        profile += settings.pop("profile", "")
        return make_daemon(profile=profile, **settings)
    return with_limit


class Guest:
    """Somebody who is logged in, and stays."""

    def __init__(self, daemon, **options):
        self.client = daemon.popen("echo up; read line; echo $line", **options)
        assert self.client.stdout.readline() == b"up\n"

    def leave(self):
        out, _ = self.client.communicate(b"bye\n", timeout=20)
        assert out == b"bye\n"


def try_in(daemon, **options):
    """The client's end, and what it was told."""
    done = daemon.ssh("true", **options)
    return done.returncode, done.stderr


def is_in(daemon, **options):
    return try_in(daemon, **options)[0] == 0


def is_kept_out(daemon, **options):
    status, told = try_in(daemon, **options)
    assert status in (0, 255)
    if status == 0:
        return False
    assert b"too many sessions of yours are open" in told
    return True


def sessions(daemon):
    """Process ids of those that are open."""
    opened = [each["pid"] for each in daemon.records("session_opened")]
    return [pid for pid in opened if os.path.exists(f"/proc/{pid}")]


def files(daemon):
    """Those of identities."""
    return sorted((daemon.folder / "state/identities").iterdir())


def reload(daemon):
    before = len(daemon.records("reloaded"))
    daemon.process.send_signal(signal.SIGHUP)
    daemon.expect("reloaded", before=before)


def kill(daemon, program):
    """Another takes its place."""
    old = wait_until(lambda: daemon.pids(program))[0]
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: old not in daemon.pids(program)
               and daemon.pids(program), 30)


def wait_for_place(daemon):
    wait_until(lambda: is_in(daemon), 30)


def test_who_has_as_many_as_he_may_waits_until_one_ends(make):
    daemon = make()
    guests = [Guest(daemon) for _ in range(2)]
    assert is_kept_out(daemon)
    refused = daemon.expect("login_refused")[0]
    assert refused["user"] == daemon.user
    assert f"identity {daemon.user} has 2 sessions" in refused["reason"]
    assert "sessions_per_identity" in refused["reason"]
    # Nobody holds it against where he comes from.
    assert daemon.records("source_penalised") == []
    guests.pop().leave()
    wait_for_place(daemon)
    guests.append(Guest(daemon))
    assert is_kept_out(daemon)
    for guest in guests:
        guest.leave()


@needs_root
def test_each_identity_has_its_own(make):
    daemon = make(1)
    alice, bob = Guest(daemon, user="alice"), Guest(daemon, user="bob")
    assert is_kept_out(daemon, user="alice")
    assert is_kept_out(daemon, user="bob")
    alice.leave()
    wait_until(lambda: is_in(daemon, user="alice"), 30)
    assert is_kept_out(daemon, user="bob")
    bob.leave()


def test_of_many_at_once_as_many_are_let_in_as_may(make):
    daemon = make(3)
    clients = [daemon.popen("echo up; read line", options=["LogLevel=ERROR"])
               for _ in range(8)]
    lines = wait_until(lambda: ended_or_in(daemon, clients), 60)
    assert lines == (3, 5)
    for client in clients:
        client.communicate(b"\n", timeout=20)
    wait_for_place(daemon)


def ended_or_in(daemon, clients):
    ended = sum(client.poll() is not None for client in clients)
    opened = len(daemon.records("session_opened"))
    return (opened, ended) if opened + ended == len(clients) else None


def test_a_session_that_is_killed_gives_its_place_back(make):
    daemon = make(1)
    for _ in range(3):
        guest = Guest(daemon)
        assert is_kept_out(daemon)
        for pid in sessions(daemon):
            os.kill(pid, signal.SIGKILL)
        guest.client.wait(20)
        wait_for_place(daemon)


def test_programs_that_a_session_leaves_behind_hold_no_place(make):
    daemon = make(1)
    left = daemon.ssh("sleep 600 <&- >&- 2>&- & echo $!")
    assert left.returncode == 0
    try:
        wait_for_place(daemon)
    finally:
        os.kill(int(left.stdout), signal.SIGKILL)


def descriptors(daemon):
    """What a session has open, while it is there."""
    guest = Guest(daemon)
    pid, = sessions(daemon)
    links = [os.readlink(f"/proc/{pid}/fd/{fd}")
             for fd in os.listdir(f"/proc/{pid}/fd")]
    maps = pathlib.Path(f"/proc/{pid}/maps").read_text()
    guest.leave()
    assert "/identities/" not in maps
    return len(links), [link for link in links if "/identities" in link]


@sees_inside
def test_who_has_no_limit_costs_no_descriptor(make, make_daemon):
    counted, held = descriptors(make(4))
    assert len(held) == 1 and not held[0].endswith("/identities")
    daemon = make_daemon()
    assert descriptors(daemon) == (counted - 1, [])
    assert files(daemon) == []


@sees_inside
def test_a_session_can_only_read_what_it_is_counted_by(make):
    daemon = make(1)
    guest = Guest(daemon)
    pid, = sessions(daemon)
    fd, = [fd for fd in os.listdir(f"/proc/{pid}/fd")
           if "/identities/" in os.readlink(f"/proc/{pid}/fd/{fd}")]
    flags = pathlib.Path(f"/proc/{pid}/fdinfo/{fd}").read_text()
    flags, = [line.split()[1] for line in flags.splitlines()
              if line.startswith("flags:")]
    assert int(flags, 8) & os.O_ACCMODE == os.O_RDONLY
    assert int(flags, 8) & os.O_CLOEXEC
    # Nor has what it starts any of it.
    program = daemon.records("session_opened") and \
        wait_until(lambda: sallyport.children_of(pid)[1:])[0]
    assert not any("/identities" in os.readlink(f"/proc/{program}/fd/{each}")
                   for each in os.listdir(f"/proc/{program}/fd"))
    guest.leave()


# ---- where others die, and are replaced ----

@pytest.mark.parametrize("program", ["ledger", "login", "gate", "keyholder"])
def test_who_is_in_is_counted_whoever_dies(make, program):
    daemon = make(1)
    guest = Guest(daemon)
    kill(daemon, program)
    wait_until(lambda: is_kept_out(daemon), 30)
    guest.leave()
    wait_for_place(daemon)


def test_without_a_ledger_who_is_counted_is_let_in(make):
    daemon = make(1)
    old, = daemon.pids("ledger")
    os.kill(old, signal.SIGSTOP)
    try:
        guest = Guest(daemon)
        assert is_kept_out(daemon)
        guest.leave()
    finally:
        os.kill(old, signal.SIGCONT)


def test_logins_under_way_get_in_through_reloads_and_dead_ledgers(make):
    """None of them is refused for it; none is let in past the limit."""
    daemon = make(40)
    clients = []
    for i in range(5):
        clients += [daemon.popen("echo up; read line") for _ in range(4)]
        if i % 2:
            kill(daemon, "ledger")
        else:
            reload(daemon)
    for client in clients:
        assert client.stdout.readline() == b"up\n"
    assert daemon.records("login_refused") == []
    for client in clients:
        client.communicate(b"bye\n", timeout=20)


def test_as_many_as_may_are_in_whatever_dies_meanwhile(make):
    daemon = make(3)
    clients = []
    for i in range(5):
        clients += [daemon.popen("echo up; read line") for _ in range(4)]
        if i % 2:
            kill(daemon, "ledger")
        else:
            reload(daemon)
        assert len(sessions(daemon)) <= 3
    wait_until(lambda: sum(each.poll() is None for each in clients) == 3, 60)
    assert len(sessions(daemon)) == 3
    for client in clients:
        client.kill()
        client.wait(20)
    wait_for_place(daemon)


def end(daemon):
    """As a service manager does that leaves sessions alone."""
    daemon.process.terminate()
    assert daemon.process.wait(10) == 0


@contextlib.contextmanager
def left_behind(daemon):
    """Sessions that outlive their daemon are nobody's children."""
    pids = sessions(daemon)
    try:
        yield pids
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_who_outlives_the_daemon_is_counted_by_the_next(make):
    daemon = make(2)
    guests = [Guest(daemon) for _ in range(2)]
    with left_behind(daemon):
        end(daemon)
        daemon.start()
        assert is_kept_out(daemon)
        guests.pop().leave()
        wait_for_place(daemon)
        guests.append(Guest(daemon))
        assert is_kept_out(daemon)
        for guest in guests:
            guest.leave()


def test_who_was_let_in_by_another_version_is_counted(make, tmp_path):
    """Its programs are other files, and none of the old ones is there."""
    old = tmp_path / "old"
    old.mkdir()
    for path in sallyport.BUILD.glob("sallyport*"):
        if path.is_file():
            shutil.copy(path, old)
    daemon = make(1, program=old / "sallyportd")
    guest = Guest(daemon)
    with left_behind(daemon):
        end(daemon)
        shutil.rmtree(old)
        daemon.program = sallyport.BUILD / "sallyportd"
        daemon.start()
        assert is_kept_out(daemon)
        guest.leave()
        wait_for_place(daemon)


def test_gates_of_one_connection_share_the_count(make):
    daemon = make(1, server='gates = "per-connection";')
    guest = Guest(daemon)
    assert is_kept_out(daemon)
    guest.leave()
    wait_for_place(daemon)


def test_a_reload_forgets_nobody(make):
    daemon = make(2)
    guests = [Guest(daemon) for _ in range(2)]
    for _ in range(3):
        reload(daemon)
        assert is_kept_out(daemon)
    guests.pop().leave()
    wait_for_place(daemon)
    guests.append(Guest(daemon))
    assert is_kept_out(daemon)
    for guest in guests:
        guest.leave()


def test_a_lower_limit_of_a_reload_ends_nobody(make):
    daemon = make(2)
    guests = [Guest(daemon) for _ in range(2)]
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace("sessions_per_identity = 2",
                                          "sessions_per_identity = 1"))
    reload(daemon)
    guests.pop().leave()
    wait_until(lambda: not sessions_but_one(daemon), 30)
    assert is_kept_out(daemon)
    guests.pop().leave()
    wait_for_place(daemon)


def sessions_but_one(daemon):
    return sessions(daemon)[1:]


LIMITS = """\
server = {{ listen = [ "127.0.0.1:{port}" ]; {server} }};
log = {{ to = "stderr"; format = "json"; level = "debug"; }};
auth = {{ keys = {{ type = "authorized_keys"; {file} }}; }};
handlers = {{ login = {{ type = "login"; }}; }};
profiles = {{
  few = {{ accept = "keys"; exec = "login"; sessions_per_identity = 1; }};
  many = {{ accept = "keys"; exec = "login"; sessions_per_identity = 3; }};
  free = {{ accept = "keys"; exec = "login"; {profile} }};
}};
rules = ( {{ use = "many"; }} );
"""


def use(daemon, profile):
    """From now on it is this one that all are given."""
    text = daemon.config.read_text()
    start = text.index('use = "') + len('use = "')
    daemon.config.write_text(
        text[:start] + profile + text[text.index('"', start):])
    reload(daemon)


def test_each_profile_has_its_own_limit_of_all_that_are_counted(make_daemon):
    daemon = make_daemon(config=LIMITS)
    guests = [Guest(daemon) for _ in range(2)]
    use(daemon, "few")
    assert is_kept_out(daemon)
    # Who has no limit is not counted, and is not kept out.
    use(daemon, "free")
    free = [Guest(daemon) for _ in range(3)]
    use(daemon, "many")
    guests.append(Guest(daemon))
    assert is_kept_out(daemon)
    for guest in guests:
        guest.leave()
    use(daemon, "few")
    wait_for_place(daemon)
    for guest in free:
        guest.leave()


# ---- the folder ----

@needs_root
def test_a_file_that_nobody_holds_goes(make):
    daemon = make(1)
    for user in ("alice", "bob", "alice"):
        Guest(daemon, user=user).leave()
    guest = Guest(daemon, user="alice")
    wait_until(lambda: not sessions_but_one(daemon), 30)
    kept = set(files(daemon))
    assert len(kept) in (1, 2)
    wait_until(lambda: is_kept_out(daemon, user="alice")
               and len(files(daemon)) == 1, 30)
    guest.leave()


def test_a_name_tells_nothing_of_whose_it_is(make):
    daemon = make(1)
    guest = Guest(daemon)
    path, = files(daemon)
    assert len(path.name) == 64 and set(path.name) <= set("0123456789abcdef")
    assert path.stat().st_mode & 0o7777 == 0o600
    assert path.stat().st_size == 4096
    assert path.parent.stat().st_mode & 0o7777 == 0o700
    guest.leave()


def hostile_link(path):
    path.symlink_to(path.parent.parent / "made")


def hostile_folder(path):
    path.mkdir()


def hostile_pipe(path):
    os.mkfifo(path, 0o600)


def hostile_owner(path):
    path.touch(0o600)
    os.chown(path, sallyport.USERS["bob"], 0)


def hostile_mode(path):
    path.touch()
    path.chmod(0o666)


@pytest.mark.parametrize("make_it, told", [
    (hostile_link, "symbolic links"),
    (hostile_folder, "directory"),
    (hostile_pipe, "it is no file"),
    pytest.param(hostile_owner, "somebody else", marks=needs_root),
    (hostile_mode, "others may open it"),
])
def test_what_the_daemon_did_not_make_lets_nobody_in(make, make_it, told):
    daemon = make(1)
    guest = Guest(daemon)
    path, = files(daemon)
    guest.leave()
    path.unlink()
    make_it(path)
    status, said = try_in(daemon)
    assert status == 255 and b"too many" not in said
    refused, = daemon.expect("login_refused")
    assert f"sessions of identity {daemon.user} cannot be counted" in \
        refused["reason"]
    assert told in refused["reason"]
    assert not (path.parent.parent / "made").exists()
    # It is left to who can say what it is.
    assert path.is_symlink() or path.exists()
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink()
    wait_for_place(daemon)


def test_without_its_folder_nobody_who_is_counted_is_let_in(make):
    daemon = make(1)
    folder = daemon.folder / "state/identities"
    folder.rmdir()
    assert try_in(daemon)[0] == 255
    refused, = daemon.expect("login_refused")
    assert "cannot be counted" in refused["reason"]


def test_who_locks_the_file_keeps_out_himself_alone(make):
    """A session could: it may read what it holds."""
    daemon = make(2)
    guest = Guest(daemon)
    path, = files(daemon)
    with open(path, "rb") as held:
        fcntl.fcntl(held, 37, fcntl_lock(fcntl.F_RDLCK))  # F_OFD_SETLK
        status, said = try_in(daemon)
        assert status == 255
        refused, = daemon.expect("login_refused")
        assert "keeps it locked" in refused["reason"]
        if is_root():
            assert is_in(daemon, user="bob")
    wait_for_place(daemon)
    guest.leave()


def fcntl_lock(kind):
    """A struct flock over the first byte."""
    return struct.pack("hhxxxxqqixxxx", kind, os.SEEK_SET, 0, 1, 0)
