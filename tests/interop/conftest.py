"""The daemon of tests/process, for the clients that meet it here; and a
file of what went well, from which doc/interop.md is made."""

import json
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "process"))

# pylint: disable=wrong-import-position
import sallyport  # noqa: E402
from fixtures import daemon, folder, make_daemon  # noqa: E402,F401
from peers import CLIENTS, LETTERS, Missing, ours  # noqa: E402

RESULTS = sallyport.BUILD / "interop.json"


class Results:
    """Who had which algorithm with us, in which role of his."""

    def __init__(self):
        self.peers = {}

    def add(self, peer, role, row):
        """row: an algorithm (or None) for each kind."""
        found = self.peers.setdefault(peer.name, {"version": peer.version()})
        kinds = found.setdefault(role, {})
        for kind, name in row.items():
            if name and name not in kinds.setdefault(kind, []):
                kinds[kind].append(name)

    def write(self):
        """In the order of the table of peers."""
        try:
            known = {kind: ours(kind) for kind in [*LETTERS, "user_key"]}
        except Missing:
            return
        peers = {peer.name: self.peers[peer.name] for peer in CLIENTS
                 if peer.name in self.peers}
        RESULTS.write_text(json.dumps({"ours": known, "peers": peers},
                                      indent=1))


@pytest.fixture(scope="session")
def results():
    found = Results()
    yield found
    found.write()


def pytest_collection_modifyitems(items):
    """What was found is compared with the document in the end."""
    items.sort(key=lambda item: item.module.__name__ == "test_document")
