"""What modules take away from a login counts, or the login does not."""

import shutil
import subprocess
import time

import pytest

import sallyport
from sallyport import wait_until

CONFIG = sallyport.CONFIG.replace(
    "auth = {{", 'auth = {{ warden = {{ type = "warden"; {server} }};').replace(
        'accept = "keys"; ', "{profile}").replace(
            "\n  {profile} }};", " }};").replace(
            "; {server} }};\nlog", "; }};\nlog")


@pytest.fixture
def guarded(make_daemon, folder):
    """Makes a daemon with a warden of these options."""
    place = folder / "modules"
    place.mkdir()
    for path in ("modules/authorized_keys.so", "modules/login.so",
                 "tests/process/warden.so"):
        shutil.copy(sallyport.BUILD / path, place)

    def make(options, accept='[ "warden", "keys" ]', more=""):
        return make_daemon(config=CONFIG, server=options,
                           profile=f"accept = {accept}; {more} ",
                           arguments=["--modules", str(place)])

    return make


@pytest.mark.parametrize("key, value, reason", [
    ("colour", "red", "no restriction of this name"),
    ("pty", "perhaps", "impossible"),
    ("session-time", "long", "impossible"),
    ("permitopen", "host:65536", "impossible"),
    ("from", "10.0.0.0/8", "from this address"),
    ("expiry", "20200101", "time is over"),
    ("verify", "yes", "did not verify")])
def test_what_cannot_be_kept_makes_a_yes_a_no(guarded, key, value, reason):
    daemon = guarded(f'key = "{key}"; value = "{value}";')
    done = daemon.ssh("echo in")
    assert done.returncode == 255 and done.stdout == b""
    wait_until(lambda: any(reason in r["reason"] and r["module"] == "warden"
                           for r in daemon.records("auth_void")))


@pytest.mark.parametrize("verdict", ["next", "fail"])
def test_a_way_without_a_yes_takes_nothing_away(guarded, verdict):
    daemon = guarded(f'verdict = "{verdict}"; on_failure = "next"; '
                     'key = "command"; value = "echo forced"; '
                     'variable = "MARK"; identity = "mallory";')
    assert daemon.ssh("echo in$MARK").stdout == b"in\n"


@pytest.mark.parametrize("verdict", ["next", "fail"])
def test_a_way_without_a_yes_may_say_what_it_likes(guarded, verdict):
    daemon = guarded(f'verdict = "{verdict}"; on_failure = "next"; '
                     'key = "colour"; value = "red"; variable = "SSH_TTY";')
    assert daemon.ssh("echo in").stdout == b"in\n"
    assert not daemon.records("auth_void")


def test_a_no_is_a_no_whatever_is_said(guarded):
    daemon = guarded('verdict = "deny"; key = "pty"; value = "no";')
    assert daemon.ssh("echo in").returncode == 255


def test_what_a_module_brings_is_there(guarded):
    daemon = guarded('variable = "MARK"; key = "command"; '
                     'value = "echo forced $MARK";')
    assert daemon.ssh("echo in").stdout == b"forced 1\n"


def test_a_variable_by_which_the_daemon_speaks_is_refused(guarded):
    daemon = guarded('variable = "SSH_CONNECTION";')
    assert daemon.ssh("echo in").returncode == 255
    assert "no variable of this name" in daemon.expect(
        "auth_void")[0]["reason"]


def test_a_session_lasts_no_longer_than_one_of_them_says(guarded):
    daemon = guarded('key = "session-time"; value = "700";',
                     more='session_time = "1h";')
    start = time.monotonic()
    done = daemon.ssh("sleep 30")
    assert done.returncode == 255 and time.monotonic() - start < 20
    assert "time of this session" in daemon.expect(
        "session_closed")[0]["reason"]


def test_a_step_that_restricts_is_not_undone_by_the_next(guarded):
    """In either order; a second key is another step's."""
    daemon = guarded('verdict = "more"; key = "command"; '
                     'value = "echo forced";', accept='[ "warden+keys" ]')
    second = daemon.folder / "second"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                    second], check=True)
    command = daemon.ssh_command("echo in")
    # The warden takes the first that comes, and the file has the other.
    place = command.index("-i")
    command[place:place] = ["-i", str(second)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=60,
                          stdout=subprocess.PIPE, check=False)
    assert done.stdout == b"forced\n"
