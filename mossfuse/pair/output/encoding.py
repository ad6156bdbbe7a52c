"""How the numbers of a cube are stored: real numbers, or integers with a factor and a value for no-data."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

import numpy as np

from mossfuse.errors import MossFuseError

TYPES = ("float32", "int16", "uint16")
FILLS = {"int16": -32768, "uint16": 65535}
COUNTS = 255.0  # from this white level on the units of LR are counts, which integers hold as they are
FACTOR = 10000.0  # what reflectance is multiplied by in most products
log = logging.getLogger(__name__)


@dataclass
class Encoding:
    """stored = round(value * factor), within the range of ``dtype``; value: in the units of LR.

    clipped: values so far that the type could not hold, which were stored as its nearest.
    """

    dtype: str = "float32"
    factor: float = 1.0
    clipped: int = field(default=0, compare=False)

    @property
    def nodata(self) -> float:
        """The stored value of a pixel that was not measured."""
        return float(FILLS.get(self.dtype, np.nan))

    def stored(self, values: np.ndarray) -> np.ndarray:
        """Return a tile as it is stored; NaN becomes ``nodata``."""
        if self.dtype == "float32":
            return values.astype(np.float32, copy=False)
        missing = np.isnan(values)
        limits = np.iinfo(self.dtype)
        # The no-data value is at one end of the range and belongs to no measurement.
        low, high = limits.min + (limits.min == self.nodata), limits.max - (limits.max == self.nodata)
        numbers = np.rint(np.where(missing, 0, values).astype(np.float64) * self.factor)
        inside = np.clip(numbers, low, high)
        self.clipped += int((inside != numbers).sum())
        return np.where(missing, self.nodata, inside).astype(self.dtype)

    def report(self) -> None:
        """Log a warning where values were clipped."""
        if self.clipped:
            log.warning("%d values do not fit into %s and were clipped; write float32", self.clipped, self.dtype)


def choose_encoding(dtype: str, white: float) -> Encoding:
    """Return the Encoding of a type for a cube in whose units ``white`` counts as 1; counts are stored as they are, the rest x 10000.

    Raises MossFuseError for a type that is not offered.
    """
    if dtype not in TYPES:
        raise MossFuseError(f"the cube cannot be stored as {dtype}; choose one of {', '.join(TYPES)}")
    if dtype == "float32" or white >= COUNTS:
        return Encoding(dtype)
    return Encoding(dtype, FACTOR / white)
