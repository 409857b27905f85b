"""Whole configurations as an administrator would write them, each for one
purpose, with nothing changed in them but addresses, places and accounts.

They are those that the daemon was designed for, and depart from them where
that could not be:

- exec-only, `user = "any"` of keydb: without it a key lets in who is named
  like its identity. A module is not told whether its profile has a run_as, and
  to let any key in as any account of the machine is no default.
- files, `secret` and `used` of totp, where one `secrets` was meant: a secret
  must be kept from who can write what is used up, and lies elsewhere.
- files: the test adds a `log` that it can read.
"""

import http.server
import json
import os
import subprocess
import threading
import time

import pytest

import sallyport
import test_proxy
from fixtures import needs_root
from test_git import git, make_repository
from test_totp import Place, code_of

pytestmark = needs_root

CTL = sallyport.BUILD / "sallyportctl"

EXEC_ONLY = """\
server = { listen = [ "[::]:2222" ]; login_time = "20s"; };
log    = { format = "json"; };
auth = {
  people = { type = "keydb"; file = "/var/lib/sallyport/keys.db";
             user = "any"; };
  forge  = { type = "http"; url = "http://127.0.0.1:8080/ssh/authorize";
             timeout = "2s"; };
};
handlers = {
  git    = { type = "git"; root = "/srv/git"; write = true; };
  backup = { type = "commands";
    commands = (
      { match = [ "borg", "serve", "**" ];
        run = [ "/usr/bin/borg", "serve", "--restrict-to-path",
                "/srv/borg/%i" ]; },
      { match = [ "rsync", "--server", "**" ];
        run = [ "/usr/bin/rrsync", "/srv/rsync/%i" ]; },
      { match = [ "status", "{word}" ];
        run = [ "/usr/local/bin/ci-status", "%1" ]; }
    );
    refused = "Only borg, rsync and status are served here.\\n"; };
};
profiles = {
  git    = { accept = [ "people", "forge" ]; run_as = "git"; exec = "git";
             env = [ "GIT_PROTOCOL", "LANG", "LC_*" ]; };
  backup = { accept = [ "people" ]; run_as = "backup"; exec = "backup"; };
};
rules = (
  { user = "git"; use = "git"; },
  { user = "backup"; from = [ "10.20.0.0/16" ]; use = "backup"; }
);
"""

FILES = """\
server = { listen = ( { at = "0.0.0.0:2022"; proxy = true;
                        proxy_from = [ "10.0.0.5", "10.0.0.6" ]; } ); };
auth = {
  partners = { type = "userfile"; file = "/etc/sallyport/partners.users"; };
  otp      = { type = "totp"; secret = "/var/lib/sallyport/secrets/%u";
               used = "/var/lib/sallyport/used/%u"; };
};
handlers = {
  drop = { type = "sftp"; upload = "atomic"; hide = [ ".*", "*.part" ];
    file_mode = "0640"; limit_up = "20M/s";
    storage = { type = "local"; root = "/srv/sftp/%i"; quota = "50G"; };
    folders = (
      { path = "/";    may = [ "list" ]; },
      { path = "/in";  may = [ "list", "upload", "resume" ]; },
      { path = "/out"; may = [ "list", "download", "delete" ]; }
    ); };
};
profiles = { partner = { accept = [ "partners+otp" ]; run_as = "sftp";
  sftp = "drop"; scp = "drop"; idle_time = "15m"; }; };
rules = ( { use = "partner"; } );
"""


def placed(text, *changes):
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text.replace("{", "{{").replace("}", "}}").replace("PORT",
                                                              "{port}")


def assert_checks(daemon):
    """In its namespace: not one word."""
    done = subprocess.run(
        daemon.apart([str(sallyport.BUILD / "sallyportd"), "check",
                      str(daemon.config)]), capture_output=True, text=True,
        cwd="/", check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def have(*modules):
    for name in modules:
        if not (sallyport.BUILD / f"modules/{name}.so").exists():
            pytest.skip(f"this build has no module {name}")


# ---- exec-only ----

class Forge(http.server.BaseHTTPRequestHandler):
    """Lets one key in, as dev-bob."""

    def do_POST(self):
        question = json.loads(
            self.rfile.read(int(self.headers["Content-Length"])))
        allowed = self.server.key in json.dumps(question)
        answer = {"id": question["id"],
                  "verdict": "allow" if allowed else "next"}
        if allowed:
            answer["identity"] = "dev-bob"
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def fingerprint(path):
    return subprocess.run(["ssh-keygen", "-lf", path], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.split()[1]


@pytest.fixture
def forge():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forge)
    server.key = "nobody's"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def write_program(path, script):
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_git_and_backups_for_users_that_are_no_accounts(folder, forge):
    have("keydb", "http", "git", "commands")
    os.chmod(folder, 0o755)
    (folder / "srv").mkdir()
    for name in ("borg", "rrsync", "ci-status"):
        write_program(folder / name, f"echo {name} \"$@\"")
    daemon = sallyport.Daemon(folder, config=placed(
        EXEC_ONLY, ("[::]:2222", "127.0.0.1:PORT"),
        ("/var/lib/sallyport", str(folder)),
        ("127.0.0.1:8080", f"127.0.0.1:{forge.server_port}"),
        ("/srv/", f"{folder}/srv/"), ("/usr/bin/", f"{folder}/"),
        ("/usr/local/bin/", f"{folder}/"),
        ("10.20.0.0/16", "127.0.0.0/8")))
    other = folder / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                    other], check=True)
    forge.key = fingerprint(other)
    subprocess.run([CTL, "keydb", "add", folder / "keys.db",
                    daemon.key.with_suffix(".pub"), "team-a"], check=True)
    make_repository(folder / "srv/git/tool.git")
    uid = sallyport.USERS["git"]
    subprocess.run(["chown", "-R", f"{uid}:{uid}", folder / "srv/git"],
                   check=True)
    assert_checks(daemon)
    with daemon:
        backup = daemon.ssh("borg serve --umask=077", user="backup")
        assert backup.stdout.decode() + backup.stderr.decode() == \
            f"borg serve --restrict-to-path {folder}/srv/borg/team-a\n"
        assert daemon.ssh("rsync --server -e.L . x", user="backup").stdout \
            .decode() == f"rrsync {folder}/srv/rsync/team-a\n"
        assert daemon.ssh("status web", user="backup").stdout == \
            b"ci-status web\n"
        for line in ("status", "status a b", "status '; id'", "sh"):
            done = daemon.ssh(line, user="backup")
            assert (done.returncode, done.stderr) == (
                127, b"Only borg, rsync and status are served here.\n"), line
        assert daemon.ssh(user="backup").returncode != 0
        # Both ways to prove who one is lead to the same repositories.
        for key, name in ((daemon.key, "a"), (other, "b")):
            shell = "ssh -F none -p %d -i %s -o IdentitiesOnly=yes " \
                "-o IdentityAgent=none -o StrictHostKeyChecking=no -o " \
                "UserKnownHostsFile=/dev/null -o LogLevel=ERROR" % (
                    daemon.port, key)
            work = folder / f"work-{name}"
            git("clone", "-q", "git@127.0.0.1:tool.git", str(work),
                GIT_SSH_COMMAND=shell, check=False)
            git("commit", "-q", "--allow-empty", "-m", name, cwd=work)
            git("push", "-q", "origin", f"HEAD:{name}", cwd=work,
                GIT_SSH_COMMAND=shell)
        sallyport.wait_until(
            lambda: {record["identity"]
                     for record in daemon.records("command_ran")
                     if record["user"] == "git"} == {"team-a", "dev-bob"})
        # The forge's key is nobody's where the forge is not asked.
        for user in ("backup", "root", "alice"):
            assert daemon.ssh("status web", user=user, options=[
                f"IdentityFile={other}"] if user == "backup" else ())\
                .returncode == (0 if user == "backup" else 255)


# ---- files ----

def log_in(daemon, password, code):
    import paramiko

    sock = test_proxy.connect(daemon, test_proxy.PROXY)
    sock.sendall(test_proxy.v2())
    transport = paramiko.Transport(sock)
    transport.start_client(timeout=20)
    try:
        assert transport.auth_password("acme", password, fallback=False) == \
            ["keyboard-interactive"]
        assert transport.auth_interactive("acme", lambda *_: [code]) == []
    except paramiko.AuthenticationException:
        transport.close()
        return None
    return transport


def test_files_of_partners_behind_a_proxy(folder):
    have("userfile", "totp", "sftp", "local")
    import paramiko

    os.chmod(folder, 0o755)
    place = Place(folder)
    place.write("acme")
    subprocess.run([CTL, "user", "add", folder / "partners.users", "acme"],
                   check=True)
    subprocess.run([CTL, "user", "passwd", folder / "partners.users",
                    "acme"], input=b"Gr8 Kastanie\n", check=True)
    root = folder / "srv/acme"
    uid = sallyport.USERS["backup"]
    for each in ("in", "out"):
        (root / each).mkdir(parents=True)
    (root / "out/report").write_text("for acme\n")
    (root / "out/.hidden").write_text("not seen\n")
    subprocess.run(["chown", "-R", f"{uid}:{uid}", root], check=True)
    daemon = test_proxy.Proxied(folder, config=placed(
        'log = { to = "stderr"; format = "json"; };\n' + FILES,
        ("0.0.0.0:2022", "127.0.0.1:PORT"),
        ("10.0.0.5", test_proxy.PROXY), ("/etc/sallyport", str(folder)),
        ("/var/lib/sallyport", str(folder)), ("/srv/sftp", f"{folder}/srv"),
        ('"sftp";\n', '"backup";\n')))
    assert_checks(daemon)
    with daemon:
        assert log_in(daemon, "wrong", code_of()) is None
        assert log_in(daemon, "Gr8 Kastanie", "000000") is None
        transport = log_in(daemon, "Gr8 Kastanie", code_of())
        assert transport is not None
        files = transport.open_sftp_client()
        assert sorted(files.listdir("/")) == ["in", "out"]
        assert files.listdir("/out") == ["report"]
        with files.open("/in/order", "w") as f:
            f.write("one cake\n")
        assert (root / "in/order").read_text() == "one cake\n"
        assert (root / "in/order").stat().st_mode & 0o777 == 0o640
        with files.open("/out/report") as f:
            assert f.read() == b"for acme\n"
        files.remove("/out/report")
        for act in (lambda: files.open("/in/order").read(),
                    lambda: files.open("/out/new", "w"),
                    lambda: files.open("/new", "w"),
                    lambda: files.remove("/in/order"),
                    lambda: files.stat("/../../" + str(folder)),
                    lambda: files.open("/out/.hidden").read()):
            with pytest.raises(OSError):
                act()
        for what in ("shell", "exec"):
            channel = transport.open_session()
            with pytest.raises(paramiko.SSHException):
                channel.invoke_shell() if what == "shell" else \
                    channel.exec_command("true")
        transport.close()
        record = daemon.expect("auth_accepted")[0]
        assert record["address"] == test_proxy.CLIENT
        # A code is good once.
        assert log_in(daemon, "Gr8 Kastanie", code_of(time.time())) is None
