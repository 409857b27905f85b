"""examples/commands.conf as it stands, but for its places: git, borg and
rsync for users that are no accounts."""

import asyncio
import os
import shlex
import shutil
import subprocess

import pytest

import sallyport
from fixtures import make_folder, needs_root
from test_commands import ask
from test_git import git, make_repository

pytestmark = needs_root

USERS = ("dev-ann", "ci-bot", "backup-web", "backup-db")
GIT, BACKUP = sallyport.USERS["git"], sallyport.USERS["backup"]


def example(folder):
    text = (sallyport.SOURCE / "examples/commands.conf").read_text()
    for old, new in [("[::]:2222", "127.0.0.1:PORT"),
                     ("/etc/sallyport", f"{folder}"), ("/srv/", f"{folder}/"),
                     ("/usr/local/bin/", f"{folder}/"),
                     ("10.20.0.0/16", "127.0.0.0/8")]:
        assert old in text
        text = text.replace(old, new)
    # A program that is not here is not served either.
    for program in ("borg", "rrsync"):
        if not os.path.exists(f"/usr/bin/{program}"):
            text = text.replace(f"/usr/bin/{program}", "/bin/false")
    text = text.replace("{", "{{").replace("}", "}}")
    return text.replace("PORT", "{port}")


@pytest.fixture(scope="module")
def daemon():
    folder = make_folder()
    os.chmod(folder, 0o755)
    (folder / "ci-status").write_text("#!/bin/sh\necho \"$1 is well\"\n")
    (folder / "ci-status").chmod(0o755)
    for place, uid in [("git", GIT), ("borg", BACKUP), ("rsync", BACKUP)]:
        (folder / place).mkdir()
        if uid == BACKUP:
            for user in USERS[2:]:
                (folder / place / user).mkdir()
                (folder / place / user).chmod(0o700)
        subprocess.run(["chown", "-R", f"{uid}:{uid}", folder / place],
                       check=True)
    running = sallyport.Daemon(folder, config=example(folder))
    (folder / "keys").mkdir()
    for user in USERS:
        shutil.copy(running.key.with_suffix(".pub"), folder / "keys" / user)
    with running:
        yield running
    shutil.rmtree(folder, ignore_errors=True)


def remote_shell(daemon):
    return shlex.join(daemon.ssh_command()[:-1])


def need(program):
    # What they do of their own takes longest, and is the same in each build.
    if "fsanitize" in (sallyport.BUILD / "Makefile").read_text():
        pytest.skip("the plain build does it")
    if shutil.which(program) is None:
        pytest.skip(f"there is no {program} here")


def run(*command, check=True, **environment):
    done = subprocess.run(
        command, check=False, stdin=subprocess.DEVNULL, timeout=120,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, **environment})
    assert not check or done.returncode == 0, done.stdout
    return done


def test_people_push_and_machines_fetch(daemon, tmp_path):
    make_repository(daemon.folder / "git/tool.git")
    subprocess.run(["chown", "-R", f"{GIT}:{GIT}", daemon.folder / "git"],
                   check=True)
    shell = {"GIT_SSH_COMMAND": remote_shell(daemon)}
    work = tmp_path / "work"
    git("init", "-q", "-b", "main", str(work))
    git("commit", "-q", "--allow-empty", "-m", "x", cwd=work)
    git("push", "-q", "dev-ann@127.0.0.1:tool", "main", cwd=work, **shell)
    git("clone", "-q", "ci-bot@127.0.0.1:tool.git", str(tmp_path / "copy"),
        **shell)
    done = git("push", "ci-bot@127.0.0.1:tool", "main:x", cwd=work,
               check=False, **shell)
    assert "ci-bot may not push here." in done.stderr
    assert daemon.ssh(user="dev-ann").stderr == \
        b"Hi dev-ann! There is no shell here, only git.\n"


@pytest.fixture
def files(tmp_path):
    place = tmp_path / "files"
    (place / "a b").mkdir(parents=True)
    (place / "a b/it's").write_bytes(os.urandom(200000))
    (place / "plain").write_text("x\n")
    return place


def test_borg_backs_up_below_its_own_folder(daemon, files, tmp_path):
    need("borg")
    before = len(daemon.records("command_ran"))

    def borg(*arguments, check=True):
        return run("borg", *arguments, check=check,
                   BORG_RSH=remote_shell(daemon),
                   BORG_BASE_DIR=str(tmp_path / "borg"),
                   BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK="yes")

    url = f"ssh://backup-web@127.0.0.1/{daemon.folder}/borg/backup-web/repo"
    borg("init", "-e", "none", url)
    borg("create", f"{url}::one", str(files))
    assert "a b/it's" in borg("list", f"{url}::one").stdout
    (daemon.folder / "borg/backup-web/repo").stat()
    record = daemon.expect("command_ran", 3, before=before)[1]
    assert record["identity"] == "backup-web"
    assert record["command"].startswith("borg serve")
    assert record["status"] == 0 and record["bytes_in"] > 200000
    # Its program sees the client's line, and keeps to its folder.
    place = f"{daemon.folder}/borg/backup-web/../backup-db/repo"
    done = borg("init", "-e", "none", f"ssh://backup-web@127.0.0.1/{place}",
                check=False)
    assert done.returncode != 0
    assert "Repository path not allowed" in done.stdout


def test_rsync_copies_both_ways_below_its_own_folder(daemon, files, tmp_path):
    need("rsync")
    if not os.path.exists("/usr/bin/rrsync"):
        pytest.skip("there is no rrsync beside rsync here")

    def rsync(*arguments, check=True):
        return run("rsync", "-a", "-e", remote_shell(daemon), *arguments,
                   check=check)

    rsync(f"{files}/", "backup-web@127.0.0.1:in/")
    kept = daemon.folder / "rsync/backup-web/in"
    assert (kept / "a b/it's").read_bytes() == \
        (files / "a b/it's").read_bytes()
    assert (kept / "plain").stat().st_uid == BACKUP
    rsync("backup-web@127.0.0.1:in/a b/", str(tmp_path / "out"))
    assert (tmp_path / "out/it's").exists()
    (daemon.folder / "rsync/backup-db/other").write_text("x")
    for place in ("../backup-db/", f"{daemon.folder}/rsync/backup-db/",
                  "/etc/passwd", "in/../../backup-db/"):
        rsync(f"backup-web@127.0.0.1:{place}", str(tmp_path / "stolen"),
              check=False)
        rsync(f"{files}/plain", f"backup-web@127.0.0.1:{place}", check=False)
        assert not (tmp_path / "stolen/other").exists()
        assert not (tmp_path / "stolen/passwd").exists()
        assert os.listdir(daemon.folder / "rsync/backup-db") == ["other"]


def test_a_program_of_ones_own_gets_a_word(daemon):
    done = daemon.ssh("status web", user="backup-db")
    assert (done.returncode, done.stdout) == (0, b"web is well\n")
    for done in asyncio.run(ask(daemon, [
            "status ../x", "status 'web; id'", "status", "id", "borg init x",
            "rsync x", "status web x"], user="backup-db")):
        assert (done.exit_status, done.stdout, done.stderr) == \
            (127, b"", b"Only borg, rsync and status are served here.\n")


def test_who_has_no_file_of_keys_is_not_let_in(daemon):
    assert daemon.ssh("status web", user="backup-x").returncode == 255
    assert daemon.ssh("status web", user="git").returncode == 255
