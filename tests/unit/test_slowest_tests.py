"""The table of the slowest tests is that of the JUnit file."""

import pytest

from helpers.repository import ROOT
from mossfuse.discovery import import_as

slowest_tests = import_as("slowest_tests", ROOT / "docs/measure/slowest_tests.py")
JUNIT = """<testsuites><testsuite>
<testcase classname="tests.unit.test_a" name="test_fast" time="1.0"/>
<testcase classname="tests.methods.test_b" name="test_slow[x|y]" time="7.5"/>
<testcase classname="tests.methods.test_b" name="test_skipped" time="9.0"><skipped/></testcase>
<testcase classname="tests.unit.test_a" name="test_middle" time="1.5"/>
</testsuite></testsuites>"""


@pytest.fixture
def tests(tmp_path):
    (tmp_path / "tests.xml").write_text(JUNIT, encoding="utf-8")
    return slowest_tests.read_junit(tmp_path / "tests.xml")


def test_slowest_come_first_and_skipped_tests_are_left_out(tests):
    assert [(test.file, test.name) for test in tests] == [
        ("tests/methods/test_b.py", "test_slow[x|y]"),
        ("tests/unit/test_a.py", "test_middle"),
        ("tests/unit/test_a.py", "test_fast"),
    ]


def test_table_has_the_asked_number_of_rows_and_their_share_of_the_time(tests):
    lines = slowest_tests.table(tests, 2).splitlines()
    assert lines[2:4] == [
        "| 7.5 | `tests/methods/test_b.py` | `test_slow[x\\|y]` |",
        "| 1.5 | `tests/unit/test_a.py` | `test_middle` |",
    ]
    assert lines[-1] == "These 2 of 3 tests take 90 % of 10 s over all workers."


def test_writing_replaces_what_stands_between_the_marks_alone(tests, tmp_path):
    page = tmp_path / "tests.md"
    page.write_text(f"before\n{slowest_tests.BEGIN}\nold\n{slowest_tests.END}\nafter\n", encoding="utf-8")
    slowest_tests.write(page, "new")
    assert page.read_text(encoding="utf-8") == f"before\n{slowest_tests.BEGIN}\n\nnew\n\n{slowest_tests.END}\nafter\n"
