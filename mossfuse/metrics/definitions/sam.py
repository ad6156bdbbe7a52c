"""Spectral angle mapper (Kruse et al. 1993) in degrees; the cosine is always clipped to [-1, 1].

Variants differ in what a pixel without a spectrum (norm zero) counts. Cubes are float64 (rows, cols, bands).
"""

import math

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.metrics.sharing import shared
from mossfuse.metrics.specification import Column, Metric, without_ratio

MOSS_FLOOR = 1e-5  # lower clip of the estimate in the official MossFuse code
DAEM_FLOOR, DAEM_EPS = 1e-4, 1e-6
M2U_EPS = 1e-7
LIT = 0.05  # a pixel is lit where the mean of its reference over the bands is above this


@shared
def norms_and_dot(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (norm of x, norm of y, inner product) of every pixel's spectrum, each (rows, cols)."""
    return (
        np.sqrt(np.einsum("ijk,ijk->ij", x, x)),
        np.sqrt(np.einsum("ijk,ijk->ij", y, y)),
        np.einsum("ijk,ijk->ij", x, y),
    )


def degrees(dot: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Return the arccos of the clipped cosine; 90 degrees where the denominator is zero."""
    cosine = np.divide(dot, denominator, out=np.zeros_like(dot), where=denominator > 0)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


@shared
def sam_map(x: np.ndarray, y: np.ndarray, zeros: str = "reference") -> np.ndarray:
    """Return the angle of every pixel in degrees, (rows, cols); NaN marks a pixel that the mean leaves out.

    zeros, the rule for spectra of norm zero: 'reference' leaves out zero reference pixels and counts 90 for a zero
    estimate elsewhere; 'drop' leaves out both (90 where the estimate is zero in every lit pixel); 'zero'
    counts 0 for both; 'ninety' counts 90 for both.
    """
    norm_x, norm_y, dot = norms_and_dot(x, y)
    angle = degrees(dot, norm_x * norm_y)
    if zeros == "reference":
        angle[norm_x == 0] = np.nan
    elif zeros == "drop":
        angle[(norm_x == 0) | (norm_y == 0) & (norm_x * norm_y).any()] = np.nan
    elif zeros == "zero":
        angle[(norm_x == 0) | (norm_y == 0)] = 0
    elif zeros != "ninety":
        raise ValueError(f"zeros must be 'reference', 'drop', 'zero' or 'ninety', not '{zeros}'")
    return angle


def sam(x: np.ndarray, y: np.ndarray, zeros: str = "reference") -> float:
    """Return the mean angle in degrees by the rule ``zeros`` of ``sam_map``; raise MossFuseError where no pixel is left."""
    return mean_angle(sam_map(x, y, zeros))


def mean_angle(angle: np.ndarray) -> float:
    """Return the mean of the pixels that are not NaN; raise MossFuseError where all are."""
    kept = angle[~np.isnan(angle)]
    if not kept.size:
        raise MossFuseError("SAM: no pixel has a spectrum (all are zero); check the scene and its scale")
    return float(kept.mean())


def lit_angles(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the angles of the lit pixels in degrees, (pixels,): those whose reference has a mean over the bands above LIT.

    In dark pixels the angle is that of the camera's noise. A zero estimate counts 90. Raises MossFuseError where no pixel is lit.
    """
    angles = sam_map(x, y, "reference")[x.mean(-1) > LIT]
    if not angles.size:
        raise MossFuseError(f"SAM of lit pixels: no pixel of the reference has a mean above {LIT}; check the scale")
    return angles


def sam_lit(x: np.ndarray, y: np.ndarray) -> float:
    """Return the mean angle of the lit pixels in degrees."""
    return float(lit_angles(x, y).mean())


def sam_p95(x: np.ndarray, y: np.ndarray) -> float:
    """Return the 95th percentile of the angles of the lit pixels in degrees."""
    return float(np.percentile(lit_angles(x, y), 95))


def sam_radians(x: np.ndarray, y: np.ndarray) -> float:
    """Return the value of t3sc / HSIR: radians, a zero spectrum gives pi/2 through its epsilon."""
    return float(np.radians(sam(x, y, "ninety")))


def sam_m2u(x: np.ndarray, y: np.ndarray) -> float:
    """Return M2U-Net's value: 1e-7 added to the product of the norms (biased upwards in dark pixels)."""
    norm_x, norm_y, dot = norms_and_dot(x, y)
    return mean_angle(degrees(dot, norm_x * norm_y + M2U_EPS))


def sam_mapper(x: np.ndarray, y: np.ndarray) -> float:
    """Return SpectAngMapper's value, on the scale 0..255: MATLAB's eps is added to the inner product and to both norms.

    A pixel that is zero in both cubes therefore counts 0, and one that is zero in one cube arccos(1 / the other norm), nearly 90.
    """
    eps = np.finfo(float).eps
    norm_x, norm_y, dot = norms_and_dot(255 * x, 255 * y)
    return mean_angle(np.degrees(np.arccos(np.clip((dot + eps) / (norm_x + eps) / (norm_y + eps), -1, 1))))


def sam_daem(x: np.ndarray, y: np.ndarray) -> float:
    """Return DAEM's value: 1e-4 added to zero spectra, then 1e-6 to both norms."""
    x = x + DAEM_FLOOR * ~x.any(-1, keepdims=True)
    y = y + DAEM_FLOOR * ~y.any(-1, keepdims=True)
    norm_x, norm_y, dot = norms_and_dot(x, y)
    return mean_angle(degrees(dot, (norm_x + DAEM_EPS) * (norm_y + DAEM_EPS)))


def sam_moss(x: np.ndarray, y: np.ndarray) -> float:
    """Return the value of the official MossFuse code: the estimate is clipped to [1e-5, 1], the reference unguarded.

    The official code gives NaN for the scene when a reference pixel is zero; here such pixels are left out and
    ``moss_nan_pixels`` counts them.
    """
    return sam(x, np.clip(y, MOSS_FLOOR, 1), "drop")


def moss_nan_pixels(x: np.ndarray, y: np.ndarray) -> float:
    """Return the number of zero reference pixels: where it is not 0, the official code prints NaN for SAM."""
    return float((~x.any(-1)).sum())


SAM = Column("sam", "SAM", "degrees", "lower", decimals=3, tie=0.02, range=(0, 180), order=30)
SAM_RADIANS = Column(
    "sam_rad", "SAM", "radians", "lower", decimals=4, tie=3.5e-4, range=(0, math.pi), order=31, shown="table"
)
SAM_NAN_PIXELS = Column(
    "sam_nan_pixels", "zero reference pixels", "", None, decimals=0, range=(0, math.inf), order=32, shown="table"
)
SAM_LIT = Column(
    "sam_lit", "SAM, lit pixels", "degrees", "lower", decimals=3, tie=0.02, range=(0, 180), order=33, shown="table"
)
SAM_P95 = Column(
    "sam_p95", "SAM, 95th percentile", "degrees", "lower", decimals=3, tie=0.05, range=(0, 180), order=34, shown="table"
)
METRICS = (
    Metric(
        "sam.reference",
        SAM,
        without_ratio(sam),
        "mean over pixels with x != 0; y = 0 there counts 90",
        "std1",
        ("std1",),
    ),
    Metric("sam.lit", SAM_LIT, without_ratio(sam_lit), "mean over pixels with mean_b x > 0.05", "std1", ("std1",)),
    Metric("sam.lit_p95", SAM_P95, without_ratio(sam_p95), "95th percentile over these pixels", "std1", ("std1",)),
    Metric(
        "sam.drop",
        SAM,
        without_ratio(sam, zeros="drop"),
        "mean over pixels with x != 0 and y != 0",
        "Vivone toolbox, LTMR, sewar",
        ("global", "pansharpening", "imgvision"),
    ),
    Metric(
        "sam.zero",
        SAM,
        without_ratio(sam, zeros="zero"),
        "zero pixels count 0, mean over all",
        "classical-table, HPT",
        ("classical-table",),
    ),
    Metric(
        "sam.ninety",
        SAM,
        without_ratio(sam, zeros="ninety"),
        "zero pixels count 90, mean over all",
        "for comparison; in radians t3sc",
    ),
    Metric(
        "sam.mapper",
        SAM,
        without_ratio(sam_mapper),
        "MATLAB's eps in the inner product and both norms, scale 0..255",
        "SpectAngMapper of the HySure family",
        ("u8",),
    ),
    Metric(
        "sam.m2u",
        SAM,
        without_ratio(sam_m2u),
        "1e-7 added to the product of norms",
        "M2U-Net",
        ("peak-band",),
        exact=False,
    ),
    Metric(
        "sam.daem", SAM, without_ratio(sam_daem), "1e-4 added to zero pixels, 1e-6 to both norms", "DAEM", exact=False
    ),
    Metric(
        "sam.moss",
        SAM,
        without_ratio(sam_moss),
        "y clipped to [1e-5, 1]; zero x left out (official: NaN)",
        "MossFuse",
        ("moss",),
    ),
    Metric(
        "sam.moss_nan_pixels",
        SAM_NAN_PIXELS,
        without_ratio(moss_nan_pixels),
        "number of pixels with x = 0",
        "flag: MossFuse would print NaN",
        ("moss",),
    ),
    Metric(
        "sam.radians",
        SAM_RADIANS,
        without_ratio(sam_radians),
        "radians, zero pixels count pi/2",
        "t3sc, HSIR",
        ("denoising",),
    ),
)
