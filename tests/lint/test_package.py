"""What make dist packs and make install puts where; and that a stranger's
program builds against it."""

import os
import shutil
import subprocess

import pytest
import sources

PROGRAMS = {"sbin/sallyportd", "libexec/sallyport/sallyport-gate",
            "libexec/sallyport/sallyport-keyholder",
            "libexec/sallyport/sallyport-ledger",
            "libexec/sallyport/sallyport-login",
            "libexec/sallyport/sallyport-service", "bin/sallyport-modtest",
            "sbin/sallyportctl"}
MODULES = {"lib/sallyport/modules/authorized_keys.so",
           "lib/sallyport/modules/certificate.so",
           "lib/sallyport/modules/commands.so",
           "lib/sallyport/modules/git.so",
           "lib/sallyport/modules/hostbased.so",
           "lib/sallyport/modules/http.so",
           "lib/sallyport/modules/keydb.so",
           "lib/sallyport/modules/local.so",
           "lib/sallyport/modules/login.so",
           "lib/sallyport/modules/program.so",
           "lib/sallyport/modules/none.so",
           "lib/sallyport/modules/sftp.so",
           "lib/sallyport/modules/totp.so",
           "lib/sallyport/modules/userfile.so"}
# Where the build has PAM.
PAM = {"lib/sallyport/modules/pam.so", "etc/pam.d/sallyport"}
LIBRARY = {"lib/libsallyport.so", "lib/libsallyport.so.0",
           "lib/libsallyport.so.0.0.0",
           "lib/pkgconfig/sallyport.pc",
           "lib/pkgconfig/sallyport-module.pc", "share/sallyport/module.mk"}


def make(*arguments):
    done = sources.run("make", "-C", sources.need_build(), "-s", *arguments)
    assert done.returncode == 0, done.stdout


def tracked_files():
    done = subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", sources.TOP, "ls-files"],
        text=True, capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("this tree is no clone")
    return set(done.stdout.splitlines())


def test_the_tarball_holds_all_of_the_tree():
    tracked = tracked_files()
    place = sources.BUILD / "lint-dist"
    shutil.rmtree(place, ignore_errors=True)
    try:
        make("distdir", f"distdir={place.name}")
        packed = {str(path.relative_to(place)) for path in place.rglob("*")
                  if path.is_file()}
    finally:
        subprocess.run(["chmod", "-R", "u+w", place], check=False)
        shutil.rmtree(place, ignore_errors=True)
    missing = tracked - packed - {".gitignore"}
    sources.report([f"{name}: add it to EXTRA_DIST or to the sources of what "
                    f"it belongs to" for name in sorted(missing)])


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    place = tmp_path_factory.mktemp("installed")
    make("install", f"DESTDIR={place}")
    return place


def prefix():
    makefile = (sources.BUILD / "Makefile").read_text()
    line = next(line for line in makefile.splitlines()
                if line.startswith("prefix = "))
    return line.partition(" = ")[2].lstrip("/")


def test_everything_is_installed_in_its_place(installed):
    top = installed / prefix()
    found = {str(path.relative_to(top)) for path in top.rglob("*")
             if not path.is_dir()}
    headers = {f"include/sallyport/{path.name}"
               for path in sources.files(folders=("include",))}
    manuals = {f"share/man/man{path.suffix[1]}/{path.name}"
               for path in (sources.TOP / "doc/man").iterdir()}
    wanted = PROGRAMS | MODULES | LIBRARY | headers | manuals
    makefile = (sources.BUILD / "Makefile").read_text()
    for library, name in (("LMDB", "keydb"), ("CRYPT", "userfile"),
                          ("OATH", "totp"), ("CURL", "http")):
        if f"\nHAVE_{library}_TRUE = #" in makefile:
            wanted.discard(f"lib/sallyport/modules/{name}.so")
    if (sources.BUILD / "modules/pam.so").exists():
        wanted |= PAM
    sources.report([f"{name} is not installed"
                    for name in sorted(wanted - found)] +
                   [f"{name} is installed: say so here, if it should be"
                    for name in sorted(found - wanted)])
    outside = [path for path in installed.rglob("*")
               if not path.is_dir() and top not in path.parents]
    assert not outside


def test_what_belongs_to_a_service_manager_goes_where_it_is_told(tmp_path):
    make("install-data", f"DESTDIR={tmp_path}",
         "systemdsystemunitdir=/usr/lib/systemd/system",
         "sysusersdir=/usr/lib/sysusers.d", "tmpfilesdir=/usr/lib/tmpfiles.d")
    found = {str(path.relative_to(tmp_path / "usr/lib"))
             for path in (tmp_path / "usr/lib").rglob("*")
             if not path.is_dir()}
    assert found == {"systemd/system/sallyport.service",
                     "systemd/system/sallyport-restricted@.service",
                     "sysusers.d/sallyport.conf", "tmpfiles.d/sallyport.conf"}


EMBEDDER = """\
#include <sallyport/engine.h>
#include <sallyport/key.h>
#include <stdio.h>

int
main(void)
{
	struct sp_crypto *crypto = sp_crypto_new();
	struct sp_engine_config config = {};
	struct sp_engine *engine;
	struct sp_view output;

	config.role = SP_CLIENT;
	config.crypto = crypto;
	if (sp_engine_new(&config, &engine) != SP_OK)
		return 1;
	output = sp_engine_output(engine);
	fwrite(output.data, 1, 8, stdout);
	sp_engine_free(engine);
	sp_crypto_free(crypto);
	return 0;
}
"""


def build(installed, compiler, source, program, *options):
    """Builds as pkg-config says; what finds the library when it runs."""
    if "fsanitize" in (sources.BUILD / "Makefile").read_text():
        pytest.skip("the library needs the sanitizers' program")
    sources.need(compiler)
    lib = installed / prefix() / "lib"
    flags = subprocess.run(
        [sources.need("pkg-config"), "--cflags", "--libs", "sallyport"],
        text=True, stdout=subprocess.PIPE, check=True, env={
            **os.environ, "PKG_CONFIG_PATH": str(lib / "pkgconfig"),
            "PKG_CONFIG_SYSROOT_DIR": str(installed)}).stdout.split()
    done = sources.run(compiler, *options, source, "-o", program, *flags)
    assert done.returncode == 0, done.stdout
    return {**os.environ, "LD_LIBRARY_PATH": str(lib)}


@pytest.mark.parametrize("compiler, suffix", [("gcc", "c"), ("g++", "cpp")])
def test_a_program_builds_against_what_is_installed(
        installed, tmp_path, compiler, suffix):
    source = tmp_path / f"embedder.{suffix}"
    source.write_text(EMBEDDER)
    program = tmp_path / "embedder"
    environment = build(installed, compiler, source, program)
    done = sources.run(program, env=environment)
    assert done.stdout == "SSH-2.0-"


EXAMPLES = sorted((sources.TOP / "examples").glob("*.c"))


@pytest.mark.parametrize("source", EXAMPLES, ids=lambda path: path.name)
def test_an_example_builds_against_what_is_installed(
        installed, tmp_path, source):
    program = tmp_path / source.stem
    environment = build(installed, "gcc", source, program, "-std=gnu11",
                        "-Wall", "-Wextra", "-Werror")
    done = sources.run(program, env=environment)
    assert done.returncode == 255 and "usage" in done.stdout


MODULE = """\
#include <sallyport/module.h>
#include <stddef.h>

struct conf {
	const char *word;
};

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, word, SP_O_STR, "open", "the word") },
	{ .name = NULL },
};

static enum sp_verdict
check(struct sp_login *login, const struct sp_cred *cred, const void *conf)
{
	(void)login;
	(void)cred;
	(void)conf;
	return SP_NEXT;
}

static const struct sp_auth_ops auth = {
	.size = sizeof auth,
	.methods = "publickey",
	.check = check,
};

SP_MODULE("word", "1.0", "a word", struct conf, options,
    { SP_KIND_AUTH, &auth });
"""


def test_a_module_builds_against_what_is_installed(installed, tmp_path):
    source = tmp_path / "word.c"
    source.write_text(MODULE)
    done = sources.run(
        "gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC",
        "-fvisibility=hidden", source, "-o", tmp_path / "word.so",
        "-I", installed / prefix() / "include")
    assert done.returncode == 0, done.stdout
    names = [name for kind, name in sources.symbols(
        tmp_path / "word.so", "-D", "--defined-only") if kind in "TDRB"]
    assert names == ["sp_module"]
