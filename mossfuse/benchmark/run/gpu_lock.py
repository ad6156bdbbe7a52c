"""Give each job of a workflow a GPU of its own on a machine with several, by lock files that the jobs share."""

import logging
import os
import shutil
import subprocess
import time
from pathlib import Path

# One place for all users of a machine, whatever TMPDIR says; names are those of CUDA_VISIBLE_DEVICES.
FOLDER = Path("/tmp")
HELD = []  # open lock files; the system releases them when this process ends, however it ends
log = logging.getLogger(__name__)


def claim_gpu(poll_s=1.0, folder=None):
    """Hide every GPU but a free one from this process and its children; do nothing where there are fewer than two.

    Waits while all are taken: by other jobs of this workflow, which starts no more of them than there are GPUs, or by workflows of any user of
    this machine. Where something else has chosen already (one entry in CUDA_VISIBLE_DEVICES, as SLURM sets it), that choice
    stands. folder: of the lock files; None: FOLDER.
    """
    names = visible_gpus()
    if len(names) < 2 or os.name == "nt":
        return
    import fcntl

    said = False
    while True:
        for name in names:
            lock = open_lock(Path(folder or FOLDER) / f"mossfuse-gpu-{name}.lock")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                continue
            HELD.append(lock)
            os.environ["CUDA_VISIBLE_DEVICES"] = name
            return
        if not said:
            log.info("waiting for a free GPU: %s are taken by other jobs on this machine", ", ".join(names))
            said = True
        time.sleep(poll_s)


def open_lock(path):
    """Return a lock file, open for reading: made where there is none yet, and perhaps another user's."""
    before = os.umask(0o022)  # every user of the machine has to be able to read it
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL, 0o644))
    except FileExistsError:
        pass
    finally:
        os.umask(before)
    return open(path, "rb")


def visible_gpus():
    """Return the names (numbers or UUIDs) of the GPUs that this process may use; [] without a driver."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return [name.strip() for name in chosen.split(",") if name.strip()]
    if not shutil.which("nvidia-smi"):
        return []
    listing = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True)
    return [str(n) for n in range(len(listing.stdout.splitlines()))] if listing.returncode == 0 else []
