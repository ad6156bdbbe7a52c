"""The MSI is magnified against the HSI about its middle (``zoom1``: by 1 %), as with a wrong altitude."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mossfuse.protocol import Effect, Parameter

if TYPE_CHECKING:
    from mossfuse.physics.draft import Draft


def zoom(draft: Draft, percent: float) -> Draft:
    """Return the draft whose MSI is magnified by so many percent."""
    from mossfuse.physics.misalignment import magnify

    return replace(draft, msi=magnify(draft.msi, 1 + percent / 100))


EFFECT = Effect(
    name="scale-error",
    title="MSI magnified against the HSI",
    stage="light",
    apply=zoom,
    spellings=("zoom{percent}",),
    params={"percent": Parameter(1.0, above=0, maximum=100, kinds=(float,))},
)
