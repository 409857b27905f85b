"""`type = "program"`: a program that is kept running says who may come in."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import textwrap
import threading
import time

import paramiko
import pytest

import asking
import sallyport
from sallyport import wait_until

CONFIG = """\
server = {{ listen = [ "127.0.0.1:{port}" ]; login_time = "20s";
  max_logins_per_source = 100; {server} }};
log = {{ to = "stderr"; format = "json"; level = "debug"; }};
auth = {{ asked = {{ type = "program"; run = [ "WORKER", "one argument" ];
    timeout = "2s"; environment = [ "TEAM*" ]; {file} OPTIONS }};
  other = {{ type = "authorized_keys"; KEYS }}; }};
handlers = {{ login = {{ HANDLER }}; }};
profiles = {{ all = {{ accept = ACCEPT; exec = "login"; {profile} }}; }};
rules = ( {{ use = "all"; }} );
"""

ECHO = """type = "commands";
  commands = ( {{ match = [ "who" ]; run = [ "/bin/echo", "%i" ]; }} );"""

HEAD = """\
#!/usr/bin/python3
import json, os, signal, sys, time
def answer(q, **more):
    print(json.dumps({"id": q["id"], **more}), flush=True)
for line in sys.stdin:
    q = json.loads(line)
"""


def write_worker(path, body):
    """Renamed into its place: another may just be starting."""
    fresh = path.with_suffix(".new")
    fresh.write_text(HEAD + textwrap.indent(textwrap.dedent(body), "    "))
    fresh.chmod(0o755)
    fresh.rename(path)


@pytest.fixture
def start(make_daemon, folder):
    def make(body, options="", accept='"asked"', handler='type = "login";',
             login_time="20s", timeout="2s", **more):
        worker = folder / "worker.py"
        write_worker(worker, body)
        keys = "" if sallyport.is_root() else f'file = "{folder}/0/keys";'
        config = CONFIG.replace("WORKER", str(worker)).replace(
            "OPTIONS", options).replace("KEYS", keys).replace(
                "ACCEPT", accept).replace("HANDLER", handler).replace(
                    '"20s"', f'"{login_time}"').replace(
                        '"2s"', f'"{timeout}"').replace("{file}", "")
        daemon = make_daemon(config=config, **more)
        daemon.worker = worker
        return daemon
    return make


def workers(daemon):
    """The programs of the service."""
    found = []
    for service in daemon.pids("service"):
        found += [pid for pid in sallyport.children_of(service)
                  if pid != service]
    return found


def failures(daemon):
    return [record["reason"] for record in daemon.records("module_error")
            if record["detail"] == "ask_failed"]


def fingerprint(daemon):
    done = subprocess.run(["ssh-keygen", "-lf", f"{daemon.key}.pub"],
                          stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.split()[1]


def ask_password(daemon, *answers, method="password"):
    """What a client gets who types these answers."""
    done, prompts = asking.login(daemon, method, *answers)
    return done.stdout, prompts


# ---- answers ----

PENALTIES = """penalties = { authfail = "60s"; noauth = "0"; min = "150s";
  max = "1000s"; exempt = [ ]; };"""


def test_who_is_asked_again_and_again_has_guessed(start):
    daemon = start('answer(q, prompt="Again? ")', server=PENALTIES,
                   accept='[ "asked", "other" ]')
    asked = []
    for _ in range(3):
        sock = socket.create_connection(("127.0.0.1", daemon.port), 20,
                                        ("127.0.9.1", 0))
        transport = paramiko.Transport(sock)
        transport.start_client(timeout=20)
        with pytest.raises(paramiko.AuthenticationException):
            transport.auth_interactive(
                daemon.user, lambda *_: asked.append(1) or ["guess"])
        transport.close()
    assert len(asked) == 3 * 16
    assert any("again and again" in each for each in failures(daemon))
    daemon.expect("source_penalised")


def test_a_key_is_asked_about_with_all_that_is_known_of_it(start, folder):
    note = folder / "questions"
    note.touch()
    note.chmod(0o666)
    daemon = start(f"""\
        open("{note}", "a").write(line)
        answer(q, verdict="allow", identity="carol")
        """, handler=ECHO)
    done = daemon.ssh("who")
    assert done.stdout == b"carol\n", done.stderr
    probe, proof = map(json.loads, note.read_text().splitlines())
    assert probe.pop("probe") is True and "probe" not in proof
    assert proof["id"] > probe["id"]
    del probe["id"], proof["id"]
    assert probe == proof
    key = daemon.key.with_suffix(".pub").read_text().split()[:2]
    assert proof == {
        "v": 1, "ask": "check", "method": "publickey", "user": daemon.user,
        "key": " ".join(key), "key_fp": fingerprint(daemon),
        "key_alg": "ssh-ed25519", "peer": "127.0.0.1", "local": "127.0.0.1",
        "listener": f"127.0.0.1:{daemon.port}", "profile": "all",
        "way": "asked"}


@pytest.mark.parametrize("verdict, accept, is_let_in", [
    ("deny", '[ "asked", "other" ]', False),
    ("next", '[ "asked", "other" ]', True),
    ("next", '"asked"', False),
    ("fail", '[ "asked", "other" ]', False),
])
def test_its_verdict_is_a_modules(start, verdict, accept, is_let_in):
    daemon = start(f'answer(q, verdict="{verdict}")', accept=accept)
    assert (daemon.ssh("true").returncode == 0) == is_let_in


def test_an_answer_takes_away_and_brings(start):
    daemon = start("""\
        answer(q, v=1, verdict="allow", options='no-pty,command="echo forced"',
               restrict={"pty": "no"}, env={"TEAM": "blue", "LD_PRELOAD": "x"})
        """)
    assert daemon.ssh("echo mine").stdout == b"forced\n"
    write_worker(daemon.worker,
                 'answer(q, verdict="allow", env={"TEAM": "blue"})')
    for pid in workers(daemon):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: daemon.ssh('echo "$TEAM"').stdout == b"blue\n",
               what="the variable")
    assert any("LD_PRELOAD" in record["reason"]
               for record in daemon.records("module_notice"))


@pytest.mark.parametrize("more", [
    'options="no-such-option"', 'restrict={"fly": "no"}',
    'restrict={"pty": "perhaps"}', 'identity="a/b\\n"',
    'env={"TEAM=x": "1"}', 'options="expiry-time=\\"19990101\\""',
])
def test_what_cannot_be_kept_makes_a_yes_a_no(start, more):
    daemon = start(f'answer(q, verdict="allow", {more})')
    assert daemon.ssh("true").returncode != 0


def test_a_password_is_right_or_wrong_and_in_no_log(start):
    daemon = start("""\
        answer(q, verdict="allow" if q.get("password") == 'Gr\\u00fcn"\\\\ \\U0001f40d'
               else "deny")
        """)
    secret = 'Grün"\\ 🐍'
    assert ask_password(daemon, secret)[0] == b"in\n"
    assert ask_password(daemon, "Rot-8fj2kd")[0] == b""
    # No UTF-8, which no JSON can hold: nobody is asked, nobody let in.
    transport = asking.connect(daemon)
    try:
        with pytest.raises(paramiko.AuthenticationException):
            transport.auth_password(daemon.user, b"\xff\xfe-8fj2kd")
    finally:
        transport.close()
    for text in (secret, "Grün", "8fj2kd", "\\u00fc"):
        assert text not in daemon.log.read_text(errors="replace")
    assert not failures(daemon)


def test_it_prompts_the_client_who_answers_it_again(start):
    daemon = start("""\
        if q["ask"] == "check":
            answer(q, prompt="Colour? ", echo=True)
        elif q["answer"] == "blue-77":
            answer(q, prompt="Really? ", echo=False)
        else:
            answer(q, verdict="allow" if q["answer"] == "yes" else "deny")
        """)
    said, prompts = ask_password(daemon, "blue-77", "yes",
                                 method="keyboard-interactive")
    assert (said, prompts) == (b"in\n", ["Colour? ", "Really? "])
    assert ask_password(daemon, "no-77", method="keyboard-interactive"
                        )[0] == b""
    assert ask_password(daemon, "blue-77", "no",
                        method="keyboard-interactive")[0] == b""
    assert not failures(daemon)
    asking.assert_no_secret(daemon, "no-77", "blue-77")


# ---- what goes wrong ----

BAD = {
    "dies": ("os.kill(os.getpid(), 6)", "died of signal 6"),
    "ends": ("sys.exit(3)", "ended with status 3"),
    "hangs": ("time.sleep(60)", "no answer within 2000 ms"),
    "closes": ("os.close(1); time.sleep(60)", "closed its output"),
    "is no JSON": ("print('yes', flush=True)", "not the JSON object"),
    "is empty": ("print(flush=True)", "not the JSON object"),
    "has a tail": ("print(json.dumps({'id': q['id'], 'verdict': 'allow'}) + '}', "
                   "flush=True)", "not the JSON object"),
    "says it twice": ("print('{\"id\":%d,\"verdict\":\"deny\","
                      "\"verdict\":\"allow\"}' % q['id'], flush=True)",
                      "not the JSON object"),
    "is too long": ("print('x' * 20000, flush=True)", "too long"),
    "is for another": ("q['id'] += 1; answer(q, verdict='allow')",
                       "another question"),
    "has no id": ("print('{\"verdict\":\"allow\"}', flush=True)", 'no "id"'),
    "is two": ("os.write(1, 2 * (json.dumps({'id': q['id'], "
               "'verdict': 'allow'}) + '\\n').encode())", "more than one"),
    "says more than is known": (
        "answer(q, verdict='allow', restrcit={})", '"restrcit"'),
    "has no verdict": ("answer(q)", "neither"),
    "has another word": ("answer(q, verdict='ALLOW')", "not the JSON object"),
    "is a whole number less": (
        "print('{\"id\":%d.0,\"verdict\":\"allow\"}' % q['id'], flush=True)",
        "not the JSON object"),
}


@pytest.mark.parametrize("kind", BAD)
def test_no_answer_is_a_refusal_with_one_line(start, kind):
    body, words = BAD[kind]
    daemon = start(body, accept='[ "asked", "other" ]')
    assert daemon.ssh("true").returncode != 0
    reason, = wait_until(lambda: failures(daemon), what="a line")
    assert words in reason
    assert f"about {daemon.user}" in reason and "another starts" in reason
    wait_until(lambda: workers(daemon), what="the next one")


def test_on_failure_says_whether_the_next_way_is_asked(start):
    daemon = start("sys.exit(1)", options='on_failure = "next";',
                   accept='[ "asked", "other" ]')
    assert daemon.ssh("echo in").stdout == b"in\n"


def test_it_is_started_later_and_later_and_at_once_when_it_is_well(start):
    daemon = start("sys.exit(1)")
    started = time.monotonic()
    for _ in range(4):
        before = len(failures(daemon))
        daemon.ssh("true")
        wait_until(lambda: len(failures(daemon)) > before, what="a failure")
    waits = [int(reason.split(" starts in ")[1].split()[0])
             for reason in failures(daemon)]
    assert waits[:3] == [0, 100, 200], waits
    assert time.monotonic() - started < 15
    write_worker(daemon.worker, 'answer(q, verdict="allow")\nsys.exit(0)')
    for pid in workers(daemon):
        os.kill(pid, signal.SIGKILL)
    # Each answers once and ends, which costs nobody anything.
    wait_until(lambda: daemon.ssh("true").returncode == 0, 30, "a login")


def test_who_wrote_what_nobody_asked_for_is_ended(start):
    daemon = start("answer(q, verdict='allow')")
    write_worker(daemon.worker, "pass")
    daemon.worker.write_text(
        '#!/bin/sh\necho \'{"id":1,"verdict":"allow"}\'\nsleep 60\n')
    for pid in workers(daemon):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: [record for record in daemon.records("module_warning")
                        if "nobody had asked" in record["reason"]],
               what="a line about it")
    assert daemon.ssh("true").returncode != 0


def test_one_that_hangs_delays_no_other_way_and_no_other_login(start):
    daemon = start("""\
        if q["method"] == "password": time.sleep(60)
        answer(q, verdict="allow")
        """, options="workers = 2;")
    slow = threading.Thread(target=ask_password, args=(daemon, "x"))
    slow.start()
    try:
        time.sleep(0.5)
        started = time.monotonic()
        assert daemon.ssh("true").returncode == 0
        assert time.monotonic() - started < 1.5
    finally:
        slow.join()
    assert "no answer within" in failures(daemon)[0]


def test_a_login_that_leaves_costs_no_program(start):
    daemon = start("""\
        if q["method"] == "password": time.sleep(5)
        answer(q, verdict="allow")
        """, login_time="1s", timeout="10s")
    before = workers(daemon)
    assert ask_password(daemon, "x")[0] == b""
    daemon.expect("login_hangs")
    # Its answer comes when nobody waits for it, and is nobody's.
    wait_until(lambda: daemon.ssh("true").returncode == 0, 20, "a login")
    assert workers(daemon) == before
    assert not daemon.records("module_warning") and not failures(daemon)


def test_many_at_once_all_get_their_own_answer(start):
    daemon = start("""\
        time.sleep(0.01)
        answer(q, verdict="allow", env={"TEAM": str(q["id"])})
        """, options="workers = 3;")
    clients = [daemon.popen("echo $TEAM") for _ in range(16)]
    said = [each.communicate(timeout=60)[0] for each in clients]
    assert len(set(said)) == 16 and b"" not in said
    assert len(workers(daemon)) == 3
    assert not failures(daemon)


def test_programs_end_with_their_service_however_it_ends(start):
    daemon = start("answer(q, verdict='allow')", options="workers = 2;")
    assert daemon.ssh("true").returncode == 0
    before = workers(daemon)
    assert len(before) == 2
    os.kill(daemon.pids("service")[0], signal.SIGKILL)
    wait_until(lambda: not any(pathlib.Path(f"/proc/{pid}").exists()
                               for pid in before), what="their end")
    wait_until(lambda: len(workers(daemon)) == 2, what="the next")
    assert daemon.ssh("true").returncode == 0
    daemon.process.send_signal(signal.SIGHUP)
    daemon.expect("reloaded")
    wait_until(lambda: len(daemon.pids("service")) == 1, 20, "one service")
    wait_until(lambda: len(workers(daemon)) == 2, what="their programs")
    assert daemon.ssh("true").returncode == 0


def test_a_program_has_no_rights_and_nothing_open(start, folder):
    note = folder / "facts"
    note.touch()
    note.chmod(0o666)
    daemon = start(f"""\
        fds = sorted(os.listdir("/proc/self/fd"))
        text = open("/proc/self/status").read()
        json.dump([fds, text, dict(os.environ), sys.argv[1:]],
                  open("{note}", "w"))
        answer(q, verdict="allow")
        """, options='set = [ "COLOUR=blue" ];')
    assert daemon.ssh("true").returncode == 0
    fds, text, environment, arguments = json.loads(note.read_text())
    assert fds == ["0", "1", "2", "3"]  # the last is the listing's
    assert "NoNewPrivs:\t1" in text
    if sallyport.is_root():
        assert "Uid:\t64813\t64813\t64813\t64813" in text
        assert "CapEff:\t0000000000000000" in text
    assert environment["COLOUR"] == "blue"
    assert set(environment) <= {"COLOUR", "PATH", "LANG", "LC_CTYPE"}
    assert arguments == ["one argument"]


def test_a_program_that_others_may_change_is_a_mistake(start):
    daemon = start("answer(q, verdict='allow')")
    daemon.worker.chmod(0o777)
    daemon.process.send_signal(signal.SIGHUP)
    daemon.expect("reload_refused")
    assert any(str(daemon.worker) in record["reason"]
               for record in daemon.records("process_failed"))
    assert daemon.ssh("true").returncode == 0


def test_the_example_is_short_and_lets_in_by_fingerprint(make_daemon, folder):
    example = sallyport.SOURCE / "examples/json_worker.py"
    assert len(example.read_text().splitlines()) <= 15
    worker, team = folder / "worker.py", folder / "team"
    shutil.copy(example, worker)
    team.write_text("SHA256:nobodys mallory\n")
    config = CONFIG.replace("WORKER", str(worker)).replace(
        "one argument", str(team)).replace("OPTIONS", "").replace(
            "KEYS", "").replace("ACCEPT", '"asked"').replace(
                "HANDLER", ECHO).replace("{file}", "")
    daemon = make_daemon(config=config)
    assert daemon.ssh("who").returncode != 0
    team.write_text(f"{fingerprint(daemon)} carol\n")
    for pid in workers(daemon):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: daemon.ssh("who").stdout == b"carol\n",
               what="a login by the example")
