"""The units of contrib/systemd: what they say, and the daemon under it.

There is no systemd here; servicemanager.py does what the restricted unit
asks for, as far as it is about the process itself.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

import sallyport
import servicemanager
from fixtures import make_folder, needs_root
from machine import build_confined
from sallyport import wait_until

UNITS = sallyport.BUILD / "contrib/systemd"
FULL = UNITS / "sallyport.service"
RESTRICTED = UNITS / "sallyport-restricted@.service"
both = pytest.mark.parametrize("path", [FULL, RESTRICTED],
                               ids=lambda path: path.name)


def configured(name):
    """A folder, as configure was told."""
    text = (sallyport.BUILD / "Makefile").read_text()
    value = re.search(rf"^{name} = (.*)$", text, re.MULTILINE).group(1)
    while found := re.search(r"\$\{(\w+)\}|\$\((\w+)\)", value):
        value = value.replace(found.group(),
                              configured(found.group(1) or found.group(2)))
    return value


# ---- what they say ----

@both
def test_a_unit_starts_what_is_installed_and_keeps_sessions(path):
    unit = servicemanager.Unit(path, "git")
    daemon = f"{configured('sbindir')}/sallyportd"
    assert unit.get("ExecStart").split()[0] == daemon
    check, hang_up = unit.all("ExecReload")
    assert check.startswith(f"{daemon} check")
    assert hang_up == "/bin/kill -HUP $MAINPID"
    assert unit.get("Type") == "notify"
    assert unit.get("KillMode") == "process"
    assert unit.get("RestartPreventExitStatus") == "64 78"
    assert not any("@" in value for values in unit.values.values()
                   for value in values if not value.startswith("@sys"))
    for name, section in re.findall(r"man:([\w.-]+)\((\d)\)",
                                    unit.get("Documentation")):
        assert (sallyport.SOURCE / f"doc/man/{name}.{section}").exists()


@both
def test_each_setting_that_takes_something_away_is_argued(path):
    """A comment stands above it, or above those it stands among."""
    argued = False
    for line in path.read_text().splitlines():
        if line.startswith("#"):
            argued = True
        elif line == "":
            argued = False
        elif re.match(r"(Protect|Private|Restrict|Capab|System|No|Memory)",
                      line):
            assert argued, line


def test_what_reads_a_configuration_reads_the_one_that_is_checked():
    unit = servicemanager.Unit(RESTRICTED, "git")
    config = f"{configured('sysconfdir')}/sallyport/git.conf"
    assert f"-f {config} " in unit.get("ExecStart")
    assert unit.all("ExecReload")[0].endswith(f"check {config}")
    state = unit.get("ExecStart").split("--state ")[1]
    assert state == f"/var/lib/{unit.get('StateDirectory')}"


def test_full_logins_inherit_no_confinement():
    unit = servicemanager.Unit(FULL)
    taken = [name for name in unit.values if re.match(
        r"Protect|Private|Restrict[A-Z].*s$|Capab|SystemCall|NoNew|Memory|"
        r"Lock|OOM|ReadOnly|Inaccessible", name)]
    assert not taken


@pytest.fixture
def analyze(folder):
    """systemd-analyze about copies that start the build's program."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    daemon = f"{configured('sbindir')}/sallyportd"
    for path in (FULL, RESTRICTED):
        text = path.read_text().replace(daemon,
                                        str(sallyport.BUILD / "sallyportd"))
        name = path.name.replace("@", "@git")
        (folder / name).write_text(text)

    def run(*words):
        return subprocess.run(["systemd-analyze", *words], cwd=folder,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True,
                              timeout=60, check=False)
    return run


@both
def test_systemd_finds_no_fault_with_a_unit(analyze, path):
    name = "./" + path.name.replace("@", "@git")
    done = analyze("verify", "--man=no", "--generators=no", name)
    about_it = [line for line in done.stdout.splitlines()
                if "sallyport" in line]
    assert not about_it and done.returncode == 0, done.stdout


def test_systemd_calls_the_restricted_one_well_confined(analyze):
    done = analyze("security", "--offline=yes", "--threshold=30",
                   "./sallyport-restricted@git.service")
    if "offline" in done.stdout and done.returncode != 0:
        pytest.skip("systemd-analyze knows no --offline")
    assert done.returncode == 0, done.stdout[-2000:]


def test_accounts_and_folders_are_made_as_the_daemon_wants_them(folder):
    for program in ("systemd-sysusers", "systemd-tmpfiles"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")
    if not sallyport.is_root():
        pytest.skip("needs root: accounts of a folder's own")
    root = folder / "root"
    (root / "etc").mkdir(parents=True)
    for name in ("passwd", "group"):
        (root / "etc" / name).write_text("root:x:0:0::/:/bin/sh\n"
                                         if name == "passwd" else "root:x:0:\n")
    subprocess.run(
        ["systemd-sysusers", f"--root={root}",
         sallyport.SOURCE / "contrib/sysusers.d/sallyport.conf"], check=True)
    passwd = (root / "etc/passwd").read_text()
    for account in ("_sallyport-gate", "_sallyport-key", "_sallyport-ledger",
                    "_sallyport-service"):
        line, = re.findall(rf"^{account}:.*$", passwd, re.MULTILINE)
        assert line.endswith("nologin")
        assert 0 < int(line.split(":")[2]) < 1000
    subprocess.run(
        ["systemd-tmpfiles", "--create", f"--root={root}",
         sallyport.BUILD / "contrib/tmpfiles.d/sallyport.conf"], check=True)
    state = root / f"{configured('localstatedir')}/lib/sallyport".lstrip("/")
    assert state.stat().st_mode & 0o777 == 0o700


# ---- the daemon under the restricted one ----

EXEC_ONLY = """\
server = {{ listen = "127.0.0.1:{port}"; {server} }};
log = {{ to = "stderr"; format = "json"; level = "debug"; }};
auth = {{ keys = {{ type = "authorized_keys"; file = "{keys}/%u"; }}; }};
handlers = {{ run = {{ type = "login"; }}; }};
profiles = {{ all = {{ accept = "keys"; exec = "run"; pty = false; }}; }};
rules = ( {{ use = "all"; }} );
"""


def copy_programs(folder):
    modules = folder / "modules"
    modules.mkdir(parents=True)
    for path in (sallyport.BUILD / "modules").glob("*.so"):
        shutil.copy(path, modules / path.name)
    for name in ("sallyportd", "sallyport-gate", "sallyport-keyholder",
                 "sallyport-ledger", "sallyport-login", "sallyport-service"):
        shutil.copy(sallyport.BUILD / name, folder / name)
    return folder / "sallyportd"


class Restricted(sallyport.Daemon):
    """Confined as the unit says, below a folder instead of /etc and /var.

    The unit hides homes and /tmp, where the build may be.
    """

    def __init__(self, folder):
        keys = folder / "keys"
        super().__init__(folder, config=EXEC_ONLY.replace("{keys}", str(keys)),
                         program=copy_programs(folder / "programs"))
        keys.mkdir()
        for user in sallyport.USERS:
            shutil.copy(self.key.with_suffix(".pub"), keys / user)
        self.data = folder / "data"
        self.data.mkdir()
        os.chown(self.data, sallyport.USERS["alice"], -1)
        text = RESTRICTED.read_text()
        for before, after in (
                (f"{configured('sbindir')}/sallyportd",
                 str(self.program)),
                (f"{configured('sysconfdir')}/sallyport/%i.conf",
                 str(self.config)),
                ("/var/lib/sallyport-%i", f"{folder}/state"),
                ("StateDirectory=sallyport-%i", "StateDirectory="),
                ("ReadWritePaths=-/srv/%i",
                 f"ReadWritePaths={self.data} {folder}/state")):
            assert before in text
            text = text.replace(before, after)
        (folder / "state").mkdir(mode=0o700)
        unit = folder / "unit.service"
        unit.write_text(text)
        self.service = servicemanager.Service(
            servicemanager.Unit(unit, "x"), folder, build_confined(folder))
        self.environment = self.service.environment()

    def command(self):
        return self.apart(self.service.command())


@pytest.fixture(scope="module")
def restricted():
    if not sallyport.is_root():
        pytest.skip("needs root: other accounts")
    folder = make_folder()
    with Restricted(folder) as running:
        yield running
    shutil.rmtree(folder, ignore_errors=True)


@needs_root
def test_the_confined_daemon_serves(restricted):
    done = restricted.ssh("echo out; exit 7")
    assert (done.returncode, done.stdout) == (7, b"out\n"), done.stderr
    usual = {"unconfined"} if sallyport.is_sanitized() else set()
    assert not [record for record in restricted.records()
                if record["level"] in ("error", "warning")
                and record["event"] not in usual]


def status_of(text, name):
    return re.search(rf"^{name}:\s*(\S+)", text, re.MULTILINE).group(1)


@needs_root
def test_its_users_programs_are_confined_as_well(restricted):
    status = restricted.ssh("cat /proc/self/status").stdout.decode()
    kept = sum(1 << bit for bit in (5, 6, 7, 10, 18))
    assert int(status_of(status, "CapBnd"), 16) == kept
    assert int(status_of(status, "CapEff"), 16) == 0
    assert status_of(status, "NoNewPrivs") == "1"
    if not sallyport.is_sanitized():
        assert status_of(status, "Seccomp") == "2"


@needs_root
@pytest.mark.parametrize("command", [
    "unshare -U true",
    "/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_NETLINK, "
    "socket.SOCK_RAW)'",
    "/usr/bin/python3 -c 'import mmap; mmap.mmap(-1, 4096, prot=7)'",
    "ls /home/alice", "cat /proc/1/cmdline", "cat /proc/meminfo",
    "ls /dev/kmsg", "test -w /run",
])
def test_what_the_unit_takes_away_is_gone(restricted, command):
    if sallyport.is_sanitized() and any(
            call in command for call in ("socket", "mmap", "unshare")):
        pytest.skip("no filter of system calls under sanitizers")
    done = restricted.ssh(command)
    assert done.returncode not in (0, 127, 255), (command, done.stdout)


@needs_root
def test_it_writes_where_it_may(restricted):
    done = restricted.ssh(f"echo x >{restricted.data}/file; umask; ls /tmp")
    assert done.returncode == 0, done.stderr
    assert (restricted.data / "file").read_text() == "x\n"


@needs_root
def test_what_is_confined_is_reloaded_and_restarted_with_sessions(restricted):
    session = restricted.popen("cat")

    def echo():
        session.stdin.write(b"word\n")
        session.stdin.flush()
        assert session.stdout.readline() == b"word\n"
    echo()
    os.kill(main_of(restricted), signal.SIGHUP)
    wait_until(lambda: restricted.records("reloaded"), what="the reload")
    assert restricted.ssh("true").returncode == 0
    echo()
    main = main_of(restricted)
    os.kill(main, signal.SIGTERM)
    assert restricted.process.wait(10) == 0
    restricted.start()
    echo()
    assert restricted.ssh("true").returncode == 0
    session.communicate(timeout=10)


def main_of(daemon):
    """sallyportd has taken the place of all that prepared it."""
    pid = daemon.process.pid
    assert pathlib.Path(f"/proc/{pid}/comm").read_text() == "sallyportd\n"
    return pid
