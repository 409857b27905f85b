"""Modules that do what none may: each is refused or contained, the answer is
no, the log says so once, and other logins notice nothing."""

import os
import shutil
import signal
import subprocess

import pytest

import sallyport
from fixtures import needs_root
from sallyport import wait_until

CONFIG = sallyport.CONFIG.replace(
    "auth = {{", 'auth = {{ evil = {{ type = "villain"; {server} }};').replace(
        'accept = "keys"', 'accept = [ "evil", "keys" ]').replace(
            "; {server} }};\nlog", "; }};\nlog")

MISTAKES = 78  # EX_CONFIG

COPIED = ["modules/authorized_keys.so", "modules/login.so",
          "tests/process/villain.so"]


@pytest.fixture
def modules(folder):
    place = folder / "modules"
    place.mkdir()
    for path in COPIED:
        shutil.copy(sallyport.BUILD / path, place)
    os.chmod(folder, 0o755)
    return place


@pytest.fixture
def evil(make_daemon, modules):
    """A daemon whose first way does such a thing to bob."""
    def make(options):
        return make_daemon(config=CONFIG, server=options,
                           arguments=["--modules", str(modules)])
    return make


def assert_others_are_let_in(daemon):
    done = daemon.ssh("echo", "in", user="alice")
    assert done.stdout == b"in\n", done.stderr


@needs_root
@pytest.mark.parametrize("deed, event, says", [
    ("crash", "child_died", None),
    ("quit", "module_error", "the module ended the login that asked it"),
    ("nonsense", "module_error", "77, which is no verdict"),
    ("two", "auth_void", "contradicts"),
])
def test_who_is_harmed_is_refused_and_nobody_else(evil, deed, event, says):
    daemon = evil(f'deed = "{deed}";')
    other = daemon.popen("cat", user="alice")
    done = daemon.ssh("echo", "in", user="bob")
    assert done.returncode == 255 and done.stdout == b""
    wait_until(lambda: daemon.records(event), what=event)
    for record in daemon.records("child_died"):
        daemon.crashed.add(record["process"])
    if says is not None:
        assert all(says in record["reason"]
                   for record in daemon.records(event))
    else:
        assert daemon.records(event)[0]["signal"] == signal.SIGABRT
    assert_others_are_let_in(daemon)
    assert other.communicate(b"still here")[0] == b"still here"


@needs_root
def test_descriptors_left_open_are_not_in_a_session(evil):
    daemon = evil('deed = "leak"; at_start = "leak";')
    count = "ls -l /proc/$PPID/fd | grep -c /dev/null; ls /proc/self/fd | wc -l"
    bob = daemon.ssh(count, user="bob")
    alice = daemon.ssh(count, user="alice")
    assert bob.returncode == 0, bob.stderr
    assert bob.stdout == alice.stdout


@pytest.mark.parametrize("deed, says", [
    ("nonsense", "it does not say why"),
    ("thread", "a module started a thread"),
])
def test_a_bad_start_keeps_the_old_ways(evil, deed, says):
    daemon = evil("")
    assert_login(daemon)
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace(
        '"villain";', f'"villain"; at_start = "{deed}";'))
    daemon.process.send_signal(signal.SIGHUP)
    record = wait_until(lambda: daemon.records("process_failed"),
                        what="a line about the module")[0]
    assert says in record["reason"]
    assert_login(daemon)


@pytest.mark.parametrize("deed", ["crash", "quit"])
def test_a_start_that_ends_the_program_keeps_the_old_ways(evil, deed):
    daemon = evil("")
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace(
        '"villain";', f'"villain"; at_start = "{deed}";'))
    daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: daemon.records("reload_failed") or
               daemon.records("reload_refused"), what="a refused reload")
    for record in daemon.records():
        if record.get("signal") == signal.SIGABRT:
            daemon.crashed.add(record["process"])
    # Under sanitizers it has more to say of it than the log.
    daemon.crashed.update(
        pid for pid, text in sallyport.reports_in(daemon.folder)
        if "villain.c" in text)
    assert_login(daemon)


def assert_login(daemon):
    done = daemon.ssh("echo", "in")
    assert done.stdout == b"in\n", done.stderr


# ---- modules that are refused before any of their code runs ----

HEAD = """\
#include <sallyport/module.h>

static const struct sp_opt options[] = { { .name = NULL } };
static enum sp_verdict
check(struct sp_login *login, const struct sp_cred *cred, const void *conf)
{
	(void)login;
	(void)cred;
	(void)conf;
	return SP_ALLOW;
}
static const struct sp_auth_ops auth = {
	.size = sizeof auth, .methods = "publickey", .check = check
};
SP_PUBLIC extern const struct sp_module sp_module;
const struct sp_module sp_module = { .magic = SP_MODULE_MAGIC,
	.abi_major = SP_ABI_MAJOR, .abi_minor = SP_ABI_MINOR,
	.size = sizeof(struct sp_module), .opt_size = sizeof(struct sp_opt),
	.name = "odd", .version = "1", .summary = "", .conf_size = 8,
	.opts = options,
	.ops = (const struct sp_ops[]){ { SP_KIND_AUTH, &auth },
	    { SP_KIND_END, NULL } },
"""


def compile_module(modules, more, code=""):
    source = modules / "odd.c"
    source.write_text(HEAD + more + "};\n" + code)
    subprocess.run(
        ["gcc", "-std=c11", "-Wno-override-init", "-shared", "-fPIC",
         "-I", sallyport.SOURCE / "include", source, "-o",
         modules / "odd.so"], check=True)
    source.unlink()


@pytest.fixture
def check(folder, modules):
    """What "sallyportd check" says of a configuration with that module."""
    def run():
        path = folder / "odd.conf"
        path.write_text(
            'server = { listen = [ "127.0.0.1:2222" ]; };\n'
            'auth = { odd = { type = "odd"; }; };\n'
            'handlers = { login = { type = "login"; }; };\n'
            'profiles = { all = { accept = "odd"; shell = "login"; }; };\n'
            'rules = ( { use = "all"; } );\n')
        return subprocess.run(
            [sallyport.BUILD / "sallyportd", "check", "--modules", modules,
             path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=60, check=False)
    return run


def test_a_good_one_is_taken(check, modules):
    compile_module(modules, "")
    done = check()
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("more, says", [
    (".abi_major = SP_ABI_MAJOR + 1,", "rebuild the module"),
    (".abi_minor = SP_ABI_MINOR + 1,", "upgrade the daemon"),
    (".magic = 7,", "magic"),
    (".size = 8,", "smaller"),
    (".opt_size = 8,", "smaller"),
    (".opt_size = 0xfffffff0,", "larger than any"),
    (".conf_size = (size_t)-1,", "larger than any"),
    (".name = NULL,", "calls itself"),
    (".name = \"even\",", "calls itself"),
    (".ops = NULL,", "damaged"),
    (".ops = (const struct sp_ops[]){ { SP_KIND_AUTH, NULL } },", "damaged"),
    (".ops = (const struct sp_ops[32]){ [0 ... 31] = { 9, &auth } },",
     "no end"),
    (".ops = (const struct sp_ops[]){ { SP_KIND_AUTH, "
     "&(const struct sp_auth_ops){ .size = 4 } }, { 0, NULL } },", "lacks"),
    (".opts = (const struct sp_opt[]){ { .name = \"a\", .type = 99 } },",
     "type"),
    (".opts = (const struct sp_opt[]){ { .name = \"a\", .type = SP_O_STR, "
     ".offset = 4 } },", "outside"),
    (".opts = (const struct sp_opt[]){ { .name = \"a\", .type = SP_O_WORD } "
     "},", "words"),
])
def test_a_head_that_lies_is_refused(check, modules, more, says):
    compile_module(modules, more)
    done = check()
    assert done.returncode == MISTAKES
    assert says in done.stdout, done.stdout


@pytest.mark.parametrize("spoil, says", [
    (lambda path: path.write_text("text"), "cannot load"),
    # The loader itself may end by a signal of it.
    (lambda path: path.write_bytes(path.read_bytes()[:3000]), '"odd"'),
    (lambda path: path.chmod(0o666), "chmod go-w"),
    (lambda path: path.parent.chmod(0o777), "chmod go-w"),
    (lambda path: path.unlink(), "no module"),
    (lambda path: (path.unlink(), os.mkfifo(path)), "not a file"),
    (lambda path: (path.unlink(), path.mkdir()), "not a file"),
    (lambda path: (path.unlink(), path.symlink_to("/dev/zero")), "not a file"),
])
def test_a_file_that_cannot_be_relied_on_is_refused(
        check, modules, spoil, says):
    compile_module(modules, "")
    spoil(modules / "odd.so")
    done = check()
    assert done.returncode == MISTAKES
    assert says in done.stdout, done.stdout


@needs_root
def test_somebody_elses_file_is_refused(check, modules):
    compile_module(modules, "")
    os.chown(modules / "odd.so", sallyport.USERS["bob"], 0)
    done = check()
    assert done.returncode == MISTAKES and "belongs to" in done.stdout


def test_a_link_counts_as_its_file_and_its_folder_do(check, folder, modules):
    compile_module(modules, "")
    away = folder / "away"
    away.mkdir()
    shutil.move(modules / "odd.so", away / "odd.so")
    (modules / "odd.so").symlink_to(away / "odd.so")
    assert check().returncode == 0
    away.chmod(0o777)
    done = check()
    assert done.returncode == MISTAKES and "chmod go-w" in done.stdout
    away.chmod(0o755)
    modules.chmod(0o777)
    done = check()
    assert done.returncode == MISTAKES and "chmod go-w" in done.stdout


@pytest.mark.parametrize("code, says", [
    ("abort();", "ends the program that loads it"),
    ("_exit(0);", "ends the program that loads it"),
])
def test_a_constructor_that_ends_the_program_ends_no_daemon(
        check, modules, code, says):
    compile_module(
        modules, "", "#include <stdlib.h>\n#include <unistd.h>\n"
        f"__attribute__((constructor)) static void f(void) {{ {code} }}\n")
    done = check()
    assert done.returncode == MISTAKES
    assert says in done.stdout, done.stdout
