"""The record of a run or a training: what was run, by which code, with which settings and inputs."""

from datetime import UTC, datetime
from pathlib import Path

from mossfuse.benchmark.run.gpu_lock import SHARED
from mossfuse.benchmark.run.provenance import code_state, versions
from mossfuse.files.atomic import read_json


def start_record(coordinates, *, params, threads, inputs, **facts):
    """Return the record of a run or training that is about to start.

    coordinates: its Cell or Training; inputs: name -> sha256 of each input (None: not used); facts: further entries.
    The outcome (status, reason, seconds, ...) is added when it has ended.
    """
    return {
        **vars(coordinates),
        "params": dict(params),
        "threads": threads,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        **code_state(),
        "inputs": inputs,
        **SHARED,
        **facts,
    }


def read_reason(path):
    """Return why a run or training failed, from its record; a general reason where there is no record."""
    path = Path(path)
    return read_json(path)["reason"] if path.exists() else f"it left no record {path}"
