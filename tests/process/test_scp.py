"""The old protocol of scp, without a program of that name: OpenSSH's client
with -O, PuTTY's pscp, and clients that speak it by hand."""

import os
import pathlib
import shutil
import stat
import subprocess
import time

import pytest

# Their fixtures, and a daemon that serves files.
from test_sftp import Files, digest, needs_home  # noqa: F401
from test_sftp_policy import HANDLERS, every
from sallyport import wait_until

pytestmark = needs_home

MORE = HANDLERS + """\
  see = {{ type = "sftp"; read_only = true;
    storage = {{ root = "%h/jail"; }}; }};
  shut = {{ type = "sftp"; deny = [ "*.exe" ]; hide = [ "secret*" ];
    storage = {{ root = "%h/jail"; }}; }};
"""


class Copies(Files):
    """A daemon with the handler of its files as that of scp, too."""

    def __init__(self, folder, *, scp="files", own="", profile="",
                 **settings):
        super().__init__(folder, sftp=scp, handlers=MORE + own,
                         profile=f'scp = "{scp}"; {profile}', **settings)

    def scp(self, *arguments, program="scp", timeout=120):
        command = self.options(program)
        command[command.index("-p")] = "-P"
        return subprocess.run(
            [*command, "-O", *[str(each) for each in arguments]],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=timeout, cwd=self.here, check=False,
            errors="surrogateescape")

    def copy(self, *arguments):
        """What must go well, without a word."""
        done = self.scp(*arguments)
        assert (done.returncode, done.stdout) == (0, ""), done.stdout

    def far(self, path):
        return f"{self.user}@127.0.0.1:{path}"

    def speak(self, command, said=b"", timeout=20):
        """The end of a client that says all this at once."""
        return self.ssh(command, input=said, timeout=timeout)


@pytest.fixture
def make(folder):
    running = []

    def made(**settings):
        place = folder / str(len(running))
        place.mkdir()
        os.chmod(folder, 0o755)
        running.append(Copies(place, **settings))
        return running[-1].start()

    yield made
    for each in running:
        each.stop()


@pytest.fixture
def files(make):
    return make()


@pytest.fixture
def jailed(make):
    """A daemon with a handler of these, and a folder that is its root."""
    def made(scp):
        daemon = make(scp=scp)
        daemon.jail = daemon.home / "jail"
        for name in ("jail", "jail/in", "jail/out"):
            (daemon.home / name).mkdir()
            daemon.give(daemon.home / name)
        (daemon.jail / "out/report").write_text("all is well")
        daemon.give(daemon.jail / "out/report")
        return daemon
    return made


def tree(folder):
    """Each path with its permissions, and what is in it."""
    return {name: (stat.S_IMODE((folder / name).stat().st_mode),
                   (folder / name).is_file() and digest(folder / name))
            for name in every(folder)}


# ---- OpenSSH's client ----

SIZES = [0, 1, 32767, 32768, 32769, 262144, 262145, (48 << 20) + 1]


def test_files_come_and_go_whole(files):
    for size in SIZES:
        (files.here / "a").write_bytes(os.urandom(size))
        files.copy("a", files.far("b"))
        files.copy(files.far("b"), "c")
        assert digest(files.here / "a") == digest(files.home / "b") == \
            digest(files.here / "c")
    assert not [each for each in files.records("program_started")
                if not each["command"].startswith("scp -")]


def test_no_program_is_run(files):
    (files.here / "a").write_text("x")
    files.copy("a", files.far("b"))
    record = files.expect("program_started")[0]
    assert record["handler"] == "files"
    assert record["command"] == "scp -t b"


def test_each_transfer_has_one_line(files):
    (files.here / "a").write_text("hello")
    (files.here / "none").touch()
    files.copy("a", "none", files.far("."))
    files.copy(files.far("a"), files.far("none"), "..")
    up, down = (files.expect(name, count=2)
                for name in ("file_uploaded", "file_downloaded"))
    assert [(each["path"], each["bytes_in"]) for each in up] == \
        [("a", 5), ("none", 0)]
    assert [(each["path"], each["bytes_out"]) for each in down] == \
        [("a", 5), ("none", 0)]
    assert not [each for each in up + down if "reason" in each]


def test_folders_come_and_go_with_all_that_is_in_them(files):
    top = files.here / "top"
    for i in range(3):
        (top / f"d{i}/e").mkdir(parents=True)
        for n in range(60):
            (top / f"d{i}/f{n}").write_bytes(os.urandom(n))
    (top / "empty").mkdir()
    (top / "a name, *?").write_text("x")
    files.copy("-r", "top", files.far("new"))
    assert tree(top) == tree(files.home / "new")
    files.copy("-r", "top", files.far("new"))
    assert tree(top) == tree(files.home / "new/top")
    files.copy("-r", files.far("new/top"), "back")
    assert tree(top) == tree(files.here / "back")


def test_modes_and_times_are_kept_where_they_are_asked_for(files):
    top = files.here / "top"
    top.mkdir()
    (top / "x").write_text("x")
    (top / "y").write_text("y")
    os.chmod(top / "x", 0o640)
    os.chmod(top / "y", 0o400)
    os.chmod(top, 0o750)
    for name, when in (("x", 1000000001), ("y", 1000000002), (".", 1000000003)):
        os.utime(top / name, (when - 10, when))
    files.copy("-rp", "top", files.far("far"))
    files.copy("-rp", files.far("far"), "back")
    for place in (files.home / "far", files.here / "back"):
        for name, mode in (("x", 0o640), ("y", 0o400), (".", 0o750)):
            got = (place / name).stat()
            want = (top / name).stat()
            assert stat.S_IMODE(got.st_mode) == mode
            assert int(got.st_mtime) == int(want.st_mtime)
        assert int((place / "y").stat().st_mtime) == 1000000002
    files.copy("top/x", files.far("plain"))
    assert time.time() - (files.home / "plain").stat().st_mtime < 100


def test_new_files_get_the_profiles_umask_and_old_ones_keep_their_mode(files):
    (files.here / "a").write_text("x")
    os.chmod(files.here / "a", 0o777)
    files.copy("a", files.far("b"))
    assert stat.S_IMODE((files.home / "b").stat().st_mode) == 0o755
    os.chmod(files.home / "b", 0o600)
    files.copy("a", files.far("b"))
    assert stat.S_IMODE((files.home / "b").stat().st_mode) == 0o600


def test_sizes_past_32_bits_are_what_they_are(make):
    daemon = make(scp="small")
    with open(daemon.home / "x", "wb") as great:
        great.truncate((4 << 30) + 5)
    daemon.give(daemon.home / "x")
    done = daemon.popen("scp -f x")
    done.stdin.write(b"\0\0")
    done.stdin.flush()
    assert done.stdout.readline() == b"C0644 4294967301 x\n"
    assert done.stdout.read(1 << 20) == b"\0" * (1 << 20)
    done.kill()
    done.communicate()
    record = daemon.expect("file_downloaded")[0]
    assert record["reason"] == "the client left"
    done = daemon.speak("scp -t y", b"C0644 4294967301 y\n")
    assert b"y: The file is too large" in done.stdout
    assert not (daemon.home / "y").exists()


def test_patterns_name_what_is_in_a_folder(files):
    for name in ("a.txt", "b.txt", "c.dat", ".d.txt"):
        (files.home / name).write_text(name)
        files.give(files.home / name)
    files.copy(files.far("*.txt"), ".")
    assert every(files.here) == ["a.txt", "b.txt"]
    files.copy(files.far("./?.da?"), ".")
    assert (files.here / "c.dat").read_text() == "c.dat"
    done = files.scp(files.far("*.none"), ".")
    assert done.returncode == 1 and "fits the pattern" in done.stdout
    done = files.scp(files.far("*/x"), ".")
    assert done.returncode == 1 and "last name alone" in done.stdout


def test_paths_are_read_as_a_shell_would(files):
    (files.home / "a b").write_text("x")
    (files.home / "c").write_text("c")
    for path in (r"a\ b", "'a b'", '"a b"', "~/a\\ b"):
        (files.here / "got").unlink(missing_ok=True)
        assert files.scp("-T", files.far(path), "got").returncode == 0
        assert (files.here / "got").read_text() == "x"
    done = files.speak("scp -f 'a b' c", b"\0" * 10)
    assert done.returncode == 0
    assert b"C0644 1 a b\nx" in done.stdout and b"C0644 1 c\nc" in done.stdout


# ---- what cannot be ----

@pytest.mark.parametrize("arguments, text", [
    (("FAR:nothing", "."), "nothing: No such file or directory"),
    (("FAR:.ssh", "."), "not a regular file"),
    (("FAR:$HOME/x", "."), "put it in quotes"),
    (("FAR:x;id", "."), "put it in quotes"),
    (("FAR:`id`", "."), "put it in quotes"),
    (("FAR:/etc/shadow", "."), "Permission denied"),
    (("FAR:/dev/zero", "."), "not a regular file"),
    (("FAR:fifo", "."), "not a regular file"),
    (("a", "FAR:/etc/a"), "ermission denied"),
    (("a", "FAR:no/where"), "No such file or directory"),
    (("a", "b", "FAR:no"), "No such file or directory"),
    (("a", "b", "FAR:file"), "Not a directory"),
    (("-r", "folder", "FAR:file"), "Not a directory"),
    (("-r", "FAR:.", "x"), "it has no name that could be sent"),
    (("a", "FAR:.ssh"), None),
])
def test_what_cannot_be_is_told_of(files, arguments, text):
    for name in ("a", "b"):
        (files.here / name).write_text(name)
    (files.here / "folder").mkdir()
    (files.home / "file").write_text("x")
    files.give(files.home / "file")
    os.mkfifo(files.home / "fifo")
    files.give(files.home / "fifo")
    done = files.scp("-T", *[each.replace("FAR:", files.far(""))
                             for each in arguments])
    if text is None:
        assert done.returncode == 0, done.stdout
        return
    assert done.returncode == 1 and text in done.stdout, done.stdout
    assert (files.home / "file").read_text() == "x"


def test_one_that_fails_keeps_the_others_from_nothing(files):
    for name in ("a", "b", "c"):
        (files.home / name).write_text(name)
        files.give(files.home / name)
    os.chmod(files.home / "b", 0)
    os.chown(files.home / "b", 0, 0)
    done = files.scp(files.far("a"), files.far("b"), files.far("c"), ".")
    assert done.returncode == 1 and "b: Permission denied" in done.stdout
    assert every(files.here) == ["a", "c"]
    (files.home / "d").mkdir()
    os.rename(files.home / "b", files.home / "d/b")
    (files.home / "d/e").write_text("e")
    files.give(files.home / "d")
    done = files.scp("-r", files.far("d"), ".")
    assert done.returncode == 1 and "d/b: Permission denied" in done.stdout
    assert every(files.here / "d") == ["e"]


@pytest.mark.parametrize("said, text", [
    (b"C0644 1 ../x\n", b"unexpected filename"),
    (b"C0644 1 ..\n", b"unexpected filename"),
    (b"C0644 1 .\n", b"unexpected filename"),
    (b"C0644 1 /etc/x\n", b"unexpected filename"),
    (b"C0644 1 \n", b"unexpected filename"),
    (b"C0644 1 a\0b\n", b"unexpected filename"),
    (b"C0644 99999999999999999999 x\n", b"size out of range"),
    (b"C0644 -1 x\n", b"size out of range"),
    (b"Cxxxx 1 x\n", b"bad mode"),
    (b"D0755 0 d\n", b"a folder without -r"),
    (b"E\n", b"unexpected E"),
    (b"T1 2 3\n", b"time not delimited"),
    (b"hello\n", b"expected control record"),
    (b"\n", b"expected control record"),
    (b"x" * 10000, b"a line is too long"),
])
def test_a_line_that_is_none_ends_it(files, said, text):
    done = files.speak("scp -t .ssh", said)
    assert done.returncode == 1
    assert done.stdout.startswith(b"\0\2scp: protocol error: " + text), \
        done.stdout
    assert every(files.home) == [".ssh", ".ssh/authorized_keys"]


@pytest.mark.parametrize("command, text", [
    ("scp -t", b"no path is given"),
    ("scp -t a b", b"more than one place"),
    ("scp -f -S /bin/sh x", b"options"),
    ("scp -tf x", b"either -t or -f"),
    ("scp -f $(id)", b"put it in quotes"),
    ("scp -f ~root/x", b"homes of others"),
])
def test_a_command_that_is_none_is_refused_with_a_reason(files, command,
                                                         text):
    done = files.speak(command)
    assert done.returncode == 1
    assert done.stdout.startswith(b"\2scp: ") and text in done.stdout
    record = files.expect("command_refused")[0]
    assert record["command"] == command and text.decode() in record["reason"]


def test_other_commands_go_their_own_way(files):
    done = files.ssh("echo scp -t x")
    assert (done.returncode, done.stdout) == (0, b"scp -t x\n")


def test_folders_in_folders_are_bounded(files):
    done = files.speak("scp -r -t .", b"D0755 0 d\n" * 70)
    assert done.stdout.count(b"\0") == 65
    assert done.stdout.count(b"\1") == 6
    assert b"Too many folders in folders" in done.stdout
    assert len(every(files.home)) == 2 + 64
    (files.home / "me").symlink_to(".")
    done = files.speak("scp -r -f me", b"\0" * 1000)
    assert b"Too many folders in folders" in done.stdout


def test_a_client_that_could_not_read_its_file_says_so(files):
    done = files.speak(
        "scp -t x", b"C0644 3 a\nabc\1scp: a: Input/output error\n")
    assert done.returncode == 1
    record = files.expect("file_uploaded")[0]
    assert "the client could not read all" in record["reason"]


def test_a_file_that_shrinks_is_filled_up_and_told_of(files):
    size = 64 << 20
    with open(files.home / "x", "wb") as far:
        far.write(b"x" * size)
    files.give(files.home / "x")
    running = subprocess.Popen(files.ssh_command("scp -f x"),
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    running.stdin.write(b"\0\0\0\0")
    running.stdin.close()
    assert running.stdout.readline() == f"C0644 {size} x\n".encode()
    got = running.stdout.read(1000)
    os.truncate(files.home / "x", 100)
    got += running.stdout.read(size - 1000)
    assert len(got) == size and got.endswith(b"\0" * 1000)
    assert got.startswith(b"x" * 1000)
    assert running.stdout.read() == \
        b"\1scp: x: it became shorter while it was sent\n"
    running.stdout.close()
    assert running.wait(20) == 1
    record = files.expect("file_downloaded")[0]
    assert "shorter" in record["reason"]


# ---- the policy ----

def test_a_host_of_files_is_one_for_scp_too(jailed):
    drop = jailed("drop")
    (drop.jail / ".secret").write_text("secret")
    (drop.here / "a b").write_bytes(os.urandom(3000000))
    (drop.here / "sub").mkdir()
    drop.copy("a b", drop.far("in/"))
    drop.copy(drop.far("out/report"), "got")
    assert digest(drop.here / "a b") == digest(drop.jail / "in/a b")
    assert stat.S_IMODE((drop.jail / "in/a b").stat().st_mode) == 0o640
    assert (drop.here / "got").read_text() == "all is well"
    for arguments, text in [
            (["a b", drop.far("in/")], "Overwriting is not allowed"),
            (["a b", drop.far("out/x")], "not allowed"),
            (["a b", drop.far("x")], "not allowed"),
            (["a b", drop.far("in/../out/x")], "not allowed"),
            (["a b", drop.far("in/.x")], "No such file"),
            (["-r", "sub", drop.far("in/")], "not allowed"),
            ([drop.far("'in/a b'"), "x"], "not allowed"),
            ([drop.far(".secret"), "x"], "No such file"),
            ([drop.far("../../.ssh/authorized_keys"), "x"], "No such file"),
    ]:
        done = drop.scp(*arguments)
        assert done.returncode == 1, (arguments, done.stdout)
        assert text in done.stdout, (arguments, done.stdout)
    assert every(drop.jail) == [".secret", "in", "in/a b", "out",
                                "out/report"]


def test_read_only_lets_nothing_in(jailed):
    daemon = jailed("see")
    (daemon.here / "a").write_text("x")
    daemon.copy(daemon.far("out/report"), ".")
    before = tree(daemon.jail)
    for path in ("in/a", "out/report", "in"):
        done = daemon.scp("a", daemon.far(path))
        assert done.returncode == 1 and "not allowed" in done.stdout
    done = daemon.scp("-rp", daemon.here, daemon.far("in/new"))
    assert done.returncode == 1 and "not allowed" in done.stdout
    assert tree(daemon.jail) == before


def test_what_is_hidden_or_denied_is_so_for_scp(jailed):
    daemon = jailed("shut")
    (daemon.jail / "out/secrets").write_text("x")
    (daemon.jail / "out/a.exe").write_text("x")
    done = daemon.scp("-r", daemon.far("out"), ".")
    assert done.returncode == 1 and "a.exe: This name is not allowed" in \
        done.stdout
    assert every(daemon.here / "out") == ["report"]
    done = daemon.scp(daemon.far("out/*"), ".")
    assert "secrets" not in done.stdout
    (daemon.here / "b.exe").write_text("x")
    (daemon.here / "secret1").write_text("x")
    assert daemon.scp("b.exe", "secret1", daemon.far("in")).returncode == 1
    assert every(daemon.jail / "in") == []


def test_files_are_no_larger_than_they_may_be(make):
    daemon = make(scp="small")
    (daemon.here / "a").write_bytes(b"x" * (1 << 20))
    daemon.copy("a", daemon.far("x"))
    (daemon.here / "a").write_bytes(b"x" * ((1 << 20) + 1))
    done = daemon.scp("a", daemon.far("y"))
    assert done.returncode == 1 and "y: The file is too large" in done.stdout
    assert not (daemon.home / "y").exists()
    assert stat.S_IMODE((daemon.home / "x").stat().st_mode) == 0o600
    done = daemon.speak("scp -t .", b"C0644 9999999 y\n" * 20000)
    assert done.returncode == 1 and done.stdout.count(b"\n") == 20000


def test_an_upload_that_is_cut_does_not_appear(make):
    daemon = make(scp="whole")
    (daemon.home / "x").write_text("old")
    daemon.give(daemon.home / "x")
    running = subprocess.Popen(daemon.ssh_command("scp -t x"),
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    running.stdin.write(b"C0644 100000000 x\n" + b"x" * 5000000)
    running.stdin.flush()
    wait_until(lambda: any(each.stat().st_size > 1000000
                           for each in daemon.home.glob(".x.*.part")), 20)
    assert (daemon.home / "x").read_text() == "old"
    running.kill()
    running.wait()
    record = daemon.expect("file_uploaded")[0]
    assert record["reason"] == "the client left"
    wait_until(lambda: not list(daemon.home.glob(".x.*.part")), 10)
    assert (daemon.home / "x").read_text() == "old"
    done = daemon.speak("scp -t y", b"C0644 10 x\n12345")
    assert done.returncode == 1
    assert not (daemon.home / "y").exists()


def test_what_the_client_calls_broken_does_not_appear(make):
    daemon = make(scp="whole")
    done = daemon.speak("scp -t x", b"C0644 3 a\nabc\1scp: a: bad\n")
    assert done.returncode == 1 and b"not whole" in done.stdout
    assert every(daemon.home) == [".ssh", ".ssh/authorized_keys"]


def test_a_full_disk_is_told_of(make):
    place = "/home/alice/small"
    daemon = make(scp="whole", first=(
        f"mkdir {place}", f"mount -t tmpfs -o size=1m tmpfs {place}",
        f"chown 64701 {place}"))
    (daemon.here / "a").write_bytes(b"x" * (4 << 20))
    done = daemon.scp("a", daemon.far("small/x"))
    assert done.returncode == 1 and "No space left" in done.stdout
    (daemon.here / "a").write_bytes(b"fits")
    daemon.copy("a", daemon.far("small/y"))
    done = daemon.scp("-r", daemon.far("small"), ".")
    assert every(daemon.here / "small") == ["y"]


# ---- another client ----

def test_pscp_copies_both_ways(files):
    if shutil.which("pscp") is None or shutil.which("puttygen") is None:
        pytest.skip("pscp (of putty-tools) is not installed")
    key = files.here / "key.ppk"
    subprocess.run(["puttygen", files.key, "-o", key], check=True)
    assert files.ssh("true").returncode == 0
    shown = subprocess.run(
        ["ssh-keygen", "-lf", files.folder / "known_hosts"], check=True,
        stdout=subprocess.PIPE, text=True).stdout
    top = files.here / "top"
    (top / "d").mkdir(parents=True)
    for n in range(20):
        (top / f"d/f{n}").write_bytes(os.urandom(n * 1000))

    def pscp(*arguments):
        done = subprocess.run(
            ["pscp", "-scp", "-batch", "-q", "-P", str(files.port), "-i", key,
             "-hostkey", shown.split()[1], *arguments],
            cwd=files.here, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=60, check=False,
            env={**os.environ, "HOME": str(files.here)})
        return done

    done = pscp("-r", "-p", "top", files.far("far"))
    assert done.returncode == 0, done.stdout
    assert {each: what[1] for each, what in tree(top).items()} == \
        {each: what[1] for each, what in tree(files.home / "far").items()}
    done = pscp("-r", files.far("far/d"), "back")
    assert done.returncode == 0, done.stdout
    assert digest(files.here / "back/f19") == digest(top / "d/f19")
    done = pscp(files.far("far/d/f1?"), "back")
    assert done.returncode == 0, done.stdout
    done = pscp(files.far("nothing"), "back")
    assert done.returncode != 0 and "No such file" in done.stdout
