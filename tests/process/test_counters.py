"""Numbers that all sessions of an identity share, for handlers that ask."""

import pathlib
import shutil
import signal

import pytest

import sallyport
from fixtures import needs_root

OURS = sallyport.BUILD / "tests/process"

CONFIG = """\
server = {{ listen = [ "127.0.0.1:{port}" ]; {server} }};
log = {{ to = "stderr"; format = "json"; level = "debug"; }};
auth = {{ keys = {{ type = "authorized_keys"; {file} }}; }};
handlers = {{ counting = {{ type = "abacus"; shares = true; }};
  silent = {{ type = "abacus"; }}; }};
profiles = {{ all = {{ accept = "keys"; exec = "counting"; {profile} }}; }};
rules = ( {{ use = "all"; }} );
"""


@pytest.fixture
def make(make_daemon, folder):
    modules = folder / "modules"
    modules.mkdir()
    modules.chmod(0o755)
    shutil.copy(OURS / "abacus.so", modules)
    shutil.copy(sallyport.BUILD / "modules/authorized_keys.so", modules)

    def made(**settings):
        settings.setdefault("config", CONFIG)
        return make_daemon(
            arguments=["--modules", str(modules)], **settings)
    return made


class Stay:
    """A connection that is there, so that numbers are."""

    def __init__(self, daemon, **options):
        self.path = daemon.folder / f"master{len(options)}"
        self.client = daemon.popen(
            "-N", options=["ControlMaster=yes", f"ControlPath={self.path}"],
            **options)
        sallyport.wait_until(self.path.exists)

    def leave(self):
        self.client.terminate()
        self.client.wait(20)


def ask(daemon, key, **options):
    done = daemon.ssh(key, **options)
    assert done.returncode == 0, done
    name, number = done.stdout.split()
    assert name == b"counting"
    return int(number)


def test_sessions_of_an_identity_share_them_by_key(make):
    daemon = make()
    stay = Stay(daemon)
    assert [ask(daemon, "a") for _ in range(3)] == [1, 2, 3]
    assert [ask(daemon, "b") for _ in range(2)] == [1, 2]
    assert ask(daemon, "a") == 4
    stay.leave()


@needs_root
def test_another_identity_has_its_own(make):
    daemon = make()
    stays = [Stay(daemon), Stay(daemon, user="bob")]
    assert ask(daemon, "a") == 1
    assert ask(daemon, "a", user="bob") == 1
    assert ask(daemon, "a") == 2
    for stay in stays:
        stay.leave()


def test_they_last_as_long_as_a_session_of_it_does(make):
    daemon = make()
    stay = Stay(daemon)
    assert ask(daemon, "a") == 1
    daemon.process.send_signal(signal.SIGHUP)
    daemon.expect("reloaded")
    assert ask(daemon, "a") == 2
    stay.leave()
    daemon.expect("session_closed", count=3)
    assert ask(daemon, "a") == 1


def test_where_there_is_no_room_the_request_is_refused(make):
    daemon = make()
    stay = Stay(daemon)
    for i in range(64):
        assert ask(daemon, f"key {i}") == 1
    assert daemon.ssh("one more").returncode != 0
    assert ask(daemon, "key 7") == 2
    stay.leave()


def files(daemon):
    return list((daemon.folder / "state/identities").iterdir())


def test_who_does_not_ask_has_none_and_pays_nothing(make):
    daemon = make(config=CONFIG.replace('exec = "counting"',
                                        'exec = "silent"'))
    assert daemon.ssh("a").returncode != 0
    assert files(daemon) == []


@needs_root  # what a session has open is nobody else's to see
def test_a_session_has_them_without_a_descriptor_that_writes(make):
    daemon = make()
    stay = Stay(daemon)
    assert ask(daemon, "a") == 1
    pid = daemon.records("session_opened")[0]["pid"]
    maps = pathlib.Path(f"/proc/{pid}/maps").read_text()
    assert maps.count("/identities/") == 1
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        if "/identities" in str(fd.readlink()):
            info = pathlib.Path(f"/proc/{pid}/fdinfo/{fd.name}").read_text()
            flags = int(info.split("flags:")[1].split()[0], 8)
            assert flags & 3 == 0  # O_RDONLY
    stay.leave()
