"""The manual is well formed, and names what there is to name."""

import re

import pytest
import sources

MAN = sources.TOP / "doc/man"


@pytest.mark.parametrize("page", sorted(path.name for path in MAN.iterdir()))
def test_mandoc_has_nothing_to_say(page):
    result = sources.run(sources.need("mandoc"), "-Tlint", "-W", "style",
                         MAN / page)
    about_the_machine = ("referenced manual not found", "mandoc.db")
    sources.report([line for line in result.stdout.splitlines()
                    if not any(word in line for word in about_the_machine)])


def events():
    rows = (sources.TOP / "daemon/log/event.def").read_text()
    return set(re.findall(r'^EVENT\(\w+, "(\w+)"', rows, re.MULTILINE))


def test_the_manual_explains_each_event_of_the_log():
    page = (MAN / "sallyportd.8").read_text()
    log = page.partition(".Sh LOG")[2].partition(".Sh EXAMPLES")[0]
    named = set()
    for line in re.findall(r"^\.It Cm (.+)$", log, re.MULTILINE):
        named.update(line.split(" , "))
    sources.report([f"{name} is not in sallyportd(8)"
                    for name in sorted(events() - named)] +
                   [f"{name} is in sallyportd(8), and no event"
                    for name in sorted(named - events())])


def test_the_manual_explains_each_option():
    page = (MAN / "sallyportd.8").read_text()
    source = (sources.TOP / "daemon/supervisor/options.c").read_text()
    options = set(re.findall(r"--([a-z][a-z-]+)", source))
    sources.report([f"--{name} is not in sallyportd(8)"
                    for name in sorted(options)
                    if f".It Fl -{name}" not in page])


# A folder that is none is what some of them share.
MODULES = sorted({path.parent.name
                  for path in sources.files(".c", folders=("modules",))
                  if "SP_MODULE(" in path.read_text()})


def limit_rows():
    header = (sources.TOP / "include/sallyport/restraint.h").read_text()
    rows = header.partition("#define SP_LIMIT_ROWS")[2]
    return set(re.findall(r'\.name = "(\w+)"',
                          re.match(r"(?:.*\\\n)*.*\n", rows)[0]))


# How a row of a table of options begins; a macro of the module's may be it.
ROW = re.compile(r'\{ (?:\.name = "|(?:SP_OPT\( ?struct \w+, |[A-Z]+\( ?))'
                 r'(\w+)')


def rows_of(text):
    """Of all tables of options in a source, each in one line."""
    for table in re.findall(r"^(?:static )?const struct sp_opt \w+\[\] = \{\n"
                            r"(.*?)^\};", text, re.MULTILINE | re.DOTALL):
        for row in re.split(r"^\t(?=\S)", table, flags=re.MULTILINE)[1:]:
            yield " ".join(row.split())


def options_of(module):
    """Those of the module's own, and those it has by SP_LIMIT_ROWS."""
    own, limits = set(), set()
    for path in (sources.TOP / "modules" / module).glob("*.c"):
        text = path.read_text()
        rows = list(rows_of(text))
        assert text.count("SP_OPT(") == \
            sum(row.startswith("{ SP_OPT(") for row in rows), path.name
        for row in rows:
            if row == "SP_LIMIT_ROWS,":
                limits = limit_rows()
            elif row != "{ .name = NULL },":
                begin = ROW.match(row)
                assert begin, f"{path.name}: what is this row? {row}"
                own.add(begin[1])
    return own, limits


def test_each_module_has_its_page():
    pages = {path.name[len("sallyport-"):-len(".5")]
             for path in MAN.glob("sallyport-*.5")}
    sources.report([f"doc/man/sallyport-{name}.5 is missing"
                    for name in sorted(set(MODULES) - pages)] +
                   [f"doc/man/sallyport-{name}.5 is of no module"
                    for name in sorted(pages - set(MODULES))])


def test_each_page_is_installed():
    makefile = (sources.TOP / "Makefile.am").read_text()
    rows = re.search(r"^dist_man_MANS = \\\n((?:.*\\\n)*.*)\n", makefile,
                     re.MULTILINE)[1]
    listed = set(rows.replace("\\", " ").split())
    there = {sources.name_of(path) for path in MAN.iterdir()}
    sources.report([f"{name} is not in dist_man_MANS"
                    for name in sorted(there - listed)] +
                   [f"dist_man_MANS has {name}, and there is none"
                    for name in sorted(listed - there)])


@pytest.mark.parametrize("page", ["sallyportd.8", "sallyportd.conf.5"])
def test_the_daemons_pages_lead_to_those_of_all_modules(page):
    see = (MAN / page).read_text().partition(".Sh SEE ALSO")[2]
    sources.report([f"{page}: SEE ALSO has no .Xr sallyport-{name} 5"
                    for name in MODULES
                    if f".Xr sallyport-{name} 5" not in see])


@pytest.mark.parametrize("module", MODULES)
def test_a_modules_page_explains_its_options_and_no_others(module):
    own, limits = options_of(module)
    assert own
    page = (MAN / f"sallyport-{module}.5").read_text()
    section = re.search(r"^\.S[hs] options\n(.*?)(?=^\.S[hs] |\Z)", page,
                        re.MULTILINE | re.DOTALL | re.IGNORECASE)[1]
    named = {item.rpartition(".")[2] for item in re.findall(
        r"^\.It Cm (\S+)$", section, re.MULTILINE)}
    named.update(re.findall(r"\blimits\.(\w+)", section))
    sources.report([f"{name} is not in sallyport-{module}(5)"
                    for name in sorted((own | limits) - named)] +
                   [f"{name} is in sallyport-{module}(5), and no option"
                    for name in sorted(named - own - limits)])


@pytest.mark.parametrize("module", MODULES)
def test_a_modules_readme_explains_its_options(module):
    own, limits = options_of(module)
    readme = (sources.TOP / "modules" / module / "README.md").read_text()
    first = "".join(re.findall(r"^\|([^|]*)\|", readme, re.MULTILINE))
    sources.report([f"{name} is not in modules/{module}/README.md"
                    for name in sorted(own) if f"`{name}`" not in first] +
                   [f"{name} is not in modules/{module}/README.md"
                    for name in sorted(limits) if f"`{name}`" not in readme])


def test_the_authors_page_names_all_that_a_module_may():
    header = (sources.TOP / "include/sallyport/module.h").read_text()
    text = sources.without_comments(header)
    names = set(re.findall(r"\bsp_\w+(?=\()", text)) | \
        set(re.findall(r"\bstruct (sp_\w+) \{", text)) | \
        set(re.findall(r"\benum (sp_\w+) \{", text)) | \
        set(re.findall(r"^\t(SP_[A-Z_]+) =", text, re.MULTILINE)) | \
        set(re.findall(r"^#define (SP_\w+)", text, re.MULTILINE))
    page = (MAN / "sallyport-module.3").read_text()
    sources.report([f"{name} of module.h is not in sallyport-module(3)"
                    for name in sorted(names)
                    if not re.search(rf"\b{name}\b", page)])


def test_documents_name_files_that_are_there():
    """What stands in backquotes and looks like a path is one."""
    faults = []
    for page in [*sources.TOP.glob("*.md"), *sources.TOP.glob("doc/*.md")]:
        for name in re.findall(r"`((?:lib|daemon|tests|include|doc|modules|"
                               r"contrib|etc|examples)/[\w./]*)`",
                               page.read_text()):
            if not (sources.TOP / name).exists() and \
                    not re.search(r"\bX\b|/\.", name):
                faults.append(f"{page.name}: there is no {name}")
    sources.report(faults)
