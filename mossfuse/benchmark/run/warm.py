"""Ask the warm process of a workflow to do a short job: it has read all code, and forks a process for each.

Starting Python, NumPy and HDF5 takes longer than many a cell. Where no warm process answers, the caller starts a new one. This
module imports what is in the standard library and loads fast, because every job begins with it.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Mapping

VARIABLE = "MOSSFUSE_WARM"  # as ``name_of`` writes it; empty: every job starts a new process
VERBS = ("degrade", "fuse", "score", "curve")
LENGTH = 8  # bytes that say how long a message is
STANDARD = (0, 1, 2)


def name_of(threads: int, place: str) -> str:
    """Return how a warm process with so many numeric threads is named to the jobs: they must use the same installation."""
    return f"{threads}|{sys.prefix}|{place}"


def start(threads: int) -> int | None:
    """Start a warm process for the jobs of this process, which ends with it, and return its process id.

    None where there is one, where the variable is set and empty, and where the system is not Linux: jobs then start as ever.
    """
    if sys.platform != "linux" or VARIABLE in os.environ:
        return None
    import subprocess
    import tempfile

    from mossfuse.benchmark.run.handover import environment

    folder = tempfile.mkdtemp(prefix="mossfuse-warm-")
    place = os.path.join(folder, "socket")
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "mossfuse.warm_process", place],
        cwd=folder,
        env=environment(folder, (), threads, os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.environ[VARIABLE] = name_of(threads, place)
    return process.pid


def run_verb(arguments: list[str]) -> int | None:
    """Run ``mossfuse ARGUMENTS`` in a fork of the warm process; return its exit status, None where it cannot be done there."""
    if not os.environ.get(VARIABLE) or arguments[:1] != ["bench"] or arguments[1:2] not in [[verb] for verb in VERBS]:
        return None
    return ask({"verb": arguments, "cwd": os.getcwd(), "environ": dict(os.environ)}, STANDARD, None)


def run_child(arguments: list[str], folder: str, environ: Mapping[str, str], threads: int, output: int, limit_s: float) -> int | None:  # fmt: skip
    """Run the child process of a cell in a fork of the warm process, in ``folder`` with these variables and nothing else.

    output: descriptor that takes what it prints. Return its exit status (negative: the signal that ended it), None where it
    cannot be done there: no warm process, or one with another number of numeric threads. Raises TimeoutError after limit_s.
    """
    if os.environ.get(VARIABLE, "").split("|")[0] != str(threads):
        return None
    with open(os.devnull, "rb") as nothing:
        request = {"child": arguments, "cwd": folder, "environ": dict(environ)}
        return ask(request, (nothing.fileno(), output, output), limit_s)


def ask(request: Mapping[str, object], descriptors: tuple[int, ...], limit_s: float | None) -> int | None:
    """Send a request and return the exit status of what it ran; None where nothing answers. The worker ends with this call."""
    _, prefix, place = os.environ[VARIABLE].split("|")
    if prefix != sys.prefix:
        return None
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(place)
        content = json.dumps(request).encode()
        socket.send_fds(connection, [len(content).to_bytes(LENGTH, "big")], descriptors)
        connection.sendall(content)
        if connection.recv(1) != b"+":  # a worker has been started
            return None
    except OSError:
        connection.close()
        return None
    with connection:
        connection.settimeout(limit_s)
        answer = connection.recv(LENGTH)
        return int.from_bytes(answer, "big", signed=True) if len(answer) == LENGTH else -9
