"""ipqos: what the packets of a connection say of themselves, as sshd's."""

import os
import socket

import pytest

import sallyport
from fixtures import needs_root
from test_session_log import descriptor_of

pytestmark = needs_root


def value_of(daemon, *arguments, options=()):
    """IP_TOS of the connection of a session that is running."""
    before = set(daemon.pids("login"))
    client = daemon.popen(*arguments, "echo up; read line", options=options)
    assert client.stdout.readline().strip() == b"up"
    session, = set(daemon.pids("login")) - before
    values = []
    for name in os.listdir(f"/proc/{session}/fd"):
        if not os.readlink(f"/proc/{session}/fd/{name}").startswith("socket"):
            continue
        with descriptor_of(session, int(name)) as copy:
            if copy.family == socket.AF_INET6 and not \
                    copy.getpeername()[0].startswith("::ffff:"):
                values.append(copy.getsockopt(
                    socket.IPPROTO_IPV6, socket.IPV6_TCLASS))
            elif copy.family in (socket.AF_INET, socket.AF_INET6):
                values.append(copy.getsockopt(
                    socket.IPPROTO_IP, socket.IP_TOS))
    client.communicate(b"\n", timeout=20)
    value, = values
    return value


def test_the_first_program_decides(daemon):
    """As with sshd: af21 where it has a terminal, else cs1."""
    assert value_of(daemon) == 0x20
    assert value_of(daemon, "-tt") == 0x48


@pytest.mark.parametrize("setting, bulk, interactive", [
    ('"ef"', 0xb8, 0xb8),
    ('[ "lowdelay", "8" ]', 0x08, 0x10),
    ('"none"', 0, 0)])
def test_a_profile_may_say_otherwise(make_daemon, setting, bulk, interactive):
    daemon = make_daemon(profile=f"ipqos = {setting};")
    assert value_of(daemon) == bulk
    assert value_of(daemon, "-tt") == interactive


def test_packets_of_ipv6_are_marked_too(make_daemon):
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("no ::1")
    daemon = make_daemon(config=sallyport.CONFIG.replace(
        '"127.0.0.1:{port}"', '"127.0.0.1:{port}", "[::1]:{port}"'))
    assert value_of(daemon, options=["HostName=::1"]) == 0x20
    assert value_of(daemon, "-tt", options=["HostName=::1"]) == 0x48


def test_packets_of_ipv4_on_a_socket_of_both_are_marked(make_daemon):
    daemon = make_daemon(config=sallyport.CONFIG.replace(
        "127.0.0.1", "[::]"))
    assert value_of(daemon) == 0x20
