"""Measured curves that are files of other people: read where they are, integrated over bands, negative tails set to 0."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from mossfuse.degradations.responses._integration import over_bands

Mirrors = Sequence[str | Path] | None


def from_file(file: str, key: str | None, columns: Sequence[int]) -> Callable[[Mirrors, str | Path | None], np.ndarray]:
    """Return the function ``table`` of a Response: channels are these columns of a table whose first column is in nm.

    file: name in the registry; key: variable of the file, or None for text with one line of names.
    """
    return partial(read, file, key, tuple(columns))


def read(
    file: str, key: str | None, columns: tuple[int, ...], mirrors: Mirrors, folder: str | Path | None
) -> np.ndarray:
    """Return the curves (channels, N) over bands, at every nm."""
    from mossfuse.files import read_array
    from mossfuse.remote.registry import obtain_file

    path = obtain_file(file, mirrors, folder).path
    table = np.loadtxt(path, delimiter=",", skiprows=1) if key is None else read_array(path, key)
    return over_bands(np.maximum(table[:, list(columns)].T, 0), table[:, 0])
