#!/usr/bin/python3
"""A stand-in for systemd, where a test has none.

It starts what a unit says, as the unit says: capabilities, no new
privileges, files, devices, system calls, limits, the notification socket;
ends its main process alone (KillMode=process), and reloads it. As a module
it is used by test_units.py; as the program "systemctl" by how-tos.
"""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

CAPABILITIES = "CapabilityBoundingSet"
FOLDERS = ("/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
           "/etc/systemd/system")
RUNTIME = pathlib.Path("/run/servicemanager")

# What systemd does for a unit, in this order, before it starts the program.
SCRIPT = r"""
set -e
mount --make-rprivate /
for place in $WRITABLE; do
	[ ! -e "$place" ] || mount --bind "$place" "$place"
done
if [ "$PRIVATE_TMP" = yes ]; then
	mount -t tmpfs -o mode=1777 tmp /tmp
	mount -t tmpfs -o mode=1777 tmp /var/tmp
fi
if [ "$PROTECT_HOME" = yes ]; then
	for place in /home /root; do
		mount -t tmpfs -o mode=0,ro home "$place"
	done
fi
if [ "$PRIVATE_DEVICES" = yes ]; then
	dev=$(mktemp -d)
	mount -t tmpfs -o mode=755 dev "$dev"
	for name in null zero full random urandom tty; do
		: >"$dev/$name"
		mount --bind "/dev/$name" "$dev/$name"
	done
	mount --move "$dev" /dev
fi
if [ "$PROTECT_PROC" = invisible ]; then
	mount -t proc -o hidepid=invisible,subset=pid proc /proc
fi
if [ "$PROTECT_SYSTEM" = strict ]; then
	while read -r _ _ _ _ place _; do
		case $place in
		/proc|/proc/*|/sys|/sys/*|/dev|/dev/*|/tmp|/var/tmp) continue ;;
		esac
		case " $WRITABLE " in *" $place "*) continue ;; esac
		mount -n -o remount,bind,ro "$place" 2>/dev/null || true
	done </proc/self/mountinfo
fi
umask "$UMASK"
exec "$@"
"""


class Unit:
    """A unit file: name -> values, in order."""

    def __init__(self, path, instance=""):
        self.path = pathlib.Path(path)
        self.values = {}
        for line in self.path.read_text().splitlines():
            if line and line[0] not in "#;[":
                name, _, value = line.partition("=")
                value = value.replace("%i", instance).replace("%I", instance)
                self.values.setdefault(name, []).append(value)

    def all(self, name):
        return self.values.get(name, [])

    def get(self, name, default=""):
        values = self.all(name)
        assert len(values) < 2, name
        return values[0] if values else default

    def is_set(self, name):
        return self.get(name) == "yes"


def system_calls(words):
    """The names behind groups like @system-service, as systemd has them."""
    found = set()
    for word in words:
        if not word.startswith("@"):
            found.add(word)
            continue
        shown = subprocess.run(
            ["systemd-analyze", "syscall-filter", word], check=True,
            stdout=subprocess.PIPE, text=True).stdout
        found |= system_calls(
            line.strip() for line in shown.splitlines()[1:]
            if line.strip() and not line.strip().startswith("#"))
    return found


class Service:
    """One unit, started here. helper is confined.c, built, or None."""

    def __init__(self, unit, folder, helper=None):
        self.unit = unit
        self.folder = pathlib.Path(folder)
        self.helper = helper
        self.process = None
        self.notify = None

    def confinement(self):
        """The words before the program that take from it what is to go."""
        unit = self.unit
        words = []
        if unit.all(CAPABILITIES):
            kept = [name.lower().removeprefix("cap_")
                    for name in unit.get(CAPABILITIES).split()]
            words += ["--bounding-set",
                      ",".join(["-all", *(f"+{name}" for name in kept)])]
        if unit.is_set("NoNewPrivileges"):
            words.append("--no-new-privs")
        if words:
            words = ["setpriv", *words]
        if unit.all("SystemCallFilter") and self.helper:
            names = self.folder / "system-calls"
            names.write_text("\n".join(sorted(system_calls(
                unit.get("SystemCallFilter").split()))) + "\n")
            words += [str(self.helper), str(names)]
        return words

    def command(self):
        return ["unshare", "--mount", "sh", "-c", SCRIPT, "sh",
                *self.confinement(), *self.unit.get("ExecStart").split()]

    def environment(self):
        """What the script wants to know."""
        unit = self.unit
        writable = unit.get("ReadWritePaths").replace("-/", "/").split()
        for name in unit.get("StateDirectory").split():
            path = pathlib.Path("/var/lib") / name
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            writable.append(str(path))
        return {"WRITABLE": " ".join(writable),
                "UMASK": unit.get("UMask", "0022"),
                "PROTECT_SYSTEM": unit.get("ProtectSystem"),
                "PROTECT_HOME": unit.get("ProtectHome"),
                "PROTECT_PROC": unit.get("ProtectProc"),
                "PRIVATE_TMP": unit.get("PrivateTmp"),
                "PRIVATE_DEVICES": unit.get("PrivateDevices")}

    def start(self):
        """Returns when it says that it is ready, as Type=notify has it."""
        path = str(self.folder / f"notify.{os.getpid()}.{time.time_ns()}")
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(path)
        self.notify.settimeout(0.1)
        environment = {**os.environ, **self.environment(),
                       "NOTIFY_SOCKET": path}
        with open(self.folder / "journal", "ab") as journal:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=journal,
                stderr=journal, env=environment, cwd="/",
                start_new_session=True)
        self.wait_for("READY=1")

    def wait_for(self, word, seconds=20):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process is not None and self.process.poll() is not None:
                break
            try:
                if word in self.notify.recv(512).decode().splitlines():
                    return
            except TimeoutError:
                continue
        raise AssertionError(f"no {word}:\n" + self.journal())

    def journal(self):
        return (self.folder / "journal").read_text(errors="replace")

    def reload(self, pid):
        """Each ExecReload= in turn, until one fails."""
        for line in self.unit.all("ExecReload"):
            subprocess.run(line.replace("$MAINPID", str(pid)).split(),
                           check=True)


# ---- as systemctl ----

def find_unit(name):
    stem, _, instance = name.removesuffix(".service").partition("@")
    wanted = f"{stem}@.service" if instance else f"{stem}.service"
    for folder in FOLDERS:
        if (pathlib.Path(folder) / wanted).exists():
            return Unit(pathlib.Path(folder) / wanted, instance)
    raise SystemExit(f"Unit {name} could not be found.")


def place_of(name):
    place = RUNTIME / name.removesuffix(".service")
    place.mkdir(parents=True, exist_ok=True)
    return place


def main_pid(name):
    return int((place_of(name) / "pid").read_text())


def start(name):
    service = Service(find_unit(name), place_of(name),
                      os.environ.get("SERVICEMANAGER_HELPER"))
    service.start()
    (place_of(name) / "pid").write_text(str(service.process.pid))


def is_running(pid):
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def stop(name):
    pid = main_pid(name)
    os.kill(pid, signal.SIGTERM)
    while is_running(pid):
        time.sleep(0.02)


def restart(name):
    stop(name)
    start(name)


def reload(name):
    Service(find_unit(name), place_of(name)).reload(main_pid(name))


def nothing(name):
    find_unit(name)


def main(words):
    words = [word for word in words if word != "daemon-reload"]
    if words[:2] == ["enable", "--now"]:
        words[:2] = ["start"]
    if words[:2] == ["disable", "--now"]:
        return  # what else this machine serves is not here
    actions = {"start": start, "stop": stop, "restart": restart,
               "reload": reload, "enable": nothing}
    if not words:
        return
    for name in words[1:]:
        actions[words[0]](name)


def install(folder):
    """Puts it there as systemctl."""
    path = pathlib.Path(folder) / "systemctl"
    shutil.copy(__file__, path)
    path.chmod(0o755)


if __name__ == "__main__":
    assert re.search(r"systemctl$|servicemanager.py$", sys.argv[0])
    main(sys.argv[1:])
