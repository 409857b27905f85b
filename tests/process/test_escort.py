"""gates = "per-connection": a gate of its own for each connection."""

import os
import signal
import socket
import time

import pytest

import sallyport
from gatehouse import banner, is_closed
from sallyport import wait_until

SERVER = 'gates = "per-connection";'


def connect(daemon, source="127.0.0.1"):
    sock = socket.socket()
    sock.bind((source, 0))
    sock.settimeout(20)
    sock.connect(("127.0.0.1", daemon.port))
    return sock


def has_one_gate(daemon):
    """The one that accepts; the others' end is waited for."""
    wait_until(lambda: len(daemon.pids("gate")) == 1, 20,
               "the end of all gates but one")
    return daemon.pids("gate")


def assert_login(daemon):
    done = daemon.ssh("echo", "in")
    assert done.stdout == b"in\n", done.stderr


def is_zombie(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def test_stock_clients_log_in_and_their_gates_end(make_daemon):
    daemon = make_daemon(server=SERVER)
    for _ in range(3):
        assert_login(daemon)
    clients = [daemon.popen("echo", "in") for _ in range(6)]
    for client in clients:
        out, problem = client.communicate(timeout=60)
        assert out == b"in\n", problem
    has_one_gate(daemon)
    assert not any(is_zombie(pid)
                   for pid in sallyport.children_of(daemon.process.pid))
    assert not daemon.records("process_died")


def test_each_connection_has_a_process_of_its_own_that_harms_no_other(
        make_daemon):
    daemon = make_daemon(server=SERVER)
    porter = has_one_gate(daemon)
    first, second = connect(daemon), connect(daemon)
    assert banner(first) and banner(second)
    gates = sorted(set(daemon.pids("gate")) - set(porter))
    assert len(gates) == 2
    os.kill(gates[0], signal.SIGKILL)
    assert is_closed(first)
    assert not is_closed(second, 0.3)
    assert_login(daemon)
    second.close()
    has_one_gate(daemon)
    assert daemon.pids("gate") == porter


def test_who_accepts_has_no_connection_and_no_neighbour(make_daemon):
    if not sallyport.is_root():
        pytest.skip("needs root to look into another account's process")
    daemon = make_daemon(server=SERVER)
    porter, = has_one_gate(daemon)
    time.sleep(0.2)
    before = len(os.listdir(f"/proc/{porter}/fd"))
    strangers = [connect(daemon) for _ in range(5)]
    assert all(banner(each) for each in strangers)
    # A leash each; the connections themselves are others'.
    assert len(os.listdir(f"/proc/{porter}/fd")) == before + 5
    for each in strangers:
        each.close()
    wait_until(lambda: len(os.listdir(f"/proc/{porter}/fd")) == before)


def test_limits_hold_for_all_gates_together(make_daemon):
    daemon = make_daemon(
        server=SERVER + "max_waiting = 6; max_waiting_per_source = 3;")
    loud = [connect(daemon, "127.0.0.2") for _ in range(3)]
    assert all(banner(each) for each in loud)
    assert is_closed(connect(daemon, "127.0.0.2"))
    others = [connect(daemon, f"127.0.1.{i}") for i in range(1, 5)]
    assert all(banner(each) for each in others)
    assert is_closed(loud[0])
    for each in loud[1:] + others:
        assert not is_closed(each, 0.05)
    reasons = [record["reason"]
               for record in daemon.records("connection_refused")]
    assert sorted(reasons) == ["too many connections",
                               "too many connections of its source"]
    for each in loud + others:
        each.close()
    has_one_gate(daemon)


def test_time_is_up_for_who_says_nothing(make_daemon):
    daemon = make_daemon(server=SERVER + 'login_time = "2s";')
    stranger = connect(daemon)
    assert banner(stranger)
    assert is_closed(stranger, 6)
    has_one_gate(daemon)
    wait_until(lambda: daemon.records("connection_timed_out"))


def test_two_hundred_strangers_come_and_go(make_daemon):
    daemon = make_daemon(server=SERVER)
    strangers = [connect(daemon, f"127.0.2.{i % 40 + 1}")
                 for i in range(200)]
    assert all(banner(each) for each in strangers)
    assert len(daemon.pids("gate")) == 201
    assert_login(daemon)
    for each in strangers:
        each.close()
    has_one_gate(daemon)
    assert not any(is_zombie(pid)
                   for pid in sallyport.children_of(daemon.process.pid))
    assert_login(daemon)


def test_strangers_outlive_a_reload_and_the_death_of_the_others(make_daemon):
    daemon = make_daemon(server=SERVER)
    for program in ("login", "keyholder"):
        client = daemon.popen("echo", "in")
        for pid in daemon.pids(program)[:1]:
            os.kill(pid, signal.SIGKILL)
        client.communicate(timeout=60)
        wait_until(lambda: daemon.ssh("echo", "in").stdout == b"in\n", 20)
    porter, = has_one_gate(daemon)
    os.kill(daemon.process.pid, signal.SIGHUP)
    clients = [daemon.popen("echo", "in") for _ in range(6)]
    for client in clients:
        out, problem = client.communicate(timeout=60)
        assert out == b"in\n", problem
    wait_until(lambda: porter not in daemon.pids("gate"))
    has_one_gate(daemon)


def test_a_porter_that_dies_takes_nobody_with_it(make_daemon):
    daemon = make_daemon(server=SERVER)
    porter, = has_one_gate(daemon)
    stranger = connect(daemon)
    assert banner(stranger)
    os.kill(porter, signal.SIGKILL)
    wait_until(daemon.is_listening)
    assert not is_closed(stranger, 0.3)
    assert_login(daemon)
    stranger.close()
    has_one_gate(daemon)
