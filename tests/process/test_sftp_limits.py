"""How fast files come and go, in all sessions of an identity together."""

import os
import signal
import threading
import time

import pytest

# Their fixtures, and a daemon that serves files by both protocols.
from test_sftp import connect, digest, needs_home  # noqa: F401
from test_scp import Copies

pytestmark = needs_home

SLOW = """\
  slow = {{ type = "sftp"; limit_up = "1M/s"; limit_down = "1M/s"; }};
  up = {{ type = "sftp"; limit_up = "1M/s"; }};
"""

SIZE = 1500000
LEAST = (SIZE - (1 << 20) / 4) / (1 << 20)


@pytest.fixture
def make(folder):
    running = []

    def made(sftp):
        place = folder / str(len(running))
        place.mkdir()
        os.chmod(folder, 0o755)
        running.append(Copies(place, scp=sftp, own=SLOW))
        daemon = running[-1].start()
        (daemon.here / "a").write_bytes(os.urandom(SIZE))
        (daemon.home / "b").write_bytes(os.urandom(SIZE))
        return daemon

    yield made
    for each in running:
        each.stop()


def time_of(function, *arguments):
    start = time.monotonic()
    function(*arguments)
    return time.monotonic() - start


def test_files_come_and_go_no_faster(make):
    daemon = make("slow")
    for attempt in (lambda: daemon.good("put a c\n"),
                    lambda: daemon.good("get b d\n"),
                    lambda: daemon.copy("a", daemon.far("e")),
                    lambda: daemon.copy(daemon.far("b"), "f")):
        assert time_of(attempt) > LEAST
    for here, there in (("a", "c"), ("d", "b"), ("a", "e"), ("f", "b")):
        assert digest(daemon.here / here) == digest(daemon.home / there)


def test_channels_of_a_session_share_it(make, connect):  # noqa: F811
    daemon = make("slow")
    transport = connect(daemon).get_channel().get_transport()
    data = os.urandom(SIZE // 3)

    def put(number):
        with transport.open_sftp_client().open(f"x{number}", "wb") as far:
            far.set_pipelined(True)
            far.write(data)

    def put_all():
        threads = [threading.Thread(target=put, args=(i,)) for i in range(3)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    assert time_of(put_all) > LEAST
    for i in range(3):
        assert (daemon.home / f"x{i}").read_bytes() == data


def all_at_once(function, count):
    threads = [threading.Thread(target=function, args=(i,))
               for i in range(count)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


@pytest.mark.parametrize("way", ["put", "get"])
def test_four_sessions_have_together_what_one_has(
        make, connect, way):  # noqa: F811
    daemon = make("slow")
    data = os.urandom(SIZE // 4)
    far = [connect(daemon) for _ in range(4)]
    for i in range(4):
        (daemon.home / f"there{i}").write_bytes(data)
    got = {}

    def put(i):
        with far[i].open(f"x{i}", "wb") as file:
            file.set_pipelined(True)
            file.write(data)

    def get(i):
        with far[i].open(f"there{i}", "rb") as file:
            file.prefetch(len(data))
            got[i] = file.read()

    took = time_of(all_at_once, put if way == "put" else get, 4)
    # Nobody waits for much longer than for one session, either.
    assert LEAST < took < 3 * LEAST
    for i in range(4):
        assert (got[i] if way == "get"
                else (daemon.home / f"x{i}").read_bytes()) == data


def test_what_one_session_took_the_next_waits_for(make, connect):  # noqa: F811
    """Who leaves and comes again begins with what is left."""
    daemon = make("slow")
    stays = connect(daemon)
    data = os.urandom(SIZE // 4)

    def put_in_turn():
        for i in range(4):
            with connect(daemon).open(f"x{i}", "wb") as file:
                file.write(data)

    assert time_of(put_in_turn) > LEAST
    stays.close()


def test_it_holds_over_a_reload(make, connect):  # noqa: F811
    daemon = make("slow")
    early = connect(daemon)
    daemon.process.send_signal(signal.SIGHUP)
    daemon.expect("reloaded")
    far = [early, connect(daemon)]
    data = os.urandom(SIZE // 2)

    def put(i):
        with far[i].open(f"x{i}", "wb") as file:
            file.set_pipelined(True)
            file.write(data)

    assert time_of(all_at_once, put, 2) > LEAST


def test_one_way_does_not_slow_the_other(make):
    """What goes to the client has no limit here, and comes at once."""
    daemon = make("up")
    (daemon.home / "big").write_bytes(os.urandom(64 << 20))
    daemon.good("get big big\n")
    assert digest(daemon.here / "big") == digest(daemon.home / "big")
    assert time_of(lambda: daemon.good("put a c\n")) > LEAST
