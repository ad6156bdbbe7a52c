"""The method that ``fuse`` runs where none is named, by what the pair is; the choice and its reason are printed and recorded.

One HR band leaves nearly the whole spectrum open. There the best method differs from pair to pair, and ``stack`` decides from the pair itself, one scale
further down, how much of each cube to take (mossfuse.stacking). The rule was chosen on phantom scenes; docs/results-pairs.md reports it on others.
"""

from __future__ import annotations

from pathlib import Path

from mossfuse.protocol import Observation

BLIND, INFORMED, MIXED = "nsgp", "nsgp-known", "stack"
TRAINABLE = "mossfuse"
LARGEST = 5e7  # values of a cube that is mixed: several of them are held in memory


def choose_method(
    name: str | None, weights: str | Path | None, observation: Observation, tuned: bool = False
) -> tuple[str, str]:
    """Return the method's name (with suffix) and, if the user named none, a message that explains the choice.

    tuned: whether parameters or a preset are given, which belong to BLIND.
    """
    if name:
        return name, ""
    if weights:
        return TRAINABLE, f"no method named, but weights: {TRAINABLE}"
    sensor = observation.sensor
    known = " and ".join(n.upper() for n in ("psf", "srf") if getattr(sensor, n) is not None)
    if known:
        return INFORMED, f"no method named: {INFORMED}, the best blind method of the benchmark, with the given {known}"
    best = f"no method named: {BLIND}, the best blind method of the benchmark"
    rows, cols, channels = observation.msi.shape
    if channels > 1 or tuned:
        return BLIND, best
    if rows * cols * observation.hsi.shape[2] > LARGEST:
        return BLIND, f"{best} (the pair has one HR band, and is too large for {MIXED})"
    return (
        MIXED,
        f"no method named: {MIXED}, because HR has a single band: {BLIND} mixed with cnmf as the pair itself decides",
    )
