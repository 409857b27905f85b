"""Limits of a source hold where its connections meet several gates."""

import ctypes
import os
import socket
import struct

import sallyport
from sallyport import wait_until

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, MODE_FILTER = 38, 22, 2
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERROR = 0x7fff0000, 0x00050000
SETSOCKOPT = {"x86_64": 54, "aarch64": 208}
ENOPROTOOPT, SO_ATTACH_REUSEPORT_CBPF = 92, 51
NUMBER, OPTION = 0, 16 + 8 * 2 # in struct seccomp_data


def forbid_steering():
    """As a kernel that has no such option."""
    program = [
        (LOAD, 0, 0, NUMBER),
        (JUMP_EQUAL, 0, 3, SETSOCKOPT[os.uname().machine]),
        (LOAD, 0, 0, OPTION),
        (JUMP_EQUAL, 0, 1, SO_ATTACH_REUSEPORT_CBPF),
        (RETURN, 0, 0, ERROR | ENOPROTOOPT),
        (RETURN, 0, 0, ALLOW),
    ]
    text = b"".join(struct.pack("HBBI", *each) for each in program)
    buffer = ctypes.create_string_buffer(text, len(text))

    class Program(ctypes.Structure):
        _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    filters = Program(len(program), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if not sallyport.is_root():
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(filters)) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


def test_without_steering_gates_share_what_a_source_may_have(folder):
    os.chmod(folder, 0o755)
    daemon = sallyport.Daemon(
        folder, server="gates = 2; max_waiting_per_source = 6;")
    # Its own look at the port must not take one of the places.
    daemon.start(wait=False, prepare=forbid_steering)
    held = []
    try:
        wait_until(lambda: daemon.records("listening"), 20)
        record, = daemon.expect("steering_missing")
        assert record["reason"] == os.strerror(ENOPROTOOPT)
        for _ in range(60):
            held.append(socket.create_connection(
                ("127.0.0.1", daemon.port), 10))
            held[-1].settimeout(20)
        said = [is_served(each) for each in held]
        # Where each had all of it, there would be twelve.
        assert said.count(True) == 6, said
    finally:
        for each in held:
            each.close()
        daemon.stop()


def is_served(connection):
    try:
        return connection.recv(8).startswith(b"SSH-2.0-")
    except ConnectionResetError:
        return False
