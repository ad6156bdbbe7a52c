"""How a camera records an image: vignetting, gamma curve, quantisation. Images are (rows, cols, bands) float64."""

import numpy as np


def vignette(image: np.ndarray, strength: float) -> np.ndarray:
    """Return the image times 1 - strength d^2, d the distance from the centre over that of the corner pixels."""
    rows, cols = (np.arange(n) - (n - 1) / 2 for n in image.shape[:2])
    square = rows[:, None] ** 2 + cols[None] ** 2
    return image * (1 - strength * square / max(square.max(), np.finfo(float).tiny))[..., None]


def encode_gamma(image: np.ndarray, gamma: float) -> np.ndarray:
    """Return max(image, 0) ** (1 / gamma)."""
    return np.maximum(image, 0) ** (1 / gamma)


def quantise(image: np.ndarray, bits: int) -> np.ndarray:
    """Return the image clipped to [0, 1] and rounded to multiples of 1 / (2^bits - 1)."""
    steps = 2**bits - 1
    return np.round(np.clip(image, 0, 1) * steps) / steps
