"""Run a method in a child process, so that a crash is reported as the row's failure reason."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType

from mossfuse.benchmark.run import warm
from mossfuse.benchmark.run.handover import environment, handover
from mossfuse.files.atomic import write_json

EMPTY: Mapping[str, str | Path | list] = MappingProxyType({})
PATIENCE_S = 2.0


def run_child(
    task, request, *, threads, limit_s, log=None, shown=EMPTY, given=EMPTY, targets=EMPTY, closed=(), opened=()
):
    """Run ``mossfuse.benchmark.run.child`` on ``request`` (JSON) in a folder of its own and return its outcome dict.

    shown: name -> path, or list of paths, of what the child reads before the method's code runs; given: name -> path of what
    the method opens itself. Within the child both have neutral names. targets: name of a file or folder that the child
    leaves in its working directory -> path to which it is moved. closed: folders of which the method may open nothing;
    opened: those below them that it may.

    The outcome holds 'status' ('ok' or 'failed') and 'reason'; a child that is killed, runs out of memory or
    over ``limit_s`` seconds gives status 'failed' with that reason. The child's output goes to ``log``.
    """
    with handover() as own:
        request_file, outcome_file = own.folder / "request.json", own.folder / "outcome.json"
        content = {
            **request,
            **{name: [own.show(p) for p in path] if isinstance(path, list) else own.show(path) for name, path in shown.items()},
            **{name: own.give(path) for name, path in given.items()},
            "closed": [str(Path(path).resolve()) for path in closed],
            "opened": [str(own.folder), *(str(Path(path).resolve()) for path in opened)],
        }  # fmt: skip
        write_json(request_file, content)
        arguments = [task, request_file.name, outcome_file.name]
        variables = environment(own.folder, closed, threads, os.environ)
        code = None
        with copying(log) as output, suppress(TimeoutError):
            if task == "fuse":
                code = warm.run_child(arguments, str(own.folder), variables, threads, output, limit_s)
            if code is None:
                code = start_child(arguments, own.folder, variables, output, limit_s)
        for name, path in targets.items():
            own.fetch(name, Path(path))
        if code is None:
            return {"status": "failed", "reason": f"time limit of {limit_s:g} s reached"}
        if code == 0 and outcome_file.exists():
            return json.loads(outcome_file.read_text(encoding="utf-8"))
    return {"status": "failed", "reason": exit_reason(code)}


def start_child(arguments, folder, variables, output, limit_s):
    """Run the child module in a new process and return its exit status; raise TimeoutError after ``limit_s`` seconds."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "mossfuse.benchmark.run.child", *arguments],
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        preexec_fn=die_with_parent,
    )
    try:
        return process.wait(timeout=limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise TimeoutError from None


@contextmanager
def copying(log):
    """Yield a descriptor; what is written to it is appended to ``log``, or to stderr where there is none, as it comes.

    It belongs to a pipe, which has no name: a log in the child's own hands would show which cell it is.
    """
    source, output = os.pipe()

    def copy():
        with open(log, "ab") if log else os.fdopen(os.dup(2), "wb") as target, os.fdopen(source, "rb", 0) as stream:
            while part := stream.read(1 << 16):
                target.write(part)
                target.flush()

    copier = threading.Thread(target=copy, daemon=True)
    copier.start()
    try:
        yield output
    finally:
        os.close(output)
        copier.join(timeout=PATIENCE_S)  # a process that the child has left behind may hold the pipe open


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
