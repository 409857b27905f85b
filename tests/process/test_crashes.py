"""What these tests see of a fault, in whichever process it is."""

import os
import signal

import pytest

from sallyport import children_of, wait_until


def victim(daemon, program):
    """A process that serves, and the client that it has."""
    client = daemon.popen("echo up; cat")
    assert client.stdout.readline() == b"up\n"
    if program == "supervisor":
        return daemon.process.pid, client
    logins = daemon.pids("login")
    if program == "session":
        return logins[-1], client
    return (logins if program == "login" else daemon.pids(program))[0], client


@pytest.mark.parametrize("program", ["supervisor", "keyholder", "gate",
                                     "login", "session"])
def test_a_crash_of_any_process_fails_its_test(make_daemon, program):
    daemon = make_daemon()
    left = children_of(daemon.process.pid)
    pid, client = victim(daemon, program)
    assert not daemon.faults()
    os.kill(pid, signal.SIGSEGV)
    wait_until(daemon.faults, what=f"a report about {program}")
    with pytest.raises(AssertionError, match="crash|Sanitizer"):
        daemon.stop()
    client.communicate(timeout=10)
    for each in left: # of a supervisor that could end none of them
        try:
            os.kill(each, signal.SIGKILL)
        except ProcessLookupError:
            pass
