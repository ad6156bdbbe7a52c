"""Clouds that the pair's masks name: what they cover was not measured (``cloudmask0.1``: over 10 % of the scene, in both images).

``cloudmask0.1x0.3`` are two dates: clouds over 10 % of the HSI and, drawn apart, over 30 % of the MSI. An LR pixel was measured where no cloud lies within
the window of the PSF that methods are given. What was not measured is NaN here; the benchmark fills it before any method sees the pair
(mossfuse.benchmark.data.masked_pair), and no score counts what ``measured`` leaves out. It is the last effect on the recording.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mossfuse.errors import MossFuseError
from mossfuse.protocol import Degradation, Effect, Parameter

if TYPE_CHECKING:
    import numpy as np

    from mossfuse.physics.draft import Draft


def measured(
    cube: np.ndarray, degradation: Degradation, share: float | Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Return (LR (h, w), HR (H, W)), False where clouds cover what a pixel sees; drawn with the seed of the noise.

    cube: the scene (H, W, B). share: of the scene's pixels under clouds, one for both images or one for each. Clouds lie on each image's own
    pixels: a shift moves the scene below them. Raises MossFuseError where there is no cloud, and where less than MEASURED_LEAST is left.
    """
    import numpy as np

    from mossfuse.degradations.psfs import make_psf
    from mossfuse.physics.degrade import noise_generator
    from mossfuse.physics.fill import MEASURED_LEAST, at_high_resolution
    from mossfuse.physics.sampling import BlurSample
    from mossfuse.physics.sensor_faults import cloud_mask

    shape, ratio, seed = cube.shape[:2], degradation.ratio, degradation.noise_seed
    dates = {"both": share} if isinstance(share, (int, float)) else dict(zip(("hsi", "msi"), share, strict=True))
    if not any(dates.values()):
        raise MossFuseError("clouds over none of the scene hide nothing; leave -cloudmask{share} out")
    clouds = [
        cloud_mask(shape, part, noise_generator(cube, f"cloudmask-{name}", part, seed)) for name, part in dates.items()
    ]
    window = np.ones(make_psf(degradation.psf).shape)
    seen = BlurSample(window, degradation.phase, ratio, shape, degradation.border)(clouds[0].astype(np.float64))
    low, high = seen < 0.5, ~clouds[-1]
    left = (at_high_resolution(low, ratio) & high).mean()
    if left < MEASURED_LEAST:
        raise MossFuseError(
            f"these clouds leave {100 * left:.2g} % of the scene measured in both images, and {100 * MEASURED_LEAST:.0f} % are needed; "
            "ask for fewer with -cloudmask{share}, or for a smaller PSF"
        )
    return low, high


def veil(draft: Draft, share: float | Sequence[float]) -> Draft:
    """Return the draft with NaN in place of all that clouds cover."""
    import numpy as np

    low, high = measured(draft.cube, draft.degradation, share)
    hsi, msi = (np.where(seen[..., None], image, np.nan) for seen, image in ((low, draft.hsi), (high, draft.msi)))
    return replace(draft, hsi=hsi, msi=msi)


EFFECT = Effect(
    name="veiling-clouds",
    title="clouds, masked",
    stage="recording",
    apply=veil,
    spellings=("cloudmask{share}", "cloudmask{share[0]}x{share[1]}"),
    params={"share": Parameter(0.1, minimum=0, below=1, kinds=(float,))},
)
