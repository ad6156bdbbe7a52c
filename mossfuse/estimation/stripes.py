"""Stripes of a push-broom HSI: a separate offset for every column (or row) and band, found with the help of the MSI.

What an affine map of the blurred MSI leaves of the HSI is rotated to its principal components. A stripe is what a column
of them has in common over all rows; the same figure across the other direction shows how much of that is scene.
"""

import numpy as np

CONVINCING = 5.0  # stripes' power over that of scene and noise, in the median of the leading components, from which they are believed
SMALLEST = 8  # columns and rows needed


def find_stripes(hsi: np.ndarray, low_msi: np.ndarray) -> np.ndarray | None:
    """Return the stripes (1, w, B) or (h, 1, B) of an HSI (h, w, B) beside the blurred MSI (h, w, M); None if there are none."""
    if min(hsi.shape[:2]) < SMALLEST:
        return None
    known = np.concatenate([low_msi, np.ones((*hsi.shape[:2], 1))], 2).reshape(-1, low_msi.shape[2] + 1)
    seen = hsi.reshape(len(known), -1).astype(np.float64)
    rest = (seen - known @ np.linalg.lstsq(known, seen, rcond=None)[0]).reshape(hsi.shape)
    turn = np.linalg.eigh(np.einsum("hwb,hwc->bc", rest, rest))[1]
    parts = rest @ turn
    columns, rows = (along(parts.transpose(order)) for order in ((0, 1, 2), (1, 0, 2)))
    for (mean, power, within), (_, across, _), axis in ((columns, rows, 0), (rows, columns, 1)):
        other = np.maximum(across, within)
        rank = min(len(mean) - 1, len(turn))  # stripes fill no more components than there are stripes
        if np.median((np.log(power) - np.log(other))[-rank:]) > np.log(CONVINCING):
            share = np.maximum(1 - other / power, 0)
            return np.expand_dims((mean - mean.mean(0)) * share @ turn.T, axis)
    return None


def along(parts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (means (w, K), their power, what that would be without stripes), of components (h, w, K), from neighbours' differences.

    Powers (K,) are those of one pixel: of the mean of n pixels, times n.
    """
    step = np.diff(parts, axis=1)
    tiny = np.finfo(float).tiny
    power = len(parts) * (step.mean(0) ** 2).mean(0) / 2
    within = step.var(0, ddof=1).mean(0) / 2
    return parts.mean(0), np.maximum(power, tiny), np.maximum(within, tiny)
