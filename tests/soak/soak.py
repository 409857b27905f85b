"""Soaks a daemon: mixed clients for a long time, and then all is as it was.

    soak.py [--seconds 1200]

The first half is calm: the same processes serve all of it. In the second
half gates, login programs and the ledger are killed and the configuration is
read again now and then. Before, between and after nobody is there, and the daemon's
processes, their descriptors and memory, and its files are compared. Says
what it saw on stdout; the exit status is 1 where something was left behind
or a client was not served. Needs root, to look into the processes.
"""

import argparse
import collections
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
for each in ("process", "interop"):
    sys.path.append(str(HERE.parent / each))

# pylint: disable=wrong-import-position
import sallyport  # noqa: E402
import visitors  # noqa: E402
from fixtures import make_folder  # noqa: E402
from sallyport import wait_until  # noqa: E402
from visitors import PASSWORD  # noqa: E402

GATES = 2
CONFIG = sallyport.CONFIG.replace('level = "debug"', 'level = "info"').replace(
    "handlers = {{", "handlers = {{ files = {{ type = \"sftp\"; }};")
# Who comes with a password has a session of PAM's, and so a keeper.
PAM_WAY = 'auth = {{ pam = {{ type = "pam"; }};'
PAM_PROFILE = ('profiles = {{ known = {{ accept = "pam"; shell = "login"; '
               'exec = "login"; }};')
PAM_STACK = """\
auth required pam_unix.so
account required pam_unix.so
session required pam_limits.so
session required pam_unix.so
"""
GIT_HANDLER = ('handlers = {{ git = {{ type = "git"; root = "ROOT"; '
               'write = true; }};')
GIT_PROFILE = ('profiles = {{ git = {{ accept = "keys"; exec = "git"; '
               'env = "GIT_PROTOCOL"; session = {{ pam = ""; }}; }};')
# Junk has addresses of its own, and pays for it.
SERVER = (f"gates = {GATES}; crypto = \"compatible\"; login_time = \"30s\"; "
          "max_waiting_per_source = 500; max_logins_per_source = 100; "
          "penalties = { exempt = [ \"127.0.0.1\" ]; };")
PROFILE = 'sftp = "files"; scp = "files"; session = { pam = ""; };'
# Shorter than what a soak is for, and as long as it takes all to have come.
WARM_UP = 0.1
DISTURBED_EVERY = 8  # seconds
SETTLING = 90
FAULTS_TOLD = 3  # of one visitor
FILES_SETTLE = 10

# KiB that a process may differ by, and all of them together.
GROWTH, GROWTH_OF_ALL = 512, 1024

ROLES = ("keyholder", "ledger", "gate", "login")
Process = collections.namedtuple("Process", "role descriptors pss")


def has_module(name):
    return (sallyport.BUILD / f"modules/{name}.so").exists()


def with_git(config, root):
    return config.replace(
        "handlers = {{", GIT_HANDLER.replace("ROOT", str(root))).replace(
        "profiles = {{", GIT_PROFILE).replace(
        "rules = (", 'rules = ( {{ user = "git"; use = "git"; }},')


def with_pam(config):
    return config.replace("auth = {{", PAM_WAY).replace(
        "profiles = {{", PAM_PROFILE).replace(
        "rules = (", 'rules = ( {{ user = "backup"; use = "known"; }},')


class House(sallyport.Daemon):
    """The daemon, with folders for what is temporary of its own."""

    PRIVATE = [each for each in ("/tmp", "/var/tmp", "/dev/shm")
               if not str(sallyport.BUILD).startswith(each + "/")]

    def __init__(self, folder):
        config, first = CONFIG, [
            f"mount -t tmpfs none {each}" for each in self.PRIVATE]
        self.has_git = has_module("git") and shutil.which("git") is not None
        self.has_pam = has_module("pam") and os.path.isdir("/etc/pam.d")
        if self.has_git:
            config = with_git(config, folder / "git")
        if self.has_pam:
            config = with_pam(config)
            first.append(f"mount --bind {folder}/etc/pam.d /etc/pam.d")
        super().__init__(folder, config=config, server=SERVER,
                         profile=PROFILE, first=first)
        if self.has_git:
            self.make_repository()
        if self.has_pam:
            self.make_pam()
        self.lost_at = 0  # when connections were last lost on purpose
        self.stranger = self.folder / "stranger"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                        self.stranger], check=True)

    def make_repository(self):
        self.repository = self.folder / "git/tool.git"
        self.repository.mkdir(parents=True)
        git = ["git", f"--git-dir={self.repository}"]
        subprocess.run([*git, "init", "-q", "--bare"], check=True)
        # What it would do in the background is no session's.
        for name in ("receive.autogc", "gc.auto"):
            subprocess.run([*git, "config", name, "0"], check=True)
        uid = sallyport.USERS["git"]
        subprocess.run(["chown", "-R", f"{uid}:{uid}", self.folder / "git"],
                       check=True)

    def make_pam(self):
        """The account backup has a password, and what types it a script."""
        place = self.folder / "etc/pam.d"
        place.mkdir()
        (place / "sallyport").write_text(PAM_STACK)
        (place / "other").write_text("".join(
            f"{kind} required pam_deny.so\n"
            for kind in ("auth", "account", "password", "session")))
        hashed = subprocess.run(
            ["openssl", "passwd", "-6", "-stdin"], input=PASSWORD, check=True,
            stdout=subprocess.PIPE, text=True).stdout.strip()
        shadow = self.folder / "etc/shadow"
        shadow.write_text(shadow.read_text().replace(
            "backup:*:", f"backup:{hashed}:"))
        self.typist = self.folder / "typist"
        self.typist.write_text('#!/bin/sh\necho "$TYPED"\n')
        self.typist.chmod(0o755)

    def start(self, wait=True):
        super().start(wait)
        # Who is told of host keys in advance reads this one.
        state = self.folder / "state/host_key_ed25519"
        self.host_key = self.folder / "host_key.pub"
        with open(self.host_key, "wb") as file:
            subprocess.run(["ssh-keygen", "-y", "-f", state], stdout=file,
                           check=True)
        return self

    def serving(self, program):
        """Its processes, without those that they forked."""
        return [pid for pid in self.pids(program)
                if parent_of(pid) == self.process.pid]

    def files(self):
        """All that it could leave behind, with the sizes."""
        places = [self.folder / "state", *map(self.inside, self.PRIVATE)]
        return {str(path): path.lstat().st_size for place in places
                for path in place.rglob("*")}


def parent_of(pid):
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text("ascii")
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[1])


def role_of(pid):
    """The kernel cuts names."""
    name = pathlib.Path(f"/proc/{pid}/comm").read_text("ascii").strip()
    return next((role for role in ROLES
                 if f"sallyport-{role}".startswith(name)), name)


def pss_of(pid):
    """KiB of its PSS that no file holds: what the process has made.

    The share of programs and libraries depends on who else runs them. Left
    out is the login program's table of used tickets, which are known until
    they expire, in memory that no child inherits.
    """
    total = size = dirty = 0
    is_file = False
    text = pathlib.Path(f"/proc/{pid}/smaps").read_text("ascii")
    for line in text.splitlines():
        words = line.split()
        if not words[0].endswith(":"):
            is_file = words[4] != "0"  # the inode
        elif words[0] == "Pss:":
            size = int(words[1])
        elif words[0] == "Private_Dirty:":
            dirty = int(words[1])
        elif words[0] == "VmFlags:" and "dc" not in words:
            total += dirty if is_file else size
    return total


def seen(pid):
    """None if it is gone, or goes while it is looked at."""
    try:
        return Process(role_of(pid), len(os.listdir(f"/proc/{pid}/fd")),
                       pss_of(pid))
    except (FileNotFoundError, ProcessLookupError):
        return None


def picture(house):
    looks = {pid: seen(pid)
             for pid in sallyport.children_of(house.process.pid)}
    return {pid: process for pid, process in looks.items() if process}


def rest(house):
    """Who stays and with how many descriptors, told by role."""
    return sorted((p.role, p.descriptors) for p in picture(house).values())


# ---- those who come ----

class Visitor(threading.Thread):
    """Comes again and again."""

    def __init__(self, house, name, visit):
        super().__init__(daemon=True)
        self.house, self.name, self.visit = house, name, visit
        self.is_over = threading.Event()
        self.done = self.lost = 0
        self.faults = []

    def run(self):
        while not self.is_over.is_set():
            began = time.monotonic()
            try:
                self.visit(self.house)
                self.done += 1
            except Exception as error:  # whatever it is, nobody was served
                self.fail(began, f"{time.strftime('%T')} {error!r}")
            # Half of the time, and never in step.
            took = time.monotonic() - began
            self.is_over.wait(random.uniform(0.5, 1.5) * max(took, 0.1))

    def fail(self, began, text):
        """Who was at a gate that was killed has a reason, and who was just
        being forked by a login program."""
        if self.house.lost_at >= began:
            self.lost += 1
        else:
            self.faults.append(text)


def let_in(house, crowd, seconds, disturb=None):
    """A crowd of visitors for a while; returns the visitors."""
    visiting = [Visitor(house, *each) for each in crowd.items()]
    for each in visiting:
        each.start()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(min(DISTURBED_EVERY, max(0, end - time.monotonic())))
        if disturb is not None:
            disturb(house)
    for each in visiting:
        each.is_over.set()
    for each in visiting:
        each.join(visitors.TIME)
        if each.is_alive():
            each.faults.append("it never came to an end")
    return visiting


# ---- what happens to the daemon meanwhile ----

class Disturbance:
    """Kills and reloads in turns, and how many there were."""

    def __init__(self):
        self.done = collections.Counter()
        self.turns = random.sample(
            [self.kill_gate, self.kill_login, self.kill_ledger, self.reload,
             self.kill_gates], 5)

    def __call__(self, house):
        self.turns.append(self.turns.pop(0))
        self.turns[0](house)

    def kill(self, house, program, pids):
        for pid in pids:
            house.lost_at = float("inf")
            os.kill(pid, signal.SIGKILL)
            self.done[program] += 1
        time.sleep(0.1)  # a connection may be half way to it
        house.lost_at = time.monotonic()

    def kill_gate(self, house):
        gates = house.serving("gate")
        self.kill(house, "gate", random.sample(gates, min(1, len(gates))))

    def kill_gates(self, house):
        self.kill(house, "gate", house.serving("gate"))

    def kill_login(self, house):
        zygotes = [pid for pid in house.serving("login")
                   if pid not in sessions(house)]
        self.kill(house, "login", zygotes[:1])

    def kill_ledger(self, house):
        """Nobody is lost with it: who comes meanwhile waits."""
        os.kill(house.pids("ledger")[0], signal.SIGKILL)
        self.done["ledger"] += 1

    def reload(self, house):
        os.kill(house.process.pid, signal.SIGHUP)
        self.done["reload"] += 1


def sessions(house):
    """Those whose uid is a user's, and not root's."""
    found = []
    for pid in house.pids("login"):
        try:
            text = pathlib.Path(f"/proc/{pid}/status").read_text("ascii")
        except OSError:
            continue
        if text.partition("\nUid:\t")[2].split()[0] != "0":
            found.append(pid)
    return found


# ---- what was left behind ----

def settle(house, wanted):
    """Waits until the daemon rests as before; what is wrong, or nothing."""
    def is_settled():
        try:
            return rest(house) == wanted
        except OSError:  # one that has just gone
            return False
    try:
        wait_until(is_settled, SETTLING)
    except AssertionError:
        return [f"at rest there are {rest(house)}, and not {wanted}"]
    return []


def compare_files(house, before):
    """A file may be on its way out."""
    try:
        wait_until(lambda: set(house.files()) <= set(before),
                   FILES_SETTLE)
    except AssertionError:
        return [f"left behind: {sorted(set(house.files()) - set(before))}"]
    return []


def sizes(seen):
    """PSS by role, in order: those of a role stand for each other."""
    by_role = collections.defaultdict(list)
    for process in seen.values():
        by_role[process.role].append(process.pss)
    return {role: sorted(found) for role, found in by_role.items()}


def compare_memory(before, after):
    faults = []
    for role, now in sizes(after).items():
        for then, size in zip(sizes(before).get(role, []), now):
            if size - then > GROWTH:
                faults.append(f"{role}: {then} KiB have become {size}")
    total = [sum(p.pss for p in each.values()) for each in (before, after)]
    if total[1] - total[0] > GROWTH_OF_ALL:
        faults.append(f"all: {total[0]} KiB have become {total[1]}")
    return faults


def compare_log(house, disturbance):
    """Only what was done to them may have ended processes."""
    faults = []
    by_event = collections.defaultdict(list)
    for record in house.records():  # the log is long: read once
        if record["level"] in ("error", "warning"):
            by_event[record["event"]].append(record)
    deaths = collections.Counter(r["role"] for r in by_event["process_died"])
    for role, count in deaths.items():
        if count > disturbance.done[role]:
            faults.append(f"{role}: {count} died, {disturbance.done[role]} "
                          "were killed")
    # A ticket may have been spent by a login program that was killed then.
    by_event["gate_refused"] = [
        record for record in by_event["gate_refused"]
        if "used before" not in record["reason"]
        or not disturbance.done["login"]]
    for event in ("process_refused", "record_refused", "peer_refused",
                  "gate_refused", "reload_refused", "process_failed",
                  "records_lost", "descriptors_short"):
        found = by_event[event]
        if found:
            faults.append(f"{len(found)} lines {event}: {found[0]}")
    return faults


# ---- the whole of it ----

class Soak:
    def __init__(self, house, seconds, crowd=None):
        self.house, self.seconds = house, seconds
        self.crowd, self.missing = visitors.everybody(house)
        if crowd is not None:
            self.crowd = {name: self.crowd[name] for name in crowd
                          if name in self.crowd}
        self.disturbance = Disturbance()
        self.pictures, self.faults, self.visits = [], [], []

    def run(self):
        """What went wrong."""
        house = self.house
        files = house.files()
        self.add(let_in(house, self.crowd, WARM_UP * self.seconds))
        self.become_quiet()
        wanted = rest(house)
        self.pictures.append(picture(house))
        for disturb in (None, self.disturbance):
            share = (1 - WARM_UP) / 2 * self.seconds
            self.add(let_in(house, self.crowd, share, disturb))
            self.faults += settle(house, wanted)
            self.pictures.append(picture(house))
            self.faults += compare_memory(self.pictures[0], self.pictures[-1])
        if list(self.pictures[0]) != list(self.pictures[1]):
            self.faults.append("in the calm half processes were replaced")
        self.faults += compare_files(house, files)
        self.faults += compare_log(house, self.disturbance)
        return self.faults

    def add(self, visiting):
        self.visits += visiting
        for each in visiting:
            self.faults += [f"{each.name}: {fault}"
                            for fault in each.faults[:FAULTS_TOLD]]
            if len(each.faults) > FAULTS_TOLD:
                self.faults.append(f"{each.name}: {len(each.faults)} in all")

    def become_quiet(self):
        """Before it is known what that looks like."""
        expected = sorted(["sallyportd", *ROLES, *["gate"] * (GATES - 1)])

        def is_quiet():
            try:
                return [role for role, _ in rest(self.house)] == expected
            except OSError:
                return False
        try:
            wait_until(is_quiet, SETTLING)
        except AssertionError:
            sys.exit(f"soak: never at rest: {rest(self.house)}")
        time.sleep(1)  # descriptors close a moment after

    # ---- saying it ----

    def report(self):
        yield f"{'who came':44}{'well':>8}{'cut off':>9}{'badly':>7}"
        for name in self.crowd:
            of_name = [each for each in self.visits if each.name == name]
            yield (f"{name:44}{sum(e.done for e in of_name):8}"
                   f"{sum(e.lost for e in of_name):9}"
                   f"{sum(len(e.faults) for e in of_name):7}")
        for reason in self.missing:
            yield f"not here: {reason}"
        done = self.disturbance.done
        yield (f"killed: {done['gate']} gates, {done['login']} login "
               f"programs, {done['ledger']} ledgers; "
               f"reloads: {done['reload']}")
        yield ""
        yield (f"{'memory in KiB (PSS), at rest':44}{'before':>8}{'calm':>9}"
               f"{'disturbed':>11}")
        for role in sizes(self.pictures[0]):
            each = [" + ".join(map(str, sizes(seen).get(role, [])))
                    for seen in self.pictures]
            yield f"{role:32}{each[0]:>20}{each[1]:>15}{each[2]:>15}"
        each = [len(seen) for seen in self.pictures]
        yield f"{'processes':44}{each[0]:8}{each[1]:9}{each[2]:11}"
        each = [sum(p.descriptors for p in seen.values())
                for seen in self.pictures]
        yield f"{'descriptors':44}{each[0]:8}{each[1]:9}{each[2]:11}"
        yield ""
        yield from self.faults
        yield f"{len(self.faults)} faults"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=1200)
    seconds = parser.parse_args().seconds
    if not sallyport.is_root():
        sys.exit("soak: needs root, for accounts and to look into processes")
    folder = make_folder()
    os.chmod(folder, 0o755)
    try:
        with House(folder) as house:
            soak = Soak(house, seconds)
            faults = soak.run()
        print("\n".join(soak.report()))
        if faults:
            shutil.copy(house.log, "soak.log")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
