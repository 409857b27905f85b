"""Each how-to of doc/ is typed, command by command, on a machine of its own."""

import re
import shutil

import pytest

import machine
import sallyport
from fixtures import make_folder


@pytest.fixture
def own_machine():
    machine.need()
    if sallyport.is_sanitized():
        pytest.skip("typed once, with the plain build")
    folder = make_folder()
    yield machine.Machine(folder)
    shutil.rmtree(folder, ignore_errors=True)


def typed(text):
    """What stands for the build is the build that is there."""
    text = re.sub(r"^\./configure .*&& make install$",
                  machine.install_command(), text, flags=re.MULTILINE)
    return re.sub(r"^make install$",
                  machine.install_command(machine.PROGRAMS), text,
                  flags=re.MULTILINE)


# Its lines are numbers without a gap, whatever happens meanwhile.
SESSION = r"""
: >counted
ssh -p 2222 alice@127.0.0.1 'i=0; while :; do echo $i; i=$((i+1));
    sleep 0.02; done' >>counted &
session=$!
goes_on() {
	before=$(wc -l <counted)
	until [ "$(wc -l <counted)" -gt $((before + 10)) ]; do sleep 0.05; done
}
set +x; goes_on; set -x
"""
STILL_THERE = r"""
set +x; goes_on; set -x
kill -0 $session
cp counted seen
seq 0 $(($(wc -l <seen) - 1)) | cmp - <(head -n "$(wc -l <seen)" seen)
"""


def test_a_machines_logins_are_served_as_the_how_to_says(own_machine):
    install, config, start, change, move, upgrade = map(
        typed, machine.fences("howto-service.md"))
    done = own_machine.run("".join((
        install, config, start, SESSION, change, STILL_THERE, move,
        STILL_THERE, upgrade, STILL_THERE,
        "ssh-keyscan -t ed25519 127.0.0.1 2>/dev/null | cut -d' ' -f3\n"
        "cut -d' ' -f2 /etc/ssh/ssh_host_ed25519_key.pub\n"
        "grep -c 'Accepted publickey for alice from 127.0.0.1' "
        "/run/servicemanager/sallyport/journal\n")))
    assert done.returncode == 0, done.stdout[-4000:]
    lines = [line for line in done.stdout.splitlines()
             if not line.startswith("+")]
    shown, named, accepted = lines[-3:]
    assert shown == named  # OpenSSH's key is what clients see
    assert int(accepted) == 4


PASSWORDS = r"""
cat >ask <<'END'
#!/bin/sh
echo "$PASSWORD"
END
chmod +x ask
echo alice:her-password | chpasswd
come_in() {
	SSH_ASKPASS=$PWD/ask SSH_ASKPASS_REQUIRE=force DISPLAY=none \
	    ssh -p 2222 -o BatchMode=no -o NumberOfPasswordPrompts=1 "$@" \
	    alice@127.0.0.1 true && echo yes || echo no
}
with_other() {
	come_in -o PreferredAuthentications=publickey -o IdentitiesOnly=yes \
	    -i other
}
set +x
echo ---- with a password
PASSWORD=her-password come_in -o PubkeyAuthentication=no
PASSWORD=another come_in -o PubkeyAuthentication=no
echo ---- with a certificate
ssh-keygen -q -t ed25519 -N '' -f user_ca
ssh-keygen -q -t ed25519 -N '' -f other
ssh-keygen -q -s user_ca -I alice -n alice other.pub
with_other
cp user_ca.pub /usr/local/etc/sallyport/user_ca.pub
with_other
echo ---- an administrator
usermod -aG adm alice
come_in -o PreferredAuthentications=publickey
PASSWORD=her-password come_in -o PubkeyAuthentication=no
PASSWORD=another come_in
PASSWORD=her-password come_in
with_other
echo ---- root
PASSWORD=none come_in -l root
cmp /etc/pam.d/sallyport "$TREE/etc/pam.d/sallyport"
"""


def test_passwords_and_certificates_are_as_it_says(own_machine):
    if not (sallyport.BUILD / "modules/pam.so").exists():
        pytest.skip("this build has no module pam")
    install, config, start = map(typed,
                                 machine.fences("howto-service.md")[:3])
    done = own_machine.run("".join((
        install, config, start, f"TREE={sallyport.SOURCE}\n", PASSWORDS)))
    assert done.returncode == 0, done.stdout[-4000:]
    said = dict(part.split("\n", 1) for part in
                done.stdout.split("\n---- ")[1:])
    answers = {about: [line for line in text.splitlines()
                       if line in ("yes", "no")]
               for about, text in said.items()}
    assert answers == {
        "with a password": ["yes", "no"],
        "with a certificate": ["no", "yes"],
        "an administrator": ["no", "no", "no", "yes", "yes"],
        "root": ["no"]}, done.stdout[-4000:]


def test_git_is_served_as_the_how_to_says(own_machine):
    if not (sallyport.BUILD / "modules/git.so").exists():
        pytest.skip("this build has no module git")
    account, keys, start, repository, use, refused = map(
        typed, machine.fences("howto-git.md"))
    install = typed(machine.fences("howto-service.md")[0])
    done = own_machine.run("".join((
        install, account, keys, start, repository, use, refused,
        "runuser -u git -- git --git-dir=/srv/git/tools.git show main:README\n"
        )))
    assert done.returncode == 0, done.stdout[-4000:]
    assert done.stdout.splitlines()[-1] == "hello"


# ---- init ----

INIT = f"ln -s {sallyport.BUILD}/sallyportd /usr/local/sbin/\n" + r"""
show() { find "$@" -printf '%p %m %u\n' | sort; }
! sallyportd init --git
useradd --system --home-dir /srv/git git
! sallyportd init --git
usermod --password '*' git
sallyportd init --git >said
echo ---- made
show /usr/local/etc/sallyport /srv/git /var/lib/sallyport-git
echo ---- said
cat said
echo ---- again
! sallyportd init --git
mv /usr/local/etc/sallyport/git.conf moved
! sallyportd init --git
cmp moved /usr/local/etc/sallyport/git.conf ||
    grep -c /usr/local/etc/sallyport/keys/%u moved
"""


def test_init_makes_what_git_needs_once_and_safely(own_machine):
    done = own_machine.run(INIT)
    assert done.returncode == 0, done.stdout[-4000:]
    text = re.sub(r"^\+.*\n", "", done.stdout, flags=re.MULTILINE)
    before, made, said, again = re.split(r"^---- .*\n", text,
                                         flags=re.MULTILINE)
    assert "there is none; make it: useradd" in before
    assert "it is locked; usermod --password '*' git" in before
    etc = "/usr/local/etc/sallyport"
    assert made.splitlines() == [
        "/srv/git 750 git",
        f"{etc} 755 root", f"{etc}/git.conf 644 root",
        f"{etc}/keys 755 root", f"{etc}/keys/git 644 root",
        "/var/lib/sallyport-git 700 root",
        "/var/lib/sallyport-git/host_key_ed25519 600 root",
        "/var/lib/sallyport-git/identities 700 root",
        "/var/lib/sallyport-git/lock 600 root"]
    for line in made.splitlines():
        if not line.endswith(("/identities 700 root", "/lock 600 root")):
            assert line.split()[0] in said
    assert "systemctl enable --now sallyport-restricted@git" in said
    assert again.count("it is there already") == 2
