"""Bands of the HSI that record nothing (``dead2``: two of them, drawn with the seed of the noise; they are 0)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mossfuse.errors import MossFuseError
from mossfuse.protocol import Effect, Parameter

if TYPE_CHECKING:
    from mossfuse.physics.draft import Draft


def kill(draft: Draft, count: int) -> Draft:
    """Return the draft with ``count`` bands of the HSI at 0; raise MossFuseError where that is every band."""
    from mossfuse.physics.degrade import noise_generator
    from mossfuse.physics.sensor_faults import silence_bands

    if count >= draft.hsi.shape[2]:
        raise MossFuseError(f"{count} dead bands of {draft.hsi.shape[2]} leave none; ask for fewer with -dead{{count}}")
    random = noise_generator(draft.cube, "dead", count, draft.degradation.noise_seed)
    return replace(draft, hsi=silence_bands(draft.hsi, count, random))


EFFECT = Effect(
    name="unread-bands",
    title="dead bands in the HSI",
    stage="recording",
    apply=kill,
    spellings=("dead{count}",),
    params={"count": Parameter.count(2)},
)
