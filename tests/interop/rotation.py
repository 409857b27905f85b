"""Logins that together have every algorithm two sides have in common."""

KEYS = {"ssh-ed25519": "ed25519", "rsa-sha2-512": "rsa",
        "rsa-sha2-256": "rsa", "ecdsa-sha2-nistp256": "ecdsa256",
        "ecdsa-sha2-nistp384": "ecdsa384", "ecdsa-sha2-nistp521": "ecdsa521",
        "sk-ssh-ed25519@openssh.com": "ed25519-sk",
        "sk-ecdsa-sha2-nistp256@openssh.com": "ecdsa-sk"}

# Where others take long over them, once a login is enough.
DEAR = ("sntrup761", "diffie-hellman-group16", "diffie-hellman-group18")


def in_common(ours, theirs):
    """By kind, in our order. Authenticators are no host's keys."""
    return {kind: [name for name in ours(kind) if name in known
                   and not name.startswith("sk-")]
            for kind, known in theirs.items()}


def suites(common):
    """Each cipher, with every MAC where it needs one."""
    for cipher in common["cipher"]:
        if cipher.endswith("-ctr"):
            yield from ((cipher, mac) for mac in common["mac"])
        else:
            yield cipher, None


def rows(common):
    """One of each kind a login; who has fewer begins again."""
    pairs = list(suites(common))
    lists = {kind: common[kind] for kind in ("kex", "host_key", "compression")}
    # Who knows a host's keys of a type knows a user's.
    lists["user_key"] = list(reversed(common["host_key"]))
    count = max(len(pairs), *map(len, lists.values()))
    for i in range(count):
        row = {kind: names[i % len(names)] for kind, names in lists.items()}
        row["cipher"], row["mac"] = pairs[i % len(pairs)]
        yield row


def offer_of(row, common):
    """What a client offers to have it: any MAC where none is needed."""
    offer = {kind: [row[kind]] for kind in ("kex", "host_key", "cipher",
                                            "compression")}
    offer["mac"] = [row["mac"]] if row["mac"] else common["mac"]
    return offer


def is_dear(row):
    return row["kex"].startswith(DEAR)


def rekey_bytes(row, wanted):
    return 0 if is_dear(row) else wanted


def part_of(row, data):
    """So little of its middle that servers start no exchange either."""
    half = len(data) // 2
    return data[half - 100000:half + 200000] if is_dear(row) else data


def user_certificates(ours):
    """Each key of a user, and who certifies it: another type of key."""
    names = ours("user_key")
    return [(name, names[(i + 3) % len(names)])
            for i, name in enumerate(names)]
