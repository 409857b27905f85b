"""The soak of "make soak", for some seconds: that it runs, and can fail."""

import collections
import pathlib
import sys

import pytest

import sallyport
from fixtures import needs_root
from test_leaks import needs_clients

SOAK = pathlib.Path(__file__).parents[1] / "soak"
sys.path.append(str(SOAK))
sys.path.append(str(SOAK.parent / "interop"))

# pylint: disable=wrong-import-position
import soak  # noqa: E402
import visitors  # noqa: E402

pytestmark = needs_root

FEW = ["ssh: a command", "ssh: a wrong key", "ssh: kills its session",
       "20 pieces of junk", "50 logins, 8 at a time",
       *visitors.WITH_PAM, *visitors.WITH_GIT]


@pytest.fixture
def house(folder):
    folder.chmod(0o755)
    with soak.House(folder) as running:
        yield running


@needs_clients
def test_a_short_one_leaves_all_as_it_was(house, monkeypatch):
    if sallyport.is_sanitized():
        pytest.skip("its allocator keeps what was freed")
    monkeypatch.setattr(soak, "DISTURBED_EVERY", 0.7)
    monkeypatch.setattr(soak, "WARM_UP", 0.3)
    one = soak.Soak(house, 3, FEW)
    assert not one.run()
    report = "\n".join(one.report())
    assert all(name in report for name in one.crowd) and "0 faults" in report


def test_it_sees_what_is_left_behind(house, monkeypatch):
    """A process that stays, a file, and a visitor who was not served."""
    monkeypatch.setattr(soak, "SETTLING", 1)
    monkeypatch.setattr(soak, "FILES_SETTLE", 1)
    assert house.ssh("true").returncode == 0
    wanted, files = soak.rest(house), house.files()
    stays = house.popen("cat")
    stays.stdin.write(b"hello\n")
    stays.stdin.flush()
    assert stays.stdout.readline() == b"hello\n"
    (house.inside("/tmp") / "left").touch()
    assert soak.settle(house, wanted)
    assert soak.compare_files(house, files) or "/tmp" not in house.PRIVATE
    stays.communicate()

    def disappointed(_):
        visitors.expect(False, "not served")
    visiting, = soak.let_in(house, {"nobody": disappointed}, 0.1)
    assert visiting.faults and not visiting.done
    then = {1: soak.Process("gate", 5, 1000)}
    now = {2: soak.Process("gate", 5, 1000 + soak.GROWTH + 1)}
    assert soak.compare_memory(then, now)
    assert not soak.compare_memory(then, then)
    calm = soak.Disturbance()
    assert calm.done == collections.Counter()
    assert not soak.compare_log(house, calm)
    sallyport.os.kill(house.pids("keyholder")[0], 9)
    sallyport.wait_until(lambda: house.records("process_died"))
    assert soak.compare_log(house, calm)
