"""What detectors do beside white noise. Images are (rows, cols, bands) float64; draws come from a generator that the caller seeds."""

from __future__ import annotations

import numpy as np

CLOUD = 0.9  # reflectance of a cloud in every band
WIDTHS = 8  # clouds are about a part of the shorter side: sigma of the smoothing is that side over this number


def add_column_offsets(image: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    """Return the image with stripes: every column of every band gets an offset, Gaussian with sigma = level x the band's root mean square."""
    rms = np.sqrt((image**2).mean((0, 1)))
    return image + level * rms * random.standard_normal(image.shape[1:])[None]


def count_photons(image: np.ndarray, full: float, random: np.random.Generator) -> np.ndarray:
    """Return the image as photons counted: Poisson with mean full x value, over ``full``; negative values count nothing."""
    return random.poisson(full * np.maximum(image, 0)) / full


def saturate(image: np.ndarray, level: float) -> np.ndarray:
    """Return the image with everything above ``level`` at that level."""
    return np.minimum(image, level)


def silence_bands(image: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """Return the image with ``count`` bands, drawn at random, that are 0 everywhere."""
    out = image.copy()
    out[..., random.permutation(image.shape[2])[:count]] = 0
    return out


def cloud_mask(shape: tuple[int, int], share: float, random: np.random.Generator) -> np.ndarray:
    """Return where clouds are, (rows, cols) of True and False: the largest values of smoothed white noise, a ``share`` of the pixels."""
    from scipy.ndimage import gaussian_filter

    field = gaussian_filter(random.standard_normal(shape), min(shape) / WIDTHS, mode="mirror")
    covered = round(share * field.size)
    mask = np.zeros(field.size, bool)
    mask[np.argsort(field, axis=None, kind="stable")[field.size - covered :]] = True
    return mask.reshape(shape)


def cover(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the image with the reflectance of clouds where the mask is True."""
    return np.where(mask[..., None], CLOUD, image)
