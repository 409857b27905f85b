"""No room for the log, or for what the daemon must remember."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess

import pytest

import sallyport
from fixtures import needs_root
from sallyport import wait_until

pytestmark = needs_root


def small_disk(place, options="size=64k"):
    return f"mount -t tmpfs -o mode=0700,{options} none {place}"


def fill(folder):
    """Until there is no room; gives the file that takes it."""
    path = folder / "filler"
    with contextlib.suppress(OSError), open(path, "wb", 0) as file:
        while True:
            file.write(bytes(4096))
    return path


def cpu_ticks(pid):
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text("ascii")
    return sum(map(int, stat.rpartition(")")[2].split()[11:13]))


def assert_login(daemon):
    done = daemon.ssh("echo", "in")
    assert done.stdout == b"in\n", done.stderr


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_full_disk_stops_no_login_and_what_is_missing_is_told_once(
        make_daemon, folder, form):
    disk = folder / "disk"
    disk.mkdir()
    config = sallyport.CONFIG.replace('to = "stderr"', f'to = "{disk}/log"')
    daemon = make_daemon(config=config.replace('"json"', f'"{form}"'),
                         first=[small_disk(disk)])
    log = daemon.inside(disk / "log")
    assert_login(daemon)
    filler = fill(log.parent)
    # The last page of the log has some room yet.
    while log.stat().st_size % 4096:
        with socket.create_connection(("127.0.0.1", daemon.port)) as stranger:
            stranger.sendall(b"GET /\r\n" * 100)
            stranger.recv(64)
    before = cpu_ticks(daemon.process.pid)
    assert_login(daemon)
    assert cpu_ticks(daemon.process.pid) - before < 20
    size = log.stat().st_size
    filler.unlink()
    assert_login(daemon)
    wait_until(lambda: log.stat().st_size > size)
    assert_login(daemon)
    lines = log.read_bytes()[size:].decode().splitlines()
    told = [line for line in lines if "could not be written here" in line
            or "lines_lost" in line]
    assert len(told) == 1
    assert "No space left on device" in told[0]
    if form == "json":
        # Behind what was cut off each line is whole.
        assert json.loads(told[0])["count"] >= 3
        for line in lines[1:]:
            json.loads(line)


def start(daemon):
    return subprocess.run(daemon.command(), stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=30, check=False)


@pytest.mark.parametrize("room, what", [
    ("size=4k,nr_inodes=1", "state lock"), ("size=4k", "host key")])
def test_without_room_for_its_state_it_does_not_start_and_says_so(
        folder, room, what):
    state = folder / "state"
    state.mkdir()
    daemon = sallyport.Daemon(folder, first=[
        small_disk(state, room),
        f"(head -c 4096 /dev/zero >{state}/filler || true) 2>/dev/null"])
    done = start(daemon)
    assert done.returncode == 1
    assert what in done.stderr.decode()
    assert str(state) in done.stderr.decode()
    assert "No space left on device" in done.stderr.decode()


def test_a_key_is_made_in_full_or_not_at_all(folder):
    """What a disk has no room for leaves nothing that looks like a key."""
    state = folder / "state"
    state.mkdir()
    daemon = sallyport.Daemon(folder, first=[
        small_disk(state, "size=4k"), f"head -c 4096 /dev/zero >{state}/x"])
    daemon.apart = lambda program, apart=daemon.apart: apart(
        ["sh", "-c", f'"$@" || ls {state} >&2', "sh", *program])
    done = start(daemon)
    assert done.stderr.decode().split()[-2:] == ["lock", "x"]


def test_a_reload_needs_no_room(make_daemon, folder):
    state = folder / "0/state"
    daemon = make_daemon(first=[f"mkdir -p {state}", small_disk(state)])
    fill(daemon.inside(state))
    os.kill(daemon.process.pid, signal.SIGHUP)
    wait_until(lambda: daemon.records("reloaded"))
    assert_login(daemon)
