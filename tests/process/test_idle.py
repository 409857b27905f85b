"""idle_time: a connection without traffic in either direction is ended."""

import time


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


def test_keepalives_are_no_traffic(make_daemon):
    daemon = make_daemon(profile='idle_time = "2s";')
    start = time.monotonic()
    done = daemon.ssh("sleep 20", options=["ServerAliveInterval=1"])
    assert done.returncode == 255
    assert time.monotonic() - start < 10
