"""Places where a client and a server meet: their keys and accounts."""

import collections
import os
import shutil
import socket
import subprocess
import threading

import sallyport
from peers import (CALLEE, LETTERS, PASSWORD, Address, authenticator, lettered,
                   ours, served)
from rotation import KEYS
from test_pam import UNIX, Host

TYPES = {"ed25519": ("ed25519", "256"), "rsa": ("rsa", "2048"),
         "ecdsa256": ("ecdsa", "256"), "ecdsa384": ("ecdsa", "384"),
         "ecdsa521": ("ecdsa", "521")}
AUTHENTICATORS = {"ed25519-sk": ("ed25519-sk", None),
                  "ecdsa-sk": ("ecdsa-sk", None)}


# Who certifies a host's key of each type: all there are but one, which a
# user's certificate is by.
AUTHORITIES = {
    "ed25519": "rsa-sha2-512", "rsa": "ecdsa-sha2-nistp384",
    "ecdsa256": "ssh-ed25519", "ecdsa384": "ecdsa-sha2-nistp521",
    "ecdsa521": "ecdsa-sha2-nistp256",
    "ed25519-sk": "sk-ecdsa-sha2-nistp256@openssh.com",
    "ecdsa-sk": "sk-ssh-ed25519@openssh.com"}


def keygen(*arguments):
    """With authenticators in software, whose touch it asks for."""
    command = ["ssh-keygen", "-q", *map(str, arguments)]
    subprocess.run(
        command, check=True, stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE if "-sk" in " ".join(command) else None,
        env={**os.environ, "SSH_SK_PROVIDER": str(authenticator())})


class KeyRing(dict):
    """A key of each type by its name, made when it is first asked for."""

    def __init__(self, folder, name):
        super().__init__()
        self.folder = folder
        self.name = name
        self.lock = threading.Lock()

    def __missing__(self, kind):
        path = self.folder / f"{self.name}_{kind}"
        made, bits = {**TYPES, **AUTHENTICATORS}[kind]
        with self.lock:
            if not path.exists():
                keygen("-t", made, *(["-b", bits] if bits else []), "-N", "",
                       "-f", path)
            self[kind] = path
        return path

    def all(self, kinds=TYPES):
        return [self[kind] for kind in kinds]


class Keys:
    """The keys of all daemons and servers, of their user and of who
    certifies them."""

    def __init__(self, folder):
        self.folder = folder
        self.user = KeyRing(folder, "user")
        self.host = KeyRing(folder, "host")
        self.authority = KeyRing(folder, "authority")
        self.stranger = KeyRing(folder, "stranger")
        self.lock = threading.Lock()
        self.lines = folder / "keys"
        self.lines.write_text(self.public(
            self.user.all({**TYPES, **AUTHENTICATORS})))
        self.authorities = folder / "authorities"
        self.authorities.write_text(self.public(
            self.authority.all({**TYPES, **AUTHENTICATORS})))

    @staticmethod
    def public(paths):
        return "".join(path.with_suffix(".pub").read_text()
                       for path in paths)

    def give(self, folder):
        """Has sallyport.Daemon's user take all of them."""
        folder.mkdir()
        shutil.copy(self.user["ed25519"], folder / "key")
        shutil.copy(self.lines, folder / "key.pub")

    def certify(self, key, authority, algorithm, name, *options):
        """The certificate of a key, made once; options as ssh-keygen's."""
        place = self.folder / "-".join(
            [key.name, authority.name, algorithm or "", name, *options])
        made = place / f"{key.name}-cert.pub"
        with self.lock:
            if made.exists():
                return made
            place.mkdir()
            shutil.copy(f"{key}.pub", place)
            keygen("-s", authority, "-I", "a certificate", "-n", name,
                   *(["-t", algorithm] if algorithm else []), *options,
                   place / f"{key.name}.pub")
            return made


    def hosts_certificate(self, kind):
        return self.certify(*self.hosts_authority(kind), "127.0.0.1", "-h")

    def hosts_authority(self, kind):
        """Each key is certified by one of another type."""
        return self.host[kind], *self.word_of(AUTHORITIES[kind])

    def word_of(self, algorithm):
        """An authority's key, and what it signs with if there is a choice."""
        return (self.authority[KEYS[algorithm]],
                algorithm if algorithm.startswith("rsa") else None)


class Agents:
    """Agents of OpenSSH, each with one key or one certificate."""

    def __init__(self, folder):
        self.folder = folder
        self.running = {}
        self.lock = threading.Lock()

    def holding(self, key, certificate=None):
        """The socket of an agent that has nothing else."""
        with self.lock:
            if (key, certificate) not in self.running:
                self.running[key, certificate] = self.start(
                    key, certificate, self.folder / f"a{len(self.running)}")
            return self.running[key, certificate][1]

    @staticmethod
    def start(key, certificate, place):
        place.mkdir()
        shutil.copy(key, place / "key")
        if certificate:
            shutil.copy(certificate, place / "key-cert.pub")
        process = subprocess.Popen(
            ["ssh-agent", "-D", "-a", place / "socket", "-P",
             f"{authenticator().parent}/*"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        sallyport.wait_until((place / "socket").exists, 20, "the agent")
        add = ["ssh-add", "-q", "-S", authenticator()]
        # -k: without the key's certificate.
        for more in ([], ["-k", "-d"]) if certificate else ([],):
            subprocess.run(
                [*add, *more, place / "key"], check=True,
                stderr=subprocess.PIPE,
                env={**os.environ, "SSH_AUTH_SOCK": str(place / "socket")})
        return process, place / "socket"

    def close(self):
        for process, _ in self.running.values():
            process.terminate()
            process.wait(20)


def listed(paths):
    return f"""[ {', '.join(f'"{path}"' for path in paths)} ]"""


class Inn:
    """Our daemons, one for each set of algorithms and other settings."""

    def __init__(self, folder, keys):
        self.folder = folder
        self.keys = keys
        self.daemons = {}
        self.places = iter(range(1000))
        self.locks = collections.defaultdict(threading.Lock)

    def address(self, crypto, more=""):
        with self.locks[crypto, more]:
            if (crypto, more) not in self.daemons:
                self.daemons[crypto, more] = self.start(crypto, more)
        daemon = self.daemons[crypto, more]
        return Address(daemon.port, daemon.user, self.keys.host.all())

    def start(self, crypto, more):
        place = self.folder / f"daemon{next(self.places)}"
        self.keys.give(place)
        files = listed(self.keys.host.all())
        certificates = listed(map(self.keys.hosts_certificate, TYPES))
        return sallyport.Daemon(
            # A busy machine's clients take their time over a large group.
            place, server=f'login_time = "170s"; host_keys = {files}; '
            f"host_certificates = {certificates}; "
            f"crypto = {{ {crypto} }}; {more}").start()

    def close(self, crypto, more=""):
        self.daemons.pop((crypto, more)).stop()

    def close_all(self):
        for crypto, more in list(self.daemons):
            self.close(crypto, more)


# A host that vouches for its users, by its own key.
CLIENT_HOST = "client.example"

WORDS = sallyport.CONFIG.replace(
    'type = "authorized_keys"; {file}', 'type = "userfile"; file = "FILE";')
VOUCHED = sallyport.CONFIG.replace(
    'type = "authorized_keys"; {file}',
    'type = "hostbased"; known_hosts = "FOLDER/known"; '
    'hosts = "FOLDER/hosts"; user_file = "%h/.shosts"; '
    "check_address = false;")


class Desk:
    """Our daemons that ask for words, or believe a host, one a method."""

    def __init__(self, folder, keys):
        self.folder = folder
        self.keys = keys
        self.daemons = {}

    def at(self, method):
        """Its address, and the daemon."""
        if method not in self.daemons:
            place = self.folder / method
            self.keys.give(place)
            start = {"password": self.of_a_file, "hostbased": self.of_hosts,
                     "keyboard-interactive": self.of_pam}[method]
            self.daemons[method] = start(
                place, f'host_keys = {listed(self.keys.host.all())}; '
                'login_time = "170s"; crypto = "compatible";').start()
        daemon = self.daemons[method]
        return (Address(daemon.port, daemon.user, self.keys.host.all()),
                daemon)

    @staticmethod
    def hashed():
        return subprocess.run(
            ["openssl", "passwd", "-6", PASSWORD], check=True, text=True,
            stdout=subprocess.PIPE).stdout.strip()

    def of_a_file(self, place, server):
        """Which offers no other method."""
        path = place / "users"
        daemon = sallyport.Daemon(
            place, config=WORDS.replace("FILE", str(path)), server=server)
        path.write_text(f"user {daemon.user}\npassword {self.hashed()}\n")
        path.chmod(0o600)
        return daemon

    def of_pam(self, place, server):
        daemon = Host(place, UNIX, profile='"pam"', server=server)
        daemon.accounts.write(daemon.user, hashed=self.hashed())
        return daemon

    def of_hosts(self, place, server):
        """Which two names has: ssh asks what its address is called."""
        daemon = sallyport.Daemon(
            place, config=VOUCHED.replace("FOLDER", str(place)),
            server=server)
        names = f"{CLIENT_HOST},localhost"
        (place / "known").write_text("".join(
            f"{names} {self.keys.host[kind].with_suffix('.pub').read_text()}"
            for kind in TYPES))
        (place / "hosts").write_text(f"{CLIENT_HOST}\n")
        return daemon

    def close(self):
        for daemon in self.daemons.values():
            daemon.stop()


class Echo:
    """Sends back what comes, on a port and a socket with a path."""

    def __init__(self, path):
        self.sockets = [socket.create_server(("127.0.0.1", 0)),
                        socket.socket(socket.AF_UNIX)]
        self.sockets[1].bind(str(path))
        self.sockets[1].listen()
        os.chmod(path, 0o666)
        self.path = path
        self.port = self.sockets[0].getsockname()[1]
        for each in self.sockets:
            threading.Thread(target=self.serve, args=[each],
                             daemon=True).start()

    @staticmethod
    def serve(listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                while block := connection.recv(65536):
                    connection.sendall(block)

    def close(self):
        for each in self.sockets:
            each.shutdown(socket.SHUT_RDWR)
            each.close()


def converse(family, address, data):
    """What comes back."""
    with socket.socket(family) as s:
        s.settimeout(20)
        s.connect(address)
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        found = b""
        while block := s.recv(65536):
            found += block
        return found


class Callees:
    """Our engine as a server that takes certificates and nothing else: one
    for each set of algorithms."""

    USER = "visitor"

    def __init__(self, folder, keys, stack):
        self.folder = folder
        self.keys = keys
        self.stack = stack
        self.running = {}
        self.lock = threading.Lock()

    def at(self, host_key=None, user_key=None):
        """Its address, and the file where it notes who was let in."""
        with self.lock:
            if (host_key, user_key) not in self.running:
                place = self.folder / f"callee{len(self.running)}"
                place.mkdir()
                self.running[host_key, user_key] = self.start(
                    place, host_key, user_key)
            return self.running[host_key, user_key]

    def start(self, place, host_key, user_key):
        keys = self.keys
        options = ["-T", keys.authorities, "-n", place / "notes"]
        options += [word for kind in TYPES for word in (
            "-H", keys.host[kind], "-D", keys.hosts_certificate(kind))]
        options += lettered({kind: ours(kind) for kind in LETTERS})
        # The last of one letter counts.
        options += ["-h", host_key] if host_key else []
        options += ["-s", user_key] if user_key else []
        port = sallyport.free_port()
        self.stack.enter_context(served(
            [CALLEE, "-p", port, "-u", self.USER, *options], port, self.USER,
            place / "log"))
        return (Address(port, self.USER, keys.host.all()), place / "notes")


class Lodging(sallyport.Daemon):
    """Accounts for a server that is not ours."""

    def __init__(self, folder, keys, agents, kinds):
        self.keys = keys.lines
        self.authorities = keys.authorities
        self.host_keys = [keys.host[kind] for kind in kinds]
        self.certificates = [keys.hosts_certificate(kind) for kind in kinds]
        # Those that sign with a library, or that an agent has.
        self.authenticators = {
            keys.host[kind]: keys.hosts_certificate(kind)
            for kind in AUTHENTICATORS}
        self.agents = agents
        keys.give(folder)
        super().__init__(folder)
        # Whose word counts: a host's name, and its key.
        self.believed = folder / "believed"
        public = keys.host["ed25519"].with_suffix(".pub").read_text()
        self.believed.write_text(f"{CLIENT_HOST}\n{public.strip()}")

    def believe(self):
        """The same where sshd looks for it, in an /etc/ssh of its own."""
        etc = self.folder / "etcssh"
        shutil.copytree("/etc/ssh", etc)
        (etc / "ssh_known_hosts").write_text(
            " ".join(self.believed.read_text().splitlines()) + "\n")
        (etc / "shosts.equiv").write_text(f"{CLIENT_HOST}\n")
        self.first.append(f"mount --bind {etc} /etc/ssh")

    def ask(self):
        """PAM, for sshd, in an /etc/pam.d of its own."""
        services = self.folder / "pam.d"
        services.mkdir()
        (services / "sshd").write_text(UNIX)
        self.first.append(f"mount --bind {services} /etc/pam.d")

    def make_accounts(self):
        super().make_accounts()
        if not sallyport.is_root():
            return
        etc = self.folder / "etc"
        secret = subprocess.run(
            ["openssl", "passwd", "-6", PASSWORD], check=True, text=True,
            stdout=subprocess.PIPE).stdout.strip()
        shadow = (etc / "shadow").read_text()
        (etc / "shadow").write_text(
            shadow.replace(f"{self.user}:*:", f"{self.user}:{secret}:"))
        with open(etc / "passwd", "a", encoding="ascii") as f:
            f.write("sshd:x:64791:65534::/run/sshd:/usr/sbin/nologin\n")
