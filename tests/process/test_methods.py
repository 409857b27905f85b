"""Passwords, prompts and nothing at all, through all the processes."""

import shutil
import time

import paramiko
import pytest

import asking
import sallyport
from fixtures import needs_root
from sallyport import wait_until

pytestmark = needs_root

CONFIG = """\
server = {{ listen = [ "127.0.0.1:{port}" ]; {server} }};
log = {{ to = "stderr"; format = "json"; level = "debug"; }};
auth = {{
  keys = {{ type = "authorized_keys"; }};
  words = {{ type = "quiz"; password = "right"; }};
  rounds = {{ type = "quiz"; answers = [ "one", "two", "three" ]; }};
  told = {{ type = "quiz"; password = "right"; answers = [ "one" ];
    text = "First\\nread this."; }};
  stale = {{ type = "quiz"; password = "right"; verdict = "change"; }};
  vague = {{ type = "quiz"; password = "right"; verdict = "next"; }};
  harsh = {{ type = "quiz"; password = "right"; verdict = "deny"; }};
  broken = {{ type = "quiz"; password = "right"; verdict = "fail"; }};
  weak = {{ type = "quiz"; password = "right"; verdict = "fail";
    on_failure = "next"; }};
  half = {{ type = "quiz"; password = "right"; verdict = "more"; }};
  open = {{ type = "quiz"; none = true; }};
}};
handlers = {{ login = {{ type = "login"; }}; }};
profiles = {{ all = {{ {profile} shell = "login"; exec = "login"; }}; }};
rules = ( {{ user = "bob"; refuse = true; }}, {{ use = "all"; }} );
"""


@pytest.fixture
def make(make_daemon, folder):
    """A daemon whose one profile accepts just so."""
    modules = folder / "modules"
    modules.mkdir()
    for path in ("modules/authorized_keys.so", "modules/login.so",
                 "tests/process/quiz.so"):
        shutil.copy(sallyport.BUILD / path, modules)

    def make_with(*ways, server=""):
        accept = ", ".join(f'"{way}"' for way in ways)
        return make_daemon(config=CONFIG, server=server,
                           profile=f"accept = [ {accept} ];",
                           arguments=["--modules", str(modules)])

    return make_with


def assert_in(done):
    assert done.stdout == b"in\n", done.stderr


def assert_out(done):
    assert done.returncode == 255 and done.stdout == b""


def expect_end(daemon, *ends):
    """What the modules heard at last."""
    found = wait_until(lambda: [
        r["reason"] for r in daemon.records("module_notice")
        if r["detail"] == "quiz_end"] or None)
    assert found == list(ends)


# ---- password ----

def test_a_password_lets_in(make):
    daemon = make("words")
    done, prompts = asking.login(daemon, "password", "right")
    assert_in(done)
    assert prompts == ["alice@127.0.0.1's password: "]
    record, = daemon.expect("auth_accepted")
    assert (record["method"], record["user"]) == ("password", "alice")
    assert "key" not in record
    expect_end(daemon, "in")


def test_a_wrong_password_does_not_and_is_in_no_log(make):
    daemon = make("words", server="max_tries = 3;")
    done, _ = asking.login(daemon, "password", "hunter2-a", "hunter2-b",
                           "hunter2-c", options=["NumberOfPasswordPrompts=9"])
    assert_out(done)
    assert [r["method"] for r in daemon.expect("auth_failed", 3)] == \
        ["password"] * 3
    daemon.expect("auth_too_many")
    asking.assert_no_secret(daemon, "hunter2")
    expect_end(daemon, "out")


@pytest.mark.parametrize("password", ["", "\0", "right\0", "right\0\0x",
                                      "\0right"])
def test_an_empty_password_and_one_with_a_nul_are_refused(make, password):
    daemon = make("words")
    transport = asking.connect(daemon)
    with pytest.raises(paramiko.AuthenticationException):
        transport.auth_password("alice", password)
    transport.auth_password("alice", "right")
    assert asking.run(transport) == b"in\n"
    transport.close()


def test_a_password_of_1024_bytes_is_looked_at_and_no_longer_one(make):
    daemon = make("words")
    transport = asking.connect(daemon)
    with pytest.raises(paramiko.AuthenticationException):
        transport.auth_password("alice", "x" * 1024)
    assert transport.is_active()
    with pytest.raises(paramiko.SSHException):
        transport.auth_password("alice", "x" * 1025)
    wait_until(lambda: not transport.is_active())
    daemon.expect("connection_failed")


@pytest.mark.parametrize("user", ["bob", "nobody-here", "root"])
def test_who_is_refused_is_not_let_in_by_the_right_password(make, user):
    daemon = make("words")
    done, prompts = asking.login(daemon, "password", "right", user=user)
    assert_out(done)
    assert prompts == [f"{user}@127.0.0.1's password: "]
    daemon.expect("auth_failed")


def test_a_wrong_password_and_an_unknown_user_take_the_same_time(make):
    if sallyport.is_sanitized():
        pytest.skip("its time is not that of the program")
    daemon = make("words", server="max_tries = 100;")
    times = {"alice": [], "nobody-here": [], "bob": []}
    for _ in range(10):
        for user, taken in times.items():
            transport = asking.connect(daemon)
            began = time.monotonic()
            with pytest.raises(paramiko.AuthenticationException):
                transport.auth_password(user, "wrong")
            taken.append(time.monotonic() - began)
            transport.close()
    quickest = [min(taken) for taken in times.values()]
    assert min(quickest) >= 0.25, times
    assert max(quickest) - min(quickest) < 0.025, times


# ---- a new password ----

def test_a_password_that_is_too_old_is_changed(make):
    daemon = make("stale")
    done, prompts = asking.login(
        daemon, "password", "right", "right", "long enough", "long enough",
        options=["LogLevel=INFO"])
    assert_in(done)
    assert len(prompts) == 4 and "old password" in prompts[1]
    assert b"must be changed" in done.stderr
    daemon.expect("auth_accepted")
    asking.assert_no_secret(daemon, "long enough")


def test_one_that_is_not_good_enough_is_asked_for_again(make):
    daemon = make("stale")
    done, _ = asking.login(daemon, "password", "right", "right", "short",
                           "short", "right", "long enough", "long enough",
                           options=["NumberOfPasswordPrompts=3"])
    assert_in(done)


def test_a_new_one_with_a_wrong_old_one_is_refused(make):
    daemon = make("stale")
    done, _ = asking.login(daemon, "password", "right", "wrong",
                           "long enough", "long enough")
    assert_out(done)
    daemon.expect("auth_failed")


def change_request(transport, user, old, new):
    """A USERAUTH_REQUEST that changes a password unasked."""
    message = paramiko.Message()
    message.add_byte(bytes([50]))
    for text in (user, "ssh-connection", "password"):
        message.add_string(text)
    message.add_boolean(True)
    message.add_string(old)
    message.add_string(new)
    transport._send_message(message)


def test_nobody_changes_a_password_unasked(make):
    daemon = make("stale", "words")
    transport = asking.connect(daemon)
    with pytest.raises(paramiko.AuthenticationException):
        transport.auth_password("alice", "wrong")
    change_request(transport, "alice", "right", "long enough")
    daemon.expect("auth_failed", 2)
    assert not daemon.records("auth_accepted")
    transport.close()


# ---- prompts ----

def test_rounds_of_prompts_let_in(make):
    daemon = make("rounds")
    done, prompts = asking.login(daemon, "keyboard-interactive", "one", "two",
                                 "three")
    assert_in(done)
    assert prompts == ["Word: "] * 3
    record, = daemon.expect("auth_accepted")
    assert record["method"] == "keyboard-interactive"
    expect_end(daemon, "in")


def test_prompts_say_whether_what_is_typed_may_be_seen(make):
    daemon = make("rounds")
    seen, words = [], iter(["one", "two", "three"])

    def answer(title, instructions, prompts):
        seen.append((title, instructions, prompts))
        return [next(words) for _ in prompts]

    transport = asking.connect(daemon)
    transport.auth_interactive("alice", answer)
    assert asking.run(transport) == b"in\n"
    assert seen == [("A quiz", "One word.", [("Word: ", echo)])
                    for echo in (False, True, False)]
    transport.close()


@pytest.mark.parametrize("words", [
    ("no", "two", "three"), ("one", "no", "three"), ("one", "two", "no"),
    ("one", "two", "three\0"), ("one", "two" * 30, "three"),
    ("one", "two", ""), ("", "", "")])
def test_one_wrong_word_is_enough(make, words):
    daemon = make("rounds")
    given = iter(words)
    transport = asking.connect(daemon)
    with pytest.raises(paramiko.AuthenticationException):
        transport.auth_interactive(
            "alice", lambda *p: [next(given) for _ in p[2]])
    transport.close()
    record, = daemon.expect("auth_failed")
    assert record["method"] == "keyboard-interactive"


@pytest.mark.parametrize("answers", [[], ["one", "two"]])
def test_another_number_of_answers_fails_whatever_the_module_says(
        make, answers):
    daemon = make("rounds")
    transport = asking.connect(daemon)
    with pytest.raises(paramiko.AuthenticationException):
        transport.auth_interactive("alice", lambda *_: answers)
    daemon.expect("auth_failed")
    done, _ = asking.login(daemon, "keyboard-interactive", "one", "two",
                           "three")
    assert_in(done)
    transport.close()


def test_a_text_is_shown_above_prompts_and_before_a_password(make):
    daemon = make("told")
    seen = []

    def answer(title, instructions, prompts):
        seen.append((title, instructions, len(prompts)))
        return ["one" for _ in prompts]

    transport = asking.connect(daemon)
    transport.auth_interactive("alice", answer)
    assert seen == [("", "First\nread this.", 0), ("A quiz", "One word.", 1)]
    transport.close()
    transport = asking.connect(daemon)
    transport.auth_password("alice", "right")
    assert transport.get_banner() == b"First\r\nread this.\r\n"
    transport.close()


class Mute(paramiko.auth_handler.AuthHandler):
    """One that leaves a question without an answer."""

    @property
    def _handler_table(self):
        return {**super()._handler_table, 60: lambda *_: None}


def abort(transport):
    """Asks to be asked, and does not answer."""
    with pytest.raises(paramiko.AuthenticationException):
        transport.auth_password("alice", "anything")
    ask_to_be_asked(transport)


def ask_to_be_asked(transport):
    transport.auth_handler.__class__ = Mute
    message = paramiko.Message()
    message.add_byte(bytes([50]))
    for text in ("alice", "ssh-connection", "keyboard-interactive", "", ""):
        message.add_string(text)
    transport._send_message(message)
    time.sleep(0.3)


def test_another_request_in_the_middle_ends_the_question(make):
    daemon = make("rounds", "keys")
    transport = asking.connect(daemon)
    abort(transport)
    before = len(daemon.records("auth_failed"))
    transport.auth_publickey("alice", paramiko.Ed25519Key(
        filename=str(daemon.key)))
    assert asking.run(transport) == b"in\n"
    record, = daemon.expect("auth_failed", 1, before)
    assert record["method"] == "keyboard-interactive"
    transport.close()


def test_questions_without_answers_are_tries(make):
    daemon = make("rounds", server="max_tries = 3;")
    transport = asking.connect(daemon)
    abort(transport)
    for _ in range(4):
        if transport.is_active():
            ask_to_be_asked(transport)
    wait_until(lambda: not transport.is_active())
    assert len(daemon.records("auth_failed")) <= 3


def test_who_does_not_answer_is_ended_by_the_time_to_log_in(make):
    daemon = make("rounds", server='login_time = "2s";')
    transport = asking.connect(daemon)
    before = len(daemon.pids("login"))
    abort(transport)
    wait_until(lambda: not transport.is_active())
    daemon.expect("connection_timed_out")
    wait_until(lambda: len(daemon.pids("login")) == before)
    # It is no module that hangs.
    assert not daemon.records("login_hangs")


# ---- none ----

def test_nothing_at_all_lets_in_where_the_profile_says_so(make):
    daemon = make("open")
    transport = asking.connect(daemon)
    assert transport.auth_none("alice") == []
    assert asking.run(transport) == b"in\n"
    transport.close()
    record, = daemon.expect("auth_accepted")
    assert record["method"] == "none"


def test_nobody_else_is_let_in_by_it(make):
    daemon = make("open")
    for user in ("bob", "nobody-here"):
        transport = asking.connect(daemon)
        with pytest.raises(paramiko.BadAuthenticationType) as refused:
            transport.auth_none(user)
        # RFC 4252 5.1: it is never named.
        assert refused.value.allowed_types == ["password",
                                               "keyboard-interactive"]
        transport.close()


@pytest.mark.parametrize("ways", [("words",), ("keys",), ("keys+open",)])
def test_a_way_that_does_not_serve_it_has_no_say(make, ways):
    daemon = make(*ways)
    transport = asking.connect(daemon)
    with pytest.raises(paramiko.BadAuthenticationType):
        transport.auth_none("alice")
    transport.close()
    assert not daemon.records("auth_failed")


# ---- secrets ----

@pytest.mark.parametrize("method", ["password", "keyboard-interactive"])
def test_what_was_typed_is_in_no_memory_afterwards(make, method):
    daemon = make("words", "rounds")
    secrets = [f"Kummerspeck-{n}" for n in range(5)]
    waiting = asking.connect(daemon)
    inside = asking.connect(daemon)
    for transport in (waiting, inside):
        given = iter(secrets)
        with pytest.raises(paramiko.AuthenticationException):
            if method == "password":
                transport.auth_password("alice", secrets[4])
            else:
                transport.auth_interactive(
                    "alice", lambda *p: [next(given) for _ in p[2]])
    inside.auth_password("alice", "right")
    assert asking.run(inside) == b"in\n"
    asking.assert_forgotten(daemon, *secrets)
    asking.assert_no_secret(daemon, *secrets)
    waiting.close()
    inside.close()


# ---- verdicts ----

@pytest.mark.parametrize("ways, is_let_in", [
    (("vague", "words"), True),
    (("harsh", "words"), False),
    (("broken", "words"), False),
    (("weak", "words"), True),
    (("words", "harsh"), True),
    (("vague", "weak"), False),
    (("half",), False),
    (("half", "half+rounds"), False),
    (("stale", "words"), False),
    (("vague", "stale"), False),
])
def test_verdicts_on_a_password(make, ways, is_let_in):
    daemon = make(*ways)
    done, _ = asking.login(daemon, "password", "right")
    assert (done.stdout == b"in\n") == is_let_in, done.stderr


def test_a_step_by_more_needs_the_next(make):
    daemon = make("half+rounds")
    done, prompts = asking.login(
        daemon, "password,keyboard-interactive", "right", "one", "two",
        "three")
    assert_in(done)
    assert len(prompts) == 4
    assert asking.events(daemon, "auth_partial", "method") == [("password",)]


@pytest.mark.parametrize("way, methods, answers", [
    ("keys+words", "publickey,password", ["right"]),
    ("keys+rounds", "publickey,keyboard-interactive", ["one", "two", "three"]),
    ("words+rounds", "password,keyboard-interactive",
     ["right", "one", "two", "three"]),
    ("rounds+words", "keyboard-interactive,password",
     ["one", "two", "three", "right"]),
    ("rounds+keys", "keyboard-interactive,publickey", ["one", "two", "three"]),
    ("keys+words+rounds", "publickey,password,keyboard-interactive",
     ["right", "one", "two", "three"]),
    ("rounds+words+keys", "keyboard-interactive,password,publickey",
     ["one", "two", "three", "right"]),
])
def test_two_and_three_steps_in_their_order(make, way, methods, answers):
    daemon = make(way)
    done, _ = asking.login(daemon, methods, *answers)
    assert_in(done)
    partial = asking.events(daemon, "auth_partial", "method")
    assert [m for m, in partial] == methods.split(",")[:-1]
    # Without the last of them, and with a wrong one, he is not.
    done, _ = asking.login(daemon, ",".join(methods.split(",")[:-1]),
                           *answers)
    assert_out(done)
    done, _ = asking.login(daemon, methods, *(["wrong"] + answers[1:]))
    assert_out(done)


def test_any_of_several_ways_will_do(make):
    daemon = make("keys+words", "rounds")
    assert_in(asking.login(daemon, "keyboard-interactive", "one", "two",
                           "three")[0])
    assert_in(asking.login(daemon, "publickey,password", "right")[0])
    assert_out(asking.login(daemon, "password", "right")[0])
    assert_out(asking.login(daemon, "publickey")[0])


def test_one_password_satisfies_one_step(make):
    daemon = make("words+words")
    transport = asking.connect(daemon)
    assert transport.auth_password("alice", "right") == [
        "password", "keyboard-interactive"]
    assert not transport.is_authenticated()
    transport.auth_password("alice", "right")
    assert asking.run(transport) == b"in\n"
    transport.close()


def test_a_user_cannot_change_once_a_step_is_taken(make):
    daemon = make("words+rounds")
    transport = asking.connect(daemon)
    transport.auth_password("alice", "right")
    with pytest.raises(paramiko.SSHException):
        transport.auth_password("git", "right")
    wait_until(lambda: not transport.is_active())
