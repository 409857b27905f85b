"""What the log says about logins, in both formats and to a file."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

import sallyport
from sallyport import wait_until

TEXT = sallyport.CONFIG.replace('format = "json"', 'format = "text"')
# What is installed, or what ./check has unpacked: its folders /usr and /etc.
FAIL2BAN = [(usr, etc / "fail2ban") for usr, etc in (
    (pathlib.Path("/usr"), pathlib.Path("/etc")),
    (sallyport.UNPACKED, sallyport.UNPACKED.parent / "etc"),
) if (usr / "bin/fail2ban-regex").exists()]


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


@pytest.mark.skipif(not FAIL2BAN, reason="fail2ban is not there")
def test_fail2bans_own_filter_finds_who_fails(make_daemon):
    usr, etc = FAIL2BAN[0]
    daemon = make_daemon(config=TEXT)
    daemon.ssh("true", user="nobody-of-this-name")
    daemon.ssh("true", user="x from 10.0.0.1 port 22 ssh2")
    wait_until(lambda: daemon.log.read_text().count("Invalid user") >= 2)
    found = subprocess.run(
        ["/usr/bin/python3", usr / "bin/fail2ban-regex", "-c", etc, "-o", "ip",
         daemon.log, etc / "filter.d/sshd.conf"],
        env={"PYTHONPATH": str(usr / "lib/python3/dist-packages")},
        capture_output=True, text=True, timeout=60, check=True)
    assert set(found.stdout.split()) == {"127.0.0.1"}


@pytest.mark.skipif(not FAIL2BAN, reason="fail2ban is not there")
def test_fail2bans_own_filter_reads_the_journal_and_counts_failures_alone(
        make_daemon):
    """As the service's unit has it: the name sshd, and no time of its own."""
    daemon = make_daemon(config=TEXT, server="max_tries = 2;")
    other = daemon.folder / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                    other], check=True)
    assert daemon.ssh("true").returncode == 0
    good = daemon.log.read_text()
    command = daemon.ssh_command("true")
    command[command.index("-i") + 1] = other
    subprocess.run(command, stderr=subprocess.DEVNULL, check=False)
    daemon.ssh("true", user="nobody-of-this-name")
    wait_until(lambda: "Invalid user" in daemon.log.read_text())
    usr, etc = FAIL2BAN[0]

    def banned(log):
        lines = re.sub(r"^\S+ sallyportd(\[\d+\]: )",
                       r"Nov 30 10:00:00 host sshd\1", log, flags=re.M)
        journal = daemon.folder / "journal"
        journal.write_text(lines)
        done = subprocess.run(
            ["/usr/bin/python3", usr / "bin/fail2ban-regex", "-c", etc, "-o",
             "ip", journal, etc / "filter.d/sshd.conf"],
            env={"PYTHONPATH": str(usr / "lib/python3/dist-packages")},
            capture_output=True, text=True, timeout=60, check=True)
        return set(done.stdout.split())
    assert banned(daemon.log.read_text()) == {"127.0.0.1"}
    assert banned(good) == set()


@pytest.mark.skipif(not FAIL2BAN, reason="fail2ban is not there")
def test_the_jail_is_one_that_fail2ban_reads(folder):
    usr, etc = FAIL2BAN[0]
    place = folder / "fail2ban"
    shutil.copytree(etc, place, symlinks=True)
    shutil.copy(sallyport.SOURCE / "contrib/fail2ban/sallyport.conf",
                place / "jail.d/sallyport.conf")
    shown = subprocess.run(
        ["/usr/bin/python3", usr / "bin/fail2ban-client", "-c", place, "-d"],
        env={"PYTHONPATH": str(usr / "lib/python3/dist-packages")},
        capture_output=True, text=True, timeout=60, check=False).stdout
    assert "['add', 'sallyport', 'systemd']" in shown
    assert "'addjournalmatch', '_SYSTEMD_UNIT=sallyport.service'" in shown
    assert "['start', 'sallyport']" in shown
