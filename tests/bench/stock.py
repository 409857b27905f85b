#!/usr/bin/python3
"""The stock ssh and sftp as a load, with the options and the answer of clients.c.

Modes: exec (a login and a command each), repeat (commands on one open
connection), down and up (bytes through one command); and by sftp, get and put
(bytes of one file; -B and -R are sftp's), fetch and store (so many files of a
kilobyte), list (a folder of 100,000 names, so many times). The files that come
are those of servers.py.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import servers


class Client:
    """How ssh is called for one server."""

    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.master = folder / "master"
        self.known_hosts = folder / "known_hosts"

    def settings(self):
        """What ssh and sftp take alike."""
        o = self.options
        settings = ["-F", "none", "-i", o.key,
                    "-o", f"Port={o.port}", "-o", f"User={o.user}",
                    "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none",
                    "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
                    "-o", f"UserKnownHostsFile={self.known_hosts}",
                    "-o", "LogLevel=ERROR"]
        return settings + (["-c", o.cipher] if o.cipher else [])

    def command(self, *arguments):
        return ["ssh", *self.settings(), "-T", *arguments]

    def sftp(self, batch):
        """Microseconds until all of a batch is done."""
        o = self.options
        sizes = [*(["-B", o.buffer] if o.buffer else []),
                 *(["-R", o.requests] if o.requests else [])]
        start = time.monotonic()
        done = subprocess.run(
            ["sftp", "-q", *self.settings(), *sizes, "-b", "-", "127.0.0.1"],
            input=batch.encode(), stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, check=False, timeout=300)
        if done.returncode != 0:
            sys.exit(f"stock: sftp ended with {done.returncode}: "
                     f"{done.stderr.decode(errors='replace')}")
        return int((time.monotonic() - start) * 1e6)

    def run(self, *arguments):
        """Microseconds until it is done; a failure ends the load."""
        start = time.monotonic()
        done = subprocess.run(
            self.command(*arguments), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
            timeout=300)
        if done.returncode != 0:
            sys.exit(f"stock: ssh ended with {done.returncode}: "
                     f"{done.stderr.decode(errors='replace')}")
        return int((time.monotonic() - start) * 1e6)


def log_in_each_time(client, options):
    with ThreadPoolExecutor(options.parallel) as pool:
        return list(pool.map(lambda _: client.run("127.0.0.1", "true"),
                             range(options.count)))


def repeat_on_one(client, options):
    control = ("-o", f"ControlPath={client.master}")
    client.run(*control, "-M", "-f", "-N", "127.0.0.1")
    try:
        return [client.run(*control, "127.0.0.1", "true")
                for _ in range(options.count)]
    finally:
        client.run(*control, "-O", "exit", "127.0.0.1")


def load_down(client, options):
    return [client.run("127.0.0.1", f"head -c {options.count} /dev/zero")]


def load_up(client, options):
    start = time.monotonic()
    with subprocess.Popen(["head", "-c", str(options.count), "/dev/zero"],
                          stdout=subprocess.PIPE) as source:
        subprocess.run(client.command("127.0.0.1", "cat >/dev/null"),
                       stdin=source.stdout, check=True, timeout=300)
    return [int((time.monotonic() - start) * 1e6)]


def get_one(client, _):
    return [client.sftp(f"get {servers.LARGE} {client.folder}/large\n")]


def put_one(client, options):
    path = client.folder / "large"
    with open(path, "wb") as file:
        for _ in range(options.count // len(servers.BLOCK)):
            file.write(servers.BLOCK)
    return [client.sftp(f"put {path} stored\n")]


def fetch_many(client, options):
    names = [f"{servers.SMALL}/{i}" for i in range(options.count)]
    return [client.sftp("".join(f"get {name} {client.folder}/small\n"
                                for name in names))]


def store_many(client, options):
    path = client.folder / "small"
    path.write_bytes(bytes(1024))
    return [client.sftp("".join(f"put {path} {servers.STORED}/{i}\n"
                                for i in range(options.count)))]


def list_names(client, options):
    return [client.sftp(f"ls -1f {servers.NAMES}\n")
            for _ in range(options.count)]


MODES = {"exec": log_in_each_time, "repeat": repeat_on_one,
         "down": load_down, "up": load_up, "get": get_one, "put": put_one,
         "fetch": fetch_many, "store": store_many, "list": list_names}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-m", dest="mode", choices=MODES, required=True)
    parser.add_argument("-p", dest="port", required=True)
    parser.add_argument("-u", dest="user", default="root")
    parser.add_argument("-k", dest="key", required=True)
    parser.add_argument("-c", dest="cipher")
    parser.add_argument("-n", dest="count", type=int, default=1)
    parser.add_argument("-j", dest="parallel", type=int, default=1)
    parser.add_argument("-B", dest="buffer")
    parser.add_argument("-R", dest="requests")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sallyport-stock-") as name:
        client = Client(options, pathlib.Path(name))
        latencies = MODES[options.mode](client, options)
    print(json.dumps({"state": "done", "latencies_us": latencies}))


if __name__ == "__main__":
    main()
