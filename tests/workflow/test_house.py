"""The rules of the house: lint, formats, spelling, types, the layers of the imports."""

import ast
import subprocess

import pytest

from helpers.repository import ROOT, run_tool


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check", "."),
        (
            "ruff",
            "check",
            "--preview",
            "--select",
            "PLW1514",
            ".",
        ),  # preview: it changes other rules, so not in pyproject
        ("ruff", "format", "--check", "."),
        ("snakefmt", "--check", "Snakefile", "workflow"),
        ("snakemake", "--lint"),
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


def test_text_files_are_utf8_in_every_locale():
    """ruff's PLW1514 sees open(), and a path's methods only where it can tell that the value is a path."""
    listing = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    missing = []
    for name in listing.stdout.split():
        text = (ROOT / name).read_bytes()
        if b"_text(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                given = len(node.args) + any(keyword.arg == "encoding" for keyword in node.keywords)
                if given < {"read_text": 1, "write_text": 2}.get(node.func.attr, 0):
                    missing.append(f"{name}:{node.lineno}")
    assert missing == []
