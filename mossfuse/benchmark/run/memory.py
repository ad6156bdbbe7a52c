"""Measure the memory of this process."""

import resource
import sys
from pathlib import Path


def peak_rss_mb():
    """Return the largest resident memory of this process so far, in MiB.

    On Linux from /proc: ru_maxrss of a child starts at what its parent held when it was forked.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 1024


def peak_gpu_mb(device):
    """Return the largest memory that torch has held on the GPU so far, in MiB; None on a CPU."""
    if device != "cuda":
        return None
    import torch

    return round(torch.cuda.max_memory_allocated() / 2**20, 1)
