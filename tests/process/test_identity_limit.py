"""How many connections one identity may have logged in, over all of them.

The ledger counts; a place is given back with the session's end, however it
comes.
"""

import os
import signal

import pytest

from sallyport import is_root, wait_until

needs_root = pytest.mark.skipif(not is_root(), reason="other users need root")


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


def ledger_of(daemon):
    return wait_until(lambda: daemon.pids("ledger"))[0]


def wait_for_another(daemon, old):
    wait_until(lambda: daemon.pids("ledger") not in ([], [old]), 30)


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


def test_who_has_no_limit_costs_no_descriptor(make, make_daemon):
    def sockets(daemon):
        guest = Guest(daemon)
        pid, = sessions(daemon)
        links = [os.readlink(f"/proc/{pid}/fd/{fd}")
                 for fd in os.listdir(f"/proc/{pid}/fd")]
        guest.leave()
        return sum(link.startswith("socket:") for link in links)

    with_place = sockets(make(4))
    assert sockets(make_daemon()) == with_place - 1


def test_without_a_ledger_nobody_who_is_counted_is_let_in(make):
    daemon = make()
    old = ledger_of(daemon)
    os.kill(old, signal.SIGSTOP)
    try:
        status, told = try_in(daemon)
        assert status == 255
        assert b"too many" not in told
        reason = daemon.expect("login_refused")[0]["reason"]
        assert "ledger" in reason and "no answer" in reason
    finally:
        os.kill(old, signal.SIGCONT)
    wait_for_place(daemon)


def test_without_a_ledger_who_is_not_counted_is_let_in(make_daemon):
    daemon = make_daemon()
    old = ledger_of(daemon)
    os.kill(old, signal.SIGSTOP)
    try:
        assert is_in(daemon)
    finally:
        os.kill(old, signal.SIGCONT)


def kill_ledger(daemon):
    old = ledger_of(daemon)
    os.kill(old, signal.SIGKILL)
    wait_for_another(daemon, old)


def wait_for_refusal(daemon):
    """Who asks while there is no ledger is refused for another reason."""
    before = len(daemon.records("session_opened"))
    wait_until(lambda: b"too many sessions of yours" in try_in(daemon)[1], 30)
    assert len(daemon.records("session_opened")) == before


def test_sessions_outlive_the_ledger_and_the_next_counts_them(make):
    daemon = make(2)
    guests = [Guest(daemon) for _ in range(2)]
    for _ in range(3):
        kill_ledger(daemon)
        wait_for_refusal(daemon)
    guests.pop().leave()
    wait_for_place(daemon)
    guests.append(Guest(daemon))
    wait_for_refusal(daemon)
    # One by its own word and one by the supervisor's.
    daemon.process.send_signal(signal.SIGHUP)
    daemon.expect("reloaded")
    wait_for_refusal(daemon)
    kill_ledger(daemon)
    wait_for_refusal(daemon)
    for pid in sessions(daemon):
        os.kill(pid, signal.SIGKILL)
    wait_for_place(daemon)
    for guest in guests:
        guest.client.communicate(timeout=20)


def test_a_session_that_ends_while_there_is_no_ledger_is_not_counted(make):
    daemon = make(1)
    guest = Guest(daemon)
    old = ledger_of(daemon)
    os.kill(daemon.process.pid, signal.SIGSTOP)
    try:
        os.kill(old, signal.SIGKILL)
        guest.client.communicate(b"bye\n", timeout=20)
        wait_until(lambda: not sessions(daemon), 30)
    finally:
        os.kill(daemon.process.pid, signal.SIGCONT)
    wait_for_another(daemon, old)
    wait_for_place(daemon)


def test_as_many_as_may_are_in_whatever_dies_meanwhile(make):
    daemon = make(3)
    clients = []
    for i in range(5):
        clients += [daemon.popen("echo up; read line") for _ in range(4)]
        if i % 2:
            kill_ledger(daemon)
        else:
            daemon.process.send_signal(signal.SIGHUP)
            daemon.expect("reloaded", before=i // 2)
        assert len(sessions(daemon)) <= 3
    wait_until(lambda: sum(each.poll() is None for each in clients) <= 3, 60)
    assert len(sessions(daemon)) <= 3
    for client in clients:
        client.kill()
        client.wait(20)
    wait_for_place(daemon)


def test_gates_of_one_connection_share_the_count(make):
    daemon = make(1, server='gates = "per-connection";')
    guest = Guest(daemon)
    assert is_kept_out(daemon)
    guest.leave()
    wait_for_place(daemon)


def test_who_takes_the_next_ledgers_word_needs_no_old_login_program(make):
    """One that was replaced lets in by the new count."""
    daemon = make(1)
    guest = Guest(daemon)
    login = daemon.pids("login")
    os.kill(min(login), signal.SIGKILL)
    wait_until(lambda: daemon.records("process_died"))
    wait_for_refusal(daemon)
    guest.leave()
    wait_for_place(daemon)


def test_the_ledger_of_a_reload_knows_who_is_there(make):
    daemon = make(2)
    guests = [Guest(daemon) for _ in range(2)]
    for before in range(3):
        old = ledger_of(daemon)
        daemon.process.send_signal(signal.SIGHUP)
        daemon.expect("reloaded", before=before)
        assert is_kept_out(daemon)
        wait_until(lambda: old not in daemon.pids("ledger"), 30)
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
    daemon.process.send_signal(signal.SIGHUP)
    daemon.expect("reloaded")
    guests.pop().leave()
    # Until the ledger knows of that one's end as well.
    wait_until(lambda: not sessions_but_one(daemon), 30)
    assert is_kept_out(daemon)
    guests.pop().leave()
    wait_for_place(daemon)


def sessions_but_one(daemon):
    return sessions(daemon)[1:]
