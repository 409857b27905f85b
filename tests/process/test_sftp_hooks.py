"""Programs that are run when something is done to files."""

import json
import os
import signal
import threading

import pytest

# Their fixtures, and a daemon that serves files by both protocols.
from test_sftp import connect, digest, needs_home  # noqa: F401
from test_scp import Copies
from test_sftp_policy import every
from sallyport import wait_until

pytestmark = needs_home

# Writes down what it was told, and does as the path says.
HOOK = """\
#!/usr/bin/python3
import json, os, signal, sys, time
spool, env = sys.argv[1], dict(os.environ)
told = {"argv": sys.argv[2:], "env": env, "cwd": os.getcwd(),
        "uid": os.getuid(), "fds": sorted(map(int, os.listdir("/proc/self/fd"))),
        "stdin": os.readlink("/proc/self/fd/0"), "content": None}
if os.path.isfile(env.get("SALLYPORT_FILE", "")):
    with open(env["SALLYPORT_FILE"], "rb") as file:
        told["content"] = file.read(100).decode("latin1")
path = env["SALLYPORT_PATH"]
if "stuck" in path:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
name = f"{spool}/{time.monotonic_ns()}.{os.getpid()}"
with open(name + ".new", "w") as file:
    json.dump(told, file)
os.rename(name + ".new", name + ".json")
while "stuck" in path or \\
        ("hold" in path and not os.path.exists(f"{spool}/go")):
    time.sleep(0.02)
with open(f"{spool}/ended", "a") as file:
    file.write(path + "\\n")
sys.exit(3 if "bad" in path else 0)
"""

HOOKS = """\
  all = {{ type = "sftp"; upload = "atomic"; storage = {{ root = "%h/jail"; }};
    hooks = (
      {{ before = [ "upload", "download", "delete", "rename", "mkdir",
                    "rmdir" ];
         path = "/b*"; run = [ "HOOK", "SPOOL", "asks", "%u", "-x" ];
         env = [ "COLOUR=blue", "HOME=/tmp" ]; time = "20s"; }},
      {{ after = [ "upload" ]; wait = true; path = [ "/whole/**" ];
         run = [ "HOOK", "SPOOL", "judges" ]; time = "TIME"; }},
      {{ after = [ "upload", "download", "delete", "rename", "mkdir",
                   "rmdir" ];
         run = [ "HOOK", "SPOOL", "hears" ]; }} );
    hooks_at_once = 2; }};
  direct = {{ type = "sftp"; storage = {{ root = "%h/jail"; }}; hooks = (
      {{ after = "upload"; wait = true; run = [ "HOOK", "SPOOL", "judges" ];
      }} ); }};
  many = {{ type = "sftp"; storage = {{ root = "%h/jail"; }}; hooks = (
      {{ after = [ "mkdir" ]; run = [ "HOOK", "SPOOL", "hears" ]; }} );
      hooks_at_once = 32; }};
  free = {{ type = "sftp"; hooks = (
      {{ after = [ "upload", "mkdir" ]; run = [ "HOOK", "SPOOL", "hears" ];
      }} ); }};
"""


class Told(Copies):
    """A daemon with hooks, and what they wrote down."""

    def __init__(self, folder, sftp, time="20s", **settings):
        self.spool = folder / "spool"
        self.spool.mkdir()
        os.chmod(self.spool, 0o777)
        hook = folder / "hook"
        hook.write_text(HOOK)
        hook.chmod(0o755)
        super().__init__(
            folder, scp=sftp, own=HOOKS.replace("HOOK", str(hook))
            .replace("SPOOL", str(self.spool)).replace("TIME", time),
            **settings)

    def told(self, count=None):
        """What they wrote, in order; waits for so many."""
        if count is not None:
            wait_until(lambda: len(self.told()) >= count, 30)
        found = [json.loads(path.read_text())
                 for path in sorted(self.spool.glob("*.json"))]
        assert count is None or len(found) == count, found
        return found

    def events(self, count):
        return [(each["argv"][0], each["env"]["SALLYPORT_WHEN"],
                 each["env"]["SALLYPORT_EVENT"], each["env"]["SALLYPORT_PATH"])
                for each in self.told(count)]

    def go(self):
        (self.spool / "go").touch()


@pytest.fixture
def make(folder):
    running = []

    def made(sftp, **settings):
        place = folder / str(len(running))
        place.mkdir()
        os.chmod(folder, 0o755)
        os.chmod(place, 0o755)
        running.append(Told(place, sftp, **settings))
        daemon = running[-1].start()
        daemon.jail = daemon.home / "jail"
        for name in ("jail", "jail/whole"):
            (daemon.home / name).mkdir()
            daemon.give(daemon.home / name)
        return daemon

    yield made
    for each in running:
        each.go()
        each.stop()


def end(far):
    """Closes it; paramiko's own close() hears no refusal."""
    far.flush()
    far.sftp._request(4, far.handle)
    far._closed = True


@pytest.fixture
def all_of_them(make):
    return make("all")


def test_each_of_them_hears_what_it_is_for(all_of_them, connect):  # noqa: F811
    daemon = all_of_them
    sftp = connect(daemon)
    sftp.mkdir("b")
    with sftp.open("b/x", "w") as far:
        far.write(b"hello")
    assert sftp.open("b/x").read() == b"hello"
    sftp.rename("b/x", "y")
    sftp.remove("y")
    sftp.rmdir("b")
    sftp.mkdir("c")
    asked = [each for each in daemon.events(9) if each[0] == "asks"]
    assert asked == [("asks", "before", "mkdir", "/b"),
                     ("asks", "before", "rmdir", "/b")]
    heard = [each[2:] for each in daemon.events(9) if each[0] == "hears"]
    assert sorted(heard) == sorted([
        ("mkdir", "/b"), ("upload", "/b/x"), ("download", "/b/x"),
        ("rename", "/b/x"), ("delete", "/y"), ("rmdir", "/b"),
        ("mkdir", "/c")])


def test_what_they_get_is_all_there_is(all_of_them, connect):  # noqa: F811
    daemon = all_of_them
    sftp = connect(daemon)
    with sftp.open("bag", "w") as far:
        far.write(b"hello")
    sftp.rename("bag", "whole/bag")
    told = daemon.told(4)
    before, after = [
        next(each for each in told if each["argv"][0] == word and
             each["env"]["SALLYPORT_EVENT"] == "upload")
        for word in ("asks", "hears")]
    user = daemon.user
    env = {"SALLYPORT_EVENT": "upload", "SALLYPORT_WHEN": "before",
           "SALLYPORT_PATH": "/bag", "SALLYPORT_FILE":
           f"/home/{user}/jail/bag", "SALLYPORT_USER": user,
           "SALLYPORT_IDENTITY": user, "SALLYPORT_SOURCE": "127.0.0.1",
           "SALLYPORT_PROFILE": "all", "COLOUR": "blue", "HOME": "/tmp"}
    assert {name: before["env"].get(name) for name in env} == env
    assert set(before["env"]) - set(env) == {
        "PATH", "USER", "LOGNAME", "SSH_CLIENT", "SSH_CONNECTION"} | (
            set(before["env"]) & {"LC_CTYPE"})
    assert before["argv"] == ["asks", user, "-x"]
    assert before["cwd"] == "/" and before["stdin"] == "/dev/null"
    assert before["uid"] == os.stat(daemon.jail).st_uid
    assert len(before["fds"]) == 4 and before["fds"][:3] == [0, 1, 2]
    assert after["env"]["SALLYPORT_BYTES"] == "5"
    assert int(after["env"]["SALLYPORT_MILLISECONDS"]) < 60000
    moved = [each["env"] for each in told
             if each["env"]["SALLYPORT_EVENT"] == "rename"]
    assert len(moved) == 2
    for each in moved:
        assert each["SALLYPORT_TARGET"] == "/whole/bag"
        assert each["SALLYPORT_TARGET_FILE"].endswith("/jail/whole/bag")
        assert "SALLYPORT_BYTES" not in each
    record = daemon.expect("hook_ran", count=4)[0]
    assert record["path"] == "/bag" and record["detail"] == "upload"
    assert record["status"] == 0 and record["handler"] == "all"


def test_one_that_is_asked_may_refuse(all_of_them, connect):  # noqa: F811
    daemon = all_of_them
    sftp = connect(daemon)
    (daemon.jail / "bad").write_text("x")
    (daemon.jail / "bad-folder").mkdir()
    daemon.give(daemon.jail)
    before = every(daemon.jail)
    for attempt in (lambda: sftp.open("bad"), lambda: sftp.open("bad", "w"),
                    lambda: sftp.open("bad-new", "w"),
                    lambda: sftp.open("bad", "r+"),
                    lambda: sftp.remove("bad"),
                    lambda: sftp.rename("bad", "good"),
                    lambda: sftp.posix_rename("bad", "good"),
                    lambda: sftp.mkdir("bad2"),
                    lambda: sftp.rmdir("bad-folder")):
        with pytest.raises(PermissionError, match="program of the server's"):
            attempt()
    assert every(daemon.jail) == before
    assert len(daemon.told()) == 9
    assert all(each["status"] == 3
               for each in daemon.expect("hook_ran", count=9))
    sftp.stat("bad")


def test_an_upload_that_is_refused_never_appears(all_of_them):
    """In atomic mode: the program sees all of it, and nobody else any."""
    daemon = all_of_them
    (daemon.here / "a").write_text("a virus")
    done = daemon.sftp("put a whole/bad\n")
    assert done.returncode == 1
    assert "program of the server's" in done.stdout or "denied" in done.stdout
    assert every(daemon.jail) == ["whole"]
    told = [each for each in daemon.told() if each["argv"][0] == "judges"]
    assert len(told) == 1 and told[0]["content"] == "a virus"
    assert told[0]["env"]["SALLYPORT_WHEN"] == "after"
    assert told[0]["env"]["SALLYPORT_PATH"] == "/whole/bad"
    assert told[0]["env"]["SALLYPORT_FILE"].endswith(".part")
    assert daemon.expect("file_uploaded")[0]["reason"]
    daemon.good("put a whole/good\n")
    assert every(daemon.jail) == ["whole", "whole/good"]
    done = daemon.scp("a", daemon.far("/whole/bad"))
    assert done.returncode == 1 and "program of the server's" in done.stdout
    daemon.copy("a", daemon.far("/whole/again"))
    assert every(daemon.jail) == ["whole", "whole/again", "whole/good"]


def test_an_upload_that_is_there_is_told_to_be_refused(make):
    daemon = make("direct")
    (daemon.here / "a").write_text("a virus")
    assert daemon.sftp("put a bad\n").returncode == 1
    assert (daemon.jail / "bad").read_text() == "a virus"
    daemon.good("put a good\n")
    assert daemon.told(2)[0]["content"] == "a virus"


def test_others_go_on_while_one_waits(all_of_them, connect):  # noqa: F811
    """The answer to CLOSE waits; another channel of the session does not."""
    daemon = all_of_them
    sftp = connect(daemon)
    other = sftp.get_channel().get_transport().open_sftp_client()
    far = sftp.open("whole/hold", "w")
    far.write(b"hello")
    closing = threading.Thread(target=far.close)
    closing.start()
    daemon.told(1)
    assert every(daemon.jail)[:1] == ["whole"]
    assert not (daemon.jail / "whole/hold").exists()
    with other.open("y", "w") as near:
        near.write(b"y")
    assert other.listdir("whole") == []
    assert closing.is_alive()
    daemon.go()
    closing.join(30)
    assert not closing.is_alive()
    assert (daemon.jail / "whole/hold").read_text() == "hello"


def test_the_client_waits_where_too_many_run(all_of_them,
                                             connect):  # noqa: F811
    """None is left out, and no more than two run at once."""
    daemon = all_of_them
    sftp = connect(daemon)
    made = []

    def make_all():
        for i in range(5):
            sftp.mkdir(f"hold{i}")
            made.append(i)

    making = threading.Thread(target=make_all)
    making.start()
    daemon.told(2)
    wait_until(lambda: (daemon.jail / "hold2").exists(), 30)
    assert made == [0, 1] and len(daemon.told()) == 2
    daemon.go()
    making.join(30)
    assert made == [0, 1, 2, 3, 4]
    daemon.told(5)
    daemon.expect("hook_ran", count=5)


def test_one_that_takes_too_long_is_ended(make, connect):  # noqa: F811
    daemon = make("all", time="2s")
    sftp = connect(daemon)
    far = sftp.open("whole/stuck", "w")
    with pytest.raises(PermissionError, match="program of the server's"):
        end(far)
    record = daemon.expect("hook_ran")[0]
    assert record["signal"] in (9, 15) and "time" in record["reason"]
    assert every(daemon.jail) == ["whole"]


def test_who_leaves_refuses_what_waits(all_of_them, connect):  # noqa: F811
    daemon = all_of_them
    sftp = connect(daemon)
    far = sftp.open("whole/hold", "w")
    far.write(b"hello")
    far.flush()
    closing = threading.Thread(target=lambda: ignore(far.close))
    closing.start()
    daemon.told(1)
    sftp.get_channel().get_transport().close()
    record = daemon.expect("hook_ran")[0]
    assert record["signal"] == 15 and "client left" in record["reason"]
    assert "client left" in daemon.expect("file_uploaded")[0]["reason"]
    wait_until(lambda: every(daemon.jail) == ["whole"])
    closing.join(30)


def ignore(function):
    paramiko = pytest.importorskip("paramiko")
    try:
        function()
    except (OSError, EOFError, paramiko.SSHException):
        pass


def test_what_is_not_waited_for_goes_on_without_him(all_of_them):
    daemon = all_of_them
    (daemon.here / "a").write_text("x")
    daemon.good("put a hold\nput a hold2\n")
    daemon.told(2)
    daemon.expect("session_closed")
    assert daemon.records("hook_ran") == []
    daemon.go()
    assert all(each["status"] == 0
               for each in daemon.expect("hook_ran", count=2))
    wait_until(lambda: not daemon.sessions())


def test_who_breaks_off_is_told_of(make, connect):  # noqa: F811
    """In direct mode what has come is there, and nobody gets by its judge."""
    daemon = make("direct")
    sftp = connect(daemon)
    open_still = sftp.open("one", "w")
    open_still.write(b"hel")
    open_still.flush()
    judged = sftp.open("hold", "w")
    judged.write(b"hello")
    judged.flush()
    closing = threading.Thread(target=lambda: ignore(judged.close))
    closing.start()
    daemon.told(1)
    sftp.get_channel().get_transport().close()
    told = {each["env"]["SALLYPORT_PATH"]: each for each in daemon.told(2)}
    assert told["/one"]["env"]["SALLYPORT_RESULT"] == "cut"
    assert told["/one"]["env"]["SALLYPORT_BYTES"] == "3"
    assert told["/one"]["content"] == "hel"
    assert told["/hold"]["env"]["SALLYPORT_RESULT"] == "whole"
    daemon.go()
    assert all(each["status"] == 0
               for each in daemon.expect("hook_ran", count=2))
    closing.join(30)


def test_a_copy_reads_what_it_copies(make):
    """By copy-data nothing of it goes to the client, and it was read."""
    daemon = make("all")
    (daemon.jail / "from").write_text("hello")
    daemon.give(daemon.jail / "from")
    daemon.good("copy from whole/to\n")
    heard = [(each["env"]["SALLYPORT_EVENT"], each["env"]["SALLYPORT_PATH"],
              each["env"]["SALLYPORT_BYTES"]) for each in daemon.told(3)
             if each["argv"][0] == "hears"]
    assert sorted(heard) == [("download", "/from", "5"),
                             ("upload", "/whole/to", "5")]


def test_case_gets_nobody_by(all_of_them, connect):  # noqa: F811
    daemon = all_of_them
    connect(daemon).mkdir("BAG")
    assert sorted(each[:3] for each in daemon.events(2)) == [
        ("asks", "before", "mkdir"), ("hears", "after", "mkdir")]


def test_more_than_may_run_have_their_turn(make, connect):  # noqa: F811
    """On three channels: 64 run, and each of 90 is told."""
    daemon = make("many")
    first = connect(daemon)
    transport = first.get_channel().get_transport()
    channels = [first] + [transport.open_sftp_client() for _ in range(2)]
    for number, sftp in enumerate(channels):
        for i in range(30):
            sftp.mkdir(f"hold{number}-{i}")
    wait_until(lambda: len(daemon.told()) == 64, 60)
    transport.close()
    daemon.expect("session_closed")
    assert len(daemon.told()) == 64
    daemon.go()
    paths = {each["env"]["SALLYPORT_PATH"] for each in daemon.told(90)}
    assert len(paths) == 90
    assert all(each["status"] == 0
               for each in daemon.expect("hook_ran", count=90))
    wait_until(lambda: not daemon.sessions(), 30)


def test_who_is_told_to_end_ends(all_of_them):
    """A session that only waits for its programs hears SIGTERM as well."""
    daemon = all_of_them
    (daemon.here / "a").write_text("x")
    daemon.good("put a hold\n")
    daemon.told(1)
    daemon.expect("session_closed")
    (session,) = daemon.sessions()
    os.kill(session, signal.SIGTERM)
    record = daemon.expect("hook_ran")[0]
    assert record["signal"] == 15 and "told to end" in record["reason"]
    wait_until(lambda: not daemon.sessions(), 10)


def test_no_name_smuggles_anything(all_of_them, connect):  # noqa: F811
    daemon = all_of_them
    sftp = connect(daemon)
    for name in ("a\nSALLYPORT_PATH=x", "a\x1b[2J", "a\x7f", "a\rb"):
        for attempt in (lambda: sftp.mkdir(name),
                        lambda: sftp.open(name, "w"),
                        lambda: sftp.rename("whole", name)):
            with pytest.raises(PermissionError, match="Control characters"):
                attempt()
    sftp.mkdir("$(touch x);-rf =& 'é'")
    sftp.mkdir("-rf")
    assert sorted(each[3] for each in daemon.events(2)) == [
        "/$(touch x);-rf =& 'é'", "/-rf"]
    assert every(daemon.jail) == sorted(
        ["$(touch x);-rf =& 'é'", "-rf", "whole"])


def test_links_are_told_by_where_they_lead(all_of_them, connect):  # noqa: F811
    daemon = all_of_them
    sftp = connect(daemon)
    sftp.symlink("/whole", "away")
    with pytest.raises(PermissionError):
        end(sftp.open("away/bad", "w"))
    with sftp.open("./away/../whole//x", "w") as far:
        far.write(b"x")
    assert daemon.events(3)[-1][3] == "/whole/x"


def test_the_machines_own_paths_are_told(make):
    """Without a root; by the old protocol as well."""
    daemon = make("free")
    (daemon.here / "a").write_text("x")
    daemon.good("put a b\n")
    (daemon.here / "d").mkdir()
    daemon.copy("-r", "d", daemon.far("d"))
    told = sorted(daemon.told(2),
                  key=lambda each: each["env"]["SALLYPORT_PATH"])
    for each, name in zip(told, ("b", "d")):
        path = each["env"]["SALLYPORT_PATH"]
        assert path == each["env"]["SALLYPORT_FILE"]
        assert path.endswith("/" + name) and path.startswith("/")
    assert told[0]["content"] == "x"


@pytest.mark.parametrize("hooks, text", [
    ('{{ before = "upload"; run = "/bin/none"; }}', "hooks[0].run"),
    ('{{ before = "uploads"; run = "/bin/true"; }}', "nothing is called"),
    ('{{ run = "/bin/true"; }}', "is for nothing"),
    ('{{ after = "mkdir"; wait = true; run = "/bin/true"; }}', "wait"),
    ('{{ after = "mkdir"; }}', "run is missing"),
    ('{{ after = "mkdir"; run = "true"; }}', "run"),
    ('{{ after = "mkdir"; run = "/bin/true"; time = "0"; }}', "time"),
    ('{{ after = "mkdir"; run = "/bin/true"; env = "SALLYPORT_X=1"; }}',
     "are the daemon's"),
])
def test_hooks_that_make_no_sense_are_mistakes(folder, hooks, text):
    daemon = Copies(folder, scp="odd", own=(
        'odd = {{ type = "sftp"; hooks = ( %s ); }};' % hooks))
    try:
        daemon.start(wait=False)
        wait_until(lambda: text in daemon.log.read_text())
        assert not daemon.records("ready")
    finally:
        daemon.stop()
