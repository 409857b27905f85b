"""doc/interop.md says what the other tests of this folder found."""

import pytest

import document
from peers import CLIENTS, SERVERS

# How many there are in these files, when none is left out.
WANTED = {"test_clients": 9 * len(CLIENTS),
          "test_servers": 11 * len(SERVERS)}


def same(role):
    """What one role showed, in no order."""
    return {kind: set(names) for kind, names in role.items()}


def test_the_document_has_the_rows_of_the_tests(request, results):
    """It runs last. A peer of another version may know other things."""
    modules = [item.module.__name__ for item in request.session.items]
    for module, count in WANTED.items():
        if modules.count(module) < count:
            pytest.skip("not all tests of this folder run")
    if request.session.testsfailed:
        pytest.skip("one has failed, and what it would have shown is not here")
    written = document.parse(document.DOCUMENT.read_text())
    faults = []
    compared = 0
    for name, found in results.peers.items():
        if written.get(name, {}).get("version") != found["version"]:
            continue
        for role in ("client", "server"):
            if role in found:
                compared += 1
                if same(found[role]) != same(written[name].get(role, {})):
                    faults.append(f"{name} as a {role}")
    assert not faults, f"make interop writes anew: {', '.join(faults)}"
    if not compared:
        pytest.skip("all peers here are of other versions")


@pytest.mark.parametrize("role, peers", [
    ("client", CLIENTS), ("server", SERVERS)])
def test_each_method_is_there_or_has_a_reason(role, peers):
    written = document.parse(document.DOCUMENT.read_text())
    for peer in peers:
        found = written[peer.name][role]["method"]
        for method in document.OTHERS["method"]:
            has_reason = f"{role} {method}" in peer.lacks
            assert (method in found) != has_reason, (peer.name, method)


def test_what_is_written_can_be_read_back():
    found = {"ours": {kind: ["one", "two"] for kind in document.TITLES
                      if kind not in document.OTHERS},
             "peers": {"A": {"version": "1", "client": {"kex": ["one"]}},
                       "B c": {"version": "2.3", "client": {},
                               "server": {"mac": ["one", "two"],
                                          "rekey": ["we start"]}}}}
    assert document.parse(document.render(found)) == found["peers"]
