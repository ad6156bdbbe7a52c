"""GSA: adaptive Gram-Schmidt sharpening, extended to several MSI bands.

Paper: B. Aiazzi, S. Baronti, M. Selva, "Improving component substitution pansharpening through multivariate regression
of MS+Pan data", IEEE TGRS 45(10), 2007; several MSI bands: N. Yokoya, C. Grohnfeldt, J. Chanussot, IEEE GRSM 5(2),
2017.
Official code: HSMSFusionToolbox, in magamig/hif-benchmarking at ef23570 (no licence text).
Differs: `gsa` is the toolbox's form, blind (antialiased imresize in place of the PSF), unclipped. `gsa-psf` knows the
PSF: it blurs the MSI with it, interpolates by splines on the true lattice and truncates the regression at 1e-3.
Published numbers: none on CAVE.
"""

import numpy as np

from mossfuse.protocol import Fusion, Method

METHODS = (
    Method(
        name="gsa",
        title="GSA",
        citation="Aiazzi, Baronti, Selva, IEEE TGRS 45(10), 2007; Yokoya et al., IEEE GRSM 5(2), 2017",
        licence="own implementation (MIT)",
        stochastic=False,
        code="magamig/hif-benchmarking@ef23570",
    ),
    Method(
        name="gsa-psf",
        title="GSA (given the PSF)",
        citation="Aiazzi, Baronti, Selva, IEEE TGRS 45(10), 2007; Yokoya et al., IEEE GRSM 5(2), 2017",
        licence="own implementation (MIT)",
        knows=frozenset({"psf", "phase"}),
        stochastic=False,
        code="magamig/hif-benchmarking@ef23570",
        note="the sharpening of GSA with the sensor's own low-pass",
    ),
)


def fuse(observation, *, seed, device, checkpoint=None):
    """Regress the degraded MSI band on its HSI bands, substitute it; Fusion with an unclipped cube.

    Blind where the sensor's PSF is unknown (Aiazzi et al., section III: intensity by multivariate regression, gains
    cov(I, band) / var(I)).
    """
    from mossfuse.physics.sampling import check_pair, operator_of

    from .shared.resize import imresize, spline_upsample
    from .shared.sharpening import assign_bands, inject, low_pass

    check_pair(observation)
    sensor, ratio = observation.sensor, observation.ratio
    hsi, msi = observation.hsi.astype(np.float64), observation.msi.astype(np.float64)
    pan = msi - msi.mean((0, 1))
    if sensor.psf is None:
        low_msi, low_pan = low_pass(msi, hsi.shape), imresize(pan, hsi.shape[:2])
        upsampled, cutoff = imresize(hsi, msi.shape[:2]), None
    else:
        operator = operator_of(observation)
        low_msi, low_pan = operator(msi), operator(pan)
        upsampled, cutoff = spline_upsample(hsi, ratio, sensor.psf.shape, sensor.phase), 1e-3
    low = hsi - hsi.mean((0, 1))
    cube = np.empty(upsampled.shape, np.float32)
    for band, group in assign_bands(hsi, low_msi):
        design, target = low[..., group].reshape(-1, len(group)), low_pan[..., band].ravel()
        weights = np.linalg.lstsq(design, target - target.mean(), rcond=cutoff)[0]
        intensity = (upsampled[..., group] - upsampled[..., group].mean((0, 1))) @ weights
        cube[..., group] = inject(upsampled[..., group], pan[..., band], intensity - intensity.mean())
    return Fusion(cube=cube)
