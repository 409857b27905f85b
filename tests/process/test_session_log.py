"""A session that somebody has taken over harms nobody else's log lines."""

import ctypes
import os
import pathlib
import socket

import pytest

import gatehouse
import sallyport
from fixtures import needs_root
from sallyport import wait_until

pytestmark = needs_root

LOG = 5  # IPC_FD_LOG
PIDFD_OPEN, PIDFD_GETFD = 434, 438


def descriptor_of(pid, number):
    """What a process has open as this number, for us to do harm with."""
    libc = ctypes.CDLL(None, use_errno=True)
    pidfd = libc.syscall(PIDFD_OPEN, pid, 0)
    fd = libc.syscall(PIDFD_GETFD, pidfd, number, 0)
    error = ctypes.get_errno()
    if pidfd >= 0:
        os.close(pidfd)
    if fd < 0:
        pytest.skip(f"pidfd_getfd: {os.strerror(error)}")
    return socket.socket(fileno=fd)


def sessions(daemon):
    """Session processes: a login program whose real uid is a user's."""
    found = []
    for pid in daemon.pids("login"):
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
        uid = int(text.split("\nUid:\t")[1].split()[0])
        if uid in sallyport.USERS.values():
            found.append((pid, uid))
    return found


class Shell:
    """A login that answers commands until it is closed."""

    def __init__(self, daemon, user):
        self.client = daemon.popen("cat", user=user)
        self.client.stdin.write(b"up\n")
        self.client.stdin.flush()
        assert self.client.stdout.readline() == b"up\n"
        uid = sallyport.USERS[user]
        self.pid = next(pid for pid, its in sessions(daemon) if its == uid)

    def close(self):
        self.client.stdin.close()
        self.client.wait(10)


@pytest.fixture
def two(make_daemon):
    daemon = make_daemon()
    evil, good = Shell(daemon, "alice"), Shell(daemon, "bob")
    evil.log = descriptor_of(evil.pid, LOG)
    yield daemon, evil, good
    evil.log.close()
    evil.close()
    good.close()


def all_is_told(daemon, good):
    """Lines of a login, of its session, and of one that was there before."""
    assert daemon.ssh("true", user="bob").returncode == 0
    wait_until(lambda: len(daemon.records("auth_accepted")) >= 3)
    wait_until(lambda: any(r["user"] == "bob" and r["by"] == "session"
                           for r in daemon.records("session_closed")))
    good.close()
    wait_until(lambda: any(r["pid"] == good.pid
                           for r in daemon.records("session_closed")))


def record(event, **fields):
    """An encoded LOG message."""
    body = gatehouse.struct.pack(">II", gatehouse.EVENTS.index(event), 0)
    for name, text in fields.items():
        place = [field for field, _ in gatehouse.FIELDS].index(name)
        body += bytes([place]) + gatehouse.string(text)
    return gatehouse.struct.pack(">I", gatehouse.TYPES["LOG"]) + body


def test_a_log_that_is_shut_down_is_its_sessions_own(two):
    daemon, evil, good = two
    evil.log.shutdown(socket.SHUT_RDWR)
    all_is_told(daemon, good)


def test_a_flood_is_left_where_it_is(two):
    daemon, evil, good = two
    line = record("SESSION_FAILED", user="x" * 1000, reason="y" * 1000)
    evil.log.setblocking(False)
    evil.log.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    sent, stuck = 0, 0
    while stuck < 200 and sent < 100000:
        try:
            evil.log.send(line)
            sent += 1
        except BlockingIOError:
            stuck += 1
            gatehouse.time.sleep(0.005)
    assert sent < 5000
    all_is_told(daemon, good)
    # What it says is told as its own, and no more than it may say.
    flood = [r for r in daemon.records("session_failed")
             if r["reason"] == "y" * 1000]
    assert flood and {r["pid"] for r in flood} == {evil.pid}


def test_a_session_says_nothing_in_anothers_name(two):
    daemon, evil, _ = two
    evil.log.send(record("AUTH_ACCEPTED", user="root", method="publickey"))
    refused = wait_until(lambda: daemon.records("record_refused"))
    assert refused[0]["role"] == "session"
    assert refused[0]["process"] == evil.pid
    assert all(r["user"] != "root" for r in daemon.records("auth_accepted"))


def test_no_session_has_another_way_to_the_supervisor(two):
    """Two logs, two sockets, and none of them the login program's."""
    daemon, evil, good = two
    zygote = next(pid for pid in daemon.pids("login")
                  if pid not in [pid for pid, _ in sessions(daemon)])
    logs = {os.readlink(f"/proc/{pid}/fd/{LOG}")
            for pid in (evil.pid, good.pid, zygote)}
    assert len(logs) == 3


def test_sessions_need_no_more_than_one_descriptor_each(make_daemon):
    daemon = make_daemon()

    def count():
        return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))

    assert daemon.ssh("true").returncode == 0
    before = wait_until(count)
    for _ in range(20):
        assert daemon.ssh("true").returncode == 0
    wait_until(lambda: count() <= before, what="descriptors closed again")
