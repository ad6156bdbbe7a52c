"""The PSFs of the HyperBench package: a 15 x 15 kernel with s = 3.4, then the mean over ratio x ratio pixels (``hbgaussian8``).

Written from its formulas. Some are not what their name says: its "airy" has a modified Bessel function, so that the ring of pixels around the
middle is about nine times as bright as the middle (``hbairy``; the Airy disc with the same argument is ``hbdisc``), and its first Hermite
function is 0 in the middle (``hbhermite``). Its signed "sinc" is left out: PSFs here have no negative weights. At an even ratio and the
official phase, with the border ``-zero``, a pair has that package's LR, before its noise.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from mossfuse.protocol import Parameter, PsfFamily

RADIUS, S = 7, 3.4
AIRY_ZERO = 2.33811  # the argument's factor in the package's formula
CITATION = "R. Shah et al.: HyperBench, arXiv 2605.21671, 2026; package hyperbench 0.1.0 (MIT)"
Shape = Callable[[np.ndarray, np.ndarray], np.ndarray]


def modified_airy(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return (2 K1(z) / z)^2 with 1 in the middle, as the package has it."""
    from scipy.special import k1

    return bessel(k1, y, x)


def airy_disc(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return (2 J1(z) / z)^2, the diffraction pattern of a round aperture."""
    from scipy.special import j1

    return bessel(j1, y, x)


def bessel(function: Callable[[np.ndarray], np.ndarray], y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return (2 f(z) / z)^2 with z proportional to the distance, 1 in the middle."""
    z = AIRY_ZERO * np.hypot(y, x) / S
    safe = np.where(z > 0, z, 1)
    return np.where(z > 0, (2 * function(safe) / safe) ** 2, 1)


# Name, what it is, and its value at (rows, cols) from the middle.
SHAPES: dict[str, tuple[str, Shape]] = {
    "gaussian": ("Gaussian", lambda y, x: np.exp(-(x**2 + y**2) / (2 * S**2))),
    "kolmogorov": ("long exposure, exp(-(rho / s)^(5/3))", lambda y, x: np.exp(-((np.hypot(y, x) / S) ** (5 / 3)))),
    "airy": ("what the package calls Airy: a ring", modified_airy),
    "disc": ("Airy disc: corrected, no PSF of the package", airy_disc),
    "moffat": ("Moffat, exponent 3.5", lambda y, x: (1 + (x**2 + y**2) / S**2) ** -3.5),
    "lorentzian": ("Lorentzian, 1 / (1 + (rho / s)^4)", lambda y, x: 1 / (1 + (np.hypot(y, x) / S) ** 4)),
    "hermite": ("what the package calls Hermite: a ring", lambda y, x: np.hypot(y, x) * np.exp(-(x**2 + y**2) / (2 * S**2))),
    "parabolic": ("parabola, max(0, 1 - (rho / s)^2)", lambda y, x: np.maximum(0, 1 - (x**2 + y**2) / S**2)),
    "gabor": ("what the package calls Gabor: a Gaussian twice as wide along the rows", lambda y, x: np.exp(-(x**2 + y**2 / 4) / (2 * S**2))),
    "delta": ("delta, no blur of its own", lambda y, x: ((x == 0) & (y == 0)).astype(float)),
}  # fmt: skip


def kernel(shape: Shape, ratio: int) -> np.ndarray:
    """Return the kernel over its sum, convolved with the mean over ratio x ratio pixels: (14 + ratio, 14 + ratio)."""
    along = np.arange(-RADIUS, RADIUS + 1, dtype=float)
    values = shape(along[:, None], along[None])
    mean = np.full(ratio, 1 / ratio)
    rows = np.apply_along_axis(np.convolve, 0, values / values.sum(), mean)
    return np.apply_along_axis(np.convolve, 1, rows, mean)


PSFS = tuple(
    PsfFamily(
        name=f"hyperbench-{name}",
        title=f"HyperBench: {title}; then the mean over ratio x ratio pixels",
        citation=CITATION,
        kernel=partial(kernel, shape),
        spellings=(f"hb{name}{{ratio}}",),
        params={"ratio": Parameter.count(8)},
    )
    for name, (title, shape) in SHAPES.items()
)
