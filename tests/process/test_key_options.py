"""What the options of a line of authorized_keys allow and forbid."""

import shutil
import subprocess
import time

import pytest

import sallyport
from fixtures import make_folder, needs_root

pytestmark = needs_root

CONFIG = sallyport.CONFIG.replace(
    "{file}", '{file} environment = [ "FAVOURITE", "PATH", "SSH_TTY" ];')


@pytest.fixture(scope="module")
def keyed():
    """A daemon whose lines may set some variables."""
    path = make_folder()
    with sallyport.Daemon(path, config=CONFIG,
                          profile='env = [ "LANG" ];') as running:
        yield running
    shutil.rmtree(path, ignore_errors=True)


def public(daemon):
    return daemon.key.with_suffix(".pub").read_text()


def write(daemon, text, user="alice"):
    (daemon.homes / user / ".ssh/authorized_keys").write_text(text)


def ssh(daemon, options, *arguments, **kwargs):
    """A login with the key, whose line has these options."""
    write(daemon, f"{options} {public(daemon)}" if options
          else public(daemon))
    return daemon.ssh(*(arguments or ["echo in"]), **kwargs)


def is_in(done):
    assert done.returncode in (0, 255), done
    return done.stdout == b"in\n"


# ---- who is let in ----

@pytest.mark.parametrize("options", [
    "restrict", "no-pty", "NO-PTY", "no-agent-forwarding,no-port-forwarding",
    'from="127.0.0.1"', 'from="10.0.0.0/8,127.*"', 'from="127.0.0.0/8"',
    'expiry-time="20990101"', 'expiry-time="209901011200Z"',
    'permitopen="localhost:80",permitlisten="8080"', 'tunnel="0"',
    'environment="UNHEARD_OF=1"', "no-touch-required", "permit-tomorrow",
    'user-rc,pty,agent-forwarding,port-forwarding,X11-forwarding'])
def test_options_that_hold_let_in(keyed, options):
    assert is_in(ssh(keyed, options))


@pytest.mark.parametrize("options, reason", [
    ("no-such-option", "not known: no-such-option"),
    ("no-colour", "not known: no-colour"),
    ('command="id', None),  # no line at all
    ('command=id', "not known: command=id"),
    ('no-pty,,no-user-rc', "not known: ,no-user-rc"),
    ('command="a",command="b"', "not known: command"),
    ('from="10.0.0.0/8"', "may not be used from this address"),
    ('from="127.0.0.1,!127.*"', "may not be used from this address"),
    ('from="*.example.com"', "may not be used from this address"),
    ('from="127.0.0.1,10.0.0.0/33"', "impossible"),
    ('from="!evil.example.com,*"', "impossible"),
    ('expiry-time="20200101"', "its time is over"),
    ('expiry-time="20990101",expiry-time="20200101Z"', "its time is over"),
    ('expiry-time="20991301"', "impossible"),
    ('permitopen="host:65536"', "impossible"),
    ('permitopen="host"', "impossible"),
    ('permitlisten="0"', "impossible"),
    ('tunnel="x"', "impossible"),
    ('environment="SSH_TTY=1"', "no variable of this name"),
    ('environment="novalue"', "not known: environment"),
    ('principals="alice"', "cert-authority alone"),
    ("cert-authority", None)])  # silently: it is no key to log in with
def test_options_that_do_not_hold_make_the_key_unusable(
        keyed, options, reason):
    before = len(keyed.records("module_notice"))
    assert not is_in(ssh(keyed, options))
    if reason is not None:
        sallyport.wait_until(
            lambda: any(reason in r["reason"] and "line 1" in r["reason"]
                        for r in keyed.records("module_notice")[before:]),
            what=reason)
    # The next line of the same key counts for itself.
    write(keyed, f"{options} {public(keyed)}{public(keyed)}")
    assert is_in(keyed.ssh("echo in"))


def test_a_key_that_must_verify_its_user_cannot_without_an_authenticator(
        keyed):
    before = len(keyed.records("auth_void"))
    assert not is_in(ssh(keyed, "verify-required"))
    sallyport.wait_until(
        lambda: any("did not verify" in r["reason"]
                    for r in keyed.records("auth_void")[before:]))


def test_the_first_line_that_holds_decides(keyed):
    write(keyed, f'from="10.0.0.0/8" {public(keyed)}'
                 f'command="echo second" {public(keyed)}{public(keyed)}')
    assert keyed.ssh("echo in").stdout == b"second\n"


# ---- what he may do ----

def test_a_forced_command_takes_the_place_of_everything(keyed):
    options = 'command="echo \\"forced: $SSH_ORIGINAL_COMMAND\\""'
    assert ssh(keyed, options).stdout == b"forced: echo in\n"
    assert ssh(keyed, options, "-s", "sftp").stdout == b"forced: sftp\n"
    assert ssh(keyed, options, "").stdout == b"forced: \n"
    assert b"forced: " in ssh(keyed, options, "-tt").stdout


def test_a_percent_of_a_forced_command_stands_for_itself(keyed):
    assert ssh(keyed, 'command="date +%u%%i"').stdout.strip() == \
        time.strftime("%u").encode() + b"%i"


def test_a_terminal_is_refused_where_the_key_has_none(keyed):
    before = len(keyed.records("request_refused"))
    done = ssh(keyed, "no-pty", "-tt", "tty")
    assert b"PTY allocation request failed" in done.stderr
    assert done.returncode == 255
    record = keyed.expect("request_refused", before=before)[0]
    assert record["detail"] == "pty-req"
    assert b"/dev/pts" in ssh(keyed, "restrict,pty", "-tt", "tty").stdout


@pytest.mark.parametrize("flag, options, request_name, reason", [
    ("-A", "no-agent-forwarding", "auth-agent-req@openssh.com",
     "may forward no agent"),
    ("-X", "no-X11-forwarding", "x11-req", "may forward no X11")])
def test_what_is_not_forwarded_is_refused(
        keyed, flag, options, request_name, reason):
    before = len(keyed.records("request_refused"))
    agent = keyed.folder / f"agent{flag}"
    done = subprocess.run(
        ["ssh-agent", "-a", str(agent), "sh", "-c",
         'DISPLAY=:77 exec "$@"', "sh",
         *command_with(keyed, flag, options)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, timeout=60, check=False)
    if request_name == "x11-req" and b"xauth" in done.stderr:
        pytest.skip("ssh asks for no X11 here")
    refused = [r for r in keyed.records("request_refused")[before:]
               if r["detail"] == request_name]
    assert refused and reason in refused[0]["reason"], done


def command_with(daemon, flag, options):
    write(daemon, f"{options} {public(daemon)}")
    command = daemon.ssh_command("sleep 0.3")
    command[command.index("IdentityAgent=none")] = "IdentityAgent=" + str(
        daemon.folder / f"agent{flag}")
    return [command[0], flag, *command[1:]]


def test_ports_are_not_forwarded(keyed):
    write(keyed, f"no-port-forwarding {public(keyed)}")
    done = keyed.ssh("-W", "127.0.0.1:9", options=["LogLevel=INFO"])
    assert b"administratively prohibited" in done.stderr
    assert b"may forward no ports" in done.stderr


def test_variables_that_may_be_set_are_set(keyed):
    options = ('environment="FAVOURITE=tea, milk",environment="PATH=/opt:'
               '/usr/bin:/bin",environment="LD_PRELOAD=/evil.so",'
               'environment="FAVOURITE=coffee"')
    done = ssh(keyed, options, 'echo "$FAVOURITE|$PATH|$LD_PRELOAD"')
    assert done.stdout == b"tea, milk|/opt:/usr/bin:/bin|\n"


def test_without_leave_a_line_sets_no_variable(make_daemon):
    daemon = make_daemon()
    done = ssh(daemon, 'environment="FAVOURITE=tea"', 'echo "$FAVOURITE"')
    assert done.stdout == b"\n"


# ---- with what the profile says ----

def test_the_profiles_command_and_the_keys_must_agree(make_daemon):
    daemon = make_daemon(profile='command = "echo for %u";')
    assert ssh(daemon, "").stdout == b"for alice\n"
    assert ssh(daemon, 'command="echo for alice"').stdout == b"for alice\n"
    for command in ("echo for %u", "echo for bob", "id"):
        before = len(daemon.records("login_refused"))
        done = ssh(daemon, f'command="{command}"')
        assert done.returncode == 255 and done.stdout == b""
        record = daemon.expect("login_refused", before=before)[0]
        assert "is not the profile's" in record["reason"]


TWO_KEYS = sallyport.CONFIG.replace(
    'accept = "keys"', 'accept = [ "keys+others" ]').replace(
    "auth = {{", 'auth = {{ others = {{ type = "authorized_keys"; '
    'file = "%h/.ssh/others"; }};')


@pytest.fixture
def two_factors(make_daemon):
    daemon = make_daemon(config=TWO_KEYS)
    second = daemon.folder / "second"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                    second], check=True)
    place = daemon.homes / "alice/.ssh/others"

    def log_in(first_options, second_options, *arguments):
        write(daemon, f"{first_options} {public(daemon)}".lstrip())
        place.write_text(f"{second_options} "
                         f"{second.with_suffix('.pub').read_text()}".lstrip())
        return daemon.ssh("-i", str(second), *(arguments or ["echo in"]))

    daemon.log_in = log_in
    return daemon


def test_forced_command_bypassed_when_a_second_factors_acceptance_replaced_the_keys_options(  # noqa: E501
        two_factors):
    """Dropbear's CHANGES 2026.90."""
    log_in = two_factors.log_in
    assert log_in("", "").stdout == b"in\n"
    assert log_in('command="echo forced"', "").stdout == b"forced\n"
    assert log_in("", 'command="echo forced"').stdout == b"forced\n"
    assert log_in('command="echo forced"', "restrict,pty").stdout == \
        b"forced\n"


def test_the_restrictions_of_both_factors_hold_together(two_factors):
    log_in = two_factors.log_in
    done = log_in("restrict,pty", "no-pty", "-tt", "tty")
    assert b"PTY allocation request failed" in done.stderr
    done = log_in("no-pty", "restrict,pty", "-tt", "tty")
    assert b"PTY allocation request failed" in done.stderr
    assert log_in('command="echo a"', 'command="echo a"').stdout == b"a\n"
    before = len(two_factors.records("auth_void"))
    done = log_in('command="echo a"', 'command="echo b"')
    assert done.returncode == 255 and done.stdout == b""
    sallyport.wait_until(
        lambda: any("contradicts" in r["reason"]
                    for r in two_factors.records("auth_void")[before:]))


def test_a_way_that_was_not_taken_restricts_nobody(make_daemon):
    """The first way wants a further step; the second is whole at once."""
    config = TWO_KEYS.replace('[ "keys+others" ]',
                              '[ "others+keys", "keys" ]')
    daemon = make_daemon(config=config)
    (daemon.homes / "alice/.ssh/others").write_text(
        f'from="10.0.0.0/8",command="echo forced" {public(daemon)}')
    assert daemon.ssh("echo in").stdout == b"in\n"
