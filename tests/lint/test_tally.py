"""./check counts what failed, and lets none of it pass but by name."""

import subprocess
import sys

import pytest

import sources

TALLY = sources.TOP / "tests/tally.py"

FAILED = '<testcase classname="a" name="{}"><failure>why</failure></testcase>'
PASSED = '<testcase classname="a" name="{}"/>'


def suite(path, *cases):
    path.write_text("<testsuite>" + "".join(cases) + "</testsuite>")


def tally(folder):
    return subprocess.run([sys.executable, TALLY, folder], text=True,
                          capture_output=True)


@pytest.fixture
def results(tmp_path):
    (tmp_path / "lines").write_text("PASS: one\n")
    return tmp_path


def test_what_fails_is_counted(results):
    suite(results / "x.xml", PASSED.format("b"), FAILED.format("c"))
    answer = tally(results)
    assert answer.returncode == 1
    assert "failed   x: a.c\n         | why\n" in answer.stdout
    assert answer.stdout.endswith(
        "failed   x: a.c\n2 passed, 1 failed, 0 skipped\n")


def test_a_test_that_fails_to_its_end_is_one(results):
    suite(results / "x.xml", FAILED.format("c"), PASSED.format("c"),
          FAILED.format("c").replace("why", "after"))
    answer = tally(results)
    both = "failed   x: a.c\n         | why\n         | after\n"
    assert both in answer.stdout
    assert answer.stdout.endswith("1 passed, 1 failed, 0 skipped\n")


def test_what_fails_again_is_counted(results):
    suite(results / "x.xml", PASSED.format("b"), FAILED.format("c"))
    suite(results / "x.again.xml", FAILED.format("c"))
    answer = tally(results)
    assert answer.returncode == 1
    assert answer.stdout.endswith("2 passed, 1 failed, 0 skipped\n")


def test_what_passes_alone_is_named(results):
    suite(results / "x.xml", PASSED.format("b"), FAILED.format("c"))
    suite(results / "x.again.xml", PASSED.format("c"))
    answer = tally(results)
    assert answer.returncode == 0
    assert "unsteady x: a.c\n         | why\n" in answer.stdout
    assert answer.stdout.endswith("3 passed, 0 failed, 0 skipped\n")


def test_many_that_are_unsteady_have_failed(results):
    names = "bcdefg"
    suite(results / "x.xml", *map(FAILED.format, names))
    suite(results / "x.again.xml", *map(PASSED.format, names))
    answer = tally(results)
    assert answer.returncode == 1
    assert answer.stdout.endswith("1 passed, 6 failed, 0 skipped\n")


def test_nothing_at_all_is_a_failure(results):
    (results / "lines").write_text("")
    assert tally(results).returncode == 1
