"""Users with certificates: whose word counts, for whom, and how long."""

import os
import shutil
import subprocess

import pytest

import sallyport
from fixtures import make_folder, needs_root

pytestmark = needs_root

CONFIG = sallyport.CONFIG.replace(
    "auth = {{", 'auth = {{ ca = {{ type = "certificate"; {server} }};').replace(
        "{server} }};\nlog", "}};\nlog").replace(
            'accept = "keys"', 'accept = [ "ca", "keys" ]')


def keygen(*arguments, **kwargs):
    subprocess.run(["ssh-keygen", "-q", *map(str, arguments)], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   **kwargs)


class House:
    """A daemon, an authority it trusts, another, and a list."""

    def __init__(self, folder, options=None, config=CONFIG):
        """Without options of its own there is a list that revokes nothing."""
        self.folder = folder
        folder.mkdir(exist_ok=True)
        os.chmod(folder, 0o755)
        for name in ("authority", "other", "user"):
            keygen("-t", "ed25519", "-N", "", "-C", name, "-f", folder / name)
        keygen("-k", "-f", folder / "revoked")
        place = folder / "daemon"
        place.mkdir()
        self.daemon = sallyport.Daemon(
            place, config=config,
            server=f'trust = "{folder}/authority.pub"; ' + (
                f'revoked = "{folder}/revoked";' if options is None
                else options))
        # Only what a test says lets in.
        for user in sallyport.USERS:
            (self.daemon.homes / user / ".ssh/authorized_keys").write_text("")

    def lines(self, text, user="alice"):
        (self.daemon.homes / user / ".ssh/authorized_keys").write_text(text)

    def public(self, name):
        return (self.folder / f"{name}.pub").read_text()

    def sign(self, *options, authority="authority", names="alice", key="user",
             identity="Alice A.", serial=7):
        names = ["-n", names] if names else []
        keygen("-s", self.folder / authority, "-I", identity, *names,
               "-z", serial, *options, self.folder / f"{key}.pub")

    def revoke(self, text, *options):
        spec = self.folder / "spec"
        spec.write_text(text)
        keygen("-k", "-f", self.folder / "revoked", *options, spec)

    def ssh(self, *arguments, user="alice", key="user", **kwargs):
        command = self.daemon.ssh_command(
            *(arguments or ["echo in"]), user=user, **kwargs)
        command[command.index(str(self.daemon.key))] = str(self.folder / key)
        return subprocess.run(command, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=60, check=False)

    def is_in(self, **kwargs):
        done = self.ssh(**kwargs)
        assert done.returncode in (0, 255), done
        return done.stdout == b"in\n"

    def says(self, event, text, before=0):
        sallyport.wait_until(
            lambda: any(text in r["reason"]
                        for r in self.daemon.records(event)[before:]),
            what=text)


@pytest.fixture(scope="module")
def house():
    path = make_folder()
    made = House(path)
    with made.daemon:
        yield made
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(autouse=True)
def nothing_is_revoked(request):
    if "house" in request.fixturenames:
        made = request.getfixturevalue("house")
        keygen("-k", "-f", made.folder / "revoked")
        made.lines("")
    yield


# ---- whose word counts ----

def test_a_certificate_of_the_authority_lets_in(house):
    before = len(house.daemon.records("auth_accepted"))
    house.sign()
    assert house.is_in()
    record = house.daemon.expect("auth_accepted", before=before)[0]
    fingerprint = subprocess.run(
        ["ssh-keygen", "-lf", house.folder / "authority.pub"], check=True,
        stdout=subprocess.PIPE, text=True).stdout.split()[1]
    assert record["key"].startswith("ED25519-CERT SHA256:")
    assert record["key"].endswith(
        f" ID Alice A. (serial 7) CA ED25519 {fingerprint}")


@pytest.mark.parametrize("kind", [
    ["ed25519"], ["rsa", "-b", "2048"], ["ecdsa", "-b", "256"],
    ["ecdsa", "-b", "384"], ["ecdsa", "-b", "521"]])
def test_certificates_of_all_types_of_keys(house, kind):
    name = "kind" + "".join(kind)
    keygen("-t", *kind, "-N", "", "-f", house.folder / name)
    house.sign(key=name)
    assert house.is_in(key=name)


@pytest.mark.parametrize("kind", [["rsa", "-b", "2048"], ["ecdsa"]])
def test_authorities_of_all_types_of_keys(house, kind):
    name = "authority" + kind[0]
    keygen("-t", *kind, "-N", "", "-f", house.folder / name)
    trust = house.folder / "authority.pub"
    before = trust.read_text()
    house.sign(authority=name)
    assert not house.is_in()
    try:  # The files hold as they are now: nothing is read again.
        trust.write_text(f"# two\n{before}{house.public(name)}")
        assert house.is_in()
    finally:
        trust.write_text(before)
    assert not house.is_in()


def test_a_certificate_of_anybody_else_does_not(house):
    house.sign(authority="other")
    assert not house.is_in()
    house.sign(authority="user")  # his own
    assert not house.is_in()
    house.sign("-h")  # a host's
    assert not house.is_in()


def test_the_authoritys_own_key_lets_nobody_in(house):
    assert not house.is_in(key="authority")


@pytest.mark.parametrize("change", [
    lambda path: os.chmod(path, 0o666), lambda path: os.chown(path, 64701, 0),
    lambda path: path.unlink(), lambda path: (path.unlink(), os.mkfifo(path))])
def test_a_file_that_cannot_be_trusted_is_not(house, change):
    house.sign()
    for name in ("authority.pub", "revoked"):
        path = house.folder / name
        before = path.read_bytes()
        errors = len(house.daemon.records("module_error"))
        try:
            change(path)
            assert not house.is_in()
        finally:
            path.unlink(missing_ok=True)
            path.write_bytes(before)
            os.chmod(path, 0o644)
        house.says("module_error", str(path), errors)
        assert house.is_in()


# ---- for whom ----

def test_it_is_for_its_principals_alone(house):
    house.sign(names="alice,bob")
    assert house.is_in() and house.is_in(user="bob")
    assert not house.is_in(user="git")
    house.sign(names="")  # for everybody, which is for nobody
    assert not house.is_in()


def test_principals_are_named_by_the_configuration(folder):
    house = House(folder / "house", 'principals = [ "admins", "%u@here" ];')
    with house.daemon:
        house.sign(names="alice")
        assert not house.is_in()
        house.sign(names="alice@here")
        assert house.is_in() and not house.is_in(user="bob")
        house.sign(names="users,admins")
        assert house.is_in() and house.is_in(user="bob")


def test_principals_stand_in_a_file_of_the_user(folder):
    house = House(folder / "house", 'principals_file = "%h/.ssh/names";')
    with house.daemon:
        names = house.daemon.homes / "alice/.ssh/names"
        house.sign(names="alice,staff")
        assert not house.is_in()
        names.write_text("# who may\nothers\nstaff # the staff\n")
        assert house.is_in()
        names.write_text('restrict,command="echo forced" staff\n')
        assert house.ssh().stdout == b"forced\n"
        names.write_text("colour=red staff\n")
        assert not house.is_in()
        names.write_text("#" + "x" * 20000 + "staff\n")
        assert not house.is_in()
        names.write_text("staff\n")
        names.chmod(0o666)
        assert not house.is_in()


def test_its_id_is_the_identity(folder):
    house = House(folder / "house", config=CONFIG.replace(
        "{profile}", 'command = "echo for %i";'))
    with house.daemon:
        house.sign(identity="a.lice@example.com")
        assert house.ssh().stdout == b"for a.lice@example.com\n"
        # What a shell could read as more than a word is not put in.
        house.sign(identity="$(id)")
        assert house.ssh().stdout == b""


# ---- how long, and what it demands ----

def test_it_has_its_time(house):
    before = len(house.daemon.records("auth_void"))
    house.sign("-V", "-2d:-1d")
    assert not house.is_in()
    house.says("auth_void", "it has expired", before)
    house.sign("-V", "+1d:+2d")
    assert not house.is_in()
    house.says("auth_void", "it is not valid yet", before)
    house.sign("-V", "-1d:+1d")
    assert house.is_in()


def test_its_critical_options_hold(house):
    house.sign("-O", "force-command=echo forced")
    assert house.ssh().stdout == b"forced\n"
    house.sign("-O", "source-address=10.0.0.0/8")
    assert not house.is_in()
    house.sign("-O", "source-address=10.0.0.0/8,127.0.0.1/32")
    assert house.is_in()
    house.sign("-O", "critical:new@example.com=x")
    assert not house.is_in()
    house.sign("-O", "extension:new@example.com=x")
    assert house.is_in()
    house.sign("-O", "verify-required")
    assert not house.is_in()


def test_what_it_does_not_permit_is_refused(house):
    house.sign("-O", "clear")
    done = house.ssh("-tt", "tty")
    assert b"PTY allocation request failed" in done.stderr
    assert house.is_in()
    done = house.ssh("-W", "127.0.0.1:9", options=["LogLevel=INFO"])
    assert b"may forward no ports" in done.stderr
    house.sign("-O", "clear", "-O", "permit-pty")
    assert b"/dev/pts" in house.ssh("-tt", "tty").stdout


# ---- what was taken back ----

@pytest.mark.parametrize("text, options", [
    ("serial: 7\n", ["-s", "authority.pub"]),
    ("serial: 1-9\n", ["-s", "authority.pub"]),
    ("serial: 5\nserial: 7\nserial: 8\n", ["-s", "authority.pub"]),
    ("id: Alice A.\n", ["-s", "authority.pub"]),
    ("key: {user}", []), ("sha1: {user}", []), ("sha256: {user}", []),
    ("key: {authority}", [])])
def test_what_a_krl_revokes_is_refused_at_once(house, text, options):
    house.sign()
    assert house.is_in()
    before = len(house.daemon.records("module_notice"))
    house.revoke(text.format(user=house.public("user"),
                             authority=house.public("authority")),
                 *[str(house.folder / o) if o.endswith(".pub") else o
                   for o in options])
    assert not house.is_in()
    house.says("module_notice", "revoked", before)


def test_what_a_krl_does_not_revoke_is_not(house):
    house.sign()
    house.revoke("serial: 8\nid: Bob\n", "-s", house.folder / "authority.pub")
    assert house.is_in()
    house.revoke("serial: 7\n", "-s", house.folder / "other.pub")
    assert house.is_in()


def test_a_list_of_keys_revokes_too(house):
    house.sign()
    revoked = house.folder / "revoked"
    for name in ("user", "authority"):
        revoked.write_text(f"# gone\n{house.public(name)}")
        assert not house.is_in()
    revoked.write_text(house.public("other"))
    assert house.is_in()
    revoked.write_text(subprocess.run(
        ["ssh-keygen", "-lf", house.folder / "user.pub"], check=True,
        stdout=subprocess.PIPE, text=True).stdout)
    assert not house.is_in()


def test_a_krl_that_is_damaged_lets_nobody_in(house):
    house.sign()
    revoked = house.folder / "revoked"
    before = len(house.daemon.records("module_error"))
    revoked.write_bytes(revoked.read_bytes() + b"\1")
    assert not house.is_in()
    house.says("module_error", "cannot be read", before)


def test_without_a_list_nothing_is_revoked(folder):
    house = House(folder / "plain", "")
    with house.daemon:
        house.sign()
        assert house.is_in()
        assert not house.daemon.records("module_error")


# ---- with keys ----

def test_a_line_of_authorized_keys_may_trust_an_authority(house):
    house.lines(f"cert-authority {house.public('other')}")
    house.sign(authority="other")
    assert house.is_in()
    assert not house.is_in(user="bob")
    house.sign(authority="other", names="bob")
    assert not house.is_in()
    house.lines(f'cert-authority,principals="staff,bob" '
                f"{house.public('other')}")
    assert house.is_in()
    house.sign(authority="other", names="alice")
    assert not house.is_in()
    # Without the word it is a key like others, and no authority.
    house.lines(house.public("other"))
    assert not house.is_in()


def test_what_line_and_certificate_say_holds_together(house):
    line = f"{{}}cert-authority {house.public('other')}"
    house.sign("-O", "force-command=echo forced", authority="other")
    house.lines(line.format(""))
    assert house.ssh().stdout == b"forced\n"
    house.lines(line.format('command="echo forced",'))
    assert house.ssh().stdout == b"forced\n"
    house.lines(line.format('command="echo other",'))
    assert house.ssh().returncode == 255
    house.lines(line.format("no-pty,"))
    done = house.ssh("-tt")
    assert b"PTY allocation request failed" in done.stderr
    house.sign(authority="other", names="alice")
    house.lines(line.format('from="10.*",'))
    assert not house.is_in()


def test_a_key_lets_in_without_its_certificate_alone(house):
    """As a plain key, its certificate being nobody's."""
    house.lines(house.public("user"))
    house.sign(authority="other")
    assert house.is_in()  # ssh offers the plain key as well
    done = house.ssh("echo in", options=[
        f"CertificateFile={house.folder}/user-cert.pub",
        "PubkeyAcceptedAlgorithms=ssh-ed25519-cert-v01@openssh.com"])
    assert done.returncode == 255


def test_the_same_key_never_satisfies_two_steps_by_its_certificate(folder):
    config = CONFIG.replace('[ "ca", "keys" ]', '[ "ca+keys" ]')
    house = House(folder / "house", config=config)
    with house.daemon:
        house.lines(house.public("user"))
        house.sign()
        assert not house.is_in()
        sallyport.wait_until(lambda: house.daemon.records("auth_partial"))


def test_agents_lend_certificates(house):
    house.sign()
    place = house.folder / "socket"
    command = house.daemon.ssh_command("echo in")
    start = command.index("-i")
    command[start:start + 2] = []
    command = [part.replace("IdentityAgent=none", f"IdentityAgent={place}")
               .replace("IdentitiesOnly=yes", "IdentitiesOnly=no")
               for part in command]
    done = subprocess.run(
        ["ssh-agent", "-a", place, "sh", "-c",
         f"ssh-add -q {house.folder}/user && " 'exec "$@"', "sh", *command],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, timeout=60, check=False)
    assert done.stdout == b"in\n", done.stderr
