"""Users' keys in authenticators, which paramiko plays in software."""

import hashlib
import struct
import subprocess
import warnings

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    paramiko = pytest.importorskip("paramiko")

import sallyport  # noqa: E402
from peers import Missing, authenticator  # noqa: E402

TOUCHED, VERIFIED = 1, 4
APPLICATION = b"ssh:"


def string(data):
    return struct.pack(">I", len(data)) + data


def mpint(number):
    return string(number.to_bytes(number.bit_length() // 8 + 1, "big"))


class Authenticator(paramiko.PKey):
    """Signs as one does, with these flags and a counter that counts."""

    def __init__(self, flags):
        super().__init__()
        self.public_blob = None  # no certificate
        self.flags = flags
        self.counter = 0

    def asbytes(self):
        return (string(self.get_name().encode()) + self.public_fields() +
                string(APPLICATION))

    def line(self):
        return f"{self.get_name()} {self.get_base64()} authenticator\n"

    def sign_ssh_data(self, data, algorithm=None):
        self.counter += 1
        trailer = struct.pack(">BI", self.flags, self.counter)
        signature = self.sign(hashlib.sha256(APPLICATION).digest() + trailer +
                              hashlib.sha256(data).digest())
        return paramiko.Message(
            string(self.get_name().encode()) + string(signature) + trailer)


class Ed25519Authenticator(Authenticator):
    def __init__(self, flags=TOUCHED):
        super().__init__(flags)
        self.key = ed25519.Ed25519PrivateKey.generate()

    def get_name(self):
        return "sk-ssh-ed25519@openssh.com"

    def public_fields(self):
        return string(self.key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw))

    def sign(self, data):
        return self.key.sign(data)


class EcdsaAuthenticator(Authenticator):
    def __init__(self, flags=TOUCHED):
        super().__init__(flags)
        self.key = ec.generate_private_key(ec.SECP256R1())

    def get_name(self):
        return "sk-ecdsa-sha2-nistp256@openssh.com"

    def public_fields(self):
        return string(b"nistp256") + string(
            self.key.public_key().public_bytes(
                serialization.Encoding.X962,
                serialization.PublicFormat.UncompressedPoint))

    def sign(self, data):
        return b"".join(mpint(number) for number in utils.decode_dss_signature(
            self.key.sign(data, ec.ECDSA(hashes.SHA256()))))


def give(daemon, key, options=""):
    """Has the users take this key, with options."""
    daemon.key = daemon.folder / "authenticator"
    daemon.key.with_suffix(".pub").write_text(
        f"{options} {key.line()}".lstrip())
    daemon.key_file()
    daemon.make_accounts()


def log_in(daemon, key):
    transport = paramiko.Transport(("127.0.0.1", daemon.port))
    try:
        transport.start_client(timeout=120)
        transport.auth_publickey(daemon.user, key)
        return transport.is_authenticated()
    finally:
        transport.close()


KINDS = [Ed25519Authenticator, EcdsaAuthenticator]


@pytest.mark.parametrize("kind", KINDS)
def test_who_touched_his_authenticator_is_let_in(daemon, kind):
    key = kind()
    give(daemon, key)
    assert log_in(daemon, key)


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_is_let_in_whose_authenticator_nobody_touched(daemon, kind):
    key = kind(flags=0)
    give(daemon, key)
    with pytest.raises(paramiko.AuthenticationException):
        log_in(daemon, key)


@pytest.mark.parametrize("kind", KINDS)
def test_another_authenticator_is_another_key(daemon, kind):
    give(daemon, kind())
    with pytest.raises(paramiko.AuthenticationException):
        log_in(daemon, kind())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options, flags, is_let_in", [
    ("no-touch-required", 0, True),
    ("no-touch-required,touch-required", 0, False),
    ("no-touch-required", TOUCHED, True),
    ("verify-required", TOUCHED, False),
    ("verify-required", TOUCHED | VERIFIED, True),
    ("verify-required", VERIFIED, False),
    ("verify-required,no-touch-required", VERIFIED, True),
    ("verify-required,no-touch-required", 0, False)])
def test_a_line_says_what_its_authenticator_must_show(
        daemon, kind, options, flags, is_let_in):
    key = kind(flags=flags)
    give(daemon, key, options)
    if is_let_in:
        assert log_in(daemon, key)
        return
    with pytest.raises(paramiko.AuthenticationException):
        log_in(daemon, key)


# ---- with certificates ----

CERTIFIED = sallyport.CONFIG.replace(
    "auth = {{", 'auth = {{ ca = {{ type = "certificate"; {server} }};').replace(
        "{server} }};\nlog", "}};\nlog").replace('accept = "keys"',
                                                 'accept = "ca"')


@pytest.mark.parametrize("kind", ["ed25519-sk", "ecdsa-sk"])
def test_an_authenticators_certificate_lets_in(make_daemon, folder, kind):
    """OpenSSH's client, with an authenticator that is always touched."""
    try:
        library = authenticator()
    except Missing as reason:
        pytest.skip(str(reason))
    for name, more in (("authority", ["-t", "ed25519"]),
                       ("key", ["-t", kind, "-w", library])):
        subprocess.run(["ssh-keygen", "-q", *more, "-N", "", "-f",
                        folder / name], check=True)

    def sign(*options):
        subprocess.run(
            ["ssh-keygen", "-q", "-s", folder / "authority", "-I", "sk", "-n",
             daemon.user, *options, folder / "key.pub"], check=True)

    daemon = make_daemon(
        config=CERTIFIED, server=f'trust = "{folder}/authority.pub";')
    options = [f"SecurityKeyProvider={library}", f"IdentityFile={folder}/key"]
    sign()
    assert daemon.ssh("echo in", options=options).stdout == b"in\n"
    key = daemon.expect("auth_accepted")[0]["key"]
    assert key.startswith(kind.upper() + "-CERT SHA256:")
    # It knows no PIN.
    sign("-O", "verify-required")
    assert daemon.ssh("echo in", options=options).returncode == 255
    assert "did not verify" in daemon.expect("auth_void")[0]["reason"]
