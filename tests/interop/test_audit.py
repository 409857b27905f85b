"""What ssh-audit says of the two sets of algorithms."""

import re
import shutil
import subprocess

import pytest

from houses import listed

# What "compatible" has that the audit calls broken: the curves of NIST,
# whose parameters nobody has explained.
COMPATIBLE_FAILS = {
    "ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521",
    "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
}


def failed(daemon):
    """The names of the fail class."""
    audit = shutil.which("ssh-audit")
    if audit is None:
        pytest.skip("ssh-audit is not installed (Debian: ssh-audit)")
    done = subprocess.run(
        [audit, "--no-colors", "--port", str(daemon.port), "127.0.0.1"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
        timeout=120, text=True)
    assert "(kex) curve25519-sha256" in done.stdout, done.stdout
    found = set()
    name = None
    for line in done.stdout.splitlines():
        named = re.match(r"\((?:kex|key|enc|mac)\) (\S+)", line)
        name = named[1] if named else name
        if "[fail]" in line:
            found.add(name)
    return found


def test_of_modern_it_fails_nothing(make_daemon):
    assert not failed(make_daemon(server='crypto = "modern";'))


def test_of_compatible_it_fails_just_the_curves_of_nist(make_daemon, keys):
    daemon = make_daemon(
        server=f'host_keys = {listed(keys.host.all())}; '
               'crypto = "compatible";')
    assert failed(daemon) == COMPATIBLE_FAILS
