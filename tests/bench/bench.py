#!/usr/bin/python3
"""make bench: sallyportd against an installed OpenSSH sshd.

Every round measures both servers one after the other, so that a machine
whose speed drifts hurts both alike; a row's figure is the median of the
rounds' ratios, with the interval that holds the middle nine tenths.
CPU seconds are those of a server's whole process tree.
"""

import argparse
import json
import os
import pathlib
import platform
import select
import statistics
import subprocess
import sys
import tempfile
import time

import servers

GIGABYTE = 1_000_000_000
# Seconds for what a load does at once.
PATIENCE = 300

# name, the load's options, how many units, unit
STOCK = "stock ssh: "
SFTP = "stock sftp: "
OWN_SFTP = "own sftp: "
# As large as sftp 9.2 can make them: with 262144 a message is too long for it.
LARGE_CHUNKS = "-B 261120 -R 64"
STRANGERS = "strangers"
ROWS = [
    ("logins, 1 at a time", "login -n {n} -j 1", 60, "login"),
    ("logins, 8 at a time", "login -n {n} -j 8", 120, "login"),
    ("logins, 32 at a time", "login -n {n} -j 32", 120, "login"),
    ("login and exec of true", "exec -n {n} -j 1", 40, "login"),
    ("exec of true on an open connection", "repeat -n {n}", 150, "exec"),
    ("down, aes256-gcm", "down -n {n} -c aes256-gcm@openssh.com",
     GIGABYTE, "GB"),
    ("up, aes256-gcm", "up -n {n} -c aes256-gcm@openssh.com",
     GIGABYTE, "GB"),
    ("down, chacha20-poly1305",
     "down -n {n} -c chacha20-poly1305@openssh.com", GIGABYTE, "GB"),
    ("up, chacha20-poly1305",
     "up -n {n} -c chacha20-poly1305@openssh.com", GIGABYTE, "GB"),
    ("echo of 64 bytes on a channel", "echo -n {n}", 5000, "echo"),
    (STOCK + "login and exec of true", "exec -n {n} -j 1", 30, "login"),
    (STOCK + "login and exec of true, 8 at a time", "exec -n {n} -j 8", 60,
     "login"),
    (STOCK + "exec of true on an open connection", "repeat -n {n}", 100,
     "exec"),
    (STOCK + "down, aes256-gcm", "down -n {n} -c aes256-gcm@openssh.com",
     GIGABYTE // 4, "GB"),
    (STOCK + "up, aes256-gcm", "up -n {n} -c aes256-gcm@openssh.com",
     GIGABYTE // 4, "GB"),
    (STOCK + "down, chacha20-poly1305",
     "down -n {n} -c chacha20-poly1305@openssh.com", GIGABYTE // 4, "GB"),
    (STOCK + "up, chacha20-poly1305",
     "up -n {n} -c chacha20-poly1305@openssh.com", GIGABYTE // 4, "GB"),
]


def sftp_rows(who):
    for way in ("get", "put"):
        yield who + way, way + " -n {n}", servers.LARGE_SIZE, "GB"
        yield (f"{who}{way}, {LARGE_CHUNKS}",
               way + " -n {n} " + LARGE_CHUNKS, servers.LARGE_SIZE, "GB")
    for way, mode in (("get", "fetch"), ("put", "store")):
        yield (f"{who}{way} of a file of 1 KiB", mode + " -n {n}",
               servers.SMALL_FILES, "file")
    yield who + "list of 100,000 names", "list -n {n}", 1, "list"


ROWS.extend([*sftp_rows(SFTP), *sftp_rows(OWN_SFTP)])

# Rows of the arithmetic: what each algorithm costs a server.
KEX = {
    # name: handshakes a round
    "mlkem768x25519-sha256": 30,
    "sntrup761x25519-sha512@openssh.com": 30,
    "curve25519-sha256": 30,
    "ecdh-sha2-nistp256": 30,
    "ecdh-sha2-nistp384": 30,
    "ecdh-sha2-nistp521": 30,
    "diffie-hellman-group14-sha256": 30,
    "diffie-hellman-group16-sha512": 20,
    "diffie-hellman-group18-sha512": 10,
    "diffie-hellman-group-exchange-sha256": 20,
}
CIPHERS = ["aes128-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr"]
MACS = ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com",
        "hmac-sha2-256", "hmac-sha2-512"]


def algorithm_rows():
    for kex, n in KEX.items():
        yield (f"handshake, {kex}", f"handshake -n {{n}} -s -K {kex}", n,
               "handshake")
    suites = [(cipher, MACS[0]) for cipher in CIPHERS]
    suites += [(CIPHERS[-1], mac) for mac in MACS[1:]]
    for way in ("down", "up"):
        for cipher, mac in suites:
            own_mac = "gcm" in cipher
            name = cipher.partition("@")[0]
            if not own_mac:
                name += " with " + mac.partition("@")[0]
            yield (f"{way}, {name}",
                   f"{way} -n {{n}} -c {cipher} -M {mac}", GIGABYTE // 4, "GB")


ROWS.extend(algorithm_rows())


class Load:
    """A load program against one server."""

    def __init__(self, program, key):
        self.program = program
        self.key = key

    def command(self, server, options):
        mode, _, rest = options.partition(" ")
        return [self.program, "-m", mode, "-p", str(server.port), "-u",
                servers.USER, "-k", self.key, *rest.split()]

    def measure(self, server, options):
        """Wall, user and system seconds, and the latencies' median in us."""
        before = server.cpu()
        start = time.monotonic()
        done = subprocess.run(self.command(server, options),
                              stdout=subprocess.PIPE, timeout=PATIENCE,
                              check=True)
        wall = time.monotonic() - start
        settle(server)
        after = server.cpu()
        answer = json.loads(done.stdout)
        latencies = answer["latencies_us"]
        return {
            "wall": wall,
            "user": after[0] - before[0],
            "system": after[1] - before[1],
            "latency": statistics.median(latencies) if latencies else 0,
        }

    def stand(self, server, options):
        """Connections that stay; the process to end when done."""
        process = subprocess.Popen(self.command(server, options),
                                   stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        came, _, _ = select.select([process.stdout], [], [], PATIENCE)
        answer = json.loads(process.stdout.readline()) if came else {}
        if answer.get("state") != "standing":
            process.kill()
            process.wait()
            raise RuntimeError(f"{server.name}: {options}: {answer or 'late'}")
        return process


def settle(server):
    """Waits until what a connection left behind has ended and is counted."""
    last = None
    for _ in range(40):
        now = (len(server.pids()), server.cpu())
        if now == last:
            return
        last = now
        time.sleep(0.05)


def end(process):
    process.stdin.close()
    process.wait(60)


def measure_row(row, load, pair, rounds):
    """Of the table of rows: name, options, how many, unit."""
    name, options, n, unit = row
    able = [server for server in pair if server.has(options)]
    samples = {server.name: [] for server in pair}
    options = options.replace("{n}", str(n))
    for server in able:
        load.measure(server, options.replace(
            f"-n {n}", f"-n {max(1, n // 10)}"))
    for number in range(rounds):
        order = able if number % 2 == 0 else able[::-1]
        for server in order:
            samples[server.name].append(load.measure(server, options))
    return {"name": name, "n": n, "unit": unit, "samples": samples}


def make_loads(build, key):
    """By what the names of their rows begin with; the last has all others."""
    stock = Load(pathlib.Path(__file__).with_name("stock.py"), key)
    return {STOCK: stock, SFTP: stock,
            OWN_SFTP: Load(build / "tests/bench/sftpload", key),
            "": Load(build / "tests/bench/clients", key)}


def measure_rows(loads, pair, rounds):
    results = []
    for row in ROWS:
        load = next(loads[prefix] for prefix in loads
                    if row[0].startswith(prefix))
        results.append(measure_row(row, load, pair, rounds))
        print(line_of(results[-1], pair), flush=True)
    return results


def ratios(row, pair, figure):
    """Ours to theirs, round by round."""
    ours = [figure(s) for s in row["samples"][pair[1].name]]
    theirs = [figure(s) for s in row["samples"][pair[0].name]]
    return sorted(a / b for a, b in zip(ours, theirs) if b > 0)


def spread(values):
    if not values:
        return "-"
    low = values[int(0.05 * (len(values) - 1) + 0.5)]
    high = values[int(0.95 * (len(values) - 1) + 0.5)]
    return f"{statistics.median(values):.2f} ({low:.2f} to {high:.2f})"


def cpu_of(sample):
    return sample["user"] + sample["system"]


def wall_of(sample):
    return sample["wall"]


def per_unit(row, server, figure):
    """The median of a figure for one unit; None where it was not measured."""
    if not row["samples"][server.name]:
        return None
    units = row["n"] / GIGABYTE if row["unit"] == "GB" else row["n"]
    return statistics.median(
        figure(s) for s in row["samples"][server.name]) / units


def show(value, unit):
    if value is None:
        return "-"
    return f"{value:.2f} s" if unit == "GB" else f"{value * 1e3:.3f} ms"


def line_of(row, pair):
    unit = row["unit"]
    theirs, ours = pair
    cells = [row["name"]]
    for figure in (wall_of, cpu_of):
        cells.append(show(per_unit(row, theirs, figure), unit))
        cells.append(show(per_unit(row, ours, figure), unit))
        cells.append(spread(ratios(row, pair, figure)))
    return "| " + " | ".join(cells) + " |"


def kernel_memory():
    """KiB of the kernel's own: objects, stacks, tables of pages."""
    found = {}
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        name, _, rest = line.partition(":")
        found[name] = int(rest.split()[0])
    return found["Slab"] + found["KernelStack"] + found["PageTables"]


def measure_memory(load, pair, count):
    """KiB that one more idle stranger and one more idle login cost: of its
    processes, and of the kernel, the load's own end in it."""
    lines = []
    for name, mode, n in (("an idle stranger", "strangers", 10 * count),
                          ("an idle login", "idle", count)):
        cells = []
        for server in pair:
            before, kernel = server.pss(), kernel_memory()
            process = load.stand(server, f"{mode} -n {n} -j 8 -s")
            time.sleep(2.5)
            cells.append(f"{(server.pss() - before) / n:.0f} + "
                         f"{(kernel_memory() - kernel) / n:.0f} KiB")
            end(process)
            settle(server)
        lines.append(f"| {name} | {cells[0]} | {cells[1]} |")
        print(lines[-1], flush=True)
    return lines


def measure_strangers(load, server, count):
    """Logins while strangers are held, by a daemon of the defaults: all must
    pass; how much later they do."""
    alone = load.measure(server, "login -n 40 -j 1")
    process = load.stand(server, f"strangers -n {count} -j 16 -s")
    crowded = load.measure(server, "login -n 40 -j 1")
    end(process)
    return alone["latency"] / 1e3, crowded["latency"] / 1e3


def describe_machine():
    model = "unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
    version = subprocess.run(["ssh", "-V"], stderr=subprocess.PIPE,
                             text=True, check=True).stderr.strip()
    return (f"{os.cpu_count()} cores of {model}, Linux {platform.release()}; "
            f"{version}")


HEAD = """\
| what | wall, sshd | wall, sallyportd | ratio (90 %) \
| CPU, sshd | CPU, sallyportd | ratio (90 %) |
|---|---|---|---|---|---|---|
"""


def write_report(path, machine, rounds, table, memory):
    with open(path, "w", encoding="ascii") as f:
        f.write(f"Machine: {machine}. {rounds} interleaved rounds; load, "
                "servers and everything else share the cores.\n\n")
        f.write(HEAD + "\n".join(table) + "\n\n")
        f.write("| memory (PSS of all processes + the kernel's, with the "
                "load's ends) | sshd | sallyportd |\n")
        f.write("|---|---|---|\n")
        f.write("\n".join(memory) + "\n\n")


def enter_mounts(name):
    """Mounts of this process alone: it begins anew in them."""
    if os.geteuid() != 0:
        sys.exit(f"{name}: needs root: both servers switch users")
    if os.environ.get("SALLYPORT_BENCH_NAMESPACE") is None:
        os.environ["SALLYPORT_BENCH_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--propagation",
                              "private", sys.executable, *sys.argv])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=".", type=pathlib.Path)
    parser.add_argument("--rounds", default=9, type=int)
    parser.add_argument("--only", default="", help="rows with this in them")
    parser.add_argument("--strangers", default=10000, type=int)
    options = parser.parse_args()
    build = options.build.resolve()
    enter_mounts("bench")
    ROWS[:] = [row for row in ROWS if options.only in row[0]]
    with tempfile.TemporaryDirectory(prefix="sallyport-bench-") as name:
        folder = pathlib.Path(name)
        key = servers.enter_namespace(folder)
        if any(row[0].startswith((SFTP, OWN_SFTP)) for row in ROWS):
            servers.make_files(folder / "home")
        loads = make_loads(build, key)
        with open(build / "bench.log", "wb") as log:
            pair = [servers.start_sshd(folder, log)]
            try:
                pair.append(servers.start_sallyportd(
                    folder, build / "sallyportd", log))
                bench(loads, pair, options, build)
            finally:
                for server in pair:
                    server.stop()
            if options.only in STRANGERS:
                report_strangers(loads[""], folder, log, options, build)


def bench(loads, pair, options, build):
    results = measure_rows(loads, pair, options.rounds)
    memory = []
    if options.only == "":
        memory = measure_memory(loads[""], pair, 40)
    (build / "bench.json").write_text(json.dumps(results))
    write_report(build / "bench.md", describe_machine(), options.rounds,
                 [line_of(row, pair) for row in results], memory)


def report_strangers(load, folder, log, options, build):
    server = servers.start_sallyportd(folder, build / "sallyportd", log, "")
    try:
        alone, crowded = measure_strangers(load, server, options.strangers)
    finally:
        server.stop()
    line = (f"With {options.strangers:,} strangers held, a login of "
            f"sallyportd takes {crowded:.2f} ms; alone {alone:.2f} ms.")
    print(line)
    with open(build / "bench.md", "a", encoding="ascii") as f:
        f.write(line + "\n")


if __name__ == "__main__":
    main()
