"""The MSI darkens towards its corners (``vignette0.3``: by 30 % in the corners, with the square of the distance)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mossfuse.protocol import Effect, Parameter

if TYPE_CHECKING:
    from mossfuse.physics.draft import Draft


def darken(draft: Draft, strength: float) -> Draft:
    """Return the draft whose MSI is multiplied by 1 - strength d^2, d from 0 in the centre to 1 in the corners."""
    from mossfuse.physics.recording import vignette

    return replace(draft, msi=vignette(draft.msi, strength))


EFFECT = Effect(
    name="vignetting",
    title="MSI darkened towards its corners",
    stage="light",
    apply=darken,
    spellings=("vignette{strength}",),
    params={"strength": Parameter(0.3, above=0, maximum=1, kinds=(float,))},
)
