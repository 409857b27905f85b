#!/usr/bin/python3
"""The stock ssh as a load, with the options and the answer of clients.c.

Modes: exec (a login and a command each), repeat (commands on one open
connection), down and up (bytes through one command).
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor


class Client:
    """How ssh is called for one server."""

    def __init__(self, options, folder):
        self.options = options
        self.master = folder / "master"
        self.known_hosts = folder / "known_hosts"

    def command(self, *arguments):
        o = self.options
        command = ["ssh", "-F", "none", "-p", o.port, "-i", o.key,
                   "-l", o.user, "-T", "-o", "IdentitiesOnly=yes",
                   "-o", "IdentityAgent=none", "-o", "BatchMode=yes",
                   "-o", "StrictHostKeyChecking=no",
                   "-o", f"UserKnownHostsFile={self.known_hosts}",
                   "-o", "LogLevel=ERROR"]
        if o.cipher is not None:
            command += ["-c", o.cipher]
        return [*command, *arguments]

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


MODES = {"exec": log_in_each_time, "repeat": repeat_on_one,
         "down": load_down, "up": load_up}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-m", dest="mode", choices=MODES, required=True)
    parser.add_argument("-p", dest="port", required=True)
    parser.add_argument("-u", dest="user", default="root")
    parser.add_argument("-k", dest="key", required=True)
    parser.add_argument("-c", dest="cipher")
    parser.add_argument("-n", dest="count", type=int, default=1)
    parser.add_argument("-j", dest="parallel", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sallyport-stock-") as name:
        client = Client(options, pathlib.Path(name))
        latencies = MODES[options.mode](client, options)
    print(json.dumps({"state": "done", "latencies_us": latencies}))


if __name__ == "__main__":
    main()
