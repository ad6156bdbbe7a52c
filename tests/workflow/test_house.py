"""The rules of the house: lint, formats, spelling, the layers of the imports."""

import os
import subprocess

import pytest

from helpers.repository import BIN, ROOT


def run(*command):
    """Run a tool of the environment in the repository and return (exit status, everything it printed)."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    result = subprocess.run(
        [str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, env=environment
    )
    return result.returncode, f"{' '.join(command)}\n{result.stdout}{result.stderr}"


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("snakefmt", "--check", "Snakefile", "workflow"),
        ("snakemake", "--lint"),
    ],
    ids=" ".join,
)
def test_lint_and_format_are_clean(command):
    status, printed = run(*command)
    assert status == 0, printed


def test_spelling_is_clean():
    files = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    text = [name for name in files if (ROOT / name).is_file() and not name.endswith((".png", ".jpg"))]
    status, printed = run("codespell", *text)
    assert status == 0, printed


def test_imports_respect_the_layers():
    status, printed = run("lint-imports", "--no-cache", "--no-logo")
    assert status == 0, printed
