"""Connections that break: a wire to the daemon that can be cut."""

import select
import socket
import struct
import threading


def reset(connection):
    """Closes it with a RST, as a machine does that has lost its state."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          struct.pack("ii", 1, 0))
    connection.close()


class Wire(threading.Thread):
    """Carries one connection to the daemon, and breaks after some bytes."""

    def __init__(self, daemon, limit):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.ends = ("127.0.0.1", daemon.port)
        self.left = limit

    def run(self):
        client, _ = self.listener.accept()
        server = socket.create_connection(self.ends)
        other = {client: server, server: client}
        while self.left > 0:
            for each in select.select(other, [], [])[0]:
                try:
                    data = each.recv(65536)
                except ConnectionError:
                    data = b""
                if not data:
                    self.left = 0
                    break
                other[each].sendall(data)
                self.left -= len(data)
        for each in (client, server, self.listener):
            reset(each)
