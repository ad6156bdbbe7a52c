"""Replicates: degradations that differ only in the sampling phase and in the draw of the noise are one degradation.

Which high-resolution pixels a sensor samples, and which noise it draws, is chance. A board therefore shows one degradation
with the mean over its replicates, and their spread as an error bar of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from mossfuse.degradations.names import canonical_name
from mossfuse.errors import MossFuseError
from mossfuse.physics.psf_geometry import official_geometry
from mossfuse.protocol import Degradation

LATTICES = (1, 4, 9, 16, 25)  # numbers of lattices that a configuration may ask for: squares


@dataclass(frozen=True)
class Replicate:
    """What a degradation is a replicate of.

    base: name without phase and draw, shared by all replicates; lattice: 'ROWxCOL', the sampling phase; draw: seed of the noise.
    """

    base: str
    lattice: str
    draw: int

    @property
    def name(self) -> str:
        """Return lattice and draw as one text: 'phase15x15-noise0'."""
        return f"phase{self.lattice}-noise{self.draw}"


def replicate_of(degradation: Degradation) -> Replicate:
    """Return the Replicate that a degradation is."""
    official = official_geometry(degradation.ratio)[1]
    base = canonical_name(replace(degradation, phase=(official, official), noise_seed=0))
    row, col = degradation.phase
    return Replicate(base, f"{row}x{col}", degradation.noise_seed)


def lattices(degradation: Degradation, count: int) -> list[Degradation]:
    """Return ``count`` replicates of a degradation, itself first: its phase moved over a square grid of the ratio's period.

    count: a square n * n; the offsets are i * ratio / n, rounded, for i = 0 ... n - 1 along rows and columns, so that they are
    the same fractions of a low-resolution pixel at every ratio. Raises MossFuseError for another count, and for a ratio
    with fewer than n different offsets.
    """
    if count not in LATTICES:
        raise MossFuseError(f"lattices must be one of {', '.join(map(str, LATTICES))}, not {count}")
    side, ratio = math.isqrt(count), degradation.ratio
    if side > ratio:
        raise MossFuseError(
            f"degradation '{degradation.name}': ratio {ratio} has {ratio**2} sampling lattices and not {count}; "
            "ask for fewer with the key 'lattices'"
        )
    offsets = [math.floor(i * ratio / side + 0.5) for i in range(side)]
    found = []
    for down in offsets:
        for right in offsets:
            phase = ((degradation.phase[0] + down) % ratio, (degradation.phase[1] + right) % ratio)
            moved = replace(degradation, phase=phase) if (down, right) != (0, 0) else degradation
            found.append(replace(moved, name=canonical_name(moved)))
    return found


def first_replicates(degradations: Iterable[str], known: Mapping[str, Degradation]) -> list[str]:
    """Return the names without further replicates of a degradation that stands before them."""
    bases: dict[str, str] = {}
    for name in degradations:
        bases.setdefault(replicate_of(known[name]).base, name)
    return list(bases.values())
