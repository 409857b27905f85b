"""The banner of a profile: shown before the login, to all alike."""

import os
import re
import subprocess

import pytest

import sallyport
from fixtures import needs_root
from sallyport import wait_until

TEXT = r"Use: ssh -J %u@%n\n100%% watched, caf\xc3\xa9.\n"
BANNER = f'banner = "{TEXT}";'


def shown(user):
    """With the names in it, as a terminal wants it."""
    return (f"Use: ssh -J {user}@{os.uname().nodename}\r\n"
            "100% watched, caf\xe9.\r\n")


def ask_none(daemon, user):
    """What the method "none" brings: a banner, and how one may log in."""
    import paramiko

    transport = paramiko.Transport(("127.0.0.1", daemon.port))
    try:
        transport.start_client(timeout=20)
        with pytest.raises(paramiko.BadAuthenticationType) as refused:
            transport.auth_none(user)
        banner = transport.get_banner()
        return (banner or b"").decode(), refused.value.allowed_types
    finally:
        transport.close()


def test_it_comes_before_anything_is_asked(make_daemon):
    daemon = make_daemon(profile=BANNER)
    assert ask_none(daemon, daemon.user) == (shown(daemon.user),
                                             ["publickey"])
    done = daemon.ssh("echo in", options=["LogLevel=DEBUG1"])
    assert done.stdout == b"in\n"
    text = done.stderr.decode().replace("\r\n", "\n")
    assert text.count("Use: ssh -J") == 1
    before, _, after = text.partition("Use: ssh -J")
    assert "Authentications that can continue" not in before
    assert "Authentications that can continue: publickey" in after
    # It was a question, and no try that failed.
    assert daemon.records("auth_failed") == []


@needs_root
def test_unknown_and_refused_users_are_shown_the_same(make_daemon):
    config = sallyport.CONFIG.replace(
        "rules = (", 'rules = ( {{ user = "bob"; refuse = true; }},')
    daemon = make_daemon(config=config, profile=BANNER)
    for user in ("alice", "bob", "root", "nobody-here", "-x", "a/../b", "%u"):
        assert ask_none(daemon, user) == (shown(user), ["publickey"])


@needs_root
def test_the_decoy_has_a_banner_for_who_is_refused(make_daemon):
    config = sallyport.CONFIG.replace("profiles = {{", """profiles = {{
        other = {{ accept = "keys"; exec = "login"; banner = "decoy\\n"; }};
        """).replace("rules = (", 'rules = ( {{ user = "alice"; use = "all"; '
                     '}}, {{ user = "bob"; use = "other"; }}').replace(
                         ', {{ use = "all"; }} );', ");").replace(
                             '{{ use = "all"; }} );', ");")
    daemon = make_daemon(config=config)
    assert ask_none(daemon, "alice")[0] == ""
    assert ask_none(daemon, "bob")[0] == "decoy\r\n"
    assert ask_none(daemon, "nobody-here")[0] == "decoy\r\n"
    assert daemon.ssh("echo in", user="alice").stdout == b"in\n"
    assert daemon.ssh("echo in", user="bob").stdout == b"in\n"


def test_without_one_no_login_is_started_to_ask(make_daemon):
    import paramiko

    for profile, logins in (("", 1), (BANNER, 2)):
        daemon = make_daemon(profile=profile)
        transport = paramiko.Transport(("127.0.0.1", daemon.port))
        transport.start_client(timeout=20)
        with pytest.raises(paramiko.BadAuthenticationType):
            transport.auth_none(daemon.user)
        assert len(daemon.pids("login")) == logins
        transport.close()
        wait_until(lambda: len(daemon.pids("login")) == 1)
        daemon.stop()


def test_a_question_is_no_try(make_daemon, folder):
    daemon = make_daemon(profile=BANNER, server="max_tries = 2;")
    other = folder / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                    "-f", other], check=True)
    # Asked, a wrong key, and the right one.
    command = daemon.ssh_command("echo in")
    place = command.index("-i")
    command[place:place] = ["-i", str(other)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=60,
                          stdout=subprocess.PIPE, check=False)
    assert done.stdout == b"in\n"
    assert daemon.records("auth_too_many") == []


def test_with_a_gate_each_it_is_the_same(make_daemon):
    daemon = make_daemon(profile=BANNER, server='gates = "per-connection";')
    assert ask_none(daemon, daemon.user)[0] == shown(daemon.user)


@pytest.mark.parametrize("text, told", [
    ("%i", "none of %u, %n, %%"), ("100%", "none of %u, %n, %%"),
    ("x" * 2049, "is longer than 2048 bytes")])
def test_mistakes_are_told(make_daemon, text, told):
    daemon = make_daemon(profile=BANNER)
    daemon.config.write_text(re.sub(r'banner = "[^"]*"', f'banner = "{text}"',
                                    daemon.config.read_text()))
    done = subprocess.run(
        [daemon.program, "--modules", daemon.modules, "check", daemon.config],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 78
    assert told in done.stdout.decode()
