"""Q2^n, the hypercomplex quality index (Garzelli and Nencini, GRSL 2009), as the pansharpening toolboxes define it.

Spectra are hypercomplex numbers of 2^n components. Multiplication maps basis elements to signed basis elements
(e_i e_j = s_ij e_(i xor j)), so the hypercomplex covariance of a block follows from its real covariance matrix.
"""

from functools import cache

import numpy as np

from mossfuse.metrics.specification import Column, Metric, without_ratio

EPS = np.finfo(float).eps


def q2n(x: np.ndarray, y: np.ndarray, size: int = 32) -> float:
    """Return the mean modulus of Q2^n over blocks of ``size`` pixels, stride ``size``; 1 for identical cubes.

    The toolbox's conventions are kept: mirrored padding to whole blocks, each block normalised by mean and standard
    deviation of the reference (then + 1), bands padded to a power of two with zeros, which normalise to ones. Its
    rounding to uint16 is not: the cubes are floats.
    """
    pad = [(0, -n % size) for n in x.shape[:2]] + [(0, 0)]
    x, y = (np.pad(cube, pad, mode="symmetric") for cube in (x, y))
    blocks = [
        block_quality(x[i : i + size, j : j + size], y[i : i + size, j : j + size])
        for i in range(0, x.shape[0], size)
        for j in range(0, x.shape[1], size)
    ]
    return float(np.mean(blocks))


def block_quality(x: np.ndarray, y: np.ndarray) -> float:
    """Return the modulus of Q2^n of one block (rows, cols, bands)."""
    bands = x.shape[2]
    x, y = x.reshape(-1, bands), y.reshape(-1, bands)
    pixels = len(x)
    mean, spread = x.mean(0), x.std(0, ddof=1)
    spread[spread == 0] = EPS
    spread_y = np.where(mean == 0, 1.0, spread)  # the toolbox only shifts the estimate where the reference mean is 0
    components = 1 << (bands - 1).bit_length()
    a, b = np.ones((pixels, components)), np.ones((pixels, components))
    a[:, :bands] = (x - mean) / spread + 1
    b[:, :bands] = (y - mean) / spread_y + 1
    b[:, 1:] *= -1  # hypercomplex conjugate
    mean_a, mean_b = a.mean(0), b.mean(0)
    power_a, power_b = mean_a @ mean_a, mean_b @ mean_b
    bias = 2 * np.sqrt(power_a * power_b) / (power_a + power_b)
    a, b = a - mean_a, b - mean_b
    variances = (a * a).sum() + (b * b).sum()
    if variances == 0:
        return bias
    signed = signs(components) * (a.T @ b)
    index = np.bitwise_xor.outer(np.arange(components), np.arange(components))
    covariance = np.bincount(index.ravel(), signed.ravel(), components)
    return 2 * np.sqrt(covariance @ covariance) / variances * bias


@cache
def signs(components: int) -> np.ndarray:
    """Return s with e_i e_j = s_ij e_(i xor j), from the doubling (a, b)(c, d) = (ac - d* b, a* d* + c b*)."""
    if components == 1:
        return np.ones((1, 1))
    half = components // 2
    s = signs(half)
    star = np.where(np.arange(half) == 0, 1.0, -1.0)  # conjugation of basis elements
    out = np.empty((components, components))
    out[:half, :half] = s
    out[half:, half:] = -(s * star[:, None]).T
    out[:half, half:] = s * star[:, None] * star[None]
    out[half:, :half] = (s * star[None]).T
    return out


Q2N = Column("q2n", "Q2n", "", "higher", decimals=4, tie=1e-3, range=(0, 1), order=80, shown="table")
METRIC = Metric(
    "uqi.q2n_32",
    Q2N,
    without_ratio(q2n),
    "hypercomplex Q2^n, blocks of 32",
    "Vivone toolbox, HPT, Yokoya toolbox",
    ("std1", "pansharpening"),
)
