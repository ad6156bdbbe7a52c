"""One plain verdict on a fused cube, from what can be seen without the truth: good, with care, do not use.

The thresholds were chosen on the phantom scenes (docs/trust.md says how); a cube can be wrong in ways that no check of this kind sees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mossfuse.protocol import EMPTY, Observation, Sensor

GOOD, CARE, BAD = "good", "with care", "do not use"
BEYOND = 0.5  # a value this share of a band's range outside of LR's range is far outside
OUTSIDE = (0.01, 0.05)  # share of such values: with care, do not use
FARTHEST = 5.0  # a value this many ranges outside: do not use
DISAGREEMENT = (0.02, 0.10)  # cube blurred and sampled against LR, over LR's rms, beyond the noise
NOISE = 1.5  # residuals up to so many standard deviations of LR's noise are noise
UNSEEN = (0.05, 0.5)  # share of an MSI band that LR does not see
UNCOVERED = 0.5  # share of LR's bands to which no MSI band responds
RESPONDS = 0.01  # of a response's peak
SHIFT = 0.2  # LR pixels
PIXELS = (100, 9)  # measured LR pixels


@dataclass(frozen=True)
class Verdict:
    """word: 'good', 'with care' or 'do not use'. reasons: one sentence each, the gravest first. numbers: what was looked at, by name."""

    word: str
    reasons: tuple[str, ...] = ()
    numbers: Mapping[str, float] = field(default_factory=lambda: EMPTY)

    def __str__(self) -> str:
        return self.word + (": " + "; ".join(self.reasons) if self.reasons else "")


class Range:
    """How much of a cube that comes in tiles lies far outside of LR's range, band by band."""

    def __init__(self, observation: Observation) -> None:
        hsi = observation.hsi
        self.low, self.high = hsi.min((0, 1)), hsi.max((0, 1))
        # A band that is nearly flat has the noise of the others, not its own narrow range, as its measure.
        self.span = np.maximum(self.high - self.low, 0.05 * float(np.ptp(hsi)) + np.finfo(np.float32).tiny)
        self.count, self.outside, self.farthest = 0, 0, 0.0

    def add(self, rows: slice, cols: slice, values: np.ndarray) -> None:
        """Add a tile on the methods' scale."""
        distance = np.maximum(self.low - values, values - self.high) / self.span
        self.count += distance.size
        self.outside += int((distance > BEYOND).sum())
        self.farthest = max(self.farthest, float(distance.max(initial=0)))

    @property
    def share(self) -> float:
        """Share of the values that lie far outside."""
        return self.outside / max(self.count, 1)


def judge(
    observation: Observation, sensor: Sensor, residuals: Mapping[str, float], spread: Range, *, notes: Mapping[str, Any] = EMPTY,
    noise_hsi: float = 0.0, shift: float = 0.0, measured: np.ndarray | None = None,
) -> Verdict:  # fmt: skip
    """Return the Verdict on a cube.

    sensor, residuals: mossfuse.physics.residuals.Residuals.summary() under it, on the methods' scale. notes: of the method.
    noise_hsi: standard deviation of LR's noise on that scale. shift: between the images in LR pixels, as far as it was not taken into
    account. measured: (rows, cols) of the cube, False for no-data.
    """
    rms = float(np.sqrt(np.mean(np.square(observation.hsi, dtype=np.float64)))) or np.finfo(float).tiny
    noise = max(noise_hsi, float(notes.get("noise_hsi", 0.0)))
    disagreement = max(residuals["residual_hsi_rms"] - NOISE * noise, 0.0) / rms
    unseen = max((float(share) for share in notes.get("unseen", ())), default=0.0)
    srf = np.abs(np.asarray(sensor.srf, np.float64))
    uncovered = float((srf.max(0) < RESPONDS * srf.max()).mean())
    rows, cols = observation.hsi.shape[:2]
    pixels = rows * cols * (1.0 if measured is None else float(measured.mean()))
    bad, care = [], []

    def grade(value: float, limits: tuple[float, float], text: str) -> None:
        if value > limits[1]:
            bad.append(text)
        elif value > limits[0]:
            care.append(text)

    if spread.farthest > FARTHEST:
        bad.append(f"values lie up to {spread.farthest:.3g} times LR's range outside of it")
    else:
        grade(spread.share, OUTSIDE, f"{100 * spread.share:.2g} % of the values lie far outside LR's range")
    grade(disagreement, DISAGREEMENT, f"the cube does not reproduce LR ({100 * disagreement:.2g} % beyond its noise)")
    grade(unseen, UNSEEN, f"HR sees light that LR does not ({100 * unseen:.2g} % of a band)")
    if uncovered > UNCOVERED:
        care.append(
            f"{100 * uncovered:.0f} % of LR's bands lie where no band of HR responds, so that detail there is inferred"
        )
    if abs(shift) > SHIFT:
        care.append(f"the images are shifted by {abs(shift):.2g} LR pixels against each other")
    if pixels < PIXELS[1]:
        bad.append(f"{pixels:.0f} LR pixels are too few to learn from")
    elif pixels < PIXELS[0]:
        care.append(f"{pixels:.0f} LR pixels are few to learn from")
    numbers = {
        "outside": spread.share, "farthest": spread.farthest, "disagreement": disagreement, "unseen": unseen,
        "uncovered": uncovered, "shift": abs(shift), "lr_pixels": pixels,
    }  # fmt: skip
    return Verdict(BAD if bad else CARE if care else GOOD, (*bad, *care), numbers)
