"""What the HyperBench package (0.1.0) prints: sewar's metrics, PSNR and SSIM of images that are cut to 8 bit, and its own spectral angle.

x and y are not clipped but for the 8-bit images, whose levels are truncated and not rounded.
"""

import numpy as np

from mossfuse.metrics.definitions.ergas import ERGAS, ergas
from mossfuse.metrics.definitions.psnr import PSNR, psnr_global
from mossfuse.metrics.definitions.rmse import RMSE, rmse
from mossfuse.metrics.definitions.sam import SAM
from mossfuse.metrics.definitions.ssim import SSIM, ssim_uniform11
from mossfuse.metrics.definitions.uqi import UQI_SEWAR, uqi_sewar
from mossfuse.metrics.specification import Metric, without_ratio

EPSILON = 1e-8
LARGEST_COSINE = 1 - 1e-9


def truncated(image: np.ndarray) -> np.ndarray:
    """Return the levels k / 255 of an image cut to 8 bit: k is the integer part of 255 x, computed in float32 as there."""
    return np.floor(np.clip(image.astype(np.float32) * np.float32(255), 0, 255)).astype(np.float64) / 255


def psnr_truncated(x: np.ndarray, y: np.ndarray) -> float:
    """Return the PSNR in dB of the truncated images, one MSE over the cube, peak 255."""
    return psnr_global(truncated(x), truncated(y))


def ssim_truncated(x: np.ndarray, y: np.ndarray) -> float:
    """Return sewar's SSIM (uniform 11 x 11) of the truncated images, range 255."""
    return float(ssim_uniform11(truncated(x), truncated(y)))


def sam_hyperbench(x: np.ndarray, y: np.ndarray) -> float:
    """Return the mean angle in degrees with 1e-8 added to the product of norms; a pixel that is zero in either image counts 90."""
    norms = np.linalg.norm(x, axis=2) * np.linalg.norm(y, axis=2)
    cosine = np.clip((x * y).sum(2) / (norms + EPSILON), -LARGEST_COSINE, LARGEST_COSINE)
    return float(np.degrees(np.arccos(cosine).mean()))


METRICS = (
    Metric(
        "psnr.hyperbench",
        PSNR,
        without_ratio(psnr_truncated),
        "10 log10(255^2 / MSE of the cube), images truncated to 8 bit",
        "HyperBench",
        ("hyperbench",),
    ),
    Metric(
        "ssim.hyperbench",
        SSIM,
        without_ratio(ssim_truncated),
        "uniform 11 x 11, images truncated to 8 bit, range 255",
        "HyperBench",
        ("hyperbench",),
    ),
    Metric(
        "sam.hyperbench",
        SAM,
        without_ratio(sam_hyperbench),
        "1e-8 added to the product of norms; zero pixels count 90",
        "HyperBench",
        ("hyperbench",),
        exact=False,
    ),
    Metric(
        "ergas.hyperbench",
        ERGAS,
        without_ratio(ergas, ratio=4),
        "wald with r = 4 at every ratio",
        "HyperBench: sewar's default",
        ("hyperbench",),
    ),
    Metric("rmse.hyperbench", RMSE, without_ratio(rmse), "sqrt(MSE of the cube)", "HyperBench", ("hyperbench",)),
    Metric(
        "uqi.hyperbench",
        UQI_SEWAR,
        without_ratio(uqi_sewar),
        "window means in the formula for sums, window 8",
        "HyperBench: sewar",
        ("hyperbench",),
    ),
)
