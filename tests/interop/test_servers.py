"""Servers that are not ours, with every algorithm they share with us."""

import contextlib
import itertools
import os
import shutil
import socket
import subprocess

import pytest

import announcement
import rotation
from fixtures import make_folder
from houses import AUTHORITIES, CLIENT_HOST, TYPES, Lodging, converse
from peers import (CALLER, COMMAND, ERROR, PASSWORD, SERVERS, STATUS, Missing,
                   about, certified, lettered, ours, run, side_by_side)

DATA = os.urandom(600000) + b"all work and no play\n" * 22000
REKEY = 400000
GREETING = b"here I am\n"


class Company:
    """The servers of a peer: as many as it needs for its host keys."""

    def __init__(self, peer, keys, agents, folder, stack):
        self.peer = peer
        self.keys = keys
        self.agents = agents
        self.folder = folder
        self.servers = {}
        self.known = None
        self.calls = itertools.count()
        for i, kinds in enumerate(peer.host_key_sets):
            place = Lodging(folder / str(i), keys, agents, kinds)
            server = stack.enter_context(peer.serve(place))
            self.servers.update(dict.fromkeys(kinds, server))
            self.learn(announcement.of_server(server.port))

    def learn(self, known):
        if self.known is None:
            self.known = known
        self.known["host_key"] += known["host_key"]

    def call(self, host_key, options, data=DATA, believed=None):
        """Our client, and a line for each key exchange it went through."""
        # Where they have authenticators all of them have.
        server = self.servers[host_key if host_key in TYPES else "ed25519"]
        line = self.keys.host[believed or host_key].with_suffix(".pub")
        notes = self.folder / f"notes{next(self.calls)}"
        done = run([CALLER, "-p", server.port, "-u", server.user,
                    "-H", line.read_text(), "-n", notes, *options,
                    COMMAND], data)
        return done, notes.read_text().splitlines()

    def user(self):
        return self.servers["ed25519"].user

    def proof(self, name, certificate=None):
        """What our client shows, as its options."""
        key = self.keys.user[rotation.KEYS[name]]
        shown = ["-C", certificate] if certificate else []
        if not name.startswith("sk-"):
            return ["-i", key, "-s", name, *shown]
        agent = self.agents.holding(key)
        return ["-i", key.with_suffix(".pub"), "-s", name, "-g", agent, *shown]


@pytest.fixture(scope="module", params=SERVERS, ids=lambda peer: peer.name)
def company(request, keys, agents):
    folder = make_folder()
    os.chmod(folder, 0o755)
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        try:
            ours("kex")
            request.param.version()
            yield Company(request.param, keys, agents, folder, stack)
        except Missing as missing:
            pytest.skip(str(missing))


@pytest.fixture
def peer(company, request):
    """That of the company, where it has what the test is about."""
    try:
        company.peer.must_have("server", request.function)
    except Missing as missing:
        pytest.skip(str(missing))
    return company.peer


def fault_of(done, row, data=DATA):
    if (done.status, done.error) != (STATUS, ERROR):
        return f"{row}: {done.status} {done.error!r}"
    return f"{row}: other bytes came back" if done.out != data else None


def meet(company, row, common):
    """What went wrong, or nothing."""
    rekey = rotation.rekey_bytes(row, REKEY)
    data = rotation.part_of(row, DATA)
    done, exchanges = company.call(
        rotation.KEYS[row["host_key"]],
        [*company.proof(row["user_key"]), *(["-r", rekey] if rekey else []),
         *lettered(rotation.offer_of(row, common))], data)
    wanted = " ".join(f"{kind}={row[kind] or ''}" for kind in (
        "kex", "host_key", "cipher", "mac", "compression"))
    if set(exchanges) != {wanted} or len(exchanges) < (2 if rekey else 1):
        return f"{row}: {done.error!r} with {exchanges}"
    return fault_of(done, row, data)


def test_its_server_has_each_algorithm_in_common(company, peer, results):
    common = rotation.in_common(ours, company.known)
    rows = list(rotation.rows(common))
    results.record(peer, "server", rows, side_by_side(
        lambda row: meet(company, row, common), rows, peer.serves))
    results.add(peer, "server", {"rekey": "we start"})


def test_its_server_starts_key_exchanges_too(company, peer, results):
    if "server" not in peer.rekeys:
        pytest.skip(f"a server of {peer.name} starts none")
    # More than a window of theirs (2 MiB): asyncssh sends on in the middle of
    # an exchange, and would have said all before our side had answered.
    data = DATA * 4
    done, exchanges = company.call(
        "ed25519", company.proof("ssh-ed25519"), data)
    assert fault_of(done, "a rekey of theirs", data) is None
    assert len(exchanges) > 1
    results.add(peer, "server", {"rekey": "it starts"})


@pytest.mark.parametrize("method, option", [
    ("password", "-w"), ("keyboard-interactive", "-K")])
def test_its_server_takes_the_right_words_alone(company, peer, results,
                                                method, option):
    if reason := peer.lacks.get(f"server {method}"):
        pytest.skip(f"{peer.name}: {reason}")
    done, _ = company.call("ed25519", [option, PASSWORD])
    assert fault_of(done, method) is None
    done, _ = company.call("ed25519", [option, "wrong"], b"")
    assert done.status == 255
    assert b"refused" in done.error
    results.add(peer, "server", {"method": method})


def forwarded(company, kind, option, place):
    """What comes back from our client by a channel that it has asked for."""
    server = company.servers["ed25519"]
    line = company.keys.host["ed25519"].with_suffix(".pub").read_text()
    command = [CALLER, "-p", server.port, "-u", server.user, "-H", line,
               *company.proof("ssh-ed25519"), "-F", option, "-"]
    with subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE) as caller:
        port = int(caller.stdout.readline())
        found = converse(socket.AF_INET, ("127.0.0.1", port), GREETING) \
            if kind == "forwarded-tcpip" else \
            converse(socket.AF_UNIX, str(place), GREETING)
        assert caller.wait(20) == 0
        return found


def test_its_server_opens_channels_that_are_no_sessions(
        company, peer, results, echo):
    """And opens none that lead nowhere."""
    if not peer.server_channels:
        pytest.skip(f"a server of {peer.name} is not asked for them here")
    there = echo.path.with_name("there")
    options = {
        "direct-tcpip": f"direct-tcpip=127.0.0.1:{echo.port}",
        "direct-streamlocal@openssh.com": f"direct-streamlocal={echo.path}",
        "forwarded-tcpip": "forwarded-tcpip=127.0.0.1:0",
        "forwarded-streamlocal@openssh.com": f"forwarded-streamlocal={there}"}
    shown = company.proof("ssh-ed25519")
    for kind in peer.server_channels:
        if kind.startswith("direct"):
            done, _ = company.call(
                "ed25519", [*shown, "-F", options[kind]], GREETING)
            assert (done.status, done.out) == (0, GREETING), done
        else:
            assert forwarded(company, kind, options[kind],
                             there) == GREETING
        results.add(peer, "server", {"channel": kind})
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        done, _ = company.call("ed25519", [
            *shown, "-F",
            f"direct-tcpip=127.0.0.1:{nobody.getsockname()[1]}"], GREETING)
    assert done.status == 255 and b"opens no such channel" in done.error


@about("hostbased")
def test_its_server_believes_a_host_alone(company, peer, results):
    """Its name, its key, and its user of the same name."""
    def call(ring, host, user):
        return company.call("ed25519", ["-i", ring["ed25519"], "-V", host,
                                        "-U", user], GREETING)[0]

    host, stranger = company.keys.host, company.keys.stranger
    user = company.user()
    done = call(host, CLIENT_HOST, user)
    assert fault_of(done, "hostbased", GREETING) is None
    for wrong in ((stranger, CLIENT_HOST, user),
                  (host, "other.example", user),
                  (host, CLIENT_HOST, "somebody-else")):
        done = call(*wrong)
        assert done.status == 255 and b"refused" in done.error
    results.add(peer, "server", {"method": "hostbased"})


def test_our_client_believes_no_other_host_key(company):
    done, _ = company.call("ed25519", ["-w", PASSWORD], believed="rsa")
    assert done.status == 255
    assert b"the host key is another" in done.error


# ---- certificates and authenticators ----

def shows(company, kind, name, authority=None):
    """A login with this algorithm of the server's, and what went wrong."""
    line = authority and authority.with_suffix(".pub").read_text()
    done, exchanges = company.call(
        kind, [*company.proof("ssh-ed25519"), "-h", name,
               *(["-T", line] if line else [])], GREETING)
    if not all(f" host_key={name} " in each for each in exchanges):
        return f"{name}: {exchanges}"
    return fault_of(done, name, GREETING)


@about("host_certificate")
def test_its_server_shows_certificates(company, peer, results):
    """And our client believes those of the authority it knows."""
    def meet_host(name):
        kind = rotation.KEYS[name]
        _, authority, _ = company.keys.hosts_authority(kind)
        return shows(company, kind, certified(name), authority)

    names = [name for name in ours("host_key")
             if certified(name) in company.known["host_key"]]
    assert names, company.known["host_key"]
    results.record(
        peer, "server",
        [{"host_certificate": certified(name),
          "authority": AUTHORITIES[rotation.KEYS[name]]} for name in names],
        side_by_side(meet_host, names, peer.serves))
    assert "the authority is another" in shows(
        company, "ed25519", certified("ssh-ed25519"),
        company.keys.stranger["ecdsa256"])


@about("user_certificate")
def test_its_server_believes_certificates_of_users(company, peer, results):
    """And those of nobody else."""
    def certificate(name, authority):
        return company.keys.certify(
            company.keys.user[rotation.KEYS[name]], *authority,
            company.user())

    def meet_user(row):
        name, authority = row
        done, _ = company.call("ed25519", company.proof(name, certificate(
            name, company.keys.word_of(authority))), GREETING)
        return fault_of(done, row, GREETING)

    rows = rotation.user_certificates(ours)
    results.record(
        peer, "server",
        [{"user_certificate": certified(name), "authority": authority}
         for name, authority in rows],
        side_by_side(meet_user, rows, peer.serves))
    stranger = certificate("ssh-ed25519",
                           (company.keys.stranger["ecdsa256"], None))
    done, _ = company.call(
        "ed25519", company.proof("ssh-ed25519", stranger), b"")
    assert done.status == 255 and b"refused" in done.error


def authenticators():
    return [name for name in ours("user_key") if name.startswith("sk-")]


@about("authenticator")
def test_its_server_takes_keys_of_authenticators(company, peer, results):
    def meet_authenticator(name):
        done, _ = company.call("ed25519", company.proof(name), GREETING)
        return fault_of(done, name, GREETING)

    names = authenticators()
    results.record(
        peer, "server", [{"user_key": name} for name in names],
        side_by_side(meet_authenticator, names, peer.serves))


@about("host_authenticator")
def test_its_server_is_known_by_its_authenticators(company, peer, results):
    names = [name for name in authenticators()
             if name in company.known["host_key"]]
    assert names, company.known["host_key"]
    results.record(
        peer, "server", [{"host_key": name} for name in names],
        [shows(company, rotation.KEYS[name], name) for name in names])
