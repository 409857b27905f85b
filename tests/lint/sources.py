"""What the lints read: the tree's files, and what a build made of them."""

import functools
import os
import pathlib
import re
import shutil
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SALLYPORT_BUILD", TOP / "build"))

CODE_FOLDERS = ("include", "lib", "daemon", "modules", "cli", "tests")

# The part of lib/ that has no descriptor, clock, environment or log.
ENGINE_FOLDERS = ("lib/wire", "lib/crypto", "lib/pubkey", "lib/transport",
                  "lib/userauth", "lib/connection", "lib/scp",
                  "lib/sftp")


def name_of(path):
    """The path as it stands in messages: from the top of the tree."""
    return str(path.relative_to(TOP))


@functools.lru_cache
def files(*suffixes, folders=CODE_FOLDERS):
    """The files with one of these suffixes, sorted; all without any."""
    found = [path for folder in folders for path in (TOP / folder).rglob("*")
             if path.is_file() and "__pycache__" not in path.parts
             and "node_modules" not in path.parts
             and not path.name.startswith(".")]
    return sorted(path for path in found
                  if not suffixes or path.suffix in suffixes)


def code(folders=CODE_FOLDERS):
    return files(".c", ".h", folders=folders)


def without_comments(text):
    """C code with comments and the insides of strings blanked, line for
    line: what is left is what the compiler acts on."""
    def blank(match):
        part = match[0]
        if part[0] in "\"'":
            return part[0] * 2
        return "\n" * part.count("\n") or " "

    return re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
                  blank, text, flags=re.DOTALL)


def need(command):
    """Skips the test where a tool is missing."""
    if shutil.which(command) is None:
        pytest.skip(f"{command} is not installed")
    return command


def run(*command, **more):
    return subprocess.run([str(word) for word in command], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, **more)


def report(faults):
    """Fails with one fault a line."""
    if faults:
        pytest.fail("\n".join(faults), pytrace=False)


# ---- what a build made ----

def need_build():
    if not (BUILD / "Makefile").exists():
        pytest.skip(f"nothing is built in {BUILD}")
    return BUILD


def objects(folder):
    """The object files of a folder's sources, by source file."""
    need_build()
    found = {}
    for path in (BUILD / folder).glob("*.o"):
        found[source_of(folder, path)] = path
    return {source: path for source, path in sorted(found.items())
            if source.exists()}


def source_of(folder, path):
    # Automake puts the library's name before the file's: libwire_la-view.o
    return TOP / folder / (path.stem.rpartition("-")[2] + ".c")


def program(name):
    """A program of the build, or None where the tree has none of it."""
    need_build()
    path = BUILD / name
    if path.exists():
        return path
    makefile = (TOP / "Makefile.am").read_text()
    assert not re.search(rf"_PROGRAMS \+?=[^#]*\b{re.escape(name)}\b",
                         makefile), f"{name} is not built"
    return None


def symbols_of(paths, *options):
    """(path, kind, name) of each symbol that nm shows of many files."""
    out = subprocess.run([need("nm"), "-A", "-P", *options, *map(str, paths)],
                         text=True, capture_output=True, check=True).stdout
    for line in out.splitlines():
        path, _, rest = line.partition(": ")
        row = rest.split()
        if len(row) >= 2:
            yield path, row[1], row[0]


def symbols(path, *options):
    """(kind, name) of each symbol that nm shows."""
    return [(kind, name) for _, kind, name in symbols_of([path], *options)]
