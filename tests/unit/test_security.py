"""Nothing that is read from a file runs code, and the embedded scenes need no network."""

import ast
import subprocess
import sys

import pytest
import torch

from helpers.repository import ROOT
from mossfuse.errors import MossFuseError
from mossfuse.files import read_variables, torch_files

UNPICKLERS = {
    "mossfuse/files/torch_files.py",
    "mossfuse/files/torchscript.py",
}  # errors by name; a list of allowed names
CODE_IN_FILES = {"pickle", "cPickle", "dill", "joblib", "marshal", "shelve", "cloudpickle"}
WITHOUT_NETWORK = ["unshare", "-rn"]


def sources():
    for folder in ("mossfuse", "baselines", "workflow", "docs", "examples"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_bytes())


def test_no_file_is_read_in_a_way_that_could_run_code():
    found = []
    for name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                modules = {alias.name for alias in node.names} | {getattr(node, "module", None)}
                if modules & CODE_IN_FILES and name not in UNPICKLERS:
                    found.append(f"{name}:{node.lineno} imports {modules & CODE_IN_FILES}")
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            given = {f"{keyword.arg}={ast.unparse(keyword.value)}" for keyword in node.keywords}
            unsafe = called in ("eval", "exec", "yaml.load", "yaml.unsafe_load") or called.endswith(".extractall")
            if unsafe or "allow_pickle=True" in given or (called == "torch.load" and "weights_only=True" not in given):
                found.append(f"{name}:{node.lineno} calls {called}")
    assert found == []


class Bomb:
    def __reduce__(self):
        return print, ("run",)


def test_code_in_a_checkpoint_or_cube_is_refused(tmp_path, capfd):
    import numpy as np

    torch.save({"state": Bomb()}, tmp_path / "weights.pt")
    with pytest.raises(MossFuseError, match=r"weights\.pt is damaged or not a torch file"):
        torch_files.read_file(tmp_path / "weights.pt")
    np.save(tmp_path / "cube.npy", np.array([Bomb()], object), allow_pickle=True)
    with pytest.raises(MossFuseError, match=r"cube\.npy"):
        read_variables(tmp_path / "cube.npy")
    assert capfd.readouterr().out == ""


def test_embedded_scenes_need_no_network(tmp_path):
    """In a network namespace without a route: the scenes, a pair and its spectral response, and the plan."""
    if subprocess.run([*WITHOUT_NETWORK, "true"], capture_output=True).returncode:
        pytest.skip("no network namespace can be made here (unshare -rn)")
    script = """
from mossfuse.__main__ import main
import socket
try:
    socket.create_connection(("192.0.2.1", 80), 1)
except OSError as error:
    assert error.errno == 101, error  # network unreachable
assert main(["bench", "fetch"]) == 0 and main(["bench", "prepare", "phantom", "mosaic"]) == 0
assert main(["bench", "degrade", "phantom", "x8-gauss7s2-nikond5100", "mosaic"]) == 0
assert main(["bench", "fuse", "phantom/x8-gauss7s2-nikond5100/bicubic/mosaic/seed0"]) == 0
assert main(["plan"]) == 0
"""
    done = subprocess.run(
        [*WITHOUT_NETWORK, sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "download   none" in done.stdout
