"""Clients that are asked: OpenSSH's ssh with answers at hand, and paramiko."""

import json
import os
import pathlib
import subprocess

import paramiko

import sallyport
from test_generations import memory_of

ASKPASS = """\
#!/bin/sh
printf '%s\\0' "$1" >>{folder}/prompts
sed -n "$(tr -cd '\\0' <{folder}/prompts | wc -c)p" {folder}/answers
"""


class Asking:
    """Answers that ssh gives one after the other, and what it was asked."""

    def __init__(self, folder, *answers):
        self.folder = folder
        self.program = folder / "askpass"
        self.program.write_text(ASKPASS.format(folder=folder))
        self.program.chmod(0o755)
        (folder / "answers").write_text("".join(a + "\n" for a in answers))
        (folder / "prompts").write_bytes(b"")

    def environment(self):
        return dict(os.environ, SSH_ASKPASS=str(self.program),
                    SSH_ASKPASS_REQUIRE="force")

    def prompts(self):
        """As ssh shows them, without its own "(alice@127.0.0.1) "."""
        found = (self.folder / "prompts").read_bytes().decode().split("\0")
        return [each.partition(") ")[2] or each for each in found[:-1]]


def login(daemon, methods, *answers, user=None, options=()):
    """A finished ssh, and what it was asked."""
    place = daemon.folder / "asking"
    place.mkdir(exist_ok=True)
    asking = Asking(place, *answers)
    command = daemon.ssh_command(
        "echo", "in", user=user,
        options=[*options, f"PreferredAuthentications={methods}",
                 "NumberOfPasswordPrompts=1"])
    command[command.index("BatchMode=yes")] = "BatchMode=no"
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=asking.environment(), timeout=60,
        check=False)
    return done, asking.prompts()


def connect(daemon):
    """A paramiko transport that has nobody logged in yet."""
    transport = paramiko.Transport(("127.0.0.1", daemon.port))
    transport.start_client(timeout=20)
    return transport


def run(transport):
    """What a command says."""
    channel = transport.open_session(timeout=20)
    channel.exec_command("echo in")
    return channel.makefile().read()


def events(daemon, event, *keys):
    return [tuple(record.get(key) for key in keys)
            for record in daemon.records(event)]


def assert_no_secret(daemon, *secrets):
    """No line of the log has one."""
    text = daemon.log.read_text(errors="replace")
    for secret in secrets:
        assert secret not in text
        assert json.dumps(secret)[1:-1] not in text


def assert_forgotten(daemon, *secrets):
    """None of them is in the memory of any process."""
    looked_at = 0
    for pid in sallyport.children_of(daemon.process.pid):
        try:
            memory = memory_of(pid)
            name = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
        except (FileNotFoundError, ProcessLookupError):
            continue  # a login that was refused has ended
        looked_at += len(memory) > 100000
        for secret in secrets:
            assert secret.encode() not in memory, (secret, name)
    assert looked_at >= 5
