"""Scores of one fused cube under named conventions."""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.metrics.catalogue import all_metrics, metrics_of
from mossfuse.metrics.conventions import find_convention
from mossfuse.metrics.preparation import as_pair, prepare
from mossfuse.metrics.sharing import sharing
from mossfuse.metrics.specification import Metric
from mossfuse.metrics.squared_errors import psnr_bands

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)
NOTHING: Mapping[str, np.ndarray] = MappingProxyType({})


@dataclass(frozen=True)
class Scores:
    """values: column -> number; reasons: column -> why a metric that applies to the scene has no value."""

    values: dict[str, float] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)


def score(
    truth: np.ndarray,
    cube: np.ndarray,
    ratio: int,
    convention: str = "std1",
    facts: Mapping[str, np.ndarray] = NOTHING,
) -> dict[str, float]:
    """Return every metric of ``convention`` that applies: column name -> value.

    truth, cube: (rows, cols, bands), values in [0, 1] (the cube not clipped); ratio: high-resolution pixels along one
    low-resolution pixel; facts: what else is known of the scene, such as its ``wavelengths`` in nm (Metric.needs); a metric
    whose facts are not given has no entry. Computed in float64. Identical bands give PSNR +inf. A metric that cannot be
    computed, such as SSIM of an image smaller than its window, is NaN, and a warning gives the reason. Raises MossFuseError
    for an unknown convention, unequal shapes, NaN or infinite values.
    """
    found = score_all(truth, cube, ratio, (convention,), facts)[convention]
    for reason in found.reasons.values():
        log.warning("%s", reason)
    columns = (column for column in metrics_of(convention) if column in found.values or column in found.reasons)
    return {column: found.values.get(column, math.nan) for column in columns}


def score_all(
    truth: np.ndarray,
    cube: np.ndarray,
    ratio: int,
    conventions: Iterable[str],
    facts: Mapping[str, np.ndarray] = NOTHING,
    columns: Collection[str] | None = None,
) -> dict[str, Scores]:
    """Return convention -> Scores, each as ``score`` computes it; what several metrics need is computed once.

    columns: those wanted, None for all.
    """
    preparations = {name: find_convention(name).prepare for name in conventions}
    x, y = as_pair(truth, cube)
    pairs = {how: prepare(x, y, how) for how in dict.fromkeys(preparations.values())}
    out = {}
    with sharing(*(array for pair in pairs.values() for array in pair), *facts.values()):
        for name, how in preparations.items():
            out[name] = scores = Scores()
            for column, metric in metrics_of(name).items():
                if set(metric.needs) <= set(facts) and (columns is None or column in columns):
                    try:
                        scores.values[column] = compute(metric, *pairs[how], ratio, facts)
                    except MossFuseError as error:
                        scores.reasons[column] = str(error)
    return out


def compute(
    metric: Metric, truth: np.ndarray, cube: np.ndarray, ratio: int, facts: Mapping[str, np.ndarray] = NOTHING
) -> float:
    """Return the metric's value; raise MossFuseError that names the metric for whatever else its function raises, and for NaN."""
    try:
        value = metric.compute(truth, cube, ratio, **{name: facts[name] for name in metric.needs})
    except MossFuseError:
        raise
    except Exception as error:
        raise MossFuseError(
            f"metric '{metric.name}' cannot be computed ({type(error).__name__}: {error}); fix or remove its file"
        ) from error
    if np.isnan(value):
        raise MossFuseError(f"metric '{metric.name}' gives NaN for this pair; its file must say why, or give a number")
    return value


def band_psnr(truth: np.ndarray, cube: np.ndarray) -> np.ndarray:
    """Return the PSNR of every band under ``std1``, (bands,) dB."""
    return psnr_bands(*prepare(*as_pair(truth, cube), "clip"))


def effects(truth: np.ndarray, cube: np.ndarray, ratio: int, facts: Mapping[str, np.ndarray] = NOTHING) -> pd.DataFrame:
    """Return the value of every definition that applies to one pair: columns variant, value, formula, users.

    The estimate is clipped to [0, 1]; facts: as for ``score``.
    """
    import pandas as pd

    x, y = prepare(*as_pair(truth, cube), "clip")
    with sharing(x, y, *facts.values()):
        applicable = [metric for metric in all_metrics().values() if set(metric.needs) <= set(facts)]
        rows = [(m.name, compute(m, x, y, ratio, facts), m.formula, m.users) for m in applicable]
    return pd.DataFrame(rows, columns=["variant", "value", "formula", "users"])
