#!/usr/bin/python3
"""What a file of 100,000 keys costs a login: sallyportd, and OpenSSH's sshd
beside it. By hand, as root; SSHD names another sshd than the installed one.

Each server is logged in to with a file of one key, and with one of 100,000
of which the last is the right one. What the second costs more is the file's.
Both are loaded in turns, so that a machine whose speed drifts hurts both
alike.
"""

import base64
import os
import pathlib
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import servers

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "process"))
import sallyport  # noqa: E402

KEYS, ROUNDS, LOGINS = 100_000, 9, 4
CONFIG = """
server = {{ listen = [ "127.0.0.1:{port}" ]; }};
log = {{ to = "/dev/null"; }};
auth = {{ keys = {{ type = "authorized_keys"; }}; }};
handlers = {{ login = {{ type = "login"; }}; }};
profiles = {{ all = {{ accept = "keys"; exec = "login"; {profile} }}; }};
rules = ( {{ use = "all"; }} );
"""


def line():
    name = b"ssh-ed25519"
    blob = (struct.pack(">I", len(name)) + name + struct.pack(">I", 32) +
            os.urandom(32))
    return f"{name.decode()} {base64.b64encode(blob).decode()} somebody\n"


def start_sallyportd(folder):
    place = folder / "sallyportd"
    place.mkdir()
    daemon = sallyport.Daemon(place, config=CONFIG)
    with open(daemon.log, "ab") as log:
        process = servers.keep(daemon.command(), log)
    return daemon, servers.Server("sallyportd", process, daemon.port)


def start_sshd(folder, daemon):
    """Among the same accounts, with the same files."""
    servers.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                folder / "host")
    os.makedirs("/run/sshd", exist_ok=True)
    port = servers.free_port()
    config = folder / "sshd_config"
    config.write_text(f"Port {port}\nListenAddress 127.0.0.1\n"
                      f"HostKey {folder}/host\nUsePAM no\nPidFile none\n"
                      "PrintLastLog no\nLogLevel ERROR\n")
    passwd = daemon.folder / "etc/passwd"
    passwd.write_text(passwd.read_text() +
                      "sshd:x:64791:65534::/run/sshd:/usr/sbin/nologin\n")
    program = os.environ.get("SSHD", "/usr/sbin/sshd")
    with open(folder / "sshd.log", "ab") as log:
        process = servers.keep(
            daemon.apart([program, "-D", "-e", "-f", str(config)]), log)
    return servers.Server("sshd", process, port)


def load(daemon, server):
    command = daemon.ssh_command("true")
    command[command.index("-p") + 1] = str(server.port)
    for _ in range(LOGINS):
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def measure(daemon, server, text):
    """Milliseconds of computing for each login, with this file of keys."""
    (daemon.homes / "alice/.ssh/authorized_keys").write_text(text)
    before = sum(server.cpu())
    load(daemon, server)
    time.sleep(0.3)  # the last are reaped
    return (sum(server.cpu()) - before) / LOGINS * 1000


def main():
    costs = {"sshd": [], "sallyportd": []}
    with tempfile.TemporaryDirectory(dir="/run") as name:
        folder = pathlib.Path(name)
        os.chmod(folder, 0o755)
        daemon, ours = start_sallyportd(folder)
        running = {"sallyportd": ours, "sshd": start_sshd(folder, daemon)}
        small = daemon.key.with_suffix(".pub").read_text()
        large = "".join(line() for _ in range(KEYS - 1)) + small
        try:
            for server in running.values():
                measure(daemon, server, small)
            for number in range(ROUNDS):
                for each in sorted(costs, reverse=number % 2 == 0):
                    costs[each].append(
                        measure(daemon, running[each], large) -
                        measure(daemon, running[each], small))
        finally:
            for server in running.values():
                server.stop()
    for each, found in costs.items():
        print(f"{each}: {statistics.median(found):.2f} ms of CPU a login for "
              f"{KEYS} keys ({min(found):.2f} to {max(found):.2f})")
    ratio = statistics.median(costs["sallyportd"]) / statistics.median(
        costs["sshd"])
    print(f"ratio: {ratio:.3f}")


if __name__ == "__main__":
    main()
