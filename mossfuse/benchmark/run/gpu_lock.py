"""Give each job of a workflow a GPU of its own, or a share of one, by lock files that all jobs of a machine have in common.

Of each GPU there is NAME.lock, which a job that needs the GPU for itself holds alone and jobs that share it hold together; NAME.N.lock, the
places of those that share it, one job each; and NAME.next.lock, held by a job that waits for the whole GPU: meanwhile no job takes a share.
"""

import logging
import os
import shutil
import subprocess
import time
from pathlib import Path

# One place for all users of a machine, whatever TMPDIR says; names are those of CUDA_VISIBLE_DEVICES.
FOLDER = Path("/tmp")
FITS = "MOSSFUSE_FITS_PER_GPU"  # the configuration's fits_per_gpu, as the workflow hands it to its jobs
SHARED = {}  # entry of the record of a run that may share its GPU
HELD = []  # open lock files; the system releases them when this process ends, however it ends
log = logging.getLogger(__name__)


def fits_per_gpu():
    """Return how many fits may share a GPU, as the workflow that started this job says; 1 outside a workflow."""
    return int(os.environ.get(FITS) or 1)


def claim_gpu(poll_s=1.0, folder=None, fits=1):
    """Hide every GPU but one from this process and its children: a free one, or one with a place left.

    Waits while all are taken: by other jobs of this workflow, which starts no more of them than there is room for, or by workflows of any user of
    this machine. Does nothing without a GPU, and where something else has chosen already (one entry in CUDA_VISIBLE_DEVICES,
    as SLURM sets it). fits: how many fits may use the GPU together, this one among them; 1: nothing runs beside it. folder:
    of the lock files; None: FOLDER.
    """
    names = visible_gpus()
    if names and fits > 1:
        SHARED["fits_per_gpu"] = fits
    if not names or os.name == "nt" or os.environ.get("CUDA_VISIBLE_DEVICES", "").strip() == names[0]:
        return
    places = {name: Path(folder or FOLDER) / f"mossfuse-gpu-{name}" for name in names}
    waiting, said = [], False
    try:
        while True:
            for name, held in attempts(places, fits):
                if held:
                    HELD.extend(held)
                    os.environ["CUDA_VISIBLE_DEVICES"] = name
                    return
            if fits == 1 and not waiting:
                waiting = next(filter(None, (take({f"{place}.next.lock": True}) for place in places.values())), [])
            if not said:
                log.info("waiting for a free GPU: %s are taken by other jobs on this machine", ", ".join(names))
                said = True
            time.sleep(poll_s)
    finally:
        release(waiting)


def attempts(places, fits):
    """Yield (name of a GPU, locks taken, or []) for every way to use one: the first places of all GPUs before their second ones."""
    if fits == 1:
        yield from ((name, take({f"{place}.lock": True})) for name, place in places.items())
        return
    for number in range(fits):
        for name, place in places.items():
            entrance = take({f"{place}.next.lock": False})
            held = take({f"{place}.lock": False, f"{place}.{number}.lock": True}) if entrance else []
            release(entrance)
            yield name, held


def take(wanted):
    """Return the open files of {lock file: alone?}, or [] where one of them is held otherwise."""
    import fcntl

    held = []
    for path, alone in wanted.items():
        held.append(open_lock(path))
        try:
            fcntl.flock(held[-1], (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            release(held)
            return []
    return held


def release(held):
    """Close lock files, which sets free what they stand for."""
    for lock in held:
        lock.close()


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
    lines = listing.stdout.splitlines() if listing.returncode == 0 else []
    return [str(n) for n in range(sum(line.startswith("GPU ") for line in lines))]  # slices have lines of their own
