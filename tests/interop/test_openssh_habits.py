"""What administrators who know sshd expect of it and of its users' ssh."""

import os
import re
import signal
import subprocess

import pytest

import sallyport
from fixtures import needs_root
from sallyport import wait_until
from test_openssh import Terminal


def master(daemon, path):
    return daemon.popen("-N", options=[f"ControlPath={path}",
                                       "ControlMaster=yes"])


def end(client):
    client.kill()  # its loop may miss a SIGTERM
    client.communicate(timeout=60)


# ---- connections ----

def test_ssh_n_stays_without_a_channel(daemon):
    client = daemon.popen("-N")
    wait_until(lambda: daemon.records("session_opened"), 60)
    with pytest.raises(subprocess.TimeoutExpired):
        client.wait(0.3)
    end(client)
    wait_until(lambda: daemon.records("session_closed"), 60)


def test_ten_sessions_one_after_the_other_share_a_connection(make_daemon):
    daemon = make_daemon()
    path = daemon.folder / "mux"
    client = master(daemon, path)
    try:
        wait_until(path.exists, 60)
        for i in range(10):
            done = daemon.ssh(f"cat; exit {i}", input=b"%d" % i,
                              options=[f"ControlPath={path}"])
            assert (done.stdout, done.returncode) == (b"%d" % i, i)
        daemon.expect("session_opened")
        daemon.expect("program_started", 10)
    finally:
        end(client)


def test_keepalives_of_the_client_are_answered(daemon):
    done = daemon.ssh("sleep 2.5; echo alive", options=[
        "ServerAliveInterval=1", "ServerAliveCountMax=1"])
    assert done.stdout == b"alive\n"
    assert done.returncode == 0


# ---- commands ----

def test_a_command_line_of_100_kib_arrives_whole(daemon):
    word = "x" * (100 * 1024)
    done = daemon.ssh(f"printf %s {word} | wc -c")
    assert done.stdout.strip() == b"%d" % len(word)


def test_binary_output_on_both_streams_stays_apart(daemon):
    script = ("import os\nfor i in range(300):\n"
              "  os.write(1, bytes(range(256)) * 8)\n"
              "  os.write(2, bytes(range(255, -1, -1)) * 8)\n")
    done = daemon.ssh("/usr/bin/python3 -", input=script.encode())
    assert done.stdout == bytes(range(256)) * 8 * 300
    assert done.stderr == bytes(range(255, -1, -1)) * 8 * 300


def test_a_background_child_that_holds_the_output_is_waited_for(daemon):
    """As sshd: the channel closes when all who can write are gone."""
    done = daemon.ssh("(sleep 0.5; echo late) & echo early")
    assert done.stdout == b"early\nlate\n"
    assert done.returncode == 0


def test_a_background_child_without_the_output_is_not_waited_for(daemon):
    done = daemon.ssh("sleep 3003 >/dev/null 2>&1 </dev/null & echo $!")
    assert done.returncode == 0
    pid = int(done.stdout)
    os.kill(pid, 0)     # it lives on, as under sshd
    os.kill(pid, signal.SIGKILL)


def test_with_a_terminal_a_background_child_is_not_waited_for(daemon):
    """As sshd: the end of the terminal's leader ends the session."""
    terminal = Terminal(daemon, "sleep 3004 & echo pid=$!=")
    pid = int(terminal.expect(r"pid=(\d+)=")[1])
    terminal.close()
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"), 60, "the hang-up")


def test_job_control_works_on_a_terminal(daemon):
    terminal = Terminal(daemon)
    terminal.send("sh -c 'echo r$((1+1)); exec cat'\n")
    terminal.expect(r"\nr2\r\n")
    terminal.send("\x1a")
    terminal.expect("Stopped")
    terminal.send("jobs; echo j$((1+2))\n")
    terminal.expect(r"Stopped +sh -c")
    terminal.expect("j3")
    terminal.send("fg\n")
    terminal.expect(r"exec cat'\r\n")
    terminal.send("line\n")
    terminal.expect(r"line\r\nline\r\n")
    terminal.send("\x04")
    terminal.send("echo s$?\n")
    terminal.expect("s0")
    terminal.send("exit 5\n")
    _, status = os.waitpid(terminal.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 5
    os.close(terminal.fd)


# ---- who is let in ----

def add_account(daemon, name, uid, shell="/bin/bash", password="*"):
    etc = daemon.folder / "etc"
    for file, line in (
            ("passwd", f"{name}:x:{uid}:{uid}::/home/{name}:{shell}\n"),
            ("group", f"{name}:x:{uid}:\n"),
            ("shadow", f"{name}:{password}:19000:0:99999:7:::\n")):
        with open(etc / file, "a", encoding="ascii") as f:
            f.write(line)
    daemon.make_home(name, uid)


def refusal(daemon, user=None, **kwargs):
    """What a refused client sees, with the user's name taken out."""
    done = daemon.ssh("true", user=user, options=["LogLevel=DEBUG1"],
                      **kwargs)
    assert done.returncode == 255
    text = done.stderr.decode()
    assert "Permission denied" in text
    # What differs between two runs at all.
    text = re.sub(r"debug1: (Local version|Connect|Reading|Bytes|Transferred|"
                  r".*fd \d|.*known_hosts|Host|checking|.*host key|.*rekey|"
                  r"load_|Will attempt).*", "", text)
    text = text.replace(user or daemon.user, "USER")
    return [line for line in text.splitlines() if line]


@needs_root
def test_an_unknown_user_looks_like_a_wrong_key(make_daemon, folder):
    daemon = make_daemon()
    other = folder / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                    "-f", other], check=True)
    daemon.ssh("true")
    daemon.key = other
    known = refusal(daemon)
    assert refusal(daemon, user="nobodyatall") == known
    # An account that no rule lets in, and one of the machine's own.
    assert refusal(daemon, user="nobody") == known


@needs_root
@pytest.mark.parametrize("shell, reason", [
    ("/nonexistent/shell", "its shell does not exist"),
    ("/etc/passwd", "its shell is not executable")])
def test_an_account_without_a_valid_shell_is_refused(
        make_daemon, shell, reason):
    daemon = make_daemon()
    add_account(daemon, "carol", 64710, shell=shell)
    refusal(daemon, user="carol")
    assert reason in daemon.expect("user_refused")[0]["reason"]
    assert daemon.ssh("true").returncode == 0


@needs_root
def test_an_account_with_nologin_as_its_shell_gets_its_words(make_daemon):
    daemon = make_daemon()
    add_account(daemon, "carol", 64710, shell="/usr/sbin/nologin")
    done = daemon.ssh("echo never", user="carol")
    assert b"never" not in done.stdout
    assert b"not available" in done.stdout
    assert done.returncode == 1


@needs_root
def test_a_locked_account_is_refused(make_daemon):
    daemon = make_daemon()
    add_account(daemon, "dave", 64711, password="!")
    refusal(daemon, user="dave")
    assert daemon.expect("user_refused")[0]["reason"] == "account is locked"


@needs_root
def test_the_built_in_rules_refuse_root(make_daemon):
    """Only root's rule stands before the one that lets all others in."""
    config = sallyport.CONFIG.replace(
        "rules = (", 'rules = ( {{ user = "root"; refuse = true; }},')
    daemon = make_daemon(config=config)
    refusal(daemon, user="root")
    daemon.expect("user_refused")
    assert daemon.ssh("true").returncode == 0
    done = subprocess.run(
        [sallyport.BUILD / "sallyportd", "explain", "user=root",
         "from=10.1.2.3"], stdout=subprocess.PIPE, check=False)
    assert b"refuse" in done.stdout


class GuardedDaemon(sallyport.Daemon):
    """With an /etc/nologin, in a copy of /etc that only it sees."""

    def command(self):
        command = super().command()
        place = command.index("-c") + 1
        command[place] = command[place].replace(
            'exec "$@"', f"cp -a /etc {self.folder}/whole-etc && "
            f"cp {self.folder}/nologin {self.folder}/whole-etc/nologin && "
            f"for f in passwd group shadow; do "
            f"cp -p /etc/$f {self.folder}/whole-etc/$f; done && "
            f'mount --bind {self.folder}/whole-etc /etc && exec "$@"')
        return command


@needs_root
def test_etc_nologin_keeps_users_out(folder):
    (folder / "nologin").write_bytes(b"Back at \x1b[1mnoon\xff.\n")
    with GuardedDaemon(folder) as daemon:
        # At its level ssh shows no banner.
        done = daemon.ssh("true", options=["LogLevel=INFO"])
        assert done.returncode == 255
        assert b"Back at ?[1mnoon?." in done.stderr
        assert b"logins are not possible" in done.stderr
        assert b"Too many authentication failures" not in done.stderr
        refused = daemon.expect("login_refused")
        assert refused[0]["reason"] == "/etc/nologin is there"


# ---- key files ----

def keys_of(daemon):
    return daemon.homes / "alice/.ssh/authorized_keys"


@needs_root
@pytest.mark.parametrize("what", [
    "the file is another's", "others may write to the file",
    "others may write to the folder", "others may write to the home"])
def test_a_key_file_that_others_could_change_is_refused(make_daemon, what):
    daemon = make_daemon()
    keys = keys_of(daemon)
    if what == "the file is another's":
        os.chown(keys, 64702, 64702)
        os.chmod(keys, 0o644)
    elif what == "others may write to the file":
        os.chmod(keys, 0o620)
    elif what == "others may write to the folder":
        os.chmod(keys.parent, 0o770)
    else:
        os.chmod(keys.parent.parent, 0o777)
    refusal(daemon)
    refused = daemon.expect("file_refused")
    assert "bad ownership or modes for" in refused[0]["reason"]
    assert "/home/alice" in refused[0]["path"]


@needs_root
def test_a_key_with_an_unknown_restriction_is_refused_with_a_line(make_daemon):
    daemon = make_daemon()
    keys = keys_of(daemon)
    keys.write_text("no-pty,no-teleport " + keys.read_text())
    refusal(daemon)
    noted = daemon.expect("module_notice")
    assert "no-teleport" in noted[0]["reason"]
