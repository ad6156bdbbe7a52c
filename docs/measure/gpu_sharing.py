"""Fit one method several times side by side on one device, each time in a process of its own, for docs/measure/gpu_check.py.

    python docs/measure/gpu_sharing.py METHOD DEVICE SIZE [NAME=VALUE ...]   # one fit: says 'ready', waits for a line, fits, prints its hash

The processes are started and warmed up first (imports, kernels); then all fits begin together.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PIPES, LOGS = "CUDA_MPS_PIPE_DIRECTORY", "CUDA_MPS_LOG_DIRECTORY"
SERVICE = "nvidia-cuda-mps-control"


def through_mps() -> bool:
    """Return whether NVIDIA's Multi-Process Service takes what the processes of this machine send to its GPUs."""
    return Path(os.environ.get(PIPES, "/tmp/nvidia-mps"), "control").exists()


@contextmanager
def service() -> Iterator[None]:
    """Start a Multi-Process Service of our own for the processes begun inside the block, and end it afterwards.

    Raises RuntimeError where its program is missing or does not start.
    """
    if not shutil.which(SERVICE):
        raise RuntimeError(f"there is no {SERVICE} here; it comes with NVIDIA's driver")
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {PIPES: folder, LOGS: folder}
        try:
            started = subprocess.run([SERVICE, "-d"], capture_output=True, text=True, timeout=30)
            if started.returncode:
                raise RuntimeError(f"{SERVICE} did not start: {(started.stderr or started.stdout).strip()}")
            yield
        finally:
            subprocess.run([SERVICE], input="quit\n", text=True, capture_output=True, timeout=30)
            for name in (PIPES, LOGS):
                del os.environ[name]


def side_by_side(count: int, method: str, device: str, size: int, **changes: object) -> tuple[float, set[str]]:
    """Return the seconds until ``count`` fits that began together have all ended, and the hashes of their cubes.

    changes: parameters of the method, over its preset 'paper'. Raises RuntimeError where a fit fails, with its last line.
    """
    words = [sys.executable, __file__, method, device, f"{size}", *(f"{key}={value}" for key, value in changes.items())]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipe = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    fits = [subprocess.Popen(words, env=environment, **pipe) for _ in range(count)]
    try:
        for fit in fits:
            expect(fit, "ready")
        began = time.perf_counter()
        for fit in fits:
            fit.stdin.write("go\n")
            fit.stdin.flush()
        found = {expect(fit) for fit in fits}
        return time.perf_counter() - began, found
    finally:
        for fit in fits:
            fit.kill()
            fit.communicate()


def expect(fit: subprocess.Popen, word: str | None = None) -> str:
    """Return the next line of a fit; raise RuntimeError where there is none, or another one than ``word``."""
    line = fit.stdout.readline().strip()
    if not line or (word and line != word):
        raise RuntimeError((fit.stderr.read().strip().splitlines() or [f"it said '{line}'"])[-1])
    return line


def one_fit(name: str, device: str, size: str, *changes: str) -> None:
    """Warm up, wait for a line, fit a synthetic pair of size x size at ratio 8 and print the hash of the cube."""
    sys.path.insert(0, str(ROOT))
    from mossfuse.benchmark.check.pairs import make_pair
    from mossfuse.methods import find_method
    from mossfuse.parameters import parse_changes

    method, module = find_method(name)
    pair, _ = make_pair(rows=int(size), cols=int(size), ratio=8)
    seen = replace(pair, sensor=pair.sensor.restricted_to(method.knows))
    for preset in ("smoke", "paper"):
        chosen = {**method.params, **method.presets[preset], **parse_changes(changes)}
        if preset == "paper":
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            sys.stdin.readline()
        cube = module.fuse(seen, seed=0, device=device, checkpoint=None, **chosen).cube
    sys.stdout.write(f"{hashlib.sha256(cube.tobytes()).hexdigest()}\n")


if __name__ == "__main__":
    one_fit(*sys.argv[1:])
