"""Who comes to a daemon that is soaked: clients of all makes, and worse.

A visit is a function of the house; it returns when it is over and raises
Disappointment where the daemon did not do what it should.
"""

import contextlib
import os
import random
import shlex
import shutil
import socket
import subprocess

import peers
import sallyport
from cutting import Wire

LOAD = sallyport.BUILD / "tests/bench/clients"
TIME = 120  # seconds that a visit may take

# Bytes that do not compress; new keys are exchanged on the way.
DATA = os.urandom(600000)
REKEY = 250000
BULK = 20 << 20


class Disappointment(Exception):
    """A visit that did not go as it should."""


def expect(condition, *facts):
    if not condition:
        raise Disappointment(" ".join(map(str, facts))[-2000:])


# ---- OpenSSH, as people use it ----

def command(house):
    done = house.ssh("echo in; echo err >&2; exit 3", timeout=TIME)
    expect((done.returncode, done.stdout, done.stderr) ==
           (3, b"in\n", b"err\n"), done)


def shell(house):
    """With a terminal; what is typed comes from a pipe."""
    done = house.ssh(options=["RequestTTY=force"], timeout=TIME,
                     input=b"echo in-$((40 + 2))\nexit 3\n")
    expect(done.returncode == 3 and b"in-42" in done.stdout, done)


def multiplexed(house):
    """Several sessions on one connection."""
    path = house.folder / f"mux-{random.randrange(1 << 32)}"
    master = house.popen("sleep 600", options=[
        "ControlMaster=yes", f"ControlPath={path}"])
    own = [f"ControlPath={path}"]
    try:
        sallyport.wait_until(path.exists, TIME, "the master")
        slaves = [house.popen("echo", str(number), options=own)
                  for number in range(8)]
        for number, slave in enumerate(slaves):
            out, error = slave.communicate(timeout=TIME)
            expect(out == b"%d\n" % number, out, error)
    except AssertionError as error:
        raise Disappointment(str(error)) from None
    finally:
        master.kill()
        master.communicate()
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


def bulk_down(house):
    done = house.ssh(f"head -c {BULK} /dev/zero", timeout=TIME,
                     options=["RekeyLimit=4M"])
    expect(done.stdout == bytes(BULK), done.returncode, len(done.stdout),
           done.stderr)


def bulk_up(house):
    done = house.ssh("wc -c", timeout=TIME, options=["RekeyLimit=4M"],
                     input=bytes(BULK))
    expect(done.stdout.strip() == b"%d" % BULK, done)


def copy(house, *options):
    """A file there and back, under a name of its own."""
    name = f"copied-{random.randrange(1 << 32)}"
    first, back = house.folder / name, house.folder / f"{name}.back"
    first.write_bytes(DATA)
    # The options of ssh, but for who it is.
    *call, _ = house.ssh_command()
    call = ["scp", *options, *("-P" if word == "-p" else word
                               for word in call[1:])]
    there = f"{house.user}@127.0.0.1:{name}"
    try:
        for way in ((first, there), (there, back)):
            done = subprocess.run([*call, *way], stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=TIME,
                                  check=False)
            expect(done.returncode == 0, done)
        expect(back.read_bytes() == DATA, "other bytes came back")
        house.ssh("rm", name, timeout=TIME)
    finally:
        first.unlink()
        back.unlink(missing_ok=True)


def by_sftp(house):
    copy(house)


def by_scp(house):
    copy(house, "-O")


def killed_client(house):
    """It goes without a word, in the midst of things."""
    client = house.popen("cat /dev/zero", user="bob")
    client.stdout.read(1 << 20)
    client.kill()
    client.communicate()


def killed_session(house):
    """What a user may do to his own."""
    done = house.ssh("kill -9 $PPID; cat", timeout=TIME)
    expect(done.returncode == 255, done)


# ---- PAM ----

PASSWORD = "Gr8 Kastanie"


def with_password(house, typed, *words):
    call = house.ssh_command(*words, user="backup", options=[
        "PubkeyAuthentication=no", "NumberOfPasswordPrompts=1",
        "PreferredAuthentications=" +
        random.choice(["password", "keyboard-interactive"])])
    call[call.index("BatchMode=yes")] = "BatchMode=no"
    return subprocess.run(
        call, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIME,
        check=False, env={**os.environ, "TYPED": typed, "DISPLAY": "none",
                          "SSH_ASKPASS": str(house.typist),
                          "SSH_ASKPASS_REQUIRE": "force"})


def password(house):
    done = with_password(house, PASSWORD, "echo in; exit 3")
    expect((done.returncode, done.stdout) == (3, b"in\n"), done)


def wrong_password(house):
    done = with_password(house, "wrong", "true")
    expect(b"Permission denied" in done.stderr, done)


# ---- git ----

def git(house, *words, cwd):
    done = subprocess.run(
        ["git", "-c", "user.name=x", "-c", "user.email=x@example.net", *words],
        cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=TIME, check=False, env={
            **os.environ, "HOME": str(house.folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_SSH_COMMAND": shlex.join(house.ssh_command()[:-1])})
    expect(done.returncode == 0, done)
    return done.stdout


def git_there_and_back(house):
    """Cloned, a branch pushed, fetched by another clone, and taken away."""
    branch = f"b{random.randrange(1 << 32)}"
    place = house.folder / branch
    place.mkdir()
    url = "git@127.0.0.1:tool.git"
    try:
        git(house, "clone", "-q", url, "one", cwd=place)
        git(house, "clone", "-q", url, "two", cwd=place)
        one, two = place / "one", place / "two"
        (one / branch).write_bytes(os.urandom(20000))
        git(house, "add", branch, cwd=one)
        git(house, "commit", "-q", "-m", branch, cwd=one)
        git(house, "push", "-q", "origin", f"HEAD:{branch}", cwd=one)
        git(house, "fetch", "-q", "origin", branch, cwd=two)
        expect(git(house, "rev-parse", "FETCH_HEAD", cwd=two) ==
               git(house, "rev-parse", "HEAD", cwd=one), "other commits")
        git(house, "push", "-q", "origin", f":{branch}", cwd=one)
    finally:
        shutil.rmtree(place)


# ---- who is not let in, or falls out ----

def wrong_key(house):
    call = house.ssh_command("true")
    call[call.index(str(house.key))] = str(house.stranger)
    done = subprocess.run(call, stdin=subprocess.DEVNULL, timeout=TIME,
                          capture_output=True, check=False)
    expect(b"Permission denied" in done.stderr, done)


def nobody(house):
    done = house.ssh("true", user=f"no-{random.randrange(100)}", timeout=TIME)
    expect(b"Permission denied" in done.stderr, done)


def cut(house):
    """Anywhere: in the greeting, the exchange, the login, the session."""
    wire = Wire(house, random.choice([10, 500, 1500, 3000, 5000, 10 ** 6]))
    wire.start()
    call = house.ssh_command("cat /dev/zero")
    call[call.index(str(house.port))] = str(wire.port)
    done = subprocess.run(call, stdin=subprocess.DEVNULL, timeout=TIME,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          check=False)
    expect(done.returncode == 255, done)


JUNK = [
    b"", b"\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"SSH-1.5-old\r\n",
    b"SSH-2.0-x\r\n" + bytes(3000), b"\x16\x03\x01" + bytes(200),
    b"SSH-2.0-" + b"x" * 5000, b"SSH-2.0-half",
    b"SSH-2.0-x\r\n\xff\xff\xff\xff" + b"z" * 100,
    b"SSH-2.0-x\r\n" + b"\0\0\0\x0c\x0a\x14" + bytes(10),
]


def junk(house):
    """What those send who look for open ports; some stay a while."""
    waiting = []
    for _ in range(20):
        s = socket.create_connection(
            ("127.0.0.1", house.port), 10,
            (f"127.0.{random.randrange(1, 8)}.{random.randrange(1, 255)}", 0))
        waiting.append(s)
        with contextlib.suppress(OSError):
            s.sendall(random.choice(JUNK))
            s.settimeout(random.choice([0.01, 0.1]))
            s.recv(1 << 16)
    for s in waiting:
        s.close()


# ---- many at a time, and others' clients ----

def load(mode, count, *arguments):
    def visit(house):
        done = subprocess.run(
            [LOAD, "-m", mode, "-p", str(house.port), "-u", house.user, "-k",
             house.key, "-n", str(count), *arguments], timeout=TIME,
            stdin=subprocess.DEVNULL, capture_output=True, check=False)
        expect(done.returncode == 0, done.stderr)
    return visit


def client_of(peer):
    """Its client, with new keys on the way where it can be told to."""
    rekey = REKEY if "client" in peer.rekeys else 0

    def visit(house):
        at = peers.Address(house.port, house.user, [house.host_key])
        done = peer.call(at, peers.Proof(house.key), DATA, None, rekey)
        expect(done.status == peers.STATUS and done.out == DATA,
               peer.name, done.status, len(done.out), done.error)
    return visit


def dropbear(house):
    """Now and then dbclient stays when both sides have closed its channel:
    it is told to leave then, and only its status is not known."""
    peer = peers.Dropbear()
    done = peers.run(
        ["dbclient", "-y", "-y", "-T", "-I", "20", "-p", house.port, "-i",
         peer.convert(house.key), f"{house.user}@127.0.0.1", peers.COMMAND],
        DATA, env={**os.environ, "HOME": str(house.folder)})
    expect(done.out == DATA and peers.ERROR in done.error,
           done.status, len(done.out), done.error)


OWN = {
    "ssh: a command": command,
    "ssh: a shell with a terminal": shell,
    "ssh: eight on one connection": multiplexed,
    "ssh: 20 MiB down": bulk_down,
    "ssh: 20 MiB up": bulk_up,
    "scp: 0.6 MB there and back": by_sftp,
    "scp -O: 0.6 MB there and back": by_scp,
    "ssh: killed": killed_client,
    "ssh: kills its session": killed_session,
    "ssh: a wrong key": wrong_key,
    "ssh: no such user": nobody,
    "ssh: cut off": cut,
    "20 pieces of junk": junk,
}
LOADS = {
    "50 logins, 8 at a time": load("login", 50, "-j", "8"),
    "50 commands, 8 at a time": load("exec", 50, "-j", "8"),
    "100 commands on 4 connections": load("repeat", 100, "-j", "4"),
    "200 exchanges, 20 at a time": load("handshake", 200, "-j", "20"),
}


WITH_PAM = {
    "ssh: a password, by PAM": password,
    "ssh: a wrong password": wrong_password,
}
WITH_GIT = {"git: clone, push and fetch": git_there_and_back}


def everybody(house):
    """All who are here, by name, and why others are not."""
    found, missing = dict(OWN), []
    for has, visits, what in ((house.has_pam, WITH_PAM, "pam"),
                              (house.has_git, WITH_GIT, "git")):
        if has:
            found.update(visits)
        else:
            missing.append(f"no {what} in this build or on this machine")
    if LOAD.exists():
        found.update(LOADS)
    else:
        missing.append("tests/bench/clients is not built")
    for peer in peers.CLIENTS:
        try:
            version = peer.version()
        except peers.Missing as reason:
            missing.append(str(reason))
            continue
        found[f"{peer.name} {version}: 0.6 MB there and back"] = \
            dropbear if peer.name == "Dropbear" else client_of(peer)
    return found, missing
