"""Fixtures: a daemon for all tests of a module, or one of a test's own."""

import contextlib
import itertools
import os
import pathlib
import shutil
import tempfile

import pytest

import sallyport


def make_folder():
    """Key files must not be below a folder that others may write to."""
    parent = "/run" if sallyport.is_root() else sallyport.BUILD
    return pathlib.Path(tempfile.mkdtemp(prefix="sallyport-test-", dir=parent))


@pytest.fixture
def folder():
    path = make_folder()
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def daemon():
    path = make_folder()
    try:
        with sallyport.Daemon(path) as running:
            yield running
    finally:
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def make_daemon(folder):
    """Daemons of a test's own, with settings of its own."""
    numbers = itertools.count()
    with contextlib.ExitStack() as running:
        def make(**settings):
            place = folder / str(next(numbers))
            place.mkdir()
            os.chmod(folder, 0o755)
            daemon = sallyport.Daemon(place, **settings)
            running.callback(daemon.stop)
            return daemon.start()

        yield make


needs_root = pytest.mark.skipif(
    not sallyport.is_root(), reason="needs root: other accounts")
