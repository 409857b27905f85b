"""A module's service: one process for all logins, kept and confined."""

import os
import pathlib
import shutil
import signal
import threading

import pytest

import sallyport
from sallyport import wait_until

CONFIG = """\
server = {{ listen = [ "127.0.0.1:{port}" ]; {server} }};
log = {{ to = "stderr"; format = "json"; level = "debug"; }};
auth = {{ counted = {{ type = "abacus"; {file} }};
  keys = {{ type = "authorized_keys"; {keys} }}; }};
handlers = {{ login = {{ type = "login"; }}; }};
profiles = {{ all = {{ accept = [ "{first}" ]; exec = "login"; {profile} }}; }};
rules = ( {{ use = "all"; }} );
"""


@pytest.fixture
def modules(folder):
    place = folder / "modules"
    place.mkdir()
    for path in ("modules/authorized_keys.so", "modules/login.so",
                 "tests/process/abacus.so"):
        shutil.copy(sallyport.BUILD / path, place)
    return place


@pytest.fixture
def start(make_daemon, modules, folder):
    def make(option="", first="counted", **more):
        keys = "" if sallyport.is_root() else f'file = "{folder}/0/keys";'
        config = CONFIG.replace("{file}", option).replace(
            "{keys}", keys).replace("{first}", first)
        return make_daemon(config=config, arguments=[
            "--modules", str(modules)], **more)
    return make


def ask(daemon):
    """(how many it has counted, its process, its account)."""
    done = daemon.ssh('echo "$COUNTED"')
    assert done.returncode == 0, done.stderr
    return tuple(map(int, done.stdout.split()))


def status_of(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return {line.partition(":")[0]: line.partition(":")[2].split()
            for line in text.splitlines()}


def test_one_process_remembers_for_all_logins(start):
    daemon = start()
    first, pid, uid = ask(daemon)
    second, same, _ = ask(daemon)
    assert (second > first, same) == (True, pid)
    assert daemon.pids("service") == [pid]
    assert uid == (64813 if sallyport.is_root() else os.geteuid())


def test_it_is_confined(start):
    daemon = start()
    pid, = daemon.pids("service")
    status = status_of(pid)
    own = 64813 if sallyport.is_root() else os.geteuid()
    assert set(status["Uid"]) == {str(own)}
    assert status["NoNewPrivs"] == ["1"]
    if "fsanitize" not in (sallyport.BUILD / "Makefile").read_text():
        assert status["Seccomp"] == ["2"]
    if sallyport.is_root():
        assert status["Groups"] == []
        for name in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
            assert int(status[name][0], 16) == 0
        # What hides its memory belongs to root in /proc.
        assert pathlib.Path(f"/proc/{pid}/mem").stat().st_uid == 0


def test_one_that_dies_is_there_again_and_no_other_login_notices(start):
    daemon = start()
    session = daemon.popen("echo in; cat")
    assert session.stdout.readline() == b"in\n"
    before = daemon.pids("service")
    os.kill(before[0], signal.SIGKILL)
    wait_until(lambda: daemon.pids("service") not in ([], before),
               what="another service")
    died, = daemon.expect("process_died")
    assert (died["role"], died["module"], died["signal"]) == (
        "service", "counted", signal.SIGKILL)
    wait_until(lambda: daemon.ssh("true").returncode == 0,
               what="a login with the next one")
    assert ask(daemon)[1] == daemon.pids("service")[0]
    out, _ = session.communicate(b"still here\n", timeout=20)
    assert out == b"still here\n"


def test_it_may_die_under_load(start):
    daemon = start(server="max_logins_per_source = 100;")
    done, stop = [], threading.Event()

    def load():
        while not stop.is_set():
            done.append(daemon.ssh("true").returncode)

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for death in range(3):
            pid = wait_until(lambda: daemon.pids("service"),
                             20, "a service")[0]
            got = len(done)
            wait_until(lambda: 0 in done[got:], 30, "a login")
            os.kill(pid, signal.SIGKILL)
            daemon.expect("process_died", before=death)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    wait_until(lambda: daemon.ssh("true").returncode == 0, 20, "a login")
    assert not daemon.records("child_died")


def test_one_that_hangs_keeps_nobody_else_out(start):
    daemon = start(first='counted", "keys')
    daemon.config.write_text(daemon.config.read_text().replace(
        'type = "abacus";', 'type = "abacus"; on_failure = "next";'))
    daemon.process.send_signal(signal.SIGHUP)
    daemon.expect("reloaded")
    wait_until(lambda: len(daemon.pids("service")) == 1, what="one service")
    pid, = daemon.pids("service")
    os.kill(pid, signal.SIGSTOP)
    try:
        # Each login waits five seconds, by itself, and goes on by its key.
        waiting = [daemon.popen("echo in") for _ in range(6)]
        for each in waiting:
            out, err = each.communicate(timeout=30)
            assert out == b"in\n", err
    finally:
        os.kill(pid, signal.SIGCONT)
    assert b"in" in daemon.ssh("echo in").stdout
    assert daemon.pids("service") == [pid]


def test_a_reload_brings_another_and_the_old_one_ends(start):
    daemon = start()
    session = daemon.popen("echo in; cat")
    assert session.stdout.readline() == b"in\n"
    before = daemon.pids("service")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.expect("reloaded")
    wait_until(lambda: daemon.pids("service") not in ([], before) and
               before[0] not in daemon.pids("service"), 20, "the next alone")
    assert ask(daemon)[1] == daemon.pids("service")[0]
    ended = [record for record in daemon.records("process_ended")
             if record["process"] == before[0]]
    assert [record["status"] for record in ended] == [0]
    assert session.communicate(b"x\n", timeout=20)[0] == b"x\n"


def test_it_ends_with_the_daemon(start):
    daemon = start()
    pid, = daemon.pids("service")
    daemon.process.send_signal(signal.SIGTERM)
    daemon.process.wait(10)
    wait_until(lambda: not pathlib.Path(f"/proc/{pid}").exists(),
               20, "the end of the service")


def test_a_module_that_ends_its_service_is_started_later_and_later(start):
    daemon = start('mode = "returns";')
    wait_until(lambda: len(daemon.records("process_died")) >= 4,
               20, "four ends")
    waits = [record["milliseconds"]
             for record in daemon.records("process_died")[:4]]
    assert waits == sorted(waits) and waits[0] == 0 and waits[-1] >= 400
    assert "before it was told" in daemon.records(
        "process_failed")[0]["reason"]
    assert daemon.ssh("true").returncode != 0


def test_there_is_none_where_nobody_wants_one(make_daemon):
    daemon = make_daemon()
    assert daemon.ssh("true").returncode == 0
    assert daemon.pids("service") == []


def test_too_many_are_a_mistake(start):
    daemon = start()
    groups = " ".join(f'more{i} = {{ type = "abacus"; }};' for i in range(16))
    daemon.config.write_text(daemon.config.read_text().replace(
        "auth = {", "auth = { " + groups, 1))
    daemon.process.send_signal(signal.SIGHUP)
    refused, = daemon.expect("reload_refused")
    assert "at most 16" in refused["reason"]
