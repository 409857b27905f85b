"""Our own engine as a client of SFTP: the load of `make bench`, in small."""

import json
import os
import subprocess

import pytest

import sallyport
from test_sftp import files, make, needs_home  # noqa: F401

LOAD = sallyport.BUILD / "tests/bench/sftpload"
SIZE, SMALL_FILES, SMALL_SIZE = 3_000_001, 40, 1024

pytestmark = [needs_home, pytest.mark.skipif(
    not LOAD.exists(), reason="the build has no tests/bench/sftpload")]


@pytest.fixture
def home(files):  # noqa: F811
    """With what servers.py of the benchmark has, but less of it."""
    for name in ("small", "names", "stored-small"):
        (files.home / name).mkdir()
        files.give(files.home / name)
    (files.home / "large").write_bytes(os.urandom(SIZE))
    for i in range(SMALL_FILES):
        (files.home / "small" / str(i)).write_bytes(os.urandom(SMALL_SIZE))
        (files.home / "names" / f"name-{i}").touch()
    return files.home


def load(daemon, *arguments):
    """It looks itself at how much came, and at each answer."""
    done = subprocess.run(
        [LOAD, "-p", str(daemon.port), "-k", daemon.key, "-u", daemon.user,
         *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["state"] == "done"


@pytest.mark.parametrize("sizes", [(), ("-B", "261120", "-R", "64"),
                                   ("-B", "1000", "-R", "1")])
def test_a_large_file_comes_and_goes(files, home, sizes):  # noqa: F811
    size = SIZE if len(sizes) == 0 or sizes[1] != "1000" else 20_500
    load(files, "-m", "get", "-n", str(size), *sizes)
    load(files, "-m", "put", "-n", str(size), *sizes)
    assert (home / "stored").read_bytes() == bytes(size)


def test_small_files_come_and_go_beside_each_other(files, home):  # noqa: F811
    load(files, "-m", "fetch", "-n", str(SMALL_FILES), "-R", "7")
    load(files, "-m", "store", "-n", str(SMALL_FILES), "-R", "7")
    assert [(home / "stored-small" / str(i)).read_bytes()
            for i in range(SMALL_FILES)] == [bytes(SMALL_SIZE)] * SMALL_FILES


def test_a_folder_is_listed(files, home):  # noqa: F811
    load(files, "-m", "list", "-n", "3")


def test_a_load_that_is_refused_fails(files, home):  # noqa: F811
    (home / "large").unlink()
    with pytest.raises(AssertionError, match="answers STATUS"):
        load(files, "-m", "get", "-n", "10")
