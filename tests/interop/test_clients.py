"""Clients that are not ours, with every algorithm they share with us."""

import contextlib
import os
import shutil
import socket

import pytest

import announcement
import rotation
import sallyport
from fixtures import make_folder
from houses import AUTHORITIES, CLIENT_HOST, Callees, Desk, Inn, converse
from peers import (CALLEE, CLIENTS, ERROR, PASSWORD, STATUS, Address, Missing,
                   Proof, Vouched, about, certified, ours, served,
                   side_by_side)

# Bytes that do not compress, and bytes that do.
DATA = os.urandom(600000) + b"all work and no play\n" * 22000
REKEY = 600000
GREETING = b"here I am\n"

ALL = 'base = "compatible"; compression = "+zlib@openssh.com"; '

each_client = pytest.mark.parametrize("peer", CLIENTS,
                                      ids=lambda peer: peer.name)


@pytest.fixture(scope="module")
def inn(keys):
    place = make_folder()
    os.chmod(place, 0o755)
    running = Inn(place, keys)
    yield running
    running.close_all()
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="module")
def desk(keys):
    place = make_folder()
    os.chmod(place, 0o755)
    running = Desk(place, keys)
    yield running
    running.close()
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="module")
def callees(keys):
    place = make_folder()
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, place, ignore_errors=True)
        yield Callees(place, keys, stack)


def setting(kind, names):
    listed = ", ".join(f'"{name}"' for name in names)
    return f"{kind} = [ {listed} ]; "


def crypto_for(peer, row, common):
    """All that we know, or just one of each for who cannot choose."""
    crypto = ALL if peer.chooses else "".join(
        setting(kind, names) for kind, names in
        rotation.offer_of(row, common).items())
    # No client here chooses between the two algorithms of an RSA key.
    if row["user_key"].startswith("rsa") or not peer.chooses:
        crypto += setting("user_key", [row["user_key"]])
    return crypto


def fault_of(done, row, data):
    # dbclient has words of its own for a key that it does not look at.
    if done.status != STATUS or not done.error.endswith(ERROR):
        return f"{row}: {done.status} {done.error!r}"
    return f"{row}: other bytes came back" if done.out != data else None


def meet(peer, inn, row, common):
    """What went wrong, or nothing."""
    crypto = crypto_for(peer, row, common)
    proof = Proof(inn.keys.user[rotation.KEYS[row["user_key"]]])
    offer = rotation.offer_of(row, common) if peer.chooses else None
    rekey = REKEY if "client" in peer.rekeys else 0
    data = rotation.part_of(row, DATA)
    done = peer.call(inn.address(crypto), proof, data, offer,
                     rotation.rekey_bytes(row, rekey))
    if not peer.chooses:
        inn.close(crypto)
    return fault_of(done, row, data)


def known_to(peer, keys, authority=None):
    """What its client says it knows."""
    peer.version()
    return announcement.of_client(lambda port: peer.call(
        Address(port, "nobody", [], authority), Proof(keys.user["ed25519"]),
        b""))


@pytest.fixture(autouse=True)
def skip_what_is_missing(peer, request):
    try:
        ours("kex")
        peer.version()
        peer.must_have("client", request.function)
    except Missing as missing:
        pytest.skip(str(missing))


@each_client
def test_its_client_has_each_algorithm_in_common(peer, inn, keys, results):
    common = rotation.in_common(ours, known_to(peer, keys))
    rows = list(rotation.rows(common))
    results.record(peer, "client", rows, side_by_side(
        lambda row: meet(peer, inn, row, common), rows))
    if "client" in peer.rekeys:
        results.add(peer, "client", {"rekey": "it starts"})


@each_client
def test_its_client_is_asked_for_new_keys(peer, inn, results):
    """By a session of the daemon's, again and again, in bulk both ways."""
    settings = 'rekey_bytes = "256K"; '
    at = inn.address(ALL, settings)
    daemon = inn.daemons[ALL, settings]
    before = len(daemon.records("keys_renewed"))
    # More than the windows of both (2 MiB): all of that may pass between our
    # NEWKEYS and theirs.
    data = DATA * 4
    done = peer.call(at, Proof(inn.keys.user["ed25519"]), data)
    assert fault_of(done, "a rekey of ours", data) is None
    sallyport.wait_until(
        lambda: len(daemon.records("keys_renewed")) >= before + 2)
    results.add(peer, "client", {"rekey": "we start"})


@each_client
@pytest.mark.parametrize("method", ["password", "keyboard-interactive"])
def test_its_client_says_the_right_word_alone(peer, desk, results, method):
    """By this method, says the daemon."""
    if method not in peer.words:
        pytest.skip(f"a client of {peer.name} has no {method}")
    if method != "password" and not sallyport.is_root():
        pytest.skip("needs root: PAM")
    at, daemon = desk.at(method)
    proof = Proof(None, word=PASSWORD, method=method)
    before = len(daemon.records("auth_accepted"))
    assert fault_of(peer.call(at, proof, GREETING), method, GREETING) is None
    record, = daemon.expect("auth_accepted", before=before)
    assert record["method"] == method
    wrong = peer.call(at, proof._replace(word="wrong"), b"")
    assert wrong.status != STATUS
    assert len(daemon.records("auth_accepted")) == before + 1
    results.add(peer, "client", {"method": method})


@each_client
@about("hostbased")
def test_its_client_comes_from_a_host_that_is_believed(
        peer, desk, keys, results):
    """And not from one that shows another key."""
    if not sallyport.is_root():
        pytest.skip("needs root: other accounts")
    at, daemon = desk.at("hostbased")

    def call(ring):
        return peer.call(at, Proof(
            ring[peer.vouches], method="hostbased",
            vouched=Vouched(CLIENT_HOST, daemon.user)), GREETING)

    assert fault_of(call(keys.host), "hostbased", GREETING) is None
    assert call(keys.stranger).status != STATUS
    assert {r["method"] for r in daemon.records("auth_accepted")} == {
        "hostbased"}
    results.add(peer, "client", {"method": "hostbased"})


@each_client
def test_its_client_opens_channels_that_are_no_sessions(
        peer, keys, results, folder, echo):
    """To our engine, and takes those that it has asked for."""
    if not peer.client_channels:
        pytest.skip(f"a client of {peer.name} is not asked for them here")
    port, notes, local = sallyport.free_port(), folder / "notes", \
        echo.path.with_name("local")
    at = Address(port, "visitor", [keys.host["ed25519"]])
    proof = Proof(keys.user["ed25519"])
    server = [CALLEE, "-p", port, "-u", at.user, "-a", keys.lines, "-n", notes,
              "-H", keys.host["ed25519"]]

    def says(text):
        return lambda: notes.exists() and text in notes.read_text()

    def is_echoed():
        with contextlib.suppress(OSError):  # It may not listen yet.
            return converse(socket.AF_UNIX, str(local), GREETING) == GREETING
        return False

    def meet_channel(kind):
        words = [word.format(target="target.example:7", path="/a/socket",
                             local=local, port=echo.port, echo=echo.path)
                 for word in peer.client_channels[kind]]
        if kind == "direct-tcpip":
            assert peer.detour(at, proof, words, GREETING).out == GREETING
            assert says(f"{kind} target.example 7\n")()
        elif kind.startswith("direct"):
            done = peer.detour(at, proof, words, b"", is_echoed)
            assert done.status == 0, done
            assert says(f"{kind} /a/socket 0\n")()
        else:
            done = peer.detour(
                at, proof, words, b"", says("a visitor's line\n"))
            assert done.status == 0, done

    for kind in peer.client_channels:
        with served(server, port, at.user, folder / "log"):
            meet_channel(kind)
        results.add(peer, "client", {"channel": kind})


@each_client
@about("host_certificate")
def test_its_client_believes_certificates_of_hosts(
        peer, inn, callees, keys, results):
    """And of no authority but the one it knows."""
    known = known_to(peer, keys, keys.authority["ed25519"])["host_key"]
    proof = Proof(keys.user["ed25519"])
    if not peer.chooses:
        proof = proof._replace(certificate=certificate(
            keys, "ssh-ed25519", "rsa-sha2-512"))

    def call(name, authority):
        at = inn.address(ALL) if peer.chooses else callees.at(name)[0]
        offer = {"host_key": [certified(name)]} if peer.chooses else None
        return peer.call(at._replace(authority=authority), proof, GREETING,
                         offer)

    def meet_host(row):
        _, authority, _ = keys.hosts_authority(rotation.KEYS[row[0]])
        return fault_of(call(row[0], authority), row, GREETING)

    rows = [(name, AUTHORITIES[rotation.KEYS[name]])
            for name in ours("host_key")
            if certified(name) in known and not name.startswith("sk-")]
    assert rows, known
    results.record(
        peer, "client",
        [{"host_certificate": certified(name), "authority": authority}
         for name, authority in rows], side_by_side(meet_host, rows))
    for name, _ in rows[:1]:
        assert call(name, keys.stranger["ecdsa256"]).status != STATUS


def certificate(keys, name, authority):
    """A user's for the callees, by an authority's algorithm."""
    return keys.certify(keys.user[rotation.KEYS[name]],
                        *keys.word_of(authority), Callees.USER)


@each_client
@about("user_certificate")
def test_its_client_shows_certificates_of_users(
        peer, callees, keys, agents, results):
    """And nobody is let in with a stranger's."""
    def meet_user(row):
        name, authority = row
        # As above, of the two algorithms of RSA.
        at, notes = callees.at(
            user_key=name if name.startswith("rsa") else None)
        key = keys.user[rotation.KEYS[name]]
        shown = certificate(keys, name, authority)
        agent = agents.holding(key, None if peer.joins else shown) \
            if name.startswith("sk-") else None
        done = peer.call(at, Proof(key, shown, agent), GREETING)
        wanted = f"user_key={certified(name)} authority={authority}\n"
        if not notes.exists() or wanted not in notes.read_text():
            return f"{row}: {done.error!r}"
        return fault_of(done, row, GREETING)

    rows = [row for row in rotation.user_certificates(ours)
            if row[0] not in peer.uncertified]
    results.record(
        peer, "client",
        [{"user_certificate": certified(name), "authority": authority}
         for name, authority in rows], side_by_side(meet_user, rows))
    key = keys.user["ed25519"]
    stranger = Proof(key, keys.certify(key, keys.stranger["ecdsa256"], None,
                                       Callees.USER))
    assert peer.call(callees.at()[0], stranger, b"").status != STATUS


@pytest.mark.parametrize("peer", CLIENTS[:1], ids=["OpenSSH"])
@pytest.mark.parametrize("name, options", [
    (Callees.USER, ["-V", "20200101:20200102"]),  # it is over
    ("somebody-else", []),
    (Callees.USER, ["-h"]),  # a host's
    (Callees.USER, ["-O", "force-command=true"])])  # nobody here forces it
def test_a_certificate_that_is_worth_nothing_lets_nobody_in(
        peer, callees, keys, name, options):
    key = keys.user["ed25519"]
    shown = keys.certify(key, keys.authority["ecdsa256"], None, name,
                         *options)
    assert peer.call(callees.at()[0], Proof(key, shown), b"").status == 255


@each_client
@about("authenticator")
def test_its_client_has_keys_of_authenticators(
        peer, inn, keys, agents, results):
    def meet_authenticator(name):
        key = keys.user[rotation.KEYS[name]]
        done = peer.call(inn.address(ALL), Proof(key, None,
                                                 agents.holding(key)),
                         GREETING)
        return fault_of(done, name, GREETING)

    names = [name for name in ours("user_key") if name.startswith("sk-")]
    results.record(
        peer, "client", [{"user_key": name} for name in names],
        side_by_side(meet_authenticator, names))
