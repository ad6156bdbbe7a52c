"""Labels of a prepared scene: what a dataset knows of it beside the cube, for the metrics alone.

They lie in the file of the truth, which no method reads: a map of anomalies, endmembers and abundances.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mossfuse.errors import MossFuseError

RESERVED = ("cube", "wavelengths", "picture")


def check_labels(labels: Any, what: str) -> None:
    """Raise MossFuseError unless a dataset's labels are a mapping from names to finite arrays of numbers.

    what: the scene, for messages.
    """
    if not isinstance(labels, Mapping):
        raise MossFuseError(f"labels of {what} must be a mapping from names to arrays, not {type(labels).__name__}")
    for name, array in labels.items():
        if not isinstance(name, str) or not name.isidentifier() or name in RESERVED:
            raise MossFuseError(
                f"labels of {what}: {name!r} cannot be a label; use a name other than {', '.join(RESERVED)}"
            )
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf" or not np.isfinite(array).all():
            raise MossFuseError(f"labels of {what}: '{name}' must be an array of finite numbers")


def read_truth(path: str | Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return (cube, facts) of a prepared scene: facts are its wavelengths (bands,) in nm and its labels, by name (Metric.needs)."""
    from mossfuse.files import read_variables

    facts = read_variables(path)
    cube = facts.pop("cube")
    facts["wavelengths"] = np.ravel(facts["wavelengths"]).astype(np.float64)
    return cube, facts
