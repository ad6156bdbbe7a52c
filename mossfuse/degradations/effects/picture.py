"""The MSI is the colour picture that the dataset has of the scene (``picture``), such as CAVE's RGB BMP.

That picture was rendered from the spectral cube with colour-matching functions, a white point, a gamma curve and 8 bits, and
the SRF in the degradation's name did not make it: methods that are given an SRF are given a wrong one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mossfuse.errors import MossFuseError
from mossfuse.protocol import Effect

if TYPE_CHECKING:
    from mossfuse.physics.draft import Draft


def take_picture(draft: Draft) -> Draft:
    """Return the draft whose MSI is the scene's picture.

    Raises MossFuseError where the dataset has none, or one of another size or number of channels than the SRF's.
    """
    if draft.picture is None:
        raise MossFuseError(
            "the scene has no colour picture beside its bands; use a degradation without '-picture', or a dataset with pictures"
        )
    if draft.picture.shape != draft.msi.shape:
        raise MossFuseError(
            f"the scene's picture has the shape {draft.picture.shape} and the MSI {draft.msi.shape}; choose an SRF of "
            f"{draft.picture.shape[-1]} channels"
        )
    from mossfuse.physics.degrade import shift_image

    return replace(draft, msi=shift_image(draft.picture.astype(float), draft.degradation.shift))


EFFECT = Effect(
    name="picture",
    title="the dataset's own colour picture as MSI",
    stage="light",
    apply=take_picture,
    spellings=("picture",),
)
