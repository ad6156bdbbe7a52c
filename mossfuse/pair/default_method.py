"""The method that ``fuse`` runs where none is named, by what the pair is; the choice and its reason are printed and recorded.

One HR band leaves nearly the whole spectrum open. There the best method differs from pair to pair, and ``stack`` decides from the pair itself, one scale
further down, how much of each cube to take (mossfuse.stacking). Where LR has so few bands that they hardly span HR's (FEW), a response that is estimated from them is wrong, cubes that obey it are
too, and what is learnt one scale further down misleads; the mean of MEAN, of which two need no response, is better. The rules were chosen on phantom scenes; docs/results-pairs.md reports them on others.
"""

from __future__ import annotations

from pathlib import Path

from mossfuse.protocol import Observation

BLIND, INFORMED, MIXED = "nsgp", "nsgp-known", "stack"
TRAINABLE = "mossfuse"
MEAN = ("nsgp", "regression-injection", "mtf-glp-hs")
FEW = 3  # LR bands
LARGEST = 5e7  # values of a cube that is mixed: several of them are held in memory


def choose_method(
    name: str | None, weights: str | Path | None, observation: Observation, tuned: bool = False
) -> tuple[str, str]:
    """Return the method's name (with suffix) and, if the user named none, a message that explains the choice.

    ``mean(A, B, ...)`` stands for the mean of these methods' cubes (``parts_of``). tuned: whether parameters or a preset are given, which belong to BLIND.
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
    if observation.hsi.shape[2] <= FEW:
        name = f"mean({', '.join(MEAN)})"
        return name, f"no method named: {name}, because HR has a single band, and LR too few to explain it"
    return (
        MIXED,
        f"no method named: {MIXED}, because HR has a single band: {BLIND} mixed with cnmf as the pair itself decides",
    )


def parts_of(name: str) -> tuple[str, ...]:
    """Return the methods whose mean a name stands for, () for a method's own name."""
    return tuple(name[len("mean(") : -1].split(", ")) if name.startswith("mean(") else ()
