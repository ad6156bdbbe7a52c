"""Circular blur and lattice sampling in the Fourier domain, on (..., rows, cols) numpy arrays."""

import numpy as np


def transfer_function(psf, shape):
    """Return the half-spectrum (rows, cols // 2 + 1) of the circular operator 'weighted sum of the window around a
    pixel'.

    psf: (k_rows, k_cols), laid out as in Sensor: the value of pixel p is sum_a psf[a] x[p - (k - 1) // 2 + a], so the
    transfer function is the conjugate of the PSF's transform. A PSF larger than the image is wrapped around.
    """
    grid = np.zeros(shape)
    rows, cols = (np.arange(k) - (k - 1) // 2 for k in psf.shape)
    np.add.at(grid, (rows[:, None] % shape[0], cols[None] % shape[1]), np.asarray(psf, np.float64))
    return np.conj(np.fft.rfft2(grid))


def lattice(phase, ratio, shape):
    """Return the index (rows, cols), for images of ``shape``, of the pixels on which the LR pixels' PSFs are centred.

    A phase outside the block leaves the image at one side and enters it at the other.
    """
    if all(0 <= p < ratio for p in phase):
        return slice(phase[0], None, ratio), slice(phase[1], None, ratio)
    rows, cols = ((p + ratio * np.arange(n // ratio)) % n for p, n in zip(phase, shape, strict=True))
    return np.ix_(rows, cols)
