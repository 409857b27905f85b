"""What comes of a module that cannot find out whether a proof is right."""

import shutil
import signal

import pytest

import sallyport
from sallyport import wait_until

CONFIG = sallyport.CONFIG.replace(
    "auth = {{", 'auth = {{ fickle = {{ type = "fickle"; {server} }};').replace(
        'accept = "keys"', 'accept = [ "fickle", "keys" ]').replace(
            "; {server} }};\nlog", "; }};\nlog")


@pytest.fixture
def modules(folder):
    place = folder / "modules"
    place.mkdir()
    for path in ("modules/authorized_keys.so", "modules/login.so",
                 "tests/process/fickle.so"):
        shutil.copy(sallyport.BUILD / path, place)
    return place


@pytest.mark.parametrize("options, is_let_in", [
    ('verdict = "fail";', False),
    ('verdict = "fail"; on_failure = "refuse";', False),
    ('verdict = "fail"; on_failure = "next";', True),
    ('verdict = "deny"; on_failure = "next";', False),
])
def test_a_failure_is_a_refusal_unless_the_way_says_next(
        make_daemon, modules, options, is_let_in):
    daemon = make_daemon(config=CONFIG, server=options,
                         arguments=["--modules", str(modules)])
    done = daemon.ssh("echo", "in")
    assert (done.stdout == b"in\n") == is_let_in, done.stderr
    event = "auth_accepted" if is_let_in else "auth_probe_refused"
    wait_until(lambda: daemon.records(event), what=event)


def test_an_unknown_word_is_a_mistake(make_daemon, modules):
    daemon = make_daemon(config=CONFIG, server='on_failure = "next";',
                         arguments=["--modules", str(modules)])
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace('"next"', '"nxet"'))
    daemon.process.send_signal(signal.SIGHUP)
    record, = daemon.expect("reload_refused")
    assert "auth.fickle.on_failure" in record["reason"]
    assert "next" in record["reason"]
