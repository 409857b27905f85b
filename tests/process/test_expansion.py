"""Who somebody is becomes part of a path, an argument or a command in each
place where a value is put in; none of them lets it be more than that."""

import os
import shutil
import subprocess

import pytest

import sallyport
from fixtures import make_folder, needs_root
from test_commands import copy_modules, fingerprint

pytestmark = needs_root

CONFIG = """\
server = {{ listen = [ "127.0.0.1:{port}" ]; max_tries = 10; }};
log = {{ to = "stderr"; format = "json"; level = "debug"; }};
auth = {{ people = {{ type = "roster"; file = "FOLDER/roster"; }}; }};
handlers = {{
  login = {{ type = "login"; }};
  list = {{ type = "commands"; commands = (
    {{ match = [ "argument" ]; run = [ "/bin/echo", "ran", "%i" ]; }},
    {{ match = [ "folder" ]; run = [ "/bin/echo", "ran" ];
      cwd = "FOLDER/area/%i"; }},
    {{ match = [ "variable" ]; run = [ "/bin/echo", "ran" ];
      env = [ "WHO=%i" ]; }} ); }};
  git = {{ type = "git"; root = "FOLDER/area/%i"; any_owner = true; }};
  files = {{ type = "sftp";
    storage = {{ type = "local"; root = "FOLDER/area/%i"; }}; }};
}};
profiles = {{
  forced = {{ accept = "people"; exec = "login"; command = "echo ran %i"; }};
  listed = {{ accept = "people"; exec = "list"; }};
  served = {{ accept = "people"; exec = "git"; sftp = "files"; }};
  rooted = {{ accept = "people"; exec = "login";
    chroot = "FOLDER/area/%i"; }};
}};
rules = ( {{ user = "alice"; use = "forced"; }},
  {{ user = "bob"; use = "listed"; }}, {{ user = "git"; use = "served"; }},
  {{ user = "backup"; use = "rooted"; }} );
"""

# What a name may not be, wherever it is put.
NEVER = ["..", ".", "-rf", "--help", "../area/team-a", "/etc", "a/b", "a/..",
         "/", "tab\there", "bell\a", "\x7f"]
# ... and what only a shell would make something of.
SHELLS = ["$(id)", "`id`", "x;id", "a b", "a'b", 'a"b', "a|id", "*", "~root",
          "a\\b", "#a"]

# ... and what would be another text if it were looked at a second time, or
# cut, or taken for what it looks like.
ODD = ["%u", "%i", "%h", "%1", "%", "%%", "100%", "..%", "...", "..a", "team-a%",
       "x" * 120, "\u202ea-maet", "\xe4"]

# The user whose profile has it, what is asked, and how that is known.
PLACES = {
    "the profile's command": ("alice", "true", b"ran"),
    "an argument": ("bob", "argument", b"ran"),
    "a command's folder": ("bob", "folder", b"ran"),
    "a variable": ("bob", "variable", b"ran"),
    "the root of repositories": ("git", "git-upload-pack 'tool'", b"refs/"),
}


@pytest.fixture(scope="module")
def daemon():
    for name in ("git", "sftp", "local", "commands"):
        if not (sallyport.BUILD / f"modules/{name}.so").exists():
            pytest.skip(f"this build has no module {name}")
    folder = make_folder()
    os.chmod(folder, 0o755)
    copy_modules(folder, "roster", "login", "commands", "git", "sftp", "local")
    home = folder / "area/team-a"
    (home / "sub").mkdir(parents=True)
    (folder / "area/bob").mkdir()  # what a "%u" would be, put in twice
    (folder / "area/secret").write_text("of all\n")
    for name in (home / "tool.git", folder / "area/tool.git"):
        subprocess.run(["git", "init", "-q", "--bare", name], check=True)
    running = sallyport.Daemon(
        folder, config=CONFIG.replace("FOLDER", str(folder)),
        arguments=["--modules", str(folder / "modules")])
    (folder / "roster").write_text("")
    with running:
        yield running
    shutil.rmtree(folder, ignore_errors=True)


def be(daemon, identity):
    (daemon.folder / "roster").write_text(
        f"{fingerprint(daemon.key)} {identity}\n")


def ask(daemon, place):
    user, command, mark = PLACES[place]
    done = daemon.ssh(command, user=user)
    return done, done.returncode == 0 and mark in done.stdout


@pytest.mark.parametrize("place", PLACES)
def test_a_plain_name_is_put_in(daemon, place):
    """Else what is below would say nothing."""
    be(daemon, "team-a")
    done = ask(daemon, place)[0]
    assert PLACES[place][2] in done.stdout or \
        place == "the root of repositories" and b"0000" in done.stdout, done


@pytest.mark.parametrize("identity", NEVER)
@pytest.mark.parametrize("place", PLACES)
def test_a_name_that_leads_elsewhere_is_put_in_nowhere(daemon, place,
                                                       identity):
    be(daemon, identity)
    done, _ = ask(daemon, place)
    assert done.returncode not in (0, None), done
    assert b"ran" not in done.stdout and b"secret" not in done.stdout
    assert not done.stdout, done


@pytest.mark.parametrize("identity", SHELLS)
def test_no_shell_reads_more_than_a_word(daemon, identity):
    be(daemon, identity)
    done, has_run = ask(daemon, "the profile's command")
    assert not has_run and not done.stdout, done


@pytest.mark.parametrize("identity", SHELLS)
def test_what_a_shell_would_read_is_an_argument_as_it_is(daemon, identity):
    be(daemon, identity)
    done, _ = ask(daemon, "an argument")
    assert done.stdout in (b"", b"ran %s\n" % identity.encode()), done
    assert b"uid=" not in done.stdout


@pytest.mark.parametrize("identity", ODD)
def test_a_value_is_put_in_once_and_whole(daemon, identity):
    be(daemon, identity)
    done, has_run = ask(daemon, "an argument")
    assert has_run and done.stdout == f"ran {identity}\n".encode(), done
    done, has_run = ask(daemon, "the profile's command")
    assert done.stdout in (b"", f"ran {identity}\n".encode()), done
    for place in ("a command's folder", "the root of repositories"):
        done, has_run = ask(daemon, place)
        assert not has_run and not done.stdout, done


def sessions(daemon):
    return [record for record in daemon.records("session_opened")
            if record["user"] == "backup"]


def test_a_session_is_below_no_other_root(daemon):
    """There is no shell inside; that there is a session tells it."""
    be(daemon, "team-a")
    daemon.ssh("true", user="backup")
    sallyport.wait_until(lambda: len(sessions(daemon)) == 1)
    for identity in NEVER:
        be(daemon, identity)
        assert daemon.ssh("true", user="backup").returncode == 255
    assert len(sessions(daemon)) == 1


def list_files(daemon):
    command = daemon.ssh_command(user="git")
    at = command.index("-p")
    command = ["sftp", "-b", "-", "-P", command[at + 1],
               *command[1:at], *command[at + 2:]]
    return subprocess.run(command, input=b"ls\n", capture_output=True,
                          timeout=60, check=False)


def test_files_are_below_no_other_root(daemon):
    be(daemon, "team-a")
    done = list_files(daemon)
    assert b"sub" in done.stdout and b"tool.git" in done.stdout, done
    for identity in NEVER:
        be(daemon, identity)
        done = list_files(daemon)
        assert done.returncode != 0, done
        assert b"secret" not in done.stdout and b"tool" not in done.stdout
