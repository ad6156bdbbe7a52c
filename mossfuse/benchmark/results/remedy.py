"""What to do about a run that failed for lack of GPU memory, by the parameters that its record lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

GPU_MEMORY = "out of GPU memory"  # the reason that mossfuse.benchmark.run.child gives
# Parameters that decide how much memory is taken, with what to write.
SMALLER = {
    "tile": "params: {tile: 256}",
    "batch": "a smaller batch",
    "patch": "a smaller patch",
    "recompute": "recompute: true",
}


def with_remedy(record: Mapping[str, Any]) -> str:
    """Return the reason of a failed run or training; where its GPU was too small, with the options that take less memory.

    record: what run.json or train.json holds. The reason of a cell whose training or base failed stays as it is.
    """
    reason = str(record["reason"])
    if reason != GPU_MEMORY:
        return reason
    own = [text for name, text in SMALLER.items() if name in record.get("params", {})]
    ways = [f"give its row {' or '.join(own)}"] if own else []
    if "fits_per_gpu" in record:
        ways.append(f"let fewer fits share its GPU (it ran with fits_per_gpu: {record['fits_per_gpu']})")
    return f"{reason}; {', or '.join([*ways, 'run on the CPU (--resources gpu=0)'])}"
