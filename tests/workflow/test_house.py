"""The rules of the house: lint, formats, spelling, types, the layers of the imports."""

import subprocess

import pytest

from helpers.repository import ROOT, run_tool


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("snakefmt", "--check", "Snakefile", "workflow"),
        ("snakemake", "--lint"),
        ("mypy",),
    ],
    ids=" ".join,
)
def test_lint_and_format_are_clean(command):
    status, printed = run_tool(*command)
    assert status == 0, printed


def test_spelling_is_clean():
    files = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    text = [name for name in files if (ROOT / name).is_file() and not name.endswith((".png", ".jpg"))]
    status, printed = run_tool("codespell", *text)
    assert status == 0, printed


def test_types_are_consistent():
    status, printed = run_tool("mypy")
    assert status == 0, printed


def test_imports_respect_the_layers():
    status, printed = run_tool("lint-imports", "--no-cache", "--no-logo")
    assert status == 0, printed


def test_no_two_files_of_the_tests_have_one_name():
    """pytest imports every file of the tests as a module of its own name."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
