"""Our key encapsulations beside npm's, each with what the other made."""

import json
import pathlib
import shutil
import subprocess

import pytest
import sallyport

FOLDER = pathlib.Path(__file__).parent / "ssh2"


@pytest.mark.parametrize("kem, package, rounds", [
    ("mlkem768", "@noble/post-quantum", 40),
    ("sntrup761", "@oqs/liboqs-js", 20),
])
def test_each_opens_what_the_other_sealed_and_both_reject_alike(
        kem, package, rounds):
    if shutil.which("node") is None or \
            not (FOLDER / "node_modules" / package).exists():
        pytest.skip("needs node, and tests/interop/ssh2/node_modules of npm ci")
    program = sallyport.BUILD / "tests/interop/capsule"
    subprocess.run(["make", "-s", "-C", sallyport.BUILD,
                    "tests/interop/capsule"], check=True)
    done = subprocess.run(
        ["node", FOLDER / "kem.js", program, kem, str(rounds)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=300,
        check=True)
    assert json.loads(done.stdout) == []
