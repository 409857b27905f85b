#!/usr/bin/python3
"""Bytes through one channel over a link of 100 ms, by the stock ssh.

The link is a relay on loopback that passes each byte on 50 ms after it came,
in either direction, and holds as much as comes meanwhile: what bounds the
throughput is the windows of SSH, not those of TCP, which each end has to the
relay alone. One transfer of each server after the other, in turns.
"""

import argparse
import json
import os
import pathlib
import queue
import socket
import statistics
import tempfile
import threading
import time

import bench
import servers
import stock

DELAY = 0.05  # s each way
HELD = 4096  # blocks of at most BLOCK bytes that a direction holds
BLOCK = 1 << 18


class Relay:
    """A port that leads to another one, far away."""

    def __init__(self, port):
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.target))
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for source, sink in ((near, far), (far, near)):
                blocks = queue.Queue(HELD)
                for function in (take, give):
                    threading.Thread(target=function, daemon=True, args=[
                        source if function is take else sink, blocks]).start()

    def close(self):
        self.listener.close()


def take(source, blocks):
    block = b"-"
    while block:
        try:
            block = source.recv(BLOCK)
        except OSError:
            block = b""
        blocks.put((time.monotonic() + DELAY, block))


def give(sink, blocks):
    """What cannot be given any more is taken all the same."""
    while True:
        due, block = blocks.get()
        time.sleep(max(0, due - time.monotonic()))
        try:
            if block:
                sink.sendall(block)
            else:
                sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        if not block:
            return


def measure(client, mode, count):
    """Megabytes a second."""
    options = client.options
    options.count = count
    return count / stock.MODES[mode](client, options)[0]


def run(pair, key, options, folder):
    found = {}
    relays = {server.name: Relay(server.port) for server in pair}
    for _ in range(options.rounds):
        for mode in ("down", "up"):
            for server in pair:
                client = stock.Client(
                    argparse.Namespace(
                        key=key, port=relays[server.name].port,
                        user=servers.USER, cipher=None),
                    folder)
                found.setdefault((mode, server.name), []).append(
                    measure(client, mode, options.bytes))
    for relay in relays.values():
        relay.close()
    return found


def report(found, pair):
    for mode in ("down", "up"):
        theirs, ours = (found[mode, server.name] for server in pair)
        ratios = [our / their for our, their in zip(ours, theirs)]
        print(f"| {mode} | {statistics.median(theirs):.1f} MB/s | "
              f"{statistics.median(ours):.1f} MB/s | "
              f"{statistics.median(ratios):.2f} "
              f"({min(ratios):.2f} to {max(ratios):.2f}) |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bytes", type=int, default=256_000_000)
    options = parser.parse_args()
    bench.enter_mounts("distance")
    build = pathlib.Path(options.build).resolve()
    with tempfile.TemporaryDirectory(prefix="sallyport-far-",
                                     dir="/run") as name:
        folder = pathlib.Path(name)
        key = servers.enter_namespace(folder)
        pair, load = [], os.getloadavg()
        with open(build / "distance.log", "wb") as log:
            try:
                pair.append(servers.start_sshd(folder, log))
                pair.append(servers.start_sallyportd(
                    folder, build / "sallyportd", log))
                found = run(pair, key, options, folder)
            finally:
                for server in pair:
                    server.stop()
        print(f"Load averages: {load[0]:.1f} before, "
              f"{os.getloadavg()[0]:.1f} after.")
        report(found, pair)
        (build / "distance.json").write_text(json.dumps(
            {" ".join(key): rows for key, rows in found.items()}))


if __name__ == "__main__":
    main()
