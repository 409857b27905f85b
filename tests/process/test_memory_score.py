"""Who the kernel kills when memory runs out: not those that all others need."""

import pathlib

import sallyport
from fixtures import needs_root
from sallyport import wait_until

STARTED_WITH = 300
OURS = "cat /proc/self/oom_score_adj; cat"


def score_of(pid):
    return int(pathlib.Path(f"/proc/{pid}/oom_score_adj").read_text())


def set_own(score=STARTED_WITH):
    pathlib.Path("/proc/self/oom_score_adj").write_text(f"{score}\n")


def lowest():
    """For root: without CAP_SYS_RESOURCE what was raised is taken back."""
    status = pathlib.Path("/proc/self/status").read_text()
    effective = int(status.partition("CapEff:")[2].split()[0], 16)
    return -1000 if effective & 1 << 24 else 0


def start_raised(make_daemon):
    daemon = make_daemon()
    daemon.stop()
    return daemon.start(prepare=set_own)


def assert_program_has(daemon, score):
    """It, and the session above it."""
    login = daemon.pids("login")
    client = daemon.popen(OURS)
    assert int(client.stdout.readline()) == score
    session, = set(daemon.pids("login")) - set(login)
    assert score_of(session) == score
    client.communicate(timeout=20)


@needs_root
def test_as_root_those_that_others_need_are_spared(make_daemon):
    daemon = start_raised(make_daemon)
    needed = [daemon.process.pid, *daemon.pids("keyholder"),
              *daemon.pids("ledger"), *daemon.pids("login")]
    assert len(needed) == 4
    assert {score_of(pid) for pid in needed} == {lowest()}
    gates = daemon.pids("gate")
    assert gates and {score_of(pid) for pid in gates} == {STARTED_WITH}
    assert_program_has(daemon, STARTED_WITH)


@needs_root
def test_who_is_started_again_is_spared_too(make_daemon):
    daemon = start_raised(make_daemon)
    before = daemon.pids("login")
    daemon.process.send_signal(1)
    daemon.expect("reloaded")
    wait_until(lambda: daemon.pids("login") and
               not set(daemon.pids("login")) & set(before))
    assert {score_of(pid) for pid in daemon.pids("login")} == {lowest()}
    assert_program_has(daemon, STARTED_WITH)


@needs_root
def test_where_it_cannot_be_changed_logins_go_on(make_daemon):
    """As in a container whose /proc is not to be written to."""
    daemon = make_daemon(first=["mount --bind /proc /proc",
                                "mount -o remount,bind,ro /proc"])
    daemon.stop()
    daemon.start(prepare=set_own)
    assert {score_of(pid) for pid in daemon.pids()} == {STARTED_WITH}
    assert_program_has(daemon, STARTED_WITH)
