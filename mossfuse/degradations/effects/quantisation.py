"""The MSI is stored with few bits (``msi8bit``)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mossfuse.protocol import Effect, Parameter

if TYPE_CHECKING:
    from mossfuse.physics.draft import Draft


def store(draft: Draft, bits: int) -> Draft:
    """Return the draft whose MSI is clipped to [0, 1] and rounded to 2^bits - 1 steps."""
    from mossfuse.physics.recording import quantise

    return replace(draft, msi=quantise(draft.msi, bits))


EFFECT = Effect(
    name="quantisation",
    title="MSI of few bits",
    stage="recording",
    apply=store,
    spellings=("msi{bits}bit",),
    params={"bits": Parameter.count(8, maximum=16)},
)
