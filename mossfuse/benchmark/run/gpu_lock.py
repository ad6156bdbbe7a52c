"""Give each job of a workflow a GPU of its own on a machine with several, by lock files that the jobs share."""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

HELD = []  # open lock files; the system releases them when this process ends, however it ends


def claim_gpu(poll_s=1.0, folder=None):
    """Hide every GPU but a free one from this process and its children; do nothing where there are fewer than two.

    Waits while all are taken (the workflow starts no more jobs than there are GPUs, so this is short). Where something
    else has chosen already (one entry in CUDA_VISIBLE_DEVICES, as SLURM sets it), that choice stands. folder: of the lock
    files; None: the system's temporary folder.
    """
    names = visible_gpus()
    if len(names) < 2 or os.name == "nt":
        return
    import fcntl

    folder = Path(folder or tempfile.gettempdir())
    while True:
        for name in names:
            path = folder / f"mossfuse-gpu-{os.getuid()}-{name}.lock"
            lock = open(path, "w", encoding="utf-8")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                continue
            HELD.append(lock)
            os.environ["CUDA_VISIBLE_DEVICES"] = name
            return
        time.sleep(poll_s)


def visible_gpus():
    """Return the names (numbers or UUIDs) of the GPUs that this process may use; [] without a driver."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return [name.strip() for name in chosen.split(",") if name.strip()]
    if not shutil.which("nvidia-smi"):
        return []
    listing = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True)
    return [str(n) for n in range(len(listing.stdout.splitlines()))] if listing.returncode == 0 else []
