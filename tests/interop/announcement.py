"""What a peer says it knows: its KEXINIT, read by one who knows no more."""

import contextlib
import socket
import struct
import threading

KINDS = ("kex", "host_key", "cipher", "mac", "compression")

# The lists of RFC 4253 7.1, from the client to the server where there are
# two: all peers here have the same for both ways.
LISTS = ("kex", "host_key", "cipher", None, "mac", None, "compression", None)

MSG_KEXINIT = 20
COOKIE = 16
IDENTIFICATION = b"SSH-2.0-announcement\r\n"


def parse(payload):
    assert payload[0] == MSG_KEXINIT, payload[:40]
    at = 1 + COOKIE
    found = {}
    for kind in LISTS:
        length, = struct.unpack_from(">I", payload, at)
        names = payload[at + 4:at + 4 + length].decode()
        at += 4 + length
        if kind:
            found[kind] = names.split(",")
    return found


def read_from(connection):
    """The KEXINIT that comes on a socket."""
    connection.settimeout(20)
    connection.sendall(IDENTIFICATION)
    stream = connection.makefile("rb")
    while not (line := stream.readline()).startswith(b"SSH-2.0-"):
        assert line, "no identification"
    length, padding = struct.unpack(">IB", stream.read(5))
    return parse(stream.read(length - 1)[:length - 1 - padding])


def of_server(port):
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        return read_from(connection)


def of_client(call):
    """call(port) is to connect there; it does not succeed."""
    def run(port):
        with contextlib.suppress(Exception):
            call(port)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        thread = threading.Thread(target=run, args=listener.getsockname()[1:])
        thread.start()
        connection, _ = listener.accept()
        with connection:
            found = read_from(connection)
    thread.join(60)
    return found
