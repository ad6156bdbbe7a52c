"""The camera's responses lie at longer wavelengths than is known (``srfshift10``: by 10 nm)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mossfuse.errors import MossFuseError
from mossfuse.protocol import Effect, Parameter

if TYPE_CHECKING:
    from mossfuse.physics.draft import Draft


def shift(draft: Draft, nanometres: float) -> Draft:
    """Return the draft whose SRF is moved; raise MossFuseError without the wavelengths of the bands."""
    from mossfuse.physics.response_errors import shift_response

    if draft.wavelengths is None:
        raise MossFuseError("the wavelengths of the bands are not known, so the SRF cannot be moved; give wavelengths")
    return replace(draft, srf=shift_response(draft.srf, draft.wavelengths, nanometres))


EFFECT = Effect(
    name="response-shift",
    title="SRF at other wavelengths than is known",
    stage="sensor",
    apply=shift,
    spellings=("srfshift{nanometres}",),
    params={"nanometres": Parameter(10.0, above=0, kinds=(float,))},
)
