"""What every test of this folder may ask for."""

from fixtures import daemon, folder, make_daemon  # noqa: F401
