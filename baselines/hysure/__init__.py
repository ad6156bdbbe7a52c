"""HySure: subspace regularisation with vector total variation, with known or estimated sensors.

Paper: M. Simoes, J. Bioucas-Dias, L. B. Almeida, J. Chanussot, "A convex formulation for hyperspectral image
superresolution via subspace-based regularization", IEEE TGRS 53(6), 2015 (section IV: estimation of blur
and spectral response). Code: https://github.com/alfaiate/HySure at 8652a58 (GPLv3, read, not copied).

    min over Z  1/2 ||Yh - E Z H S||^2 + lm/2 ||Ym - R E Z||^2 + lphi sum_pixels sqrt(sum_bands |grad z|^2),  X = E Z

What differs and why:
- Half the transforms: differences are taken in space, and the split V1 = Z H, whose scaled dual is zero off the
  sampling lattice, is stored on the lattice only.
- ``hysure`` uses the sensor's PSF, phase and spectral response. ``hysure-blind`` estimates PSF and response (section
  IV). By default the PSF's support is the sensor's and its window is centred on the sampled pixel; ``faithful`` takes
  the toolbox's support, 2 ratio - 1, and for even ratios its window one pixel off (blur_center 1).
- Subspace by VCA, the largest volume of 100 draws where the toolbox takes 20: the result then hardly depends on the
  seed.

Published numbers: none under this protocol.
"""

import numpy as np

from mossfuse.protocol import Fusion, Method, Parameter

PARAMS = {
    "endmembers": Parameter.count(10),
    "tv_weight": Parameter.non_negative(1e-3),
    "msi_weight": Parameter.non_negative(1.0),
    "mu": Parameter.positive(0.05),
    "iterations": Parameter.count(200),
    "draws": Parameter.count(100),
}
CITATION = (
    'M. Simoes, J. Bioucas-Dias, L. B. Almeida, J. Chanussot, "A convex formulation for hyperspectral image '
    'superresolution via subspace-based regularization," IEEE TGRS, vol. 53, no. 6, pp. 3373-3388, 2015'
)
CODE = "alfaiate/HySure@8652a58"
LICENCE = "written from the paper's mathematics; the authors' code is GPLv3 and was not copied"
METHODS = (
    Method(
        name="hysure",
        title="HySure",
        citation=CITATION,
        licence=LICENCE,
        knows=frozenset({"psf", "phase", "srf"}),
        tuned_on={name: ("balloons",) for name in ("cave-half", "cave", "cave-8", "cave-26")},
        params=PARAMS,
        presets={"smoke": {"iterations": 20, "draws": 2}, "faithful": {"draws": 20}},
        code=CODE,
    ),
    Method(
        name="hysure-blind",
        title="HySure (blind)",
        citation=CITATION,
        licence=LICENCE,
        knows=frozenset({"phase"}),
        optional=frozenset({"phase"}),
        tuned_on={name: ("balloons",) for name in ("cave-half", "cave", "cave-8", "cave-26")},
        params={
            **PARAMS,
            "srf_smoothness": Parameter.non_negative(10.0),
            "psf_smoothness": Parameter.non_negative(10.0),
            "faithful": False,
        },
        presets={"smoke": {"iterations": 20, "draws": 2}, "faithful": {"faithful": True, "draws": 20}},
        code=CODE,
        note="estimates PSF and SRF from the pair; knows the sampled pixel's phase and the size of the PSF's support",
    ),
)


def fuse(
    observation, *, seed, device, checkpoint=None, endmembers=10, tv_weight=1e-3, msi_weight=1.0, mu=0.05,
    iterations=200, draws=100, srf_smoothness=10.0, psf_smoothness=10.0, faithful=False,
):  # fmt: skip
    """Fuse one pair; where the sensor gives no PSF and no SRF both are estimated (hysure-blind).

    endmembers: subspace size, reduced to what the LR-HSI can carry; tv_weight, msi_weight, mu, iterations: the
    objective and its ADMM; draws: VCA runs; srf_smoothness, psf_smoothness: first-difference penalties of the
    estimation; faithful: the toolbox's support and centring of the estimated PSF. Raises MossFuseError where only
    one of PSF and SRF is known or the pair is malformed.
    """
    from mossfuse.physics.sampling import check_pair

    from ..shared.known_sensor import known_operator
    from ..shared.subspace import widest_vertices
    from .admm import fuse_total_variation
    from .sensors import estimate_sensors

    check_pair(observation)
    scale = float(observation.hsi.max())
    scale = scale if scale > 0 else 1.0
    hsi, msi = observation.hsi / np.float32(scale), observation.msi / np.float32(scale)
    sensor, blind = observation.sensor, observation.sensor.psf is None and observation.sensor.srf is None
    if blind:
        psf, phase, srf = estimate_sensors(
            hsi, msi, observation.ratio, sensor.phase, sensor.psf_shape, endmembers, srf_smoothness, psf_smoothness,
            faithful,
        )  # fmt: skip
    else:
        known_operator(observation, METHODS[0].title)
        psf, phase, srf = sensor.psf, sensor.phase, np.asarray(sensor.srf, np.float64)
    spectra = widest_vertices(hsi.reshape(-1, hsi.shape[2]), endmembers, draws, np.random.default_rng(seed))
    coefficients, history = fuse_total_variation(
        hsi, msi, spectra, psf, phase, srf, observation.ratio, tv_weight, msi_weight, mu, iterations
    )
    cube = np.einsum("krc,kb->rcb", coefficients, (scale * spectra).astype(np.float32), optimize=True)
    hats = {"psf_hat": psf, "srf_hat": srf} if blind else {}
    return Fusion(cube=cube, history=history, notes={"subspace size": len(spectra)}, **hats)
