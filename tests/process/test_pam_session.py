"""PAM's sessions: opened and closed as root around a session's process."""

import contextlib
import os
import pathlib
import signal
import subprocess

import pytest

import asking
import sallyport
from fixtures import needs_root
from sallyport import wait_until
from test_pam import RIGHT, UNIX, assert_in, assert_out, make
from test_restart import end
from test_session_log import Shell, sessions
from test_supervisor import is_running

pytestmark = [needs_root, pytest.mark.skipif(
    not (sallyport.BUILD / "modules/pam.so").exists(),
    reason="built without PAM")]

assert make  # a fixture

# Says what it is told, and who it is.
TELL = """\
#!/bin/sh
echo "$PAM_TYPE $PAM_USER $PAM_RHOST $PAM_TTY $(id -u)" >>/home/told
"""
BASE = UNIX.replace("session required pam_permit.so\n", "")
TELLING = BASE + "session required pam_exec.so quiet /home/tell\n"
EITHER = '"keys", "pam"'

OPENED = "open_session alice 127.0.0.1 ssh 0"
CLOSED = "close_session alice 127.0.0.1 ssh 0"


def put(host, name, text, mode=0o644):
    path = host.homes / name
    path.write_text(text)
    path.chmod(mode)


@pytest.fixture
def telling(make):
    """A daemon whose sessions are written down."""
    def make_telling(stack=TELLING, start=True, **settings):
        settings.setdefault("accept", EITHER)
        host = make(stack, **settings)
        put(host, "tell", TELL, 0o755)
        return host.start() if start else host
    return make_telling


def told(host):
    path = host.homes / "told"
    return path.read_text().splitlines() if path.exists() else []


def wait_closed(host):
    wait_until(lambda: CLOSED in told(host), what="a session that is closed")
    assert told(host) == [OPENED, CLOSED]


def keeper_of(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(text.split("\nPPid:\t")[1].split()[0])


def zygote(host):
    """The login program; all others of its name are below it."""
    pids = host.pids("login")
    return next(pid for pid in pids if keeper_of(pid) not in pids)


# ---- from beginning to end ----

def test_a_session_is_opened_and_closed_after_a_key(telling):
    host = telling()
    assert_in(host.ssh("echo", "in"))
    wait_closed(host)
    assert not host.records("child_died")


@pytest.mark.parametrize("method", ["password", "keyboard-interactive"])
def test_a_session_is_opened_and_closed_after_a_password(telling, method):
    host = telling()
    done, prompts = asking.login(host, method, RIGHT)
    assert_in(done)
    assert len(prompts) == 1
    wait_closed(host)


def test_who_is_refused_has_no_session(telling):
    host = telling()
    assert_out(asking.login(host, "password", "wrong")[0])
    assert_out(host.ssh("echo", "in", user="git"))
    assert_out(host.ssh("echo", "in", user="nobody-here"))
    assert told(host) == []


def test_it_is_the_users_process_that_serves_and_roots_that_waits(telling):
    host = telling()
    shell = Shell(host, "alice")
    keeper = keeper_of(shell.pid)
    assert keeper_of(keeper) == zygote(host)
    status = pathlib.Path(f"/proc/{keeper}/status").read_text()
    assert "\nUid:\t0\t0\t0\t0\n" in status
    assert "\nGroups:\t \n" in status
    # It holds the log's socket, and no other: no client, gate, keyholder.
    files = [os.readlink(f"/proc/{keeper}/fd/{fd}")
             for fd in os.listdir(f"/proc/{keeper}/fd")]
    assert len([name for name in files if name.startswith("socket:")]) == 1
    assert not [name for name in files if "memfd" in name]
    assert told(host) == [OPENED]
    shell.close()
    wait_closed(host)
    wait_until(lambda: not is_running(keeper), what="the keeper's end")


def test_it_is_that_of_the_account_that_all_run_as(telling):
    host = telling(more='run_as = "backup"; session = { pam = "sallyport"; };'
                   'chroot = "/";')
    done = host.ssh("id", "-un", user="nobody-here")
    assert done.stdout == b"backup\n", done.stderr
    wait_until(lambda: len(told(host)) == 2)
    assert {line.split()[1] for line in told(host)} == {"backup"}


def test_a_profile_may_do_without(telling):
    host = telling(more='session = { pam = ""; };')
    shell = Shell(host, "alice")
    assert keeper_of(shell.pid) == zygote(host)
    shell.close()
    assert told(host) == []


def test_who_has_as_many_sessions_as_he_may_opens_none(telling):
    host = telling(more="sessions_per_identity = 1;")
    shell = Shell(host, "alice")
    assert_out(host.ssh("echo", "in", user="alice"))
    reason = host.expect("login_refused")[0]["reason"]
    assert "sessions_per_identity" in reason
    assert told(host) == [OPENED]
    # The keeper, who is there for longer, holds no place.
    os.kill(shell.pid, signal.SIGKILL)
    shell.client.wait(10)
    wait_until(lambda: host.ssh("true", user="alice").returncode == 0, 30)
    wait_until(lambda: told(host).count(CLOSED) == 2)
    assert told(host).count(OPENED) == 2


# ---- what PAM's modules do ----

def test_variables_of_pam_reach_programs(telling):
    host = telling(TELLING + "session required pam_env.so readenv=0 "
                   "conffile=/home/env.conf\n", start=False)
    put(host, "env.conf", "FROM_PAM DEFAULT=yes\nSSH_CLIENT DEFAULT=lie\n"
        "SALLYPORT_IDENTITY DEFAULT=lie\nBOTH DEFAULT=pam\n")
    keys = host.homes / "alice/.ssh/authorized_keys"
    keys.write_text('environment="BOTH=key" ' + keys.read_text())
    host.start()
    done = host.ssh("echo", "$FROM_PAM $BOTH ${SSH_CLIENT%% *}")
    assert done.stdout == b"yes key 127.0.0.1\n", done.stderr
    left = [r["reason"].split()[0] for r in host.records("module_notice")
            if r["detail"] == "pam_env"]
    assert left == ["SSH_CLIENT", "SALLYPORT_IDENTITY"]


def test_a_umask_of_pam_comes_before_the_profiles(telling):
    host = telling(TELLING, more='umask = "0027";')
    assert host.ssh("umask").stdout == b"0027\n"
    host = telling(TELLING + "session required pam_umask.so umask=0077 "
                   "nousergroups\n", more='umask = "0027";')
    assert host.ssh("umask").stdout == b"0077\n"


def test_limits_of_pam_reach_programs(telling):
    host = telling(TELLING + "session required pam_limits.so "
                   "conf=/home/limits.conf\n", start=False)
    put(host, "limits.conf", "alice - nofile 77\nalice hard core 5\n")
    host.start()
    done = host.ssh("ulimit", "-n;", "ulimit", "-Hc")
    assert done.stdout.split() == [b"77", b"5"], done.stderr
    other = host.ssh("ulimit", "-n", user="bob").stdout.split()
    assert other != [b"77"]
    # What serves him has room for all his channels.
    shell = Shell(host, "bob")
    text = pathlib.Path(f"/proc/{shell.pid}/limits").read_text()
    soft, hard = text.split("\nMax open files")[1].split()[:2]
    assert soft == hard
    shell.close()


def test_groups_of_pam_reach_programs(telling):
    host = telling("auth optional pam_group.so\n" + TELLING, start=False)
    (host.folder / "etc/security/group.conf").write_text(
        "*;*;alice;Al0000-2400;tty\n")
    host.start()
    done = host.ssh("id", "-G")
    assert set(done.stdout.split()) == {b"64701", b"5"}, done.stderr
    done = host.ssh("id", "-G", user="bob")
    assert done.stdout.split() == [b"64702"]


def test_texts_are_for_shells_on_a_terminal(telling):
    host = telling(TELLING + "session optional pam_echo.so Welcome, %u.\n"
                   "session optional pam_motd.so motd=/home/motd noupdate\n",
                   more='motd = "/home/news";', start=False)
    put(host, "motd", "Cake at noon.\n")
    put(host, "news", "No news.\n")
    host.start()
    done = host.ssh("echo", "in", options=["LogLevel=INFO"])
    assert_in(done)
    assert b"Welcome" not in done.stderr
    done = host.ssh("-tt", input=b"exit\n")
    shown = done.stdout.replace(b"\r\n", b"\n")
    # The terminal's echo of what was typed may be in front.
    assert b"Welcome, alice.\nCake at noon.\nNo news.\n" in shown
    (host.homes / "alice/.hushlogin").touch()
    assert b"Welcome" not in host.ssh("-tt", input=b"exit\n").stdout


@pytest.mark.skipif(
    not list(pathlib.Path("/").glob("lib/*/security/pam_lastlog.so")),
    reason="no pam_lastlog")
def test_the_last_login_is_told_by_pam_lastlog(telling):
    host = telling(TELLING + "session required pam_lastlog.so\n",
                   first=["mount -t tmpfs none /var/log",
                          "touch /var/log/lastlog /var/log/wtmp"])
    assert_in(host.ssh("echo", "in"))
    done = host.ssh("-tt", input=b"exit\n")
    assert b"Last login: " in done.stdout and b"127.0.0.1" in done.stdout


def test_the_daemon_leaves_the_last_login_to_pam(telling):
    first = ["touch /var/log/lastlog"]
    host = telling(first=first)
    assert_in(host.ssh("echo", "in"))
    assert host.inside("/var/log/lastlog").stat().st_size == 0
    host = telling(first=first, more='session = { pam = ""; };')
    assert_in(host.ssh("echo", "in"))
    assert host.inside("/var/log/lastlog").stat().st_size > 0


# ---- refusals ----

@pytest.mark.parametrize("user", ["alice", "bob"])
def test_a_session_that_pam_denies_is_a_login_refused(telling, user):
    host = telling(TELLING + "session required pam_echo.so Out of order.\n"
                   "session required pam_deny.so\n")
    done = host.ssh("echo", "in", user=user, options=["LogLevel=INFO"])
    assert_out(done)
    assert b"Out of order." in done.stderr
    assert b"the session could not be set up" in done.stderr
    record, = host.expect("login_refused")
    assert record["reason"] == "its session cannot be opened"
    wait_until(lambda: [r["reason"] for r in host.records("module_info")
                        if r["detail"] == "pam_open_session"])
    assert not host.records("session_opened")
    wait_until(lambda: len(host.pids("login")) == 1)


def test_an_account_that_pam_closed_is_closed_to_keys(telling):
    host = telling(TELLING + "account required pam_succeed_if.so quiet "
                   "user != alice\n")
    assert_out(host.ssh("echo", "in"))
    host.expect("login_refused")
    wait_until(lambda: [r for r in host.records("module_info")
                        if r["detail"] == "pam_acct_mgmt"])
    assert told(host) == []
    assert_in(host.ssh("echo", "in", user="bob"))


def test_nologin_of_pam_holds_for_keys(telling):
    """The daemon's own file is another one."""
    host = telling(TELLING + "account required pam_nologin.so "
                   "file=/home/shut\n")
    put(host, "shut", "Back at noon.\n")
    done = host.ssh("echo", "in", options=["LogLevel=INFO"])
    assert_out(done)
    assert b"Back at noon." in done.stderr


def test_a_stack_without_sessions_opens_none(telling):
    """PAM's service "other" denies."""
    host = telling(BASE + "# no session\n")
    assert_out(host.ssh("echo", "in"))
    host.expect("login_refused")


def test_a_service_that_no_way_has_is_a_mistake(make):
    host = make(UNIX, more='session = { pam = "sshd"; };')
    host.start(wait=False)
    assert host.process.wait(20) != 0
    assert '"sshd" is the service of no way' in host.log.read_text()


def test_an_opening_that_hangs_is_ended_in_time_and_named(telling):
    host = telling(BASE + "session required pam_exec.so quiet "
                   "/bin/sleep 30\n", server='login_time = "3s";')
    assert_out(host.ssh("echo", "in"))
    record, = host.expect("login_hangs")
    assert '"pam"' in record["reason"]
    for pid in sallyport.children_of(1):
        with contextlib.suppress(OSError):  # others come and go
            if pathlib.Path(f"/proc/{pid}/cmdline").read_bytes() == \
                    b"/bin/sleep\0" b"30\0":
                os.kill(pid, signal.SIGKILL)


# ---- who dies ----

def test_a_session_that_is_killed_is_closed(telling):
    host = telling()
    shell = Shell(host, "alice")
    os.kill(shell.pid, signal.SIGKILL)
    wait_closed(host)
    shell.client.wait(10)
    record, = host.expect("child_died")
    assert (record["process"], record["signal"]) == (shell.pid, 9)
    wait_until(lambda: len(host.pids("login")) == 1)


def test_a_session_outlives_the_login_program_and_is_closed(telling):
    host = telling()
    shell = Shell(host, "alice")
    keeper = keeper_of(shell.pid)
    os.kill(zygote(host), signal.SIGKILL)
    wait_until(lambda: host.records("process_died"))
    shell.client.stdin.write(b"on\n")
    shell.client.stdin.flush()
    assert shell.client.stdout.readline() == b"on\n"
    shell.close()
    wait_closed(host)
    wait_until(lambda: not is_running(keeper), what="the keeper's end")
    host.expect("session_closed")


def test_a_session_outlives_the_daemon_and_is_closed(telling):
    host = telling()
    shell = Shell(host, "alice")
    left = end(host)
    host.start()
    assert_in(host.ssh("echo", "in", user="bob"))
    shell.client.stdin.write(b"on\n")
    shell.client.stdin.flush()
    assert shell.client.stdout.readline() == b"on\n"
    assert CLOSED not in told(host)
    shell.close()
    wait_until(lambda: CLOSED in told(host), what="a session that is closed")
    wait_until(lambda: not any(map(is_running, left)),
               what="the end of all that was left")


def test_a_session_whose_keeper_is_killed_ends(telling):
    host = telling()
    shell = Shell(host, "alice")
    os.kill(keeper_of(shell.pid), signal.SIGKILL)
    wait_until(lambda: not is_running(shell.pid), what="the session's end")
    shell.client.wait(10)
    assert told(host) == [OPENED]


def test_a_keeper_that_is_told_to_end_ends_the_session_first(telling):
    host = telling()
    shell = Shell(host, "alice")
    os.kill(keeper_of(shell.pid), signal.SIGTERM)
    wait_closed(host)
    shell.client.wait(10)


def test_many_logins_leave_nothing(telling):
    host = telling(UNIX)
    assert_in(host.ssh("echo", "in"))

    def state():
        return [(pid, len(os.listdir(f"/proc/{pid}/fd")))
                for pid in host.pids() if is_running(pid)]

    before = wait_until(
        lambda: len(host.pids("login")) == 1 and state())
    for _ in range(25):
        clients = [host.popen("true", stdin=subprocess.DEVNULL)
                   for _ in range(4)]
        for client in clients:
            client.communicate(timeout=60)
            assert client.returncode == 0
    wait_until(lambda: state() == before, what="nothing that is left")
    host.expect("session_closed", 101)
    assert not sessions(host)
