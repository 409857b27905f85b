"""doc/interop.md from what the tests found; and what it says, read back."""

import json
import pathlib
import re
import sys

DOCUMENT = pathlib.Path(__file__).parents[2] / "doc/interop.md"

HEAD = """\
# Who has met Sallyport

Made by `make interop` from what `tests/interop` found: a client or a server of
another maker and Sallyport at the other end, with each algorithm they have in
common. Every login here passed a megabyte both ways and an exit status.

- **C**: its client, with our daemon.
- **S**: its server, with a client on our engine.
- Nothing: it has no such thing in this version, or it cannot be set.

| | version | client | server |
|---|---|---|---|
"""

TITLES = {
    "kex": "Key exchange",
    "host_key": "Host keys",
    "user_key": "Users' keys",
    "cipher": "Ciphers",
    "mac": "MACs",
    "compression": "Compression",
    "method": "Words instead of keys",
    "rekey": "New keys in the middle",
}

NOTES = {
    "kex": "No peer of Debian 12 has ML-KEM: it is tried beside npm's\n"
           "@noble/post-quantum (`tests/interop/test_npm_mlkem.py`).",
    "host_key": "An authenticator (a key of a type `sk-`) is no host's.",
    "user_key": "The `sk-` keys are authenticators in software, lent to "
                "paramiko. The daemon\ntakes no certificates.",
    "mac": "Each with every cipher that needs one.",
    "method": "The daemon has no module for these.",
    "rekey": "Who starts the exchange, while data passes both ways.",
}

# Those kinds that are no algorithms of ours.
OTHERS = {"method": ("password", "keyboard-interactive"),
          "rekey": ("it starts", "we start")}


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


def render(found):
    peers = found["peers"]
    text = HEAD
    for name, peer in peers.items():
        text += f"| {name} | {peer['version']} | " + " | ".join(
            "yes" if role in peer else "" for role in ("client", "server"))
        text += " |\n"
    names = {**found["ours"], **OTHERS}
    return text + "\n" + "\n".join(
        line for kind in TITLES
        for line in table(kind, names[kind], peers))


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
    for section in sections:
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
    DOCUMENT.write_text(render(found))


if __name__ == "__main__":
    main()
