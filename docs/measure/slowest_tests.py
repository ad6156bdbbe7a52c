"""Write the table of the slowest tests in docs/tests.md from a JUnit file of a run of the tests.

    python3 run.py test -- --junitxml tests.xml
    .venv/bin/python docs/measure/slowest_tests.py tests.xml --write

Without ``--write`` the table is printed. The times are wall-clock seconds of set-up, test and clean-up together.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

PAGE = Path(__file__).resolve().parents[1] / "tests.md"
BEGIN, END = "<!-- slowest tests: begin -->", "<!-- slowest tests: end -->"


@dataclass(frozen=True)
class TimedTest:
    """One test of a run: its file, its name with parameters, wall-clock seconds."""

    file: str
    name: str
    seconds: float


def read_junit(path: Path) -> list[TimedTest]:
    """Return the tests of a JUnit file that ran, slowest first; skipped tests are left out."""
    cases = [case for case in ElementTree.parse(path).iter("testcase") if case.find("skipped") is None]
    found = [
        TimedTest(
            file=case.get("classname", "").replace(".", "/") + ".py",
            name=case.get("name", ""),
            seconds=float(case.get("time", 0)),
        )
        for case in cases
    ]
    return sorted(found, key=lambda test: (-test.seconds, test.file, test.name))


def table(tests: list[TimedTest], count: int) -> str:
    """Return a Markdown table of the first ``count`` tests and their share of the time of all."""
    total, shown = sum(test.seconds for test in tests), tests[:count]
    share = sum(test.seconds for test in shown) / total if total else 0.0
    rows = []
    for test in shown:
        name = test.name.replace("|", "\\|")
        rows.append(f"| {test.seconds:.1f} | `{test.file}` | `{name}` |")
    last = f"These {len(shown)} of {len(tests)} tests take {100 * share:.0f} % of {total:.0f} s over all workers."
    return "\n".join(["| seconds | file | test |", "|---:|---|---|", *rows, "", last])


def write(page: Path, text: str) -> None:
    """Replace what stands between the two marks of a page."""
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.split(END)[1]}", encoding="utf-8")


def main() -> None:
    """Print the table, or write it into the page."""
    parser = argparse.ArgumentParser(description="Make the table of the slowest tests from a JUnit file.")
    parser.add_argument("junit", type=Path, help="file written by pytest --junitxml")
    parser.add_argument("--count", type=int, default=20, help="number of tests (default 20)")
    parser.add_argument(
        "--write", action="store_true", help="write the table into docs/tests.md instead of printing it"
    )
    chosen = parser.parse_args()
    text = table(read_junit(chosen.junit), chosen.count)
    if chosen.write:
        write(PAGE, text)
    else:
        sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
