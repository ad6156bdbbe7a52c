"""Check what a method's ``fuse`` or ``train`` returned; every mistake of a method file is one sentence.

The benchmark's child process, ``mossfuse fuse`` and ``mossfuse bench check`` all ask here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mossfuse.errors import MossFuseError
from mossfuse.protocol import Fusion, Observation

if TYPE_CHECKING:
    import numpy as np

NUMBERS = "fiub"  # kinds of NumPy types: float, int, unsigned, bool


def check_fusion(fusion: Any, observation: Observation) -> Fusion:
    """Return the Fusion with a float32 cube and arrays of estimates; raise MossFuseError where it cannot be used.

    The cube must be (H, W, B) for msi (H, W, M) and hsi (h, w, B), and finite in float32; psf_hat a finite matrix;
    srf_hat a finite (M, B); phase_hat two whole numbers; history equally long columns by name; notes plain values.
    """
    import numpy as np

    if not isinstance(fusion, Fusion):
        raise MossFuseError(
            f"the method returned {describe(fusion)} instead of a Fusion; end fuse with `return Fusion(cube=...)`"
        )
    bands = observation.hsi.shape[2]
    phase = fusion.phase_hat
    return replace(
        fusion,
        cube=check_cube(fusion.cube, (*observation.msi.shape[:2], bands)),
        psf_hat=None if fusion.psf_hat is None else check_estimate(fusion.psf_hat, "psf_hat"),
        srf_hat=None
        if fusion.srf_hat is None
        else check_estimate(fusion.srf_hat, "srf_hat", (observation.msi.shape[2], bands)),
        phase_hat=None if phase is None else check_phase(np.ravel(phase)),
        history=check_history(fusion.history),
        notes=check_notes(fusion.notes),
    )


def check_cube(cube: Any, expected: tuple[int, ...]) -> np.ndarray:
    """Return the cube as float32; raise MossFuseError unless it has the expected shape and is finite."""
    import numpy as np

    array = as_numbers(cube, "cube")
    with np.errstate(over="ignore"):  # what float32 cannot hold is refused as infinite below
        array = array.astype(np.float32, copy=False)
    if array.shape != expected:
        raise MossFuseError(f"the method returned a cube of shape {array.shape}, the scene needs {expected}")
    bad = int((~np.isfinite(array)).sum())
    if bad:
        kind = "NaN" if np.isnan(array).any() else "infinite"
        raise MossFuseError(f"the method returned {kind} values in {bad} of {array.size} samples")
    return array


def check_estimate(value: Any, name: str, shape: tuple[int, int] | None = None) -> np.ndarray:
    """Return an estimate as an array; raise MossFuseError unless it is a finite matrix (of ``shape`` where given)."""
    import numpy as np

    array = as_numbers(value, name)
    if array.ndim != 2 or shape not in (None, array.shape):
        needed = "two axes" if shape is None else f"shape {shape}"
        raise MossFuseError(f"the method returned {name} of shape {array.shape}, it needs {needed}")
    if not np.isfinite(array).all():
        raise MossFuseError(f"the method returned {name} with NaN or infinite values")
    return array


def check_phase(phase: np.ndarray) -> tuple[int, int]:
    """Return the phase as two whole numbers; raise MossFuseError for anything else."""
    if phase.shape != (2,) or phase.dtype.kind not in NUMBERS or any(value != int(value) for value in phase):
        raise MossFuseError(f"the method returned phase_hat {phase.tolist()}; it needs two whole numbers (row, column)")
    return int(phase[0]), int(phase[1])


def check_history(history: Any, function: str = "fuse") -> dict[str, list]:
    """Return the columns of a history as lists; raise MossFuseError unless it maps names to equally long columns."""
    wanted = "it needs columns by name, such as {'step': [0, 50], 'loss': [0.3, 0.1]}"
    if not isinstance(history, Mapping):
        raise MossFuseError(f"{function} returned the history as {describe(history)}; {wanted}")
    columns = {}
    for name, column in history.items():
        if (
            isinstance(column, str | bytes | Mapping)
            or not hasattr(column, "__len__")
            or not hasattr(column, "__iter__")
        ):
            raise MossFuseError(f"{function} returned '{name}' of the history as {describe(column)}; {wanted}")
        columns[str(name)] = list(column)
        if any(isinstance(value, Mapping | list | tuple) for value in columns[str(name)]):
            raise MossFuseError(f"{function} returned '{name}' of the history as a column of collections; {wanted}")
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        sizes = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise MossFuseError(f"{function} returned columns of unequal length in the history ({sizes}); {wanted}")
    return columns


def check_notes(notes: Any) -> dict[str, Any]:
    """Return the notes as a dict; raise MossFuseError unless they are plain values by name, which JSON can hold."""
    if not isinstance(notes, Mapping):
        raise MossFuseError(f"the method returned notes as {describe(notes)}; they must be values by name")
    for name, value in notes.items():
        try:
            json.dumps(value, default=lambda v: v.tolist())
        except (TypeError, ValueError, AttributeError):
            raise MossFuseError(
                f"the method returned note '{name}' as {describe(value)}; notes are numbers, strings or lists of them"
            ) from None
    return dict(notes)


def as_numbers(value: Any, name: str) -> np.ndarray:
    """Return ``value`` as an array of real numbers; raise MossFuseError where it cannot be one."""
    import numpy as np

    try:
        array = np.asarray(value)
    except Exception as error:  # a tensor that needs its gradient or lies on a GPU, a ragged list
        reason = " ".join(str(error).split())
        raise MossFuseError(f"the method returned a {name} that cannot become a NumPy array ({reason})") from error
    if array.dtype.kind not in NUMBERS:
        raise MossFuseError(f"the method returned a {name} that is {describe(value)}, not an array of real numbers")
    return array


def describe(value: Any) -> str:
    """Return 'None', or what kind of object a value is."""
    if value is None:
        return "None"
    dtype = getattr(value, "dtype", None)
    return (
        f"{type(value).__name__} of type {dtype}" if dtype is not None else f"an object of type {type(value).__name__}"
    )
