"""The module "pam", with PAM itself and accounts of the tests' own."""

import contextlib
import ctypes
import os
import secrets
import shutil
import signal
import threading
import time

import paramiko
import pytest

import asking
import sallyport
from fixtures import needs_root
from sallyport import wait_until

needs_pam = pytest.mark.skipif(
    not (sallyport.BUILD / "modules/pam.so").exists(),
    reason="built without PAM")
pytestmark = [needs_root, needs_pam]

CONFIG = """\
server = {{ listen = [ "127.0.0.1:{port}" ]; {server} }};
log = {{ to = "stderr"; format = "json"; level = "debug"; }};
auth = {{
  keys = {{ type = "authorized_keys"; environment = [ "BOTH" ]; }};
  pam = {{ type = "pam"; }};
}};
handlers = {{ login = {{ type = "login"; }}; }};
profiles = {{ all = {{ accept = [ {profile} ]; shell = "login";
  exec = "login"; MORE }}; }};
rules = ( {{ user = "git"; refuse = true; }}, {{ use = "all"; }} );
"""


def crypt(password, setting):
    """crypt(3)."""
    library = ctypes.CDLL("libcrypt.so.1")
    library.crypt.restype = ctypes.c_char_p
    return library.crypt(password.encode(), setting.encode()).decode()


UNIX = """\
auth required pam_unix.so nodelay
account required pam_unix.so
password required pam_unix.so sha512 minlen=6 obscure
session required pam_permit.so
"""

RIGHT = "Gr8-Kastanie"
BOTH = ("password", "keyboard-interactive")
TODAY = int(time.time() / 86400)


class Accounts:
    """Passwords and ages of a daemon's accounts, and its PAM service."""

    def __init__(self, daemon):
        self.etc = daemon.folder / "etc"

    def write(self, name, password=RIGHT, changed=None, maximum=99999,
              expires="", hashed=None):
        """A new file, as passwd(1) makes it; ours is mounted: in place."""
        if hashed is None:
            hashed = crypt(password, "$6$" + secrets.token_hex(8))
        changed = TODAY if changed is None else changed
        lines = (self.etc / "shadow").read_text().splitlines()
        lines = [line for line in lines if not line.startswith(f"{name}:")]
        lines.append(f"{name}:{hashed}:{changed}:0:{maximum}:7::{expires}:")
        (self.etc / "shadow").write_text("\n".join(lines) + "\n")

    def hash_of(self, name):
        for line in (self.etc / "shadow").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return line.split(":")[1]
        return None


class Host(sallyport.Daemon):
    """A daemon with an /etc of its own, which passwd(1) may write."""

    def __init__(self, folder, stack, more="", **settings):
        more = more.replace("{", "{{").replace("}", "}}")
        super().__init__(folder, config=CONFIG.replace("MORE", more),
                         **settings)
        etc = self.folder / "etc"
        (etc / "pam.d").mkdir()
        if "session" not in stack:
            stack += "session required pam_permit.so\n"
        (etc / "pam.d/sallyport").write_text(stack)
        (etc / "pam.d/other").write_text("".join(
            f"{kind} required pam_deny.so\n"
            for kind in ("auth", "account", "password", "session")))
        for name in ("nsswitch.conf", "ld.so.cache", "login.defs", "hosts",
                     "localtime", "environment", "ssl", "security"):
            place = f"/etc/{name}"
            if os.path.isdir(place):
                shutil.copytree(place, etc / name, symlinks=True)
            elif os.path.exists(place):
                shutil.copy(place, etc / name)
        (etc / "nsswitch.conf").write_text(
            "passwd: files\ngroup: files\nshadow: files\n")
        self.accounts = Accounts(self)

    def apart(self, program):
        sallyport.need_namespaces()
        script = (f"mount --bind {self.folder}/etc /etc && "
                  f"mount --bind {self.homes} /home && " +
                  sallyport.HIDE_RECORDS +
                  "".join(f"{each} && " for each in self.first) + 'exec "$@"')
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c",
                script, "sh", *program]


@pytest.fixture
def make(folder):
    hosts = []

    def make_host(stack=UNIX, accept='"pam"', **settings):
        place = folder / str(len(hosts))
        place.mkdir()
        os.chmod(folder, 0o755)
        host = Host(place, stack, profile=accept, **settings)
        for name in sallyport.USERS:
            host.accounts.write(name)
        hosts.append(host)
        return host

    yield make_host
    for host in hosts:
        host.stop()


def assert_in(done):
    assert done.stdout == b"in\n", done.stderr


def assert_out(done):
    assert done.returncode == 255 and done.stdout == b"", done.stdout


def test_without_a_word_about_it_passwords_are_taken_where_pam_has_a_stack(
        make):
    host = make()
    host.stop()
    host.config.write_text(
        f'server = {{ listen = [ "127.0.0.1:{host.port}" ]; }};\n'
        'log = { to = "stderr"; format = "json"; };\n')
    host.start()
    assert_in(asking.login(host, "password", RIGHT)[0])
    assert_out(asking.login(host, "password", "wrong")[0])
    assert host.ssh("true").returncode == 0
    host.stop()
    (host.folder / "etc/pam.d/sallyport").unlink()
    host.start()
    assert_out(asking.login(host, "password", RIGHT)[0])
    assert host.ssh("true").returncode == 0


@pytest.mark.parametrize("method", BOTH)
def test_the_right_password_lets_in_and_a_wrong_one_does_not(make, method):
    host = make().start()
    done, prompts = asking.login(host, method, RIGHT)
    assert_in(done)
    assert len(prompts) == 1 and "assword: " in prompts[0]
    done, _ = asking.login(host, method, "wrong-Kastanie")
    assert_out(done)
    record, = host.expect("auth_accepted")
    assert (record["method"], record["user"]) == (method, "alice")
    record, = host.expect("auth_failed")
    assert record["method"] == method
    asking.assert_no_secret(host, RIGHT, "wrong-Kastanie")


@pytest.mark.parametrize("method", BOTH)
@pytest.mark.parametrize("user", ["git", "nobody-here", "root"])
def test_unknown_and_refused_users_go_the_same_way(make, method, user):
    host = make()
    host.accounts.write("root")
    host.start()
    done, prompts = asking.login(host, method, RIGHT, user=user)
    assert_out(done)
    assert len(prompts) == 1 and "assword: " in prompts[0]
    host.expect("auth_failed")
    # PAM was asked, and by the name that the client gave.
    said = [r["reason"] for r in host.records("module_info")]
    assert [text.split(":")[0] for text in said] == [user]


def test_paramiko_by_both_methods(make):
    host = make().start()
    transport = asking.connect(host)
    with pytest.raises(paramiko.AuthenticationException):
        transport.auth_password("alice", "wrong", fallback=False)
    transport.auth_password("alice", RIGHT, fallback=False)
    assert asking.run(transport) == b"in\n"
    transport.close()
    transport = asking.connect(host)
    seen = []

    def answer(title, instructions, prompts):
        seen.append((title, instructions, prompts))
        return [RIGHT for _ in prompts]

    transport.auth_interactive("alice", answer)
    assert asking.run(transport) == b"in\n"
    assert seen == [("", "", [("Password: ", False)])]
    transport.close()


@pytest.mark.parametrize("method", BOTH)
def test_no_process_remembers_a_password(make, method):
    host = make().start()
    secret = "Ohrwurm+Fernweh-5"
    host.accounts.write("alice", secret)
    waiting, inside = asking.connect(host), asking.connect(host)

    def log_in(transport, password):
        if method == "password":
            transport.auth_password("alice", password, fallback=False)
        else:
            transport.auth_interactive(
                "alice", lambda *p: [password for _ in p[2]])

    for transport in (waiting, inside):
        with pytest.raises(paramiko.AuthenticationException):
            log_in(transport, secret[::-1])
    log_in(inside, secret)
    assert asking.run(inside) == b"in\n"
    asking.assert_forgotten(host, secret, secret[::-1])
    waiting.close()
    inside.close()


@pytest.mark.parametrize("method", BOTH)
def test_a_locked_account_is_locked(make, method):
    host = make()
    hashed = host.accounts.hash_of("alice")
    host.accounts.write("alice", hashed="!" + hashed)
    host.start()
    done, prompts = asking.login(host, method, RIGHT)
    assert_out(done)
    assert len(prompts) == 1


@pytest.mark.parametrize("method", BOTH)
def test_an_expired_account_is_expired(make, method):
    host = make()
    host.accounts.write("alice", expires=TODAY - 3)
    host.start()
    assert_out(asking.login(host, method, RIGHT)[0])


@pytest.mark.parametrize("method", BOTH)
def test_an_empty_password_lets_nobody_in(make, method):
    host = make()
    host.accounts.write("alice", hashed="")
    host.start()
    for password in ("", "anything"):
        assert_out(asking.login(host, method, password)[0])


@pytest.mark.parametrize("method", BOTH)
def test_the_account_stack_has_the_last_word(make, method):
    host = make(UNIX + "account required pam_deny.so\n").start()
    assert_out(asking.login(host, method, RIGHT)[0])
    assert any("Permission denied" in r["reason"] or
               "Authentication failure" in r["reason"]
               for r in host.records("module_info"))
    host.expect("auth_failed")


@pytest.mark.parametrize("method", BOTH)
@pytest.mark.parametrize("ages", [{"changed": TODAY - 100, "maximum": 30},
                                  {"changed": 0}])
def test_an_expired_password_is_changed(make, method, ages):
    host = make()
    host.accounts.write("alice", **ages)
    before = host.accounts.hash_of("alice")
    host.start()
    fresh = "Nuss+Baum-77"
    # OpenSSH asks for the old one by itself; PAM once more.
    done, prompts = asking.login(host, method, RIGHT, RIGHT, fresh, fresh)
    assert_in(done)
    assert len(prompts) == 4
    after = host.accounts.hash_of("alice")
    assert after != before and crypt(fresh, after) == after
    assert_in(asking.login(host, method, fresh)[0])
    assert_out(asking.login(host, method, RIGHT)[0])
    asking.assert_no_secret(host, fresh, RIGHT)
    wait_until(lambda: [r for r in host.records("module_notice")
                        if r["detail"] == "pam_changed"])


@pytest.mark.parametrize("method", BOTH)
def test_a_new_password_that_will_not_do_changes_nothing(make, method):
    host = make()
    host.accounts.write("alice", changed=0)
    before = host.accounts.hash_of("alice")
    host.start()
    answers = [RIGHT, RIGHT] + ["abc"] * 8
    done, _ = asking.login(host, method, *answers)
    assert_out(done)
    assert host.accounts.hash_of("alice") == before


@pytest.mark.parametrize("method", BOTH)
def test_a_wrong_old_password_changes_nothing(make, method):
    host = make()
    host.accounts.write("alice", changed=0)
    before = host.accounts.hash_of("alice")
    host.start()
    fresh = "Nuss+Baum-77"
    assert_out(asking.login(host, method, RIGHT, "wrong", fresh, fresh)[0])
    assert_out(asking.login(host, method, "wrong", RIGHT, fresh, fresh)[0])
    assert host.accounts.hash_of("alice") == before


@pytest.mark.parametrize("ages", [{"changed": 0},
                                  {"changed": TODAY - 31, "maximum": 30}])
def test_a_key_does_not_let_in_whose_password_must_be_changed(make, ages):
    host = make(accept='"keys", "keys+pam"')
    host.accounts.write("alice", **ages)
    # On the 30th day itself PAM 1.7 is of another mind than 1.5.
    host.accounts.write("bob", changed=TODAY - 29, maximum=30)
    host.start()
    assert_out(host.ssh("echo", "in"))
    record, = host.expect("user_refused")
    assert "must be changed" in record["reason"]
    assert_in(host.ssh("echo", "in", user="bob"))


@pytest.mark.parametrize("method", BOTH)
def test_texts_of_pam_are_shown(make, folder, method):
    host = make("auth optional pam_echo.so Maintenance at noon, %u from %H.\n"
                + UNIX).start()
    transport = asking.connect(host)
    texts = []

    def answer(_, instructions, prompts):
        texts.append(instructions)
        return [RIGHT for _ in prompts]

    if method == "password":
        transport.auth_password("alice", RIGHT, fallback=False)
        texts.append((transport.get_banner() or b"").decode())
    else:
        transport.auth_interactive("alice", answer)
    assert any("Maintenance at noon, alice from 127.0.0.1." in text
               for text in texts)
    assert asking.run(transport) == b"in\n"
    transport.close()


def test_what_pam_programs_are_told(make):
    seen = "/home/seen"
    host = make("auth required pam_unix.so nodelay\n"
                "auth required pam_exec.so log=/home/seen /usr/bin/env\n"
                "account required pam_unix.so\n").start()
    assert_in(asking.login(host, "password", RIGHT)[0])
    text = host.inside(seen).read_text()
    assert "PAM_RHOST=127.0.0.1" in text and "PAM_TTY=ssh" in text
    assert "PAM_USER=alice" in text and "PAM_SERVICE=sallyport" in text
    assert RIGHT not in text


def test_more_questions_than_one_need_prompts(make):
    """Two modules that each ask."""
    host = make("auth required pam_unix.so nodelay\n"
                "auth required pam_ftp.so ignore users=nobody-at-all\n"
                "account required pam_permit.so\n").start()
    assert_out(asking.login(host, "password", RIGHT)[0])


def test_a_slow_stack_delays_its_own_login_alone(make):
    host = make("auth [success=ignore default=1] pam_succeed_if.so quiet "
                "user = bob\n"
                "auth required pam_exec.so quiet /bin/sleep 3\n"
                + UNIX).start()
    began = time.monotonic()
    slow, transport = asking.connect(host), asking.connect(host)
    thread = threading.Thread(target=lambda: slow.auth_password(
        "bob", RIGHT, fallback=False))
    thread.start()
    time.sleep(0.3)
    transport.auth_password("alice", RIGHT, fallback=False)
    assert asking.run(transport) == b"in\n"
    assert time.monotonic() - began < 3
    thread.join(30)
    assert time.monotonic() - began >= 3
    assert slow.is_authenticated()
    slow.close()
    transport.close()


def test_a_stack_that_hangs_is_ended_in_time_and_named(make):
    host = make("auth required pam_exec.so quiet /bin/sleep 30\n" + UNIX,
                server='login_time = "3s";').start()
    done, _ = asking.login(host, "password", RIGHT)
    assert_out(done)
    record, = host.expect("login_hangs")
    assert '"pam"' in record["reason"]
    for pid in sallyport.children_of(host.process.pid):
        with contextlib.suppress(FileNotFoundError):  # has ended by itself
            if os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "sleep":
                os.kill(pid, signal.SIGKILL)


def test_faillock_counts_and_locks(make):
    tally = "dir=/home/faillock deny=2 unlock_time=600"
    host = make(f"auth required pam_faillock.so preauth {tally}\n"
                "auth sufficient pam_unix.so nodelay\n"
                f"auth [default=die] pam_faillock.so authfail {tally}\n"
                "account required pam_faillock.so\n"
                "account required pam_unix.so\n").start()
    for _ in range(2):
        assert_out(asking.login(host, "password", "wrong")[0])
    assert_out(asking.login(host, "password", RIGHT)[0])
    assert_in(asking.login(host, "password", RIGHT, user="bob")[0])


@pytest.mark.parametrize("verdict", ["auth_err", "user_unknown", "maxtries",
                                     "system_err", "authinfo_unavail",
                                     "cred_insufficient", "perm_denied"])
def test_whatever_else_pam_says_is_a_no(make, verdict):
    host = make(f"auth required pam_debug.so auth={verdict}\n"
                "account required pam_permit.so\n").start()
    assert_out(asking.login(host, "keyboard-interactive", RIGHT)[0])
    assert_out(asking.login(host, "password", RIGHT)[0])


@pytest.mark.parametrize("verdict", ["acct_expired", "auth_err",
                                     "perm_denied", "user_unknown",
                                     "system_err"])
def test_whatever_else_the_account_stack_says_is_a_no(make, verdict):
    host = make("auth required pam_permit.so\n"
                f"account required pam_debug.so acct={verdict}\n").start()
    assert_out(asking.login(host, "keyboard-interactive", RIGHT)[0])
    assert_out(asking.login(host, "password", RIGHT)[0])


def test_without_a_service_the_daemon_does_not_start(make):
    host = make()
    (host.folder / "etc/pam.d/sallyport").unlink()
    host.start(wait=False)
    wait_until(lambda: "/etc/pam.d/sallyport" in host.log.read_text())


def test_the_service_that_is_shipped_serves(make):
    stack = (sallyport.SOURCE / "etc/pam.d/sallyport").read_text()
    host = make(stack, first=["mount -t tmpfs none /var/log"]).start()
    assert_in(asking.login(host, "keyboard-interactive", RIGHT)[0])
    host.inside("/etc/nologin").write_text("Back at noon.\n")
    assert_out(asking.login(host, "keyboard-interactive", RIGHT)[0])


@pytest.mark.parametrize("way, methods", [
    ("keys+pam", "publickey,password"),
    ("keys+pam", "publickey,keyboard-interactive"),
])
def test_a_key_and_then_pam(make, way, methods):
    host = make(accept=f'"{way}"').start()
    assert_in(asking.login(host, methods, RIGHT)[0])
    assert_out(asking.login(host, methods, "wrong")[0])
    assert_out(asking.login(host, methods.partition(",")[2], RIGHT)[0])
