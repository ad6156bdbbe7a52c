"""Metrics under named conventions; the convention's id is stored with every value."""

from mossfuse.benchmark.metrics.consistency import consistency
from mossfuse.benchmark.metrics.conventions import CONVENTIONS, METRICS, describe, find_convention, find_metric
from mossfuse.benchmark.metrics.estimate import psf_difference, score_estimates
from mossfuse.benchmark.metrics.scoring import Maps, band_psnr, effects, maps, score
from mossfuse.benchmark.metrics.variants import VARIANTS

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
