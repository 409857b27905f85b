"""Who is let in by the login program, and what his session is like."""

import os
import pathlib
import re
import socket
import stat
import subprocess
import threading
import time

import pytest

import sallyport
from fixtures import needs_root

pytestmark = needs_root


def key_files(daemon, user="alice"):
    home = daemon.homes / user
    return home, home / ".ssh", home / ".ssh" / "authorized_keys"


def give(path, user="alice"):
    os.chown(path, sallyport.USERS[user], sallyport.USERS[user])


def make_key(folder, name):
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path],
                   check=True)
    return path


def log_in(daemon, *arguments, key=None, **kwargs):
    """A login; with another key than the daemon's own where one is given."""
    command = daemon.ssh_command(*(arguments or ["true"]), **kwargs)
    if key is not None:
        command[command.index(str(daemon.key))] = str(key)
    return subprocess.run(command, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60, check=False)


def is_in(done):
    if done.returncode == 0:
        return True
    assert done.returncode == 255, done
    assert b"Permission denied" in done.stderr
    return False


# ---- what is run ----

def test_no_file_of_the_users_is_run_before_what_he_asked_for(daemon):
    """~/.ssh/rc and ~/.ssh/environment of OpenSSH's are off."""
    home, ssh, _ = key_files(daemon)
    for name, text in (("rc", "touch ~/rc-was-run\n"),
                       ("environment", "RC_WAS=read\n")):
        path = ssh / name
        path.write_text(text)
        path.chmod(0o700)
        give(path)
    try:
        # A command, and a shell.
        for arguments in (["env"], []):
            done = daemon.ssh(*arguments, input=b"env\nexit\n")
            assert b"HOME=" in done.stdout and b"RC_WAS" not in done.stdout
        assert not (home / "rc-was-run").exists()
    finally:
        (ssh / "rc").unlink()
        (ssh / "environment").unlink()


# ---- key files ----

def test_a_key_that_is_listed_lets_in(daemon):
    before = len(daemon.records("auth_accepted"))
    done = log_in(daemon, "id -u")
    assert done.stdout.strip() == b"64701"
    record = daemon.expect("auth_accepted", before=before)[0]
    assert record["user"] == "alice"
    assert record["key"].startswith("ED25519 SHA256:")


def test_one_key_among_many_lets_in(daemon, folder):
    _, _, keys = key_files(daemon)
    before = keys.read_bytes()
    mine = make_key(folder, "mine")
    others = [make_key(folder, f"other{i}") for i in range(3)]
    lines = ["# a comment", ""]
    lines += [k.with_suffix(".pub").read_text().strip() for k in others]
    lines += ["no key at all", "ssh-ed25519 AAAA broken"]
    lines += [mine.with_suffix(".pub").read_text().strip()]
    try:
        keys.write_text("\n".join(lines))
        assert is_in(log_in(daemon, key=mine))
    finally:
        keys.write_bytes(before)


def test_over_long_authorized_keys_line_the_rest_is_not_parsed_as_a_new_line(daemon, folder):
    _, _, keys = key_files(daemon)
    before = keys.read_bytes()
    mine = make_key(folder, "mine")
    public = mine.with_suffix(".pub").read_text()
    try:
        for length in (1024, 8192, 16384, 65536):
            # Its end would be a key line, were it read as one.
            keys.write_text("#" + "x" * (length - 1) + public)
            assert not is_in(log_in(daemon, key=mine))
    finally:
        keys.write_bytes(before)


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("bits", [stat.S_IWGRP, stat.S_IWOTH])
def test_what_others_may_write_is_not_trusted(daemon, place, bits):
    path = key_files(daemon)[place]
    before = path.stat().st_mode
    refused = len(daemon.records("file_refused"))
    try:
        path.chmod(stat.S_IMODE(before) | bits)
        assert not is_in(log_in(daemon))
        record = daemon.expect("file_refused", before=refused)[0]
        assert "bad ownership or modes" in record["reason"]
    finally:
        path.chmod(stat.S_IMODE(before))
    assert is_in(log_in(daemon))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_belongs_to_another_is_not_trusted(daemon, place):
    path = key_files(daemon)[place]
    try:
        os.chown(path, 64702, 64702)
        assert not is_in(log_in(daemon))
    finally:
        give(path)


def test_a_link_to_a_file_of_roots_reads_nothing(daemon, folder):
    _, _, keys = key_files(daemon)
    before = keys.read_bytes()
    secret = folder / "secret"
    secret.write_bytes(before)
    secret.chmod(0o600)
    try:
        keys.unlink()
        keys.symlink_to(secret)
        assert not is_in(log_in(daemon))
    finally:
        keys.unlink()
        keys.write_bytes(before)
        keys.chmod(0o600)
        give(keys)
    assert is_in(log_in(daemon))


@pytest.mark.parametrize("kind", ["fifo", "folder", "device"])
def test_authorized_keys_as_a_fifo_or_device_open_does_not_block(daemon, kind):
    _, _, keys = key_files(daemon)
    before = keys.read_bytes()
    keys.unlink()
    try:
        if kind == "fifo":
            os.mkfifo(keys, 0o600)
        elif kind == "folder":
            keys.mkdir(0o700)
        else:
            keys.symlink_to("/dev/zero")
        if kind != "device":
            give(keys)
        started = time.monotonic()
        assert not is_in(log_in(daemon))
        assert time.monotonic() - started < 10
    finally:
        if kind == "folder":
            keys.rmdir()
        else:
            keys.unlink()
        keys.write_bytes(before)
        keys.chmod(0o600)
        give(keys)
    assert is_in(log_in(daemon))


def test_other_files_and_percents(make_daemon):
    config = sallyport.CONFIG.replace(
        'type = "authorized_keys";',
        'type = "authorized_keys"; '
        'file = [ "%h/none", "%h/keys-of-%u" ];')
    daemon = make_daemon(config=config)
    home, _, keys = key_files(daemon)
    assert not is_in(log_in(daemon))
    keys.rename(home / "keys-of-alice")
    assert is_in(log_in(daemon))


# ---- accounts ----

def test_unknown_users_are_refused_as_a_wrong_key_is(daemon, folder):
    mine = make_key(folder, "mine")
    unknown = log_in(daemon, key=mine, user="nobody-here")
    wrong = log_in(daemon, key=mine)
    assert unknown.returncode == wrong.returncode == 255
    assert unknown.stderr.replace(b"nobody-here", b"alice") == wrong.stderr
    sallyport.wait_until(lambda: any(
        r["user"] == "nobody-here" for r in daemon.records("user_unknown")))


def test_root_is_not_let_in_by_a_rule_that_does_not_name_him(daemon):
    assert not is_in(log_in(daemon, user="root"))
    sallyport.wait_until(lambda: any(
        r["user"] == "root" for r in daemon.records("user_refused")))


def change_entry(daemon, name, change):
    """Changes alice's line of a file in place: it is bind-mounted."""
    path = daemon.folder / "etc" / name
    before = path.read_text()
    lines = [change(line.split(":")) if line.startswith("alice:")
             else line.split(":") for line in before.split("\n")]
    path.write_text("\n".join(":".join(line) for line in lines))
    return lambda: path.write_text(before)


@pytest.mark.parametrize("field, value, because", [
    (1, "!", "locked"),
    (1, "!$6$abc$def", "locked"),
    (7, "0", "expired"),
    (7, "1", "expired"),
    (2, "0", "password"),
])
def test_an_account_that_may_not_be_used_is_refused(daemon, field, value,
                                                    because):
    def change(fields):
        fields[field] = value
        return fields
    before = len(daemon.records("user_refused"))
    undo = change_entry(daemon, "shadow", change)
    try:
        assert not is_in(log_in(daemon))
        record = daemon.expect("user_refused", before=before)[0]
        assert because in record["reason"]
    finally:
        undo()
    assert is_in(log_in(daemon))


@pytest.mark.parametrize("shell", ["/nonexistent/sh", "/etc/passwd"])
def test_an_account_needs_a_shell_that_starts(daemon, shell):
    before = len(daemon.records("user_refused"))
    undo = change_entry(daemon, "passwd", lambda f: [*f[:6], shell])
    try:
        assert not is_in(log_in(daemon))
        record = daemon.expect("user_refused", before=before)[0]
        assert "shell" in record["reason"]
    finally:
        undo()


def test_a_home_that_is_gone_is_told_and_the_root_is_used(make_daemon):
    config = sallyport.CONFIG.replace(
        'type = "authorized_keys";',
        'type = "authorized_keys"; file = "/home/%u-keys";')
    daemon = make_daemon(config=config)
    home, ssh, keys = key_files(daemon)
    keys.rename(daemon.homes / "alice-keys")
    ssh.rmdir()
    home.rmdir()
    done = log_in(daemon, "pwd")
    assert done.stdout == b"/\n"
    assert b"Could not chdir to home directory /home/alice" in done.stderr


# ---- limits ----

def test_tries_are_counted(make_daemon, folder):
    daemon = make_daemon(server="max_tries = 3;")
    keys = [make_key(folder, f"k{i}") for i in range(5)]
    command = daemon.ssh_command("true")
    at = command.index("-i")
    command[at:at + 2] = [part for k in keys for part in ("-i", str(k))]
    done = subprocess.run(command, stderr=subprocess.PIPE, check=False,
                          stdin=subprocess.DEVNULL, timeout=60)
    assert done.returncode == 255
    assert b"Too many authentication failures" in done.stderr
    daemon.expect("auth_too_many")


def count_guests(daemon):
    """Processes forked for clients, the session ones too."""
    return len(daemon.pids("login")) - 1


def test_a_session_is_one_process_and_nothing_is_left_of_it(daemon):
    before = count_guests(daemon)
    client = daemon.popen("echo up; cat")
    assert client.stdout.readline() == b"up\n"
    assert count_guests(daemon) == before + 1
    client.communicate(timeout=10)
    sallyport.wait_until(lambda: count_guests(daemon) == before,
                         what="the session's end")


def test_a_session_is_the_user_and_has_little_open(daemon):
    before = set(daemon.pids("login"))
    client = daemon.popen("echo up; cat")
    assert client.stdout.readline() == b"up\n"
    pid, = set(daemon.pids("login")) - before
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    assert re.search(r"^Uid:\s+64701\s+64701\s+64701\s+64701$", status, re.M)
    assert re.search(r"^Gid:\s+64701\s+64701\s+64701\s+64701$", status, re.M)
    assert re.search(r"^Groups:\s+64701\s*$", status, re.M)
    assert re.search(r"^CapEff:\s+0+$", status, re.M)
    assert re.search(r"^CapPrm:\s+0+$", status, re.M)
    open_now = os.listdir(f"/proc/{pid}/fd")
    # null x 3, log, connection, keyholder, loop, its signal pipe, 3 pipes
    assert len(open_now) <= 13, open_now
    client.communicate(timeout=10)


def test_the_end_of_a_connection_hangs_up_its_programs(daemon):
    client = daemon.popen("echo $$; trap '' PIPE; exec sleep 3002")
    pid = int(client.stdout.readline())
    client.kill()
    client.wait()
    sallyport.wait_until(
        lambda: not pathlib.Path(f"/proc/{pid}").exists(),
        what="the program's end")


def test_a_program_left_behind_on_a_terminal_does_not_hold_it(daemon):
    done = daemon.ssh("-tt", "sleep 3003 & sleep 0.2; echo out; exit 4",
                      timeout=20)
    assert done.returncode == 4
    assert b"out" in done.stdout


def test_a_guest_that_crashes_costs_nobody_else(daemon):
    before = set(daemon.pids("login"))
    with socket.create_connection(("127.0.0.1", daemon.port)):
        client = daemon.popen("echo up; cat")
        assert client.stdout.readline() == b"up\n"
        pid, = set(daemon.pids("login")) - before
        daemon.crashed.add(pid)
        os.kill(pid, 6)
        assert client.wait(10) == 255
    sallyport.wait_until(
        lambda: any(r["process"] == pid and r["signal"] == 6
                    for r in daemon.records("child_died")),
        what="the log line")
    assert is_in(log_in(daemon))


def test_many_logins_at_once_all_pass(make_daemon):
    daemon = make_daemon(server="max_logins_per_source = 2;")
    results = []

    def one():
        results.append(daemon.ssh("echo in").stdout)
    threads = [threading.Thread(target=one) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [b"in\n"] * 12
