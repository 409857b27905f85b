"""ML-KEM-768 beside npm's @noble/post-quantum, each with the other's."""

import json
import pathlib
import shutil
import subprocess

import pytest
import sallyport

FOLDER = pathlib.Path(__file__).parent / "ssh2"

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or
    not (FOLDER / "node_modules/@noble/post-quantum").exists(),
    reason="needs node, and tests/interop/ssh2/node_modules of npm ci")


def test_each_opens_what_the_other_sealed_and_both_reject_alike():
    program = sallyport.BUILD / "tests/interop/capsule"
    subprocess.run(["make", "-s", "-C", sallyport.BUILD,
                    "tests/interop/capsule"], check=True)
    done = subprocess.run(
        ["node", FOLDER / "mlkem.js", program, "40"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=300,
        check=True)
    assert json.loads(done.stdout) == []
