"""The PSF is wider than is known (``psfblur1``: convolved with a Gaussian of 1 pixel)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mossfuse.protocol import Effect, Parameter

if TYPE_CHECKING:
    from mossfuse.physics.draft import Draft


def widen(draft: Draft, sigma: float) -> Draft:
    """Return the draft whose PSFs, of all bands or of each, are blurred further."""
    from mossfuse.physics.response_errors import blur_psf

    return replace(draft, psfs=tuple(blur_psf(psf, sigma) for psf in draft.psfs))


EFFECT = Effect(
    name="psf-error",
    title="PSF wider than is known",
    stage="sensor",
    apply=widen,
    spellings=("psfblur{sigma}",),
    params={"sigma": Parameter.positive(1.0)},
)
