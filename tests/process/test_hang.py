"""What a login asks may hang: its time ends it, and nobody else waits."""

import glob
import shutil
import time

import pytest

import sallyport
from fixtures import needs_root
from sallyport import wait_until

pytestmark = needs_root

OURS = sallyport.BUILD / "tests/process"
SERVER = 'gates = 1; login_time = "3s";'


def assert_login(daemon):
    done = daemon.ssh("echo", "in")
    assert done.stdout == b"in\n", done.stderr


def assert_ends_alone(daemon, user):
    """His login hangs, and ends; the line about it."""
    zygote, = daemon.pids("login")
    began = time.monotonic()
    client = daemon.popen("true", user=user)
    wait_until(lambda: len(daemon.pids("login")) == 2)
    assert_login(daemon)
    assert client.poll() is None or time.monotonic() - began > 3
    client.communicate(timeout=20)
    assert client.returncode == 255
    assert time.monotonic() - began >= 2.9
    line, = daemon.expect("login_hangs")
    assert (line["user"], line["address"]) == (user, "127.0.0.1")
    wait_until(lambda: daemon.pids("login") == [zygote])
    assert_login(daemon)
    assert not daemon.records("child_died")
    return line["reason"]


def test_a_module_that_hangs_is_named(make_daemon, folder):
    modules = folder / "modules"
    modules.mkdir()
    for path in (sallyport.BUILD / "modules").glob("*.so"):
        shutil.copy(path, modules)
    shutil.copy(OURS / "sloth.so", modules)
    config = sallyport.CONFIG.replace(
        "auth = {{", 'auth = {{ slow = {{ type = "sloth"; }};').replace(
            'accept = "keys"', 'accept = [ "slow", "keys" ]')
    daemon = make_daemon(config=config, server=SERVER,
                         arguments=["--modules", str(modules)])
    reason = assert_ends_alone(daemon, "bob")
    assert '"slow"' in reason and "sloth" in reason


def test_a_name_service_that_hangs_is_told_of(make_daemon, folder):
    places = glob.glob("/lib/*/libnss_hesiod.so.2")
    if not places:
        pytest.skip("no name service that could be replaced")
    switch = folder / "nsswitch.conf"
    switch.write_text("passwd: files hesiod\ngroup: files\nshadow: files\n")
    daemon = make_daemon(server=SERVER, first=[
        f"mount --bind {switch} /etc/nsswitch.conf",
        f"mount --bind {OURS / 'limbo.so'} {places[0]}"])
    reason = assert_ends_alone(daemon, "sleeper")
    assert "account" in reason


