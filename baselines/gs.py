"""GS: Gram-Schmidt sharpening, extended to several MSI bands.

Paper: C. A. Laben, B. V. Brower, US patent 6,011,875, 2000; band assignment for HSI-MSI pairs: N. Yokoya, C.
Grohnfeldt, J. Chanussot, "Hyperspectral and multispectral data fusion: a comparative review", IEEE GRSM 5(2), 2017.
Official code: HSMSFusionToolbox, in magamig/hif-benchmarking at ef23570 (no licence text).
Differs: nothing is clipped or quantised. Needs no knowledge of the sensor; the 45-tap interpolator is the toolbox's.
Published numbers: none on CAVE.
"""

import numpy as np

from mossfuse.protocol import Fusion, Method

METHOD = Method(
    name="gs",
    title="GS (Gram-Schmidt)",
    citation="Laben & Brower, US patent 6,011,875, 2000; Yokoya et al., IEEE GRSM 5(2), 2017",
    licence="own implementation (MIT)",
    stochastic=False,
    code="magamig/hif-benchmarking@ef23570",
)


def fuse(observation, *, seed, device, checkpoint=None):
    """Substitute the mean of the interpolated HSI bands by the matched MSI band; Fusion with an unclipped cube."""
    from mossfuse.physics.sampling import check_pair

    from .shared.resize import fir_upsample
    from .shared.sharpening import assign_bands, inject, low_pass

    check_pair(observation)
    hsi, msi, ratio = observation.hsi.astype(np.float64), observation.msi, observation.ratio
    start = ((ratio - 1) // 2,) * 2
    upsampled = fir_upsample(hsi, ratio, start)
    cube = np.empty(upsampled.shape, np.float32)
    for band, group in assign_bands(hsi, low_pass(msi, hsi.shape)):
        intensity = upsampled[..., group].mean(2)
        pan = msi[..., band].astype(np.float64)
        spread = pan.std()
        gain = intensity.std() / spread if spread > 0 else 0.0
        cube[..., group] = inject(upsampled[..., group], (pan - pan.mean()) * gain, intensity - intensity.mean())
    return Fusion(cube=cube)
