"""Group exchange in groups of a file of moduli(5)."""

import re
import subprocess

import pytest
import sallyport
from moduli import line, prime

GEX = "diffie-hellman-group-exchange-sha256"


def write(folder, text):
    path = folder / "moduli"
    path.write_text(text)
    path.chmod(0o644)
    return path


def crypto(path):
    return (f'crypto = {{ base = "compatible"; kex = "{GEX}"; '
            f'moduli = "{path}"; }};')


def test_openssh_computes_in_the_files_groups(make_daemon, folder):
    """Our own would be of 3072 bits. New keys are of the file, too."""
    path = write(folder, "# two of one size\n" + line(2048, 2) +
                 line(2048, 5))
    server = make_daemon(server=crypto(path))
    command = server.ssh_command(
        "for i in 1 2 3; do head -c 50000 /dev/zero; sleep 0.1; done",
        options=[f"KexAlgorithms={GEX}", "RekeyLimit=1K"])
    command[command.index("LogLevel=ERROR")] = "LogLevel=DEBUG3"
    done = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=60,
                          capture_output=True, text=True, check=False)
    assert len(done.stdout) == 150000, done.stderr
    sizes = re.findall(r"bits set: \d+/(\d+)", done.stderr)
    assert len(sizes) >= 2 and set(sizes) == {"2048"}


def test_paramiko_is_given_the_files_generator(make_daemon, folder,
                                               monkeypatch):
    paramiko = pytest.importorskip("paramiko")
    from paramiko.kex_gex import KexGexSHA256  # pylint: disable=C0415
    given = []
    # pylint: disable=protected-access
    reply = KexGexSHA256._parse_kexdh_gex_reply

    def note(self, message):
        given.append((self.p, self.g))
        reply(self, message)

    monkeypatch.setattr(KexGexSHA256, "_parse_kexdh_gex_reply", note)
    path = write(folder, line(2048, 3) + line(3072, 2))
    server = make_daemon(server=crypto(path))
    transport = paramiko.Transport(("127.0.0.1", server.port))
    try:
        transport.get_security_options().kex = (GEX,)
        transport.start_client(timeout=120)
    finally:
        transport.close()
    assert given == [(prime(2048), 3)]


def test_a_file_that_cannot_be_used_is_a_mistake(make_daemon, folder):
    path = write(folder, line(2048, 2))
    server = make_daemon(server=crypto(path))

    def check():
        done = subprocess.run(
            [sallyport.BUILD / "sallyportd", "--modules",
             sallyport.BUILD / "modules", "check", server.config],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False)
        return done.returncode, done.stdout

    assert check()[0] == 0
    write(folder, "# one line\n" + line(2048, 2).replace("2047", "2000"))
    assert check() == (
        78, f"{path}:2: the prime has 2048 bits, not 2000\n")
    # A mistake changes nothing.
    server.process.send_signal(1)
    assert server.ssh("true", options=[f"KexAlgorithms={GEX}"]
                      ).returncode == 0
    path.unlink()
    status, told = check()
    assert status == 78 and f"{path} cannot be opened" in told
