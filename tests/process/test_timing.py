"""Who is refused does not learn why: not by how long it took either.

Kinds take turns or run side by side, so that a machine that is slow for a
while is so for all of them.
"""

import glob
import os
import random
import statistics
import threading
import time

import paramiko
import pytest

import sallyport
from fixtures import needs_root
from test_pam import UNIX, Host, needs_pam

TRIES = 200  # of each kind
ROUNDS = 3
TRIES_OF_A_CONNECTION = 4

# bob is locked, git is refused by a rule, nobody is called mallory, and Alice
# is what the name service calls alice.
USERS = {"wrong proof": "alice", "locked": "bob", "refused": "git",
         "unknown": "mallory", "another spelling": "Alice"}

pytestmark = [needs_root, needs_pam]


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    folder = tmp_path_factory.mktemp("timing")
    for path in (folder, folder.parent):
        os.chmod(path, 0o755)
    found = Host(folder, UNIX, profile='"keys", "pam"')
    found.accounts.write("alice")
    found.accounts.write("bob", hashed="!*")
    found.accounts.write("git")
    for name in sallyport.USERS:
        (found.homes / name / ".ssh/authorized_keys").write_text(
            "# a key of nobody\n")
    # Without that name service Alice is one more who is unknown.
    for place in glob.glob("/lib/*/libnss_hesiod.so.2"):
        found.first.append("mount --bind "
                           f"{sallyport.BUILD}/tests/process/echo.so {place}")
        (found.folder / "etc/nsswitch.conf").write_text(
            "passwd: files hesiod\ngroup: files\nshadow: files\n")
    with found:
        yield found


class Guest:
    """Who tries again and again, on as many connections as it takes."""

    def __init__(self, port, user, attempt):
        self.port, self.user, self.attempt = port, user, attempt
        self.transport, self.left = None, 0

    def connect(self):
        self.close()
        self.transport = paramiko.Transport(("127.0.0.1", self.port))
        self.transport.start_client(timeout=30)
        self.left = TRIES_OF_A_CONNECTION
        self.one_try()  # the first one pays for the process behind it

    def one_try(self):
        """Seconds from the request to its answer."""
        self.left -= 1
        before = time.perf_counter()
        with pytest.raises(paramiko.AuthenticationException):
            self.attempt(self.transport, self.user)
        return time.perf_counter() - before

    def measure(self):
        if self.left <= 0:
            self.connect()
        return self.one_try()

    def close(self):
        if self.transport is not None:
            self.transport.close()


def show_key(key):
    return lambda transport, user: transport.auth_publickey(user, key)


def say_password(transport, user):
    transport.auth_password(user, "not the right one", fallback=False)


def take_turns(guests, times):
    """One after the other, in any order."""
    order = list(guests)
    for _ in range(TRIES):
        random.shuffle(order)
        for kind in order:
            times[kind].append(guests[kind].measure())


def run_side_by_side(guests, times):
    """For what waits most of the time."""
    def repeat(kind):
        for _ in range(TRIES):
            times[kind].append(guests[kind].measure())

    threads = [threading.Thread(target=repeat, args=[kind]) for kind in guests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def measure_all(port, attempt, run):
    """The times of each kind."""
    guests = {kind: Guest(port, user, attempt)
              for kind, user in USERS.items()}
    times = {kind: [] for kind in USERS}
    try:
        run(guests, times)
    finally:
        for guest in guests.values():
            guest.close()
    assert {len(each) for each in times.values()} == {TRIES}
    return times


def area_under_curve(ones, others):
    """How often one of these took longer than one of those; half is chance."""
    longer = sum((one > other) + (one == other) / 2
                 for one in ones for other in others)
    return longer / len(ones) / len(others)


def differences(times):
    """What tells a kind from the wrong proof of somebody who is there."""
    usual = times["wrong proof"]
    middle = statistics.median(usual)
    found = {}
    for kind, own in times.items():
        apart = abs(statistics.median(own) - middle) / middle
        area = area_under_curve(own, usual)
        if apart >= 0.05 or not 0.4 < area < 0.6:
            found[kind] = f"medians {apart:.1%} apart, area {area:.2f}"
    return found


def pooled(rounds):
    return {kind: [each for times in rounds for each in times[kind]]
            for kind in USERS}


def test_what_takes_longer_is_told_apart():
    same = {kind: [1 + i / 1000 for i in range(TRIES)] for kind in USERS}
    assert not differences(same)
    later = dict(same, locked=[each * 1.1 for each in same["locked"]])
    assert list(differences(later)) == ["locked"]
    assert list(differences(pooled([later, later]))) == ["locked"]


@pytest.mark.parametrize("method", ["publickey", "password"])
def test_time_does_not_tell_why_one_is_refused(host, method):
    if sallyport.is_sanitized():
        pytest.skip("its time is not that of the program")
    if method == "publickey":
        key = paramiko.Ed25519Key(filename=str(host.key))
        attempt, run = show_key(key), take_turns
    else:
        attempt, run = say_password, run_side_by_side
    told, rounds = [], []
    for _ in range(ROUNDS):
        rounds.append(measure_all(host.port, attempt, run))
        # What is chance in one round is less of it in all of them.
        for times in (rounds[-1], pooled(rounds)):
            told.append(differences(times))
            if not told[-1]:
                return
    pytest.fail(f"each time: {told}")
