"""How measured spectra combine: Kubelka-Munk paint, Beer-Lambert dye, linear mixtures.

Reflectances are float arrays (..., bands) in [0, 1].
"""

import numpy as np

PAINT_RANGE = (0.003, 0.995)
DYE_FLOOR = 0.004


def absorption(reflectance):
    """Return K/S = (1 - R)^2 / (2 R) of an opaque layer (Kubelka and Munk 1931); R is clipped to [.003, .995]."""
    clipped = np.clip(reflectance, *PAINT_RANGE)
    return (1 - clipped) ** 2 / (2 * clipped)


def reflectance_of(absorption):
    """Invert ``absorption``: R = 1 + k - sqrt(k^2 + 2 k), in (0, 1] for k >= 0."""
    return 1 + absorption - np.sqrt(absorption * absorption + 2 * absorption)


def paint(first, second, share):
    """Mix two paints (Kubelka-Munk): (1 - share) of ``first``, ``share`` of ``second``."""
    return reflectance_of((1 - share) * absorption(first) + share * absorption(second))


def dye(reflectance, depth):
    """Return the spectrum seen through ``depth`` times the layer (Beer-Lambert): R^depth, R kept above .004."""
    return np.clip(reflectance, DYE_FLOOR, 1) ** depth


def softmax(scores):
    """Return weights (..., k) that are positive and sum to 1 over the last axis."""
    weights = np.exp(scores)
    weights /= weights.sum(-1, keepdims=True)
    return weights
