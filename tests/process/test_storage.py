"""Storages of somebody's own behind SFTP and scp: one in memory, built
outside of the tree, and those that fail, are late, or make no sense."""

import os
import shutil
import subprocess

import pytest

import sallyport
# Their fixtures, and a daemon that serves files.
from test_sftp import connect, needs_home  # noqa: F401
from test_scp import Copies

EXAMPLE = sallyport.SOURCE / "examples/modules/memory/memory.c"

pytestmark = needs_home

# One that goes by the name of what it is asked for.
ODD = r"""
#include <sallyport/storage.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct sp_store { int n; };
struct sp_file { int n; };
static struct sp_file file;

static struct sp_store *
attach(struct sp_chan *chan, const void *conf, const char **problem)
{
	(void)chan; (void)conf; (void)problem;
	return calloc(1, sizeof(struct sp_store));
}
static void detach(struct sp_store *s) { free(s); }
static int is(const char *p, const char *w) { return strstr(p, w) != NULL; }

static uint32_t
opening(struct sp_reply *r, struct sp_store *s, const char *p, uint32_t flags,
    const struct sp_file_attr *a)
{
	(void)s; (void)flags; (void)a;
	r->reason = is(p, "fails") ? "The disk is on fire" : NULL;
	if (is(p, "fails")) return SP_FILE_FAILED;
	if (is(p, "never")) return SP_FILE_LATER;
	if (is(p, "status")) return 77;
	r->file = is(p, "none") ? NULL : &file;
	return SP_FILE_OK;
}
static uint32_t
closing(struct sp_reply *r, struct sp_store *s, struct sp_file *f)
{ (void)r; (void)s; (void)f; return SP_FILE_OK; }
static uint32_t
reading(struct sp_reply *r, struct sp_store *s, struct sp_file *f, uint64_t o,
    const struct iovec *parts, size_t n)
{
	(void)s; (void)f; (void)o; (void)parts; (void)n;
	r->count = (size_t)1 << 40;
	return SP_FILE_OK;
}
static uint32_t
stating(struct sp_reply *r, struct sp_store *s, const char *p, bool follow)
{
	(void)s; (void)follow;
	r->attr.has = SP_FILE_HAS_MODE | SP_FILE_HAS_SIZE;
	r->attr.mode = (is(p, "names") ? S_IFDIR : S_IFREG) | 0600;
	r->attr.size = 5;
	return SP_FILE_OK;
}
static uint32_t
fstating(struct sp_reply *r, struct sp_store *s, struct sp_file *f)
{ (void)f; return stating(r, s, "", true); }
static uint32_t
opening_folder(struct sp_reply *r, struct sp_store *s, const char *p)
{ return opening(r, s, p, 0, NULL); }
static uint32_t
next(struct sp_reply *r, struct sp_store *s, struct sp_file *f)
{ (void)s; (void)f; r->name = sp_text("../x"); return SP_FILE_OK; }

static const struct sp_storage_ops ops = { .size = sizeof ops,
	.attach = attach, .detach = detach, .open = opening, .close = closing,
	.read = reading, .stat = stating, .fstat = fstating,
	.open_folder = opening_folder, .next_entry = next };
static const struct sp_opt options[] = { { .name = NULL } };
SP_MODULE("odd", "1", "odd", struct sp_store, options,
    { SP_KIND_STORAGE, &ops });
"""


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """The folder of the daemon's modules, with two of one's own."""
    if "fsanitize" in (sallyport.BUILD / "Makefile").read_text():
        pytest.skip("modules of a sanitizers' build need its flags")
    place = tmp_path_factory.mktemp("modules")
    for made in (sallyport.BUILD / "modules").glob("*.so"):
        shutil.copy(made, place)
    (place / "odd.c").write_text(ODD)
    for code in (EXAMPLE, place / "odd.c"):
        subprocess.run(
            ["cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O2", "-fPIC",
             "-shared", "-fvisibility=hidden",
             f"-I{sallyport.SOURCE / 'include'}", code, "-o",
             place / f"{code.stem}.so"], check=True)
    return place


@pytest.fixture
def make(folder, modules):
    running = []
    here = folder / "modules"
    shutil.copytree(modules, here)

    def made(storage, **settings):
        place = folder / str(len(running))
        place.mkdir()
        os.chmod(folder, 0o755)
        running.append(Copies(
            place, scp="own", own=f"own = {{{{ type = \"sftp\"; "
            f"storage_time = \"1s\"; storage = {storage}; }}}};",
            arguments=["--modules", str(here)], **settings))
        return running[-1]

    yield made
    for each in running:
        each.stop()


def test_openssh_works_with_files_in_memory(make):
    daemon = make('{{ type = "memory"; size = "1M"; }}').start()
    (daemon.here / "a").write_bytes(os.urandom(500000))
    out = daemon.good("put a\nput a /b\nls -l\nget b c\nput a a\n")
    assert " 500000 " in out and " b" in out
    assert (daemon.here / "c").read_bytes() == \
        (daemon.here / "a").read_bytes()
    for command, text in (("put a\nput a b\nput a c\n",
                           'write remote "/c"'),
                          ("rm x\n", "nsupported"),
                          ("mkdir d\n", "nsupported"),
                          ("get x\n", "not found"),
                          ("put a d/x\n", "Failure")):
        done = daemon.sftp(command)
        assert done.returncode == 1 and text in done.stdout, done.stdout
    daemon.copy("a", daemon.far("/b"))


def test_a_word_is_a_storage_without_options(make):
    daemon = make('"memory"').start()
    assert daemon.good("ls\n").splitlines()[-1] == "sftp> ls"


@pytest.mark.parametrize("storage, text", [
    ('{{ type = "memory"; sise = "1M"; }}', "unknown setting (did you mean"),
    ('{{ type = "memory"; size = "x"; }}', "size"),
    ('{{ type = "memmory"; }}', "no module"),
    ('{{ type = "login"; }}', "is no storage"),
    ('"login"', "is no storage"),
    ('{{ type = 5; }}', "expected a module's name"),
    ('5', "does not fit"),
])
def test_what_cannot_be_a_storage_is_a_mistake(make, storage, text):
    daemon = make(storage)
    daemon.start(wait=False)
    sallyport.wait_until(lambda: "storage" in daemon.log.read_text())
    assert text in daemon.log.read_text()
    assert not daemon.records("ready")


def test_what_a_storage_answers_is_not_believed(make, connect):  # noqa: F811
    daemon = make('"odd"').start()
    sftp = connect(daemon)
    for path, text in (("fails", "The disk is on fire"),
                       ("status", "Failure"), ("none", "makes no sense")):
        with pytest.raises(OSError, match=text):
            sftp.open(path)
    with pytest.raises(OSError, match="makes no sense"):
        sftp.open("x").read()
    with pytest.raises(OSError, match="makes no sense"):
        sftp.listdir("names")
    with pytest.raises(OSError, match="nsupported"):
        sftp.remove("x")
    assert sftp.stat("x").st_size == 5
    sallyport.wait_until(lambda: daemon.records("module_error"))
    done = daemon.speak("scp -f x none fails", b"\0" * 9)
    assert done.returncode == 1
    assert done.stdout == (
        b"C0600 5 x\n\0\0\0\0\0\1scp: x: The storage's answer makes no sense\n"
        b"\1scp: none: The storage's answer makes no sense\n"
        b"\1scp: fails: The disk is on fire\n")


def test_a_storage_that_never_answers_is_given_up(make, connect):  # noqa: F811
    daemon = make('"odd"').start()
    sftp = connect(daemon)
    for path in ("never", "x"):
        with pytest.raises(OSError, match="does not answer"):
            sftp.open(path)
    with pytest.raises(OSError, match="does not answer"):
        sftp.stat("x")
    done = daemon.speak("scp -t never", b"C0600 1 x\n")
    assert done.returncode == 1
    assert b"never: The storage does not answer" in done.stdout
    assert connect(daemon).stat("x").st_size == 5
