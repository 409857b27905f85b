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


@pytest.mark.parametrize("page", sorted(
    path.name for path in MAN.glob("sallyport-*.5")))
def test_a_modules_page_and_readme_explain_its_options(page):
    folder = sources.TOP / "modules" / page[len("sallyport-"):-len(".5")]
    options = set()
    for source in folder.glob("*.c"):
        options.update(re.findall(r"SP_OPT\(struct \w+, (\w+),",
                                  source.read_text()))
    assert options
    items = re.findall(r"^\.It Cm (.+)$", (MAN / page).read_text(),
                       re.MULTILINE)
    named = {item.rpartition(".")[2] for item in items}
    readme = (folder / "README.md").read_text()
    sources.report([f"{name} is not in {page}"
                    for name in sorted(options - named)] +
                   [f"{name} is not in {folder.name}/README.md"
                    for name in sorted(options) if f"| `{name}`" not in readme])


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
