"""The border around a method: every way to fail becomes a reason, and no process goes on after the run was killed."""

import os
import signal
import subprocess
import sys
import time

import pytest

from helpers.repository import ROOT
from mossfuse.benchmark.run.isolation import exit_reason, run_child, started


def test_a_killed_child_is_told_by_its_signal():
    assert "signal 9 (SIGKILL)" in exit_reason(-signal.SIGKILL)
    assert "signal 11 (SIGSEGV)" in exit_reason(-signal.SIGSEGV)


def test_a_child_that_leaves_no_result_is_a_failure():
    outcome = run_child("fuse", {}, threads=1, limit_s=60)
    assert outcome["status"] == "failed" and outcome["reason"].startswith("KeyError")  # an exception of the science
    program = [sys.executable, "-c", "import os; os._exit(3)"]
    assert (
        exit_reason(subprocess.run(program).returncode)
        == "the process ended with exit status 3 and left no result; see the log"
    )


def test_the_time_limit_is_a_reason(tmp_path):
    outcome = run_child("fuse", {}, threads=1, limit_s=0.01)
    assert outcome == {"status": "failed", "reason": "time limit of 0.01 s reached"}


@pytest.mark.skipif(sys.platform != "linux", reason="follows processes through /proc")
def test_a_job_ends_when_its_snakemake_is_killed(tmp_path):
    """snakemake -> shell -> job, as the workflow starts it; only the first one is killed."""
    job = "from mossfuse.benchmark.run.isolation import follow_workflow; import os, time; follow_workflow(0.1); print(os.getpid(), flush=True); time.sleep(60)"
    program = tmp_path / "snakemake"
    program.write_text(
        f"import subprocess, sys; subprocess.run(['bash', '-c', 'set -e; \"$@\"; true', 'x', sys.executable, '-c', {job!r}])",
        encoding="utf-8",
    )
    process = subprocess.Popen(
        [sys.executable, str(program)], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    pid = int(process.stdout.readline())
    assert started(pid) is not None
    process.send_signal(signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 20
    while started(pid) is not None and time.monotonic() < deadline:
        time.sleep(0.1)
    assert started(pid) is None
