"""PSF family: the Moffat function (1 + (distance / radius)^2)^-power, the PSF of a telescope below the atmosphere."""

import numpy as np

from mossfuse import Parameter, PsfFamily


def kernel(size, radius, power):
    """Return (size, size) float64, non-negative, sums to 1; radius in pixels."""
    rows, cols = np.mgrid[:size, :size] - (size - 1) / 2
    values = (1 + (rows**2 + cols**2) / radius**2) ** -power
    return values / values.sum()


PSF = PsfFamily(
    name="moffat",
    title="Moffat",
    citation="A. F. J. Moffat, Astronomy and Astrophysics 3, 455 (1969)",
    kernel=kernel,
    spellings=("moffat{size}r{radius}p{power}",),  # moffat5r1.5p2 in the name of a degradation
    params={"size": Parameter.count(5), "radius": Parameter.positive(1.5), "power": Parameter.positive(2.0)},
)
