"""Scores of one fused cube under a named convention, and the maps behind them."""

from dataclasses import dataclass

import numpy as np

from mossfuse.metrics.checks import as_pair
from mossfuse.metrics.conventions import find_convention
from mossfuse.metrics.psnr import psnr_bands, to_u8
from mossfuse.metrics.rmse import rmse_map
from mossfuse.metrics.sam import sam_map
from mossfuse.metrics.variants import VARIANTS


@dataclass(frozen=True)
class Maps:
    """sam: (rows, cols) degrees, NaN where the reference is zero; rmse: (rows, cols); psnr: (bands,) dB."""

    sam: np.ndarray
    rmse: np.ndarray
    psnr: np.ndarray


def score(truth, cube, ratio, convention="std1"):
    """Every metric of ``convention``: column name -> float.

    truth, cube: (rows, cols, bands), values in [0, 1] (the cube not clipped); ratio: high-resolution pixels along one
    low-resolution pixel. Computed in float64. Identical bands give PSNR +inf. Raises MossFuseError for an unknown
    convention, unequal shapes, NaN or infinite values, an image smaller than a metric's window, a reference that is
    zero or constant throughout.
    """
    chosen = find_convention(convention)
    x, y = prepared(*as_pair(truth, cube), chosen.prepare)
    return {metric: VARIANTS[variant].compute(x, y, ratio) for metric, variant in chosen.variants.items()}


def maps(truth, cube):
    """Maps of ``std1``: per-pixel SAM and RMSE, per-band PSNR, of the estimate clipped to [0, 1]."""
    x, y = prepared(*as_pair(truth, cube), "clip")
    return Maps(sam=sam_map(x, y), rmse=rmse_map(x, y), psnr=psnr_bands(x, y))


def band_psnr(truth, cube):
    """PSNR of every band under ``std1``, (bands,) dB."""
    return psnr_bands(*prepared(*as_pair(truth, cube), "clip"))


def prepared(x, y, how):
    """The cubes as the convention compares them: estimate clipped, left alone, or both rounded to 8 bit."""
    if how == "clip":
        return x, np.clip(y, 0, 1)
    return (to_u8(x), to_u8(y)) if how == "u8" else (x, y)


def effects(truth, cube, ratio):
    """Every variant of every metric on one pair (estimate clipped to [0, 1]): a DataFrame variant, value, formula, users."""
    import pandas as pd

    x, y = prepared(*as_pair(truth, cube), "clip")
    rows = [(v.name, v.compute(x, y, ratio), v.formula, v.users) for v in VARIANTS.values()]
    return pd.DataFrame(rows, columns=["variant", "value", "formula", "users"])
