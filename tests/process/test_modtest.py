"""sallyport-modtest tries modules as the daemon would have them."""

import os
import re
import subprocess

import pytest

import sallyport

OURS = sallyport.BUILD / "tests/process"
MODULES = sallyport.BUILD / "modules"


@pytest.fixture
def key(folder):
    path = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                    "-C", "a comment", "-f", path], check=True)
    shown = subprocess.run(["ssh-keygen", "-lf", path], check=True, text=True,
                           stdout=subprocess.PIPE).stdout
    (folder / "list").write_text(f"{shown.split()[1]} Alice Smith\n")
    return path


@pytest.fixture
def modtest(folder):
    def run(module, *options, orders="", script=None):
        command = [sallyport.BUILD / "sallyport-modtest"]
        if script is not None:
            (folder / "script").write_text(script)
            command += ["--script", "script"]
        # The module is not unloaded before the program ends.
        return subprocess.run(
            [*command, module, *options], input=orders, text=True, cwd=folder,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
            check=False)
    return run


def answers(done):
    """The first line of each answer, without its time."""
    return [re.sub(r" \d+\.\d ms$", "", line)
            for line in done.stdout.splitlines()
            if re.match(r"[A-Z]{4}", line)]


def test_a_module_is_described(modtest):
    done = modtest(OURS / "roster.so", "file=/dev/null")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("roster 0.1: identities of a test\n")
    assert "auth: publickey" in done.stdout
    assert re.search(r"file +lines of a fingerprint .*must be given",
                     done.stdout)


def test_options_are_those_of_the_configuration(modtest):
    done = modtest(OURS / "villain.so", "deed=nonsence")
    assert done.returncode == 1
    assert "nonsense" in done.stderr and "deed" in done.stderr
    done = modtest(OURS / "roster.so")
    assert done.returncode == 1 and "file: is missing" in done.stderr
    done = modtest(OURS / "roster.so", "fiel=x")
    assert done.returncode == 1 and "file" in done.stderr


def test_a_start_that_fails_is_told(modtest):
    done = modtest(OURS / "villain.so", "at_start=nonsense")
    assert done.returncode == 1
    assert "it does not say why" in done.stderr


def test_keys_are_offered_and_asked_about(modtest, folder, key):
    orders = "publickey alice key.pub\nprobe alice key.pub\n"
    done = modtest(OURS / "roster.so", f"file={folder}/list", orders=orders)
    assert answers(done) == ["ALLOW identity=Alice Smith"] * 2
    assert re.search(r"^ALLOW .* \d+\.\d ms$", done.stdout, re.MULTILINE)
    (folder / "list").write_text("")
    done = modtest(OURS / "roster.so", f"file={folder}/list", orders=orders)
    assert answers(done) == ["NEXT"] * 2
    done = modtest(OURS / "roster.so", "file=/nowhere", orders=orders)
    assert answers(done) == ["FAIL"] * 2


@pytest.mark.parametrize("deed, answer", [
    ("nonsense", "NONSENSE 77: no verdict; a login takes it for DENY"),
    ("two", "DENY: identity: it contradicts another acceptance's"),
    ("empty", "FAIL"),
])
def test_what_no_module_may_say_is_told(modtest, key, deed, answer):
    done = modtest(OURS / "villain.so", f"deed={deed}",
                   orders="publickey bob key.pub\n")
    assert answers(done) == [answer]


def without_time(done):
    return re.sub(r" \d+\.\d ms$", "", done.stdout, flags=re.MULTILINE)


def test_passwords_are_shown_and_texts_told(modtest):
    orders = "password bob 'a secret'\npassword bob wrong\n"
    done = modtest(OURS / "quiz.so", "password=a secret", "text=one\ntwo",
                   orders=orders)
    assert done.returncode == 0, done.stderr
    assert ("ALLOW identity=bob\ntold: one\ntold: two\n"
            "DENY\ntold: one\ntold: two\n") in without_time(done)


@pytest.mark.parametrize("fresh, answer", [
    ("good-enough", "ALLOW identity=bob"), ("short", "CHANGE")])
def test_a_password_that_must_be_changed_is(modtest, fresh, answer):
    options = ["password=old", "verdict=change"]
    done = modtest(OURS / "quiz.so", *options,
                   orders=f"password bob old\nchange bob old {fresh}\n"
                          "change bob wrong good-enough\n")
    assert answers(done) == ["CHANGE", answer, "DENY"]


def test_a_password_is_changed_where_that_was_asked_for_alone(modtest):
    done = modtest(OURS / "quiz.so", "password=old",
                   orders="change bob old good-enough\n")
    assert answers(done) == ["ALLOW identity=bob"]


def test_questions_have_the_answers_that_are_given(modtest):
    options = ['answers=[ "blue", "x y", "" ]', "text=Hello"]
    orders = ("keyboard bob blue 'x y' ''\nkeyboard bob blue red ''\n"
              "keyboard bob blue\n")
    done = modtest(OURS / "quiz.so", *options, orders=orders)
    heard = "told: Hello\nheading: A quiz\ntold: One word.\nasked: Word: \n"
    more = "heading: A quiz\ntold: One word.\nasked aloud: Word: \n"
    last = "heading: A quiz\ntold: One word.\nasked: Word: \n"
    unanswered = ("DENY: keyboard-interactive: not all that was asked has an "
                  "answer that counts\n")
    assert without_time(done).endswith(
        f"ALLOW identity=bob\n{heard}{more}{last}"
        f"DENY\n{heard}{more}{last}"
        f"{unanswered}{heard}{more}unanswered\n")


def test_an_answer_that_has_no_room_does_not_count(modtest):
    done = modtest(OURS / "quiz.so", 'answers=[ "blue" ]',
                   orders=f"keyboard bob {'x' * 64}\n")
    assert answers(done)[0].startswith("DENY: keyboard-interactive: ")


def test_nothing_is_changed_but_a_password(modtest):
    done = modtest(OURS / "quiz.so", "none=true", "verdict=change",
                   orders="none bob\n")
    assert answers(done) == ["DENY: none: nothing but a password is changed"]


def test_who_shows_nothing_may_be_let_in(modtest):
    done = modtest(OURS / "quiz.so", "none=true", orders="none bob\n")
    assert answers(done) == ["ALLOW identity=bob"]


def test_a_method_that_a_module_does_not_have_is_told(modtest, key):
    for module, order in [("quiz", "publickey bob key.pub"),
                          ("warden", "password bob x"),
                          ("warden", "change bob x y"),
                          ("warden", "keyboard bob"),
                          ("warden", "none bob")]:
        done = modtest(OURS / f"{module}.so", script=f"> {order}\n")
        assert done.returncode == 1
        assert re.search("ERROR its methods are|ERROR it changes no",
                         done.stdout)


@pytest.mark.parametrize("option, line", [
    (["key=pty", "value=no"], "restrict pty=no"),
    (["key=permitopen", "value=a:1 b:2"], "restrict permitopen=a:1 b:2"),
    (["variable=COLOUR"], "env COLOUR=1"),
])
def test_what_is_taken_away_or_brought_is_told(modtest, key, option, line):
    orders = "publickey bob key.pub\n"
    done = modtest(OURS / "warden.so", *option, orders=orders)
    assert without_time(done).endswith(f"ALLOW identity=bob\n{line}\n")
    done = modtest(OURS / "warden.so", *option, "verdict=deny", orders=orders)
    assert without_time(done).endswith("DENY\n")


def test_a_restriction_that_is_none_makes_the_yes_a_no(modtest, key):
    done = modtest(OURS / "warden.so", "key=colour", "value=no",
                   orders="publickey bob key.pub\n")
    assert answers(done)[0].startswith("DENY: colour: ")


def test_a_certificate_is_shown_to_who_knows_of_them_alone(
        modtest, folder, key):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                    "-f", folder / "ca"], check=True)
    subprocess.run(["ssh-keygen", "-q", "-s", folder / "ca", "-I", "id",
                    "-n", "bob", "-O", "no-pty", f"{key}.pub"], check=True)
    orders = f"publickey bob {key}-cert.pub\n"
    done = modtest(OURS / "warden.so", orders=orders)
    assert answers(done) == ["NEXT"]
    (folder / "ca.pub").chmod(0o644)
    done = modtest(MODULES / "certificate.so", f'trust=[ "{folder}/ca.pub" ]',
                   orders=orders + "publickey alice key-cert.pub\n")
    assert re.search("ALLOW identity=.*\nrestrict pty=no\n",
                     without_time(done)), done.stdout + done.stderr


def test_a_host_vouches_for_its_user(modtest, folder, key):
    public = (folder / "key.pub").read_text()
    for name, text in [("known", f"client.example {public}"),
                       ("hosts", "client.example bob\n")]:
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)
    folder.chmod(0o755)
    options = [f"known_hosts={folder}/known", f"hosts={folder}/hosts"]
    orders = ("hostbased bob key.pub Client.Example. bob\n"
              "hostbased bob key.pub client.example alice\n"
              "hostbased bob key.pub other.example bob\n"
              "hostbased bob key.pub 'a name' bob\n")
    done = modtest(MODULES / "hostbased.so", *options, "check_address=false",
                   orders=orders)
    assert answers(done) == [
        "ALLOW identity=bob", "NEXT", "NEXT",
        "DENY: hostbased: a login asks no module about this one"], done
    assert "host other.example is not let in as bob" in done.stderr


@pytest.mark.parametrize("peer, answer", [
    ("192.0.2.7", "ALLOW identity=bob"), ("::ffff:192.0.2.7",
                                          "ALLOW identity=bob"),
    ("192.0.2.8", "NEXT")])
def test_a_client_comes_from_an_address(modtest, folder, key, peer, answer):
    public = (folder / "key.pub").read_text()
    for name, text in [("known", f"192.0.2.7 {public}"),
                       ("hosts", "192.0.2.7\n")]:
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)
    folder.chmod(0o755)
    command = ["--peer", peer, MODULES / "hostbased.so",
               f"known_hosts={folder}/known", f"hosts={folder}/hosts"]
    done = modtest(*command, orders="hostbased bob key.pub 192.0.2.7 bob\n")
    assert answers(done) == [answer], done.stderr


def test_hosts_made_up_let_nobody_in(modtest, folder, key):
    public = (folder / "key.pub").read_text()
    for name, text in [("known", f"* {public}"), ("hosts", "a bob\n-b\n")]:
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)
    folder.chmod(0o755)
    done = modtest(MODULES / "hostbased.so", f"known_hosts={folder}/known",
                   f"hosts={folder}/hosts",
                   script="> fuzz 300\nFUZZED 300 *allow=0*left_open=0\n")
    assert done.stdout.endswith("1 passed, 0 failed\n"), done.stdout


def test_fuzzing_makes_passwords_and_answers_too(modtest):
    done = modtest(OURS / "quiz.so", "password=x", 'answers=[ "a", "b" ]',
                   "text=Hello", "none=true", "verdict=change",
                   script="> fuzz 300\nFUZZED 300 seed=1 next=0 allow=0 "
                          "deny=* change=* nonsense=0 left_open=0\n")
    assert done.stdout.endswith("1 passed, 0 failed\n"), done.stdout


def test_descriptors_that_are_left_open_are_told(modtest, key):
    done = modtest(OURS / "villain.so", "deed=leak",
                   orders="publickey bob key.pub\n")
    assert "left open: 10 descriptors" in done.stdout
    done = modtest(OURS / "villain.so",
                   script="> fuzz 100\nFUZZED 100 *left_open=0\n")
    assert done.stdout.endswith("1 passed, 0 failed\n")


def test_fuzzing_is_the_same_for_a_seed(modtest, folder, key):
    orders = "fuzz 2000 7\nfuzz 2000 7\nfuzz 10\n"
    done = modtest(OURS / "roster.so", f"file={folder}/list", orders=orders)
    first, second, third = answers(done)
    assert first == second
    assert first.startswith("FUZZED 2000 seed=7 next=2000 allow=0")
    assert third.startswith("FUZZED 10 seed=1")


# ---- sessions ----

def test_a_session_is_opened_left_and_closed(modtest):
    done = modtest(OURS / "quiz.so", "text=Hello\nyou", orders="session root\n")
    assert "auth: password,keyboard-interactive,none; opens sessions\n" \
        in done.stdout
    assert without_time(done).endswith(
        "OPENED identity=root\nrestrict idle-time=60000\nenv QUIZ=taken\n"
        "told: Hello\ntold: you\nCLOSED\n")
    told = re.findall(r"quiz: (.*)", done.stderr) or done.stderr.splitlines()
    said = [line for line in told if line.endswith(("in", "left", "out"))]
    # In the session's process, and then in that which closed it.
    assert [line.split()[-1] for line in said] == ["in", "left", "in"], said


@pytest.mark.parametrize("session, answer", [
    ("refuses", ["REFUSED", "told: no"]),
    ("contradicts", ["DENY: colour: *", "CLOSED"]),
    ("leaks", ["OPENED *", "restrict *", "env *", "told: no", "CLOSED",
               "left open: 1 descriptors"])])
def test_what_a_session_lacks_is_told(modtest, session, answer):
    script = "> session root\n" + "".join(line + "\n" for line in answer)
    done = modtest(OURS / "quiz.so", f"session={session}", "text=no",
                   script=script)
    assert done.stdout.endswith("1 passed, 0 failed\n"), done.stdout


def test_a_session_that_dies_fits_nothing(modtest):
    done = modtest(OURS / "quiz.so", "session=dies",
                   script="> session root\n> none root\nNEXT\n")
    assert "BROKEN by signal 6" in done.stdout
    assert done.stdout.endswith("1 passed, 1 failed\n")


def test_who_opens_none_and_who_is_not_there_are_told(modtest):
    for module, user, why in [("warden", "root", "it opens no sessions"),
                              ("quiz", "nobodyatall", "no such account")]:
        done = modtest(OURS / f"{module}.so", script=f"> session {user}\n")
        assert done.returncode == 1 and why in done.stdout


# ---- services ----

def counted(done):
    """(how many, by which process) of each yes."""
    return [tuple(map(int, found)) for found in
            re.findall(r"env COUNTED=(\d+) (\d+) \d+$", done.stdout,
                       re.MULTILINE)]


def test_a_service_serves_all_that_are_asked(modtest, key):
    done = modtest(OURS / "abacus.so", orders="publickey bob key.pub\n" * 3)
    assert done.returncode == 0, done
    assert "auth: publickey; has a service\n" in done.stdout
    (first, process), *rest = counted(done)
    assert first == 1 and rest == [(2, process), (3, process)]
    assert not os.path.exists(f"/proc/{process}")


def test_a_service_is_renewed(modtest, key):
    order = "publickey bob key.pub\n"
    done = modtest(OURS / "abacus.so", orders=f"{order}renew\n{order}")
    (one, before), (other, after) = counted(done)
    assert (one, other) == (1, 1) and before != after
    assert "\nSERVICE 0\n" in done.stdout
    done = modtest(OURS / "abacus.so", script="> renew\nSERVICE 0\n")
    assert done.stdout.endswith("1 passed, 0 failed\n")
    done = modtest(OURS / "quiz.so", script="> renew\n")
    assert "it has no service" in done.stdout and done.returncode == 1


def test_a_service_that_ends_too_early_is_a_failure(modtest, key):
    done = modtest(OURS / "abacus.so", "mode=returns",
                   script="> publickey bob key.pub\n> renew\n")
    assert done.returncode == 1
    assert "SERVICE ended before it was told to\n" in done.stdout


def test_fuzzing_asks_a_service_as_well(modtest, key):
    done = modtest(OURS / "abacus.so",
                   script="> fuzz 200\nFUZZED 200 *allow=* left_open=0\n")
    assert done.stdout.endswith("1 passed, 0 failed\n"), done.stdout


def test_a_program_is_asked_by_its_service(modtest, folder, key):
    worker = folder / "worker"
    worker.write_text("""#!/usr/bin/python3
import json, sys
for line in sys.stdin:
    question = json.loads(line)
    print(json.dumps({"id": question["id"], "verdict": "allow",
                      "identity": question["user"] + "@here"}), flush=True)
""")
    worker.chmod(0o755)
    folder.chmod(0o755)
    done = modtest(MODULES / "program.so", f'run=[ "{worker}" ]',
                   script="> publickey bob key.pub\nALLOW identity=bob@here\n"
                          "> password bob x\nALLOW identity=bob@here\n")
    assert done.stdout.endswith("2 passed, 0 failed\n"), done


def test_a_script_says_how_many_passed(modtest, folder, key):
    script = ("# a comment\n\n"
              "> publickey alice key.pub\nALLOW identity=Alice*\n"
              "> publickey alice key.pub\nDENY\n"
              "> probe alice key.pub\n")
    done = modtest(OURS / "roster.so", f"file={folder}/list", script=script)
    assert done.returncode == 1
    assert "ok   3: publickey alice key.pub\n" in done.stdout
    assert "FAIL 5: publickey alice key.pub\n  expected: DENY\n" in done.stdout
    assert done.stdout.endswith("2 passed, 1 failed\n")
    done = modtest(OURS / "roster.so", f"file={folder}/list",
                   script=script.replace("DENY", "ALLOW *"))
    assert done.returncode == 0
    assert done.stdout.endswith("3 passed, 0 failed\n")


@pytest.mark.parametrize("script, why", [
    ("ALLOW\n", "an answer without an order"),
    ("> exec true\n", "no handler"),
    ("> publickey alice\n", "too few words"),
    ("> publickey alice nowhere.pub\nALLOW*\n", "no public key"),
    ("> dance\n", "not known"),
    ("> fuzz many\n", "numbers"),
    ("> publickey $HOME x\n", "words"),
])
def test_a_script_that_is_wrong_fails(modtest, script, why):
    done = modtest(OURS / "villain.so", script=script)
    assert done.returncode == 1
    assert why in done.stdout + done.stderr
    assert "0 passed, 1 failed" in done.stdout


def test_sessions_share_numbers_as_those_of_an_identity(modtest):
    script = "".join(f"> exec {key}\nEXIT 0 *\n| abacus {number}\n"
                     for key, number in (("a", 1), ("b", 1), ("a", 2)))
    done = modtest(OURS / "abacus.so", "shares=true", script=script)
    assert done.stdout.endswith("3 passed, 0 failed\n"), done.stdout
    done = modtest(OURS / "abacus.so", orders="exec a\n")
    assert "REFUSED" in done.stdout, done


def test_a_handler_serves_commands_with_input_and_output(modtest, folder):
    (folder / "in").write_bytes(bytes(range(256)) * 4000)
    orders = ("exec 'echo out; echo err >&2; exit 7'\n"
              "exec cat < in > out\n"
              "exec 'kill -TERM $$'\n"
              "subsystem sftp\n")
    done = modtest(MODULES / "login.so", orders=orders)
    assert answers(done) == ["EXIT 7 out=4 err=4", "EXIT 0 out=1024000 err=0",
                             "SIGNAL TERM out=0 err=0", "REFUSED"]
    assert "| out\n! err\n" in done.stdout
    assert (folder / "out").read_bytes() == (folder / "in").read_bytes()


def test_a_reader_that_stops_makes_the_session_wait(modtest, folder):
    done = modtest(MODULES / "login.so",
                   orders="slow exec 'head -c 30000000 /dev/zero' > out\n")
    assert answers(done) == ["EXIT 0 out=30000000 err=0"]
    held = int(re.search(r"stopped at (\d+) bytes", done.stdout)[1])
    assert 0 < held <= 2 * 65536
    assert (folder / "out").stat().st_size == 30000000


def test_a_terminal_and_variables_are_asked_for_before(modtest):
    done = modtest(
        MODULES / "login.so",
        orders="tty exec 'stty size; echo $TERM'\n"
               "with A=1 with 'B=2 3' exec 'echo $A,$B; tty'\n"
               "slow tty with A=1 exec 'echo $A; test -t 0'\n"
               "tty\nwith exec true\n")
    assert "| 24 80" in done.stdout and "| xterm-256color" in done.stdout
    assert "| 1,2 3\n| not a tty\n" in done.stdout
    found = answers(done)
    assert found[0].startswith("EXIT 0 ") and found[1].startswith("EXIT 1 ")
    assert found[2].startswith("EXIT 0 ")
    assert [each.partition(" ")[0] for each in found[3:]] == ["ERROR"] * 2


def test_a_program_that_reads_nothing_makes_its_client_wait(modtest, folder):
    with open(folder / "in", "wb") as file:
        file.truncate(50_000_000)
    done = modtest(MODULES / "login.so",
                   script="> exec 'sleep 1; wc -c' < in\n"
                          "EXIT 0 *\n| 50000000\n")
    assert done.stdout.endswith("1 passed, 0 failed\n"), done.stdout


def test_the_daemons_own_identity_and_variables_are_there(modtest):
    done = modtest(MODULES / "login.so", orders="exec 'echo $SSH_CLIENT'\n")
    assert "| 127.0.0.1 1 22\n" in done.stdout


@pytest.mark.parametrize("name, why", [
    ("nothing.so", "No such file"),
    ("module.txt", "NAME.so"),
    ("text.so", "cannot load"),
])
def test_what_is_no_module_is_told(modtest, folder, name, why):
    for each in ("module.txt", "text.so"):
        (folder / each).write_text("text")
    done = modtest(folder / name)
    assert done.returncode == 1 and why in done.stderr


def test_a_file_that_a_daemon_would_refuse_is_tried_and_told_of(
        modtest, folder):
    path = folder / "roster.so"
    path.write_bytes((OURS / "roster.so").read_bytes())
    path.chmod(0o666)
    done = modtest(path, "file=/dev/null")
    assert done.returncode == 0
    assert "a daemon of root's would refuse it here" in done.stdout
