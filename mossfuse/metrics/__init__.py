"""Metrics under named conventions; the convention's id is stored with every value."""

from mossfuse.metrics.consistency import consistency
from mossfuse.metrics.conventions import CONVENTIONS, METRICS, describe, find_convention, find_metric
from mossfuse.metrics.estimates import psf_difference, score_estimates
from mossfuse.metrics.scoring import Maps, band_psnr, effects, maps, score
from mossfuse.metrics.variants import VARIANTS

__all__ = [
    "CONVENTIONS",
    "METRICS",
    "VARIANTS",
    "Maps",
    "band_psnr",
    "consistency",
    "describe",
    "effects",
    "find_convention",
    "find_metric",
    "maps",
    "psf_difference",
    "score",
    "score_estimates",
]
