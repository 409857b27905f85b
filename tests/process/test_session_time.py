"""How long a connection lasts: idle_time, session_time, keep-alive probes."""

import os
import signal
import time

import pytest

from sallyport import wait_until


def test_output_alone_keeps_a_connection(make_daemon):
    daemon = make_daemon(profile='idle_time = "1s";')
    done = daemon.ssh("for i in 1 2 3 4 5 6; do echo $i; sleep 0.5; done")
    assert done.returncode == 0
    assert done.stdout.split() == [b"1", b"2", b"3", b"4", b"5", b"6"]


def test_silence_ends_it_with_a_reason(make_daemon):
    daemon = make_daemon(profile='idle_time = "1s";')
    start = time.monotonic()
    done = daemon.ssh("sleep 20", options=["LogLevel=INFO"])
    assert done.returncode == 255
    assert b"idle for too long" in done.stderr
    assert 0.9 < time.monotonic() - start < 10
    assert daemon.expect("session_closed")[0]["reason"] == "idle for too long"
    assert daemon.records("session_failed") == []


def test_keepalives_are_no_traffic(make_daemon):
    """Neither the client's nor our own."""
    daemon = make_daemon(
        profile='idle_time = "2s"; alive_interval = "200ms";')
    start = time.monotonic()
    done = daemon.ssh("sleep 20", options=["ServerAliveInterval=1"])
    assert done.returncode == 255
    assert time.monotonic() - start < 10


# ---- a session's time ----

def test_a_session_ends_when_its_time_is_over(make_daemon):
    daemon = make_daemon(profile='session_time = "1s";')
    client = daemon.popen("echo $$; while :; do echo on; sleep 0.1; done",
                          options=["LogLevel=INFO"])
    pid = int(client.stdout.readline())
    _, err = client.communicate(timeout=20)
    assert client.returncode == 255
    assert b"the time of this session is over" in err
    closed = daemon.expect("session_closed")[0]
    assert closed["reason"] == "the time of this session is over"
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"),
               what="the hang-up")


def test_who_leaves_before_is_not_ended(make_daemon):
    daemon = make_daemon(profile='session_time = "30s";')
    assert daemon.ssh("echo quick").stdout == b"quick\n"
    assert "reason" not in daemon.expect("session_closed")[0]


# ---- keep-alive probes ----

PROBES = 'alive_interval = "200ms"; alive_count = 3;'


def test_a_client_that_answers_stays(make_daemon):
    daemon = make_daemon(profile=PROBES)
    done = daemon.ssh("sleep 1.5; echo alive", options=["LogLevel=DEBUG3"])
    assert done.stdout == b"alive\n"
    asked = done.stderr.count(b"rtype keepalive@openssh.com want_reply 1")
    assert asked >= 3, done.stderr
    assert daemon.records("session_timed_out") == []


def test_a_client_that_answers_nothing_is_ended(make_daemon):
    daemon = make_daemon(profile=PROBES)
    client = daemon.popen("echo $$; sleep 3021")
    pid = int(client.stdout.readline())
    os.kill(client.pid, signal.SIGSTOP)
    try:
        record = daemon.expect("session_timed_out")[0]
        closed = daemon.expect("session_closed")[0]
        assert closed["reason"] == "the client does not answer"
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"),
                   what="the hang-up")
    finally:
        os.kill(client.pid, signal.SIGCONT)
        client.communicate(timeout=20)
    assert record["user"] == daemon.user
    assert client.returncode == 255


def test_a_client_that_sends_is_not_asked(make_daemon):
    daemon = make_daemon(profile='alive_interval = "1s";')
    client = daemon.popen("cat >/dev/null; echo alive",
                          options=["LogLevel=DEBUG3"])
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        client.stdin.write(b"x" * 100)
        client.stdin.flush()
        time.sleep(0.05)
    out, err = client.communicate(timeout=20)
    assert out == b"alive\n"
    assert b"rtype keepalive@openssh.com" not in err


@pytest.mark.parametrize("what", ["takes nothing", "floods"])
def test_probes_end_a_client_that_is_stopped_amid_a_stream(make_daemon, what):
    """Also where our own output waits for it and no probe can be sent."""
    daemon = make_daemon(profile=PROBES)
    script = ("yes" if what == "takes nothing" else "exec cat >/dev/null")
    client = daemon.popen(f"echo up; {script}")
    assert client.stdout.readline() == b"up\n"
    if what == "floods":
        os.set_blocking(client.stdin.fileno(), False)
        try:
            while True:
                os.write(client.stdin.fileno(), b"x" * 65536)
        except BlockingIOError:
            pass
    os.kill(client.pid, signal.SIGSTOP)
    try:
        daemon.expect("session_timed_out")
        wait_until(lambda: daemon.records("session_closed"), 20)
    finally:
        os.kill(client.pid, signal.SIGKILL)
        client.wait()
