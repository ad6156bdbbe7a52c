"""The MSI is turned against the HSI about its middle (``rotate0.5``: by half a degree)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mossfuse.protocol import Effect, Parameter

if TYPE_CHECKING:
    from mossfuse.physics.draft import Draft


def rotate(draft: Draft, degrees: float) -> Draft:
    """Return the draft whose MSI is turned from the row axis towards the column axis."""
    from mossfuse.physics.misalignment import turn

    return replace(draft, msi=turn(draft.msi, degrees))


EFFECT = Effect(
    name="rotation",
    title="MSI turned against the HSI",
    stage="light",
    apply=rotate,
    spellings=("rotate{degrees}",),
    params={"degrees": Parameter(0.5, above=0, below=360, kinds=(float,))},
)
