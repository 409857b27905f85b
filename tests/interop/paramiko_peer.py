"""paramiko as a client (called in the tests' process) and as a server.

As a program it is a server: it mirrors what every command is sent, with a
line on standard error and 7 as its exit status.
"""

import argparse
import socket
import tempfile
import threading
import warnings

import moduli

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import paramiko

MIRRORED = 7
KEYS = {"ssh-ed25519": paramiko.Ed25519Key, "ssh-rsa": paramiko.RSAKey,
        "ecdsa": paramiko.ECDSAKey}
VERSION = paramiko.__version__


def read_key(path):
    kind = open(f"{path}.pub", encoding="ascii").read().split()[0]
    return KEYS[kind.partition("-sha2")[0]].from_private_key_file(str(path))


def limit(transport, offer):
    """Offers these algorithms and no others; all it knows where None."""
    offer = offer or {}
    options = transport.get_security_options()
    options.kex = offer.get("kex", options.kex)
    options.key_types = offer.get("host_key", options.key_types)
    options.ciphers = offer.get("cipher", options.ciphers)
    options.digests = offer.get("mac", options.digests)
    # pylint: disable=protected-access
    options.compression = offer.get("compression",
                                    list(transport._compression_info))


def key_of(proof):
    """The key that it shows, of a file or of an agent."""
    if proof.agent:
        agent = paramiko.agent.AgentSSH()
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(proof.agent))
            # pylint: disable=protected-access
            agent._connect(connection.dup())
        key = agent.get_keys()[0]
        key.public_blob = None  # 3.5 looks for one, and it has none
        return key
    key = read_key(proof.key)
    if proof.certificate:
        key.load_certificate(str(proof.certificate))
    return key


def prove(transport, user, proof):
    if proof.word is None:
        transport.auth_publickey(user, key_of(proof))
    elif proof.method == "password":
        transport.auth_password(user, proof.word, fallback=False)
    else:
        transport.auth_interactive(
            user, lambda _title, _text, prompts: [proof.word for _ in prompts])


def call(at, proof, command, data, offer=None, rekey=0):
    """A command's status, standard output and standard error."""
    with paramiko.Transport(("127.0.0.1", at.port)) as transport:
        limit(transport, offer)
        transport.start_client(timeout=180)
        prove(transport, at.user, proof)
        channel = transport.open_session(timeout=180)
        channel.settimeout(180)
        channel.exec_command(command)

        def send():
            half = len(data) // 2
            channel.sendall(data[:half])
            if rekey:
                transport.renegotiate_keys()
            channel.sendall(data[half:])
            channel.shutdown_write()

        sender = threading.Thread(target=send)
        sender.start()
        out = channel.makefile("rb").read()
        error = channel.makefile_stderr("rb").read()
        sender.join(180)
        return channel.recv_exit_status(), out, error


class Doorman(paramiko.ServerInterface):
    """Lets in who has a listed key or knows the password."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.commands = {}

    def get_allowed_auths(self, _):
        return "publickey,password,keyboard-interactive"

    def judge(self, username, is_right):
        if username == self.arguments.user and is_right:
            return paramiko.AUTH_SUCCESSFUL
        return paramiko.AUTH_FAILED

    def check_auth_password(self, username, password):
        return self.judge(username, password == self.arguments.password)

    def check_auth_publickey(self, username, key):
        with open(self.arguments.keys, encoding="ascii") as f:
            listed = [line.split()[1] for line in f]
        return self.judge(username, key.get_base64() in listed)

    def check_auth_interactive(self, _username, _submethods):
        query = paramiko.InteractiveQuery("", "")
        query.add_prompt("Word: ", False)
        return query

    def check_auth_interactive_response(self, responses):
        return self.judge(self.arguments.user,
                          responses == [self.arguments.password])

    def check_channel_request(self, kind, _):
        return (paramiko.OPEN_SUCCEEDED if kind == "session" else
                paramiko.OPEN_FAILED_UNKNOWN_CHANNEL_TYPE)

    def check_channel_exec_request(self, channel, _):
        threading.Thread(target=mirror, args=(channel,)).start()
        return True


def mirror(channel):
    while block := channel.recv(65536):
        channel.sendall(block)
    channel.sendall_stderr(b"done\n")
    channel.send_exit_status(MIRRORED)
    channel.shutdown_write()
    channel.close()


def serve_one(connection, arguments):
    transport = paramiko.Transport(connection)
    for path in arguments.host_key:
        transport.add_server_key(read_key(path))
    limit(transport, None)
    try:
        transport.start_server(server=Doorman(arguments))
    except (paramiko.SSHException, EOFError):
        transport.close()


def load_groups():
    """Without a file of them paramiko has no group exchange."""
    with tempfile.NamedTemporaryFile("w", encoding="ascii") as file:
        file.write(moduli.line(2048, 2) + moduli.line(3072, 2))
        file.flush()
        assert paramiko.Transport.load_server_moduli(file.name)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-p", dest="port", type=int)
    parser.add_argument("-u", dest="user")
    parser.add_argument("-a", dest="keys")
    parser.add_argument("-w", dest="password")
    parser.add_argument("-H", dest="host_key", action="append")
    arguments = parser.parse_args()
    load_groups()
    with socket.create_server(("127.0.0.1", arguments.port)) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve_one, daemon=True,
                             args=(connection, arguments)).start()


if __name__ == "__main__":
    main()
