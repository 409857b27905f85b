"""The two servers of the benchmark, started alike and watched alike.

Both run as root in a mount namespace of their own with a passwd file of
their own, so that neither the machine's accounts nor its files matter.
"""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

USER = "bench"
UID = 64790
TICKS = os.sysconf("SC_CLK_TCK")

# What sftp finds in the user's folder: a file of a GiB, files of a
# kilobyte, a folder with many names, and one to store in.
LARGE, SMALL, NAMES, STORED = "large", "small", "names", "stored-small"
BLOCK = bytes(1 << 20)
BLOCKS, SMALL_FILES, MANY_NAMES = 1024, 2000, 100_000
LARGE_SIZE = BLOCKS * len(BLOCK)
SFTP_SERVER = "/usr/lib/openssh/sftp-server"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def enter_namespace(folder):
    """Gives this process, and all it starts, accounts of its own."""
    etc = folder / "etc"
    home = folder / "home"
    etc.mkdir()
    (home / ".ssh").mkdir(parents=True)
    (etc / "passwd").write_text(
        "root:x:0:0:root:/root:/bin/sh\n"
        "sshd:x:64791:65534::/run/sshd:/usr/sbin/nologin\n"
        f"{USER}:x:{UID}:{UID}::{home}:/bin/sh\n")
    (etc / "group").write_text(
        f"root:x:0:\nnogroup:x:65534:\n{USER}:x:{UID}:\n")
    (etc / "shadow").write_text(
        f"root:*:19000:0:99999:7:::\n{USER}:*:19000:0:99999:7:::\n")
    os.chmod(etc / "shadow", 0o600)
    # The machine's own records of logins are not for ours.
    subprocess.run(["mount", "-t", "tmpfs", "none", "/var/log"], check=True)
    for name in ("passwd", "group", "shadow"):
        subprocess.run(["mount", "--bind", etc / name, f"/etc/{name}"],
                       check=True)
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key")
    shutil.copy(folder / "key.pub", home / ".ssh/authorized_keys")
    for path in (home, home / ".ssh", home / ".ssh/authorized_keys"):
        os.chown(path, UID, UID)
        os.chmod(path, 0o700 if path.is_dir() else 0o600)
    os.chmod(folder, 0o755)
    return folder / "key"


def make_files(home):
    """What the rows of sftp are about."""
    with open(home / LARGE, "wb") as file:
        for _ in range(BLOCKS):
            file.write(BLOCK)
    for name in (SMALL, NAMES, STORED):
        (home / name).mkdir()
        os.chown(home / name, UID, UID)
    for i in range(SMALL_FILES):
        (home / SMALL / str(i)).write_bytes(bytes(1024))
    for i in range(MANY_NAMES):
        (home / NAMES / f"name-{i}").touch()


def run(*command):
    subprocess.run([str(c) for c in command], check=True)


def children():
    """Every process's children, by pid."""
    tree = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            stat = pathlib.Path(f"/proc/{entry}/stat").read_text()
        except OSError:
            continue
        parent = int(stat.rpartition(")")[2].split()[1])
        tree.setdefault(parent, []).append(int(entry))
    return tree


def keep(command, log):
    """A process that runs the command and counts all it left behind."""
    keeper = pathlib.Path(__file__).with_name("keeper.py")
    return subprocess.Popen(
        [sys.executable, keeper, *command], stderr=log,
        stdin=subprocess.DEVNULL)


class Server:
    """A running server: its port and its process tree."""

    def __init__(self, name, process, port, lacks=()):
        self.name = name
        self.process = process
        self.port = port
        self.lacks = lacks  # algorithms
        wait_for_port(port)

    def has(self, options):
        """Whether it can serve a load with these options."""
        return not set(options.split()) & set(self.lacks)

    def pids(self):
        tree = children()
        found = [self.process.pid]
        for pid in found:
            found.extend(tree.get(pid, []))
        return found

    def cpu(self):
        """User and system seconds of the whole tree, the dead included."""
        user = system = 0
        for pid in self.pids():
            try:
                stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
            except OSError:
                continue
            fields = stat.rpartition(")")[2].split()
            user += int(fields[11]) + int(fields[13])
            system += int(fields[12]) + int(fields[14])
        return user / TICKS, system / TICKS

    def pss(self):
        """KiB of memory, shared pages counted by their share."""
        total = 0
        for pid in self.pids():
            try:
                text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            except OSError:
                continue
            for line in text.splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        return total

    def stop(self):
        pids = self.pids()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def wait_for_port(port):
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port}")


def lacks_of_sshd():
    """Key exchanges of ours that this release does not know yet."""
    known = subprocess.run(["ssh", "-Q", "kex"], stdout=subprocess.PIPE,
                           text=True, check=True).stdout.split()
    return {"mlkem768x25519-sha256"} - set(known)


def start_sshd(folder, log, channels=1000, settings=""):
    """settings are lines of its configuration, which hold before others."""
    port = free_port()
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "sshd_key")
    os.makedirs("/run/sshd", exist_ok=True)
    config = folder / "sshd_config"
    config.write_text(f"""\
{settings}
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/sshd_key
UsePAM no
PidFile none
MaxStartups 20000
MaxSessions {channels}
PrintMotd no
PrintLastLog no
LogLevel INFO
Subsystem sftp {SFTP_SERVER if os.path.exists(SFTP_SERVER) else "internal-sftp"}
""")
    program = os.environ.get("SSHD", "/usr/sbin/sshd")
    process = keep([program, "-D", "-e", "-f", config], log)
    return Server("OpenSSH sshd", process, port, lacks_of_sshd())


# What a load from few addresses needs, and all algorithms.
LOADED = ("max_waiting_per_source = 1000; max_logins_per_source = 64; "
          'crypto = "compatible";')


KEYS = 'keys = { type = "authorized_keys"; };'


def start_sallyportd(folder, program, log, server=LOADED, channels=100,
                     auth=KEYS, accept="keys", user=USER):
    """With these settings of `server`; without any it is the default."""
    folder = folder / f"sallyportd-{'loaded' if server else 'default'}"
    folder.mkdir()
    port = free_port()
    config = folder / "sallyportd.conf"
    config.write_text(f"""\
server = {{ listen = [ "127.0.0.1:{port}" ]; {server} }};
log = {{ to = "stderr"; }};
auth = {{ {auth} }};
handlers = {{ login = {{ type = "login"; }}; files = {{ type = "sftp"; }}; }};
profiles = {{ all = {{ accept = "{accept}"; shell = "login"; exec = "login";
  sftp = "files";
  max_channels = {channels}; max_sessions = {channels}; }}; }};
rules = ( {{ user = "{user}"; use = "all"; }} );
""")
    state = folder / "state"
    process = keep(
        [program, "-f", config, "--state", state,
         "--modules", program.parent / "modules"], log)
    return Server("sallyportd", process, port)
