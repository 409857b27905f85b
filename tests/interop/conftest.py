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

RESULTS = sallyport.BUILD / "interop.json"


class Results:
    """Who had which algorithm with us, in which role of his."""

    def __init__(self):
        self.peers = {}

    def add(self, peer, version, role, row):
        """row: an algorithm (or None) for each kind."""
        found = self.peers.setdefault(peer, {"version": version})
        kinds = found.setdefault(role, {})
        for kind, name in row.items():
            if name and name not in kinds.setdefault(kind, []):
                kinds[kind].append(name)


@pytest.fixture(scope="session")
def results():
    found = Results()
    yield found
    RESULTS.write_text(json.dumps(found.peers, indent=1, sort_keys=True))
