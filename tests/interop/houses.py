"""Places where a client and a server meet: their keys and accounts."""

import shutil
import subprocess

import sallyport
from peers import PASSWORD, Address

TYPES = {"ed25519": ("ed25519", "256"), "rsa": ("rsa", "2048"),
         "ecdsa256": ("ecdsa", "256"), "ecdsa384": ("ecdsa", "384"),
         "ecdsa521": ("ecdsa", "521")}


def make_keys(folder, name):
    """A key of each type, by its name in TYPES."""
    found = {}
    for each, (kind, bits) in TYPES.items():
        found[each] = folder / f"{name}_{each}"
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-b", bits, "-N", "",
                        "-f", found[each]], check=True)
    return found


class Keys:
    """The keys of all daemons and servers of a test, and of its user."""

    def __init__(self, folder):
        self.user = make_keys(folder, "user")
        self.host = make_keys(folder, "host")
        self.lines = folder / "keys"
        self.lines.write_text("".join(
            path.with_suffix(".pub").read_text()
            for path in self.user.values()))

    def give(self, folder):
        """Has sallyport.Daemon's user take all of them."""
        folder.mkdir()
        shutil.copy(self.user["ed25519"], folder / "key")
        shutil.copy(self.lines, folder / "key.pub")


class Inn:
    """Our daemons, one for each set of algorithms."""

    def __init__(self, folder):
        self.folder = folder
        self.keys = Keys(folder)
        self.daemons = {}
        self.count = 0

    def address(self, crypto):
        if crypto not in self.daemons:
            self.count += 1
            place = self.folder / f"daemon{self.count}"
            self.keys.give(place)
            files = ", ".join(f'"{path}"' for path in self.keys.host.values())
            self.daemons[crypto] = sallyport.Daemon(
                place, server=f"host_keys = [ {files} ]; "
                f"crypto = {{ {crypto} }};").start()
        daemon = self.daemons[crypto]
        return Address(daemon.port, daemon.user, self.keys.host.values())

    def close(self, crypto):
        self.daemons.pop(crypto).stop()

    def close_all(self):
        for crypto in list(self.daemons):
            self.close(crypto)


class Lodging(sallyport.Daemon):
    """Accounts for a server that is not ours."""

    def __init__(self, folder, keys, host_keys):
        self.keys = keys.lines
        self.host_keys = host_keys
        keys.give(folder)
        super().__init__(folder)

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
