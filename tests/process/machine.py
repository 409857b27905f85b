"""A machine of a test's own, as far as a program can tell.

Its own mounts, network, processes and host name: what is installed, made
and served there is gone when the test ends. /etc is a copy; /usr/local,
/srv, /var/lib and /run are empty; homes are below the test's folder.
"""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

import sallyport
import servicemanager

HIDDEN = ("/usr/local", "/srv", "/var/lib", "/var/log", "/run")

SETUP = r"""
set -eu
mount --make-rprivate /
ip link set lo up
mount --bind "$MACHINE" /mnt
for place in /usr/local /srv /var/lib /var/log /run; do
	mount -t tmpfs -o mode=755 machine "$place"
done
mkdir -p "$MACHINE"
mount --move /mnt "$MACHINE"
mount --bind "$MACHINE/etc" /etc
mkdir -p /usr/local/bin /usr/local/sbin /run/user
cp "$MACHINE/systemctl" /usr/local/bin/systemctl
cd "$MACHINE/work"
set -x
"""


def need():
    """Skips where there can be none."""
    if not sallyport.is_root():
        pytest.skip("needs root: a machine of its own")
    if any(str(path).startswith(f"{place}/") for place in HIDDEN
           for path in (sallyport.SOURCE, sallyport.BUILD)):
        pytest.skip("the tree is in a folder that is hidden there")
    for program in ("unshare", "ip", "git", "useradd", "runuser"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")
    probe = subprocess.run(
        ["unshare", "--mount", "--net", "--uts", "--pid", "--fork",
         "--mount-proc", "ip", "link", "set", "lo", "up"],
        capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        pytest.skip(f"no machine of its own: {probe.stderr.strip()}")


def build_confined(folder):
    """confined.c, or None where the sanitizers' own calls would not fit."""
    if sallyport.is_sanitized():
        return None
    program = pathlib.Path(folder) / "confined"
    done = subprocess.run(
        ["gcc", "-D_GNU_SOURCE", "-std=c11", "-Wall", "-Wextra", "-Werror",
         sallyport.SOURCE / "tests/process/confined.c", "-o", program,
         "-lseccomp"], capture_output=True, text=True, check=False)
    if done.returncode != 0 and "seccomp.h" in done.stderr:
        pytest.skip("libseccomp's headers are not installed")
    assert done.returncode == 0, done.stderr
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze, which knows the groups of system "
                    "calls, is not installed")
    return program


class Machine:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.confined = build_confined(folder)
        subprocess.run(["cp", "-a", "/etc", self.folder / "etc"], check=True)
        for name in ("work", "root/.ssh", "alice/.ssh"):
            (self.folder / name).mkdir(parents=True, mode=0o755)
        servicemanager.install(self.folder)
        self.make_accounts()
        self.make_keys()

    def make_accounts(self):
        etc = self.folder / "etc"
        (etc / "passwd").write_text(
            f"root:x:0:0:root:{self.folder}/root:/bin/bash\n"
            f"nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n"
            f"alice:x:64701:64701::{self.folder}/alice:/bin/bash\n")
        (etc / "group").write_text(
            "root:x:0:\nadm:x:4:\nnogroup:x:65534:\nalice:x:64701:\n")
        (etc / "shadow").write_text(
            "root:*:19000:0:99999:7:::\nalice:*:19000:0:99999:7:::\n")
        (etc / "gshadow").write_text("")
        (etc / "shadow").chmod(0o600)
        (etc / "fail2ban/jail.d").mkdir(parents=True, exist_ok=True)
        (etc / "sallyport").mkdir(exist_ok=True)
        ssh = etc / "ssh"
        ssh.mkdir(exist_ok=True)
        for path in ssh.glob("ssh_host_*"):
            path.unlink()
        self.make_key(ssh / "ssh_host_ed25519_key")

    def make_key(self, path):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                        path], check=True)

    def make_keys(self):
        """Root has alice's key, and types for her."""
        ssh = self.folder / "root/.ssh"
        self.make_key(ssh / "id_ed25519")
        (ssh / "config").write_text("StrictHostKeyChecking accept-new\n"
                                    "BatchMode yes\nLogLevel ERROR\n")
        shutil.copy(ssh / "id_ed25519.pub", self.folder / "work/alice.pub")
        keys = self.folder / "alice/.ssh/authorized_keys"
        shutil.copy(ssh / "id_ed25519.pub", keys)
        for path in (keys, keys.parent, keys.parent.parent):
            os.chown(path, 64701, 64701)
            path.chmod(0o700 if path.is_dir() else 0o600)
        self.folder.chmod(0o755)

    def run(self, script, seconds=120):
        """A finished shell; whatever it started has gone with it."""
        environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
                    "/sbin:/bin",
            "HOME": str(self.folder / "root"),
            "MACHINE": str(self.folder),
            "LANG": "C.UTF-8",
            "SERVICEMANAGER_HELPER": str(self.confined),
        }
        return subprocess.run(
            ["unshare", "--mount", "--net", "--uts", "--pid", "--fork",
             "--kill-child", "--mount-proc", "bash", "-c", SETUP + script],
            env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=seconds, check=False)


PROGRAMS = "install-sbinPROGRAMS install-pkglibexecPROGRAMS"
ALL = (f"{PROGRAMS} install-modulePROGRAMS install-systemdsystemunitDATA "
       "install-sysusersDATA install-tmpfilesDATA")


def install_command(targets=ALL):
    """What "make install" is here: what a service needs of the build."""
    return (f"make -s -C {sallyport.BUILD} {targets} prefix=/usr/local "
            "systemdsystemunitdir=/usr/local/lib/systemd/system "
            "sysusersdir=/usr/local/lib/sysusers.d "
            "tmpfilesdir=/usr/local/lib/tmpfiles.d >/dev/null 2>&1")


def fences(name):
    """The commands of a how-to, in order."""
    text = (sallyport.SOURCE / "doc" / name).read_text()
    return re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
