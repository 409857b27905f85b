"""The form of the code, as .clang-format and CONTRIBUTING.md have it."""

import pathlib
import re

import sources

FILE_LINES, FUNCTION_LINES = 800, 70

# A test may hold a table of its cases, and its file all that belong together.
TEST_FILE_LINES, TEST_FUNCTION_LINES = 1000, 100


def is_test(path):
    return sources.name_of(path).startswith("tests/")


def lines_of_file(path):
    return TEST_FILE_LINES if is_test(path) else FILE_LINES


def lines_of_function(path):
    return TEST_FUNCTION_LINES if is_test(path) else FUNCTION_LINES


def test_clang_format_has_nothing_to_change():
    sources.need("clang-format-14")
    result = sources.run("clang-format-14", "--dry-run", "--Werror",
                         *sources.code(), cwd=sources.TOP)
    places = sorted(set(re.findall(r"^(\S+?\.[ch]):\d+:\d+: error",
                                   result.stdout, re.MULTILINE)))
    sources.report([f"clang-format-14 -i {place}" for place in places])
    assert result.returncode == 0, result.stdout


UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")


def test_nothing_is_left_to_be_done():
    faults = []
    for path in sources.files(".c", ".h", ".def", ".py", ".sh", ".md"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if UNFINISHED.search(line):
                faults.append(f"{sources.name_of(path)}:{number}: "
                              f"{line.strip()}")
    sources.report(faults)


def test_files_are_not_too_long():
    faults = []
    for path in sources.code():
        length = len(path.read_text().splitlines())
        if length > lines_of_file(path):
            faults.append(f"{sources.name_of(path)}: {length} lines, at most "
                          f"{lines_of_file(path)}: is it still one thing?")
    sources.report(faults)


def test_functions_are_not_too_long():
    sources.need("ctags")
    faults = []
    result = sources.run("ctags", "-x", "--kinds-C=f", "--fields=+ne",
                         "--_xformat=%{line} %{end} %{name} %{input}",
                         *sources.files(".c"))
    assert result.stdout
    for line in result.stdout.splitlines():
        start, end, name, path = line.split(maxsplit=3)
        path = pathlib.Path(path)
        length = int(end) - int(start) + 1
        if length > lines_of_function(path):
            faults.append(f"{sources.name_of(path)}:{start}: {name} has "
                          f"{length} lines, at most "
                          f"{lines_of_function(path)}")
    sources.report(faults)


def test_comments_are_written_with_stars():
    faults = []
    for path in sources.code():
        text = sources.without_comments(path.read_text())
        for number, line in enumerate(text.splitlines(), 1):
            if "//" in line:
                faults.append(f"{sources.name_of(path)}:{number}: "
                              f"{line.strip()}")
    sources.report(faults)


CONDITION = re.compile(r"^\s*#\s*(if|ifdef|ifndef|elif)\b(.*)")


def test_configure_chooses_files_not_lines():
    """No #if in lib/, modules/ and cli/ beside the include guard."""
    faults = []
    for path in sources.code(("lib", "modules", "cli")):
        lines = path.read_text().splitlines()
        guard = "#ifndef SP_" if path.suffix == ".h" else None
        for number, line in enumerate(lines, 1):
            if not CONDITION.match(line):
                continue
            if guard and line.startswith(guard):
                guard = None
                continue
            faults.append(f"{sources.name_of(path)}:{number}: {line.strip()}")
    sources.report(faults)


def test_no_line_ends_in_white_space():
    faults = []
    for path in sources.files(".c", ".h", ".def", ".py", ".sh"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if line != line.rstrip():
                faults.append(f"{sources.name_of(path)}:{number}")
    sources.report(faults)


FORBIDDEN = re.compile(r"\b(alloca|setjmp|longjmp|strcpy|strcat|sprintf|gets|"
                       r"strtok|atoi|atol|rand|system|popen|mktemp)\s*\(")


def test_calls_that_cannot_be_made_safely_are_not_made():
    faults = []
    for path in sources.code(("lib", "daemon", "modules", "cli")):
        text = sources.without_comments(path.read_text())
        for number, line in enumerate(text.splitlines(), 1):
            if FORBIDDEN.search(line):
                faults.append(f"{sources.name_of(path)}:{number}: "
                              f"{line.strip()}")
    sources.report(faults)
