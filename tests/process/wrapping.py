"""The daemon's programs in a folder of a test's own, begun by scripts."""

import shutil

import sallyport

PROGRAMS = ("gate", "keyholder", "ledger", "login", "service")


def wrap(folder, scripts):
    """A folder of programs; scripts: what is run before one, by its name.

    Returns the sallyportd that finds them beside itself.
    """
    place = folder / "programs"
    place.mkdir()
    shutil.copy(sallyport.BUILD / "sallyportd", place)
    for name in PROGRAMS:
        program = place / f"sallyport-{name}"
        own = sallyport.BUILD / program.name
        if name not in scripts:
            shutil.copy(own, program)
            continue
        program.write_text(
            f"#!/bin/sh\n{scripts[name]}\nexec {own} \"$@\"\n")
        program.chmod(0o755)
    return place / "sallyportd"
