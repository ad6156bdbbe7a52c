"""The MSI is stored with a gamma curve (``gamma2.2``)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mossfuse.protocol import Effect, Parameter

if TYPE_CHECKING:
    from mossfuse.physics.draft import Draft


def encode(draft: Draft, gamma: float) -> Draft:
    """Return the draft whose MSI is max(x, 0) ** (1 / gamma)."""
    from mossfuse.physics.recording import encode_gamma

    return replace(draft, msi=encode_gamma(draft.msi, gamma))


EFFECT = Effect(
    name="gamma",
    title="MSI with a gamma curve",
    stage="recording",
    apply=encode,
    spellings=("gamma{gamma}",),
    params={"gamma": Parameter.positive(2.2)},
)
