"""Measure what other processes take while something is timed: whether a clock was exclusive is measured, not assumed."""

import os
import time
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def other_work():
    """Yield a function that returns the processor seconds that other processes have taken since the block began.

    Other processes are all of this machine but this one; None where the system does not say (only Linux does). The steps of
    the system's counters are some 10 ms for each processor.
    """
    busy, own = busy_seconds(), time.process_time()
    yield lambda: None if busy is None else max(0.0, busy_seconds() - busy - (time.process_time() - own))


def busy_seconds():
    """Return the processor seconds that all processes of this machine have taken since its start; None if unknown."""
    try:
        line = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()
    except OSError:
        return None
    user, nice, system, _, _, interrupt, soft, steal = map(int, line[1:9])
    return (user + nice + system + interrupt + soft + steal) / os.sysconf("SC_CLK_TCK")
