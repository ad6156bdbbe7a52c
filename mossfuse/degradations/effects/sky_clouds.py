"""Clouds over a part of the MSI that the HSI does not have (``clouds0.1``: 10 % of its pixels), as between two dates.

Methods are given no mask: they see bright pixels. Drawn with the seed of the noise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mossfuse.protocol import Effect, Parameter

if TYPE_CHECKING:
    from mossfuse.physics.draft import Draft


def cloud(draft: Draft, share: float) -> Draft:
    """Return the draft whose MSI is covered by opaque clouds over a share of its pixels."""
    from mossfuse.physics.degrade import noise_generator
    from mossfuse.physics.sensor_faults import cloud_mask, cover

    random = noise_generator(draft.cube, "clouds", share, draft.degradation.noise_seed)
    return replace(draft, msi=cover(draft.msi, cloud_mask(draft.msi.shape[:2], share, random)))


EFFECT = Effect(
    name="sky-clouds",
    title="clouds in the MSI alone",
    stage="light",
    apply=cloud,
    spellings=("clouds{share}",),
    params={"share": Parameter(0.1, above=0, below=1, kinds=(float,))},
)
