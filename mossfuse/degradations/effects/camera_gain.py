"""An SRF that is not normalised, times a gain (``gain0.8``): channels keep the relative sensitivities of the camera."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mossfuse.errors import MossFuseError
from mossfuse.protocol import Effect, Parameter

if TYPE_CHECKING:
    from mossfuse.physics.draft import Draft


def amplify(draft: Draft, gain: float) -> Draft:
    """Return the draft whose SRF rows have the sums that the response's table gives them, the largest one ``gain``."""
    if draft.levels is None:
        raise MossFuseError(
            "the sums of the spectral response's rows are not known; give levels, or the bands' wavelengths"
        )
    return replace(draft, srf=gain * draft.levels[:, None] * draft.srf)


EFFECT = Effect(
    name="camera-gain",
    title="SRF not normalised, with a camera gain",
    stage="sensor",
    apply=amplify,
    spellings=("gain{gain}",),
    params={"gain": Parameter(0.8, above=0, maximum=1, kinds=(float,))},
)
