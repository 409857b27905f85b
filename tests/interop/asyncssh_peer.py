"""asyncssh as a client (called in the tests' process) and as a server.

As a program it is a server: it mirrors what every command is sent, with a
line on standard error and 7 as its exit status.
"""

import argparse
import asyncio
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import asyncssh
    from asyncssh.compression import get_compression_algs
    from asyncssh.encryption import get_encryption_algs
    from asyncssh.kex import get_kex_algs
    from asyncssh.mac import get_mac_algs
    from asyncssh.public_key import get_certificate_algs, get_public_key_algs

MIRRORED = 7
VERSION = asyncssh.__version__

OPTIONS = {"kex": ("kex_algs", get_kex_algs),
           "cipher": ("encryption_algs", get_encryption_algs),
           "mac": ("mac_algs", get_mac_algs),
           "compression": ("compression_algs", get_compression_algs)}


def algorithms(offer):
    """These and no others; all it knows where they are not given."""
    offer = offer or {}
    return {option: offer.get(kind, [each.decode() for each in known()])
            for kind, (option, known) in OPTIONS.items()}


async def keys_of(proof):
    """What it shows: of files, of an agent, or a certificate for that."""
    if not proof.agent:
        return [(str(proof.key), str(proof.certificate))
                if proof.certificate else str(proof.key)]
    keys = await asyncssh.SSHAgentClient(str(proof.agent)).get_keys()
    if proof.certificate:
        keys[0].set_certificate(asyncssh.read_certificate(
            str(proof.certificate)))
    return keys


async def shown(proof):
    """What it shows, and nothing else, as connect() takes it."""
    if proof.word is not None:
        return {"password": proof.word, "preferred_auth": proof.method,
                "client_keys": None}
    if proof.vouched:
        return {"client_host_keys": [str(proof.key)],
                "client_host": proof.vouched.host,
                "client_username": proof.vouched.user,
                "preferred_auth": "hostbased", "client_keys": None}
    return {"client_keys": await keys_of(proof)}


async def connect(at, proof, offer, rekey):
    known = at.authority and asyncssh.import_known_hosts(
        "@cert-authority * " + at.authority.with_suffix(".pub").read_text())
    host_keys = (offer or {}).get(
        "host_key", [each.decode() for each in (
            get_certificate_algs() if known else get_public_key_algs())])
    return await asyncssh.connect(
        "127.0.0.1", at.port, username=at.user, known_hosts=known,
        config=None, agent_path=None, **await shown(proof),
        server_host_key_algs=host_keys,
        rekey_bytes=rekey or 1 << 30, **algorithms(offer))


async def call_on_loop(at, proof, command, data, offer, rekey):
    async with await connect(at, proof, offer, rekey) as connection:
        done = await connection.run(command, input=data, encoding=None)
        return done.exit_status, done.stdout, done.stderr


async def detour_on_loop(at, proof, words, data, until):
    kind, *target = words
    async with await connect(at, proof, None, 0) as connection:
        if kind == "direct-tcpip":
            reader, writer = await connection.open_connection(
                target[0], int(target[1]))
            writer.write(data)
            writer.write_eof()
            return 0, await reader.read(), b""
        if kind == "forwarded-tcpip":
            await connection.forward_remote_port(
                "", 4243, "127.0.0.1", int(target[0]))
        elif kind == "direct-streamlocal@openssh.com":
            await connection.forward_local_path(*target)
        else:
            await connection.forward_remote_path(*target)
        while not await asyncio.to_thread(until):
            await asyncio.sleep(0.02)
        return 0, b"", b""


def detour(at, proof, words, data, until):
    """As that of peers.Peer."""
    return asyncio.run(asyncio.wait_for(detour_on_loop(
        at, proof, words, data, until), 60))


def call(at, proof, command, data, offer=None, rekey=0):
    """A command's status, standard output and standard error."""
    return asyncio.run(asyncio.wait_for(call_on_loop(
        at, proof, command, data, offer, rekey), 180))


class Doorman(asyncssh.SSHServer):
    """Lets in who has a listed key or knows the password."""

    def __init__(self, arguments):
        self.arguments = arguments

    def begin_auth(self, _):
        return True

    def password_auth_supported(self):
        return True

    def validate_password(self, username, password):
        return (username == self.arguments.user and
                password == self.arguments.password)

    def kbdint_auth_supported(self):
        return True

    def get_kbdint_challenge(self, *_):
        return "", "", "", [("Word: ", False)]

    def validate_kbdint_response(self, username, responses):
        return (username == self.arguments.user and
                responses == [self.arguments.password])


    def connection_requested(self, *_):
        return True

    def server_requested(self, *_):
        return True

    def unix_connection_requested(self, *_):
        return True

    def unix_server_requested(self, *_):
        return True

    def validate_host_based_user(self, username, _host, client_username):
        return username == client_username == self.arguments.user


async def mirror(process):
    while block := await process.stdin.read(65536):
        process.stdout.write(block)
        await process.stdout.drain()
    process.stderr.write(b"done\n")
    process.exit(MIRRORED)


def listed(arguments):
    """The keys that are let in, and who may certify others."""
    with open(arguments.keys, encoding="ascii") as keys, \
            open(arguments.authorities, encoding="ascii") as authorities:
        return asyncssh.import_authorized_keys(keys.read() + "".join(
            "cert-authority " + line for line in authorities))


def believed(arguments):
    """The first line of the file is a host's name, the second its key."""
    with open(arguments.believed, encoding="ascii") as file:
        name, line = file.read().splitlines()
    return asyncssh.import_known_hosts(f"{name} {line}\n")


async def serve(arguments):
    await asyncssh.create_server(
        lambda: Doorman(arguments), "127.0.0.1", arguments.port,
        server_host_keys=arguments.host_key, process_factory=mirror,
        server_host_certs=arguments.certificate,
        authorized_client_keys=listed(arguments), encoding=None,
        host_based_auth=True, known_client_hosts=believed(arguments),
        trust_client_host=True,
        rekey_bytes=arguments.rekey, **algorithms(None))
    await asyncio.Event().wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-p", dest="port", type=int)
    parser.add_argument("-u", dest="user")
    parser.add_argument("-a", dest="keys")
    parser.add_argument("-w", dest="password")
    parser.add_argument("-H", dest="host_key", action="append")
    parser.add_argument("-D", dest="certificate", action="append")
    parser.add_argument("-T", dest="authorities")
    parser.add_argument("-V", dest="believed")
    parser.add_argument("-r", dest="rekey", type=int, default=1 << 30)
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
