"""A sallyportd of the build, running for a test.

As root it runs in a mount namespace of its own, with passwd, group, shadow
and homes of its own, so that the machine's accounts play no part. As an
ordinary user it runs as that user. It listens on a port of its own on
127.0.0.1, logs to a file, and is stopped by its process id.
"""

import functools
import json
import os
import pathlib
import pwd
import random
import shutil
import signal
import socket
import subprocess
import time

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SALLYPORT_BUILD", SOURCE / "build"))
# Where ./check puts packages that it does not install; as /usr.
UNPACKED = SOURCE / "build/unpacked/usr"

# The accounts of the namespace; all take the key of Daemon.key.
USERS = {"alice": 64701, "bob": 64702, "git": 64703, "backup": 64704}

CONFIG = """\
server = {{ listen = [ "127.0.0.1:{port}" ]; {server} }};
log = {{ to = "stderr"; format = "json"; level = "debug"; }};
auth = {{ keys = {{ type = "authorized_keys"; {file} }}; }};
handlers = {{ login = {{ type = "login"; }}; }};
profiles = {{ all = {{ accept = "keys"; shell = "login"; exec = "login";
  {profile} }}; }};
rules = ( {{ use = "all"; }} );
"""

# The machine's own records of logins: lastlog and wtmp, and utmp.
HIDE_RECORDS = "mount -t tmpfs none /var/log && if test -e /var/run/utmp; " \
    "then mount --bind /dev/null /var/run/utmp; fi && "

# What a fault of memory or a failed assertion ends with.
DEADLY = {signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL,
          signal.SIGSEGV, signal.SIGSYS, signal.SIGTRAP}


def is_root():
    return os.geteuid() == 0


@functools.cache
def kinship():
    """What a program of the build asks of the environment it starts in."""
    shown = subprocess.run([BUILD / "sallyportd", "--version"], check=True,
                           stdout=subprocess.PIPE, text=True).stdout
    return {"SALLYPORT_VERSION": shown.split()[1]}


@functools.lru_cache(None)
def has_namespaces():
    """Root in a container may have lost the right to them."""
    done = subprocess.run(["unshare", "--mount", "true"], check=False,
                          stderr=subprocess.DEVNULL)
    return done.returncode == 0


def is_sanitized():
    """Slow programs, which keep what was freed and call what others do not."""
    return "fsanitize" in (BUILD / "Makefile").read_text()


def need_namespaces():
    """Skips a test that cannot be without."""
    if not has_namespaces():
        pytest.skip("needs CAP_SYS_ADMIN: accounts of the test's own")


def sanitizers(folder):
    """Where a process of a sanitizers' build says what it found: options.

    In the folder, if it may; in any case it ends by a signal, which whoever
    waits for it sees. One whose root is empty cannot look for leaks. The login
    program goes with all that it has; those it forks look (reckoner.c).
    """
    reports = folder / "reports"
    reports.mkdir(exist_ok=True)
    reports.chmod(0o1777)
    for name in ("gate", "keyholder", "ledger", "service"):
        (reports / f"sallyport-{name}").write_text("detect_leaks=0\n")
    (reports / "sallyport-login").write_text("leak_check_at_exit=0\n")
    return {"ASAN_OPTIONS": "abort_on_error=1:handle_abort=1:handle_sigill=1:"
            f"log_path={reports}/report:include_if_exists={reports}/%b"}


def reports_in(folder):
    return [(int(path.suffix[1:]), path.read_text(errors="replace"))
            for path in sorted((folder / "reports").glob("report.*"))]


_given = set()


def free_port():
    """None that the kernel gives to a client before it is in use, nor one
    that was given before."""
    while True:
        port = random.randrange(10000, 32000)
        if port in _given:
            continue
        _given.add(port)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def children_of(pid):
    """A process and all below it."""
    tree = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = pathlib.Path(f"/proc/{entry}/stat").read_text()
            except OSError:
                continue
            parent = int(stat.rpartition(")")[2].split()[1])
            tree.setdefault(parent, []).append(int(entry))
    found = [pid]
    for each in found:
        found.extend(tree.get(each, []))
    return found


def wait_until(condition, seconds=30, what="the condition"):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come true in {seconds} s")


class Daemon:
    """One daemon and what a client needs to reach it."""

    def __init__(self, folder, *, config=None, server="", profile="",
                 arguments=(), environment=None, program=None, first=()):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.user = "alice" if is_root() else pwd.getpwuid(os.geteuid())[0]
        self.arguments = list(arguments)
        self.environment = environment or {}
        self.first = list(first)  # shell commands in its namespace, as root
        self.program = program or BUILD / "sallyportd"
        self.modules = BUILD / "modules"
        self.process = None
        self.crashed = set()  # the processes that a test made crash
        self.key = self.folder / "key"
        if not self.key.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                            "-f", self.key], check=True)
        self.config = self.folder / "sallyportd.conf"
        self.config.write_text((config or CONFIG).format(
            port=self.port, server=server, profile=profile,
            file=self.key_file()))
        os.chmod(self.config, 0o644)
        self.log = self.folder / "log"
        self.homes = self.folder / "homes"
        self.make_accounts()

    # ---- accounts ----

    def key_file(self):
        """An ordinary user's own keys play no part either."""
        if is_root():
            return ""
        shutil.copy(self.key.with_suffix(".pub"), self.folder / "keys")
        return f'file = "{self.folder}/keys";'

    def make_accounts(self):
        etc = self.folder / "etc"
        etc.mkdir(exist_ok=True)
        self.homes.mkdir(exist_ok=True)
        for path in (self.folder, etc, self.homes):
            os.chmod(path, 0o755)
        if not is_root():
            return
        passwd = ["root:x:0:0:root:/root:/bin/sh",
                  "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin"]
        group = ["root:x:0:", "tty:x:5:", "nogroup:x:65534:"]
        shadow = ["root:*:19000:0:99999:7:::"]
        for name, uid in USERS.items():
            passwd.append(f"{name}:x:{uid}:{uid}::/home/{name}:/bin/bash")
            group.append(f"{name}:x:{uid}:")
            shadow.append(f"{name}:*:19000:0:99999:7:::")
            self.make_home(name, uid)
        (etc / "passwd").write_text("\n".join(passwd) + "\n")
        (etc / "group").write_text("\n".join(group) + "\n")
        (etc / "shadow").write_text("\n".join(shadow) + "\n")
        os.chmod(etc / "shadow", 0o600)

    def make_home(self, name, uid):
        ssh = self.homes / name / ".ssh"
        ssh.mkdir(parents=True, exist_ok=True)
        keys = ssh / "authorized_keys"
        shutil.copy(self.key.with_suffix(".pub"), keys)
        for path in (ssh.parent, ssh, keys):
            os.chown(path, uid, uid)
            os.chmod(path, 0o700 if path.is_dir() else 0o600)

    # ---- life ----

    def command(self):
        program = [str(self.program), "-f", str(self.config),
                   "--state", str(self.folder / "state"),
                   "--modules", str(self.modules),
                   *self.arguments]
        return self.apart(program)

    def apart(self, program):
        """A program among these accounts, where that can be."""
        if not is_root():
            return program
        need_namespaces()
        etc = self.folder / "etc"
        script = "".join(
            f"mount --bind {etc}/{name} /etc/{name} && "
            for name in ("passwd", "group", "shadow"))
        script += f"mount --bind {self.homes} /home && "
        script += HIDE_RECORDS
        script += "".join(f"{each} && " for each in self.first) + 'exec "$@"'
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c",
                script, "sh", *program]

    def start(self, wait=True, prepare=None):
        """prepare is what else is done in the new process, first."""
        assert self.process is None or self.process.poll() is not None
        environment = dict(os.environ, **sanitizers(self.folder),
                           **self.environment)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, cwd="/", env=environment, preexec_fn=prepare)
        if not wait:
            return self
        try:
            wait_until(self.is_listening, 60, "the daemon's port")
        except AssertionError:
            self.stop()
            raise AssertionError("the daemon did not start:\n" +
                                 self.log.read_text()) from None
        return self

    def is_listening(self):
        if self.process.poll() is not None:
            raise AssertionError("sallyportd ended:\n" + self.log.read_text())
        with socket.socket() as s:
            s.settimeout(2)
            if s.connect_ex(("127.0.0.1", self.port)) != 0:
                return False
            try:
                return s.recv(8).startswith(b"SSH-2.0-")
            except OSError:
                return False

    def stop(self):
        """Ends the daemon and whatever it left behind.

        What the sanitizers found, and whatever else crashed, fails the test.
        """
        if self.process is None:
            return
        left = children_of(self.process.pid)
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        found = self.faults()
        self.process = None
        assert not found, "\n".join(found)

    def faults(self):
        """What no process may ever do, as far as anybody could see it."""
        found = [text for pid, text in reports_in(self.folder)
                 if pid not in self.crashed]
        for record in self.records():
            if record.get("signal") in DEADLY and \
                    record.get("process") not in self.crashed:
                found.append(f"a crash: {record}")
        if -(self.process.poll() or 0) in DEADLY:
            found.append(f"a crash of the supervisor: {self.process}")
        return found

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # ---- looking ----

    def pids(self, program=None):
        """The daemon's processes, or those of one program ("gate")."""
        found = []
        for pid in children_of(self.process.pid):
            # All else about a process that hides its memory is root's.
            try:
                name = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
            except OSError:
                continue
            if program is None or name == f"sallyport-{program}"[:15]:
                found.append(pid)
        return found

    def records(self, event=None):
        """The log's records, or those of one event."""
        found = []
        for line in self.log.read_text(errors="replace").splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if event is None or record.get("event") == event:
                found.append(record)
        return found

    def inside(self, path):
        """What a path is for the daemon's processes."""
        return pathlib.Path(f"/proc/{self.process.pid}/root{path}")

    def expect(self, event, count=1, before=0):
        """Just so many records of an event, behind those before.

        A line may be written after its client has gone.
        """
        wait_until(lambda: len(self.records(event)) >= before + count,
                   20, f"{count} log lines {event}")
        found = self.records(event)[before:]
        assert len(found) == count, found
        return found

    # ---- clients ----

    def ssh_command(self, *arguments, user=None, options=()):
        command = [
            "ssh", "-F", "none", "-p", str(self.port), "-i", str(self.key),
            "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none",
            "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
            "-o", f"UserKnownHostsFile={self.folder}/known_hosts",
        ]
        # ssh takes the first value of an option.
        for option in [*options, "LogLevel=ERROR"]:
            command += ["-o", option]
        return [*command, f"{user or self.user}@127.0.0.1", *arguments]

    def ssh(self, *arguments, user=None, options=(), timeout=60, **kwargs):
        """A finished OpenSSH client, with its output as bytes."""
        kwargs.setdefault("stdin", subprocess.DEVNULL)
        if "input" in kwargs:
            del kwargs["stdin"]
        return subprocess.run(
            self.ssh_command(*arguments, user=user, options=options),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
            check=False, **kwargs)

    def popen(self, *arguments, user=None, options=(), **kwargs):
        kwargs.setdefault("stdin", subprocess.PIPE)
        kwargs.setdefault("stdout", subprocess.PIPE)
        kwargs.setdefault("stderr", subprocess.PIPE)
        return subprocess.Popen(
            self.ssh_command(*arguments, user=user, options=options),
            **kwargs)
