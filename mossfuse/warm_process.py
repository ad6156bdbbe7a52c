"""The warm process of a workflow: it has read the code of the short jobs, and forks a process for each that is asked for.

    python -m mossfuse.warm_process SOCKET

It learns of no cell: the request is read after the fork. What a method can find in its own process is therefore what it finds in
one that was started for it. A process with reduced rights (such as a method's) is refused. It ends with its parent.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import shutil
import signal
import socket
import struct
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mossfuse.__main__ import main, parser
from mossfuse.benchmark.run.child import main as run_child
from mossfuse.benchmark.run.isolation import die_with_parent
from mossfuse.benchmark.run.provenance import versions
from mossfuse.benchmark.run.warm import LENGTH

# What is imported within functions of the short jobs.
CODE = (
    "h5py",
    "hdf5storage",
    "jsonschema",
    "scipy.io",
    "scipy.linalg",
    "scipy.ndimage",
    "skimage.color.delta_e",
    "tqdm",
    "yaml",
    "mossfuse.benchmark.data.make_pair",
    "mossfuse.benchmark.plan.grid",
    "mossfuse.benchmark.plan.settings",
    "mossfuse.benchmark.results.curve",
    "mossfuse.benchmark.results.score_cell",
    "mossfuse.benchmark.run.cell",
    "mossfuse.files.mat",
    "mossfuse.files.tiles",
    "mossfuse.fusion_check",
    "mossfuse.metrics.scoring",
    "mossfuse.remote.archives",
    "mossfuse.remote.download",
)

POLL_S = 1.0


def serve(place: str) -> None:
    """Read the code, then fork a keeper for every connection, until the parent has ended."""
    parent = os.getppid()
    read_code()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(place)
        listener.listen(128)
        try:
            while os.getppid() == parent:
                reap()
                if select.select([listener], [], [], POLL_S)[0]:
                    connection, _ = listener.accept()
                    if os.fork() == 0:
                        listener.close()
                        os._exit(keep(connection))
                    connection.close()
        finally:
            shutil.rmtree(Path(place).parent, ignore_errors=True)


def reap() -> None:
    """Take leave of the keepers that have ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def read_code() -> None:
    """Import what degrading, fusing and scoring need, but no torch and no file of a method, and start no thread."""
    for name in CODE:
        importlib.import_module(name)
    parser()
    versions()


def keep(connection: socket.socket) -> int:
    """Read a request, run it in a worker, and send its exit status; kill the worker where the asker goes."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    head, descriptors, _, _ = socket.recv_fds(connection, LENGTH, 3)
    if len(head) < LENGTH or len(descriptors) < 3 or is_reduced(peer_of(connection)):
        return 1
    length, content = int.from_bytes(head, "big"), b""
    while len(content) < length and (part := connection.recv(length - len(content))):
        content += part
    request = json.loads(content)
    worker = os.fork()
    if worker == 0:
        with finished():
            connection.close()
            os._exit(work(request, descriptors))
    for descriptor in descriptors:
        os.close(descriptor)
    connection.sendall(b"+")
    process = os.pidfd_open(worker)
    ready = select.select([process, connection], [], [])[0]
    if process not in ready:
        os.kill(worker, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
    if process in ready:
        connection.sendall(code.to_bytes(LENGTH, "big", signed=True))
    return 0


def peer_of(connection: socket.socket) -> int:
    """Return the process id at the other end."""
    found: int = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
    return found


def is_reduced(pid: int) -> bool:
    """Return whether a process has given up rights, as a method's process does (mossfuse.benchmark.run.guard)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return "NoNewPrivs:\t0" not in status


@contextmanager
def finished() -> Iterator[None]:
    """Leave the process with status 1 where the block raises, so that nothing of its parent's goes on in it."""
    try:
        yield
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def work(request: dict[str, list[str]], descriptors: list[int]) -> int:
    """Do what is asked for in this process, which has become the asker's, and return the exit status."""
    die_with_parent()
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = open(0, encoding="utf-8", closefd=False)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
    os.chdir(str(request["cwd"]))
    os.environ.clear()
    os.environ.update(request["environ"])
    tempfile.tempdir = None  # it follows the environment
    code = 0
    try:
        if "verb" in request:
            sys.argv = ["mossfuse", *request["verb"]]
            code = main(request["verb"])
        else:
            sys.argv = ["child", *request["child"]]
            run_child(*request["child"])
    except SystemExit as stopped:
        code = stopped.code if isinstance(stopped.code, int) else 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    serve(*sys.argv[1:])
