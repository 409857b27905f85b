#!/usr/bin/python3
"""make growth: what more connections and more channels cost each.

The same two servers and the same load as bench.py. While so many others are
held, what one more login costs and takes; while so many other channels of its
connection are open, what an echo on one more costs; and the memory of each
that is held. A figure is the median of the rounds. The tables, BUILD/growth.md,
belong into doc/benchmarks.md, of which `make charts` draws them.
"""

import argparse
import pathlib
import statistics
import sys
import tempfile
import time

import bench
import servers

LOGINS, ECHOES = 40, 5000
# Memory of fewer is lost in what else changes.
MEMORY_LEAST = 100
CHANNEL_MAX = 1100

# What is held: how the load is asked for it, and how many of it.
HELD = [
    ("strangers", "strangers -n {n} -j 16 -s", [1, 10, 100, 1000, 10000]),
    ("logins", "idle -n {n} -j 8 -s", [1, 10, 100, 1000, 10000]),
]
CHANNELS = [1, 10, 100, 1000]
# sshd has two processes of 1.5 MiB for each.
SSHD_MOST = 1000

HEAD = ("| {} held | a login: time, sshd | sallyportd | CPU, sshd "
        "| sallyportd | memory of each, sshd | sallyportd |")
CHANNEL_HEAD = ("| channels open | an echo: time, sshd | sallyportd "
                "| CPU, sshd | sallyportd | memory of each, sshd "
                "| sallyportd |")


def median(samples, figure):
    return statistics.median(figure(s) for s in samples)


FIGURES = [("latency", "{:.3f} ms"), ("cpu", "{:.3f} ms"),
           ("memory", "{:.0f} KiB")]


def cells_of(taken):
    """Two servers' latencies, CPU and memory, in turns."""
    for figure, shape in FIGURES:
        for one in taken:
            value = one and one[figure]
            yield "-" if value is None else shape.format(value)


def figures_of(samples, units, memory):
    return {
        "latency": median(samples, lambda s: s["latency"]) / 1e3,
        "cpu": median(samples, bench.cpu_of) / units * 1e3,
        "memory": memory,
    }


def memory_of(server, before, n):
    return (server.pss() - before) / n if n >= MEMORY_LEAST else None


def with_held(load, server, options, n, rounds):
    """What a login takes and costs beside n that are held."""
    before = server.pss()
    process = load.stand(server, options.format(n=n))
    try:
        time.sleep(2.5)
        memory = memory_of(server, before, n)
        samples = [load.measure(server, f"login -n {LOGINS} -j 1")
                   for _ in range(rounds)]
    finally:
        bench.end(process)
        bench.settle(server)
    return figures_of(samples, LOGINS, memory)


def with_channels(load, server, n, rounds):
    before = server.pss()
    process = load.stand(server, f"idle -n 1 -b {n}")
    time.sleep(0.5)
    # Of the programs on them, cat, most is shared.
    memory = memory_of(server, before, n)
    bench.end(process)
    bench.settle(server)
    samples = [load.measure(server, f"echo -n {ECHOES} -b {n}")
               for _ in range(rounds)]
    empty = [load.measure(server, f"echo -n 1 -b {n}")
             for _ in range(rounds)]
    taken = figures_of(samples, ECHOES, memory)
    # To open and to end them is not the echo's.
    taken["cpu"] -= median(empty, bench.cpu_of) / ECHOES * 1e3
    return taken


def row(n, taken):
    line = f"| {n:,} | " + " | ".join(cells_of(taken)) + " |"
    print(line, flush=True)
    return line


def measure(load, pair, rounds, most):
    for what, options, counts in HELD:
        yield from ["", HEAD.format(what), "|" + "---|" * 7]
        print(HEAD.format(what), flush=True)
        for n in [n for n in counts if n <= most]:
            yield row(n, [
                with_held(load, server, options, n, rounds)
                if server is pair[1] or n <= SSHD_MOST else None
                for server in pair])
    yield from ["", CHANNEL_HEAD, "|" + "---|" * 7]
    print(CHANNEL_HEAD, flush=True)
    for n in [n for n in CHANNELS if n <= most]:
        yield row(n, [with_channels(load, server, n, rounds)
                      for server in pair])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=".", type=pathlib.Path)
    parser.add_argument("--rounds", default=3, type=int)
    parser.add_argument("--most", default=10000, type=int,
                        help="of what is held")
    options = parser.parse_args()
    build = options.build.resolve()
    bench.enter_mounts("growth")
    with tempfile.TemporaryDirectory(prefix="sallyport-growth-") as name:
        folder = pathlib.Path(name)
        key = servers.enter_namespace(folder)
        load = bench.Load(build / "tests/bench/clients", key)
        with open(build / "growth.log", "wb") as log:
            pair = [servers.start_sshd(folder, log, CHANNEL_MAX)]
            try:
                pair.append(servers.start_sallyportd(
                    folder, build / "sallyportd", log, channels=CHANNEL_MAX))
                lines = list(measure(load, pair, options.rounds,
                                     options.most))
            finally:
                for server in pair:
                    server.stop()
        (build / "growth.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
