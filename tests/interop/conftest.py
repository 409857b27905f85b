"""The daemon of tests/process, for the clients that meet it here."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "process"))

# pylint: disable=wrong-import-position
from fixtures import daemon, folder, make_daemon  # noqa: E402,F401
