"""Every cipher with every MAC and compression, by every client there is.

The daemon offers all it knows; each client is told to offer one of each. A
short transfer both ways, through new keys where the client can ask for them,
has to come back whole.
"""

import asyncio
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading

import pytest

import sallyport
from fixtures import make_folder

ALL = """crypto = {
    base = "compatible";
    compression = "+zlib@openssh.com";
};"""

AEAD = ("chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com",
        "aes128-gcm@openssh.com")
CTR = ("aes256-ctr", "aes192-ctr", "aes128-ctr")
MACS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com",
        "hmac-sha2-256", "hmac-sha2-512")
SUITES = ([(cipher, None) for cipher in AEAD] +
          [(cipher, mac) for cipher in CTR for mac in MACS])

# Bytes that compress, and bytes that do not.
DATA = os.urandom(1500000) + b"all work and no play\n" * 70000


@pytest.fixture(scope="module")
def daemon():
    place = make_folder()
    with sallyport.Daemon(place, server=ALL) as running:
        yield running
    shutil.rmtree(place, ignore_errors=True)


def need(program, package):
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed (Debian: {package})")
    return found


def name(suite):
    return "+".join(part for part in suite if part)


def check(found):
    assert hashlib.sha256(found).digest() == hashlib.sha256(DATA).digest()


# ---- OpenSSH ----

@pytest.mark.parametrize("compression", ["no", "yes"])
@pytest.mark.parametrize("suite", SUITES, ids=name)
def test_openssh_has_its_bytes_back_through_rekeys(daemon, suite,
                                                   compression):
    cipher, mac = suite
    options = [f"Ciphers={cipher}", f"Compression={compression}",
               "RekeyLimit=1M"] + ([f"MACs={mac}"] if mac else [])
    done = daemon.ssh("cat", options=options, input=DATA)
    assert done.returncode == 0, done.stderr
    check(done.stdout)


# ---- paramiko ----

@pytest.mark.parametrize("compression", ["none", "zlib@openssh.com"])
@pytest.mark.parametrize("suite", SUITES, ids=name)
def test_paramiko_has_its_bytes_back_through_a_rekey(daemon, suite,
                                                     compression):
    paramiko = pytest.importorskip("paramiko")
    cipher, mac = suite
    known = paramiko.Transport
    for each, table in ((cipher, known._cipher_info), (mac, known._mac_info)):
        if each and each not in table:
            pytest.skip(f"paramiko {paramiko.__version__} has no {each}")
    with paramiko.Transport(("127.0.0.1", daemon.port)) as transport:
        options = transport.get_security_options()
        options.ciphers = [cipher]
        options.digests = [mac] if mac else list(options.digests)
        options.compression = [compression]
        transport.connect(
            username=daemon.user,
            pkey=paramiko.Ed25519Key.from_private_key_file(str(daemon.key)))
        channel = transport.open_session(timeout=30)
        channel.settimeout(30)
        channel.exec_command("cat")

        def send():
            channel.sendall(DATA[:1000000])
            transport.renegotiate_keys()
            channel.sendall(DATA[1000000:])
            channel.shutdown_write()

        sender = threading.Thread(target=send)
        sender.start()
        found = b""
        while block := channel.recv(65536):
            found += block
        sender.join(60)
        check(found)


# ---- asyncssh ----

@pytest.mark.parametrize("compression", ["none", "zlib@openssh.com"])
@pytest.mark.parametrize("suite", SUITES, ids=name)
def test_asyncssh_has_its_bytes_back(daemon, suite, compression):
    asyncssh = pytest.importorskip("asyncssh")
    cipher, mac = suite

    async def run():
        async with asyncssh.connect(
                "127.0.0.1", daemon.port, username=daemon.user,
                client_keys=[str(daemon.key)], known_hosts=None,
                agent_path=None, config=None, encryption_algs=[cipher],
                mac_algs=[mac] if mac else list(MACS),
                compression_algs=[compression]) as connection:
            done = await connection.run("cat", input=DATA, encoding=None)
            assert done.exit_status == 0
            check(done.stdout)

    asyncio.run(asyncio.wait_for(run(), 60))


# ---- PuTTY ----

@pytest.fixture(scope="module")
def putty_key(daemon):
    """Its own format, made where puttygen is there."""
    path = pathlib.Path(daemon.key).with_suffix(".ppk")
    subprocess.run([need("puttygen", "putty-tools"), daemon.key, "-O",
                    "private", "-o", path], check=True, timeout=30)
    return path


@pytest.mark.parametrize("compression", [[], ["-C"]], ids=["plain", "zlib"])
def test_plink_has_its_bytes_back(daemon, putty_key, compression):
    plink = need("plink", "putty-tools")
    keys = subprocess.run(
        ["ssh-keyscan", "-T", "10", "-t", "ed25519", "-p", str(daemon.port),
         "127.0.0.1"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        check=True, timeout=30).stdout.decode()
    fingerprint = subprocess.run(
        ["ssh-keygen", "-lf", "-"], input=keys.encode(), check=True,
        stdout=subprocess.PIPE, timeout=30).stdout.decode().split()[1]
    assert fingerprint.startswith("SHA256:")
    done = subprocess.run(
        [plink, "-ssh", "-batch", "-P", str(daemon.port), "-i", putty_key,
         "-hostkey", fingerprint, *compression, "-l", daemon.user,
         "127.0.0.1", "cat"], input=DATA, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, check=False, timeout=60,
        env={**os.environ, "HOME": str(putty_key.parent)})
    assert done.returncode == 0, done.stderr
    check(done.stdout)


# ---- Dropbear ----

@pytest.fixture(scope="module")
def dropbear_key(daemon):
    path = pathlib.Path(daemon.key).with_suffix(".dropbear")
    subprocess.run([need("dropbearconvert", "dropbear-bin"), "openssh",
                    "dropbear", daemon.key, path], check=True, timeout=30,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return path


@pytest.mark.parametrize("cipher, mac", [
    (AEAD[0], None), ("aes256-ctr", "hmac-sha2-256"),
    ("aes128-ctr", "hmac-sha2-256")])
def test_dbclient_has_its_bytes_back(daemon, dropbear_key, cipher, mac):
    dbclient = need("dbclient", "dropbear-bin")
    done = subprocess.run(
        [dbclient, "-y", "-y", "-T", "-p", str(daemon.port), "-i",
         dropbear_key, "-c", cipher, *(["-m", mac] if mac else []),
         f"{daemon.user}@127.0.0.1", "cat"], input=DATA,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
        timeout=60, env={**os.environ, "HOME": str(dropbear_key.parent)})
    assert done.returncode == 0, done.stderr
    check(done.stdout)


# ---- an audit ----

def test_ssh_audit_fails_nothing_of_modern(make_daemon):
    audit = need("ssh-audit", "ssh-audit")
    running = make_daemon(server='crypto = "modern";')
    done = subprocess.run(
        [audit, "--json", "--port", str(running.port), "127.0.0.1"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
        timeout=120)
    assert json.loads(done.stdout)["kex"], done.stdout
    done = subprocess.run(
        [audit, "--no-colors", "--port", str(running.port), "127.0.0.1"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
        timeout=120)
    text = done.stdout.decode()
    assert "(kex) curve25519-sha256" in text, text
    failed = re.findall(r"^.*\[fail\].*$", text, re.M)
    assert not failed, "\n".join(failed)
