"""Scores of one fused cube under a named convention."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.metrics.catalogue import all_metrics, metrics_of
from mossfuse.metrics.conventions import find_convention
from mossfuse.metrics.preparation import as_pair, prepare
from mossfuse.metrics.specification import Metric
from mossfuse.metrics.squared_errors import psnr_bands

if TYPE_CHECKING:
    import pandas as pd


def score(truth: np.ndarray, cube: np.ndarray, ratio: int, convention: str = "std1") -> dict[str, float]:
    """Return every metric of ``convention``: column name -> value.

    truth, cube: (rows, cols, bands), values in [0, 1] (the cube not clipped); ratio: high-resolution pixels along one
    low-resolution pixel. Computed in float64. Identical bands give PSNR +inf. Raises MossFuseError for an unknown
    convention, unequal shapes, NaN or infinite values, an image smaller than a metric's window, a reference that is
    zero or constant throughout.
    """
    x, y = prepare(*as_pair(truth, cube), find_convention(convention).prepare)
    return {column: compute(metric, x, y, ratio) for column, metric in metrics_of(convention).items()}


def compute(metric: Metric, truth: np.ndarray, cube: np.ndarray, ratio: int) -> float:
    """Return the metric's value; raise MossFuseError that names the metric for whatever else its function raises."""
    try:
        return metric.compute(truth, cube, ratio)
    except MossFuseError:
        raise
    except Exception as error:
        raise MossFuseError(
            f"metric '{metric.name}' cannot be computed ({type(error).__name__}: {error}); fix or remove its file"
        ) from error


def band_psnr(truth: np.ndarray, cube: np.ndarray) -> np.ndarray:
    """Return the PSNR of every band under ``std1``, (bands,) dB."""
    return psnr_bands(*prepare(*as_pair(truth, cube), "clip"))


def effects(truth: np.ndarray, cube: np.ndarray, ratio: int) -> pd.DataFrame:
    """Return every definition's value on one pair (estimate clipped to [0, 1]): columns variant, value, formula, users."""
    import pandas as pd

    x, y = prepare(*as_pair(truth, cube), "clip")
    rows = [(m.name, compute(m, x, y, ratio), m.formula, m.users) for m in all_metrics().values()]
    return pd.DataFrame(rows, columns=["variant", "value", "formula", "users"])
