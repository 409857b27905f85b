"""Files by SFTP, tried at length: further clients, what is large, what goes
away while it is used, and what all of it costs."""

import os
import pathlib
import re
import shutil
import struct
import subprocess
import threading

import pytest

import sallyport
# Their fixtures, and a daemon that serves files.
from test_sftp import (Raw, connect, digest, files, make,  # noqa: F401
                       needs_home, string)

pytestmark = needs_home


# ---- clients ----

@pytest.fixture
def putty(files):  # noqa: F811
    """PuTTY's programs, with a key and the host's that they can read."""
    if shutil.which("psftp") is None or shutil.which("puttygen") is None:
        pytest.skip("psftp (of putty-tools) is not installed")
    key = files.here / "key.ppk"
    subprocess.run(["puttygen", files.key, "-o", key], check=True)
    assert files.ssh("true").returncode == 0
    shown = subprocess.run(
        ["ssh-keygen", "-lf", files.folder / "known_hosts"], check=True,
        stdout=subprocess.PIPE, text=True).stdout

    def run(program, *arguments, batch=None):
        done = subprocess.run(
            [program, "-batch", "-P", str(files.port), "-i", key,
             "-hostkey", shown.split()[1], *arguments], input=batch,
            cwd=files.here, stdout=subprocess.PIPE, text=True,
            stderr=subprocess.STDOUT, timeout=60, check=False,
            env={**os.environ, "HOME": str(files.here)})
        assert done.returncode == 0, done.stdout
        return done.stdout

    return run


def make_tree(top):
    (top / "d/e").mkdir(parents=True)
    for n in range(20):
        (top / f"d/f{n}").write_bytes(os.urandom(n * 5000))
    (top / "d/e/last").write_bytes(b"")


def are_same(one, other):
    return subprocess.run(["diff", "-r", one, other],
                          check=False).returncode == 0


def test_psftp_copies_both_ways(files, putty):  # noqa: F811
    make_tree(files.here / "top")
    said = putty("psftp", f"{files.user}@127.0.0.1",
                 batch="mkdir far\ncd far\nput -r top\npwd\nls top/d\n"
                 "get -r top back\nmv top/d/f1 top/d/g\nchmod 600 top/d/g\n"
                 "rm top/d/f2\nquit\n")
    assert f"/home/{files.user}/far" in said and "f19" in said
    assert are_same(files.here / "top", files.here / "back")
    far = files.home / "far/top/d"
    assert digest(far / "g") == digest(files.here / "top/d/f1")
    assert os.stat(far / "g").st_mode & 0o777 == 0o600
    assert not (far / "f1").exists() and not (far / "f2").exists()


def test_pscp_copies_by_sftp(files, putty):  # noqa: F811
    make_tree(files.here / "top")
    where = f"{files.user}@127.0.0.1:far"
    files.good("mkdir far\n")  # pscp makes none for its files
    putty("pscp", "-sftp", "-q", "-r", "-p", "top", where)
    putty("pscp", "-sftp", "-q", "-r", where + "/top", "back")
    assert are_same(files.here / "top", files.here / "back")
    assert files.records("command_ran") == []
    assert len(files.expect("file_uploaded", count=21)) == 21


def test_rsync_copies_both_ways(files):  # noqa: F811
    """By the shell, beside: it speaks no SFTP."""
    if shutil.which("rsync") is None:
        pytest.skip("rsync is not installed")
    make_tree(files.here / "top")
    shell = " ".join(files.ssh_command()[:-1])

    def rsync(*arguments):
        subprocess.run(["rsync", "-a", "-c", "--delete", "-e", shell,
                        *arguments], cwd=files.here, check=True, timeout=60)

    there = f"{files.user}@127.0.0.1:far/"
    rsync("top/", there)
    with open(files.here / "top/d/f19", "r+b") as changed:
        changed.seek(50000)
        changed.write(b"changed")
    os.unlink(files.here / "top/d/f3")
    rsync("top/", there)
    rsync(there, "back/")
    assert are_same(files.here / "top", files.home / "far")
    assert are_same(files.here / "top", files.here / "back")


@pytest.mark.parametrize("arguments", [
    ("-B", "1000"), ("-B", "261120", "-R", "64"), ("-B", "32768", "-R", "1")],
    ids=str)
def test_writes_of_any_size_come_whole(files, arguments):  # noqa: F811
    (files.here / "a").write_bytes(os.urandom(3000001))
    files.good("put a\n", *arguments)
    assert digest(files.home / "a") == digest(files.here / "a")


# ---- what is large, what goes away ----

def test_what_is_beyond_4_gib_is_written_and_read(files,
                                                  connect):  # noqa: F811
    sftp = connect(files)
    places = [(1 << 32) - 2, (1 << 32) + 5, 6 << 30]
    with sftp.open("x", "w+") as far:
        for place in places:
            far.seek(place)
            far.write(b"%019d" % place)
        far.flush()
        assert far.stat().st_size == places[-1] + 19
        far.truncate((5 << 30) + 1)
        assert far.stat().st_size == (5 << 30) + 1
    with open(files.home / "x", "rb") as here, sftp.open("x") as far:
        here.seek(places[0])
        far.seek(places[0])
        assert far.read(30) == here.read(30)


def test_a_file_that_goes_away_is_read_to_its_end(files,
                                                  connect):  # noqa: F811
    """As by any program that has it open; whoever asks anew finds none."""
    sftp = connect(files)
    data = os.urandom(3 << 20)
    (files.home / "x").write_bytes(data)
    with sftp.open("x") as far:
        got = far.read(100000)
        os.unlink(files.home / "x")
        (files.home / "x").mkdir()
        assert got + far.read() == data
    (files.home / "x").rmdir()
    with pytest.raises(FileNotFoundError):
        sftp.open("x")


def test_a_file_that_is_truncated_while_it_is_written_goes_on(
        files, connect):  # noqa: F811
    with connect(files).open("x", "w") as far:
        far.write(b"x" * 100000)
        far.flush()
        os.truncate(files.home / "x", 10)
        far.write(b"y" * 10)
    with open(files.home / "x", "rb") as here:
        assert here.read() == b"x" * 10 + bytes(99990) + b"y" * 10


def test_a_folder_that_goes_away_ends(files, connect):  # noqa: F811
    sftp = connect(files)
    for i in range(2000):
        (files.home / f"d{i % 2}-{i}").mkdir()
    seen = []
    for number, entry in enumerate(sftp.listdir_iter(".", read_aheads=1)):
        seen.append(entry.filename)
        if number == 50:
            for i in range(2000):
                (files.home / f"d{i % 2}-{i}").rmdir()
    assert len(seen) == len(set(seen)) >= 50
    raw = Raw(files)
    (files.home / "gone").mkdir()
    handle = raw.ask(11, 1, string(b"gone"))[5:]
    (files.home / "gone").rmdir()
    for i in range(3):
        if raw.ask(12, 2 + i, handle)[0] == 101:
            break
    else:
        pytest.fail("a folder that is gone has no end")
    assert raw.end() == 0


# ---- extensions ----

def test_names_of_users_and_groups_are_told(files):  # noqa: F811
    raw = Raw(files)
    uids, gids = [0, os.stat(files.home).st_uid, 4000000], [0, 5, 4000000]

    def numbers(values):
        return string(b"".join(struct.pack(">I", each) for each in values))

    def read(data):
        """A string, and what is behind it."""
        size, = struct.unpack(">I", data[:4])
        return data[4:4 + size], data[4 + size:]

    def names(packed):
        found = []
        while packed:
            name, packed = read(packed)
            found.append(name.decode())
        return found

    answer = raw.ask(200, 7, string(b"users-groups-by-id@openssh.com") +
                     numbers(uids) + numbers(gids))
    assert answer[:5] == struct.pack(">BI", 201, 7)
    users, rest = read(answer[5:])
    groups, rest = read(rest)
    assert rest == b""
    assert names(users) == ["root", files.user, ""]
    assert names(groups) == ["root", "tty", ""]
    # One that is too long, or no list of numbers, is no request.
    for bad in (string(b"abc"), string(bytes(4 * 1025))):
        answer = raw.ask(200, 8, string(b"users-groups-by-id@openssh.com") +
                         bad + string(b""))
        assert answer[:5] == struct.pack(">BI", 101, 8)
    assert raw.end() == 0


# ---- memory ----

WINDOW = 16384  # KiB; a channel's grows to that


def peak(pid):
    """KiB; the most that it has had so far."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", text)[1])


def request(kind, number, body):
    packet = struct.pack(">BI", kind, number) + body
    return struct.pack(">I", len(packet)) + packet


@pytest.mark.skipif(sallyport.is_sanitized(),
                    reason="what is freed is kept for a while")
def test_whatever_is_pipelined_costs_little(files):  # noqa: F811
    """100,000 requests, 260 MB of writes among them, and nothing is read at
    first: what is kept is what the channel's window lets wait."""
    for i in range(3000):
        (files.home / f"{i}-{'x' * 200}").touch()
    (files.home / "far").write_bytes(bytes(1 << 20))
    files.give(files.home / "far")
    raw = Raw(files)
    handle = raw.ask(3, 1, string(b"far") + struct.pack(">II", 3, 0))[5:]
    (pid,) = files.sessions()
    before = peak(pid)
    path = string(b"./" * 1500 + b"far")
    write = request(6, 4, handle + struct.pack(">Q", 0) + string(bytes(261120)))
    parts = [request(17, 2, path) + request(16, 3, path) +
             request(5, 5, handle + struct.pack(">QI", 0, 261120)) +
             request(14, 6, string(b"none")) + request(11, 7, string(b"."))
             for _ in range(20)]
    small = b"".join(request(17, i, string(b"far")) for i in range(1000))

    def send():
        for part in parts:
            raw.process.stdin.write(part + small + write * 10)
        raw.process.stdin.flush()

    def all_of_it():
        sender = threading.Thread(target=send)
        sender.start()
        for i in range(20 * (5 + 1000 + 10)):
            assert raw.receive() is not None
            if i == 0:
                sender.join(1)  # nothing is read meanwhile
        sender.join()
        return peak(pid) - before

    peaks = [all_of_it() for _ in range(5)]
    assert peaks[-1] < 2 * WINDOW, peaks
    assert raw.end() == 0
