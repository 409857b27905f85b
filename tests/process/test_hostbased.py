"""Hosts that vouch for their users: which, about whom, and what else not."""

import itertools
import os
import re
import shutil
import statistics
import subprocess
import threading
import time

import paramiko
import pytest
from paramiko.auth_handler import AuthHandler
from paramiko.common import cMSG_USERAUTH_REQUEST, MSG_SERVICE_ACCEPT
from paramiko.message import Message

import sallyport
from fixtures import make_folder, needs_root

CALLER = sallyport.BUILD / "tests/interop/caller"
# Of the kind that ssh-keysign finds by itself.
KEYSIGN = "/usr/lib/openssh/ssh-keysign"
HERE, THERE = "client.example", "elsewhere.example"

CONFIG = """\
server = {{ listen = [ "127.0.0.1:{port}" ]; {server} }};
log = {{ to = "stderr"; format = "json"; level = "debug"; }};
auth = {{ keys = {{ type = "authorized_keys"; {file} }};
  hosts = {{ type = "hostbased"; known_hosts = [ "FOLDER/known",
    "FOLDER/more" ]; hosts = "FOLDER/hosts"; revoked = "FOLDER/revoked"; }};
  own = {{ type = "hostbased"; known_hosts = "FOLDER/known";
    user_file = "%h/.shosts"; }};
  named = {{ type = "hostbased"; known_hosts = "FOLDER/known";
    hosts = "FOLDER/hosts"; check_address = false; }}; }};
handlers = {{ login = {{ type = "login"; }}; }};
profiles = {{
  one = {{ accept = "hosts"; shell = "login"; exec = "login"; }};
  two = {{ accept = "own"; shell = "login"; exec = "login"; }};
  three = {{ accept = "named"; shell = "login"; exec = "login"; }};
  shared = {{ accept = [ "own", "hosts" ]; run_as = "git"; exec = "login"; }};
  without = {{ accept = "keys"; shell = "login"; exec = "login"; }};
}};
rules = (
  {{ user = "root"; use = "one"; }},
  {{ user = "alice"; use = "two"; }},
  {{ user = "backup"; use = "three"; }},
  {{ user = "git"; use = "without"; }},
  {{ user = "guest"; use = "shared"; }},
  {{ use = "one"; }}
);
"""

pytestmark = [
    needs_root,
    pytest.mark.skipif(not CALLER.exists(),
                       reason="tests/interop/caller is not built"),
]


def keygen(*arguments):
    subprocess.run(["ssh-keygen", "-q", *map(str, arguments)], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Lab:
    """A daemon, and a host by the name of client.example on 127.0.0.1."""

    def __init__(self, folder):
        self.folder = folder
        os.chmod(folder, 0o755)
        for name in ("host", "other", "authority", "stranger"):
            keygen("-t", "ed25519", "-N", "", "-C", name, "-f", folder / name)
        (folder / "names").write_text(
            f"127.0.0.1 {HERE} localhost\n127.0.0.9 {THERE}\n")
        (folder / "nsswitch").write_text(
            "".join(f"{each}: files\n"
                    for each in ("passwd", "group", "shadow", "hosts")))
        self.reset()
        place = folder / "daemon"
        place.mkdir()
        self.daemon = sallyport.Daemon(
            place, config=CONFIG.replace("FOLDER", str(folder)),
            first=[f"mount --bind {folder}/names /etc/hosts",
                   f"mount --bind {folder}/nsswitch /etc/nsswitch.conf"])
        self.host_key = None

    def reset(self):
        self.write("known", f"{HERE},{THERE} {self.public('host')}")
        self.write("more", "")
        keygen("-k", "-f", self.folder / "revoked")
        self.write("hosts", f"{HERE}\n")

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        os.chmod(path, 0o644)

    def public(self, name):
        return (self.folder / f"{name}.pub").read_text()

    def shosts(self, text, user="alice", mode=0o600):
        path = self.daemon.homes / user / ".shosts"
        if text is None:
            path.unlink(missing_ok=True)
            return
        path.write_text(text)
        path.chmod(mode)
        uid = sallyport.USERS[user]
        os.chown(path, uid, uid)

    def server_key(self):
        if self.host_key is None:
            self.host_key = subprocess.run(
                ["ssh-keyscan", "-t", "ed25519", "-p", str(self.daemon.port),
                 "127.0.0.1"], check=True, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, text=True
            ).stdout.partition(" ")[2].strip()
        return self.host_key

    def call(self, user="bob", client="bob", host=HERE, key="host",
             certificate=None, options=()):
        """A finished client of ours."""
        command = [CALLER, "-p", self.daemon.port, "-H", self.server_key(),
                   "-u", user, "-i", self.folder / key, "-V", host,
                   "-U", client, *options]
        if certificate:
            command += ["-C", certificate]
        # It frees nothing of what it has at its end.
        return subprocess.run(
            [*map(str, command), "echo in"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"},
            timeout=60, check=False)

    def is_in(self, **given):
        done = self.call(**given)
        assert (done.returncode, done.stdout) in ((0, "in\n"), (255, "")), done
        assert done.returncode == 0 or \
            done.stderr.startswith("caller: refused; the server takes "), done
        return done.returncode == 0

    def certify(self, *options, names=HERE, key="host", kind=("-h",),
                authority="authority"):
        """The certificate of a host's key; a new file each time."""
        place = make_folder_in(self.folder)
        shutil.copy(self.folder / f"{key}.pub", place)
        keygen("-s", self.folder / authority, "-I", "a host", *kind,
               *(["-n", names] if names else []), *options,
               place / f"{key}.pub")
        return place / f"{key}-cert.pub"

    def says(self, text):
        sallyport.wait_until(
            lambda: any(text in record.get("reason", "")
                        for record in self.daemon.records()), what=text)


_places = itertools.count()


def make_folder_in(folder):
    place = folder / f"place{next(_places)}"
    place.mkdir()
    return place


@pytest.fixture(scope="module")
def running():
    path = make_folder()
    made = Lab(path)
    with made.daemon:
        yield made
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def lab(running):
    yield running
    running.reset()
    for user in ("alice", "git"):
        running.shosts(None, user)


# ---- who is let in ----

def test_a_user_of_a_host_that_is_believed_is_let_in(lab):
    before = len(lab.daemon.records("auth_accepted"))
    assert lab.is_in()
    record = lab.daemon.expect("auth_accepted", before=before)[0]
    shown = subprocess.run(
        ["ssh-keygen", "-lf", lab.folder / "host.pub"], check=True,
        stdout=subprocess.PIPE, text=True).stdout.split()[1]
    assert record["method"] == "hostbased"
    assert record["user"] == "bob"
    assert record["key"] == f'ED25519 {shown}, client user "bob", ' \
                            f'client host "{HERE}"'


@pytest.mark.parametrize("host", [f"{HERE}.", HERE.upper(), "127.0.0.1"])
def test_a_host_may_write_its_name_in_many_ways(lab, host):
    lab.write("known", f"{HERE},127.0.0.1 {lab.public('host')}")
    lab.write("hosts", f"{HERE}\n127.0.0.1\n")
    assert lab.is_in(host=host)


def test_names_of_known_hosts_may_be_hashed_or_patterns(lab):
    known = lab.folder / "known"
    keygen("-H", "-f", known)
    assert HERE not in known.read_text()
    # ssh-keygen leaves it to its owner alone, which the daemon is.
    assert lab.is_in()
    lab.write("known", f"*.example {lab.public('host')}")
    assert lab.is_in()
    lab.write("known", f"*.example,!{HERE} {lab.public('host')}")
    assert not lab.is_in()


def test_a_second_file_of_keys_is_read_too(lab):
    lab.write("more", lab.folder.joinpath("known").read_text())
    lab.write("known", "# nobody\n")
    assert lab.is_in()


@pytest.mark.parametrize("kind", [
    ["rsa", "-b", "2048"], ["ecdsa", "-b", "256"], ["ecdsa", "-b", "521"]])
def test_keys_of_all_types_vouch(lab, kind):
    name = "kind" + "".join(kind)
    keygen("-t", *kind, "-N", "", "-f", lab.folder / name)
    lab.write("known", f"{HERE} {lab.public(name)}")
    assert lab.is_in(key=name)


# ---- who is not ----

def unknown_key(lab):
    return {"key": "stranger"}


def key_of_another_host(lab):
    lab.write("known", f"{HERE} {lab.public('host')}"
                       f"{THERE} {lab.public('other')}")
    return {"key": "other"}


def host_that_is_not_believed(lab):
    lab.write("known", f"* {lab.public('host')}")
    return {"host": "unheard.example"}


def host_that_is_elsewhere(lab):
    lab.write("hosts", f"{HERE}\n{THERE}\n")
    return {"host": THERE}


def host_without_an_address(lab):
    lab.write("hosts", "nowhere.example\n")
    lab.write("known", f"nowhere.example {lab.public('host')}")
    return {"host": "nowhere.example"}


def user_of_another_name(lab):
    return {"client": "mallory"}


def user_who_is_kept_out(lab):
    lab.write("hosts", f"-{HERE} bob\n{HERE}\n")
    return {}


def host_that_is_kept_out_by_its_address(lab):
    lab.write("hosts", f"-127.0.0.1\n{HERE}\n")
    return {}


def user_of_another_line(lab):
    lab.write("hosts", f"{HERE} alice\n")
    return {}


def revoked_key(lab):
    lab.write("more", f"@revoked * {lab.public('host')}")
    return {}


def revoked_key_of_another_name(lab):
    lab.write("more", f"@revoked other.example {lab.public('host')}")
    return {}


def key_of_an_authority(lab):
    lab.write("known", f"@cert-authority * {lab.public('host')}")
    return {}


def root_by_a_host(lab):
    return {"user": "root", "client": "root"}


def root_by_another_user(lab):
    lab.write("hosts", f"{HERE}\n{HERE} bob\n")
    return {"user": "root", "client": "bob"}


def user_who_is_not_there(lab):
    return {"user": "nobodyatall", "client": "nobodyatall"}


def way_that_is_not_accepted(lab):
    return {"user": "git", "client": "git"}


def marker_that_nobody_knows(lab):
    lab.write("more", f"@revolked * {lab.public('host')}")
    return {}


def file_that_anybody_may_write(lab):
    os.chmod(lab.folder / "hosts", 0o666)
    return {}


def file_that_is_gone(lab):
    (lab.folder / "more").unlink()
    return {}


def line_for_everybody(lab):
    lab.write("hosts", f"{HERE}\n+\n")
    return {}


WRONG = [unknown_key, key_of_another_host, host_that_is_not_believed,
         host_that_is_elsewhere, host_without_an_address,
         user_of_another_name, user_who_is_kept_out,
         host_that_is_kept_out_by_its_address, user_of_another_line,
         revoked_key, revoked_key_of_another_name, key_of_an_authority,
         root_by_a_host, root_by_another_user, user_who_is_not_there,
         marker_that_nobody_knows, file_that_anybody_may_write,
         file_that_is_gone, line_for_everybody]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda each: each.__name__)
def test_nobody_is_let_in_by_a(lab, wrong):
    """And all are told the same."""
    given = wrong(lab)
    done = lab.call(**given)
    assert done.returncode == 255
    assert done.stderr == "caller: refused; the server takes hostbased\n"


def test_it_is_off_where_no_profile_names_it(lab):
    done = lab.call(**way_that_is_not_accepted(lab))
    assert done.stderr == "caller: refused; the server takes publickey\n"


def test_a_signature_is_good_for_one_session(lab):
    kept = lab.folder / "signature"
    assert lab.is_in(options=["-o", kept])
    assert kept.stat().st_size > 64
    assert not lab.is_in(options=["-O", kept])
    kept.write_bytes(b"")
    assert not lab.is_in(options=["-O", kept])


def test_root_is_let_in_by_his_name_alone(lab):
    lab.write("hosts", f"{HERE}\n{HERE} root\n")
    assert lab.is_in(user="root", client="root")
    assert not lab.is_in(user="root", client="bob")


def test_what_is_wrong_with_files_is_told(lab):
    lab.write("hosts", f"{HERE}\n+ +\n")
    assert not lab.is_in()
    lab.says(f"{lab.folder}/hosts line 2: a host, or a host and a user")
    lab.write("hosts", f"{HERE}\n")
    lab.write("known", "\n@other x y z\n")
    assert not lab.is_in()
    lab.says(f"{lab.folder}/known line 2: its marker is not understood")


def test_no_name_is_looked_up_but_of_who_is_believed(lab):
    before = len(lab.daemon.records())
    assert not lab.is_in(**host_that_is_not_believed(lab))
    assert not lab.is_in(key="stranger")
    records = lab.daemon.records()[before:]
    assert not [r for r in records if "address" in r.get("reason", "")]
    assert not lab.is_in(**host_that_is_elsewhere(lab))
    lab.says("that name has not the address it comes from")


def test_the_address_need_not_fit_where_that_is_said(lab):
    lab.write("hosts", f"{THERE}\n")
    assert lab.is_in(user="backup", client="backup", host=THERE)
    assert not lab.is_in(user="backup", client="backup", host=HERE)


# ---- certificates ----

@pytest.fixture
def authority(lab):
    lab.write("known", f"@cert-authority *.example {lab.public('authority')}")
    return lab


def test_a_host_with_a_certificate_is_known_by_its_authority(authority):
    before = len(authority.daemon.records("auth_accepted"))
    assert authority.is_in(certificate=authority.certify())
    record = authority.daemon.expect("auth_accepted", before=before)[0]
    assert re.fullmatch(
        r"ED25519-CERT SHA256:\S+ ID a host \(serial 0\) CA ED25519 "
        rf'SHA256:\S+, client user "bob", client host "{HERE}"',
        record["key"])
    assert not authority.is_in()  # without it


@pytest.mark.parametrize("options", [
    {"names": THERE},
    {"names": None},
    {"names": "*.example"},
    {"names": "bob", "kind": ()},
    {"names": HERE, "kind": ()},
    {"authority": "other"},
    {"authority": "host"}], ids=str)
def test_a_certificate_is_for_its_host_and_of_its_authority(
        authority, options):
    assert not authority.is_in(certificate=authority.certify(**options))


@pytest.mark.parametrize("options", [
    ["-V", "19990101:20000101"], ["-V", "20990101:21000101"],
    ["-O", "critical:force-command@example.com=id"]], ids=str)
def test_a_certificate_holds_in_its_time_and_has_no_conditions(
        authority, options):
    assert not authority.is_in(certificate=authority.certify(*options))


def test_a_certificate_takes_nothing_from_who_comes_with_it(authority):
    """A user's would have to permit a terminal."""
    assert authority.is_in(certificate=authority.certify())
    done = authority.call(certificate=authority.certify(),
                          options=["-n", authority.folder / "notes"])
    assert done.stdout == "in\n"


@pytest.mark.parametrize("name", ["host", "authority"])
def test_a_key_or_its_authority_may_be_revoked(authority, name):
    certificate = authority.certify()
    assert authority.is_in(certificate=certificate)
    authority.write("more", f"@revoked * {authority.public(name)}")
    assert not authority.is_in(certificate=certificate)
    authority.says("its key is revoked")


@pytest.mark.parametrize("line", ["serial: 7", "id: a host"])
def test_a_list_revokes_a_certificate_and_not_its_key(authority, line):
    certificate = authority.certify("-z", "7")
    assert authority.is_in(certificate=certificate)
    spec = authority.folder / "spec"
    spec.write_text(f"{line}\n")
    keygen("-k", "-f", authority.folder / "revoked", "-s",
           authority.folder / "authority.pub", spec)
    assert not authority.is_in(certificate=certificate)
    authority.write("known", f"{HERE} {authority.public('host')}")
    assert authority.is_in()


@pytest.mark.parametrize("how", ["a list", "a text", "a fingerprint"])
def test_a_list_revokes_a_key(lab, how):
    public = lab.folder / "host.pub"
    if how == "a list":
        keygen("-k", "-f", lab.folder / "revoked", public)
    elif how == "a text":
        lab.write("revoked", f"# lost: {public.read_text()}")
    else:
        shown = subprocess.run(["ssh-keygen", "-lf", public], check=True,
                               stdout=subprocess.PIPE, text=True).stdout
        lab.write("revoked", shown.split()[1])
    assert not lab.is_in()
    lab.write("known", f"{HERE} {lab.public('other')}")
    assert lab.is_in(key="other")


def test_where_a_list_cannot_be_read_nobody_is_let_in(lab):
    lab.write("revoked", "SSHKRL\n\0broken")
    assert not lab.is_in()
    (lab.folder / "revoked").unlink()
    assert not lab.is_in()


# ---- files of users ----

def test_a_user_says_who_else_may_be_he(lab):
    assert not lab.is_in(user="alice", client="bob")
    lab.shosts(f"{HERE} bob\n")
    assert lab.is_in(user="alice", client="bob")
    assert not lab.is_in(user="alice", client="alice")
    lab.shosts(f"{HERE}\n")
    assert not lab.is_in(user="alice", client="bob")
    assert lab.is_in(user="alice", client="alice")


@pytest.mark.parametrize("text", [
    "", "+\n", "+ +\n", f"{HERE} +\n", f"-{HERE}\n{HERE} bob\n",
    f"{HERE} bob\n@group\n", f"{THERE} bob\n"], ids=str)
def test_a_file_of_his_own_says_nothing_of_all_there_are(lab, text):
    lab.shosts(text)
    assert not lab.is_in(user="alice", client="bob")


def test_a_file_that_others_may_write_is_not_his(lab):
    lab.shosts(f"{HERE} bob\n", mode=0o662)
    assert not lab.is_in(user="alice", client="bob")
    lab.daemon.expect("file_refused")


def test_no_file_of_a_users_is_read_that_is_not_asked_for(lab):
    """Nor one of rhosts, ever."""
    for name in (".shosts", ".rhosts"):
        path = lab.daemon.homes / "bob" / name
        path.write_text(f"{HERE} alice\n")
        os.chown(path, sallyport.USERS["bob"], sallyport.USERS["bob"])
    path = lab.daemon.homes / "alice/.rhosts"
    path.write_text(f"{HERE} bob\n")
    os.chown(path, sallyport.USERS["alice"], sallyport.USERS["alice"])
    assert not lab.is_in(user="bob", client="alice")
    assert not lab.is_in(user="alice", client="bob")


def test_an_account_that_many_run_as_lets_nobody_be_another(lab):
    lab.shosts(f"{HERE}\n{HERE} bob\n", "git")
    assert not lab.is_in(user="guest", client="bob")
    assert lab.is_in(user="guest", client="guest")  # by root's file


# ---- how long it takes ----

class Voucher(AuthHandler):
    """paramiko has no such method: this is one."""

    def _parse_service_accept(self, m):
        m.get_text()
        self.transport._send_message(self.request)

    _client_handler_table = {**AuthHandler._client_handler_table,
                             MSG_SERVICE_ACCEPT: _parse_service_accept}

    @staticmethod
    def ask(transport, user, key, host):
        message = Message()
        message.add_byte(cMSG_USERAUTH_REQUEST)
        for each in (user, "ssh-connection", "hostbased", key.get_name()):
            message.add_string(each)
        message.add_string(key.asbytes())
        message.add_string(host)
        message.add_string(user)
        signed = Message()
        signed.add_string(transport.session_id)
        signed.add_bytes(message.asbytes())
        message.add_string(key.sign_ssh_data(signed.asbytes()))
        handler = Voucher(transport)
        handler.request = message
        handler.auth_method = "hostbased"
        handler.username = user
        handler.auth_event = event = threading.Event()
        transport.auth_handler = handler
        handler._request_auth()
        started = time.perf_counter()
        assert event.wait(30)
        assert not transport.is_authenticated()
        return time.perf_counter() - started


KINDS = {
    "wrong key": ("bob", "stranger", HERE),
    "unknown host": ("bob", "host", "unheard.example"),
    "elsewhere": ("bob", "host", THERE),
    "unknown user": ("mallory", "host", HERE),
    "unknown user, wrong key": ("mallory", "stranger", HERE),
}


def test_time_does_not_tell_what_was_wrong(lab):
    """Each takes a stroke of the clock for secrets."""
    if sallyport.is_sanitized():
        pytest.skip("its time is not that of the program")
    lab.write("hosts", f"{HERE}\n{THERE}\n")
    times = {kind: [] for kind in KINDS}
    for _ in range(7):
        for kind, (user, name, host) in KINDS.items():
            key = paramiko.Ed25519Key(filename=str(lab.folder / name))
            transport = paramiko.Transport(("127.0.0.1", lab.daemon.port))
            try:
                transport.start_client(timeout=30)
                times[kind].append(Voucher.ask(transport, user, key, host))
            finally:
                transport.close()
    medians = {kind: statistics.median(each) for kind, each in times.items()}
    assert min(medians.values()) >= 0.24, medians
    assert max(medians.values()) - min(medians.values()) < 0.1, medians


# ---- OpenSSH's client ----

needs_keysign = pytest.mark.skipif(
    not os.path.exists(KEYSIGN), reason="openssh-client has no ssh-keysign")


class Visitor:
    """A machine whose /etc/ssh is a test's, with one key of each type."""

    def __init__(self, lab):
        self.lab = lab
        self.etc = lab.folder / "etcssh"
        if self.etc.exists():
            return
        self.etc.mkdir()
        (self.etc / "ssh_config").write_text("EnableSSHKeysign yes\n")
        for kind in ("ed25519", "ecdsa", "rsa"):
            keygen("-t", kind, "-N", "", "-C", kind, "-f",
                   self.etc / f"ssh_host_{kind}_key")

    def public(self, kind):
        return (self.etc / f"ssh_host_{kind}_key.pub").read_text()

    def ssh(self, *options, user="bob", account="bob", source="127.0.0.1"):
        uid = str(sallyport.USERS[account])
        daemon = self.lab.daemon
        command = ["setpriv", f"--reuid={uid}", f"--regid={uid}",
                   "--clear-groups", "ssh", "-F", "none", "-p",
                   str(daemon.port), "-b", source]
        for each in ("BatchMode=yes", "StrictHostKeyChecking=no",
                     "UserKnownHostsFile=/dev/null", "LogLevel=DEBUG1",
                     "HostbasedAuthentication=yes",
                     "PreferredAuthentications=hostbased", *options):
            command += ["-o", each]
        within = daemon.apart([*command, f"{user}@127.0.0.1", "echo in"])
        # The shell's script ends with exec, behind all mounts.
        at = within.index("-c") + 1
        within[at] = within[at].replace(
            'exec "$@"', f'mount --bind {self.etc} /etc/ssh && exec "$@"')
        return subprocess.run(within, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              cwd="/", text=True, timeout=60, check=False)


@pytest.fixture
def visitor(lab):
    made = Visitor(lab)
    lab.write("known", "".join(f"{HERE} {made.public(kind)}"
                               for kind in ("ed25519", "ecdsa", "rsa")))
    return made


@needs_keysign
@pytest.mark.parametrize("algorithm", [
    "ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-256", "rsa-sha2-512"])
def test_ssh_with_its_keysign_is_let_in(visitor, algorithm):
    before = len(visitor.lab.daemon.records("auth_accepted"))
    done = visitor.ssh(f"HostbasedAcceptedAlgorithms={algorithm}")
    assert (done.returncode, done.stdout) == (0, "in\n"), done.stderr
    record = visitor.lab.daemon.expect("auth_accepted", before=before)[0]
    assert record["method"] == "hostbased"
    assert record["key"].endswith(
        f', client user "bob", client host "{HERE}"')


@needs_keysign
def test_ssh_of_another_user_or_address_is_not(visitor):
    assert visitor.ssh(user="bob", account="backup").returncode == 255
    # That address has another name, by which its key is not known.
    visitor.lab.write("hosts", f"{HERE}\n{THERE}\n")
    assert visitor.ssh(source="127.0.0.9").returncode == 255
    assert visitor.ssh().returncode == 0


@needs_keysign
def test_ssh_with_a_hosts_certificate_is_let_in(visitor):
    lab = visitor.lab
    lab.write("known", f"@cert-authority * {lab.public('authority')}")
    made = visitor.etc / "ssh_host_ed25519_key-cert.pub"
    keygen("-s", lab.folder / "authority", "-h", "-I", "a host", "-n", HERE,
           visitor.etc / "ssh_host_ed25519_key.pub")
    try:
        done = visitor.ssh("HostbasedAcceptedAlgorithms="
                           "ssh-ed25519-cert-v01@openssh.com")
        assert (done.returncode, done.stdout) == (0, "in\n"), done.stderr
    finally:
        made.unlink()


# ---- a configuration that lets nobody in ----

@pytest.mark.parametrize("options, problem", [
    ([], "known_hosts: is missing"),
    (["known_hosts=FOLDER/known"], "hosts or user_file must name who is"),
    (["known_hosts=FOLDER/none", "hosts=FOLDER/hosts"],
     "No such file or directory"),
    (["known_hosts=FOLDER/hosts", "hosts=FOLDER/none"],
     "No such file or directory"),
    (["known_hosts=FOLDER/marked", "hosts=FOLDER/hosts"],
     "marked line 1: its marker is not understood"),
    (["known_hosts=FOLDER/known", "hosts=FOLDER/wrong"],
     "wrong line 2: a host, or a host and a user, is wanted")], ids=str)
def test_a_configuration_says_who_is_believed(lab, options, problem):
    lab.write("wrong", f"{HERE}\n+\n")
    lab.write("marked", "@nothing\n")
    done = subprocess.run(
        [sallyport.BUILD / "sallyport-modtest",
         sallyport.BUILD / "modules/hostbased.so",
         *(each.replace("FOLDER", str(lab.folder)) for each in options)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert problem in done.stderr
