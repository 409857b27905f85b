"""Servers that are not ours, with every algorithm they share with us."""

import contextlib
import os
import shutil

import pytest

import announcement
import rotation
from fixtures import make_folder
from houses import Keys, Lodging
from peers import (CALLER, COMMAND, ERROR, PASSWORD, SERVERS, STATUS, Missing,
                   lettered, ours, run)

DATA = os.urandom(600000) + b"all work and no play\n" * 22000
REKEY = 400000


@pytest.fixture(scope="module")
def keys():
    place = make_folder()
    os.chmod(place, 0o755)
    yield Keys(place)
    shutil.rmtree(place, ignore_errors=True)


class Company:
    """The servers of a peer: as many as it needs for its host keys."""

    def __init__(self, peer, keys, folder, stack):
        self.peer = peer
        self.keys = keys
        self.servers = {}
        self.known = None
        for i, kinds in enumerate(peer.host_key_sets):
            place = Lodging(folder / str(i), keys,
                            [keys.host[kind] for kind in kinds])
            server = stack.enter_context(peer.serve(place))
            self.servers.update(dict.fromkeys(kinds, server))
            self.learn(announcement.of_server(server.port))
        self.notes = folder / "notes"

    def learn(self, known):
        if self.known is None:
            self.known = known
        self.known["host_key"] += known["host_key"]

    def call(self, host_key, options, data=DATA, believed=None):
        """Our client, and a line for each key exchange it went through."""
        server = self.servers[host_key]
        line = self.keys.host[believed or host_key].with_suffix(".pub")
        self.notes.write_text("")
        done = run([CALLER, "-p", server.port, "-u", server.user,
                    "-H", line.read_text(), "-n", self.notes, *options,
                    COMMAND], data)
        return done, self.notes.read_text().splitlines()


@pytest.fixture(scope="module", params=SERVERS, ids=lambda peer: peer.name)
def company(request, keys):
    folder = make_folder()
    os.chmod(folder, 0o755)
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        try:
            ours("kex")
            request.param.version()
            yield Company(request.param, keys, folder, stack)
        except Missing as missing:
            pytest.skip(str(missing))


def fault_of(done, row):
    if (done.status, done.error) != (STATUS, ERROR):
        return f"{row}: {done.status} {done.error!r}"
    return f"{row}: other bytes came back" if done.out != DATA else None


def meet(company, row, common):
    """What went wrong, or nothing."""
    key = company.keys.user[rotation.KEYS[row["user_key"]]]
    rekey = rotation.rekey_bytes(row, REKEY)
    done, exchanges = company.call(
        rotation.KEYS[row["host_key"]],
        ["-i", key, "-s", row["user_key"], *(["-r", rekey] if rekey else []),
         *lettered(rotation.offer_of(row, common))])
    wanted = " ".join(f"{kind}={row[kind] or ''}" for kind in (
        "kex", "host_key", "cipher", "mac", "compression"))
    if set(exchanges) != {wanted} or len(exchanges) < (2 if rekey else 1):
        return f"{row}: {done.error!r} with {exchanges}"
    return fault_of(done, row)


def test_its_server_has_each_algorithm_in_common(company, results):
    peer = company.peer
    common = rotation.in_common(ours, company.known)
    faults = []
    for row in rotation.rows(common):
        fault = meet(company, row, common)
        if fault:
            faults.append(fault)
        else:
            results.add(peer, "server", row)
    assert not faults, "\n".join(faults)
    results.add(peer, "server", {"rekey": "we start"})


def test_its_server_starts_key_exchanges_too(company, results):
    peer = company.peer
    if "server" not in peer.rekeys:
        pytest.skip(f"a server of {peer.name} starts none")
    done, exchanges = company.call("ed25519",
                                   ["-i", company.keys.user["ed25519"]])
    assert fault_of(done, "a rekey of theirs") is None
    assert len(exchanges) > 1
    results.add(peer, "server", {"rekey": "it starts"})


@pytest.mark.parametrize("method, option", [
    ("password", "-w"), ("keyboard-interactive", "-K")])
def test_its_server_takes_the_right_words_alone(company, results, method,
                                                option):
    peer = company.peer
    if method not in peer.methods:
        pytest.skip(f"{peer.name} has no {method} here")
    done, _ = company.call("ed25519", [option, PASSWORD])
    assert fault_of(done, method) is None
    done, _ = company.call("ed25519", [option, "wrong"], b"")
    assert done.status == 255
    assert b"refused" in done.error
    results.add(peer, "server", {"method": method})


def test_our_client_believes_no_other_host_key(company):
    done, _ = company.call("ed25519", ["-w", PASSWORD], believed="rsa")
    assert done.status == 255
    assert b"the host key is another" in done.error
