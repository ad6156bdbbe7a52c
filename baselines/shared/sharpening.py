"""Parts shared by component substitution and multiresolution analysis (Yokoya et al., IEEE GRSM 5(2), 2017)."""

import numpy as np

from .resize import imresize


def low_pass(image, shape):
    """Apply the toolbox's blind low-pass: antialiased bilinear imresize to ``shape[:2]``, float64."""
    return imresize(image, shape[:2], "bilinear")


def assign_bands(hsi, low_msi):
    """Return [(MSI band, indices of its HSI bands)]: each HSI band goes to the degraded MSI band it correlates with
    most.

    hsi: (h, w, B); low_msi: (h, w, M). Constant bands correlate with nothing and go to MSI band 0.
    """
    x, y = (standardise(image.reshape(-1, image.shape[2])) for image in (hsi, low_msi))
    best = (y.T @ x).argmax(0)
    return [(band, np.flatnonzero(best == band)) for band in range(y.shape[1]) if np.any(best == band)]


def standardise(columns):
    """Return columns with zero mean and unit norm; constant columns become zero."""
    centred = columns - columns.mean(0)
    norm = np.linalg.norm(centred, axis=0)
    live = norm > 1e-12 * np.sqrt(len(columns))
    return np.divide(centred, norm, out=np.zeros_like(centred), where=live)


def inject(bands, pan, intensity):
    """Return bands + cov(intensity, band) / var(intensity) * (pan - intensity), each band keeping its mean.

    bands: (rows, cols, K); pan, intensity: (rows, cols), zero mean. A constant intensity injects nothing.
    """
    detail = pan - intensity
    energy = (intensity**2).sum()
    live = energy > 1e-12 * (pan**2).sum()
    gains = np.tensordot(intensity, bands, ((0, 1), (0, 1))) / energy if live else np.zeros(bands.shape[2])
    return bands + (detail - detail.mean())[..., None] * gains


def affine_fit(low_msi, hsi):
    """Return weights (M, B) and offset (B,) of the least-squares regression of every HSI band on the MSI bands."""
    design = low_msi.reshape(-1, low_msi.shape[2])
    design = np.hstack([design, np.ones((len(design), 1))])
    solution = np.linalg.lstsq(design, hsi.reshape(-1, hsi.shape[2]), rcond=1e-9)[0]
    return solution[:-1], solution[-1]
