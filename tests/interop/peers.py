"""Who meets Sallyport, what each knows, and how each is called.

A peer is a row of PEERS: its name, the Debian package (or npm's) it comes
from, and how its client is called and its server started. A client is told
which algorithms to offer, or offers all that it knows; each server offers
all that it knows. Every server but OpenSSH's and Dropbear's is a mirror.
"""

import atexit
import base64
import collections
import concurrent.futures
import contextlib
import functools
import importlib
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading

import document
import sallyport

HERE = pathlib.Path(__file__).parent
CALLER = sallyport.BUILD / "tests/interop/caller"
CALLEE = sallyport.BUILD / "tests/interop/callee"
PLACE = sallyport.BUILD / "interop"  # what is compiled from this folder

PASSWORD = "open sesame"

# What every command is: its input comes back, then this.
COMMAND = "cat; echo done >&2; exit 7"
STATUS = 7
ERROR = b"done\n"

LETTERS = {"kex": "-k", "host_key": "-h", "cipher": "-c", "mac": "-m",
           "compression": "-z"}

Done = collections.namedtuple("Done", "status out error")

# Where a client goes. host_keys: files of the keys the server has;
# authority: whose word about them is all that the client believes.
Address = collections.namedtuple(
    "Address", "port user host_keys authority", defaults=[None])

# What a user shows: a key, or the certificate of it. Where it is of an
# authenticator an agent's socket, where just this is to be had. Or a word, by
# a method that asks for one; or the key of a host that vouches for him.
Proof = collections.namedtuple(
    "Proof", "key certificate agent word method vouched",
    defaults=[None] * 5)
Vouched = collections.namedtuple("Vouched", "host user")


def certified(name):
    """What is negotiated for a certificate of a key that signs so."""
    return name.removesuffix("@openssh.com") + "-cert-v01@openssh.com"


class Missing(Exception):
    """A peer is not here; says what it takes."""


@functools.lru_cache
def ours(kind):
    """Every algorithm of a kind that Sallyport has."""
    if not CALLER.exists():
        raise Missing(f"{CALLER.name} is not built: make check builds it")
    return subprocess.run([CALLER, "-Q", kind], stdout=subprocess.PIPE,
                          text=True, check=True).stdout.strip().split(",")


def run(command, data, agent=None, out=subprocess.PIPE, **settings):
    """A finished program, which knows no agent but this."""
    env = {**settings.pop("env", os.environ), "SSH_AUTH_SOCK": str(agent)}
    if agent is None:
        del env["SSH_AUTH_SOCK"]
    done = subprocess.run(
        [str(word) for word in command], input=data, stdout=out,
        stderr=subprocess.PIPE, timeout=180, check=False, env=env, **settings)
    return Done(done.returncode, done.stdout, done.stderr)


def run_until(command, data, until, **settings):
    """A program that is finished, or ended when that holds."""
    if until is None:
        return run(command, data, **settings)
    process = subprocess.Popen(
        [str(word) for word in command], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **settings)
    try:
        sallyport.wait_until(until, 20, f"what {command[0]} forwards")
    finally:
        process.kill()
        process.wait(20)
    return Done(0, b"", b"")


def need(program, package):
    # ./check only unpacks what would start if it were installed.
    found = shutil.which(program) or shutil.which(
        program, path=f"/usr/sbin:{sallyport.UNPACKED}/sbin")
    if found is None:
        raise Missing(f"{program} is not installed (Debian: {package})")
    return found


@functools.lru_cache
def compile_c(source, library, package, *others):
    """A program of this folder on a library of others."""
    compiler = need("cc", "gcc")
    target = PLACE / source
    PLACE.mkdir(exist_ok=True)
    done = subprocess.run(
        [compiler, "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Werror",
         "-Wno-deprecated-declarations",  # newer ones have other names
         f"-I{HERE.parents[1]}", "-o", target, HERE / f"{source}.c", *others,
         f"-l{library}"], stderr=subprocess.PIPE, check=False, text=True)
    if f"#include <lib{library}" in done.stderr:
        raise Missing(f"lib{library} is not installed (Debian: {package})")
    assert done.returncode == 0, done.stderr
    return target


def authenticator():
    """The library of OpenSSH's that has keys of the types "sk-"."""
    return compile_c("authenticator", "crypto", "libssl-dev", "-shared",
                     "-fPIC")


@functools.lru_cache
def compile_go():
    go = need("go", "golang-go")
    sources = pathlib.Path("/usr/share/gocode")
    if not (sources / "src/golang.org/x/crypto/ssh").exists():
        raise Missing("Go's x/crypto is not installed "
                      "(Debian: golang-golang-x-crypto-dev)")
    PLACE.mkdir(exist_ok=True)
    target = PLACE / "gossh"
    subprocess.run(
        [go, "build", "-o", target, HERE / "gossh/gossh.go"], check=True,
        env={**os.environ, "GO111MODULE": "off", "GOPATH": str(sources),
             "GOCACHE": str(PLACE / "gocache"), "GOFLAGS": ""})
    return target


def version_of(*packages):
    """What Debian calls it, without Debian's own number."""
    for package in packages:
        done = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Version}", package],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            check=False)
        if done.returncode == 0:
            upstream = done.stdout.rpartition(":")[2].partition("-")[0]
            return re.sub(r"[~+].*", "", upstream)
    return "?"


def lettered(offer, names=None):
    """An offer as options of the programs of this folder."""
    offer = offer or names or {}
    return [word for kind, letter in LETTERS.items() if kind in offer
            for word in (letter, ",".join(offer[kind]))]


@functools.lru_cache
def fingerprint(path):
    return run(["ssh-keygen", "-lf", path], b"").out.decode().split()[1]


def side_by_side(function, rows, workers=4):
    """What it says of each row; most of them wait for a program to start."""
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return list(pool.map(function, rows))


class Server:
    """A server of others, listening."""

    def __init__(self, process, port, user):
        self.process = process
        self.port = port
        self.user = user


@contextlib.contextmanager
def served(command, port, user, log):
    """A program that listens on the port as long as it is needed."""
    with open(log, "ab") as f:
        process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL,
            stdout=f, stderr=f)
    try:
        sallyport.wait_until(lambda: is_listening(process, port, log), 20,
                             f"the port of {command[0]}")
        yield Server(process, port, user)
    finally:
        left = sallyport.children_of(process.pid)
        for pid in reversed(left):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
        process.wait(10)


def is_listening(process, port, log):
    assert process.poll() is None, pathlib.Path(log).read_text(
        errors="replace")
    # The table of listening sockets: a connection would be a stranger's.
    wanted = f"0100007F:{port:04X} 00000000:0000 0A"
    return wanted in pathlib.Path("/proc/net/tcp").read_text()


def about(kind):
    """Marks a test that peers which lack this kind cannot pass."""
    def mark(function):
        function.kind = kind
        return function
    return mark


# Of the method "hostbased".
NO_HOSTS = dict.fromkeys(("client hostbased", "server hostbased"),
                         "has no such method")


class Peer:
    """What all have in common; each overrides what it has."""

    name = ""
    chooses = True  # its client offers what it is told to
    rekeys = ("client", "server")  # who of it can start an exchange
    words = ("password", "keyboard-interactive")  # of its client
    vouches = "ed25519"  # by which key of its host
    host_key_sets = (("ed25519", "rsa", "ecdsa256", "ecdsa384", "ecdsa521"),)
    # Why it has none of a kind, by who of it has none: "client
    # host_certificate". Which of hosts it has its KEXINIT tells.
    lacks = {}
    # Keys by their algorithms whose certificates its client cannot show, and
    # why.
    uncertified = {}
    # What its client is told, by the type of the channel; with a target, a
    # path, a local socket and port. And what its server knows.
    client_channels = {}
    server_channels = ()
    joins = False  # a certificate, in a file, to an agent's key
    serves = 4  # clients at a time

    def version(self):
        raise NotImplementedError

    def call(self, at, proof, data, offer=None, rekey=0):
        """Done, of its client."""
        raise Missing(f"{self.name} is no client here")

    def detour(self, at, proof, words, data, until=None):
        """The same with these words for a command; it is ended when until()
        holds, if that is given."""
        raise Missing(f"{self.name} is no client here")

    def serve(self, place):
        """A context with a Server; place as Lodging of houses.py."""
        raise Missing(f"{self.name} is no server here")

    def must_have(self, role, test):
        """What the test is about, if it says so."""
        what = f"{role} {getattr(test, 'kind', '')}"
        if what in self.lacks:
            raise Missing(f"{self.name}: {self.lacks[what]}")


class Program(Peer):
    """A program of this folder, with the options of ./caller."""

    def client(self):
        raise Missing(f"{self.name} is no client here")

    def server(self):
        raise Missing(f"{self.name} is no server here")

    def names(self):
        """What its client and its server are told to offer at most."""
        return {}

    @staticmethod
    def shown(proof):
        if proof.word is not None:
            return ["-w" if proof.method == "password" else "-K", proof.word]
        if proof.agent:
            return []
        if proof.vouched:
            return ["-i", proof.key, "-V", proof.vouched.host,
                    "-U", proof.vouched.user]
        return ["-i", proof.key, *(["-C", proof.certificate]
                                   if proof.certificate else [])]

    def call(self, at, proof, data, offer=None, rekey=0):
        more = self.shown(proof)
        if at.authority:
            more += ["-T", at.authority.with_suffix(".pub")]
        return run([*self.client(), "-p", at.port, "-u", at.user, *more,
                    *lettered(offer, self.names()),
                    *(["-r", rekey] if rekey else []), COMMAND], data,
                   agent=proof.agent)

    def server_options(self, place):
        keys = [word for path in place.host_keys for word in ("-H", path)]
        return [*keys, *lettered(None, self.names())]

    def serve(self, place):
        port = sallyport.free_port()
        return served(
            [*self.server(), "-p", port, "-u", place.user, "-a", place.keys,
             "-w", PASSWORD, *self.server_options(place)],
            port, place.user, place.folder / "server.log")


# ---- OpenSSH ----

class OpenSSH(Peer):
    name = "OpenSSH"
    client_channels = {
        "direct-tcpip": ["-W", "{target}"],
        "direct-streamlocal@openssh.com": ["-N", "-L", "{local}:{path}"],
        "forwarded-tcpip": ["-N", "-R", "4243:127.0.0.1:{port}"],
        "forwarded-streamlocal@openssh.com": [
            "-N", "-R", "{path}:127.0.0.1:{port}"]}
    server_channels = document.CHANNELS

    OPTIONS = {"kex": ("KexAlgorithms", "kex"),
               "host_key": ("HostKeyAlgorithms", "HostKeyAlgorithms"),
               "cipher": ("Ciphers", "cipher"), "mac": ("MACs", "mac")}

    def version(self):
        done = run([need("ssh", "openssh-client"), "-V"], b"")
        return re.match(r"OpenSSH_([^ ,]+)", done.error.decode())[1]

    @functools.lru_cache
    def settings(self):
        """The lines that have it offer all it knows."""
        lines = {}
        for option, query in self.OPTIONS.values():
            known = run(["ssh", "-Q", query], b"").out.decode().split()
            lines[option] = ",".join(known)
        return lines

    @staticmethod
    def trust(at, proof):
        """The lines of whom it believes, and of what it shows."""
        lines = {"StrictHostKeyChecking": "no",
                 "UserKnownHostsFile": "/dev/null"}
        if at.authority:
            known = at.authority.with_suffix(".known")
            known.write_text("@cert-authority * " + at.authority.with_suffix(
                ".pub").read_text())
            lines = {"StrictHostKeyChecking": "yes",
                     "UserKnownHostsFile": known}
        if proof.certificate:
            lines["CertificateFile"] = proof.certificate
        if proof.agent:  # It needs none.
            lines["SecurityKeyProvider"] = authenticator()
        if proof.method:
            lines["PreferredAuthentications"] = proof.method
        if proof.vouched:
            lines["HostbasedAuthentication"] = "yes"
        if proof.word is not None:
            lines.update(BatchMode="no", NumberOfPasswordPrompts="1")
        return lines

    @staticmethod
    def asking(word):
        """The environment of who is asked for it."""
        program = PLACE / "askpass"
        if not program.exists():
            PLACE.mkdir(exist_ok=True)
            program.write_text("#!/bin/sh\nprintf '%s\\n' \"$WORD\"\n")
            program.chmod(0o755)
        return {**os.environ, "SSH_ASKPASS": str(program),
                "SSH_ASKPASS_REQUIRE": "force", "WORD": word}

    def command(self, at, proof, words, offer=None, rekey=0):
        lines = dict(self.settings())
        for kind, names in (offer or {}).items():
            if kind in self.OPTIONS:
                lines[self.OPTIONS[kind][0]] = ",".join(names)
        compression = (offer or {}).get("compression", ["zlib@openssh.com"])
        lines.update({
            "Compression": "no" if compression == ["none"] else "yes",
            "IdentitiesOnly": "yes", "IdentityAgent": "none",
            "BatchMode": "yes", "LogLevel": "ERROR",
            "GlobalKnownHostsFile": "none", **self.trust(at, proof)})
        shown = ["-i", proof.key] if proof.key and not proof.vouched else []
        if rekey:
            lines["RekeyLimit"] = str(rekey)
        options = [f"-o{name}={value}" for name, value in lines.items()]
        return [need("ssh", "openssh-client"), "-F", "none", *options,
                "-p", at.port, *shown, *words, f"{at.user}@127.0.0.1"]

    def detour(self, at, proof, words, data, until=None):
        return run_until(self.command(at, proof, words), data, until)

    def call(self, at, proof, data, offer=None, rekey=0):
        more = {"env": self.asking(proof.word)} if proof.word else {}
        command = [*self.command(at, proof, [], offer, rekey), COMMAND]
        if not proof.vouched:
            return run(command, data, **more)
        with tempfile.TemporaryDirectory() as place:
            return run(self.at_home(pathlib.Path(place), proof, command), data)

    UID = 64795

    def at_home(self, place, proof, command):
        """The command as its user, on a host by its name with its key."""
        if not (sallyport.has_namespaces() and
                os.path.exists("/usr/lib/openssh/ssh-keysign")):
            raise Missing("needs CAP_SYS_ADMIN, and ssh-keysign: an /etc/ssh "
                          "of its own")
        etc = place / "ssh"
        etc.mkdir()
        place.chmod(0o755)
        shutil.copy(proof.key, etc / "ssh_host_ed25519_key")
        shutil.copy(f"{proof.key}.pub", etc / "ssh_host_ed25519_key.pub")
        (etc / "ssh_config").write_text("EnableSSHKeysign yes\n")
        (place / "hosts").write_text(f"127.0.0.1 {proof.vouched.host}\n")
        (place / "passwd").write_text(
            "root:x:0:0:root:/root:/bin/sh\n"
            f"{proof.vouched.user}:x:{self.UID}:{self.UID}::/:/bin/sh\n")
        mounts = "".join(f"mount --bind {place}/{name} /etc/{name} && "
                         for name in ("ssh", "hosts", "passwd"))
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c",
                f'{mounts}exec "$@"', "sh", "setpriv", f"--reuid={self.UID}",
                f"--regid={self.UID}", "--clear-groups", *command]

    def serve(self, place):
        sshd = need("sshd", "openssh-server")
        if not sallyport.is_root():
            raise Missing("needs root: other accounts")
        os.makedirs("/run/sshd", exist_ok=True)
        port = sallyport.free_port()
        lines = dict(self.settings(), Port=port, ListenAddress="127.0.0.1",
                     UsePAM="yes", PidFile="none", RekeyLimit="800K",
                     PasswordAuthentication="yes",
                     KbdInteractiveAuthentication="yes", Compression="yes",
                     MaxStartups=100, TrustedUserCAKeys=place.authorities,
                     SecurityKeyProvider=authenticator())
        place.believe()
        place.ask()
        lines.update(HostbasedAuthentication="yes", IgnoreRhosts="yes",
                     HostbasedUsesNameFromPacketOnly="yes",
                     IgnoreUserKnownHosts="yes")
        config = place.folder / "sshd_config"
        config.write_text("".join(
            [f"{name} {value}\n" for name, value in lines.items()] +
            [f"HostKey {path}\n" for path in [
                *place.host_keys, *place.authenticators]] +
            [f"HostCertificate {path}\n" for path in [
                *place.certificates, *place.authenticators.values()]]))
        return served(place.apart([sshd, "-D", "-e", "-f", config]), port,
                      place.user, place.folder / "sshd.log")


# ---- PuTTY ----

class Putty(Peer):
    name = "PuTTY"
    chooses = False
    lacks = {"client hostbased": "has no such method"}
    client_channels = {
        "direct-tcpip": ["-nc", "{target}"],
        "forwarded-tcpip": ["-N", "-R", "4243:127.0.0.1:{port}"]}

    def version(self):
        done = run([need("plink", "putty-tools"), "-V"], b"")
        return re.search(r"Release (\S+)", done.out.decode())[1]

    @staticmethod
    def convert(key):
        own = pathlib.Path(key).with_suffix(".ppk")
        if not own.exists():
            assert run([need("puttygen", "putty-tools"), key, "-O", "private",
                        "-o", own], b"").status == 0
        return own

    @staticmethod
    def settings(home, at, proof, rekey):
        """What it has in files alone."""
        kept = {"sessions/here": f"RekeyBytes={rekey or '1G'}\n"}
        if proof.certificate and not proof.agent:
            kept["sessions/here"] += (
                f"DetachedCertificate={proof.certificate}\n")
        if proof.word is not None:
            kept["sessions/here"] += "TryAgent=0\nAuthKI={}\n".format(
                int(proof.method == "keyboard-interactive"))
        if at.authority:
            public = at.authority.with_suffix(".pub").read_text().split()[1]
            kept["sshhostcas/here"] = (
                f"PublicKey={public}\nValidity=*\nPermitRSASHA1=0\n"
                "PermitRSASHA256=1\nPermitRSASHA512=1\n")
        for name, text in kept.items():
            path = pathlib.Path(home) / ".putty" / name
            path.parent.mkdir(parents=True)
            path.write_text(text)

    def detour(self, at, proof, words, data, until=None):
        return self.call(at, proof, data, words=words, until=until)

    def call(self, at, proof, data, offer=None, rekey=0, words=None,
             until=None):
        plink = need("plink", "putty-tools")
        more = [] if proof.agent else ["-pw", proof.word] \
            if proof.word else ["-i", self.convert(proof.key)]
        # It believes no host key that it was not told of.
        if not at.authority:
            more += [word for path in at.host_keys
                     for word in ("-hostkey", fingerprint(path))]
        with tempfile.TemporaryDirectory() as home:
            self.settings(home, at, proof, rekey)
            command = [plink, "-ssh", "-load", "here", "-batch", "-C", "-P",
                       at.port, *more, "-l", at.user]
            env = {**os.environ, "HOME": home}
            if words is not None:
                return run_until([*command, *words, "127.0.0.1"], data, until,
                                 env=env)
            return run([*command, "127.0.0.1", COMMAND], data, proof.agent,
                       env=env)


# ---- Dropbear ----

class Dropbear(Peer):
    name = "Dropbear"
    chooses = False
    rekeys = ()
    client_channels = {
        "direct-tcpip": ["-B", "{target}"],
        "forwarded-tcpip": ["-N", "-R", "4243:127.0.0.1:{port}"]}
    server_channels = ("direct-tcpip", "forwarded-tcpip")
    # Its server takes four at most.
    host_key_sets = (("ed25519", "rsa", "ecdsa256"),
                     ("ecdsa384", "ecdsa521"))
    lacks = dict.fromkeys(
        ("client user_certificate", "server user_certificate",
         "client host_certificate", "server host_certificate"),
        "knows no certificates") | {
            "client authenticator": "signs with none",
            "server host_authenticator": "signs with none",
            "server keyboard-interactive":
                "has no such method: what PAM asks it asks as for a password",
            **NO_HOSTS}

    def version(self):
        done = run([need("dbclient", "dropbear-bin"), "-V"], b"")
        return re.search(r"v(\S+)", (done.out + done.error).decode())[1]

    def convert(self, key):
        own = pathlib.Path(f"{key}.dropbear")
        if not own.exists():
            assert run([need("dropbearconvert", "dropbear-bin"), "openssh",
                        "dropbear", key, own], b"").status == 0
        return own

    def detour(self, at, proof, words, data, until=None):
        own = self.convert(proof.key)
        return run_until(
            [need("dbclient", "dropbear-bin"), "-y", "-y", "-T", "-p", at.port,
             "-i", own, *words, f"{at.user}@127.0.0.1"], data, until,
            env={**os.environ, "HOME": str(own.parent)})

    def call(self, at, proof, data, offer=None, rekey=0):
        dbclient = need("dbclient", "dropbear-bin")
        shown, env = [], {**os.environ, "HOME": str(PLACE)}
        if proof.word is None:
            own = self.convert(proof.key)
            shown, env["HOME"] = ["-i", own], str(own.parent)
        else:
            env["DROPBEAR_PASSWORD"] = proof.word
        # A channel that was closed while output waited for its reader is
        # one that it waits for, when all is over: files never wait.
        with tempfile.TemporaryFile() as out:
            done = run([dbclient, "-y", "-y", "-T", "-p", at.port, *shown,
                        f"{at.user}@127.0.0.1", COMMAND], data, out=out,
                       env=env)
            out.seek(0)
            return done._replace(out=out.read())

    def serve(self, place):
        dropbear = need("dropbear", "dropbear-bin")
        if not sallyport.is_root():
            raise Missing("needs root: other accounts")
        port = sallyport.free_port()
        keys = [word for path in place.host_keys
                for word in ("-r", self.convert(path))]
        return served(
            place.apart([dropbear, "-F", "-E", "-p", f"127.0.0.1:{port}",
                         "-P", place.folder / "dropbear.pid", *keys]),
            port, place.user, place.folder / "dropbear.log")


# ---- libraries ----

class PythonPeer(Program):
    """A module of this folder: called here, and a program as a server."""

    module = ""

    def load(self):
        try:
            return importlib.import_module(self.module)
        except ImportError:
            raise Missing(f"{self.name} is not installed "
                          f"(Debian: python3-{self.name})") from None

    def version(self):
        return self.load().VERSION

    def call(self, at, proof, data, offer=None, rekey=0):
        try:
            return Done(*self.load().call(
                at, proof, COMMAND, data, offer, rekey))
        except Exception as error:  # pylint: disable=broad-except
            return Done(255, b"", repr(error).encode())

    def server(self):
        self.load()
        return [sys.executable, HERE / f"{self.module}.py"]


class Paramiko(PythonPeer):
    name = "paramiko"
    module = "paramiko_peer"
    rekeys = ("client",)
    lacks = {"client host_certificate": "knows no certificates of hosts",
             "server host_certificate": "knows no certificates of hosts",
             "server user_certificate": "asks nobody who certified a key",
             "server authenticator": "knows no such keys",
             "server host_authenticator": "knows no such keys", **NO_HOSTS}


class Asyncssh(PythonPeer):
    name = "asyncssh"
    module = "asyncssh_peer"
    uncertified = dict.fromkeys(
        ("rsa-sha2-512", "rsa-sha2-256"),
        "it calls them by the name that stands for SHA-1, a host's too")
    joins = True
    client_channels = {
        "direct-tcpip": ["direct-tcpip", "target.example", "7"],
        "direct-streamlocal@openssh.com": [
            "direct-streamlocal@openssh.com", "{local}", "{path}"],
        "forwarded-tcpip": ["forwarded-tcpip", "{port}"],
        "forwarded-streamlocal@openssh.com": [
            "forwarded-streamlocal@openssh.com", "{path}", "{echo}"]}
    server_channels = document.CHANNELS
    serves = 1  # All share what its RSA key signs with.
    lacks = {"server host_authenticator": "signs with none"}

    def detour(self, at, proof, words, data, until=None):
        try:
            return Done(*self.load().detour(at, proof, words, data, until))
        except Exception as error:  # pylint: disable=broad-except
            return Done(255, b"", repr(error).encode())

    def server_options(self, place):
        shown = [word for path in place.certificates
                 for word in ("-D", path)]
        return [*super().server_options(place), *shown, "-T",
                place.authorities, "-V", place.believed, "-r", 512 * 1024]


class Worker:
    """A program that does many jobs at a time, told in lines of JSON."""

    def __init__(self, command):
        self.numbers = itertools.count()
        self.answers = {}
        self.lock = threading.Lock()
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)
        threading.Thread(target=self.read, daemon=True).start()
        atexit.register(self.close)

    def read(self):
        for line in self.process.stdout:
            answer = json.loads(line)
            self.answers.pop(answer["number"]).set_result(answer)
        for each in self.answers.values():
            each.set_exception(EOFError("the program has ended"))

    def do(self, **job):
        number = next(self.numbers)
        answer = self.answers[number] = concurrent.futures.Future()
        line = json.dumps({"number": number, **job}).encode() + b"\n"
        with self.lock:
            self.process.stdin.write(line)
            self.process.stdin.flush()
        return answer.result(180)

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)


class Ssh2(Program):
    name = "ssh2"
    rekeys = ("client",)
    KINDS = {"kex": "kex", "host_key": "serverHostKey", "cipher": "cipher",
             "mac": "hmac", "compression": "compress"}
    lacks = dict.fromkeys(
        ("client user_certificate", "server user_certificate",
         "client host_certificate", "server host_certificate"),
        "knows no certificates") | dict.fromkeys(
            ("client authenticator", "server authenticator",
             "server host_authenticator"), "knows no such keys")

    def program(self):
        if not (HERE / "ssh2/node_modules/ssh2").exists():
            raise Missing("ssh2 is not installed (npm ci in "
                          "tests/interop/ssh2)")
        return [need("node", "nodejs"), HERE / "ssh2/peer.js"]

    def version(self):
        self.program()
        text = (HERE / "ssh2/node_modules/ssh2/package.json").read_text()
        return re.search(r'"version": "(.*?)"', text)[1]

    @staticmethod
    def shown_in_job(proof):
        if proof.word is not None:
            return {"password" if proof.method == "password" else "answer":
                    proof.word}
        vouched = proof.vouched._asdict() if proof.vouched else {}
        return {"key": str(proof.key), "host": vouched.get("host"),
                "name": vouched.get("user")}

    @functools.lru_cache
    def worker(self):
        return Worker([*self.program(), "clients"])

    def call(self, at, proof, data, offer=None, rekey=0):
        done = self.worker().do(
            port=at.port, user=at.user, command=COMMAND,
            **self.shown_in_job(proof), rekey=rekey, input=base64.b64encode(data).decode(),
            algorithms={self.KINDS[kind]: names
                        for kind, names in (offer or {}).items()})
        return Done(done["status"], base64.b64decode(done["out"]),
                    base64.b64decode(done["error"]))

    def server(self):
        return [*self.program(), "server"]

    def server_options(self, place):
        return [*super().server_options(place), "-V", place.believed]


class Libssh(Program):
    """Takes of our names those that it knows."""

    name = "libssh"
    rekeys = ("client",)
    lacks = dict.fromkeys(
        ("client host_certificate", "server host_certificate"),
        "knows no certificates of hosts") | {
            "server user_certificate": "asks nobody who certified a key",
            "server host_authenticator": "signs with none", **NO_HOSTS}
    uncertified = dict.fromkeys(
        ("sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"),
        "its list of what users may sign with has none of them")
    # It has one key of ECDSA at a time.
    host_key_sets = (("ed25519", "rsa", "ecdsa256"), ("ecdsa384",),
                     ("ecdsa521",))

    def names(self):
        return {kind: ours(kind) for kind in LETTERS}

    def version(self):
        self.client()
        return version_of("libssh-4", "libssh-4t64")

    def client(self):
        return [compile_c("libssh_client", "ssh", "libssh-dev",
                          HERE / "invocation.c")]

    def server(self):
        return [compile_c("libssh_server", "ssh", "libssh-dev",
                          HERE / "invocation.c")]

    def server_options(self, place):
        known = self.names()
        del known["compression"]  # cannot be set
        return [*(word for path in place.host_keys for word in ("-H", path)),
                *lettered(known)]


class Libssh2(Program):
    name = "libssh2"
    vouches = "ecdsa256"  # one of Ed25519 it does not sign with here
    rekeys = ()
    uncertified = dict.fromkeys(
        ("ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256",
         "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"),
        "it can show those of ECDSA alone")
    lacks = {"client host_certificate": "knows no certificates of hosts",
             "client authenticator": "knows no such keys before 1.11"}

    def version(self):
        self.client()
        return version_of("libssh2-1", "libssh2-1t64")

    def client(self):
        return [compile_c("libssh2_client", "ssh2", "libssh2-1-dev",
                          HERE / "invocation.c")]


class Go(Program):
    """Announces whatever it is told to: its source says what it knows."""

    name = "Go x/crypto"
    lacks = NO_HOSTS

    def version(self):
        self.client()
        return version_of("golang-golang-x-crypto-dev")

    @functools.lru_cache
    def names(self):
        folder = pathlib.Path("/usr/share/gocode/src/golang.org/x/crypto/ssh")
        source = "".join(path.read_text() for path in folder.glob("*.go")
                         if not path.name.endswith("_test.go"))
        known = {kind: ours(kind) for kind in LETTERS}
        known["host_key"] = known["host_key"] + [
            certified(name) for name in known["host_key"]]
        return {kind: [name for name in names if f'"{name}"' in source]
                for kind, names in known.items()}

    def client(self):
        return [compile_go(), "client"]

    def server(self):
        return [compile_go(), "server"]

    def server_options(self, place):
        held = ",".join(
            str(place.agents.holding(key, each))
            for key, certificate in place.authenticators.items()
            for each in (None, certificate))
        return ["-H", ",".join(map(str, place.host_keys)),
                "-D", ",".join(map(str, place.certificates)),
                "-T", place.authorities, "-G", held,
                *lettered(None, self.names()), "-r", 512 * 1024]


CLIENTS = [OpenSSH(), Putty(), Dropbear(), Paramiko(), Asyncssh(), Ssh2(),
           Libssh(), Libssh2(), Go()]
SERVERS = [peer for peer in CLIENTS if peer.name not in ("PuTTY", "libssh2")]
