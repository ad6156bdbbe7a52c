"""The PSF widens with the wavelength (``chroma0.25``: by 25 % less at the shortest wavelength, 25 % more at the longest)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mossfuse.errors import MossFuseError
from mossfuse.protocol import Effect, Parameter

if TYPE_CHECKING:
    from mossfuse.physics.draft import Draft


def widen(draft: Draft, spread: float) -> Draft:
    """Return the draft with one PSF for each band, its width multiplied by 1 - spread ... 1 + spread along the wavelengths.

    Raises MossFuseError for a PSF family without a width, such as the box.
    """
    import numpy as np

    from mossfuse.degradations.psfs import find_psf_family, make_psf

    psf = draft.degradation.psf
    family = find_psf_family(psf["family"])[0]
    if not family.width:
        raise MossFuseError(f"the PSF family '{family.name}' has no width that could change with the wavelength")
    bands = draft.cube.shape[2]
    place = np.arange(bands, dtype=float) if draft.wavelengths is None else np.asarray(draft.wavelengths, float)
    along = 2 * (place - place[0]) / max(place[-1] - place[0], np.finfo(float).tiny) - 1
    width = np.asarray({**family.params, **psf}[family.width], float)
    return replace(draft, psfs=tuple(make_psf({**psf, family.width: scaled(width, 1 + spread * t)}) for t in along))


def scaled(width, factor: float):
    """Return a width, or the widths along and across, times a factor."""
    return tuple(float(w * factor) for w in width) if width.ndim else float(width * factor)


EFFECT = Effect(
    name="chromatic-psf",
    title="PSF width that grows with the wavelength",
    stage="sensor",
    apply=widen,
    spellings=("chroma{spread}",),
    params={"spread": Parameter(0.25, above=0, below=1, kinds=(float,))},
)
