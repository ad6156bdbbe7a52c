"""What a metric, a column of the results and a convention declare. Data only; nothing heavy is imported."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

BETTER = ("higher", "lower", None)
SHOWN = ("everywhere", "leaderboard", "table")
PREPARATIONS = ("clip", "none", "u8")
COLUMN_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Column:
    """A column of the results: how its values are read, ranked and printed.

    name: key in score.csv and metrics.csv (small letters, digits, underscores).
    title, unit: as printed; unit such as 'dB' or 'degrees', empty where there is none.
    better: 'higher', 'lower', or None for a count that ranks no method (shown is 'table' then).
    decimals: digits printed behind the point. tie: the values of two scenes that are closer than this count as equal.
    range: the smallest and the largest value possible, either end infinite where there is no bound.
    order: place among the columns; the first column of a convention ranks its leaderboards.
    shown: 'everywhere' (leaderboards, paired comparisons, curves of a fit), 'leaderboard' (leaderboards alone) or 'table'
        (metrics.csv alone).

    Raises ValueError for a declaration that is not of this form.
    """

    name: str
    title: str
    unit: str = ""
    better: str | None = "higher"
    decimals: int = 4
    tie: float = 0.0
    range: tuple[float, float] = (-math.inf, math.inf)
    order: int = 1000
    shown: str = "everywhere"

    def __post_init__(self) -> None:
        place = f"column '{self.name}'"
        if not COLUMN_NAME.fullmatch(self.name):
            raise ValueError(f"{place}: a name consists of small letters, digits and underscores")
        if self.better not in BETTER:
            raise ValueError(f"{place}: better must be 'higher', 'lower' or None, not {self.better!r}")
        if self.shown not in SHOWN:
            raise ValueError(f"{place}: shown must be one of {', '.join(SHOWN)}, not {self.shown!r}")
        if self.better is None and self.shown != "table":
            raise ValueError(f"{place}: a count ranks no method, so shown must be 'table'")
        if not self.range[0] < self.range[1] or self.tie < 0 or self.decimals < 0:
            raise ValueError(f"{place}: range must rise, tie and decimals must not be negative")

    @property
    def ideal(self) -> float | None:
        """The best value possible; None where no direction is better."""
        return {"higher": self.range[1], "lower": self.range[0], None: None}[self.better]

    @property
    def lower_is_better(self) -> bool:
        """Whether a smaller value is better."""
        return self.better == "lower"


@dataclass(frozen=True)
class Metric:
    """One definition of a metric.

    name: id of the definition, by habit ``family.variant`` such as 'psnr.bandmean_peak1'.
    column: the Column of the results that its values fill. Definitions of one family share a Column where their values
        are of one kind; a convention has at most one definition per column.
    compute: compute(truth, cube, ratio, **facts) -> float. truth, cube: float64 (rows, cols, bands), prepared as the
        convention says, finite, not to be written to; ratio: high-resolution pixels along one low-resolution pixel;
        facts: those that ``needs`` names. Raises MossFuseError where the value does not exist, such as for an image
        smaller than a window; the other metrics of the cell are not affected.
    needs: what it must know of the scene beside the cube: 'wavelengths' (bands,) in nm, and labels that a dataset may have
        (mossfuse.protocol.Dataset), such as 'anomalies'. A scene without them has no value and no reason.
    formula: the definition in one line, x the reference and y the estimate. users: who computes it in this way.
    conventions: names of the conventions that contain it.
    exact: False where a constant or a divisor in the formula keeps a perfect estimate from the column's ideal value.
    """

    name: str
    column: Column
    compute: Callable[..., float]
    formula: str
    users: str = ""
    conventions: tuple[str, ...] = ()
    exact: bool = True
    needs: tuple[str, ...] = ()

    @property
    def family(self) -> str:
        """The part of the name before the first dot."""
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class Convention:
    """How a whole table of scores is computed: a name, a description, and how the cubes are prepared.

    prepare: 'clip' cuts the ESTIMATE to [0, 1]; 'none' leaves it; 'u8' rounds both cubes to 8 bit. The metrics name the
    conventions that contain them (Metric.conventions). Raises ValueError for an unknown preparation.
    """

    name: str
    description: str
    prepare: str

    def __post_init__(self) -> None:
        if self.prepare not in PREPARATIONS:
            raise ValueError(f"convention '{self.name}': prepare must be one of {', '.join(PREPARATIONS)}")


def without_ratio(function: Callable[..., float], **options: Any) -> Callable[..., float]:
    """Return ``function(truth, cube, **facts, **options)`` with the signature of Metric.compute."""
    return partial(ignore_ratio, partial(function, **options))


def ignore_ratio(
    function: Callable[..., float], truth: np.ndarray, cube: np.ndarray, ratio: int, **facts: np.ndarray
) -> float:
    """Return ``function(truth, cube, **facts)``."""
    return function(truth, cube, **facts)
