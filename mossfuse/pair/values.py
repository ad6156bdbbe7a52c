"""What the numbers of an image mean: refuse what is not a measurement, find the value that counts as 1.

Methods want values in [0, 1]. Integers are divided by the smallest 2^k - 1 (k >= 8) that holds the pair's largest value, so
12-bit counts in a 16-bit file fill the scale. Floating-point numbers stay as they are while their largest lies in USUAL
and are divided by that largest one otherwise. Both images share one divisor, because they share the scene's units;
images in different units (another camera's counts) get one each, so chosen that both are equally bright.
"""

import logging
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from mossfuse.errors import MossFuseError
from mossfuse.files import text
from mossfuse.files.scaling import USUAL, full_bits

NO_DATA = 0.5  # negative values beyond this share of the largest are no-data marks, not measurements
UNLIKE = 2.0  # brightness beyond the HSI's band means by this factor: other units
GAIN = 1.1  # a band this much brighter or darker than a known SRF predicts is reported
log = logging.getLogger(__name__)


def as_image(array: ArrayLike, name: str) -> np.ndarray:
    """Return the array as (rows, cols, bands); raise MossFuseError for NaN, no-data marks, one value everywhere."""
    image = np.asarray(array)
    image = image[..., None] if image.ndim == 2 else image
    if image.ndim != 3 or 0 in image.shape:
        raise MossFuseError(f"{name} has shape {text(image.shape)}; an image has rows, cols and bands")
    if image.dtype.kind not in "uif":
        raise MossFuseError(f"{name} holds values of type {image.dtype}, not real numbers; name another variable")
    lowest, largest = float(image.min()), float(image.max())
    if not np.isfinite(lowest + largest):
        bad = image.size - int(np.isfinite(image).sum())
        raise MossFuseError(
            f"{name} holds {bad} NaN or infinite values of {image.size}; fill or crop those pixels first"
        )
    if lowest == largest:
        raise MossFuseError(f"{name} is {lowest:g} everywhere; it shows nothing, so name another file or variable")
    if lowest < -NO_DATA * abs(largest):
        raise MossFuseError(
            f"{name} goes down to {lowest:g} (its largest value is {largest:g}); fill or crop no-data pixels first"
        )
    return image


def white_levels(
    hsi: np.ndarray, msi: np.ndarray, srf: np.ndarray | None = None, wanted: float | Sequence[float] | None = None,
    names: tuple[str, str] = ("the HSI", "the MSI"),
) -> tuple[float, float]:  # fmt: skip
    """Return (white of the HSI, white of the MSI): the values that count as 1 for the methods.

    srf: (M, B) if it is known. wanted: the user's value, one for both or one each.
    """
    if wanted is not None:
        levels = np.ravel(np.asarray(wanted, np.float64))
        if levels.size not in (1, 2) or not (np.isfinite(levels) & (levels > 0)).all():
            raise MossFuseError(f"white {wanted} is not possible; give one positive number, or one for each image")
        return float(levels[0]), float(levels[-1])
    expected = band_means(hsi) if srf is None else srf @ band_means(hsi)
    found = band_means(msi)
    ratio = float(found.mean() / max(expected.mean(), np.finfo(float).tiny))
    brightest, darkest = expected.max() / expected.mean(), np.quantile(expected, 0.1) / expected.mean()
    if darkest / UNLIKE <= ratio <= brightest * UNLIKE:
        white = full_scale((hsi, msi))
        if srf is not None:
            warn_of_gains(found / expected, names)
        return white, white
    white = full_scale((hsi,))
    log.warning(
        "%s and %s are in different units (means %.4g and %.4g): the MSI is divided by %.4g to be as bright as the HSI",
        *names, band_means(hsi).mean(), found.mean(), white * ratio,
    )  # fmt: skip
    return white, white * ratio


def full_scale(images: Sequence[np.ndarray]) -> float:
    """Return the value that counts as 1 in images of the same units."""
    largest = max(float(image.max()) for image in images)
    if any(image.dtype.kind in "ui" for image in images):
        return full_bits(largest)
    return 1.0 if USUAL[0] <= largest <= USUAL[1] else largest


def warn_of_gains(gains: np.ndarray, names: tuple[str, str]) -> None:
    """Log a warning for MSI bands that are not as bright as the known SRF predicts from the HSI."""
    odd = [f"{k + 1} ({g:.3g} times)" for k, g in enumerate(gains) if not 1 / GAIN <= g <= GAIN]
    if odd:
        log.warning(
            "%s is not as bright as the SRF predicts from %s in band %s; check the order of its bands, the SRF and the units",
            names[1], names[0], ", ".join(odd),
        )  # fmt: skip


def band_means(image: np.ndarray) -> np.ndarray:
    """Return the mean of every band, (bands,) float64."""
    return image.mean((0, 1), dtype=np.float64)
