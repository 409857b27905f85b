"""The daemon of tests/process, for the clients that meet it here; and a
file of what went well, from which doc/interop.md is made."""

import json
import os
import pathlib
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "process"))

# pylint: disable=wrong-import-position
import document  # noqa: E402
import sallyport  # noqa: E402
from fixtures import daemon, folder, make_daemon, make_folder  # noqa: E402,F401
from houses import Agents, Echo, Keys  # noqa: E402
from peers import CLIENTS, LETTERS, Missing, certified, ours  # noqa: E402

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

    def record(self, peer, role, rows, faults):
        """Of rows with their faults those that have none; then fails."""
        for row, fault in zip(rows, faults):
            if fault is None:
                self.add(peer, role, row)
        assert not any(faults), "\n".join(filter(None, faults))

    def write(self):
        """In the order of the table of peers."""
        try:
            known = {kind: ours(kind) for kind in [*LETTERS, "user_key"]}
            for kind in ("host", "user"):
                known[f"{kind}_certificate"] = [
                    certified(name) for name in known[f"{kind}_key"]]
            known["authority"] = known["user_key"]
        except Missing:
            return
        peers = {peer.name: self.peers[peer.name] for peer in CLIENTS
                 if peer.name in self.peers}
        RESULTS.write_text(json.dumps(
            {"ours": known, "peers": peers, "reasons": [
                line for peer in CLIENTS if peer.name in peers
                for line in document.reasons(peer)]}, indent=1))


@pytest.fixture(scope="session")
def keys():
    """To make them takes as long as many logins."""
    place = make_folder()
    os.chmod(place, 0o755)
    yield Keys(place)
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def agents():
    # Not below the build: a socket's path has room for 107 bytes.
    with tempfile.TemporaryDirectory() as place:
        running = Agents(pathlib.Path(place))
        yield running
        running.close()


@pytest.fixture
def echo():
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        os.chmod(place, 0o777)
        made = Echo(pathlib.Path(place) / "echo")
        yield made
        made.close()


@pytest.fixture(scope="session")
def results():
    found = Results()
    yield found
    found.write()


def pytest_collection_modifyitems(items):
    """What was found is compared with the document in the end."""
    items.sort(key=lambda item: item.module.__name__ == "test_document")
