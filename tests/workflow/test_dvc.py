"""The DVC way in a copy of the repository with the smoke grid: run, no-op, metrics, params; no remote, no network."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from helpers.repository import BIN, ROOT
from helpers.snakemake_runs import config_of


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The tracked files as a git repository of their own, with the smoke grid as its configuration."""
    folder = tmp_path_factory.mktemp("dvc") / "clone"
    files = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in files.stdout.splitlines():
        if (ROOT / name).is_file() and not name.startswith(("docs/", "tests/", "results/")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    config = config_of(timing={"scenes": "none"}, conventions=["std1"], mirrors=[], external={})
    config["grid"][0].update(methods=["bicubic"], scenes=["mosaic"])
    config["methods"] = {}
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (folder / ".venv").symlink_to(BIN.parent)
    call(folder, "git", "init", "-q")
    commit(folder)
    return folder


def call(folder, *command):
    """Run a command as somebody does who has not activated .venv: dvc by its path, snakemake not on PATH."""
    path = os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if not (Path(p) / "snakemake").exists())
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(folder)}
    if command[0] == "dvc":
        command = (".venv/bin/dvc", *command[1:])
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)
    assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
    return result.stdout + result.stderr


def commit(folder):
    call(folder, "git", "add", "-A")
    call(folder, "git", "-c", "user.name=test", "-c", "user.email=test@example.org", "commit", "-qm", "state")


@pytest.mark.slow
def test_dvc_runs_the_benchmark_and_then_does_nothing(copy):
    call(copy, "dvc", "repro")
    assert (copy / "reports" / "index.html").exists()
    before = (copy / "dvc.lock").read_text(encoding="utf-8")
    assert "up to date" in call(copy, "dvc", "repro")
    assert (copy / "dvc.lock").read_text(encoding="utf-8") == before
    shown = json.loads(call(copy, "dvc", "metrics", "show", "--json"))
    assert "bicubic" in json.dumps(shown)
    commit(copy)
    config = yaml.safe_load((copy / "config.yaml").read_text(encoding="utf-8"))
    config["grid"][0]["scenes"] = ["spools"]
    (copy / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    assert "spools" in call(copy, "dvc", "params", "diff")
    call(copy, "dvc", "repro")
    assert "psnr" in call(copy, "dvc", "metrics", "diff")
