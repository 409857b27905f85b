"""What nm proves: the engine is pure, and each program holds no more than
its process may have."""

import re
import subprocess

import pytest
import sources

# All that the engine asks of the C library: memory, strings, and text into a
# buffer of its own. No descriptor, clock, environment, log or locale.
C_LIBRARY = {
    "calloc", "free", "malloc", "realloc",
    "memchr", "memcmp", "memcpy", "memmem", "memmove", "memrchr", "memset",
    "snprintf", "strchr", "strcmp", "strcspn", "strdup", "strlen", "strncmp",
    "strndup", "strnlen", "strpbrk", "strrchr", "strspn", "strtoul",
    "__assert_fail",
}

# OpenSSL does arithmetic here; its BIO, CONF and error files stay outside.
OPENSSL = re.compile(r"(EVP|OSSL_PARAM|OSSL_DECODER|BN|CRYPTO|OPENSSL|EC|ERR|RAND)_\w+$|"
                     r"((i2d|d2i)_)?ECDSA_SIG(_\w+)?$")

# Streams of compressed packets, on memory that the engine gives.
ZLIB = re.compile(r"(deflate|inflate)(Init_|End)?$")

# Left behind by the compiler: fortified names, stack protector, sanitizers.
COMPILER = re.compile(r"_GLOBAL_OFFSET_TABLE_$|__stack_chk_fail$|"
                      r"__(asan|ubsan|sanitizer|sancov)_\w+$|__start_\w+$|"
                      r"__stop_\w+$")
FORTIFIED = re.compile(r"__(\w+)_chk$")


def engine_objects():
    found = {}
    for folder in sources.ENGINE_FOLDERS + ("lib",):
        found.update(sources.objects(folder))
    if not found:
        pytest.skip("no object file of the engine is there")
    return found


def defined(objects):
    return {name for _, _, name in sources.symbols_of(
        objects.values(), "-g", "--defined-only")}


def is_allowed(name):
    fortified = FORTIFIED.match(name)
    return (name in C_LIBRARY or bool(OPENSSL.match(name))
            or bool(ZLIB.match(name)) or bool(COMPILER.match(name))
            or bool(fortified) and fortified[1] in C_LIBRARY)


def test_the_engine_asks_for_nothing_but_memory_and_arithmetic():
    objects = engine_objects()
    own = defined(objects)
    sources.report([
        f"{path}: {name}"
        for path, _, name in sources.symbols_of(objects.values(), "-u")
        if name not in own and not is_allowed(name)])


# Constants, and those with addresses in them that the loader fills in.
CONSTANT = re.compile(r"\.(rodata|data\.rel\.ro|text|eh_frame|tdata\.rel\.ro)")
MUTABLE = re.compile(r"\.(data|bss|tdata|tbss)|\*COM\*|COMMON")


def is_sanitized():
    return "fsanitize" in (sources.need_build() / "Makefile").read_text()


def mutable_data(path):
    """The objects of a file that are writable while the program runs."""
    out = subprocess.run([sources.need("objdump"), "-t", str(path)],
                         text=True, capture_output=True, check=True).stdout
    for line in out.splitlines():
        match = re.match(r"[0-9a-f]+ (.{7}) (\S+)\t[0-9a-f]+ (.+)", line)
        if match and "O" in match[1] and MUTABLE.match(match[2]) and \
                not CONSTANT.match(match[2]):
            yield match[3].split()[-1]


def test_the_engine_has_no_mutable_globals():
    objects = engine_objects()
    if is_sanitized():
        pytest.skip("sanitizers bring data of their own")
    faults = [f"{sources.name_of(source)}: {name} is writable"
              for source, path in objects.items()
              for name in mutable_data(path)]
    sources.report(faults)


def from_files(name, folders, files=()):
    """The symbols of a program that come from these folders or files."""
    path = sources.program(name)
    if path is None:
        pytest.skip(f"the tree has no {name}")
    objects = {}
    for folder in folders:
        objects.update(sources.objects(folder))
    for source, built in sources.objects("lib").items():
        if source.name in files:
            objects[source] = built
    assert objects, f"nothing is built of {folders}"
    forbidden = defined(objects)
    held = {symbol for kind, symbol in sources.symbols(path)}
    return sorted(f"{name}: {symbol}" for symbol in held & forbidden)


def test_the_gate_holds_no_channel_code():
    sources.report(from_files("sallyport-gate",
                              ("lib/connection", "lib/scp", "lib/sftp"),
                              ("engine_channel.c",)))


PARSERS = ("engine.c", "engine_auth.c", "engine_channel.c",
           "engine_handover.c")


@pytest.mark.parametrize("name", ["sallyportd", "sallyport-keyholder",
                                  "sallyport-ledger"])
def test_who_holds_keys_or_root_parses_no_packet(name):
    """The exchange hash and its methods are all they have of transport."""
    held = from_files(name, ("lib/userauth", "lib/connection", "lib/scp",
                             "lib/sftp", "lib/transport"), PARSERS)
    exchange = defined({source: path for source, path
                        in sources.objects("lib/transport").items()
                        if source.name in ("compression.c", "exchange.c",
                                               "kexmethod.c")})
    sources.report([fault for fault in held
                    if fault.partition(": ")[2] not in exchange])


def asked_of(path):
    return {name for _, name in sources.symbols(path, "-u")}


def test_who_forks_has_no_event_loop_at_hand():
    """A child uses none of its parent's: who starts one knows none, or makes
    it anew in the child."""
    who_fork, faults = set(), []
    for folder in ("daemon/supervisor", "daemon/keyholder", "daemon/login",
                   "daemon/session", "modules/program"):
        for source, path in sources.objects(folder).items():
            asked = asked_of(path)
            if not asked & {"fork", "vfork", "_Fork"}:
                continue
            who_fork.add(source.name)
            loop = sorted(name for name in asked if name.startswith("event_"))
            if loop and "event_reinit" not in loop:
                faults.append(f"{sources.name_of(source)}: {loop}")
    assert {"zygote.c", "launch.c", "worker.c", "program.c"} <= who_fork
    sources.report(faults)


# ---- names ----

def prefixes(source):
    """What a symbol of a file may begin with: its file's name, or that of
    the folder or the family of files whose header it serves."""
    stem = source.stem
    return {stem + "_", stem + "s_", source.parent.name + "_", stem.partition("_")[0] + "_",
            "sp_"}


def test_symbols_begin_with_their_files_name():
    faults = []
    folders = {path.parent for path in sources.files(".c")
               if not sources.name_of(path).startswith("tests/")}
    source_of = {str(path): source for folder in sorted(folders)
                 for source, path in sources.objects(
                     folder.relative_to(sources.TOP)).items()}
    for path, kind, name in sources.symbols_of(source_of, "-g",
                                               "--defined-only"):
        source = source_of[path]
        if kind in "TDRBCVW" and name != "main" and \
                not name.startswith((*prefixes(source), "__")) and \
                name != source.stem:
            faults.append(f"{sources.name_of(source)}: {name} should begin "
                          f"with {source.stem}_")
    assert source_of
    sources.report(faults)


# ---- what is exported ----

def exported(path):
    return [name for kind, name in sources.symbols(path, "-D",
                                                   "--defined-only")
            if kind in "TDRBVW"]


def test_the_library_exports_its_public_names_alone():
    path = sources.need_build() / "libsallyport.so.0.0.0"
    if not path.exists():
        pytest.skip("libsallyport is not built")
    names = exported(path)
    assert "sp_engine_new" in names
    sources.report([name for name in names if not name.startswith("sp_")])


def test_the_library_exports_all_that_its_headers_declare():
    path = sources.need_build() / "libsallyport.so.0.0.0"
    if not path.exists():
        pytest.skip("libsallyport is not built")
    declared = set()
    for header in sources.files(".h", folders=("include",)):
        if header.name == "module.h":  # answered by the daemon
            continue
        text = sources.without_comments(header.read_text())
        for part in re.findall(r"\bSP_PUBLIC\b([^;{]*)", text):
            declared.update(re.findall(r"\b(sp_\w+)\(", part)[:1])
    sources.report([f"{name} is declared but not exported"
                    for name in sorted(declared - set(exported(path)))])


def test_a_module_exports_one_symbol():
    modules = sorted((sources.need_build() / "modules").glob("*.so"))
    assert modules
    faults = []
    for path in modules:
        names = exported(path)
        if names != ["sp_module"]:
            faults.append(f"{path.name} exports {names}")
    sources.report(faults)
