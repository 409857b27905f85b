"""The handler git: real clones, pushes and fetches, and what is kept out."""

import asyncio
import os
import pwd
import shutil
import subprocess

import pytest

import sallyport
from fixtures import make_folder, needs_root
from test_commands import ask, copy_modules, fingerprint

CONFIG = """\
server = {{ listen = [ "127.0.0.1:{port}" ]; {server} }};
log = {{ to = "stderr"; format = "json"; level = "debug"; }};
auth = {{ people = {{ type = "roster"; file = "FOLDER/roster"; }}; }};
handlers = {{ git = {{ type = "git"; {profile} }}; }};
profiles = {{ all = {{ accept = "people"; shell = "git"; exec = "git";
  env = [ "GIT_*", "LANG" ]; }}; }};
rules = ( {{ use = "all"; }} );
"""

OPTIONS = """
  root = "FOLDER/repos"; write = [ "team-*" ]; read = [ "team-*", "reader" ];
  env = [ "PUSHER=%i" ];
"""


def git(*arguments, cwd=None, check=True, **environment):
    """As nobody's configuration has it."""
    return subprocess.run(
        ["git", *arguments], cwd=cwd, check=check, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent",
             "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a",
             "GIT_AUTHOR_EMAIL": "a@example.net", "GIT_COMMITTER_NAME": "a",
             "GIT_COMMITTER_EMAIL": "a@example.net", **environment})


def owner():
    return sallyport.USERS["alice"] if sallyport.is_root() else os.geteuid()


def give_away(path):
    if sallyport.is_root():
        subprocess.run(["chown", "-R", f"{owner()}:{owner()}", path],
                       check=True)


def make_repository(path):
    git("init", "-q", "--bare", "-b", "main", path)
    give_away(path)
    return path


def make_place():
    folder = make_folder()
    os.chmod(folder, 0o755)
    copy_modules(folder, "roster", "git")
    lines = []
    for name, identity in [("key", "team-a"), ("read", "reader"),
                           ("none", "stranger"), ("bad", "../team-b")]:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                        folder / name], check=True)
        lines.append(f"{fingerprint(folder / name)} {identity}\n")
    (folder / "roster").write_text("".join(lines))
    (folder / "repos").mkdir()
    give_away(folder / "repos")
    return folder


class Forge:
    """A daemon, and git as a client of it."""

    def __init__(self, folder, options=OPTIONS):
        self.folder = folder
        self.repos = folder / "repos"
        self.daemon = sallyport.Daemon(
            folder, config=CONFIG.replace("FOLDER", str(folder)),
            profile=options.replace("FOLDER", str(folder)),
            arguments=["--modules", str(folder / "modules")])

    def url(self, path):
        return f"ssh://{self.daemon.user}@127.0.0.1:{self.daemon.port}/{path}"

    def git(self, *arguments, key="key", **kwargs):
        command = [part if part != str(self.daemon.key)
                   else str(self.folder / key)
                   for part in self.daemon.ssh_command()[:-1]]
        return git(*arguments, GIT_SSH_COMMAND=" ".join(command), **kwargs)

    def ssh(self, command, key="key", **kwargs):
        return self.daemon.ssh(
            *([command] if command is not None else []),
            options=[f"IdentityFile={self.folder / key}",
                     *kwargs.pop("options", [])], **kwargs) \
            if key == "key" else subprocess.run(
                [part if part != str(self.daemon.key)
                 else str(self.folder / key)
                 for part in self.daemon.ssh_command(command)],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, timeout=60, check=False)


@pytest.fixture(scope="module")
def forge():
    folder = make_place()
    forge = Forge(folder)
    with forge.daemon:
        yield forge
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def work(tmp_path):
    """A working tree with one commit."""
    place = tmp_path / "work"
    git("init", "-q", "-b", "main", str(place))
    (place / "file").write_text("one\n")
    git("add", ".", cwd=place)
    git("commit", "-qm", "one", cwd=place)
    return place


def head(place):
    return git("rev-parse", "HEAD", cwd=place).stdout


# ---- what is served ----

@pytest.mark.parametrize("version", ["0", "2"])
def test_a_push_a_clone_and_a_fetch(forge, work, tmp_path, version):
    make_repository(forge.repos / f"project{version}.git")
    url = forge.url(f"project{version}.git")
    option = ["-c", f"protocol.version={version}"]
    forge.git(*option, "push", "-q", url, "main", cwd=work)
    forge.git(*option, "clone", "-q", url, str(tmp_path / "copy"))
    assert (tmp_path / "copy/file").read_text() == "one\n"
    (work / "file").write_bytes(os.urandom(3000000))
    git("commit", "-qam", "two", cwd=work)
    forge.git(*option, "push", "-q", url, "main", cwd=work)
    forge.git(*option, "pull", "-q", cwd=tmp_path / "copy")
    assert head(tmp_path / "copy") == head(work)


def test_the_protocols_version_reaches_git_and_nothing_else_does(forge, work):
    make_repository(forge.repos / "version.git")
    forge.git("push", "-q", forge.url("version.git"), "main", cwd=work)

    values = ["version=2", "version=1", "version=0", "version=3", "version=",
              "version=20", "version=2:x", "x:version=2", "version=-1",
              "VERSION=2", "version=2\nx", ""]
    # Any of these would break it, had it reached git.
    others = {"GIT_DIR": "/nonexistent", "GIT_CONFIG_COUNT": "x",
              "GIT_OBJECT_DIRECTORY": "/nonexistent"}
    said = asyncio.run(ask(
        forge.daemon, ["git-upload-pack version.git"] * len(values),
        [{"GIT_PROTOCOL": value, **others} for value in values]))
    for value, done in zip(values, said):
        first = done.stdout[:14]
        assert (b"version 2" in first) == (value == "version=2")
        assert (b"version 1" in first) == (value == "version=1")
        assert value == "version=2" or b"refs/heads/main" in done.stdout


def test_a_repository_is_found_with_and_without_its_suffix(
        forge, work, tmp_path):
    (forge.repos / "team").mkdir(exist_ok=True)
    make_repository(forge.repos / "team/tool.git")
    make_repository(forge.repos / "team/plain")
    forge.git("push", "-q", forge.url("team/tool"), "main", cwd=work)
    forge.git("clone", "-q", forge.url("team/tool/"), str(tmp_path / "copy"))
    assert head(tmp_path / "copy") == head(work)
    for done in asyncio.run(ask(forge.daemon, [
            "git-upload-pack 'team/tool.git'", "git-upload-pack /team/tool",
            "git upload-pack '/team/tool.git/'", "git-upload-pack team/plain",
            "git-upload-pack team/plain.git"])):
        assert done.stdout.endswith(b"0000"), done.stderr


@pytest.mark.parametrize("name", ["with 'quote' !.git", "$(id);*.git"])
def test_a_name_may_hold_what_a_shell_would_act_on(
        forge, work, tmp_path, name):
    make_repository(forge.repos / name)
    url = f"{forge.daemon.user}@127.0.0.1:{name}"
    forge.git("push", "-q", url, "main", cwd=work)
    forge.git("clone", "-q", url, str(tmp_path / "copy"))
    assert head(tmp_path / "copy") == head(work)


def test_a_hook_knows_who_pushes_and_may_refuse(forge, work):
    place = make_repository(forge.repos / "hooked.git")
    hook = place / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho \"$SALLYPORT_IDENTITY $PUSHER\" >seen\n"
                    "env >env\n"
                    "echo told >&2; grep -q bad && exit 1; exit 0\n")
    hook.chmod(0o755)
    give_away(place)
    done = forge.git("push", forge.url("hooked"), "main", cwd=work)
    assert "remote: told" in done.stderr
    assert (place / "seen").read_text() == "team-a team-a\n"
    assert "LANG" not in (place / "env").read_text()
    done = forge.git("push", forge.url("hooked"), "main:bad", cwd=work,
                     check=False)
    assert done.returncode != 0 and "pre-receive hook declined" in done.stderr


def test_each_run_is_one_line_of_the_log(forge, work):
    make_repository(forge.repos / "logged.git")
    before = len(forge.daemon.records("command_ran"))
    forge.git("push", "-q", forge.url("logged.git"), "main", cwd=work)
    record = forge.daemon.expect("command_ran", before=before)[0]
    assert record["command"] == "git-receive-pack '/logged.git'"
    assert record["identity"] == "team-a" and record["status"] == 0
    assert record["bytes_in"] > 200 and record["bytes_out"] > 50


def test_archives_are_served_where_that_is_chosen(work):
    folder = make_place()
    forge = Forge(folder, OPTIONS + "archive = true;")
    try:
        with forge.daemon:
            make_repository(forge.repos / "p.git")
            forge.git("push", "-q", forge.url("p"), "main", cwd=work)
            done = forge.git("archive", f"--remote={forge.url('p')}", "main")
            assert "one\n" in done.stdout
            done = forge.git("archive", f"--remote={forge.url('p')}",
                             "--output=/tmp/x", "--exec=/bin/sh", "main",
                             check=False)
            assert done.returncode != 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# ---- who may what ----

def test_a_reader_fetches_and_does_not_push(forge, work, tmp_path):
    make_repository(forge.repos / "shared.git")
    url = forge.url("shared.git")
    forge.git("push", "-q", url, "main", cwd=work)
    forge.git("clone", "-q", url, str(tmp_path / "copy"), key="read")
    before = len(forge.daemon.records("command_refused"))
    done = forge.git("push", url, "main:other", cwd=work, key="read",
                     check=False)
    assert done.returncode != 0
    assert "reader may not push here." in done.stderr
    record = forge.daemon.expect("command_refused", before=before)[0]
    assert record["reason"] == "the identity may not do that"
    assert record["identity"] == "reader"
    done = forge.ssh("git-receive-pack shared.git", key="read")
    assert (done.returncode, done.stdout) == (128, b"")


def test_who_is_on_no_list_does_not_even_fetch(forge, work):
    make_repository(forge.repos / "closed.git")
    done = forge.git("ls-remote", forge.url("closed.git"), key="none",
                     check=False)
    assert "stranger may not fetch here." in done.stderr


def test_an_archive_is_not_served_unless_chosen(forge):
    done = forge.ssh("git-upload-archive project")
    assert (done.returncode, done.stderr) == \
        (128, b"Archives are not served here.\n")


def test_each_identity_has_a_root_of_its_own_where_that_is_set(work, tmp_path):
    folder = make_place()
    forge = Forge(folder, 'root = "FOLDER/repos/%i"; write = true;')
    try:
        with forge.daemon:
            for name in ("team-a", "team-b"):
                (forge.repos / name).mkdir()
                make_repository(forge.repos / name / "p.git")
            forge.git("push", "-q", forge.url("p"), "main", cwd=work)
            assert git("rev-parse", "main", cwd=forge.repos / "team-a/p.git",
                       **ANY).stdout == head(work)
            # An identity that names another's folder gets nowhere.
            done = forge.git("ls-remote", forge.url("p"), key="bad",
                             check=False)
            assert "There is no such repository here." in done.stderr
            for path in ("../team-b/p", "/../team-b/p.git", "team-b/p"):
                done = forge.ssh(f"git-upload-pack '{path}'")
                assert (done.returncode, done.stdout) == (128, b"")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


ANY = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory",
       "GIT_CONFIG_VALUE_0": "*"}


@needs_root
@pytest.mark.parametrize("option, is_served", [("", False),
                                               ("any_owner = true;", True)])
def test_anothers_repository_is_served_where_that_is_chosen(
        work, option, is_served):
    folder = make_place()
    forge = Forge(folder, OPTIONS + option)
    try:
        with forge.daemon:
            make_repository(forge.repos / "p.git")
            subprocess.run(["chown", "-R", "64702:64702", forge.repos],
                           check=True)
            done = forge.ssh("git-upload-pack p.git")
            assert (b"refs" in done.stdout or b"0000" in done.stdout) \
                == is_served
            assert (b"dubious ownership" in done.stderr) != is_served
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# ---- what is refused ----

NOT_GIT = [
    "id", "git", "git-upload-pack", "git upload-pack", "git-shell",
    "git-upload-pack a b", "git-upload-pack --strict a",
    "git-upload-pack --timeout=1 a", "git upload-pack --strict a",
    "git --exec-path=/tmp upload-pack a", "git -c a.b=c upload-pack a",
    "git -C / upload-pack a", "git-upload-pack -- a", "git clone a",
    "git-config a", "git config --list", "git daemon", "git gc",
    "git-upload-pack-x a", "git-receive-pack", "git git-upload-pack a",
    "/usr/bin/git-upload-pack a", "/usr/bin/git upload-pack a",
    "git-lfs-authenticate a download", "hg serve", "Git-Upload-Pack a",
    "git-upload-pack a.git.b c", "git-http-backend", "scp -t a",
]

NEEDS_SHELL = [
    "git-upload-pack a; id", "git-upload-pack $(id)", "git-upload-pack a|id",
    "git-upload-pack 'a", "git-upload-pack a\nid", "git-upload-pack 'a\nb'",
    "A=b git-upload-pack a", "git-upload-pack ~/a", "git-upload-pack *",
    "git-upload-pack `id`", "git-upload-pack \"$HOME\"", "id > a",
]

BAD_PATHS = {
    "a part of the path is empty": ["//project.git", "a//b", "a///"],
    "the path is empty": ["", "/", "//"][:2],
    'a part of the path is "." or ".."': [
        "..", ".", "../x", "a/..", "a/../b", "./project.git", "/..", "/.",
        "a/./b", "../../../../etc", "/../out.git"],
    'a part of the path begins with "-" or "~"': [
        "-x", "--upload-pack=/bin/sh", "a/-b", "~", "~root", "~/x",
        "/~/x", "/~alice/p", "a/~b"],
    "the path is too long": ["a" * 1100],
    "there is no repository of that name": [
        "nothing", "nothing.git", "project.git/refs", "plain", "file",
        "project.git/HEAD", "gitfile", "nested.git", "shadow.git",
        "...", ".git", "team", "a\\..\\b"],
    "its path leads out of the root": [
        "escape", "escape.git", "escape/out.git", "absolute.git", "up.git",
        "up.git/out.git", "team/deep/out.git"],
}


def attack(forge, commands, status, text, reason):
    daemon = forge.daemon
    before = len(daemon.records("command_refused"))
    ran = len(daemon.records("command_ran"))
    for command, done in zip(commands, asyncio.run(ask(daemon, commands))):
        assert (done.exit_status, done.stdout, done.stderr) == \
            (status, b"", text), command
    records = daemon.expect("command_refused", len(commands), before)
    for command, record in zip(commands, records):
        assert (record["reason"], record["command"]) == \
            (reason, command[:1024])
    assert len(daemon.records("command_ran")) == ran


def test_nothing_but_what_git_sends_is_served(forge):
    attack(forge, NOT_GIT, 127, b"Only git is served here.\n",
           "it is not what git sends")


def test_nothing_that_needs_a_shell_is_served(forge):
    attack(forge, NEEDS_SHELL, 127, b"Only git is served here.\n",
           "only a shell could tell what it means")


@pytest.fixture
def traps(forge):
    """Ways out of the root, and what looks like a repository."""
    repos = forge.repos
    if (repos / "escape").is_symlink():
        return
    make_repository(forge.folder / "out.git")
    make_repository(repos / "project.git")
    (repos / "escape").symlink_to("..")
    (repos / "escape.git").symlink_to("../out.git")
    (repos / "absolute.git").symlink_to(forge.folder / "out.git")
    (repos / "up.git").symlink_to("project.git/../..")
    (repos / "team").mkdir(exist_ok=True)
    (repos / "team/deep").symlink_to("../..")
    (repos / "plain").mkdir()
    (repos / "file").write_text("x")
    (repos / "gitfile").write_text(f"gitdir: {forge.folder}/out.git\n")
    make_repository(repos / "nested.git")
    (repos / "nested.git/.git").write_text(
        f"gitdir: {forge.folder}/out.git\n")
    make_repository(repos / "shadow.git")
    shutil.rmtree(repos / "shadow.git/objects")
    (repos / "shadow.git/objects").symlink_to(forge.folder / "out.git/objects")


@pytest.mark.parametrize("reason", BAD_PATHS)
@pytest.mark.parametrize("service", ["git-upload-pack", "git receive-pack"])
def test_no_path_leads_to_anything_but_a_repository_below_the_root(
        forge, traps, reason, service):
    attack(forge, [f"{service} '{path}'" for path in BAD_PATHS[reason]], 128,
           b"There is no such repository here.\n", reason)


def test_a_link_to_another_repository_below_the_root_is_followed(
        forge, traps, tmp_path):
    (forge.repos / "old.git").symlink_to("project.git")
    done = forge.ssh("git-upload-pack old.git")
    assert done.stdout.startswith(b"0")


def test_who_asks_for_a_shell_is_told_politely(forge):
    done = forge.ssh(None)
    assert (done.returncode, done.stdout, done.stderr) == \
        (1, b"", b"Hi team-a! There is no shell here, only git.\n")


# ---- the configuration ----

@pytest.mark.parametrize("options, reason", [
    ('root = "/nonexistent/x";', "/nonexistent/x is no folder"),
    ('root = "/srv"; program = "/nonexistent/git";', "No such file"),
])
def test_what_will_not_do_is_told_at_the_start(options, reason):
    folder = make_place()
    forge = Forge(folder, options)
    try:
        forge.daemon.start(wait=False)
        assert forge.daemon.process.wait(15) != 0
        assert reason in forge.daemon.log.read_text()
    finally:
        forge.daemon.stop()
        shutil.rmtree(folder, ignore_errors=True)
