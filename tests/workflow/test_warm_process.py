"""The warm process of a workflow: what runs in its forks is what a new process gives, at a fraction of the time."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers.repository import ROOT
from mossfuse.benchmark.data.pairs import write_pair
from mossfuse.benchmark.run import isolation, warm
from mossfuse.benchmark.run.isolation import run_child

WAYS = """
import os, socket, time
import numpy as np
from pathlib import Path
from mossfuse.protocol import Fusion, Method

METHOD = Method(name="ways", title="t", citation="c", licence="l", stochastic=False, params={"way": "ends"})

def fuse(observation, *, seed, device, checkpoint=None, way="ends"):
    if way == "crash":
        os.abort()
    if way == "sleep":
        print("pid", os.getpid(), flush=True)
        time.sleep(60)
    if way == "ask":  # the warm process to run something without borders
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(os.environ["ASKED"])
            connection.sendall(b"x" * 8)
            assert connection.recv(1) == b"", "answered"
    print("cmdline", Path("/proc/self/cmdline").read_text(), "python", sorted(os.environ))
    shape = (*observation.msi.shape[:2], observation.hsi.shape[2])
    return Fusion(np.linspace(0, 1, np.prod(shape), dtype=np.float32).reshape(shape))
"""


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    """Start a warm process and return (process id, its name for the jobs)."""
    if sys.platform != "linux":
        pytest.skip("only Linux has it")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(warm.VARIABLE, raising=False)
        patch.setenv("PYTHONPATH", str(ROOT))
        pid = warm.start(1)
        name = os.environ[warm.VARIABLE]
    place, deadline = Path(name.split("|")[2]), time.monotonic() + 60
    while not place.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    yield pid, name
    os.kill(pid, signal.SIGTERM)


@pytest.fixture
def cell(started, tmp_path, monkeypatch, make_pair):
    """Return a function that runs the method of WAYS, in a fork or in a new process: (outcome, log, cube's bytes)."""
    write_pair(tmp_path / "beads.mat", make_pair(rows=32, cols=32)[0])
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "ways.py").write_text(WAYS, encoding="utf-8")
    monkeypatch.setenv("MOSSFUSE_BASELINES", str(tmp_path / "own"))
    monkeypatch.setenv("ASKED", started[1].split("|")[2])

    def run(way, name, threads=1, limit_s=60):
        monkeypatch.setenv(warm.VARIABLE, name)
        request = {
            "method": "ways",
            "file": str(tmp_path / "own" / "ways.py"),
            "prefix": None,
            "suffix": None,
            "params": {"way": way},
            "seed": 0,
            "device": "cpu",
            "knows": [],
            "iterates": 0,
        }
        cube, log = tmp_path / f"{way}.mat", tmp_path / "log.txt"
        log.unlink(missing_ok=True)
        outcome = run_child("fuse", request, threads=threads, limit_s=limit_s, log=log, shown={"pair": tmp_path / "beads.mat"},
                            targets={"fused.mat": cube}, closed=[tmp_path / "data"])  # fmt: skip
        return outcome, log.read_text(encoding="utf-8"), cube.read_bytes() if cube.exists() else b""

    return run


def test_fork_gives_the_bytes_and_the_borders_of_a_new_process(cell, started):
    new, fork = cell("ends", ""), cell("ends", started[1])
    assert new[0]["status"] == fork[0]["status"] == "ok" and new[2] == fork[2] and new[2]
    assert new[0]["isolation"] == fork[0]["isolation"]
    assert "run.child" in new[1] and "mossfuse.warm_process" in fork[1]
    assert new[1].split("python")[-1] == fork[1].split("python")[-1]  # the same variables
    other = cell("ends", started[1], threads=2)
    assert "run.child" in other[1] and other[0]["status"] == "ok"  # numeric threads are fixed when NumPy is loaded


@pytest.mark.parametrize(
    ("way", "limit", "reason"),
    [("crash", 60, "killed by signal 6 (SIGABRT)"), ("sleep", 2, "time limit of 2 s reached")],
)
def test_failure_in_a_fork_has_its_reason_and_harms_no_other(cell, started, way, limit, reason):
    outcome, log, cube = cell(way, started[1], limit_s=limit)
    assert outcome == {"status": "failed", "reason": reason} and not cube
    pid, deadline = int(log.split()[1]) if way == "sleep" else None, time.monotonic() + 10
    while pid and isolation.started(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert pid is None or isolation.started(pid) is None  # it has ended with the one who asked for it
    assert cell("ends", started[1])[0]["status"] == "ok"


def test_method_cannot_have_the_warm_process_do_something_for_it(cell, started):
    outcome, log, _ = cell("ask", started[1])
    assert outcome["status"] == "ok", outcome["reason"] + log


def test_verb_runs_in_a_fork_with_its_output_status_and_place(started, tmp_path):
    command = [sys.executable, "-m", "mossfuse", "bench", "score", "--settings", "none.json", "a/b/c/d/seed0"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    new, fork = (
        subprocess.run(command, cwd=tmp_path, env={**environ, warm.VARIABLE: name}, capture_output=True, text=True)
        for name in ("", started[1])
    )
    assert (new.returncode, new.stdout, new.stderr) == (fork.returncode, fork.stdout, fork.stderr)
    assert fork.returncode == 2 and "none.json" in fork.stderr


def test_nothing_is_asked_where_nothing_is_warm(monkeypatch):
    for name in ("", "1|/other/python|/tmp/socket", f"1|{sys.prefix}|/nowhere/socket"):
        monkeypatch.setenv(warm.VARIABLE, name)
        assert warm.run_verb(["bench", "score", "x"]) is None
    monkeypatch.setenv(warm.VARIABLE, f"1|{sys.prefix}|/nowhere/socket")
    assert warm.run_verb(["bench", "report"]) is None and warm.run_verb(["fuse"]) is None
