"""Intervals of a mean over scenes: one rule, shown where simulation confirms its coverage (docs/statistics.md)."""

import math
from functools import cache

import numpy as np

SMALLEST = 5  # scenes; below, no rule covers 93 to 97 % of skewed values: docs/measure/coverage.py
RESAMPLES = 9999
FEW, CALIBRATION = 10, 0.1  # below so many values the nominal error is a tenth smaller (calibration: Loh, JASA 1987)


def interval_of_mean(values, *, level=0.95, seed=0, resamples=RESAMPLES):
    """Return (low, high) of the mean of the values; NaN for fewer than SMALLEST or where no finite interval exists.

    The rule is the bootstrap-t with equal tails. Same values, same seed: same interval, whatever their order.
    """
    values = np.sort(np.asarray(values, float))
    if len(values) < SMALLEST or not np.isfinite(values).all():
        return math.nan, math.nan
    low, high = bootstrap_t(values[None], level=level, seed=seed, resamples=resamples)
    if not np.isfinite([low[0], high[0]]).all():
        return math.nan, math.nan
    return float(low[0]), float(high[0])


def bootstrap_t(samples, *, level=0.95, seed=0, resamples=RESAMPLES):
    """Return (low, high) of the mean of every row of ``samples`` (k, n): studentised bootstrap (Efron and Tibshirani 1993, ch. 12).

    The quantiles of the resampled t statistic replace those of Student's distribution, so that a skewed sample has a skewed
    interval. A resample of equal values has an infinite statistic; an end that rests on one is infinite.
    """
    n = samples.shape[1]
    mean = samples.mean(1, keepdims=True)
    spread = samples.std(1, ddof=1, keepdims=True) / math.sqrt(n)
    standard = (samples - mean) / np.where(spread > 0, spread, 1)
    weights = resampling_weights(n, seed, resamples)
    means = standard @ weights
    variances = np.maximum((standard**2) @ weights - means**2, 0)
    variances[variances < 1e-12 * n] = 0  # equal values, but for rounding
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.nan_to_num(means / np.sqrt(variances / (n - 1)), nan=0.0, posinf=np.inf, neginf=-np.inf)
    error = (1 - level) * (1 - CALIBRATION if n < FEW else 1)
    rank = round(error / 2 * (resamples + 1))
    statistic.partition([rank - 1, resamples - rank], axis=1)
    upper, lower = statistic[:, resamples - rank], statistic[:, rank - 1]
    exact = spread[:, 0] == 0
    low, high = (mean[:, 0] - np.where(exact, 0, end) * spread[:, 0] for end in (upper, lower))
    return low, high


def student_t(samples, *, level=0.95):
    """Return (low, high) of the mean of every row of ``samples`` (k, n) by Student's t."""
    from scipy.stats import t

    n = samples.shape[1]
    half = t.ppf(0.5 + level / 2, n - 1) * samples.std(1, ddof=1) / math.sqrt(n)
    return samples.mean(1) - half, samples.mean(1) + half


@cache
def resampling_weights(n, seed, resamples):
    """Return the shares of the n values in every resample: (n, resamples)."""
    counts = np.random.default_rng([seed, n]).multinomial(n, np.full(n, 1 / n), size=resamples)
    return counts.T / n
