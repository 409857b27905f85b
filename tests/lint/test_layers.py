"""An #include points only downwards."""

import re

import sources

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)

PUBLIC = "include/sallyport"

# Each place, with the places it may include beside itself. In lib/ a layer
# also sees all that the layers it names see.
LIB = {
    PUBLIC: [],
    "lib/tables": [PUBLIC],
    "lib/wire": ["lib/tables"],
    "lib/crypto": ["lib/wire"],
    "lib/pubkey": ["lib/crypto"],
    "lib/transport": ["lib/pubkey"],
    "lib/userauth": ["lib/transport"],
    "lib/connection": ["lib/transport"],
    "lib/scp": ["lib/wire"],
    "lib/sftp": ["lib/wire"],
    "lib": ["lib/userauth", "lib/connection"],
    "lib/pump": ["lib"],
    "lib/client": ["lib/pump"],
    "lib/server": ["lib/pump"],
}

# The messages' and limits' tables are the bottom of lib/.
TABLES = ("lib/limits.h", "lib/message.h", "lib/message.def", "lib/message.c")

# What the processes share, from the bottom. None of it is the engine's owner.
SHARED = {
    "daemon/ipc": ["lib/wire", "lib/crypto", "lib/pubkey", "lib/exchange"],
    "daemon/log": ["daemon/ipc"],
    "daemon/config": ["lib/pubkey", "daemon/log", "daemon/ipc"],
    "daemon/confine": ["daemon/config", "daemon/log", "daemon/ipc"],
    "daemon/modload": ["daemon/confine", "daemon/config", "daemon/log",
                       "daemon/ipc"],
}

COMMON = list(SHARED) + [PUBLIC, "lib/tables", "lib/wire", "lib/crypto",
                         "lib/pubkey", "lib/exchange"]
EVERY_LIB = list(LIB) + ["lib/exchange"]

# One folder, one process. The gate knows no channels; the keyholder and the
# supervisor parse no packet; the session is login's second half.
PROCESSES = {
    "daemon/supervisor": COMMON,
    "daemon/keyholder": COMMON,
    "daemon/ledger": COMMON,
    "daemon/gate": COMMON + ["lib/transport", "lib/userauth", "lib",
                             "lib/pump"],
    "daemon/login": COMMON + ["lib/transport", "lib/userauth", "lib",
                              "daemon/session"],
    "daemon/session": COMMON + EVERY_LIB,
    "daemon/service": COMMON,
}

# The exchange hash and its methods: for who holds keys but parses no packet.
EXCHANGE = ("lib/transport/exchange.h", "lib/transport/kexmethod.h",
            "lib/transport/compression.h")

OUTSIDE = {
    "modules": [PUBLIC],
    # Both sides of SFTP and scp have one codec, which a module can link in:
    # it has no state and exports nothing.
    "modules/sftp": [PUBLIC, "lib/tables", "lib/wire", "lib/scp", "lib/sftp"],
    "cli": EVERY_LIB + ["daemon/ipc"],
    # It writes what modules read, by the same encoder.
    "cli/sallyportctl": EVERY_LIB + ["modules"],
    # It is login and session to the module that it tries: what a module
    # meets there is the daemon's own, or it would be tried in vain.
    "cli/modtest": COMMON + EVERY_LIB + ["daemon/login", "daemon/service",
                                         "daemon/session"],
}


def place_of(name):
    """Where a file stands, in the words of the tables."""
    if name in TABLES:
        return "lib/tables"
    if name in EXCHANGE:
        return "lib/exchange"
    parts = name.split("/")
    if "/".join(parts[:-1]) in OUTSIDE:
        return "/".join(parts[:-1])
    if parts[0] in ("modules", "cli", "tests"):
        return parts[0]
    return "/".join(parts[:-1])


def below(place):
    """All that a place of lib/ may include, itself with it."""
    seen = {place}
    for lower in LIB.get(place, []):
        seen |= below(lower)
    return seen


def allowed(place):
    if place in LIB:
        may = below(place)
    elif place == "lib/exchange":
        may = below("lib/crypto")
    elif place in SHARED:
        may = {place, "lib/tables", PUBLIC, *SHARED[place]}
        for lower in SHARED[place]:
            may |= allowed(lower)
    else:
        rows = {**PROCESSES, **OUTSIDE}
        assert place in rows, f"{place} has no row in {__file__}"
        may = {place, *rows[place]}
    # What stands in the transport's folder is the transport's too.
    return may | ({"lib/exchange"} if "lib/transport" in may else set())


def includes(path):
    """(line, name from the top) of each include of a file of this tree."""
    text = path.read_text()
    for match in INCLUDE.finditer(text):
        name = match[2]
        if name.startswith("sallyport/"):
            name = "include/" + name
        elif match[1] == "<":
            continue
        yield text.count("\n", 0, match.start()) + 1, name


def test_includes_point_downwards():
    faults = []
    for path in sources.files(".c", ".h", ".def"):
        here = sources.name_of(path)
        place = place_of(here)
        if place == "tests":
            continue
        may = allowed(place)
        for line, name in includes(path):
            if place_of(name) not in may and place_of(name) != place:
                faults.append(f"{here}:{line}: {place} must not include "
                              f"{name}")
    sources.report(faults)


def test_includes_are_written_from_the_top():
    faults = []
    for path in sources.files(".c", ".h", ".def"):
        for line, name in includes(path):
            if not (sources.TOP / name).exists():
                faults.append(f"{sources.name_of(path)}:{line}: no {name} in "
                              f"the tree: write it from the top, as "
                              f'"lib/wire/view.h"')
    sources.report(faults)


def test_tests_are_included_by_tests_alone():
    faults = [f"{sources.name_of(path)}:{line}: {name}"
              for path in sources.code()
              if not sources.name_of(path).startswith("tests/")
              for line, name in includes(path) if name.startswith("tests/")]
    sources.report(faults)


# What reads a clock, opens, prints or waits has no place in the engine.
SYSTEM = {"assert.h", "ctype.h", "inttypes.h", "limits.h", "stdbool.h",
          "stddef.h", "stdint.h", "stdlib.h", "string.h", "sys/queue.h",
          "sys/uio.h", "stdio.h", "zlib.h"}


def test_the_engine_includes_no_system():
    """stdio.h is there for snprintf; the symbols' lint refuses the rest."""
    faults = []
    for path in sources.code():
        here = sources.name_of(path)
        place = place_of(here)
        if place not in (*sources.ENGINE_FOLDERS, "lib", "lib/tables",
                         "lib/exchange"):
            continue
        for match in INCLUDE.finditer(path.read_text()):
            name = match[2]
            if match[1] == "<" and name not in SYSTEM and \
                    not name.startswith(("openssl/", "sallyport/")):
                faults.append(f"{here}: the engine must not use <{name}>")
    sources.report(faults)
