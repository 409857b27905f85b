"""Clients that are not ours, with every algorithm they share with us."""

import os
import shutil

import pytest

import announcement
import rotation
from fixtures import make_folder
from houses import Inn
from peers import CLIENTS, ERROR, STATUS, Address, Missing, ours

# Bytes that do not compress, and bytes that do.
DATA = os.urandom(600000) + b"all work and no play\n" * 22000
REKEY = 600000


@pytest.fixture(scope="module")
def inn():
    place = make_folder()
    os.chmod(place, 0o755)
    running = Inn(place)
    yield running
    running.close_all()
    shutil.rmtree(place, ignore_errors=True)


def setting(kind, names):
    listed = ", ".join(f'"{name}"' for name in names)
    return f"{kind} = [ {listed} ]; "


def crypto_for(peer, row, common):
    """All that we know, or just one of each for who cannot choose."""
    if peer.chooses:
        crypto = 'base = "compatible"; compression = "+zlib@openssh.com"; '
    else:
        crypto = "".join(setting(kind, names) for kind, names in
                         rotation.offer_of(row, common).items())
    # No client here chooses between the two algorithms of an RSA key.
    if row["user_key"].startswith("rsa") or not peer.chooses:
        crypto += setting("user_key", [row["user_key"]])
    return crypto


def meet(peer, inn, row, common):
    """What went wrong, or nothing."""
    crypto = crypto_for(peer, row, common)
    key = inn.keys.user[rotation.KEYS[row["user_key"]]]
    offer = rotation.offer_of(row, common) if peer.chooses else None
    rekey = REKEY if "client" in peer.rekeys else 0
    done = peer.call(inn.address(crypto), key, DATA, offer,
                     rotation.rekey_bytes(row, rekey))
    if not peer.chooses:
        inn.close(crypto)
    # dbclient has words of its own for a key that it does not look at.
    if done.status != STATUS or not done.error.endswith(ERROR):
        return f"{row}: {done.status} {done.error!r}"
    return f"{row}: other bytes came back" if done.out != DATA else None


@pytest.mark.parametrize("peer", CLIENTS, ids=lambda peer: peer.name)
def test_its_client_has_each_algorithm_in_common(peer, inn, results):
    try:
        peer.version()
        known = announcement.of_client(lambda port: peer.call(
            Address(port, "nobody", []), inn.keys.user["ed25519"], b""))
        common = rotation.in_common(ours, known)
    except Missing as missing:
        pytest.skip(str(missing))
    faults = []
    for row in rotation.rows(common):
        fault = meet(peer, inn, row, common)
        if fault:
            faults.append(fault)
        else:
            results.add(peer, "client", row)
    assert not faults, "\n".join(faults)
    if "client" in peer.rekeys:
        results.add(peer, "client", {"rekey": "it starts"})
