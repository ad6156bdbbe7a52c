"""The camera's channels see a part of what the others see (``crosstalk0.05``: 5 %), which is not known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mossfuse.errors import MossFuseError
from mossfuse.protocol import Effect, Parameter

if TYPE_CHECKING:
    from mossfuse.physics.draft import Draft


def mix(draft: Draft, share: float) -> Draft:
    """Return the draft whose SRF has crosstalk; raise MossFuseError for one channel."""
    from mossfuse.physics.response_errors import mix_channels

    if draft.srf.shape[0] < 2:
        raise MossFuseError("an SRF of one channel has no crosstalk; choose one with more channels")
    return replace(draft, srf=mix_channels(draft.srf, share))


EFFECT = Effect(
    name="response-mix",
    title="SRF with crosstalk that is not known",
    stage="sensor",
    apply=mix,
    spellings=("crosstalk{share}",),
    params={"share": Parameter(0.05, above=0, below=1, kinds=(float,))},
)
