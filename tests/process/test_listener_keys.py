"""Host keys of a listener's own: shown, proved and renewed there alone."""

import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

import fixtures
import sallyport
from sallyport import wait_until

BOTH = "HostKeyAlgorithms=ssh-ed25519,rsa-sha2-512"
RSA_KEY = (pathlib.Path(__file__).resolve().parents[1] /
           "unit/pubkey/keys/rsa_2048")

CONFIG = sallyport.CONFIG.replace(
    'listen = [ "127.0.0.1:{port}" ];',
    'listen = ( "127.0.0.1:{port}", {{ at = "127.0.0.1:OTHER"; '
    'host_keys = [ KEYS ]; }} );')


def keygen(*arguments):
    subprocess.run(["ssh-keygen", "-q", *map(str, arguments)], check=True)


class Two:
    """A daemon with two listeners: the server's key is `shared`, those of
    the other are `own` and `rsa`."""

    def __init__(self, folder, gates):
        self.folder = folder
        self.other = sallyport.free_port()
        self.shared, self.own = folder / "shared", folder / "own"
        self.rsa = folder / "rsa"
        for path in (self.shared, self.own):
            keygen("-t", "ed25519", "-N", "", "-f", path)
        self.rsa.write_bytes(RSA_KEY.read_bytes())
        os.chmod(self.rsa, 0o600)
        self.daemon = sallyport.Daemon(
            folder / "daemon", server=f'host_keys = "{self.shared}"; {gates}',
            config=self.config(f'"{self.own}", "{self.rsa}"'))

    def config(self, keys):
        return CONFIG.replace("OTHER", str(self.other)).replace("KEYS", keys)

    def port(self, name):
        return self.daemon.port if name == "shared" else self.other

    def known(self, port):
        return self.folder / f"known-{port}"

    def shown(self, port):
        """What a stranger is shown: a line a key, without the host."""
        found = subprocess.run(
            ["ssh-keyscan", "-T", "30", "-p", str(port),
             "-t", "ed25519,rsa", "127.0.0.1"],
            capture_output=True, check=False, text=True).stdout
        return {tuple(line.split()[1:3]) for line in found.splitlines()}

    def command(self, port, *arguments, options=()):
        command = self.daemon.ssh_command(*arguments, options=options)
        command[1:1] = ["-o", f"UserKnownHostsFile={self.known(port)}",
                        "-p", str(port)]
        return command

    def run(self, port, *arguments, options=()):
        return subprocess.run(
            self.command(port, *arguments, options=options),
            stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
            check=False)


def line_of(path):
    """The key's type and blob, whatever its file is."""
    public = subprocess.run(["ssh-keygen", "-y", "-f", path], check=True,
                            capture_output=True, text=True).stdout
    return tuple(public.split()[:2])


@pytest.fixture(name="two", scope="module",
                params=["gates = 2;", 'gates = "per-connection";'])
def make_two(request):
    folder = fixtures.make_folder()
    (folder / "daemon").mkdir()
    os.chmod(folder, 0o755)
    two = Two(folder, request.param)
    with two.daemon:
        yield two
    shutil.rmtree(folder, ignore_errors=True)


def test_each_listener_shows_its_own_keys(two):
    assert two.shown(two.daemon.port) == {line_of(two.shared)}
    assert two.shown(two.other) == {line_of(two.own), line_of(two.rsa)}


@pytest.mark.parametrize("name", ["shared", "own"])
def test_a_session_renews_its_keys_with_those_of_its_listener(two, name):
    port = two.port(name)
    done = two.run(port, "head -c 40000 /dev/zero | wc -c",
                   options=[BOTH, "RekeyLimit=16K"])
    assert done.stdout.strip() == b"40000", done.stderr
    assert line_of(getattr(two, name))[1] in two.known(port).read_text()
    two.known(port).unlink()


def test_a_session_is_told_of_the_keys_of_its_listener_alone(two):
    """Proved as well, else ssh would not take the second one."""
    known = two.known(two.other)
    known.write_text(f"[127.0.0.1]:{two.other} {' '.join(line_of(two.own))}\n")
    with subprocess.Popen(
            two.command(two.other, "cat",
                        options=[BOTH, "UpdateHostKeys=yes"]),
            stdin=subprocess.PIPE) as client:
        wait_until(lambda: "ssh-rsa" in known.read_text(), what="its RSA key")
        client.stdin.close()
    text = known.read_text()
    assert line_of(two.rsa)[1] in text
    assert line_of(two.own)[1] in text  # told of, else it was taken out
    assert line_of(two.shared)[1] not in text
    known.unlink()


def test_a_reload_gives_a_listener_other_keys(two):
    daemon, before = two.daemon, two.daemon.config.read_text()
    served = len(daemon.records("reloaded"))
    daemon.config.write_text(
        before.replace(f'"{two.own}", "{two.rsa}"', f'"{two.rsa}"'))
    try:
        daemon.process.send_signal(signal.SIGHUP)
        daemon.expect("reloaded", 1, served)
        wait_until(lambda: two.shown(two.other) == {line_of(two.rsa)},
                   what="the other keys")
        assert two.shown(daemon.port) == {line_of(two.shared)}
    finally:
        daemon.config.write_text(before)
        daemon.process.send_signal(signal.SIGHUP)
        daemon.expect("reloaded", 2, served)


def test_show_says_which_keys_a_listener_has_and_from_where(two):
    shown = subprocess.run(
        [two.daemon.program, "--modules", two.daemon.modules, "show",
         two.daemon.config],
        capture_output=True, text=True, check=True).stdout
    lines = [line.strip() for line in shown.splitlines()
             if line.strip().startswith("host_keys = ")]
    where = f"; # {two.daemon.config}:1"
    assert lines == [f'host_keys = "{two.shared}"{where}',
                     f'host_keys = [ "{two.own}", "{two.rsa}" ]{where}',
                     f'host_keys = "{two.shared}"{where}']


def test_who_waits_outlives_his_listener(two):
    """A reload takes it away between his exchange and his login: he gets in,
    and hears of no keys that are not his host's."""
    import paramiko

    daemon, before = two.daemon, two.daemon.config.read_text()
    served = len(daemon.records("reloaded"))
    heard = []

    class Transport(paramiko.Transport):
        def hear(self, message):
            heard.append(message.get_text())

        _handler_table = {**paramiko.Transport._handler_table,
                          paramiko.common.MSG_GLOBAL_REQUEST: hear}

    def connect():
        made = Transport(("127.0.0.1", two.other))
        made.start_client(timeout=30)
        return made

    def log_in(made):
        made.auth_publickey(
            daemon.user,
            paramiko.Ed25519Key.from_private_key_file(str(daemon.key)))
        channel = made.open_session()
        channel.exec_command("echo in")
        assert channel.makefile().read() == b"in\n"

    transport = connect()
    daemon.config.write_text(re.sub(
        r', \{ at = "127.0.0.1:%d".*?\}' % two.other, "", before))
    assert str(two.other) not in daemon.config.read_text()
    try:
        daemon.process.send_signal(signal.SIGHUP)
        daemon.expect("reloaded", 1, served)
        log_in(transport)
        assert "hostkeys-00@openssh.com" not in heard
    finally:
        transport.close()
        daemon.config.write_text(before)
        daemon.process.send_signal(signal.SIGHUP)
        daemon.expect("reloaded", 2, served)
    transport = connect()
    log_in(transport)
    transport.close()
    assert "hostkeys-00@openssh.com" in heard  # who has a listener does
