"""Colour difference CIEDE2000 (CIE 142; Sharma, Wu, Dalal 2005) of the pictures that two cubes give, under two illuminants.

Spectra count as reflectances: XYZ by the CIE 1931 2 degree observer under illuminant D65 or A (CIE 15), L*a*b* (CIE 1976) against
a flat spectrum. One exposure per scene, set by the reference: Y exceeds 100 in 0.5 % of its pixels. Illuminant A is warmer: two
spectra that look the same under D65 (metamers) differ there. Cubes are float64 (rows, cols, bands).
"""

import math

import numpy as np

from mossfuse.errors import MossFuseError, extra_needed
from mossfuse.metrics.specification import Column, Metric, without_ratio
from mossfuse.spectra.tristimulus import covers_visible, normalised_xyz

BRIGHTEST = 0.5  # per cent of the reference's pixels may be brighter than white


def delta_e(x: np.ndarray, y: np.ndarray, wavelengths: np.ndarray, illuminant: str) -> float:
    """Return the mean CIEDE2000 difference over the pixels; 1 is about what a person can just see.

    wavelengths: (bands,) nm. Raises MossFuseError where the bands do not cover the visible range, where the reference is dark.
    """
    if not covers_visible(wavelengths):
        raise MossFuseError(
            "Delta E: the bands do not cover the visible range, 450 to 640 nm without a gap above 35 nm"
        )
    with extra_needed("the colour difference Delta E"):
        from skimage.color import deltaE_ciede2000

    matrix = normalised_xyz(wavelengths, illuminant)
    reference, estimate = x @ matrix, y @ matrix
    white = float(np.percentile(reference[..., 1], 100 - BRIGHTEST))
    if white <= 0:
        raise MossFuseError("Delta E: the reference is dark in the visible range; check the scene and its scale")
    return float(deltaE_ciede2000(lab(reference / white), lab(estimate / white)).mean())


def lab(relative: np.ndarray) -> np.ndarray:
    """Return L*, a*, b* (CIE 1976) of (..., 3) tristimulus values relative to white."""
    knee = 6 / 29
    f = np.where(relative > knee**3, np.cbrt(relative), relative / (3 * knee**2) + 4 / 29)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def column(illuminant: str, order: int) -> Column:
    """Return the Column of one illuminant."""
    return Column(
        f"delta_e_{illuminant.lower()}", f"ΔE2000, {illuminant}", "", "lower", decimals=3, tie=0.02, range=(0, math.inf),
        order=order, shown="table",
    )  # fmt: skip


METRICS = tuple(
    Metric(
        f"delta_e.{illuminant.lower()}",
        column(illuminant, order),
        without_ratio(delta_e, illuminant=illuminant),
        f"mean CIEDE2000 under illuminant {illuminant}, CIE 1931 observer",
        "std1",
        ("std1",),
        needs=("wavelengths",),
    )
    for illuminant, order in (("D65", 90), ("A", 91))
)
