#!/usr/bin/python3
"""make bench: what a login costs by each way to prove who one is.

sallyportd, and beside it OpenSSH's sshd where that has the way. Each way has
two servers of its own, which are loaded in turns, as in bench.py; the rows
are those of bench.py, and go behind them in its report. By hand, as root;
SSHD names another sshd than the installed one.
"""

import argparse
import base64
import collections
import contextlib
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import random
import struct
import subprocess
import tempfile
import threading
import time
import warnings

import bench
import keyfile
import servers

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import crypt

PASSWORD = "correct horse"
SECRET = b"a secret of 20 bytes"
USERS = 200  # a code lets each in once
KEYS = 100_000
INDEXED = 1_000_000

PAM = """\
auth required pam_unix.so
account required pam_unix.so
session required pam_permit.so
password required pam_deny.so
"""

# Asked in JSON, by a pipe and by HTTP.
WORKER = """\
#!/usr/bin/python3
import json, sys
for line in sys.stdin:
    question = json.loads(line)
    print(json.dumps({"id": question["id"], "verdict": "allow"}), flush=True)
"""

# What sshd is to do: None where it has nothing like it.
Way = collections.namedtuple(
    "Way", "name load count auth accept sshd prepare", defaults=[None])

BY_KEY = "login -n {n} -j 1"


class Place:
    """Keys, accounts and files of all ways."""

    def __init__(self, folder, build):
        self.folder = folder
        self.build = build
        self.key = servers.enter_namespace(folder)
        self.home = folder / "home"
        self.used = folder / "used"
        self.secrets = folder / "secrets"
        self.line = self.key.with_suffix(".pub").read_text()
        self.make_accounts()
        self.make_pam()
        self.make_certificate()
        self.make_codes()
        self.make_worker()

    def write(self, name, text, mode=0o644):
        path = self.folder / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def make_accounts(self):
        """bench0, bench1, ... of one home, with a password each."""
        hashed = crypt.crypt(PASSWORD, "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$")
        etc = self.folder / "etc"
        names = [servers.USER, *(f"{servers.USER}{i}" for i in range(USERS))]
        passwd = etc.joinpath("passwd").read_text().splitlines()
        passwd += [f"{name}:x:{servers.UID}:{servers.UID}::{self.home}:/bin/sh"
                   for name in names[1:]]
        etc.joinpath("passwd").write_text("\n".join(passwd) + "\n")
        etc.joinpath("shadow").write_text(
            "root:*:19000:0:99999:7:::\n" + "".join(
                f"{name}:{hashed}:19000:0:99999:7:::\n" for name in names))
        self.write("users", "".join(
            f"user {name}\npassword {hashed}\n" for name in names[:1]), 0o600)

    def make_pam(self):
        place = self.folder / "pam.d"
        place.mkdir()
        for name in ("sallyport", "sshd", "other"):
            (place / name).write_text(PAM)
        servers.run("mount", "--bind", place, "/etc/pam.d")

    def make_certificate(self):
        servers.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                    self.folder / "authority")
        servers.run("ssh-keygen", "-q", "-s", self.folder / "authority", "-I",
                    "bench", "-n", servers.USER, f"{self.key}.pub")
        self.certificate = self.folder / "key-cert.pub"

    def make_codes(self):
        for place in (self.used, self.secrets):
            place.mkdir(mode=0o700)
        for i in range(USERS):
            path = self.secrets / f"{servers.USER}{i}"
            path.write_text(base64.b32encode(SECRET).decode() + "\n")
            path.chmod(0o600)

    def make_worker(self):
        self.worker = self.write("worker", WORKER, 0o755)
        self.lister = self.write(
            "lister", f"#!/bin/sh\nexec cat {self.folder}/listed\n", 0o755)
        self.write("listed", self.line)

    # ---- what is only made for who needs it ----

    def own_keys(self, text=None):
        path = self.home / ".ssh/authorized_keys"
        path.write_text(text or self.line)

    def many_keys(self):
        return "".join(keyfile.line() for _ in range(KEYS - 1)) + self.line

    def index(self):
        """A million fingerprints, and the one that is shown."""
        numbers = random.Random(1)
        with open(self.folder / "lines", "w", encoding="ascii") as lines:
            for i in range(INDEXED - 1):
                text = base64.b64encode(numbers.randbytes(32)).decode()
                lines.write(f"SHA256:{text.rstrip('=')} user{i}\n")
        for words in (["import", "INDEX", self.folder / "lines"],
                      ["add", "INDEX", f"{self.key}.pub", servers.USER]):
            words[1] = self.folder / "index"
            subprocess.run([self.build / "sallyportctl", "keydb", *words],
                           check=True, stdout=subprocess.DEVNULL)
        (self.folder / "lines").unlink()

    def forget_codes(self):
        for path in self.used.iterdir():
            path.unlink()

    @staticmethod
    def code():
        """RFC 6238 with its defaults."""
        digest = hmac.digest(SECRET, struct.pack(">Q", int(time.time()) // 30),
                             hashlib.sha1)
        at = digest[-1] & 15
        number = struct.unpack(">I", digest[at:at + 4])[0] & 0x7fffffff
        return f"{number % 10 ** 6:06d}"


class Answering(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # a packet for each answer

    def do_POST(self):
        question = json.loads(
            self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps(
            {"id": question["id"], "verdict": "allow"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def answering_server():
    """Its computing is no server's of these."""
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{made.server_address[1]}/"
    finally:
        made.shutdown()
        made.server_close()


def ways(place, url):
    keys = 'type = "authorized_keys";'
    pam = 'type = "pam"; service = "sallyport";'
    file = f'type = "userfile"; file = "{place.folder}/users";'
    by_password = f"{BY_KEY} -w {PASSWORD.replace(' ', '%20')}"
    by_answer = f"{BY_KEY} -a {PASSWORD.replace(' ', '%20')}"
    nobody = "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
    return [
        Way("login, publickey", BY_KEY, 60, {"a": keys}, "a", nobody),
        Way("login, certificate", f"{BY_KEY} -C {place.certificate}", 60,
            {"a": f'type = "certificate"; trust = '
                  f'"{place.folder}/authority.pub";'}, "a",
            f"{nobody}TrustedUserCAKeys {place.folder}/authority.pub\n"
            "AuthorizedKeysFile none\n"),
        Way("login, password of a file", by_password, 8, {"a": file}, "a",
            "PasswordAuthentication yes\n"),
        Way("login, password by PAM", by_password, 8, {"a": pam}, "a",
            "UsePAM yes\nPasswordAuthentication yes\n"
            "KbdInteractiveAuthentication no\n"),
        Way("login, keyboard-interactive by PAM", by_answer, 8, {"a": pam},
            "a", "UsePAM yes\nKbdInteractiveAuthentication yes\n"),
        Way("login, a program says who", BY_KEY, 40,
            {"a": f'type = "program"; run = [ "{place.worker}" ];'}, "a",
            f"{nobody}AuthorizedKeysFile none\n"
            f"AuthorizedKeysCommand {place.lister}\n"
            f"AuthorizedKeysCommandUser {servers.USER}\n"),
        Way("login, a server says who", BY_KEY, 40,
            {"a": f'type = "http"; url = "{url}";'}, "a", None),
        Way("login, a key and a one-time code",
            f"{BY_KEY} -2 -i {USERS} -a {{code}}", 40,
            {"a": keys, "b": 'type = "totp"; secret = '
             f'"{place.secrets}/%u"; used = "{place.used}/%u";'}, "a+b", None,
            place.forget_codes),
        Way("login, one of 1,000,000 keys of an index", BY_KEY, 60,
            {"a": f'type = "keydb"; file = "{place.folder}/index";'}, "a",
            None),
        Way("login, the last of 100,000 authorized_keys", BY_KEY, 20,
            {"a": keys}, "a", nobody),
    ]


class Nobody:
    """In the place of a server that does not have a way."""

    name = "OpenSSH sshd"

    @staticmethod
    def has(_):
        return False

    def stop(self):
        pass


class WayLoad(bench.Load):
    """With what holds for the moment, and a blank in a word."""

    def __init__(self, program, place, way):
        super().__init__(program, place.key)
        self.place, self.way = place, way

    def command(self, server, options):
        words = super().command(
            server, options.replace("{code}", self.place.code()))
        return [str(word).replace("%20", " ") for word in words]

    def measure(self, server, options):
        if self.way.prepare is not None:
            self.way.prepare()
        return super().measure(server, options)


def start_pair(place, way, log):
    here = pathlib.Path(tempfile.mkdtemp(dir=place.folder))
    here.chmod(0o755)
    program = place.build / "sallyportd"
    auth = "".join(f"{name} = {{ {text} }};\n"
                   for name, text in way.auth.items())
    pair = [Nobody() if way.sshd is None else
            servers.start_sshd(here, log, settings=way.sshd)]
    try:
        pair.append(servers.start_sallyportd(
            here, program, log, auth=auth, accept=way.accept,
            user=f"{servers.USER}*"))
    except BaseException:
        pair[0].stop()
        raise
    return pair


def measure_way(place, way, rounds, log):
    load = WayLoad(place.build / "tests/bench/clients", place, way)
    pair = start_pair(place, way, log)
    try:
        return bench.measure_row((way.name, way.load, way.count, "login"),
                                 load, pair, rounds), pair
    finally:
        for server in pair:
            server.stop()


def measure_ways(place, options, log, url):
    for way in ways(place, url):
        if options.only not in way.name:
            continue
        if "of an index" in way.name:
            place.index()
        place.own_keys(place.many_keys() if "100,000" in way.name else None)
        row, pair = measure_way(place, way, options.rounds, log)
        yield bench.line_of(row, pair)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=".", type=pathlib.Path)
    parser.add_argument("--rounds", default=9, type=int)
    parser.add_argument("--only", default="", help="rows with this in them")
    options = parser.parse_args()
    build = options.build.resolve()
    bench.enter_mounts("ways")
    with tempfile.TemporaryDirectory(prefix="sallyport-bench-",
                                     dir="/run") as name:
        os.chmod(name, 0o755)
        place = Place(pathlib.Path(name), build)
        with open(build / "bench.log", "ab") as log, \
                answering_server() as url:
            lines = []
            for line in measure_ways(place, options, log, url):
                lines.append(line)
                print(line, flush=True)
    with open(build / "bench.md", "a", encoding="ascii") as report:
        report.write(f"\nA login by each way; {options.rounds} interleaved "
                     f"rounds.\n\n{bench.HEAD}" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
