#!/usr/bin/python3
"""What it costs the daemon to run `true` by the handler commands, and by the
handler login, which has a shell (bash) do it. By hand, as root.

Both daemons run at the same time and are loaded in turns, so that a machine
whose speed drifts hurts both alike.
"""

import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import servers

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "process"))
import sallyport  # noqa: E402

ROUNDS, EXECS = 9, 400
CLIENTS = sallyport.BUILD / "tests/bench/clients"
CONFIG = """
server = {{ listen = [ "127.0.0.1:{port}" ]; }};
log = {{ to = "/dev/null"; }};
auth = {{ keys = {{ type = "authorized_keys"; }}; }};
handlers = {{
  login = {{ type = "login"; }};
  commands = {{ type = "commands";
    commands = ( {{ match = "true"; run = "/bin/true"; }} ); }};
}};
profiles = {{ all = {{ accept = "keys"; {profile} }}; }};
rules = ( {{ use = "all"; }} );
"""


def start(handler, folder):
    place = folder / handler
    place.mkdir()
    daemon = sallyport.Daemon(place, config=CONFIG,
                              profile=f'exec = "{handler}";')
    with open(daemon.log, "ab") as log:
        process = servers.keep(daemon.command(), log)
    return daemon, servers.Server(handler, process, daemon.port)


def load(daemon, count):
    subprocess.run(
        [CLIENTS, "-m", "repeat", "-p", str(daemon.port), "-u", daemon.user,
         "-k", daemon.key, "-n", str(count), "-x", "true"],
        check=True, stdout=subprocess.DEVNULL)


def measure(daemon, server):
    """Milliseconds of computing for each."""
    before = sum(server.cpu())
    load(daemon, EXECS)
    time.sleep(0.3)  # the last are reaped
    return (sum(server.cpu()) - before) / EXECS * 1000


def main():
    figures = {"login": [], "commands": []}
    with tempfile.TemporaryDirectory(dir="/run") as folder:
        running = {handler: start(handler, pathlib.Path(folder))
                   for handler in figures}
        try:
            for daemon, _ in running.values():
                load(daemon, 20)
            for number in range(ROUNDS):
                order = sorted(figures, reverse=number % 2 == 0)
                for handler in order:
                    figures[handler].append(measure(*running[handler]))
        finally:
            for _, server in running.values():
                server.stop()
    for handler, each in figures.items():
        print(f"{handler}: {statistics.median(each):.3f} ms of CPU an exec")
    ratios = sorted(a / b for a, b in zip(figures["commands"],
                                          figures["login"]))
    print(f"ratio: {statistics.median(ratios):.2f} "
          f"({ratios[0]:.2f} to {ratios[-1]:.2f})")


if __name__ == "__main__":
    main()
