"""What SFTP lets one do where, and uploads that appear when whole."""

import os
import pathlib
import shutil
import stat
import subprocess
import threading
import time

import pytest

# Their fixtures, and a daemon that serves files.
from test_sftp import Files, connect, digest, make, needs_home  # noqa: F401
from sallyport import wait_until

pytestmark = needs_home

# The handler of a host of files.
HANDLERS = """\
  drop = {{ type = "sftp"; upload = "atomic"; hide = [ ".*", "*.part" ];
    file_mode = "0640"; limit_up = "20M/s";
    storage = {{ type = "local"; root = "%h/jail"; quota = "50G"; }};
    folders = (
      {{ path = "/"; may = [ "list" ]; }},
      {{ path = "/in"; may = [ "list", "upload", "resume" ]; }},
      {{ path = "/out"; may = [ "list", "download", "delete" ]; }}
    ); }};
  whole = {{ type = "sftp"; upload = "atomic"; }};
  small = {{ type = "sftp"; file_size = "1M"; umask = "0077"; }};
"""


@pytest.fixture
def drop(make):  # noqa: F811
    daemon = make(sftp="drop", handlers=HANDLERS)
    for name in ("jail", "jail/in", "jail/out", "jail/.secret"):
        (daemon.home / name).mkdir()
        daemon.give(daemon.home / name)
    (daemon.home / "jail/out/report").write_text("all is well")
    (daemon.home / "jail/.secret/x").write_text("secret")
    daemon.jail = daemon.home / "jail"
    return daemon


def every(folder):
    return sorted(str(path.relative_to(folder))
                  for path in pathlib.Path(folder).rglob("*"))


def test_a_host_of_files_works_with_openssh(drop):
    (drop.here / "a").write_bytes(os.urandom(3000000))
    out = drop.good("ls -la\nput a in/a\nls in\nget out/report\nrm out/report\n"
                    "cd in\nls -l a\n")
    assert ".secret" not in out
    assert digest(drop.here / "a") == digest(drop.jail / "in/a")
    assert (drop.here / "report").read_text() == "all is well"
    assert stat.S_IMODE((drop.jail / "in/a").stat().st_mode) == 0o640
    assert every(drop.jail / "in") == ["a"]
    for command, text in [
            ("get in/a b", "Permission denied"),
            ("put a in/a", "Permission denied"),
            ("put a out/a", "Permission denied"),
            ("put a b", "Permission denied"),
            ("put a in/../out/b", "Permission denied"),
            ("put a in/.a", "No such file"),
            ("rm in/a", "Permission denied"),
            ("mkdir in/d", "Permission denied"),
            ("rename in/a in/b", "Permission denied"),
            ("ln in/a in/b", "Permission denied"),
            ("ln -s /out in/b", "Permission denied"),
            ("chmod 777 in/a", "Permission denied"),
            ("rmdir in", "Permission denied"),
            ("get .secret/x", "not found"), ("ls .secret", "not found")]:
        done = drop.sftp(command + "\n")
        assert done.returncode == 1 and text.lower() in done.stdout.lower(), \
            (command, done.stdout)
    assert every(drop.jail) == [".secret", ".secret/x", "in", "in/a", "out"]


def test_scp_copies_to_it_and_from_it(drop):
    (drop.here / "a b").write_bytes(os.urandom(100000))
    command = drop.options("scp")
    command[command.index("-p")] = "-P"
    far = f"{drop.user}@127.0.0.1:"

    def scp(*more):
        return subprocess.run([*command, *more], cwd=drop.here, check=False,
                              stdout=subprocess.PIPE, timeout=60,
                              stderr=subprocess.STDOUT, text=True)

    for more in (["a b", far + "in/"], [far + "out/report", "got"]):
        done = scp(*more)
        assert done.returncode == 0, done.stdout
    assert digest(drop.here / "a b") == digest(drop.jail / "in/a b")
    assert (drop.here / "got").read_text() == "all is well"
    for more in (["a b", far + "in/"], ["a b", far + "out/"],
                 [far + "in/a b", "got"], [far + ".secret/x", "got"]):
        assert scp(*more).returncode != 0
    assert every(drop.jail) == [".secret", ".secret/x", "in", "in/a b", "out",
                                "out/report"]


def test_folders_moved_about_lead_nowhere_else(make, connect):  # noqa: F811
    """One who may rename swaps a folder for a link, while another writes."""
    daemon = make(sftp="moving", handlers='''moving = {{ type = "sftp";
      storage = {{ root = "%h/jail"; }}; folders = (
        {{ path = "/"; may = [ "list" ]; }},
        {{ path = "/mine"; may = [ "list", "upload", "rename", "link",
          "delete", "overwrite", "mkdir" ]; }} ); }};''')
    for name in ("jail", "jail/mine", "jail/kept", "jail/mine/dir"):
        (daemon.home / name).mkdir()
        daemon.give(daemon.home / name)
    sftp = connect(daemon)
    sftp.symlink("/kept", "mine/link")
    stop = time.monotonic() + 5
    place = daemon.home / "jail/mine"

    def swap():
        while time.monotonic() < stop:
            os.rename(place / "dir", place / "was")
            os.rename(place / "link", place / "dir")
            os.rename(place / "dir", place / "link")
            os.rename(place / "was", place / "dir")

    swapping = threading.Thread(target=swap)
    swapping.start()
    tried = written = 0
    while time.monotonic() < stop:
        tried += 1
        try:
            sftp.open("mine/dir/x", "w").close()
            written += 1
        except OSError:
            pass
    swapping.join()
    assert written > 0 and tried > written
    assert every(daemon.home / "jail/kept") == []


def test_lftp_uploads_to_it(drop):
    if shutil.which("lftp") is None:
        pytest.skip("lftp is not installed")
    for i in range(20):
        (drop.here / f"f{i}").write_bytes(os.urandom(i * 1000))
    program = " ".join(drop.options("ssh")).replace(
        f"-p {drop.port}", "-a -x")
    done = subprocess.run(
        ["lftp", "-c", f'set sftp:connect-program "{program}"; '
         f"set sftp:auto-confirm yes; set net:max-retries 1; "
         f"open -u {drop.user}, -p {drop.port} sftp://127.0.0.1; "
         f"mput -O in f*; cls in"],
        cwd=drop.here, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=120, check=False)
    for i in range(20):
        assert digest(drop.here / f"f{i}") == digest(drop.jail / f"in/f{i}"), \
            done.stdout
    assert len(every(drop.jail / "in")) == 20


def test_an_upload_that_was_cut_goes_on(drop):
    """As OpenSSH's reput does it: from where the server says."""
    data = os.urandom(40 << 20)
    (drop.here / "a").write_bytes(data)
    command = drop.options("sftp")
    command[command.index("-p")] = "-P"
    running = subprocess.Popen(
        [*command, "-l", "40000", "-b", "-", f"{drop.user}@127.0.0.1"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, cwd=drop.here)
    running.stdin.write(b"put a in/a\n")
    running.stdin.close()
    folder = drop.jail / "in"

    def grows():
        return any(path.stat().st_size > 1 << 20 for path in folder.iterdir())

    wait_until(grows, 30)
    assert not (folder / "a").exists()
    before = len(drop.records("file_uploaded"))
    running.kill()
    running.wait()
    record = drop.expect("file_uploaded", before=before)[0]
    assert record["path"] == "/in/a" and record["reason"]
    assert every(folder) == [".a.part"]
    half = (folder / ".a.part").stat().st_size
    assert 1 << 20 < half < len(data) and record["bytes_in"] == half
    assert "a" not in drop.good("ls in\n").split("\n")[1:]
    before = len(drop.records("file_uploaded"))
    drop.good("reput a in/a\n")
    record = drop.expect("file_uploaded", before=before)[0]
    assert record["bytes_in"] == len(data) - half and "reason" not in record
    assert (folder / "a").read_bytes() == data
    assert every(folder) == ["a"]


def test_an_upload_that_was_cut_leaves_nothing(make, connect):  # noqa: F811
    daemon = make(sftp="whole", handlers=HANDLERS.replace(
        '"atomic"; }}', '"atomic"; folders = ( {{ path = "/"; may = [ "list", '
        '"upload", "overwrite", "download" ]; }} ); }}'))
    sftp = connect(daemon)
    (daemon.home / "x").write_text("old")
    daemon.give(daemon.home / "x")
    far = sftp.open("x", "wb")
    far.write(b"new")
    far.flush()
    assert (daemon.home / "x").read_text() == "old"
    assert sftp.open("x").read() == b"old"
    sftp.get_channel().get_transport().close()
    daemon.expect("file_uploaded")
    wait_until(lambda: every(daemon.home) ==
               [".ssh", ".ssh/authorized_keys", "x"], 10)
    assert (daemon.home / "x").read_text() == "old"


def test_a_full_disk_leaves_nothing(make, connect):  # noqa: F811
    place = "/home/alice/small"
    daemon = make(sftp="whole", handlers=HANDLERS, first=(
        f"mkdir {place}", f"mount -t tmpfs -o size=1m tmpfs {place}",
        f"chown 64701 {place}"))
    sftp = connect(daemon)
    with pytest.raises(OSError, match="No space left"):
        with sftp.open("small/x", "wb") as far:
            far.write(b"x" * (4 << 20))
    assert sftp.listdir("small") == []
    with sftp.open("small/y", "wb") as far:
        far.write(b"fits")
    assert sftp.listdir("small") == ["y"]


def test_files_are_no_larger_than_they_may_be(make, connect):  # noqa: F811
    daemon = make(sftp="small", handlers=HANDLERS)
    sftp = connect(daemon)
    with sftp.open("x", "wb") as far:
        far.write(b"x" * (1 << 20))
    with pytest.raises(PermissionError, match="too large"):
        with sftp.open("x", "ab") as far:
            far.write(b"x")
    with pytest.raises(PermissionError):
        sftp.truncate("x", (1 << 20) + 1)
    assert (daemon.home / "x").stat().st_size == 1 << 20
    assert stat.S_IMODE((daemon.home / "x").stat().st_mode) == 0o600


def test_each_transfer_has_one_line(make, connect):  # noqa: F811
    daemon = make(handlers=HANDLERS)
    sftp = connect(daemon)
    with sftp.open("x", "wb") as far:
        far.write(b"hello")
    record = daemon.expect("file_uploaded")[0]
    assert record["path"].endswith("x") and record["bytes_in"] == 5
    assert record["handler"] == "files" and record["user"] == daemon.user
    assert "reason" not in record and record["milliseconds"] >= 0
    assert sftp.open("x").read() == b"hello"
    record = daemon.expect("file_downloaded")[0]
    assert record["bytes_out"] == 5
    sftp.stat("x")
    with pytest.raises(FileNotFoundError):
        sftp.stat("y")
    wait_until(lambda: any(
        "STAT" in each["reason"] and " y: No such file" in each["reason"]
        for each in daemon.records("module_debug")
        if each["detail"] == "sftp_request"))
    time.sleep(0.1)
    daemon.expect("file_uploaded")
    daemon.expect("file_downloaded")


@pytest.mark.parametrize("folders, text", [
    ('{{ path = "in"; may = "list"; }}', "is no path"),
    ('{{ path = "/in/../out"; may = "list"; }}', "is no path"),
    ('{{ path = "/in"; may = [ "list", "write" ]; }}', "there is no right"),
    ('{{ path = "/a"; }}, {{ path = "/a"; }}', "is there twice"),
])
def test_with_folders_that_make_no_sense_nothing_starts(folder, folders,
                                                        text):
    daemon = Files(folder, sftp="bad", handlers=(
        'bad = {{ type = "sftp"; folders = ( %s ); }};' % folders))
    try:
        daemon.start(wait=False)
        wait_until(lambda: text in daemon.log.read_text())
        assert not daemon.records("ready")
    finally:
        daemon.stop()
