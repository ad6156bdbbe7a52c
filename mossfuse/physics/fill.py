"""Pixels that were not measured: filled smoothly before a method sees the pair, so that they disturb nothing around them.

Methods take whole images. A filled pixel continues its surroundings (the mean of what is measured, at the finest
scale that reaches it), HR's filled from LR's point of view too, so that the sensor model holds across the gap. What was filled is no-data in the result.
"""

import numpy as np
from scipy.ndimage import map_coordinates, uniform_filter

from mossfuse.errors import MossFuseError

COMPONENTS = 12  # of the image that predicts
FEWEST_BLOCKS = 20
MEASURED_LEAST = 0.1  # share of the common area that must be measured in both images


def joint_mask(
    low: np.ndarray | None, high: np.ndarray | None, ratio: int, names: tuple[str, str]
) -> np.ndarray | None:
    """Return (H, W) False for HR's pixels that are not measured, or whose LR pixel is not; None where everything is.

    low: (h, w), high: (H, W), or None. Raises MossFuseError where less than MEASURED_LEAST of the area is left.
    """
    if low is None and high is None:
        return None
    parts = [] if low is None else [at_high_resolution(low, ratio)]
    parts += [] if high is None else [high]
    mask = np.asarray(np.logical_and.reduce(parts), bool)
    if mask.mean() < MEASURED_LEAST:
        raise MossFuseError(
            f"only {100 * mask.mean():.2g} % of the common area is measured in both {names[0]} and {names[1]}; choose another pair"
        )
    return np.asarray(mask)


def at_high_resolution(low: np.ndarray, ratio: int) -> np.ndarray:
    """Return LR's mask (h, w) at HR's pixels, (h ratio, w ratio)."""
    return np.asarray(np.kron(low, np.ones((ratio, ratio), bool)), bool)


def blocks_measured(mask: np.ndarray, ratio: int) -> np.ndarray:
    """Return (h, w): whether every HR pixel of an LR pixel's block was measured."""
    h, w = (n // ratio for n in mask.shape)
    return np.asarray(mask[: h * ratio, : w * ratio].reshape(h, ratio, w, ratio).all((1, 3)))


def fill(image: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Return the image (rows, cols, bands), float32, its pixels that were not measured replaced by means of measured ones around.

    The means are taken over windows of 3, 5, 9, 17, ... pixels, the smallest that holds a measured pixel.
    """
    out = np.where(measured[..., None], image, 0).astype(np.float32)
    known, side = measured.copy(), 3
    while not known.all():
        weight = uniform_filter(measured.astype(np.float32), side, mode="constant")
        reached = ~known & (weight > 0.5 / side**2)
        if reached.any():
            for band in range(out.shape[2]):
                values = np.where(measured, out[..., band], 0)
                sums = uniform_filter(values, side, mode="constant")
                out[..., band][reached] = sums[reached] / weight[reached]
            known |= reached
        side = 2 * side - 1
    return out


def fill_pair(
    low: np.ndarray, high: np.ndarray, low_measured: np.ndarray, high_measured: np.ndarray, ratio: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return LR (h, w, B) and HR (H, W, M), float32, without gaps, each gap filled from what the other image shows there.

    Where only one of the two was measured, an affine regression over the blocks that both measured predicts the other, so that
    the filled pair obeys one sensor; where neither was, the surroundings continue.
    """
    blocks = blocks_measured(high_measured, ratio)
    h, w = low.shape[:2]
    low_known = low_measured & np.isfinite(low).all(2)
    low, high = fill(low, low_known), fill(high, high_measured)
    means = high[: h * ratio, : w * ratio].reshape(h, ratio, w, ratio, -1).mean((1, 3))
    both = low_known & blocks
    if both.sum() < FEWEST_BLOCKS:
        return low, high
    lacking = blocks & ~low_known
    if lacking.any():
        low = np.where(lacking[..., None], predict(means, low, both), low).astype(np.float32)
    hidden = low_known[..., None] & ~blocks[..., None]
    if hidden.any():
        shown = np.where(hidden, predict(low, means, both), means)
        fine = np.stack([enlarge(band, ratio) for band in np.moveaxis(shown, 2, 0)], 2)
        high = np.where(high_measured[..., None], high, fine[: high.shape[0], : high.shape[1]]).astype(np.float32)
    return low, high


def predict(known: np.ndarray, wanted: np.ndarray, train: np.ndarray, components: int = COMPONENTS) -> np.ndarray:
    """Return ``wanted`` (h, w, bands) as an affine function of the leading components of ``known``, fitted on ``train`` (h, w)."""
    values = known.reshape(-1, known.shape[2]).astype(np.float64)
    chosen = train.ravel()
    mean = values[chosen].mean(0)
    basis = np.linalg.svd(values[chosen] - mean, full_matrices=False)[2][
        : max(1, min(components, int(chosen.sum()) // 10))
    ]
    features = np.column_stack([(values - mean) @ basis.T, np.ones(len(values))])
    target = wanted.reshape(-1, wanted.shape[2]).astype(np.float64)
    weights = np.linalg.lstsq(features[chosen], target[chosen], rcond=1e-6)[0]
    return (features @ weights).reshape(*known.shape[:2], -1)


def enlarge(band: np.ndarray, ratio: int) -> np.ndarray:
    """Return a band (h, w) at (h ratio, w ratio), linear between the blocks' centres."""
    axes = [(np.arange(n * ratio) + 0.5) / ratio - 0.5 for n in band.shape]
    return map_coordinates(band, np.meshgrid(*axes, indexing="ij"), order=1, mode="nearest")
