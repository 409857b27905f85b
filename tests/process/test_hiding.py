"""A session keeps its user's programs out of its memory, and nothing else."""

import json
import os
import pathlib
import re

import sallyport
from fixtures import needs_root

# What a program of the user's finds out: about its session, and to compare
# about another program of the user's.
PROBE = r"""
import ctypes, errno, json, os, resource, subprocess, sys, time

libc = ctypes.CDLL(None, use_errno=True)
ATTACH, SEIZE, DETACH = 16, 0x4206, 17

def call(function, *arguments):
    ctypes.set_errno(0)
    result = function(*arguments)
    return "yes" if result >= 0 else errno.errorcode[ctypes.get_errno()]

def reads(path):
    try:
        with open(path, "rb") as file:
            file.read(0)
        return "yes"
    except OSError as error:
        return errno.errorcode[error.errno]

def lists(path):
    try:
        os.listdir(path)
        return "yes"
    except OSError as error:
        return errno.errorcode[error.errno]

class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]

def look(pid, address):
    room = ctypes.create_string_buffer(8)
    here = Piece(ctypes.addressof(room), 8)
    there = Piece(address, 8)
    pidfd = libc.syscall(434, pid, 0)
    found = {
        "vm": call(libc.process_vm_readv, pid, ctypes.byref(here), 1,
                   ctypes.byref(there), 1, 0),
        "getfd": call(libc.syscall, 438, pidfd, 0, 0),
        "fds": lists(f"/proc/{pid}/fd"),
    }
    for name in ("mem", "maps", "environ"):
        found[name] = reads(f"/proc/{pid}/{name}")
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long,
                            ctypes.c_void_p, ctypes.c_void_p]
    for name, request in (("seize", SEIZE), ("attach", ATTACH)):
        found[name] = call(libc.ptrace, request, pid, None, None)
        if found[name] == "yes":
            if request == SEIZE:
                libc.ptrace(0x4207, pid, None, None) # PTRACE_INTERRUPT
            os.waitpid(pid, 0x40000000)
            libc.ptrace(DETACH, pid, None, None)
    return found

def session():
    pid = os.getppid()
    while "sallyport" not in open(f"/proc/{pid}/comm").read():
        pid = int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
    return pid

# A fork has all where we have it.
child = os.fork()
if child == 0:
    time.sleep(60)
    os._exit(0)
known = ctypes.create_string_buffer(8)
result = {
    "session": look(session(), ctypes.addressof(known)),
    "own": look(child, ctypes.addressof(known)),
    "pid": session(),
    "core": resource.getrlimit(resource.RLIMIT_CORE),
    "owner": os.stat("/proc/self/maps").st_uid == os.getuid(),
}
os.kill(child, 9)
dumping = os.fork()
if dumping == 0:
    resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, 1 << 20))
    os.chdir("/")
    os.abort()
result["dumped"] = os.WCOREDUMP(os.waitpid(dumping, 0)[1])
print(json.dumps(result))
"""


def probe(daemon):
    done = daemon.ssh("python3", "-", input=PROBE.encode())
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def test_a_session_is_closed_to_its_users_programs(daemon):
    found = probe(daemon)
    assert set(found["session"].values()) <= {"EPERM", "EACCES"}, found
    # What is refused there is no more than that.
    assert set(found["own"].values()) == {"yes"}, found


def test_programs_may_dump_core_where_the_daemon_might(daemon):
    import resource
    found = probe(daemon)
    assert found["owner"]
    assert tuple(found["core"]) == resource.getrlimit(resource.RLIMIT_CORE)


@needs_root
def test_a_session_dumps_none(daemon):
    with daemon.popen("cat") as client:
        client.stdin.write(b"up\n")
        client.stdin.flush()
        assert client.stdout.readline() == b"up\n"
        pids = [pid for pid in daemon.pids("login")
                if uids_of(pid) == {str(sallyport.USERS["alice"])}]
        assert len(pids) == 1
        # Who hides his memory has files in /proc that are root's.
        assert os.stat(f"/proc/{pids[0]}/maps").st_uid == 0
        limits = pathlib.Path(f"/proc/{pids[0]}/limits").read_text()
        assert re.search(r"^Max core file size +0 ", limits, re.M)
        client.stdin.close()


def uids_of(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return set(re.search(r"^Uid:\t(.*)$", text, re.M).group(1).split())


def test_gate_and_keyholder_can_never_dump(daemon):
    """As they were told so for good, not for a while."""
    for name in ("gate", "keyholder", "ledger"):
        for pid in daemon.pids(name):
            limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
            assert re.search(r"^Max core file size +0 +0 ", limits, re.M)
