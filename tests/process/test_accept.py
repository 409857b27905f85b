"""What the manual promises of rules and `accept`, sentence by sentence.

Names that no account has are let in by profiles that run as one, so that each
can have a rule and a profile of its own in one daemon.
"""

import concurrent.futures
import itertools
import os
import shutil

import paramiko
import pytest

import asking
import sallyport
from fixtures import make_folder, needs_root
from sallyport import wait_until

pytestmark = needs_root

# What each way says to the password that is right; quiz.c has the rest.
SAYS = {"vague": "NEXT", "harsh": "DENY", "broken": "FAIL", "weak": "FAIL, next",
        "half": "MORE", "words": "ALLOW"}

# Each of some ways, in any order.
ORDERS = [order for count in (1, 2, 3)
          for order in itertools.permutations(SAYS, count)]

CONFIG = """\
server = {{ listen = [ "127.0.0.1:{port}" ]; max_tries = 20;
  max_logins_per_source = 64; max_waiting_per_source = 200; {server} }};
log = {{ to = "stderr"; format = "json"; level = "debug"; }};
auth = {{
  keys = {{ type = "authorized_keys"; file = "/home/git/.ssh/authorized_keys"; }};
  own = {{ type = "authorized_keys"; }};
  words = {{ type = "quiz"; password = "right"; }};
  rounds = {{ type = "quiz"; answers = [ "one" ]; }};
  vague = {{ type = "quiz"; password = "right"; verdict = "next"; }};
  harsh = {{ type = "quiz"; password = "right"; verdict = "deny"; }};
  broken = {{ type = "quiz"; password = "right"; verdict = "fail"; }};
  weak = {{ type = "quiz"; password = "right"; verdict = "fail";
    on_failure = "next"; }};
  half = {{ type = "quiz"; password = "right"; verdict = "more"; }};
}};
handlers = {{ login = {{ type = "login"; }};
  one = {{ type = "commands";
    commands = ( {{ match = [ "echo", "in" ]; run = [ "/bin/echo", "%u" ]; }} ); }};
}};
profiles = {{ {profile} }};
rules = ( RULES );
"""


def profile_of(name, *ways):
    """A profile and the rule by which this name alone has it."""
    accept = ", ".join(f'"{way}"' for way in ways)
    return (f"{name} = {{ accept = [ {accept} ]; "
            f'exec = "one"; run_as = "git"; }};',
            f'{{ user = "{name}"; use = "{name}"; }}')


def name_of(order):
    return "-".join(order)


def configuration():
    each = [profile_of(name_of(order), *order) for order in ORDERS]
    each += [
        profile_of("half-then-rounds", "half+rounds"),
        profile_of("words-or-half-then-rounds", "vague", "half+rounds"),
        profile_of("branches", "keys+words", "keys+rounds", "words+keys"),
        profile_of("same-key", "keys+keys"),
        profile_of("same-key-two-ways", "keys+own"),
        ('no-exec = { accept = "keys"; run_as = "git"; };',
         '{ user = "no-exec"; use = "no-exec"; }'),
        profile_of("first", "words"),
        (profile_of("second", "keys")[0],
         '{ user = [ "first", "second" ]; use = "second"; }'),
        profile_of("shown", "rounds"),
    ]
    profiles, rules = zip(*each)
    return (" ".join(profiles), ", ".join(rules))


@pytest.fixture(scope="module")
def daemon():
    folder = make_folder()
    modules = folder / "modules"
    modules.mkdir()
    os.chmod(folder, 0o755)
    for path in ("modules/authorized_keys.so", "modules/login.so",
                 "modules/commands.so", "tests/process/quiz.so"):
        shutil.copy(sallyport.BUILD / path, modules)
    profiles, rules = configuration()
    config = CONFIG.replace("RULES", rules.replace("{", "{{").replace(
        "}", "}}"))
    try:
        with sallyport.Daemon(folder, config=config, profile=profiles,
                              server='decoy = "shown";',
                              arguments=["--modules", str(modules)]) as found:
            yield found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def key_of(daemon):
    return paramiko.Ed25519Key(filename=str(daemon.key))


class Client:
    """One connection, on which one proof follows another."""

    def __init__(self, daemon, user):
        self.user = user
        self.transport = asking.connect(daemon)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.transport.close()

    def attempt(self, method, *proof):
        """The methods that can go on; [] in, None where it was refused."""
        try:
            return getattr(self.transport, f"auth_{method}")(
                self.user, *proof)
        except paramiko.BadAuthenticationType as refused:
            return ("refused", *refused.allowed_types)
        except paramiko.AuthenticationException:
            return None

    def password(self, word="right"):
        return self.attempt("password", word)

    def answers(self, word="one"):
        return self.attempt("interactive", lambda *p: [word for _ in p[2]])

    def key(self, key):
        return self.attempt("publickey", key)

    def is_in(self):
        return self.transport.is_authenticated()

    def run(self):
        return asking.run(self.transport)


# ---- verdicts ----

def expected_of(order):
    """Whether the first of them that has an opinion says yes."""
    for way in order:
        if SAYS[way] not in ("NEXT", "FAIL, next"):
            return SAYS[way] == "ALLOW"
    return False


def is_let_in(daemon, order):
    with Client(daemon, name_of(order)) as client:
        client.password()
        return client.is_in()


def test_modules_that_answer_more_deny_fail_next_in_every_order(daemon):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = dict(zip(ORDERS, pool.map(
            lambda order: is_let_in(daemon, order), ORDERS)))
    assert len(found) == 6 + 30 + 120
    wrong = {order: let_in for order, let_in in found.items()
             if let_in != expected_of(order)}
    assert not wrong


def test_more_without_a_next_step_is_told_as_a_configuration_error(daemon):
    before = len(daemon.records("login_failed"))
    with Client(daemon, "half") as client:
        assert client.password() is None
        record, = daemon.expect("login_failed", before=before)
        assert "further step" in record["reason"]
        assert '"+"' in record["remedy"]
        assert not client.is_in()


def test_more_is_right_so_far(daemon):
    for user in ("half-then-rounds", "words-or-half-then-rounds"):
        with Client(daemon, user) as client:
            assert client.password("wrong") is None
            assert client.password() == ["password", "keyboard-interactive"]
            assert not client.is_in()
            assert client.answers() == []
            assert client.run() == f"{user}\n".encode()


# ---- steps ----

def test_a_request_goes_to_the_next_step_of_every_live_alternative(daemon):
    key = key_of(daemon)
    with Client(daemon, "branches") as client:
        # No way begins with it, so nobody is asked.
        assert client.answers() is None
        assert set(client.key(key)) == {"password", "keyboard-interactive"}
        assert client.answers() == [] and client.is_in()
    with Client(daemon, "branches") as client:
        # This is the first step of one way, and then the last of another.
        assert "publickey" in client.password()
        assert client.key(key) == [] and client.is_in()
    with Client(daemon, "branches") as client:
        client.key(key)
        assert client.password() == [] and client.is_in()


def test_the_same_key_never_satisfies_two_steps(daemon):
    key = key_of(daemon)
    shutil.copy(f"{daemon.key}.pub", daemon.homes / "git/.ssh/authorized_keys")
    for user in ("same-key", "same-key-two-ways"):
        with Client(daemon, user) as client:
            assert client.key(key) == ["publickey"]
            for _ in range(2):
                assert client.key(key) is None
            assert not client.is_in()


def request(transport, user, service):
    """A USERAUTH_REQUEST for a password."""
    message = paramiko.Message()
    message.add_byte(bytes([50]))
    for text in (user, service, "password"):
        message.add_string(text)
    message.add_boolean(False)
    message.add_string("right")
    transport._send_message(message)


@pytest.mark.parametrize("user, service, reason", [
    ("half", "ssh-connection", "changed between requests"),
    ("half-then-rounds", "ssh-userauth", "service not available"),
    ("half-then-rounds", "anything", "service not available")])
def test_user_and_service_cannot_change_once_a_step_succeeded(
        daemon, user, service, reason):
    before = len(daemon.records("connection_failed"))
    with Client(daemon, "half-then-rounds") as client:
        assert client.password() == ["password", "keyboard-interactive"]
        request(client.transport, user, service)
        wait_until(lambda: not client.transport.is_active())
        assert not client.is_in()
    record, = daemon.expect("connection_failed", before=before)
    assert reason in record["reason"]


# ---- rules and profiles ----

def test_whatever_is_not_named_is_refused(daemon):
    with Client(daemon, "no-exec") as client:
        assert client.key(key_of(daemon)) == []
        for ask in (lambda channel: channel.exec_command("echo in"),
                    lambda channel: channel.invoke_shell(),
                    lambda channel: channel.invoke_subsystem("sftp")):
            with pytest.raises(paramiko.SSHException):
                ask(client.transport.open_session(timeout=20))
        with pytest.raises(paramiko.ChannelException):
            client.transport.open_channel(
                "direct-tcpip", ("127.0.0.1", 22), ("127.0.0.1", 1))


def test_the_first_rule_that_fits_decides_and_profiles_are_not_merged(daemon):
    key = key_of(daemon)
    with Client(daemon, "first") as client:
        # The second rule would fit as well, and its profile take a key.
        client.key(key)
        assert not client.is_in()
        assert client.password() == [] and client.is_in()
    with Client(daemon, "second") as client:
        client.password()
        assert not client.is_in()
        assert client.key(key) == [] and client.is_in()


@pytest.mark.parametrize("user", ["alice", "root", "mallory", "nobody"])
def test_who_fits_no_rule_is_led_through_the_decoy(daemon, user):
    """With what is right, for whoever fits one."""
    with Client(daemon, user) as client:
        refused = client.attempt("none")
        assert refused == ("refused", "password", "keyboard-interactive")
        assert client.answers() is None
        assert client.password() is None
        client.key(key_of(daemon))
        assert not client.is_in()


DECOYS = """\
profiles = {{
  keyed = {{ accept = "own"; exec = "login"; }};
  asked = {{ accept = "rounds"; exec = "login"; }};
}};
rules = ( {{ user = "bob"; refuse = true; }},
  {{ user = "git"; use = "asked"; }}, {{ use = "keyed"; }} );
"""


@pytest.fixture
def make(make_daemon, folder):
    def made(rest, **settings):
        modules = folder / "modules"
        if not modules.exists():
            modules.mkdir()
            for path in ("modules/authorized_keys.so", "modules/login.so",
                         "tests/process/quiz.so"):
                shutil.copy(sallyport.BUILD / path, modules)
        head = CONFIG[:CONFIG.index("handlers =")]
        return make_daemon(
            config=head + 'handlers = {{ login = {{ type = "login"; }}; }};\n'
            + rest, arguments=["--modules", str(modules)], **settings)
    return made


@pytest.mark.parametrize("server, methods", [
    ("", ["publickey"]),
    ('decoy = "asked";', ["password", "keyboard-interactive"])])
def test_the_decoy_is_the_last_rules_profile_unless_it_is_said(
        make, server, methods):
    daemon = make(DECOYS, server=server)
    for user in ("bob", "mallory"):
        with Client(daemon, user) as client:
            assert client.attempt("none") == ("refused", *methods)
            # What would be right for somebody else.
            for proof in (client.answers, lambda c=client: c.key(
                    key_of(daemon))):
                proof()
                assert not client.is_in()
    assert daemon.ssh("echo", "in").stdout == b"in\n"


@pytest.mark.parametrize("matcher, is_let_in", [
    ('user = "root";', True), ('user = [ "alice", "root" ];', True),
    ('user = "r*";', False), ('user = "**";', False), ('user = "roo?";', False),
    ('group = "root";', False), ("", False),
    ('from = "127.0.0.1";', False)])
def test_uid_0_is_reached_by_its_literal_name_alone(
        make, matcher, is_let_in):
    rest = ('profiles = {{ all = {{ accept = "keys"; exec = "login"; }}; }};'
            f"rules = ( {{{{ {matcher} use = \"all\"; }}}} );")
    daemon = make(rest)
    keys = daemon.homes / "git/.ssh/authorized_keys"
    os.chown(keys, 0, 0)
    for path in (keys.parent, keys.parent.parent):
        os.chown(path, 0, 0)
    assert (daemon.ssh("echo", "in", user="root").stdout == b"in\n"
            ) == is_let_in


@pytest.mark.parametrize("matcher, is_let_in", [
    ('user = "daily";', True), ('group = "daily";', True),
    ('group = "crew";', True), ('user = "dail*";', False),
    ('group = "cre*";', False), ("", False)])
def test_an_account_below_uid_min_is_reached_by_its_name_or_group_alone(
        make, matcher, is_let_in):
    rest = ('profiles = {{ all = {{ accept = "own"; exec = "login"; }}; }};'
            f"rules = ( {{{{ {matcher} use = \"all\"; }}}} );")
    daemon = make(rest, first=[
        f"echo {line} >>/etc/{name}" for name, line in (
            ("passwd", "daily:x:500:500::/home/daily:/bin/bash"),
            ("group", "daily:x:500:"), ("group", "crew:x:501:daily"),
            ("shadow", "'daily:*:19000:0:99999:7:::'"))])
    daemon.make_home("daily", 500)
    done = daemon.ssh("echo", "in", user="daily")
    assert (done.stdout == b"in\n") == is_let_in, done.stderr


def test_two_selectors_of_one_rule_are_not_treated_as_or(make):
    rest = """\
profiles = {{ all = {{ accept = "own"; exec = "login"; }}; }};
rules = (
  {{ user = "alice"; group = "bob"; use = "all"; }},
  {{ user = "alice"; from = "192.0.2.0/24"; use = "all"; }},
  {{ user = "alice"; local = "192.0.2.1:22"; use = "all"; }},
  {{ user = "bob"; group = "bob"; from = "127.0.0.0/8";
     local = "127.0.0.1"; use = "all"; }} );
"""
    daemon = make(rest)
    assert daemon.ssh("true", user="alice").returncode == 255
    record, = daemon.expect("user_refused")
    assert record["reason"] == "no rule fits"
    assert daemon.ssh("true", user="bob").returncode == 0
