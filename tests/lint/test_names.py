"""Files are nouns, each once in the tree."""

import collections

import sources

INNER = tuple(f for f in sources.CODE_FOLDERS if f != "include")

# Every folder may have one of these.
EVERYWHERE = {"README.md", "conftest.py", "Makefile", "__init__.py"}

# Names that say nothing about what is inside.
EMPTY_WORDS = {"util", "utils", "misc", "common", "helper", "helpers",
               "stuff", "tools"}


def test_file_names_are_unique():
    """A public header may have an inner one of its name."""
    places = collections.defaultdict(list)
    for path in sources.files(folders=INNER):
        parts = path.relative_to(sources.TOP).parts
        if "corpus" in parts or "keys" in parts or \
                path.name in EVERYWHERE:
            continue
        places[path.name].append(sources.name_of(path))
    sources.report([" and ".join(names) for names in places.values()
                    if len(names) > 1])


def test_a_source_and_its_header_stand_together():
    stems = collections.defaultdict(set)
    for path in sources.code(INNER):
        stems[path.stem].add(sources.name_of(path.parent))
    sources.report([f"{stem}.c and .h stand in {' and '.join(sorted(places))}"
                    for stem, places in sorted(stems.items())
                    if len(places) > 1])


def test_file_names_say_something():
    sources.report([sources.name_of(path) for path in sources.files()
                    if EMPTY_WORDS & set(path.stem.lower().split("_"))])


def test_unit_tests_stand_where_their_subjects_do():
    """tests/unit/X holds what tests a folder X of the tree."""
    folders = {"lib", "daemon", "modules", "cli"}
    faults = []
    for path in sources.files(".c", folders=("tests/unit",)):
        below = path.relative_to(sources.TOP / "tests/unit").parent
        if not any((sources.TOP / top / below).is_dir() for top in folders):
            faults.append(f"{sources.name_of(path)}: no folder {below} in "
                          f"the tree")
    sources.report(faults)
