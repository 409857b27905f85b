"""Files by SFTP, served in the session process: real clients."""

import hashlib
import os
import pathlib
import re
import shutil
import struct
import subprocess
import threading
import time

import pytest

import sallyport
from fixtures import needs_root
from sallyport import wait_until

CONFIG = """\
server = {{ listen = [ "127.0.0.1:{port}" ]; {server} }};
log = {{ to = "stderr"; format = "json"; level = "debug"; }};
auth = {{ keys = {{ type = "authorized_keys"; {file} }}; }};
handlers = {{
  login = {{ type = "login"; }};
  files = {{ type = "sftp"; }};
  look = {{ type = "sftp"; read_only = true; }};
  few = {{ type = "sftp"; handles = 8; }};
  jail = {{ type = "sftp"; storage = {{ type = "local"; root = "%h/jail"; }}; }};
  HANDLERS
}};
profiles = {{ all = {{ accept = "keys"; shell = "login"; exec = "login";
  {profile} }}; }};
rules = ( {{ use = "all"; }} );
"""


class Files(sallyport.Daemon):
    """A daemon with files, and clients for them."""

    def __init__(self, folder, *, sftp="files", handlers="", profile="",
                 **settings):
        super().__init__(folder, config=CONFIG.replace("HANDLERS", handlers),
                         profile=f'sftp = "{sftp}"; {profile}', **settings)
        self.here = self.folder / "here"
        self.here.mkdir()

    @property
    def home(self):
        """The user's, from outside."""
        if sallyport.is_root():
            return self.homes / self.user
        return pathlib.Path.home()

    def give(self, path):
        """Makes it the user's."""
        if sallyport.is_root():
            uid = sallyport.USERS[self.user]
            os.chown(path, uid, uid, follow_symlinks=False)
        return path

    def options(self, program):
        command = self.ssh_command()
        return [program, *command[1:-1]]

    def sftp(self, batch, *arguments, timeout=120):
        """OpenSSH's client with a batch of commands; lines that fail end it,
        unless they begin with "-"."""
        command = self.options("sftp")
        command[command.index("-p")] = "-P"
        done = subprocess.run(
            [*command, "-b", "-", *arguments, f"{self.user}@127.0.0.1"],
            input=batch, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=timeout, cwd=self.here,
            check=False, errors="surrogateescape")
        return done

    def good(self, batch, *arguments):
        done = self.sftp(batch, *arguments)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def sessions(self):
        """Login processes that are a user's session."""
        return [pid for pid in self.pids("login")
                if os.stat(f"/proc/{pid}").st_uid != 0 or
                not sallyport.is_root()]


@pytest.fixture
def make(folder):
    running = []

    def made(**settings):
        place = folder / str(len(running))
        place.mkdir()
        os.chmod(folder, 0o755)
        running.append(Files(place, **settings))
        return running[-1].start()

    yield made
    for each in running:
        each.stop()


@pytest.fixture
def files(make):
    return make()


@pytest.fixture
def jail(make):
    daemon = make(sftp="jail") if sallyport.is_root() else \
        pytest.skip("needs root: a home of the test's own")
    for name in ("jail", "jail/sub", "outside"):
        (daemon.home / name).mkdir()
        daemon.give(daemon.home / name)
    for name in ("jail/motto", "outside/secret"):
        (daemon.home / name).write_text(name)
        daemon.give(daemon.home / name)
    return daemon


needs_home = pytest.mark.skipif(
    not sallyport.is_root(), reason="needs root: a home of the test's own")
pytestmark = needs_home


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


# ---- OpenSSH's client ----

SIZES = [0, 1, 511, 32767, 32768, 32769, 261120, 262144, 1 << 20,
         (64 << 20) + 1]


def test_files_come_and_go_whole(files):
    for size in SIZES:
        (files.here / "a").write_bytes(os.urandom(size))
        files.good("put a b\nget b c\n")
        assert digest(files.here / "a") == digest(files.home / "b") == \
            digest(files.here / "c")


@pytest.mark.parametrize("arguments", [
    ("-B", "1000"), ("-B", "100000", "-R", "1"),
    ("-B", "262144", "-R", "256")], ids=str)
def test_requests_of_any_size_get_it_whole(files, arguments):
    (files.home / "b").write_bytes(os.urandom(3000000))
    files.give(files.home / "b")
    files.good("get b c\n", *arguments)
    assert digest(files.home / "b") == digest(files.here / "c")


def test_a_folder_is_shown_as_ls_does(files):
    (files.home / "x").write_text("12345")
    os.chmod(files.home / "x", 0o4640)
    os.symlink("x", files.home / "l")
    out = files.good("ls -la\n")
    assert re.search(r"^-rwSr-----\s+\S+ root\s+root\s+5 \w+ +\d+ [\d:]+ x$",
                     out.replace("-rwSr", "-rwSr"), re.MULTILINE), out
    assert re.search(r"^lrwxrwxrwx .* l$", out, re.MULTILINE), out
    assert re.search(r"^drwx------ .* \.ssh$", out, re.MULTILINE), out


def test_names_are_moved_linked_and_removed(files):
    (files.here / "a").write_text("hello")
    files.good("put a\nmkdir d\nrename a d/b\nln d/b c\nln -s d/b s\n"
               "chmod 600 c\ncp d/b e\nrm d/b\nrmdir d\n")
    home = files.home
    assert (home / "c").read_text() == (home / "e").read_text() == "hello"
    assert os.readlink(home / "s") == "d/b"
    assert not (home / "d").exists()
    assert (home / "c").stat().st_mode & 0o7777 == 0o600
    assert (home / "c").stat().st_uid == sallyport.USERS[files.user]


def test_what_is_new_gets_the_profiles_umask(make, connect):
    daemon = make(profile='umask = "0027";')
    sftp = connect(daemon)
    sftp.open("f", "w").close()
    sftp.mkdir("d")
    assert (daemon.home / "f").stat().st_mode & 0o7777 == 0o640
    assert (daemon.home / "d").stat().st_mode & 0o7777 == 0o750


def test_what_cannot_be_is_refused_with_its_status(files):
    for command, text in [
            ("get nothing", "not found"), ("rm nothing", "No such file"),
            ("rmdir .ssh", "Failure"), ("chown 0 .ssh", "ermission denied"),
            ("get /etc/shadow", "Permission denied"),
            ("mkdir .ssh", "Failure"), ("put a /etc/a", "ermission denied"),
            ("ls nowhere/x", "not found")]:
        (files.here / "a").write_text("x")
        done = files.sftp(command + "\n")
        assert done.returncode == 1 and text in done.stdout, \
            (command, done.stdout)


def test_a_transfer_goes_on_where_it_stopped(files):
    data = os.urandom(1 << 20)
    (files.home / "x").write_bytes(data)
    files.give(files.home / "x")
    (files.here / "x").write_bytes(data[:300000])
    files.good("reget x\n")
    assert (files.here / "x").read_bytes() == data
    (files.home / "x").write_bytes(data[:500001])
    files.good("reput x\n")
    assert (files.home / "x").read_bytes() == data


def test_the_file_systems_room_is_told(files):
    out = files.good("df\ndf -i\n")
    assert re.search(r"Size\s+Used\s+Avail.*%Capacity", out)


def test_a_great_file_has_its_size_and_its_end(files):
    with open(files.home / "x", "wb") as great:
        great.seek((5 << 30) - 3)
        great.write(b"end")
    files.give(files.home / "x")
    assert str(5 << 30) in files.good("ls -l x\n")
    (files.here / "x").touch()
    os.truncate(files.here / "x", (5 << 30) - 3)
    files.good("reget x\n")
    with open(files.here / "x", "rb") as great:
        great.seek((5 << 30) - 3)
        assert great.read() == b"end"


def test_scp_copies_by_sftp(files):
    (files.here / "a").write_bytes(os.urandom(100000))
    command = files.options("scp")
    command[command.index("-p")] = "-P"
    far = f"{files.user}@127.0.0.1:"
    (files.here / "t").mkdir()
    (files.here / "t" / "b").write_text("b")
    for more in ([str(files.here / "a"), far + "b"], [far + "b", "c"],
                 ["-rp", "t", far]):
        done = subprocess.run([*command, *more], cwd=files.here, check=False,
                              stdout=subprocess.PIPE, timeout=60,
                              stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 0, done.stdout
    assert digest(files.here / "a") == digest(files.here / "c")
    assert (files.home / "t" / "b").read_text() == "b"


def test_lftp_mirrors_both_ways(files):
    if shutil.which("lftp") is None:
        pytest.skip("lftp is not installed")
    for i in range(200):
        place = files.here / "up" / str(i % 7)
        place.mkdir(parents=True, exist_ok=True)
        (place / str(i)).write_bytes(os.urandom(i * 50))
    program = " ".join(files.options("ssh")).replace(
        f"-p {files.port}", "-a -x")
    done = subprocess.run(
        ["lftp", "-c", f'set sftp:connect-program "{program}"; '
         f"set sftp:auto-confirm yes; set net:max-retries 1; "
         f"open -u {files.user}, -p {files.port} sftp://127.0.0.1; "
         f"mirror -R up far; mirror far down; rm -r far"],
        cwd=files.here, check=False, stdout=subprocess.PIPE, text=True,
        stderr=subprocess.STDOUT, timeout=120,
        env={**os.environ, "HOME": str(files.here)})
    assert done.returncode == 0, done.stdout
    assert subprocess.run(["diff", "-r", "up", "down"], cwd=files.here,
                          check=False).returncode == 0
    assert not (files.home / "far").exists()


# ---- paramiko ----

@pytest.fixture
def connect():
    """Paramiko's SFTP to a daemon; closed in the end."""
    import paramiko

    opened = []

    def connected(daemon):
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        opened.append(client)
        client.connect("127.0.0.1", daemon.port, daemon.user,
                       key_filename=str(daemon.key), allow_agent=False,
                       look_for_keys=False)
        return client.open_sftp()

    yield connected
    for client in opened:
        client.close()


def test_paramiko_reads_writes_and_asks(files, connect):
    sftp = connect(files)
    data = os.urandom(1 << 20)
    with sftp.open("x", "wb") as far:
        far.set_pipelined(True)
        far.write(data)
    assert (files.home / "x").read_bytes() == data
    with sftp.open("x", "rb") as far:
        far.prefetch()
        assert far.read() == data
        assert far.stat().st_size == len(data)
    with sftp.open("x", "r+b") as far:
        far.truncate(10)
    assert sftp.stat("x").st_size == 10
    with sftp.open("x", "a") as far:
        far.write(b"more")
    assert (files.home / "x").read_bytes() == data[:10] + b"more"
    sftp.utime("x", (1000, 2000))
    assert (sftp.stat("x").st_atime, sftp.stat("x").st_mtime) == (1000, 2000)
    sftp.symlink("x", "s")
    assert sftp.readlink("s") == "x" and sftp.lstat("s").st_mode & 0o120000
    sftp.mkdir("d")
    assert sftp.normalize("s") == f"/home/{files.user}/x"
    assert sftp.normalize("d/../.") == f"/home/{files.user}"
    with pytest.raises(OSError):
        sftp.rename("x", "d")
    sftp.rename("x", "y")
    sftp.posix_rename("y", "s")
    assert sorted(sftp.listdir()) == [".ssh", "d", "s"]


def test_a_rename_takes_no_others_place(files, connect):
    (files.home / "a").write_text("a")
    (files.home / "b").write_text("b")
    with pytest.raises(OSError):
        connect(files).rename("a", "b")
    assert (files.home / "b").read_text() == "b"


def test_names_need_not_be_text(files, connect):
    (files.home / os.fsdecode(b"\xff\xfe")).write_text("raw")
    import paramiko
    names = connect(files)._request(paramiko.sftp.CMD_OPENDIR, b".")
    assert names is not None
    out = files.good('ls -1\n')
    assert "\\377\\376" in out or "\udcff\udcfe" in out or "?" in out


def test_fifos_and_folders_are_not_opened(files, connect):
    os.mkfifo(files.home / "fifo", 0o666)
    os.chmod(files.home / "fifo", 0o666)
    sftp = connect(files)
    for path, mode in [("fifo", "r"), ("fifo", "w"), ("/dev/null", "w"),
                       ("/dev/zero", "r"), (".ssh", "r")]:
        with pytest.raises(OSError):
            sftp.open(path, mode)
    assert sftp.stat("fifo").st_mode & 0o010000
    assert sftp.listdir(".")


def test_a_file_that_shrinks_while_it_is_read_ends(files, connect):
    (files.home / "x").write_bytes(b"x" * (8 << 20))
    with connect(files).open("x", "rb") as far:
        assert len(far.read(100000)) == 100000
        os.truncate(files.home / "x", 150000)
        assert far.read() == b"x" * 50000
        assert far.read() == b""


def test_handles_are_bounded_and_given_back(make, connect):
    daemon = make(sftp="few")
    (daemon.home / "x").write_text("x")
    daemon.give(daemon.home / "x")
    sftp = connect(daemon)
    opened = [sftp.open("x") for _ in range(8)]
    with pytest.raises(OSError, match="Too many open handles"):
        sftp.open("x")
    with pytest.raises(OSError, match="Too many open handles"):
        sftp.listdir(".")
    opened.pop().close()
    assert "x" in sftp.listdir(".")


def test_read_only_changes_nothing(make, connect):
    daemon = make(sftp="look")
    (daemon.home / "x").write_text("x")
    os.chmod(daemon.home / "x", 0o666)
    sftp = connect(daemon)
    assert sftp.open("x").read() == b"x"
    for act in (lambda: sftp.open("x", "w"), lambda: sftp.open("x", "a"),
                lambda: sftp.open("x", "r+"), lambda: sftp.remove("x"),
                lambda: sftp.mkdir("d"), lambda: sftp.rmdir(".ssh"),
                lambda: sftp.rename("x", "y"), lambda: sftp.chmod("x", 0),
                lambda: sftp.posix_rename("x", "y"),
                lambda: sftp.symlink("x", "y"),
                lambda: sftp.truncate("x", 0)):
        with pytest.raises(PermissionError):
            act()
    assert (daemon.home / "x").read_text() == "x"


def test_a_full_disk_is_told(make, connect):
    place = "/home/alice/small"
    daemon = make(first=(f"mkdir {place}", f"mount -t tmpfs -o size=1m tmpfs "
                         f"{place}", f"chown 64701 {place}"))
    sftp = connect(daemon)
    with pytest.raises(OSError, match="No space left"):
        with sftp.open("small/x", "wb") as far:
            far.write(b"x" * (4 << 20))
    assert sftp.stat("small/x").st_size <= 1 << 20
    sftp.remove("small/x")
    with sftp.open("small/y", "wb") as far:
        far.write(b"fits")


def test_asyncssh_copies(files):
    import asyncio

    import asyncssh

    (files.here / "a").write_bytes(os.urandom(3 << 20))

    async def copy():
        async with asyncssh.connect(
                "127.0.0.1", files.port, username=files.user,
                client_keys=[str(files.key)], known_hosts=None,
                agent_path=None, config=None) as connection:
            async with connection.start_sftp_client() as sftp:
                await sftp.put(str(files.here / "a"), "b")
                await sftp.get("b", str(files.here / "c"))
                await sftp.link("b", "h")
                return (await sftp.statvfs(".")).bsize, \
                    await sftp.realpath("h")

    size, path = asyncio.run(copy())
    assert size > 0 and os.fsdecode(path) == f"/home/{files.user}/h"
    assert digest(files.here / "a") == digest(files.here / "c")


# ---- a root ----

OUT = ["../outside/secret", "/../outside/secret", "/../../../etc/passwd",
       "sub/../../outside/secret", "/home/alice/outside/secret",
       "/etc/passwd", "up/outside/secret", "abs/passwd", "proc/1/root",
       "link", "deep/secret", "sub/../up/../outside/secret", "//etc/passwd",
       "./../outside/./secret"]


@pytest.fixture
def links(jail):
    """Every link that would lead out, if links led out."""
    place = jail.home / "jail"
    for name, target in [("up", ".."), ("abs", "/etc"), ("proc", "/proc"),
                         ("link", "../outside/secret"),
                         ("deep", "/home/alice/outside"),
                         ("round", "round"), ("in", "/motto")]:
        os.symlink(target, place / name)
        jail.give(place / name)
    return jail


def test_a_root_is_all_there_is(links, connect):
    sftp = connect(links)
    assert sftp.normalize(".") == sftp.normalize("..") == "/"
    assert "motto" in sftp.listdir("/") and "motto" in sftp.listdir("/..")
    assert sftp.open("/motto").read() == sftp.open("in").read() == \
        b"jail/motto"
    assert sftp.normalize("sub/../in") == "/motto"
    for path in OUT:
        for act in (sftp.open, sftp.stat, sftp.listdir,
                    lambda p: sftp.open(p, "w"), lambda p: sftp.chmod(p, 0),
                    lambda p: sftp.truncate(p, 0), lambda p: sftp.utime(p, (0, 0)),
                    lambda p: sftp.posix_rename(p, "/got"),
                    lambda p: sftp._request(200, b"hardlink@openssh.com",
                                            p, "/got")):
            try:
                act(path)
            except OSError:
                continue
            # A link itself may be renamed and linked; it leads nowhere.
            with pytest.raises(OSError):
                sftp.open("/got").read()
            sftp.posix_rename("/got", path)
    assert (links.home / "outside/secret").read_text() == "outside/secret"
    assert sorted(os.listdir(links.home / "outside")) == ["secret"]


def test_what_is_made_by_a_path_that_leads_out_is_inside(links, connect):
    sftp = connect(links)
    for path in ("/../new", "up/new2", "abs/new3"):
        try:
            sftp.mkdir(path)
        except OSError:
            pass
    assert sorted(os.listdir(links.home)) == [".ssh", "jail", "outside"]
    for name in ("..", ".", "/", "sub/.."):
        for act in (sftp.rmdir, sftp.remove,
                    lambda p: sftp.posix_rename(p, "x"),
                    lambda p: sftp.posix_rename("sub", p), sftp.mkdir):
            with pytest.raises(OSError):
                act(name)


def test_nothing_gets_out_while_folders_are_moved(links, connect):
    """A second process swaps a folder and a link to what is outside."""
    place = links.home / "jail"
    (place / "swap").mkdir()
    (place / "swap/secret").write_text("inside")
    links.give(place / "swap/secret")
    os.symlink("../outside", place / "swap2")
    ended = threading.Event()

    def swap():
        while not ended.is_set():
            os.rename(place / "swap", place / "tmp")
            os.rename(place / "swap2", place / "swap")
            os.rename(place / "swap", place / "swap2")
            os.rename(place / "tmp", place / "swap")
            # And a folder is moved out of the root while it is walked.
            os.rename(place / "sub", links.home / "sub")
            os.rename(links.home / "sub", place / "sub")

    thread = threading.Thread(target=swap)
    thread.start()
    sftp = connect(links)
    seen = set()
    try:
        until = time.monotonic() + 4
        while time.monotonic() < until:
            for path in ("swap/secret", "swap/../swap/secret",
                         "sub/../outside/secret", "sub/../../motto"):
                try:
                    seen.add(sftp.open(path).read())
                except OSError:
                    seen.add(None)
            for path in ("swap/made", "sub/../made"):
                try:
                    sftp.open(path, "w").close()
                except OSError:
                    pass
    finally:
        ended.set()
        thread.join()
    assert b"inside" in seen
    assert seen <= {b"inside", b"jail/motto", None}, seen
    assert sorted(os.listdir(links.home / "outside")) == ["secret"]


def test_a_root_that_is_not_there_is_no_way_in(make):
    daemon = make(sftp="jail")
    assert daemon.sftp("ls\n").returncode != 0
    daemon.expect("request_refused")
    said = [each for each in daemon.records() if "sftp_failed" in str(each)]
    assert len(said) == 1 and "No such file" in str(said[0])
    assert daemon.ssh("echo", "alive").stdout == b"alive\n"


# ---- hostile and unlucky clients ----

class Raw:
    """SFTP by hand, over ssh."""

    def __init__(self, daemon):
        self.process = daemon.popen("-s", "sftp")
        self.send(struct.pack(">BI", 1, 3))
        assert self.receive()[:5] == struct.pack(">BI", 2, 3)

    def send(self, *packets):
        data = b"".join(struct.pack(">I", len(p)) + p for p in packets)
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def receive(self):
        head = self.process.stdout.read(4)
        if len(head) < 4:
            return None
        return self.process.stdout.read(struct.unpack(">I", head)[0])

    def ask(self, kind, number, body):
        self.send(struct.pack(">BI", kind, number) + body)
        return self.receive()

    def end(self):
        self.process.stdin.close()
        self.process.stdout.read()
        status = self.process.wait(30)
        self.process.stdout.close()
        self.process.stderr.close()
        return status


def string(data):
    return struct.pack(">I", len(data)) + data


def test_malformed_requests_are_answered_and_nothing_more(files):
    raw = Raw(files)
    bad = [(3, string(b"x")), (5, string(b"h")), (17, b"\0\0\0\xff"),
           (17, string(b"a\0b")), (16, string(b"/") + b"x"),
           (4, string(b"x" * 300))]
    for number, (kind, body) in enumerate(bad):
        answer = raw.ask(kind, number, body)
        assert answer[:9] == struct.pack(">BII", 101, number, 5), (kind, answer)
    assert raw.ask(99, 50, b"")[:9] == struct.pack(">BII", 101, 50, 8)
    assert raw.ask(200, 51, string(b"no@where"))[:9] == \
        struct.pack(">BII", 101, 51, 8)
    for handle in (b"", b"1234", b"\0" * 8, b"\xff" * 8):
        for kind, body in ((4, b""), (12, b""), (8, b""),
                           (5, struct.pack(">QI", 0, 1)),
                           (6, struct.pack(">Q", 0) + string(b"data"))):
            answer = raw.ask(kind, 60, string(handle) + body)
            assert answer[:9] == struct.pack(">BII", 101, 60, 4)
    assert raw.ask(16, 61, string(b"."))[0] == 104
    assert raw.end() == 0


@pytest.mark.parametrize("data", [
    b"\0\0\0\0", b"\xff\xff\xff\xff", struct.pack(">I", 300000),
    struct.pack(">IB", 5, 1) + b"\0\0\0\3", b"\0\0\0\1\x11"], ids=repr)
def test_what_makes_no_sense_ends_the_channel(files, data):
    raw = Raw(files)
    raw.process.stdin.write(data)
    raw.process.stdin.flush()
    assert raw.receive() is None
    assert raw.end() == 1


def test_a_handle_is_good_until_it_is_closed(files):
    (files.home / "x").write_text("x")
    os.chmod(files.home / "x", 0o666)
    raw = Raw(files)
    opened = raw.ask(3, 1, string(b"x") + struct.pack(">II", 3, 0))
    assert opened[0] == 102
    handle = opened[5:]
    again = raw.ask(4, 2, handle)
    assert again[:9] == struct.pack(">BII", 101, 2, 0)
    other = raw.ask(3, 3, string(b"x") + struct.pack(">II", 1, 0))
    for kind, body in ((4, b""), (5, struct.pack(">QI", 0, 1))):
        assert raw.ask(kind, 4, handle + body)[0] == 101
    # Nor is it written through one that was opened to read.
    answer = raw.ask(6, 5, other[5:] + struct.pack(">Q", 0) + string(b"yy"))
    assert answer[:9] == struct.pack(">BII", 101, 5, 3)
    assert raw.end() == 0
    assert (files.home / "x").read_text() == "x"


def test_a_copy_onto_itself_has_an_end(files):
    (files.home / "x").write_bytes(b"x" * 100000)
    os.chmod(files.home / "x", 0o666)
    raw = Raw(files)
    one = raw.ask(3, 1, string(b"x") + struct.pack(">II", 1, 0))[5:]
    two = raw.ask(3, 2, string(b"x") + struct.pack(">II", 2, 0))[5:]
    body = string(b"copy-data") + one + struct.pack(">QQ", 0, 0) + two + \
        struct.pack(">Q", 100000)
    assert raw.ask(200, 3, body)[:9] == struct.pack(">BII", 101, 3, 4)
    assert raw.end() == 0
    assert (files.home / "x").stat().st_size == 100000


def memory(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1])


def test_who_asks_for_much_and_reads_nothing_costs_little(files):
    with open(files.home / "x", "wb") as great:
        os.truncate(great.fileno(), 1 << 30)
    os.chmod(files.home / "x", 0o644)
    raw = Raw(files)
    handle = raw.ask(3, 1, string(b"x") + struct.pack(">II", 1, 0))[5:]
    (pid,) = files.sessions()
    before = memory(pid)
    requests = b"".join(
        struct.pack(">IBI", 9 + len(handle) + 8, 5, i) + handle +
        struct.pack(">QI", i * 262144, 262144) for i in range(1000))
    sender = threading.Thread(target=lambda: (
        raw.process.stdin.write(requests), raw.process.stdin.flush()))
    sender.start()
    time.sleep(2)
    assert memory(pid) - before < 4096
    # Then it reads: all of it comes, in order.
    for i in range(1000):
        answer = raw.receive()
        assert answer[:5] == struct.pack(">BI", 103, i)
        assert len(answer) == 9 + 261120
    sender.join()
    assert raw.end() == 0


def test_who_leaves_in_mid_upload_leaves_no_process(files):
    raw = Raw(files)
    handle = raw.ask(3, 1, string(b"x") + struct.pack(">II", 0x1a, 0))[5:]
    body = handle + struct.pack(">Q", 0)
    raw.process.stdin.write(struct.pack(">IBI", 9 + len(body) + 200000, 6, 2) +
                            body + struct.pack(">I", 200000) + b"x" * 100000)
    raw.process.stdin.flush()
    wait_until(lambda: (files.home / "x").stat().st_size == 100000)
    raw.process.kill()
    raw.end()
    wait_until(lambda: not files.sessions(), what="the end of the session")


def test_many_channels_have_files_of_their_own(files, connect):
    sftp = connect(files)
    others = [sftp.get_channel().get_transport().open_sftp_client()
              for _ in range(5)]
    for i, each in enumerate(others):
        with each.open(str(i), "w") as far:
            far.write(str(i) * 100000)
    sftp.close()
    for i, each in enumerate(others):
        assert each.open(str(i)).read() == str(i).encode() * 100000
