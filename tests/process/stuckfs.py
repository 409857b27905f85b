#!/usr/bin/python3
"""An empty folder that answers, or does not: stuckfs.py FOLDER PIDFILE.

Mounted by FUSE. SIGUSR2 makes it hang, SIGUSR1 makes it go on; whoever asked
meanwhile is answered then. It goes into the background once it is mounted.
"""

import ctypes
import errno
import os
import select
import signal
import struct
import sys

LOOKUP, FORGET, GETATTR, INIT, ACCESS, INTERRUPT = 1, 2, 3, 26, 34, 36
UNANSWERED = (FORGET, INTERRUPT)
MODE = 0o40755


def attributes():
    """Of the folder itself, the root's; good for no time at all."""
    return struct.pack("<QII6Q3I7I", 0, 0, 0, 1, *[0] * 8, MODE, 2,
                       *[0] * 5)


def answer(opcode):
    """The error, and what is said where there is none."""
    if opcode == INIT:
        return 0, struct.pack("<IIIIHHII", 7, 31, 0, 0, 1, 1, 4096, 1) + \
            bytes(36)
    if opcode == GETATTR:
        return 0, attributes()
    if opcode == ACCESS:
        return 0, b""
    return (-errno.ENOENT if opcode == LOOKUP else -errno.ENOSYS), b""


def serve_one(fd):
    request = os.read(fd, 1 << 17)
    _, opcode, unique = struct.unpack_from("<IIQ", request)
    if opcode in UNANSWERED:
        return
    error, body = answer(opcode)
    try:
        os.write(fd, struct.pack("<IiQ", 16 + len(body), error, unique) +
                 body)
    except FileNotFoundError:
        pass  # who asked has gone


def mount(fd, folder):
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other"
    if libc.mount(b"stuckfs", folder.encode(), b"fuse", 0,
                  options.encode()) != 0:
        raise OSError(ctypes.get_errno(), "mount")


def main():
    folder, pidfile = sys.argv[1:]
    fd = os.open("/dev/fuse", os.O_RDWR)
    mount(fd, folder)
    serve_one(fd)
    if os.fork() != 0:
        os._exit(0)
    signals = {signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    with open(pidfile, "w", encoding="ascii") as f:
        f.write(str(os.getpid()))
    os.setsid()
    is_stuck = False
    while True:
        told = signal.sigtimedwait(signals, 0.01)
        if told is not None and told.si_signo == signal.SIGTERM:
            return
        if told is not None:
            is_stuck = told.si_signo == signal.SIGUSR2
        while not is_stuck and select.select([fd], [], [], 0)[0]:
            serve_one(fd)


main()
