"""The way of a module's author: against an installed copy, and nothing else
of the tree, to a module that lets in and serves."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

import sallyport
from sallyport import wait_until

EXAMPLES = sallyport.SOURCE / "examples/modules"


@pytest.fixture(scope="module")
def author(tmp_path_factory):
    """The environment of somebody who has installed it elsewhere."""
    if "fsanitize" in (sallyport.BUILD / "Makefile").read_text():
        pytest.skip("modules of a sanitizers' build need its flags")
    place = tmp_path_factory.mktemp("installed")
    subprocess.run(["make", "-C", sallyport.BUILD, "-s", "install",
                    f"DESTDIR={place}"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    file, = place.rglob("sallyport-module.pc")
    text = file.read_text()
    old = next(line for line in text.splitlines()
               if line.startswith("prefix="))
    prefix = f"{place}{old.partition('=')[2]}"
    file.write_text(text.replace(old, f"prefix={prefix}"))
    return {**os.environ, "PKG_CONFIG_PATH": str(file.parent),
            "PATH": f"{prefix}/bin:{prefix}/sbin:{os.environ['PATH']}"}


@pytest.fixture
def make(author):
    def run(folder, *targets):
        done = subprocess.run(
            ["make", "-C", folder, "CFLAGS=-O2 -Werror", *targets], text=True,
            env=author, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            check=False)
        assert done.returncode == 0, done.stdout
        return done.stdout
    return run


@pytest.mark.parametrize("kind, passed", [("auth", 1), ("handler", 3)])
def test_a_new_module_builds_and_passes_its_script(
        author, make, tmp_path, kind, passed):
    done = subprocess.run(["sallyportd", "new-module", "my-own", kind],
                          cwd=tmp_path, env=author, text=True, check=True,
                          stdout=subprocess.PIPE)
    assert done.stdout.endswith("make -C my-own check\n")
    made = make(tmp_path / "my-own", "check")
    assert f"{passed} passed, 0 failed" in made
    makefile = (tmp_path / "my-own/Makefile").read_text()
    assert len(makefile.splitlines()) == 3


@pytest.mark.parametrize("name, lines", [("keylist", 40), ("status", 60)])
def test_an_example_is_short_and_passes_its_script(
        make, tmp_path, name, lines):
    code = (EXAMPLES / name / f"{name}.c").read_text()
    assert len(code.splitlines()) <= lines
    shutil.copytree(EXAMPLES / name, tmp_path / name)
    made = make(tmp_path / name, "check")
    assert " passed, 0 failed" in made and "0 passed" not in made


def manual_examples():
    """(command, what is typed, what is answered) of each in the manual."""
    page = (sallyport.SOURCE / "doc/man/sallyport-modtest.1").read_text()
    text = page.partition(".Sh EXAMPLES")[2].partition(".Sh SEE ALSO")[0]
    for block in re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", text,
                            re.MULTILINE | re.DOTALL):
        for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, rest = example.partition("\n")
            yield command, rest


def test_the_manuals_examples_are_as_it_says(author, make, tmp_path):
    for name in ("keylist", "status"):
        place = pathlib.Path(shutil.copytree(EXAMPLES / name,
                                             tmp_path / name))
        make(place)
        for path in place.iterdir():
            if path.is_file():
                shutil.copy(path, tmp_path)
    seen = []
    for command, rest in manual_examples():
        if command.startswith("cat "):
            (tmp_path / command.partition(" ")[2]).write_text(rest)
            continue
        typed = "".join(line[2:] + "\n" for line in rest.splitlines()
                        if line.startswith("> "))
        wanted = re.sub(r" \d+\.\d ms$", "", "".join(
            line + "\n" for line in rest.splitlines()
            if not line.startswith("> ")), flags=re.MULTILINE)
        done = subprocess.run(
            ["sh", "-c", command], cwd=tmp_path, env=author, text=True,
            input=typed, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            check=False)
        assert done.returncode == 0, done
        assert re.sub(r" \d+\.\d ms$", "", done.stdout,
                      flags=re.MULTILINE).endswith(wanted), done.stdout
        seen.append(command)
    assert len(seen) == 2


def test_a_module_is_installed_where_the_daemon_looks(make, tmp_path):
    shutil.copytree(EXAMPLES / "status", tmp_path / "status")
    make(tmp_path / "status", "install", f"DESTDIR={tmp_path}/to")
    installed, = (tmp_path / "to").rglob("*.so")
    assert str(installed).endswith("/sallyport/modules/status.so")
    assert installed.stat().st_mode & 0o777 == 0o644


CONFIG = """\
server = {{ listen = [ "127.0.0.1:{port}" ]; {server} }};
log = {{ to = "stderr"; format = "json"; level = "debug"; }};
auth = {{ list = {{ type = "keylist"; file = "FOLDER/list"; }}; }};
handlers = {{ status = {{ type = "status"; program = "/bin/echo"; }}; }};
profiles = {{ all = {{ accept = "list"; exec = "status"; shell = "status";
  {profile} }}; }};
rules = ( {{ use = "all"; }} );
"""


def test_the_examples_let_in_and_serve(make, make_daemon, folder, tmp_path):
    modules = folder / "modules"
    modules.mkdir()
    for name in ("keylist", "status"):
        place = pathlib.Path(shutil.copytree(EXAMPLES / name,
                                             tmp_path / name))
        make(place)
        shutil.copy(place / f"{name}.so", modules)
    (folder / "list").write_text("")
    daemon = make_daemon(config=CONFIG.replace("FOLDER", str(folder)),
                         arguments=["--modules", str(modules)])
    assert daemon.ssh("status", "web").returncode == 255
    shown = subprocess.run(["ssh-keygen", "-lf", daemon.key], check=True,
                           stdout=subprocess.PIPE, text=True).stdout
    (folder / "list").write_text(f"{shown.split()[1]} somebody\n")
    done = daemon.ssh("status", "web-1")
    assert (done.returncode, done.stdout) == (0, b"web-1\n"), done.stderr
    done = daemon.ssh("status", "web;id")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"usage" in done.stderr
    assert daemon.ssh().returncode == 2
    wait_until(lambda: daemon.records("command_refused"),
               what="a line of the refusal")
