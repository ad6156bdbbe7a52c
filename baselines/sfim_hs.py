"""SFIM-HS: smoothing-filter-based intensity modulation with a synthetic band per HSI band (hypersharpening).

Paper: J. G. Liu, "Smoothing filter-based intensity modulation", Int. J. Remote Sensing 21(18), 2000; hypersharpening:
M. Selva, B. Aiazzi, F. Butera, L. Chiarantini, S. Baronti, IEEE JSTARS 8(6), 2015; toolbox form: Yokoya et al., IEEE
GRSM 5(2), 2017.
Official code: HSMSFusionToolbox, in magamig/hif-benchmarking at ef23570 (no licence text).
Differs: `sfim-hs` is the toolbox's form, blind, nearest-neighbour blocks included (mode 3: non-negative weights).
`sfim-hs-psf` knows the PSF: true low-pass, splines on the true lattice. `floor` is added to both sides of the quotient,
so that it tends to one in dark pixels, where the toolbox divides by zero.
Published numbers: none on CAVE.
"""

import numpy as np

from mossfuse.protocol import Fusion, Method, Parameter

CITATION = "Liu, Int. J. Remote Sensing 21(18), 2000; Selva et al., IEEE JSTARS 8(6), 2015"
METHODS = (
    Method(
        name="sfim-hs",
        title="SFIM-HS",
        citation=CITATION,
        licence="own implementation (MIT)",
        stochastic=False,
        params={"floor": Parameter.non_negative(1e-6)},
        code="magamig/hif-benchmarking@ef23570",
    ),
    Method(
        name="sfim-hs-psf",
        title="SFIM-HS (given the PSF)",
        citation=CITATION,
        licence="own implementation (MIT)",
        knows=frozenset({"psf", "phase"}),
        tuned_on={"cave": ("chart_and_stuffed_toy",)},
        stochastic=False,
        params={"floor": Parameter.non_negative(0.004)},
        code="magamig/hif-benchmarking@ef23570",
        note="the modulation of SFIM-HS with the sensor's own low-pass",
    ),
)


def fuse(observation, *, seed, device, checkpoint=None, floor=1e-6):
    """Return the interpolated HSI times its synthetic band over that band's low-pass; the cube is not clipped.

    floor: added to dividend and divisor, as a share of the brightest low-pass value of that band.
    """
    from mossfuse.physics.sampling import check_pair, operator_of

    from .shared.nnls import nonnegative_fit
    from .shared.resize import spline_upsample
    from .shared.sharpening import low_pass

    check_pair(observation)
    sensor, ratio = observation.sensor, observation.ratio
    hsi, msi = observation.hsi.astype(np.float64), observation.msi.astype(np.float64)
    low_msi = low_pass(msi, hsi.shape) if sensor.psf is None else operator_of(observation)(msi)
    weights, offset = nonnegative_fit(low_msi.reshape(-1, msi.shape[2]), hsi.reshape(-1, hsi.shape[2]))
    low = low_msi @ weights + offset
    level = np.maximum(floor * low.max((0, 1)), 1e-12)
    both, bands = np.concatenate([hsi, low], 2), hsi.shape[2]
    if sensor.psf is None:
        both = both.repeat(ratio, 0).repeat(ratio, 1)
    else:
        both = np.maximum(spline_upsample(both, ratio, sensor.psf.shape, sensor.phase), 0)  # splines undershoot
    modulation = (both[..., :bands] + level) / (both[..., bands:] + level)
    return Fusion(cube=(modulation * (msi @ weights + offset)).astype(np.float32))
