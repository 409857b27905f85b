"""What other servers fell into, where it is about who is let in, and as what.

Each is named as it is told of them. Others stand where their subject does:
test_login.py (key files), test_key_options.py (second factors),
test_forced_command.py (signals), test_userfile.py (symlinks), test_accept.py
(two selectors), test_penalties.py (bans), tests/unit (patterns, ports of
permitopen) and tests/pair/trap_test.c.
"""

import shutil
import signal

import paramiko
import pytest

import asking
import sallyport
from fixtures import needs_root
from test_pam import BOTH, RIGHT, UNIX, Host, assert_in, assert_out, needs_pam

pytestmark = needs_root

CONFIG = """\
server = {{ listen = [ "127.0.0.1:{port}" ]; {server} }};
log = {{ to = "stderr"; format = "json"; level = "debug"; }};
auth = {{ keys = {{ type = "authorized_keys"; {file} }};
  words = {{ type = "quiz"; password = "right"; }};
  anybody = {{ type = "none"; }}; }};
handlers = {{ login = {{ type = "login"; }};
  date = {{ type = "commands";
    commands = ( {{ match = [ "date" ]; run = [ "/bin/date" ]; }} ); }}; }};
profiles = {{
  all = {{ accept = "keys"; shell = "login"; exec = "login"; }};
  strict = {{ accept = "keys+words"; exec = "date"; pty = false; }};
  open = {{ accept = "anybody"; run_as = "git"; exec = "date"; }};
}};
rules = (
  {{ user = [ "bob", "root" ]; use = "strict"; }},
  {{ user = "backup"; refuse = true; }},
  {{ user = "visitor"; use = "open"; }},
  {{ use = "all"; }} );
"""


@pytest.fixture
def make(make_daemon, folder):
    def made(server=""):
        modules = folder / "modules"
        modules.mkdir()
        for name in ("authorized_keys", "login", "commands", "none"):
            shutil.copy(sallyport.BUILD / f"modules/{name}.so", modules)
        shutil.copy(sallyport.BUILD / "tests/process/quiz.so", modules)
        return make_daemon(config=CONFIG, server=server,
                           arguments=["--modules", str(modules)])
    return made


def key_of(daemon):
    return paramiko.Ed25519Key(filename=str(daemon.key))


# ---- a blank password ----

@needs_pam
@pytest.mark.parametrize("accept", ['"keys+pam"', '"pam+keys"'])
@pytest.mark.parametrize("method", BOTH)
def test_blank_password_option_winning_over_two_factor(
        folder, accept, method):
    host = Host(folder, UNIX.replace("nodelay", "nodelay nullok"),
                profile=accept)
    folder.chmod(0o755)
    for name in sallyport.USERS:
        host.accounts.write(name)
    host.accounts.write("bob", hashed="")
    order = f"publickey,{method}" if accept.startswith('"keys') else \
        f"{method},publickey"
    with host:
        # It does let in whoever has both.
        assert_in(asking.login(host, order, RIGHT)[0])
        for methods in (method, order, "publickey", f"publickey,{method}"):
            for password in ("", "x"):
                assert_out(asking.login(host, methods, password,
                                        user="bob")[0])
        transport = asking.connect(host)
        with pytest.raises(paramiko.AuthenticationException):
            transport.auth_none("bob")
        assert not transport.is_authenticated()
        transport.close()


# ---- conditional blocks ----

def test_conditional_block_restriction_advertised_but_not_enforced(make):
    """What is said of bob holds for bob, whatever holds for all."""
    daemon = make()
    key = key_of(daemon)
    transport = asking.connect(daemon)
    with pytest.raises(paramiko.BadAuthenticationType) as refused:
        transport.auth_none("bob")
    assert refused.value.allowed_types == ["publickey"]
    assert "password" in transport.auth_publickey("bob", key)
    assert not transport.is_authenticated()
    transport.auth_password("bob", "right")
    for ask in (lambda c: c.invoke_shell(), lambda c: c.get_pty(),
                lambda c: c.exec_command("id")):
        with pytest.raises(paramiko.SSHException):
            channel = transport.open_session(timeout=20)
            ask(channel)
            # A command that is not on the list is answered on stderr.
            if channel.recv_exit_status() != 0:
                raise paramiko.SSHException("refused")
    transport.close()
    # And what is said of him does not hold for others.
    assert daemon.ssh("id", "-un").stdout == b"alice\n"


SELECTORS = ["identity", "way", "host", "address", "uid", "localport", "User",
             "usr"]


@pytest.mark.parametrize("selector", SELECTORS)
def test_conditional_block_with_an_unsupported_selector_is_no_rule_for_all(
        make, selector):
    daemon = make()
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace(
        'user = "backup"; refuse = true;', f'{selector} = "x"; use = "all";'))
    daemon.process.send_signal(signal.SIGHUP)
    record, = daemon.expect("reload_refused")
    assert f"rules[1].{selector}" in record["reason"], record
    # The rules of before hold.
    assert daemon.ssh("true", user="backup").returncode == 255
    assert daemon.ssh("true").returncode == 0


@pytest.mark.parametrize("rule, what", [
    ('group = "no-such-group"; use = "all";', "group"),
    ('from = "10.0.0.300"; use = "all";', "from"),
    ('local = "nowhere"; use = "all";', "local"),
    ('user = "{word"; use = "all";', "user"),
    ('user = [ ]; use = "all";', "user")])
def test_a_selector_that_cannot_be_evaluated_is_no_rule_for_all(
        make, rule, what):
    daemon = make()
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace(
        'user = "backup"; refuse = true;', rule))
    daemon.process.send_signal(signal.SIGHUP)
    record, = daemon.expect("reload_refused")
    assert f"rules[1].{what}" in record["reason"], record


# ---- no methods ----

@pytest.mark.parametrize("accept", ["[ ]", '""', "( )"])
def test_all_methods_disabled_lets_nobody_in(make, accept):
    daemon = make()
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace('accept = "keys";',
                                          f"accept = {accept};"))
    daemon.process.send_signal(signal.SIGHUP)
    record, = daemon.expect("reload_refused")
    assert "profiles.all.accept" in record["reason"]


def test_all_methods_disabled_is_an_empty_list_and_no_more(make):
    """Who is refused where nothing is asked for: no method can follow."""
    daemon = make(server='decoy = "open";')
    for user in ("backup", "mallory"):
        transport = asking.connect(daemon)
        with pytest.raises(paramiko.BadAuthenticationType) as refused:
            transport.auth_none(user)
        assert refused.value.allowed_types in ([], [""])
        for attempt in (lambda t, u=user: t.auth_password(u, "right"),
                        lambda t, u=user: t.auth_publickey(
                            u, key_of(daemon))):
            with pytest.raises(paramiko.AuthenticationException):
                attempt(transport)
        assert transport.is_active() and not transport.is_authenticated()
        transport.close()
    assert daemon.ssh("true").returncode == 0
