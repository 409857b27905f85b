#!/usr/bin/python3
"""Counts what ./check ran, and closes with the one line of all tests.

usage: tally.py RESULTS BUILD...

RESULTS holds a file `lines` (PASS, FAIL or SKIP, a name and a reason) and
pytest's *.xml; each BUILD holds what Automake and cmocka left of `make
check`. What failed or was skipped is named, with its reason, before the
line. The exit status is 1 when something failed or nothing ran.
"""

import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree
from collections import namedtuple

Result = namedtuple("Result", "outcome name reason")

PASS, FAIL, SKIP = "PASS", "FAIL", "SKIP"

TAP = re.compile(r"(not )?ok \d+(?: -)? ?(.*)")
TAP_SKIP = re.compile(r"#? ?skip:? ?", re.IGNORECASE)


def read_tap(name, log):
    """The tests of one cmocka program, in its output."""
    for line in log.splitlines():
        match = TAP.match(line)
        if not match:
            continue
        test = f"{name}: {match[2]}"
        if TAP_SKIP.match(match[2]):
            yield Result(SKIP, TAP_SKIP.sub("", test), "the test says so")
        else:
            yield Result(FAIL if match[1] else PASS, test, "")


def read_program(build, trs):
    """One program of `make check`: its tests, or itself as one."""
    name = f"{build.name}/{trs.relative_to(build).with_suffix('')}"
    outcome = re.search(r":test-result: (\w+)", trs.read_text())
    outcome = outcome[1] if outcome else "ERROR"
    log = trs.with_suffix(".log").read_text(errors="replace")
    tests = list(read_tap(name, log))
    if outcome == SKIP:
        return [Result(SKIP, name, log.strip().split("\n")[-1])]
    if outcome == PASS:
        return tests or [Result(PASS, name, "")]
    if not any(test.outcome == FAIL for test in tests):
        tests.append(Result(FAIL, name, "the program failed: " + outcome))
    tail = "\n".join(log.splitlines()[-25:])
    return [t._replace(reason=tail) if t.outcome == FAIL else t for t in tests]


def read_pytest(path):
    """One suite, as pytest's --junitxml tells of it."""
    for case in ElementTree.parse(path).iter("testcase"):
        name = f"{path.stem}: {case.get('classname')}.{case.get('name')}"
        problem = case.find("failure")
        if problem is None:
            problem = case.find("error")
        skipped = case.find("skipped")
        if problem is not None:
            tail = (problem.text or problem.get("message")).splitlines()[-25:]
            yield Result(FAIL, name, "\n".join(tail))
        elif skipped is not None:
            yield Result(SKIP, name, skipped.get("message") or "")
        else:
            yield Result(PASS, name, "")


def read_lines(path):
    for line in path.read_text().splitlines():
        outcome, name, reason = (line.split(": ", 2) + [""])[:3]
        yield Result(outcome, name, reason)


def read_all(folder, builds):
    results = list(read_lines(folder / "lines"))
    for path in sorted(folder.glob("*.xml")):
        results += read_pytest(path)
    for build in builds:
        for trs in sorted(build.glob("tests/**/*.trs")):
            results += read_program(build, trs)
    return results


def main():
    folder, *builds = [pathlib.Path(name).resolve() for name in sys.argv[1:]]
    results = read_all(folder, builds)
    of = {outcome: [r for r in results if r.outcome == outcome]
          for outcome in (PASS, FAIL, SKIP)}
    for result in of[SKIP]:
        print(f"skipped  {result.name}: {result.reason}")
    for result in of[FAIL]:
        print(f"failed   {result.name}")
        for line in result.reason.splitlines()[:40]:
            print(f"         | {line}")
    print(f"{len(of[PASS])} passed, {len(of[FAIL])} failed, "
          f"{len(of[SKIP])} skipped")
    return 1 if of[FAIL] or not of[PASS] else 0


if __name__ == "__main__":
    sys.exit(main())
