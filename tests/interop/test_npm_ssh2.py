"""What users of npm's ssh2 expect of a login."""

import json
import pathlib
import shutil
import subprocess

import pytest

PROGRAM = pathlib.Path(__file__).parent / "ssh2"

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (PROGRAM / "node_modules").exists(),
    reason="needs node, and tests/interop/ssh2/node_modules of npm ci")


def do(daemon, task, argument=""):
    done = subprocess.run(
        ["node", PROGRAM / "client.js", str(daemon.port), daemon.user,
         daemon.key, task, argument],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=180,
        check=True)
    return json.loads(done.stdout)


def test_status_and_stderr_come_back_apart(daemon):
    done = do(daemon, "exec", "echo out; echo err >&2; exit 42")
    assert (done["out"], done["err"]) == ("out\n", "err\n")
    assert done["status"] == 42


def test_output_is_complete_before_the_exit_status(daemon):
    for _ in range(4):
        done = do(daemon, "exec",
                  "head -c 1000000 /dev/zero | tr '\\0' x; exit 3")
        assert done["out"] == "x" * 1000000
        assert done["status"] == 3


@pytest.mark.parametrize(
    "cipher", ["chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com"])
def test_10_megabytes_pass_both_ways_through_rekeys(daemon, cipher):
    done = do(daemon, "bulk", cipher)
    assert done["sent"] == done["received"]
    assert done["status"] == 0
    assert done["handshakes"] > 1


def test_a_terminal_has_its_size_and_follows_it(daemon):
    done = do(daemon, "terminal")
    assert "\n30 100\r\n" in done["out"]
    assert "\n40 120\r\n" in done["out"]
    assert done["status"] == 7


def test_output_comes_after_the_end_of_input(daemon):
    done = do(daemon, "halfClose")
    assert done["out"] == "after\n"
    assert done["status"] == 0


def test_20_channels_share_a_connection(make_daemon):
    daemon = make_daemon(profile="max_sessions = 20;")
    for i, each in enumerate(do(daemon, "channels")):
        assert each["out"] == f"{i}\nin{i}"
        assert each["status"] == i


def test_environment_passes_by_pattern_only(make_daemon):
    done = do(make_daemon(profile='env = [ "LC_*" ];'), "env")
    assert "LC_TEST=yes\n" in done["out"]
    assert "LD_PRELOAD" not in done["out"]


def test_a_signal_reaches_the_command(daemon):
    done = do(daemon, "signal")
    assert done["out"] == "ready\ncaught\n"
    assert done["status"] == 5


def test_the_signal_that_ends_a_command_is_told(daemon):
    done = do(daemon, "exec", "kill -TERM $$")
    assert done["signal"] == "SIGTERM"


def test_a_wrong_key_is_refused(daemon):
    assert do(daemon, "wrongKey")["level"] == "client-authentication"
