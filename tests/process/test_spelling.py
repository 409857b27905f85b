"""An account that the user database knows by several spellings has one name."""

import glob
import subprocess

import paramiko
import pytest

import asking
import sallyport
from fixtures import needs_root

pytestmark = needs_root

SPELLINGS = ["Bob", "BOB", "bob@example"]
DENIED = """rules = ( {{ user = "bob"; refuse = true; }},
  {{ group = "bob"; refuse = true; }}, {{ use = "all"; }} );"""


@pytest.fixture
def make(make_daemon, folder):
    """A daemon with these rules, and a name service that is not exact."""
    places = glob.glob("/lib/*/libnss_hesiod.so.2")
    if not places:
        pytest.skip("no name service that could be replaced")
    switch = folder / "nsswitch.conf"
    switch.write_text("passwd: files hesiod\ngroup: files\nshadow: files\n")
    ours = sallyport.BUILD / "tests/process/echo.so"

    def made(rules='rules = ( {{ use = "all"; }} );', **settings):
        config = sallyport.CONFIG.replace(
            'rules = ( {{ use = "all"; }} );', rules)
        return make_daemon(config=config, first=[
            f"mount --bind {switch} /etc/nsswitch.conf",
            f"mount --bind {ours} {places[0]}"], **settings)

    return made


def is_let_in(daemon, user):
    return daemon.ssh("echo", "in", user=user).stdout == b"in\n"


def explained(daemon, user):
    """By the daemon's own, in its namespace, with its name service."""
    program = [str(sallyport.BUILD / "sallyportd"), "explain", "-f",
               str(daemon.config), "--modules", str(daemon.modules),
               f"user={user}", "from=127.0.0.1"]
    return subprocess.run(daemon.apart(program), stdout=subprocess.PIPE,
                          text=True, check=True).stdout


@pytest.mark.parametrize("user", SPELLINGS)
def test_who_may_not_come_in_does_not_by_another_spelling(make, user):
    daemon = make(DENIED)
    assert is_let_in(daemon, "alice")
    assert not is_let_in(daemon, "bob")
    assert not is_let_in(daemon, user)
    record, = [each for each in daemon.expect("user_refused", 2)
               if each["user"] == user]
    # The name service is one that knows him so: else he would be unknown.
    assert "another spelling" in record["reason"]


@pytest.mark.parametrize("user", SPELLINGS)
def test_nor_does_who_would_run_as_another(make, user):
    daemon = make(DENIED, profile='run_as = "git";')
    assert is_let_in(daemon, "alice")
    assert not is_let_in(daemon, user)


@pytest.mark.parametrize("user", SPELLINGS)
def test_who_may_come_in_does_by_his_name_alone(make, user):
    daemon = make()
    assert is_let_in(daemon, "bob")
    assert not is_let_in(daemon, user)


def test_so_many_sessions_as_one_may_have_are_those_of_all_spellings(make):
    daemon = make(profile="sessions_per_identity = 1;")
    with daemon.popen("cat", user="bob") as first:
        first.stdin.write(b"x\n")
        first.stdin.flush()
        assert first.stdout.readline() == b"x\n"
        for user in ["bob", *SPELLINGS]:
            assert not is_let_in(daemon, user)
        first.stdin.close()
        first.wait(20)


def refusal(daemon, user):
    """What a key that is right is answered."""
    transport = asking.connect(daemon)
    with pytest.raises(paramiko.AuthenticationException) as refused:
        transport.auth_publickey(user, paramiko.Ed25519Key(
            filename=str(daemon.key)))
    transport.close()
    return type(refused.value), str(refused.value)


def test_another_spelling_looks_like_a_name_that_is_not_there(make):
    """So it does by the time it takes: test_timing.py."""
    daemon = make()
    assert refusal(daemon, "Bob") == refusal(daemon, "nobody-here")


def test_explain_says_by_which_name_he_may_log_in(make):
    daemon = make()
    said = explained(daemon, "Bob")
    assert "the account of that name is bob" in said
    assert "refused: the user database has another spelling" in said
    assert "gets profile all" in explained(daemon, "bob")
