#!/usr/bin/python3
"""Counts what ./check ran, and closes with the one line of all tests.

usage: tally.py RESULTS BUILD...

RESULTS holds a file `lines` (an outcome, a name and a reason) and pytest's
*.xml; each BUILD holds what Automake and cmocka left of `make check`. What
failed or was skipped is named, with its reason, before the line; the names of
what failed come once more right before it, where the end of a log is all that
is shown. The exit status is 1 when something failed or nothing ran.

What failed in company and passed alone is unsteady: some tests wait for
what a machine with more to do than it can does late. It counts as passed and is
named, with what it said at first. More than a few are no chance any more,
and count as failed.
"""

import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree
from collections import namedtuple

Result = namedtuple("Result", "outcome name reason")

PASS, FAIL, SKIP, UNSTEADY = "PASS", "FAIL", "SKIP", "UNSTEADY"
UNSTEADY_MAX = 5

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
    """One suite. A test whose end fails too has two entries of one name."""
    found = {}
    for result in read_cases(path):
        known = found.get(result.name)
        if known is None or known.outcome != FAIL:
            found[result.name] = result
        elif result.outcome == FAIL:
            found[result.name] = known._replace(
                reason=known.reason + "\n" + result.reason)
    return list(found.values())


def read_cases(path):
    """What pytest's --junitxml tells."""
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


def read_suite(path):
    """With what became of those that failed when they ran again."""
    again = path.with_suffix(".again.xml")
    passed = {r.name.replace(".again: ", ": ", 1)
              for r in (read_pytest(again) if again.exists() else [])
              if r.outcome == PASS}
    return [r._replace(outcome=UNSTEADY)
            if r.outcome == FAIL and r.name in passed else r
            for r in read_pytest(path)]


def read_programs(folder, build):
    """Their results are the last ones; the log is the first run's."""
    log = folder / f"{build.name}-unit.log"
    failed = set(re.findall(r"^FAIL: (\S+)$", log.read_text(errors="replace"),
                            re.MULTILINE) if log.exists() else [])
    for trs in sorted(build.glob("tests/**/*.trs")):
        results = read_program(build, trs)
        name = str(trs.relative_to(build).with_suffix(""))
        if name in failed and all(r.outcome != FAIL for r in results):
            results[0] = Result(UNSTEADY, f"{build.name}/{name}",
                                f"see {log}")
        yield from results


def read_all(folder, builds):
    results = list(read_lines(folder / "lines"))
    for path in sorted(folder.glob("*.xml")):
        if not path.stem.endswith(".again"):
            results += read_suite(path)
    for build in builds:
        results += read_programs(folder, build)
    return results


def judge(results):
    """Many that are unsteady have failed."""
    unsteady = [r for r in results if r.outcome == UNSTEADY]
    if len(unsteady) <= UNSTEADY_MAX:
        return results
    return [r._replace(outcome=FAIL) if r.outcome == UNSTEADY else r
            for r in results]


def show(word, result):
    print(f"{word:<8} {result.name}")
    for line in result.reason.splitlines()[:40]:
        print(f"         | {line}")


def main():
    folder, *builds = [pathlib.Path(name).resolve() for name in sys.argv[1:]]
    results = judge(read_all(folder, builds))
    of = {outcome: [r for r in results if r.outcome == outcome]
          for outcome in (PASS, FAIL, SKIP, UNSTEADY)}
    for result in of[SKIP]:
        print(f"skipped  {result.name}: {result.reason}")
    for result in of[UNSTEADY]:
        show("unsteady", result)
    for result in of[FAIL]:
        show("failed", result)
    for result in of[FAIL]:
        print(f"failed   {result.name}")
    print(f"{len(of[PASS]) + len(of[UNSTEADY])} passed, {len(of[FAIL])} failed, "
          f"{len(of[SKIP])} skipped")
    return 1 if of[FAIL] or not of[PASS] else 0


if __name__ == "__main__":
    sys.exit(main())
