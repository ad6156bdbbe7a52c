"""Separable interpolation of images: MATLAB's imresize, cubic splines on the true lattice, the toolbox's 45-tap filter.

Every interpolator is two small matrices, one per axis, so resizing a cube is two matrix products.
"""

import numpy as np

from mossfuse.physics.interpolation import upsample_spline

FIR_TAPS = 44  # order of the interpolation filter of the hyperspectral toolboxes (Yokoya et al., GRSM 2017)


def imresize(image, shape, kernel="bicubic"):
    """Resize as MATLAB's ``imresize(image, shape, kernel)`` with antialiasing: (rows, cols[, C]) -> (*shape[, C])
    float64.

    kernel: 'bicubic' (Keys, a = -0.5) or 'bilinear'. The kernel is widened by the ratio when the image shrinks.
    """
    rows, cols = (imresize_matrix(n, m, kernel) for n, m in zip(image.shape, shape, strict=False))
    return apply_separable(image, rows, cols)


def imresize_matrix(size, target, kernel="bicubic"):
    """Return the (target, size) matrix of MATLAB's imresize along one axis; symmetric border, rows sum to 1."""
    scale = target / size
    stretch = min(scale, 1.0)
    half_width = {"bicubic": 2, "bilinear": 1}[kernel] / stretch
    centre = (np.arange(target) + 0.5) / scale - 0.5
    taps = np.floor(centre - half_width)[:, None] + np.arange(int(np.ceil(2 * half_width)) + 2)[None]
    weights = {"bicubic": keys_cubic, "bilinear": triangle}[kernel]((centre[:, None] - taps) * stretch)
    weights /= weights.sum(1, keepdims=True)
    folded = taps.astype(int) % (2 * size)
    return scatter(np.minimum(folded, 2 * size - 1 - folded), weights, size)


def spline_upsample(low, ratio, psf_shape, phase):
    """Upsample by cubic splines through the LR samples at the centres of their PSFs, (h * ratio, w * ratio, C) float64.

    low: (h, w, C); the centre of sample i along an axis is ``i * ratio + phase + (0.5 where the PSF's size is even)``.
    """
    centre = [p + (0.5 if k % 2 == 0 else 0.0) for k, p in zip(psf_shape, phase, strict=True)]
    return upsample_spline(low, ratio, centre).astype(np.float64)


def fir_upsample(low, ratio, start):
    """Insert zeros, with the first sample at ``start``, then apply the toolbox's circular 45-tap low-pass in both
    directions.

    low: (h, w, C); start: (row, col) of the first sample in the result. The filter spans 44 pixels whatever the ratio,
    so beyond ratio 16 or so the result ripples; it is kept because the toolbox's published results include it.
    """
    rows, cols = (fir_matrix(n, ratio, s) for n, s in zip(low.shape, start, strict=False))
    return apply_separable(low, rows, cols)


def fir_matrix(size, ratio, start):
    """Return the (size * ratio, size) matrix of ``fir_upsample`` along one axis."""
    from scipy.signal import firwin

    if ratio == 1:
        return np.eye(size)
    taps = ratio * firwin(FIR_TAPS + 1, 1 / ratio)
    target = (np.arange(size)[:, None] * ratio + start + np.arange(FIR_TAPS + 1) - FIR_TAPS // 2) % (size * ratio)
    return scatter(target, np.broadcast_to(taps, target.shape), size * ratio).T


def apply_separable(image, rows, cols):
    """Return rows @ image @ cols^T for every band; image (r, c[, C])."""
    along_rows = np.tensordot(rows, image, (1, 0))
    return np.moveaxis(np.tensordot(cols, along_rows, (1, 1)), 0, 1)


def scatter(index, weights, size):
    """Return a matrix (len(index), size) whose row i holds weights[i] at index[i]; repeated indices add up."""
    out = np.zeros((len(index), size))
    np.add.at(out, (np.arange(len(index))[:, None], index), weights)
    return out


def keys_cubic(x):
    """Evaluate the cubic convolution kernel with a = -0.5 (Keys 1981)."""
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))


def triangle(x):
    """Evaluate the linear interpolation kernel."""
    return np.maximum(1 - np.abs(x), 0.0)
