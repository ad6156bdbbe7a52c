"""How many threads the numeric libraries use, and how these wait. To be set before any of them is imported."""

import os
import re
from collections.abc import MutableMapping
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# Threads that have nothing to do sleep: by default they spin, and take the processor from those they wait for as soon as
# anything else runs on the machine (docs/speed.md).
PATIENCE = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0", "OPENBLAS_THREAD_TIMEOUT": "4"}
QUOTA = Path("/sys/fs/cgroup/cpu.max")


def pin_threads(variables: MutableMapping[str, str], threads: int | None = None) -> int:
    """Set the environment variables that numeric libraries read when they are loaded; return the number of threads.

    threads: None: what each variable says already, else that of OMP_NUM_THREADS, else every processor this process may use.
    A way of waiting that is set already is kept.
    """
    if threads is not None:
        variables.update(dict.fromkeys(THREADS, str(threads)))
    named = variables.get(THREADS[0], "")
    count = int(named) if re.fullmatch("[1-9][0-9]*", named) else processors()
    for name, value in {**dict.fromkeys(THREADS, str(count)), **PATIENCE}.items():
        variables.setdefault(name, value)
    return count


def processors(quota: Path = QUOTA) -> int:
    """Return how many processors this process may use: those it is bound to, or fewer where a container has a quota.

    quota: file of the kernel (cgroup 2) with the microseconds allowed in a period, and the period.
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        most, period = quota.read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return bound
    return bound if most == "max" else max(1, min(bound, round(int(most) / int(period))))
