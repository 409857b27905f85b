"""The handler commands: programs by a list, and nothing else."""

import asyncio
import json
import os
import secrets
import shutil
import signal
import subprocess
import time

import pytest

import sallyport
from fixtures import make_folder
from sallyport import wait_until

# Says what it was started with, and in what.
SHOW = """\
#!/usr/bin/python3
import json, os, resource, sys
limits = {name: resource.getrlimit(getattr(resource, "RLIMIT_" + name))[0]
          for name in ("CPU", "AS", "NPROC", "NOFILE")}
print(json.dumps({"argv": sys.argv[1:], "env": dict(os.environ),
                  "cwd": os.getcwd(), "limits": limits,
                  "tty": os.isatty(0)}))
"""

CONFIG = """\
server = {{ listen = [ "127.0.0.1:{port}" ]; {server} }};
log = {{ to = "stderr"; format = "json"; level = "debug"; }};
auth = {{ people = {{ type = "roster"; file = "FOLDER/roster"; }}; }};
handlers = {{ run = {{ type = "commands"; {profile} }}; }};
profiles = {{ all = {{ accept = "people"; shell = "run"; exec = "run";
  env = [ "LANG", "PATH", "X_*" ]; }}; }};
rules = ( {{ use = "all"; }} );
"""

COMMANDS = """
  commands = (
    { match = [ "show", "{word}" ]; run = [ "FOLDER/show", "word", "%1" ];
      env = [ "WHO=%i", "WORD=%1", "PATH=/usr/bin" ]; },
    { match = [ "any", "*", "**" ]; run = [ "FOLDER/show", "%1", "--", "%i" ]; },
    { match = [ "rest", "**" ]; run = [ "FOLDER/show", "fixed" ]; },
    { match = [ "two", "**" ]; run = [ "FOLDER/show", "%2" ]; },
    { match = [ "home" ]; run = [ "FOLDER/show" ]; cwd = "%h"; },
    { match = [ "nowhere" ]; run = [ "FOLDER/show" ]; cwd = "/nonexistent"; },
    { match = [ "limited" ]; run = [ "FOLDER/show" ];
      limits = { cpu = "90s"; memory = "2G"; processes = 3000; files = 40;
                 time = "1m"; }; },
    { match = [ "status", "{word}" ];
      run = [ "/bin/sh", "-c", "echo out; echo err >&2; exit $1", "x", "%1" ]; },
    { match = [ "kill" ]; run = [ "/bin/sh", "-c", "kill -TERM $$" ]; },
    { match = [ "count" ]; run = [ "/usr/bin/wc", "-c" ]; },
    { match = [ "sleep" ]; run = [ "/bin/sleep", "1000" ]; },
    { match = [ "deaf", "{word}" ];
      run = [ "/bin/sh", "-c",
              "trap '' HUP; exec >&- 2>&- <&-; sleep $1 & while :; do sleep 1; done",
              "x", "%1" ];
      limits = { time = "1m"; }; },
    { match = [ "late" ]; run = [ "/bin/sleep", "1000" ];
      limits = { time = "1s"; }; },
    { match = [ "stubborn" ];
      run = [ "/bin/sh", "-c", "trap '' TERM; setsid sleep 20 & while :; do sleep 1; done" ];
      limits = { time = "1s"; }; }
  );
  env = [ "ALL=%u", "WHO=nobody" ];
  refused = "Only show and a few are served to %i.\\n";
"""


def fingerprint(key):
    return subprocess.run(["ssh-keygen", "-lf", key], check=True,
                          stdout=subprocess.PIPE).stdout.split()[1].decode()


def copy_modules(folder, *names):
    place = folder / "modules"
    place.mkdir()
    for name in names:
        path = sallyport.BUILD / f"modules/{name}.so"
        if not path.exists():
            path = sallyport.BUILD / f"tests/process/{name}.so"
        shutil.copy(path, place)
    return place


def make_place(identity="team-a"):
    """A folder with modules, a key, and who its owner is."""
    folder = make_folder()
    os.chmod(folder, 0o755)
    copy_modules(folder, "roster", "commands")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                    folder / "key"], check=True)
    (folder / "roster").write_text(
        f"{fingerprint(folder / 'key')} {identity}\n")
    show = folder / "show"
    show.write_text(SHOW)
    show.chmod(0o755)
    return folder


def make_daemon_in(folder, options=COMMANDS):
    return sallyport.Daemon(
        folder, config=CONFIG.replace("FOLDER", str(folder)),
        profile=options.replace("FOLDER", str(folder)),
        arguments=["--modules", str(folder / "modules")])


@pytest.fixture(scope="module")
def daemon():
    folder = make_place()
    with make_daemon_in(folder) as running:
        yield running
    shutil.rmtree(folder, ignore_errors=True)


def show(daemon, command, **kwargs):
    done = daemon.ssh(command, **kwargs)
    assert (done.returncode, done.stderr) == (0, b""), done
    return json.loads(done.stdout)


def test_a_run_is_in_the_log_though_its_session_is_told_to_end(daemon):
    before = len(daemon.records("command_ran"))
    opened = len(daemon.records("session_opened"))
    client = daemon.popen("sleep")
    pid = daemon.expect("session_opened", before=opened)[0]["pid"]
    sallyport.wait_until(lambda: sallyport.children_of(pid)[1:])
    os.kill(pid, signal.SIGTERM)
    client.communicate(timeout=20)
    record = daemon.expect("command_ran", before=before)[0]
    assert record["command"] == "sleep" and record["identity"] == "team-a"


# ---- what is run ----

def test_a_command_on_the_list_is_run_as_the_list_says(daemon):
    seen = show(daemon, "show web")
    assert seen["argv"] == ["word", "web"]
    assert seen["cwd"] == "/" and not seen["tty"]
    peer = seen["env"].pop("SSH_CONNECTION").split()
    assert [peer[0], *peer[2:]] == ["127.0.0.1", "127.0.0.1",
                                    str(daemon.port)]
    assert seen["env"].pop("SSH_CLIENT").split()[::2] == \
        ["127.0.0.1", str(daemon.port)]
    home = seen["env"].pop("HOME")
    assert home == os.path.expanduser(f"~{daemon.user}") or \
        sallyport.is_root() and home == f"/home/{daemon.user}"
    # Python adds one of its own where there is no locale.
    seen["env"].pop("LC_CTYPE", None)
    assert seen["env"] == {
        "WHO": "team-a", "WORD": "web", "PATH": "/usr/bin",
        "ALL": daemon.user, "USER": daemon.user, "LOGNAME": daemon.user,
        "SALLYPORT_IDENTITY": "team-a"}


@pytest.mark.parametrize("command, argv", [
    ("show 'web'", ["word", "web"]),
    ('"show" w\\eb', ["word", "web"]),
    ("any 'a b' c d", ["a b", "--", "team-a"]),
    ("any '$(id)' ';' '|'", ["$(id)", "--", "team-a"]),
    ("any \xe4", ["\xe4", "--", "team-a"]),
    ("rest", ["fixed"]),
    ("rest -- --option /etc/passwd ../..", ["fixed"]),
    ("two a b c", ["b"]),
])
def test_words_become_arguments_only_where_the_list_has_them(
        daemon, command, argv):
    assert show(daemon, command)["argv"] == argv


def test_the_clients_line_is_for_who_lets_any_words_through(daemon):
    seen = show(daemon, "rest 'a b' \\$c")
    assert seen["env"]["SSH_ORIGINAL_COMMAND"] == "rest 'a b' \\$c"
    assert "SSH_ORIGINAL_COMMAND" not in show(daemon, "show web")["env"]


def test_a_clients_variables_are_not_passed_on(daemon):
    seen = show(daemon, "show web", options=["SetEnv=LANG=de X_A=b"])
    assert "LANG" not in seen["env"] and "X_A" not in seen["env"]


def test_a_program_starts_in_its_folder_and_within_its_limits(daemon):
    if os.path.isdir(os.path.expanduser("~")):
        seen = show(daemon, "home")
        assert seen["cwd"] == seen["env"]["HOME"]
    limits = show(daemon, "limited")["limits"]
    assert limits == {"CPU": 90, "AS": 2 << 30, "NPROC": 3000, "NOFILE": 40}


def test_no_terminal_is_given(daemon):
    before = len(daemon.records("command_ran"))
    done = daemon.ssh("show web", options=["RequestTTY=force"])
    # The client has asked for its command already when it gives up.
    daemon.expect("command_ran", before=before)
    assert b"PTY allocation request failed" in done.stderr


# ---- what becomes of it ----

def test_output_and_status_come_back_and_a_run_is_one_line(daemon):
    before = len(daemon.records("command_ran"))
    done = daemon.ssh("status 7")
    assert (done.returncode, done.stdout, done.stderr) == \
        (7, b"out\n", b"err\n")
    record = daemon.expect("command_ran", before=before)[0]
    assert record["command"] == "status 7"
    assert record["identity"] == "team-a" and record["user"] == daemon.user
    assert record["status"] == 7 and "signal" not in record
    assert (record["bytes_in"], record["bytes_out"]) == (0, 8)
    assert 0 <= record["milliseconds"] < 60000
    assert not daemon.records("program_started")


def test_bytes_are_counted_both_ways(daemon):
    before = len(daemon.records("command_ran"))
    done = daemon.ssh("count", input=b"x" * 3000000)
    assert done.stdout == b"3000000\n"
    record = daemon.expect("command_ran", before=before)[0]
    assert (record["bytes_in"], record["bytes_out"]) == (3000000, 8)


def test_a_signal_that_killed_it_is_told(daemon):
    before = len(daemon.records("command_ran"))
    assert daemon.ssh("kill").returncode == 255
    record = daemon.expect("command_ran", before=before)[0]
    assert record["signal"] == 15 and "status" not in record


def test_a_program_whose_client_left_is_logged_too(daemon):
    before = len(daemon.records("command_ran"))
    opened = len(daemon.records("session_opened"))
    client = daemon.popen("sleep")
    own = daemon.expect("session_opened", before=opened)[0]["pid"]
    wait_until(lambda: any(name_of(pid) == "sleep"
                           for pid in sallyport.children_of(own)))
    client.kill()
    client.communicate()
    record = daemon.expect("command_ran", before=before)[0]
    assert record["reason"] == "the client left"
    wait_until(lambda: not any(
        name_of(pid) == "sleep" for pid in daemon.pids()))


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm") as file:
            return file.read().strip()
    except OSError:
        return None


def test_a_program_is_ended_when_its_time_is_over(daemon):
    """The second heeds no SIGTERM, and leaves behind who holds its output."""
    before = len(daemon.records("command_ran"))
    begun = time.monotonic()
    clients = [daemon.popen(command) for command in ("late", "stubborn")]
    for client in clients:
        client.communicate(timeout=30)
        assert client.returncode == 255
    assert time.monotonic() - begun < 15
    records = daemon.expect("command_ran", 2, before=before)
    assert {record["command"]: record["signal"] for record in records} == \
        {"late": 15, "stubborn": 9}
    for record in records:
        assert record["reason"] == "its time was over"
        assert record["milliseconds"] >= 900


def test_nobody_outlives_his_limit_by_losing_his_client(daemon):
    """Neither who ignores that he is hung up, nor his children."""
    mark = str(7000 + secrets.randbelow(1000))

    def running():
        return subprocess.run(["pgrep", "-f", f"sleep {mark}|x {mark}"],
                              stdout=subprocess.PIPE, check=False).stdout

    client = daemon.popen(f"deaf {mark}")
    wait_until(running)
    client.kill()
    client.communicate()
    wait_until(lambda: not running(), 20, "its end")


# ---- what is refused ----

NOT_LISTED = [
    "id", "sh", "bash -i", "/bin/sh", "show", "show web db", "show Web",
    "show -x", "show ..", "show ../x", "show a/b", "show ''", "show 'a b'",
    "SHOW web", "xshow web", "show' 'web", "'show web'", "show\\ web",
    "./show web", "FOLDER/show web", "/usr/bin/show web", "any", "env show web",
    "command show web", "exec show web", "limited x", "show web ''",
    "scp -t .", "rsync --server . x", "sftp-server",
]

NEEDS_SHELL = [
    "show web; id", "show web;id", "show web & id", "show web && id",
    "show web | id", "show web || id", "show $(id)", "show `id`",
    "show web > /tmp/x", "show web < /etc/passwd", "show web 2>&1",
    "show \"$(id)\"", "show \"`id`\"", "show $HOME", "show ${HOME}",
    "show *", "show w?b", "show [a-z]eb", "show {web,db}", "(show web)",
    "show ~", "show web #", "A=b show web", "PATH=/tmp show web",
    "show 'web", "show \"web", "show web\\", "show web\nid", "show web\rid",
    "show\nweb", "\nshow web", "show web\n", "show 'web\nid'",
    "show \"web\nid\"", "show web\\\nid", "show web\x01", "show web\x7f",
    "show web\x1b[2J", "", " ", "\t", "rest\x0bx", "rest 'a\tb'",
]

NOT_PUT_IN = [
    "any ''", "any .", "any ..", "any -x", "any --help", "any -",
    "two a", "two a ''", "two a .", "two a ..", "two a -rf", "two a a/b",
    "two a /", "two a /etc/passwd", "two a ../b",
]


async def ask(daemon, commands, environments=None, user=None):
    """All over one connection, as no stock client would send them."""
    import asyncssh

    environments = environments or [{}] * len(commands)
    async with asyncssh.connect(
            "127.0.0.1", daemon.port, username=user or daemon.user,
            client_keys=[str(daemon.key)], known_hosts=None,
            agent_path=None, config=None) as connection:
        return [await connection.run(command, env=environment, encoding=None,
                                     stdin=asyncssh.DEVNULL)
                for command, environment in zip(commands, environments)]


def attack(daemon, commands, reason):
    before = len(daemon.records("command_refused"))
    ran = len(daemon.records("command_ran"))
    for command, done in zip(commands, asyncio.run(ask(daemon, commands))):
        assert (done.exit_status, done.stdout, done.stderr) == \
            (127, b"", b"Only show and a few are served to team-a.\n"), command
    records = daemon.expect("command_refused", len(commands), before)
    for command, record in zip(commands, records):
        assert record["reason"] == reason, command
        assert record["command"] == command[:1024]
        assert (record["identity"], record["handler"]) == ("team-a", "run")
    assert len(daemon.records("command_ran")) == ran


def test_what_is_not_on_the_list_is_refused(daemon):
    attack(daemon, [command.replace("FOLDER", str(daemon.folder))
                    for command in NOT_LISTED], "it is not on the list")


def test_what_needs_a_shell_is_refused(daemon):
    # With an empty command this client asks for a shell.
    attack(daemon, [command for command in NEEDS_SHELL if command],
           "only a shell could tell what it means")


def test_no_value_becomes_an_option_or_a_path(daemon):
    attack(daemon, NOT_PUT_IN,
           "a value in it, or the identity, may not be put in")


def test_a_command_too_long_or_of_too_many_words_is_refused(daemon):
    attack(daemon, ["rest " + "a" * 65536, "rest" + " a" * 4096],
           "only a shell could tell what it means")


def test_who_asks_for_a_shell_is_told_politely(daemon):
    before = len(daemon.records("command_refused"))
    done = daemon.ssh()
    assert (done.returncode, done.stdout, done.stderr) == \
        (1, b"", b"Hi team-a! There is no shell here, only commands.\n")
    record = daemon.expect("command_refused", before=before)[0]
    assert record["command"] == "shell"


def test_subsystems_are_not_served(daemon):
    assert b"subsystem request failed" in daemon.ssh("-s", "sftp").stderr


def test_a_program_that_cannot_be_started_is_told(daemon):
    before = len(daemon.records("command_refused"))
    done = daemon.ssh("nowhere")
    assert (done.returncode, done.stderr) == \
        (126, b"This command cannot be run now.\n")
    record = daemon.expect("command_refused", before=before)[0]
    assert record["reason"] == "its program cannot be started"


def test_an_identity_that_is_no_name_is_put_in_nowhere(daemon):
    roster = daemon.folder / "roster"
    before = roster.read_text()
    try:
        for identity in ("..", "a/b", "-rf", "a b/../c"):
            roster.write_text(before.replace("team-a", identity))
            results = asyncio.run(
                ask(daemon, ["any x", "show web", "status 3"]))
            assert [done.exit_status for done in results] == [127, 127, 3]
            assert results[0].stderr == b"This is not served here.\n"
    finally:
        roster.write_text(before)


def test_a_clients_variables_are_passed_on_where_that_is_chosen():
    folder = make_place()
    try:
        with make_daemon_in(folder, COMMANDS + "client_env = true;") as daemon:
            seen = show(daemon, "show web",
                        options=["SetEnv=LANG=de X_A=b PATH=/tmp LD_PRELOAD=x "
                                 "X_WHO=c"])
            assert seen["env"]["LANG"] == "de" and seen["env"]["X_A"] == "b"
            assert seen["env"]["PATH"] == "/usr/bin"
            assert "LD_PRELOAD" not in seen["env"]
            # What is set here comes first even where the profile lets it in.
            assert show(daemon, "rest", options=["SetEnv=PATH=/tmp"])[
                "env"]["PATH"] == "/usr/local/bin:/usr/bin:/bin"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# ---- the configuration ----

def check(folder, options):
    daemon = make_daemon_in(folder, options)
    return subprocess.run(
        daemon.apart([str(sallyport.BUILD / "sallyportd"), "--modules",
                      str(folder / "modules"), "check", str(daemon.config)]),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        text=True)


@pytest.fixture(scope="module")
def place():
    folder = make_place()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_each_mistake_in_a_list_has_its_line(place):
    done = check(place, """
  commands = (
    { match = [ "a" ]; run = [ "true" ]; },
    { match = [ "[" ]; run = [ "/bin/true", "%x" ]; cwd = "x"; },
    { run = [ "/bin/true" ]; },
    { match = [ ]; run = [ ]; env = [ "=" ]; },
    { match = "a"; run = "/bin/true"; limits = { cpu = "x"; tme = "1s"; }; },
    { mtch = "a"; }
  );
""")
    assert done.returncode == 78
    where = str(place / "sallyportd.conf")
    for line, text in [
            (6, 'commands[0].run[0]: "true" is no absolute path'),
            (7, 'commands[1].match[0]: "[" has a bracket'),
            (7, 'commands[1].run[1]: "%x" has a "%" that is none'),
            (7, 'commands[1].cwd: "x" is no absolute path'),
            (8, "commands[2]: match is missing"),
            (9, "commands[3].match: a list is empty, expected patterns"),
            (9, "commands[3].run: a list is empty, expected a program's"),
            (9, 'commands[3].env[0]: "=" is no variable'),
            (10, 'commands[4].limits.cpu: "x" does not fit'),
            (10, "commands[4].limits.tme: unknown setting (did you mean "
                 '"time"?)'),
            (11, "commands[5].mtch: unknown setting (did you mean "
                 '"match"?)')]:
        assert f"{where}:{line}: handlers.run.{text}" in done.stdout


def test_what_is_in_a_list_is_shown(place):
    daemon = make_daemon_in(place)
    shown = subprocess.run(
        daemon.apart([str(sallyport.BUILD / "sallyportd"), "--modules",
                      str(place / "modules"), "show", str(daemon.config)]),
        stdout=subprocess.PIPE, check=True, text=True).stdout
    assert 'match = [ "show", "{word}" ]; # ' in shown
    assert 'cwd = "/"; # default' in shown
    assert 'time = "1m"; # ' in shown


@pytest.mark.parametrize("options, reason", [
    ('{ match = "a"; run = "/nonexistent/x"; }', "No such file"),
    ('{ match = "a"; run = "/bin"; }', "is no file"),
    ('{ match = "a"; run = "/etc/passwd"; }', "cannot be executed"),
    ('{ match = "a"; run = "FOLDER/open"; }', "chmod go-w"),
    ('{ match = [ "a", "b" ]; run = [ "/bin/true", "%2" ]; }',
     "takes no such argument"),
])
def test_a_program_that_will_not_do_is_told_at_the_start(
        place, options, reason):
    (place / "open").write_text("#!/bin/sh\n")
    (place / "open").chmod(0o777)
    daemon = make_daemon_in(place, f"commands = ( {options} );")
    daemon.log.write_text("")
    daemon.start(wait=False)
    try:
        assert daemon.process.wait(15) != 0
        assert reason in daemon.log.read_text()
        assert "run (commands): commands[0]" in daemon.log.read_text()
    finally:
        daemon.stop()
