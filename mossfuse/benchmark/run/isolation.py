"""Run a method in a child process, so that a crash is reported as the row's failure reason."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path


def run_child(task, request, *, threads, limit_s, log=None):
    """Run ``mossfuse.benchmark.run.child`` on ``request`` (JSON) and return its outcome dict.

    The outcome holds 'status' ('ok' or 'failed') and 'reason'; a child that is killed, runs out of memory or
    over ``limit_s`` seconds gives status 'failed' with that reason. The child's stderr goes to ``log``.
    """
    with tempfile.TemporaryDirectory(prefix="mossfuse-") as folder:
        request_file, outcome_file = Path(folder, "request.json"), Path(folder, "outcome.json")
        request_file.write_text(json.dumps(request), encoding="utf-8")
        command = [sys.executable, "-m", "mossfuse.benchmark.run.child", task, str(request_file), str(outcome_file)]
        environment = dict(os.environ)
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            environment[name] = str(threads)
        stream = open(log, "a", encoding="utf-8") if log else None
        try:
            process = subprocess.Popen(
                command, env=environment, stdout=stream, stderr=stream, preexec_fn=die_with_parent
            )
            try:
                code = process.wait(timeout=limit_s)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                return {"status": "failed", "reason": f"time limit of {limit_s:g} s reached"}
        finally:
            if stream:
                stream.close()
        if code == 0 and outcome_file.exists():
            return json.loads(outcome_file.read_text(encoding="utf-8"))
    return {"status": "failed", "reason": exit_reason(code)}


def exit_reason(code):
    """Return the failure reason of a child that ended with this exit code and left no outcome."""
    if code == -signal.SIGKILL:
        return "killed by signal 9 (SIGKILL), often by the system for lack of memory"
    if code < 0:
        return f"killed by signal {-code} ({signal.Signals(-code).name})"
    return f"the process ended with exit status {code} and left no result; see the log"


def die_with_parent():
    """Make the system kill this process when its parent ends (Linux), so that a killed run stops writing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def follow_workflow(poll_s=0.5):
    """End this process when the Snakemake that started it ends (Linux), so that a killed run leaves no process behind.

    The shell between the two survives, so the signal on the parent's death is not enough.
    """
    workflow = snakemake_ancestor()
    if workflow is not None:
        threading.Thread(target=watch, args=(workflow, started(workflow), poll_s), daemon=True).start()


def watch(pid, since, poll_s):
    """Kill this process as soon as the process ``pid`` that started at ``since`` has ended."""
    while started(pid) == since:
        time.sleep(poll_s)
    os.kill(os.getpid(), signal.SIGKILL)


def snakemake_ancestor():
    """Return the process id of the nearest ancestor that is a Snakemake, or None."""
    pid = os.getpid()
    while pid > 1:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            pid_above = int(stat_fields(pid)[1])
        except OSError:
            return None
        if any(word.rsplit(b"/", 1)[-1] == b"snakemake" for word in words[:4]):
            return pid
        pid = pid_above
    return None


def started(pid):
    """Return when a process started, in clock ticks; None if it has ended (a reused id has another start)."""
    try:
        fields = stat_fields(pid)
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def stat_fields(pid):
    """Return the fields of /proc/PID/stat after the command's name: state, parent, ... (man 5 proc)."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
