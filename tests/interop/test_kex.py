"""Every key exchange method that others know too."""

import asyncio
import subprocess
import warnings

import pytest

METHODS = [
    "mlkem768x25519-sha256",
    "sntrup761x25519-sha512",
    "sntrup761x25519-sha512@openssh.com",
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group-exchange-sha256",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512",
    "diffie-hellman-group14-sha256",
]


@pytest.fixture(name="server")
def fixture_server(make_daemon):
    names = ", ".join(f'"{name}"' for name in METHODS)
    return make_daemon(server=f"crypto = {{ kex = [ {names} ]; }};")


def skip_unless(known, name, who):
    if name not in known:
        pytest.skip(f"{who} has no {name}")


def test_openssh_has_each(server):
    known = subprocess.run(["ssh", "-Q", "kex"], stdout=subprocess.PIPE,
                           text=True, check=True).stdout.split()
    for name in METHODS:
        if name not in known:
            continue
        command = server.ssh_command(
            "echo ok", options=[f"KexAlgorithms={name}", "RekeyLimit=1K"])
        command[command.index("LogLevel=ERROR")] = "LogLevel=DEBUG"
        done = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=60,
                              capture_output=True, text=True, check=False)
        assert done.stdout == "ok\n", (name, done.stderr)
        assert f"kex: algorithm: {name}\n" in done.stderr.replace("\r", "")


@pytest.mark.parametrize("name", METHODS)
def test_paramiko_has_it(server, name):
    paramiko = pytest.importorskip("paramiko")
    # pylint: disable=protected-access
    skip_unless(paramiko.Transport._kex_info, name, "paramiko")
    if not any("gcm" in each for each in paramiko.Transport._cipher_info):
        pytest.skip("paramiko and sallyportd have no cipher in common")
    transport = paramiko.Transport(("127.0.0.1", server.port))
    try:
        transport.get_security_options().kex = (name,)
        transport.connect(
            username=server.user,
            pkey=paramiko.Ed25519Key.from_private_key_file(str(server.key)))
        channel = transport.open_session()
        channel.exec_command("echo ok")
        assert channel.makefile().read() == b"ok\n"
    finally:
        transport.close()


@pytest.mark.parametrize("name", METHODS)
def test_asyncssh_has_it(server, name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        asyncssh = pytest.importorskip("asyncssh")
        from asyncssh.kex import get_kex_algs  # pylint: disable=C0415
    skip_unless([each.decode() for each in get_kex_algs()], name, "asyncssh")

    async def run():
        async with asyncssh.connect(
                "127.0.0.1", server.port, username=server.user,
                client_keys=[str(server.key)], known_hosts=None,
                agent_path=None, config=None, kex_algs=[name]) as connection:
            return (await connection.run("echo ok")).stdout

    assert asyncio.run(asyncio.wait_for(run(), 60)) == "ok\n"
