"""Stripes of a line camera: every column of every band of the HSI has an offset (``stripes0.02``: 2 % of the band's root mean square)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mossfuse.protocol import Effect, Parameter

if TYPE_CHECKING:
    from mossfuse.physics.draft import Draft


def stripe(draft: Draft, level: float) -> Draft:
    """Return the draft whose HSI has stripes, drawn with the seed of the noise."""
    from mossfuse.physics.degrade import noise_generator
    from mossfuse.physics.sensor_faults import add_column_offsets

    random = noise_generator(draft.cube, "stripes", level, draft.degradation.noise_seed)
    return replace(draft, hsi=add_column_offsets(draft.hsi, level, random))


EFFECT = Effect(
    name="column-offsets",
    title="stripes in the HSI, one offset for each column and band",
    stage="recording",
    apply=stripe,
    spellings=("stripes{level}",),
    params={"level": Parameter(0.02, above=0, maximum=1, kinds=(float,))},
)
