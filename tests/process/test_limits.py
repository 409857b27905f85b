"""What a profile leaves to the programs that it lets run."""

import asyncio
import pathlib
import re
import time

import sallyport
from fixtures import needs_root
from sallyport import wait_until

LIMITS = """limits = { cpu = "90s"; memory = "700M"; processes = 4000;
    files = 99; };"""


def is_there(pid):
    return pathlib.Path(f"/proc/{pid}").exists()


# ---- limits of the system's ----

def test_limits_are_the_programs_alone(make_daemon):
    daemon = make_daemon(profile=LIMITS)
    before = set(daemon.pids("login"))
    client = daemon.popen("ulimit -t; ulimit -Hv; ulimit -Hu; ulimit -Hn; "
                          "ulimit -n; cat")
    lines = [client.stdout.readline() for _ in range(5)]
    assert lines == [b"90\n", b"716800\n", b"4000\n", b"99\n", b"99\n"]
    session, = set(daemon.pids("login")) - before
    own = pathlib.Path(f"/proc/{session}/limits").read_text()
    assert re.search(r"^Max cpu time +unlimited", own, re.M)
    assert re.search(r"^Max address space +unlimited", own, re.M)
    client.communicate(timeout=10)
    # On a terminal too.
    done = daemon.ssh("-tt", "ulimit -Hn; ulimit -Hn 100")
    assert done.stdout.startswith(b"99\r\n")
    assert b"cannot modify limit" in done.stdout


def test_memory_that_is_not_there_cannot_be_had(make_daemon):
    daemon = make_daemon(profile='limits = { memory = "300M"; };')
    script = "/usr/bin/python3 -c 'print(len(bytes({} << 20)))'"
    assert daemon.ssh(script.format(50)).stdout == b"52428800\n"
    done = daemon.ssh(script.format(400))
    assert done.stdout == b""
    assert b"MemoryError" in done.stderr


def test_who_computes_too_long_is_killed(make_daemon):
    daemon = make_daemon(profile='limits = { cpu = "1s"; };')
    done = daemon.ssh("(while :; do :; done); echo $?")
    assert done.stdout == b"152\n"  # SIGXCPU


# ---- time ----

def test_a_program_is_told_to_end_when_its_time_is_up(make_daemon):
    daemon = make_daemon(profile='limits = { time = "500ms"; };')
    done = daemon.ssh("trap 'echo told; exit 6' TERM; echo up; "
                      "while :; do sleep 0.02; done")
    assert (done.stdout, done.returncode) == (b"up\ntold\n", 6)
    record = daemon.expect("program_overdue")[0]
    assert record["milliseconds"] == 500
    # The connection is good for others, and who is quick is not touched.
    assert daemon.ssh("echo quick").stdout == b"quick\n"
    daemon.expect("program_overdue")


def test_who_is_stopped_hears_of_it(make_daemon):
    daemon = make_daemon(profile='limits = { time = "500ms"; };')
    done = daemon.ssh("trap 'echo told; exit 6' TERM; echo up; kill -STOP $$")
    assert (done.stdout, done.returncode) == (b"up\ntold\n", 6)


def test_who_does_not_end_is_killed_with_all_of_the_group(make_daemon):
    daemon = make_daemon(profile='limits = { time = "500ms"; };')
    client = daemon.popen("trap '' TERM; sleep 3011 & echo $!; "
                          "while :; do sleep 0.02; done")
    child = int(client.stdout.readline())
    out, _ = client.communicate(timeout=20)
    assert client.returncode == 255     # ssh's word for a signal
    wait_until(lambda: not is_there(child), what="the end of the group")


def test_children_have_their_time_when_the_leader_ends_at_once(make_daemon):
    """And are killed with the group's number still theirs."""
    daemon = make_daemon(profile='limits = { time = "500ms"; };')
    client = daemon.popen(
        "(trap 'sleep 0.1; echo cleaned up' TERM; echo up; "
        " while :; do sleep 0.02; done) & sleep 3012")
    assert client.stdout.readline() == b"up\n"
    out, _ = client.communicate(timeout=20)
    assert out.startswith(b"cleaned up\n")
    assert client.returncode == 255
    daemon.expect("program_overdue")


def test_others_are_reaped_while_one_is_overdue(make_daemon):
    import asyncssh

    daemon = make_daemon(profile='limits = { time = "1s"; };')

    async def ask():
        async with asyncssh.connect(
                "127.0.0.1", daemon.port, username=daemon.user,
                client_keys=[str(daemon.key)], known_hosts=None,
                agent_path=None, config=None) as connection:
            slow = await connection.create_process(
                "trap 'echo told' TERM; echo up; while :; do sleep 0.02; done")
            assert await slow.stdout.readline() == "up\n"
            assert await slow.stdout.readline() == "told\n"
            start = time.monotonic()
            quick = await connection.run("echo quick; exit 3")
            assert (quick.stdout, quick.exit_status) == ("quick\n", 3)
            took = time.monotonic() - start
            done = await slow.wait()
            assert done.exit_signal[0] == "KILL"
            return took, time.monotonic() - start

    quick, slow = asyncio.run(ask())
    assert quick < slow


def test_who_left_others_behind_is_not_waited_for(make_daemon):
    daemon = make_daemon(profile='limits = { time = "500ms"; };')
    done = daemon.ssh("sleep 3013 & echo $!; exit 5", timeout=20)
    assert done.returncode == 5
    daemon.expect("program_overdue")


# ---- what is restored, and what is set ----

def test_the_umask_is_the_profiles(make_daemon):
    daemon = make_daemon(profile='umask = "0077";')
    assert daemon.ssh("umask").stdout == b"0077\n"
    assert daemon.ssh("-tt", "umask").stdout == b"0077\r\n"


# ---- privileges ----

SETUID = "grep NoNewPrivs /proc/self/status"


def no_new_privs(daemon):
    return daemon.ssh(SETUID).stdout.split()[1] == b"1"


@needs_root
def test_no_new_privileges_unless_there_is_a_shell(make_daemon, folder):
    assert not no_new_privs(make_daemon())
    assert no_new_privs(make_daemon(profile="no_new_privs = true;"))
    without = sallyport.CONFIG.replace('shell = "login"; ', "")
    assert no_new_privs(make_daemon(config=without))
    assert not no_new_privs(make_daemon(config=without,
                                        profile="no_new_privs = false;"))
