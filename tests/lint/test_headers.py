"""Each header is complete by itself, and the public ones serve C++ too."""

import concurrent.futures
import os
import re
import shlex

import pytest
import sources

INCLUDES = ["-I", str(sources.TOP / "include"), "-I", str(sources.TOP)]
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]


def definitions():
    """What configure found out, as the build passes it."""
    makefile = (sources.need_build() / "Makefile").read_text()
    defs = re.search(r"^DEFS = (.*)$", makefile, re.MULTILINE)[1]
    return [word for word in shlex.split(defs) if "PACKAGE" not in word]


def compile_all(compiler, standard, headers, more=()):
    """One fault a header that does not compile."""
    language = "c++" if "++" in standard else "c"

    def compile_one(header):
        return sources.run(compiler, "-std=" + standard, *STRICT, *more,
                           *INCLUDES, "-include", header, "-x", language,
                           "/dev/null")

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(compile_one, headers))
    return [f"{sources.name_of(header)}:\n{result.stdout}"
            for header, result in zip(headers, results) if result.returncode]


def test_each_header_compiles_alone():
    sources.need("gcc")
    sources.report(compile_all("gcc", "c11", sources.files(".h"),
                               definitions()))


PUBLIC = sources.files(".h", folders=("include",))


@pytest.mark.parametrize("standard", ["c11", "c2x"])
def test_public_headers_serve_c(standard):
    sources.need("gcc")
    sources.report(compile_all("gcc", standard, PUBLIC))


@pytest.mark.parametrize("standard", ["c++11", "c++20"])
def test_public_headers_serve_cpp(standard):
    sources.need("g++")
    sources.report(compile_all("g++", standard, PUBLIC))


def test_public_functions_have_c_names_in_cpp():
    faults = [f"{sources.name_of(path)}: no extern \"C\""
              for path in PUBLIC
              if "SP_PUBLIC" in path.read_text()
              and 'extern "C" {' not in path.read_text()]
    sources.report(faults)


def test_public_headers_are_installed():
    makefile = (sources.TOP / "Makefile.am").read_text()
    faults = [f"{sources.name_of(path)} is not in pkginclude_HEADERS"
              for path in sources.files(folders=("include",))
              if sources.name_of(path) not in makefile]
    sources.report(faults)


GUARD = re.compile(r"#ifndef (\w+)\n#define (\w+)")


def test_each_header_has_a_guard_of_its_name():
    faults = []
    seen = {}
    for path in sources.files(".h"):
        here = sources.name_of(path)
        guard = GUARD.search(path.read_text())
        if not guard or guard[1] != guard[2]:
            faults.append(f"{here}: no include guard")
            continue
        if path.stem.upper() not in guard[1]:
            faults.append(f"{here}: its guard {guard[1]} is not its name")
        if guard[1] in seen:
            faults.append(f"{here}: {guard[1]} is {seen[guard[1]]}'s too")
        seen[guard[1]] = here
    sources.report(faults)
