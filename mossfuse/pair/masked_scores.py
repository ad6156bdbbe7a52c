"""Scores of a cube of which some pixels hold no data.

A metric of single pixels (PSNR, SAM, ERGAS, ...) is computed over the pixels that both cubes have. One that looks at a pixel's surroundings (SSIM, UQI, ...)
needs an image, so it is computed over the largest rectangle without gaps. Which is which follows from the metric itself: shuffling the pixels of both
cubes in the same way changes the one and not the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.metrics import Scores, score_all
from mossfuse.pair.consistent import largest_rectangle

SIDE = 64  # pixels of the square on which surroundings are tested: more than one block of Q2n
LEAST = 8  # pixels along each axis of the largest rectangle without gaps
SAME = 1e-9  # relative difference that is rounding


@dataclass(frozen=True)
class MaskedScores:
    """scores: as score_all gives them. windowed: columns that look at surroundings. rows, cols: of the rectangle they are computed over, or None."""

    scores: Scores
    windowed: tuple[str, ...]
    rectangle: tuple[slice, slice] | None


def score_measured(
    truth: np.ndarray, cube: np.ndarray, measured: np.ndarray, ratio: int, convention: str, facts: Mapping[str, np.ndarray]
) -> MaskedScores:  # fmt: skip
    """Return the scores of the pixels (rows, cols) that are ``measured``; truth, cube (rows, cols, bands) in [0, 1] are finite there.

    ratio, convention, facts: as for mossfuse.metrics.score_all. Raises MossFuseError where no pixel is measured.
    """
    if not measured.any():
        raise MossFuseError("no pixel has data in both cubes; nothing is left to score")
    x, y = (image[measured][None] for image in (truth, cube))
    single = score_all(x, y, ratio, (convention,), facts)[convention]
    windowed = tuple(sorted(set(single.reasons) | depend_on_surroundings(x[0], y[0], ratio, convention, facts)))
    part = largest_rectangle(measured, LEAST)
    values = {name: value for name, value in single.values.items() if name not in windowed}
    reasons = {name: "needs an image, and no rectangle without gaps is large enough" for name in windowed}
    if part is not None and windowed:
        found = score_all(truth[part], cube[part], ratio, (convention,), facts, windowed)[convention]
        values |= found.values
        reasons = found.reasons
    return MaskedScores(Scores(values, reasons), windowed, part)


def depend_on_surroundings(
    x: np.ndarray, y: np.ndarray, ratio: int, convention: str, facts: Mapping[str, np.ndarray]
) -> set[str]:
    """Return the columns whose value changes when the pixels (n, bands) of both cubes are shuffled in the same way.

    The square that is shuffled is sorted by brightness first, so that it is smooth: surroundings that are noise could be shuffled unnoticed.
    """
    by_brightness = np.resize(np.argsort(x.sum(1), kind="stable"), SIDE**2)
    found = []
    for order in (by_brightness, np.random.default_rng(0).permutation(by_brightness)):
        first, second = (values[order].reshape(SIDE, SIDE, -1) for values in (x, y))
        found.append(score_all(first, second, ratio, (convention,), facts)[convention].values)
    known, shuffled = found
    return {name for name in known if not np.isclose(known[name], shuffled.get(name, np.nan), rtol=SAME, atol=SAME)}
