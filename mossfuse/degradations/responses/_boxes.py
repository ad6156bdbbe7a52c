"""Channels that are boxes between two wavelengths, for sensors of which only the band edges are known."""

from collections.abc import Sequence

import numpy as np

OPTICAL = tuple(range(350, 2601))


def boxes(edges: Sequence[tuple[float, float]]) -> np.ndarray:
    """Return (len(edges), len(OPTICAL)) float64: 1 from the lower to the upper edge (nm) of each channel, 0 elsewhere."""
    return np.array([[low <= nm <= high for nm in OPTICAL] for low, high in edges], np.float64)
