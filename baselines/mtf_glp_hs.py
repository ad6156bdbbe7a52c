"""MTF-GLP-HS: generalised Laplacian pyramid with a synthetic band per HSI band (hypersharpening).

Paper: B. Aiazzi, L. Alparone, S. Baronti, A. Garzelli, M. Selva, "MTF-tailored multiscale fusion", PE&RS 72(5), 2006;
hypersharpening: M. Selva et al., IEEE JSTARS 8(6), 2015; toolbox form: Yokoya et al., IEEE GRSM 5(2), 2017.
Official code: HSMSFusionToolbox, in magamig/hif-benchmarking at ef23570 (no licence text).
Differs: `mtf-glp-hs` is the toolbox's form, blind: Gaussian MTF with FWHM = ratio, 45-tap interpolator, mean over the
two central lattices of an even ratio, negative values set to 0; vectorised, and without its upper clip, which exceeds
1. `mtf-glp-hs-psf` knows the PSF: true low-pass, cubic splines on the true lattice (`regression-injection` is the same
with unit gains).
Published numbers: none on CAVE.
"""

import numpy as np

from mossfuse.protocol import Fusion, Method

CITATION = "Aiazzi et al., PE&RS 72(5), 2006; Selva et al., IEEE JSTARS 8(6), 2015"
METHODS = (
    Method(
        name="mtf-glp-hs",
        title="MTF-GLP-HS",
        citation=CITATION,
        licence="own implementation (MIT)",
        stochastic=False,
        code="magamig/hif-benchmarking@ef23570",
    ),
    Method(
        name="mtf-glp-hs-psf",
        title="MTF-GLP-HS (given the PSF)",
        citation=CITATION,
        licence="own implementation (MIT)",
        knows=frozenset({"psf", "phase"}),
        stochastic=False,
        code="magamig/hif-benchmarking@ef23570",
        note="hypersharpening with the sensor's own low-pass",
    ),
)


def fuse(observation, *, seed, device, checkpoint=None):
    """Return the interpolated HSI plus the high-pass of its synthetic band; the cube is not clipped."""
    from mossfuse.physics.sampling import check_pair, operator_of

    from .shared.resize import spline_upsample
    from .shared.sharpening import affine_fit, low_pass

    check_pair(observation)
    sensor, ratio = observation.sensor, observation.ratio
    hsi, msi = observation.hsi.astype(np.float64), observation.msi.astype(np.float64)
    if sensor.psf is None:
        weights, offset = affine_fit(low_pass(msi, hsi.shape), hsi)
        cube = blind_injection(hsi, msi @ weights + offset, ratio)
    else:
        low_msi = operator_of(observation)(msi)
        weights, offset = affine_fit(low_msi, hsi)
        both = np.concatenate([hsi, low_msi @ weights + offset], 2)
        both = spline_upsample(both, ratio, sensor.psf.shape, sensor.phase)
        cube = injection(both[..., : hsi.shape[2]], msi @ weights + offset, both[..., hsi.shape[2] :])
    return Fusion(cube=cube.astype(np.float32))


def injection(upsampled, synthetic, low):
    """Return U + cov(U, low) / var(low) * (synthetic - low) per band; low: the interpolated low-pass of the synthetic
    band.
    """
    centred = low - low.mean((0, 1))
    energy = (centred**2).sum((0, 1))
    gain = np.divide(
        (centred * upsampled).sum((0, 1)),
        energy,
        out=np.zeros_like(energy),
        where=energy > 1e-12 * (low**2).sum((0, 1)),
    )
    return upsampled + gain * (synthetic - low)


def blind_injection(hsi, synthetic, ratio):
    """Apply ``injection`` with the toolbox's low-pass and interpolator, non-negative, averaged over an even ratio's
    lattices.

    hsi: (h, w, B); synthetic: (H, W, B).
    """
    from .shared.resize import fir_upsample
    from .shared.toolbox import toolbox_downsample

    both = np.concatenate([hsi, toolbox_downsample(synthetic, ratio)], 2)
    starts = {(ratio - 1) // 2, ratio // 2}
    cube = 0
    for start in sorted(starts):
        fine = fir_upsample(both, ratio, (start, start))
        detailed = injection(fine[..., : hsi.shape[2]], synthetic, fine[..., hsi.shape[2] :])
        cube = cube + np.maximum(detailed, 0) / len(starts)
    return cube
