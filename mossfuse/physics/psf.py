"""Point spread functions as explicit arrays, and the geometry of the official protocol."""

from collections.abc import Sequence

import numpy as np

Pixels = float | tuple[float, float]


def gaussian_psf(
    size: int | tuple[int, int], sigma: Pixels, angle: float = 0.0, centre: Sequence[float] | np.ndarray = (0.0, 0.0)
) -> np.ndarray:
    """Return a sampled Gaussian on a ``size`` x ``size`` grid, (size, size) float64, sums to 1.

    size: int or (rows, cols). sigma: pixels, a scalar or (along, across); angle: degrees by which the long
    axis is turned from the row axis towards the column axis. centre: (row, col) of the peak, in pixels
    from the window's middle. An isotropic one equals the outer product of cv2.getGaussianKernel(size, sigma).
    """
    rows, cols = np.broadcast_to(size, 2)
    along, across = np.broadcast_to(sigma, 2)
    r = np.arange(rows) - (rows - 1) / 2 - centre[0]
    c = np.arange(cols) - (cols - 1) / 2 - centre[1]
    t = np.deg2rad(angle)
    u = r[:, None] * np.cos(t) + c[None] * np.sin(t)
    v = -r[:, None] * np.sin(t) + c[None] * np.cos(t)
    distance = (u / along) ** 2 + (v / across) ** 2
    kernel = np.exp(-0.5 * (distance - distance.min()))  # never all zero, even if the peak is far from every pixel
    return kernel / kernel.sum()


def box_psf(size: int) -> np.ndarray:
    """Return the uniform average over ``size`` x ``size`` pixels, (size, size) float64."""
    return np.full((size, size), 1.0 / size**2)


def separable_factors(psf: np.ndarray, tolerance: float = 1e-7) -> tuple[np.ndarray, np.ndarray] | None:
    """Return (row factor, col factor) with ``outer(row, col) == psf``, or None if the PSF is not separable."""
    row, col = psf.sum(1), psf.sum(0)
    product = np.outer(row, col) / psf.sum()
    return (
        (row / row.sum(), col * (row.sum() / psf.sum()))
        if np.abs(product - psf).max() <= tolerance * psf.max()
        else None
    )
