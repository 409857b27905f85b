"""What the log says about logins, in both formats and to a file."""

import json
import os
import re
import shutil
import subprocess

import pytest

import sallyport
from sallyport import wait_until

TEXT = sallyport.CONFIG.replace('format = "json"', 'format = "text"')
FILTER = "/etc/fail2ban/filter.d/sshd.conf"


def test_an_accepted_login_has_the_words_of_openssh(make_daemon):
    daemon = make_daemon(config=TEXT)
    assert daemon.ssh("true").returncode == 0
    text = wait_until(lambda: re.search(
        r"sallyportd\[\d+\]: Accepted publickey for (\S+) from 127\.0\.0\.1 "
        r"port \d+ ssh2: ED25519 SHA256:\S{43}\n", daemon.log.read_text()))
    assert text.group(1) == daemon.user


def test_json_lines_name_process_connection_user_and_source(make_daemon):
    daemon = make_daemon()
    assert daemon.ssh("true").returncode == 0
    record = wait_until(lambda: daemon.records("auth_accepted"))[0]
    assert record["by"] == "login"
    assert record["user"] == daemon.user
    assert record["address"] == "127.0.0.1"
    assert record["method"] == "publickey"
    assert {"time", "level", "pid", "port"} <= set(record)
    for line in daemon.log.read_text().splitlines():
        json.loads(line)


def test_a_session_that_ran_as_the_user_is_called_a_session(make_daemon):
    daemon = make_daemon()
    assert daemon.ssh("true").returncode == 0
    record = wait_until(lambda: daemon.records("program_started"))[0]
    if sallyport.is_root():
        assert record["by"] == "session"
    assert record["user"] == daemon.user


def test_a_file_is_opened_anew_at_a_reload(make_daemon):
    daemon = make_daemon()
    path = daemon.folder / "events"
    daemon.config.write_text(daemon.config.read_text().replace(
        'to = "stderr"', f'to = "{path}"'))
    os.kill(daemon.process.pid, 1)
    wait_until(path.exists)
    wait_until(lambda: "reloaded" in path.read_text())
    path.rename(daemon.folder / "events.1")
    os.kill(daemon.process.pid, 1)
    wait_until(path.exists)
    wait_until(lambda: "reloaded" in path.read_text())
    assert os.stat(path).st_mode & 0o137 == 0


@pytest.mark.skipif(
    shutil.which("fail2ban-regex") is None or not os.path.exists(FILTER),
    reason="fail2ban is not installed")
def test_fail2bans_own_filter_finds_who_fails(make_daemon):
    daemon = make_daemon(config=TEXT)
    daemon.ssh("true", user="nobody-of-this-name")
    daemon.ssh("true", user="x from 10.0.0.1 port 22 ssh2")
    wait_until(lambda: daemon.log.read_text().count("Invalid user") >= 2)
    found = subprocess.run(
        ["fail2ban-regex", "-o", "ip", str(daemon.log), FILTER],
        capture_output=True, text=True, timeout=60, check=True)
    assert set(found.stdout.split()) == {"127.0.0.1"}
