"""The module "none": anybody, for what is public, and for nothing else."""

import subprocess

import pytest

import asking
import sallyport

HEAD = """\
server = {{ listen = [ "127.0.0.1:{port}" ]; {server} }};
log = {{ to = "stderr"; format = "json"; level = "debug"; }};
auth = {{ keys = {{ type = "authorized_keys"; {file} }};
  anybody = {{ type = "none"; IDENTITY }}; }};
handlers = {{
  login = {{ type = "login"; }};
  tools = {{ type = "commands"; commands = (
    {{ match = [ "hello" ]; run = [ "/bin/echo", "hello", "%i" ]; }} ); }};
}};
profiles = {{ public = {{ PROFILE {profile} }};
  staff = {{ accept = "keys"; shell = "login"; exec = "login"; }}; }};
rules = ( {{ user = [ "public", "who-is-this" ]; use = "public"; }},
  {{ use = "staff"; }} );
"""



def account():
    return "git" if sallyport.is_root() else subprocess.run(
        ["id", "-un"], check=True, text=True,
        stdout=subprocess.PIPE).stdout.strip()


def config(profile, identity=""):
    return HEAD.replace("PROFILE", profile).replace("IDENTITY", identity)


@pytest.fixture
def serve(make_daemon):
    def make(accept='"anybody"', identity=""):
        return make_daemon(config=config(
            f'accept = {accept}; exec = "tools"; run_as = "{account()}";',
            identity))
    return make


def ask(daemon, command, user="public"):
    return daemon.ssh(command, user=user,
                      options=["PubkeyAuthentication=no"])


def test_anybody_runs_what_is_on_the_list_and_nothing_else(serve):
    daemon = serve()
    for user in ("public", "who-is-this"):
        done = ask(daemon, "hello", user)
        assert done.stdout == b"hello anonymous\n", done.stderr
    for command in ("id", "hello; id", "sh"):
        done = ask(daemon, command)
        assert done.returncode != 0 and b"uid=" not in done.stdout
    assert daemon.ssh(user="public").returncode != 0  # a shell


def test_all_of_them_are_who_the_configuration_says(serve):
    daemon = serve(identity='identity = "guests";')
    assert ask(daemon, "hello").stdout == b"hello guests\n"


def test_it_has_no_say_where_a_profile_does_not_name_it(serve):
    daemon = serve()
    assert ask(daemon, "hello", daemon.user).returncode == 255
    assert daemon.ssh("echo", "in").stdout == b"in\n"


def test_with_a_step_behind_it_that_one_counts(serve):
    daemon = serve(accept='"anybody+keys"')
    done = ask(daemon, "hello")
    assert done.returncode == 255
    done, _ = asking.login(daemon, "password", "x", user="public")
    assert done.returncode == 255


@pytest.mark.parametrize("profile, why", [
    ('accept = "anybody"; exec = "tools";', "set run_as"),
    ('accept = [ "keys", "anybody" ]; exec = "tools";', "set run_as"),
    ('accept = "anybody"; exec = "login"; run_as = "ACCOUNT";',
     "set command"),
    ('accept = "anybody"; shell = "login"; run_as = "ACCOUNT";',
     "set command"),
    ('accept = "anybody+anybody"; shell = "login"; run_as = "ACCOUNT";',
     "set command"),
])
def test_what_would_be_any_account_or_any_command_is_refused(
        folder, profile, why):
    daemon = sallyport.Daemon(folder, config=config(
        profile.replace("ACCOUNT", account())))
    done = subprocess.run(
        daemon.apart([str(daemon.program), "check", "-f", str(daemon.config),
                      "--modules", str(daemon.modules)]),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False, timeout=60)
    assert done.returncode != 0 and why in done.stdout, done.stdout


def test_a_command_of_the_profile_is_all_that_is_run(make_daemon):
    daemon = make_daemon(config=config(
        f'accept = "anybody"; exec = "login"; command = "echo only %i"; '
        f'run_as = "{account()}";'))
    assert ask(daemon, "id").stdout == b"only anonymous\n"
