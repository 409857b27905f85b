"""Of files that stand for one another configure chooses one: what it left
out compiles all the same, so that it is not found broken elsewhere."""

import concurrent.futures
import os
import re
import shlex

import sources


def variable(name):
    """As make has it, without what it refers to."""
    makefile = (sources.need_build() / "Makefile").read_text()
    found = re.search(rf"^{name} = ((?:.*\\\n)*.*)$", makefile,
                      re.MULTILINE)
    return shlex.split(found[1].replace("\\\n", " "))


def alternatives():
    text = (sources.TOP / "Makefile.am").read_text().replace("\\\n", " ")
    lists = re.findall(r"^EXTRA_\w+_SOURCES \+?= (.*)$", text, re.MULTILINE)
    return sorted({word for line in lists for word in line.split()
                   if word.endswith(".c")})


def flags():
    """What configure found out, as the build passes it."""
    words = variable("DEFS") + variable("SP_CFLAGS") + variable("CRYPTO_CFLAGS")
    return [word for word in words if "PACKAGE" not in word] + [
        "-I", str(sources.TOP / "include"), "-I", str(sources.TOP),
        "-c", "-o", os.devnull, "-Werror"]


def test_what_configure_did_not_choose_compiles():
    names = alternatives()
    assert "lib/crypto/mlkem768_openssl.c" in names
    assert "lib/crypto/mlkem768.c" in names

    def compile_one(name):
        return sources.run(*variable("CC"), *flags(), str(sources.TOP / name))

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(compile_one, names))
    sources.report([f"{name}:\n{result.stdout}"
                    for name, result in zip(names, results)
                    if result.returncode])


def test_each_source_stands_in_the_makefile():
    text = (sources.TOP / "Makefile.am").read_text()
    words = set(text.replace("\\\n", " ").split())
    sources.report([
        f"{sources.name_of(path)}: nothing compiles it"
        for path in sources.files(".c", folders=("lib", "daemon", "modules"))
        if sources.name_of(path) not in words])
