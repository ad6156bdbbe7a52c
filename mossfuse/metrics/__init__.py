"""Metrics under named conventions; the convention's id is stored with every value.

A metric is one file: those of ``mossfuse.metrics.definitions``, and of the folders in MOSSFUSE_METRICS.
"""

from mossfuse.metrics.catalogue import (
    KIND,
    all_columns,
    all_metrics,
    catalogue,
    find_column,
    find_metric,
    metric_files,
    metrics_of,
)
from mossfuse.metrics.consistency import consistency
from mossfuse.metrics.conventions import CONVENTIONS, describe, find_convention
from mossfuse.metrics.estimates import psf_difference, score_estimates
from mossfuse.metrics.pixel_maps import Maps, maps
from mossfuse.metrics.scoring import Scores, band_psnr, effects, score, score_all
from mossfuse.metrics.specification import Column, Convention, Metric

__all__ = [
    "CONVENTIONS",
    "KIND",
    "Column",
    "Convention",
    "Maps",
    "Metric",
    "Scores",
    "all_columns",
    "all_metrics",
    "band_psnr",
    "catalogue",
    "consistency",
    "describe",
    "effects",
    "find_column",
    "find_convention",
    "find_metric",
    "maps",
    "metric_files",
    "metrics_of",
    "psf_difference",
    "score",
    "score_all",
    "score_estimates",
]
