"""SRF: a camera with two channels, the shorter and the longer half of 400-700 nm."""

import numpy as np

from mossfuse import Response


def table(mirrors, folder):
    """Return (channels, wavelengths), non-negative; the benchmark interpolates it and divides every row by its sum."""
    return np.array([[1, 1, 0, 0], [0, 0, 1, 1]])


RESPONSE = Response(
    name="two-halves",  # written 'twohalves' in the name of a degradation
    title="Two halves of the visible range",
    citation="none (example)",
    table=table,
    wavelengths=(400, 549, 551, 700),
)
