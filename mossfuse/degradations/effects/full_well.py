"""Both detectors are full at a level (``saturate0.8``): what is brighter is recorded as that level."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mossfuse.protocol import Effect, Parameter

if TYPE_CHECKING:
    from mossfuse.physics.draft import Draft


def fill(draft: Draft, level: float) -> Draft:
    """Return the draft whose images end at ``level``."""
    from mossfuse.physics.sensor_faults import saturate

    return replace(draft, hsi=saturate(draft.hsi, level), msi=saturate(draft.msi, level))


EFFECT = Effect(
    name="full-well",
    title="saturation of both images",
    stage="recording",
    apply=fill,
    spellings=("saturate{level}",),
    params={"level": Parameter(0.5, above=0, maximum=1, kinds=(float,))},
)
