"""The sensor that the HSMSFusionToolbox assumes for any data (Yokoya et al., IEEE GRSM 5(2), 2017)."""

import numpy as np

from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.sampling import BlurSample

FWHM = 2 * np.sqrt(2 * np.log(2))  # full width at half maximum of a Gaussian, in sigmas


def toolbox_downsample(image, ratio):
    """Blur by a Gaussian with FWHM = ratio over twice the block and sample at block centres: (rows, cols, C) -> (h, w,
    C).

    Pixels on the border of the small image see their own block only, with the kernel renormalised on it.
    """
    own = BlurSample(gaussian_psf(ratio, ratio / FWHM), ((ratio - 1) // 2,) * 2, ratio, image.shape)
    out = own(image)
    if min(own.low_shape) > 2:
        size = 2 * ratio - ratio % 2
        phase = (size - 1) // 2 - ratio // 2
        wide = BlurSample(gaussian_psf(size, ratio / FWHM), (phase, phase), ratio, image.shape)
        out[1:-1, 1:-1] = wide(image)[1:-1, 1:-1]
    return out
