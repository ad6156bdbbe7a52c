"""Point spread functions as explicit arrays, and the geometry of the official protocol."""

import numpy as np


def gaussian_psf(size, sigma, angle=0.0, centre=(0.0, 0.0)):
    """Sampled Gaussian on a ``size`` x ``size`` grid, (size, size) float64, sums to 1.

    size: int or (rows, cols). sigma: pixels, a scalar or (along, across); angle: degrees by which the long
    axis is turned from the row axis towards the column axis. centre: (row, col) of the peak, in pixels
    from the window's middle. An isotropic one equals the outer product of cv2.getGaussianKernel(size, sigma).
    """
    rows, cols = (size, size) if np.isscalar(size) else size
    along, across = (sigma, sigma) if np.isscalar(sigma) else sigma
    r = np.arange(rows) - (rows - 1) / 2 - centre[0]
    c = np.arange(cols) - (cols - 1) / 2 - centre[1]
    t = np.deg2rad(angle)
    u = r[:, None] * np.cos(t) + c[None] * np.sin(t)
    v = -r[:, None] * np.sin(t) + c[None] * np.cos(t)
    distance = (u / along) ** 2 + (v / across) ** 2
    kernel = np.exp(-0.5 * (distance - distance.min()))  # a peak far from every pixel leaves something, too
    return kernel / kernel.sum()


def box_psf(size):
    """Uniform average over ``size`` x ``size`` pixels, (size, size) float64."""
    return np.full((size, size), 1.0 / size**2)


def separable_factors(psf, tolerance=1e-7):
    """(row factor, col factor) with ``outer(row, col) == psf``, or None where the PSF is not separable."""
    row, col = psf.sum(1), psf.sum(0)
    product = np.outer(row, col) / psf.sum()
    return (
        (row / row.sum(), col * (row.sum() / psf.sum()))
        if np.abs(product - psf).max() <= tolerance * psf.max()
        else None
    )
