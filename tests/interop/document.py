"""doc/interop.md from what the tests found; and what it says, read back."""

import json
import pathlib
import re
import sys

CHANNELS = ("direct-tcpip", "direct-streamlocal@openssh.com",
            "forwarded-tcpip", "forwarded-streamlocal@openssh.com")

DOCUMENT = pathlib.Path(__file__).parents[2] / "doc/interop.md"

HEAD = """\
# Who has met Sallyport

Made by `make interop` from what `tests/interop` found: a client or a server of
another maker and Sallyport at the other end, with each algorithm they have in
common. Every login here passed data both ways, and an exit status: a megabyte,
less where keys are dear to exchange, a line with certificates and
authenticators.

- **C**: its client, with our daemon.
- **S**: its server, with a client on our engine.
- Nothing: it has no such thing in this version, or it cannot be set.

| | version | client | server |
|---|---|---|---|
"""

TITLES = {
    "kex": "Key exchange",
    "host_key": "Host keys",
    "host_certificate": "Hosts' certificates",
    "user_key": "Users' keys",
    "user_certificate": "Users' certificates",
    "authority": "Who certifies",
    "cipher": "Ciphers",
    "mac": "MACs",
    "compression": "Compression",
    "method": "Without a user's key",
    "channel": "Channels that are no sessions",
    "rekey": "New keys in the middle",
}

NOTES = {
    "kex": "No peer of Debian 12 has ML-KEM: it is tried beside npm's\n"
           "@noble/post-quantum (`tests/interop/test_npm_kems.py`); "
           "some of Debian 13's\nhave had it with ours (`testing.md`).",
    "host_key": "An authenticator (a key of a type `sk-`) is in software, as "
                "the users' are. Our\nserver signs with none.",
    "host_certificate": "Of OpenSSH's `ssh-keygen`. Those of another "
                        "authority are refused, by either side.\n"
                        "PuTTY's client, which cannot choose, meets a server "
                        "on our engine.",
    "user_key": "The authenticators are OpenSSH's with a library of the "
                "tests, or its agent's.",
    "user_certificate": "The clients meet a server on our engine, the "
                        "servers our client.\nA stranger's are refused, by "
                        "either side.",
    "authority": "What signed a certificate above that the other side "
                 "verified.",
    "mac": "Each with every cipher that needs one.",
    "method": "A wrong word is refused, and so is a host with another "
              "key or name.",
    "channel": "Clients meet a server on our engine, servers our client; "
               "who opens them is as the\nRFC has it. Who has none here is "
               "not tried.",
    "rekey": "Who starts the exchange, while data passes both ways.",
}

# Those kinds that are no algorithms of ours.
OTHERS = {"method": ("password", "keyboard-interactive", "hostbased"),
          "channel": CHANNELS, "rekey": ("it starts", "we start")}


REASONS = "What is left out, and why"

# How its heading calls what a peer lacks.
LACKS = {"host_certificate": "hosts' certificates",
         "user_certificate": "users' certificates",
         "authenticator": "users' authenticators",
         "host_authenticator": "hosts' authenticators",
         "keyboard-interactive": "keyboard-interactive",
         "hostbased": "hosts that vouch"}


def reasons(peer):
    """A line for each reason, of who and what it is about."""
    about = {}
    for what, reason in peer.lacks.items():
        role, kind = what.split()
        about.setdefault(reason, {}).setdefault(LACKS[kind], []).append(role)
    for reason, kinds in about.items():
        whole = ", ".join(f"{kind} ({' and '.join(roles)})"
                          for kind, roles in kinds.items())
        yield f"- {peer.name}: {whole}: {reason}."
    for reason in dict.fromkeys(peer.uncertified.values()):
        names = ", ".join(name for name, why in peer.uncertified.items()
                          if why == reason)
        yield f"- {peer.name}: users' certificates of {names}: {reason}."


def cell(peer, kind, name):
    letters = {"client": "C", "server": "S"}
    return "".join(letter for role, letter in letters.items()
                   if name in peer.get(role, {}).get(kind, ()))


def table(kind, names, peers):
    yield f"## {TITLES[kind]}\n"
    if kind in NOTES:
        yield f"{NOTES[kind]}\n"
    yield f"| | {' | '.join(peers)} |"
    yield "|---" * (len(peers) + 1) + "|"
    for name in names:
        cells = " | ".join(cell(peer, kind, name) for peer in peers.values())
        yield f"| {name} | {cells} |"
    yield ""


def render(found, lines=()):
    peers = found["peers"]
    text = HEAD
    for name, peer in peers.items():
        text += f"| {name} | {peer['version']} | " + " | ".join(
            "yes" if role in peer else "" for role in ("client", "server"))
        text += " |\n"
    names = {**found["ours"], **OTHERS}
    return text + "\n" + "\n".join(
        line for kind in TITLES
        for line in table(kind, names[kind], peers)) + "\n".join(
            ["", f"## {REASONS}", "", *lines, ""])


def cells(line):
    return [each.strip() for each in line.split("|")[1:-1]]


def parse(text):
    """What render() was given, without the algorithms nobody has."""
    head, *sections = re.split(r"^## ", text, flags=re.M)
    peers = {name: {"version": version, **{
        role: {} for role, has in (("client", client), ("server", server))
        if has}} for name, version, client, server in
             map(cells, re.findall(r"^\| \w.*$", head, re.M))}
    kinds = {title: kind for kind, title in TITLES.items()}
    for section in sections[:-1]:
        kind = kinds[section.partition("\n")[0]]
        names, _, *rows = map(cells, re.findall(r"^\|.*$", section, re.M))
        for algorithm, *marks in rows:
            for name, mark in zip(names[1:], marks):
                for role, letter in (("client", "C"), ("server", "S")):
                    if letter in mark:
                        peers[name][role].setdefault(kind, []).append(
                            algorithm)
    return peers


def main():
    found = json.loads(pathlib.Path(sys.argv[1]).read_text())
    DOCUMENT.write_text(render(found, found["reasons"]))


if __name__ == "__main__":
    main()
