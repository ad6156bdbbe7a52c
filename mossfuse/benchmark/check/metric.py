"""What every metric promises."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from types import ModuleType

import numpy as np

from mossfuse.benchmark.check.claims import Claim, Skipped, require
from mossfuse.benchmark.check.light import light_import
from mossfuse.benchmark.check.pairs import make_pair
from mossfuse.metrics.definitions.abundances import unmix
from mossfuse.metrics.definitions.anomalies import rx
from mossfuse.metrics.specification import Metric

RATIO = 4
NOISE = (0.003, 0.03, 0.3)  # standard deviations of estimates that become worse
ROUNDING = 1e-9
ANOMALIES = 2.0  # per cent of the scene's pixels that count as such
ANGLE_ROUNDING = 2e-6  # of a perfect estimate: the arc cosine turns a rounding of 1e-16 into 1e-6 degrees


def claims(metric: Metric, module: ModuleType) -> list[Claim]:
    """Return the claims about a metric, checked on a smooth scene and on estimates with more and more noise."""
    return [
        Claim("formula and title of the column are given", lambda folder: require_description(metric)),
        light_import(str(module.__file__)),
        Claim("values are finite and within the declared range", partial(require_range, metric)),
        Claim("a perfect estimate gives the ideal value", partial(require_ideal, metric)),
        Claim("a worse estimate has a worse value", partial(require_direction, metric)),
        Claim("the same cubes give the same value, and are left alone", partial(require_repeatable, metric)),
    ]


def require_description(metric: Metric) -> None:
    """Raise Unmet where the specification lacks the formula or the column's title."""
    empty = [
        key for key, text in (("formula", metric.formula), ("column.title", metric.column.title)) if not text.strip()
    ]
    require(not empty, f"the specification leaves {', '.join(empty)} empty")


def cubes() -> tuple[np.ndarray, list[np.ndarray]]:
    """Return (truth (64, 64, 31) float64 in [0, 1], estimates with the noise of NOISE)."""
    truth = make_pair(ratio=RATIO)[1].astype(np.float64)
    draw = np.random.default_rng(0).standard_normal(truth.shape)
    return truth, [np.clip(truth + sigma * draw, 0, 1) for sigma in NOISE]


@cache
def facts() -> Mapping[str, np.ndarray]:
    """Return what is known of the scene: four of its pixels as endmembers, and its most unusual pixels as anomalies."""
    pair, truth = make_pair(ratio=RATIO)
    truth = truth.astype(np.float64)
    endmembers = truth[::40, ::40].reshape(4, -1).T
    unusual = rx(truth, 1e-9)
    return {
        "wavelengths": np.asarray(pair.wavelengths),
        "endmembers": endmembers,
        "abundances": unmix(truth, endmembers),
        "anomalies": unusual > np.percentile(unusual, 100 - ANOMALIES),
    }


def value_of(metric: Metric, truth: np.ndarray, cube: np.ndarray) -> float:
    """Return the metric's value; raise Unmet unless it is one number, Skipped for labels that the scene does not have."""
    unknown = set(metric.needs) - set(facts())
    if unknown:
        raise Skipped(f"the scene of this check has no {', '.join(sorted(unknown))}")
    value = metric.compute(truth, cube, RATIO, **{name: facts()[name] for name in metric.needs})
    require(np.ndim(value) == 0 and isinstance(value, (int, float, np.number)), f"it gives {value!r}, not a number")
    return float(value)


def require_range(metric: Metric, folder: Path) -> None:
    """Raise Unmet where an imperfect estimate has a value that is not finite or outside the column's range."""
    truth, estimates = cubes()
    imperfect = {f"noise of {sigma}": estimate for sigma, estimate in zip(NOISE, estimates, strict=True)}
    imperfect |= {f"an error of {error:+g} everywhere": np.clip(truth + error, 0, 1) for error in (-0.05, 0.05)}
    low, high = metric.column.range
    for name, estimate in imperfect.items():
        value = value_of(metric, truth, estimate)
        require(math.isfinite(value), f"{name} gives {value}")
        require(low - ROUNDING <= value <= high + ROUNDING, f"{name} gives {value:g}, outside {low:g} to {high:g}")


def require_ideal(metric: Metric, folder: Path) -> None:
    """Raise Unmet where the truth itself does not have the column's ideal value, or, where that is inexact, is no better than noise."""
    ideal = metric.column.ideal
    if ideal is None:
        raise Skipped("the column ranks no method")
    truth, estimates = cubes()
    value = value_of(metric, truth, truth.copy())
    sentence = f"the truth itself has {value:g}, the ideal is {ideal:g}"
    if not metric.exact:
        noisy = value_of(metric, truth, estimates[0])
        require(abs(value - ideal) < abs(noisy - ideal), f"{sentence}, and noise of {NOISE[0]} has {noisy:g}")
    else:
        require(value == ideal or abs(value - ideal) <= ANGLE_ROUNDING, f"{sentence}; set exact=False if that is meant")


def require_direction(metric: Metric, folder: Path) -> None:
    """Raise Unmet unless more noise gives a strictly worse value."""
    if metric.column.better is None:
        raise Skipped("the column ranks no method")
    truth, estimates = cubes()
    values = [value_of(metric, truth, estimate) for estimate in estimates]
    steps = np.diff(values) if metric.column.lower_is_better else -np.diff(values)
    listing = ", ".join(f"{value:.4g}" for value in values)
    require((steps > 0).all(), f"{metric.column.better} is better, and more and more noise gives {listing}")


def require_repeatable(metric: Metric, folder: Path) -> None:
    """Raise Unmet where a second call gives another value, or where a call writes to a cube."""
    truth, (estimate, *_) = cubes()
    before = truth.tobytes(), estimate.tobytes()
    first, second = (value_of(metric, truth, estimate) for _ in range(2))
    require(first == second, f"two calls with the same cubes give {first!r} and {second!r}")
    require((truth.tobytes(), estimate.tobytes()) == before, "it writes to the cubes; work on a copy")
