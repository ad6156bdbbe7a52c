"""NSSR: non-negative structured sparse representation.

Paper: W. Dong, F. Fu, G. Shi, X. Cao, J. Wu, G. Li, X. Li, "Hyperspectral image super-resolution via non-negative
structured sparse representation", IEEE TIP 25(5), 2016. Code: the authors' MATLAB, research use only, as kept in
https://github.com/magamig/hif-benchmarking at ef23570 (read, not copied).

    min  ||Yh - D A H||^2 + ||Ym - R D A||^2 + eta1 ||D A - U||^2 + eta2 ||A||_1,  A >= 0,  U = non-local mean of D A

What differs and why:
- Z's step, conjugate gradients per band there, is solved in closed form (baselines.shared.sylvester).
- The original ends with alternating back-projection whose spatial operator is a box average whatever the PSF; with a
  Gaussian PSF that costs 10-17 dB. ``faithful`` reproduces it; by default it uses the sensor's operator.
- The non-local weights take all MSI bands, also where there are more than three.

Published numbers: none under this protocol.
"""

import numpy as np

from mossfuse.protocol import Fusion, Method, Parameter

METHOD = Method(
    name="nssr",
    title="NSSR",
    citation='W. Dong et al., "Hyperspectral image super-resolution via non-negative structured sparse representation," '
    "IEEE TIP, vol. 25, no. 5, pp. 2337-2352, 2016",
    licence="written from the paper's mathematics; the authors' code is for research only and was not copied",
    knows=frozenset({"psf", "phase", "srf"}),
    params={
        "atoms": Parameter.count(80),
        "eta1": Parameter.non_negative(0.015),
        "eta2": Parameter.non_negative(6e-5),
        "mu": Parameter.positive(2e-4),
        "growth": Parameter(1.1, minimum=1),
        "iterations": Parameter.count(26),
        "rounds": Parameter.count(10),
        "window": Parameter.count(18),
        "neighbours": Parameter.count(10),
        "faithful": False,
    },
    presets={"smoke": {"atoms": 20, "iterations": 5, "rounds": 1, "window": 4}, "faithful": {"faithful": True}},
    code="magamig/hif-benchmarking@ef23570",
)


def fuse(
    observation, *, seed, device, checkpoint=None, atoms=80, eta1=0.015, eta2=6e-5, mu=2e-4, growth=1.1,
    iterations=26, rounds=10, window=18, neighbours=10, faithful=False,
):  # fmt: skip
    """Fuse one pair with a known sensor.

    atoms: dictionary size, at most the number of LR pixels; eta1, eta2: non-local and sparsity weights; mu, growth,
    iterations: the ADMM; rounds: of the dictionary's learning; window: radius of the non-local search in pixels;
    neighbours: of every pixel; faithful: final back-projection with the box operator of the authors' code.
    Raises MossFuseError where the sensor is not known or the pair is malformed.
    """
    from mossfuse.physics.psf import box_psf
    from mossfuse.physics.sampling import BlurSample
    from mossfuse.progress import track

    from ..shared.known_sensor import known_operator
    from ..shared.sylvester import SylvesterSolver
    from .dictionary import learn_dictionary
    from .nonlocal_means import nonlocal_matrix

    operator = known_operator(observation, METHOD.title)
    srf = np.asarray(observation.sensor.srf, np.float64)
    hsi, msi, ratio = observation.hsi.astype(np.float32), observation.msi.astype(np.float32), observation.ratio
    shape, bands = msi.shape[:2], hsi.shape[2]
    solver = SylvesterSolver(operator)
    spectra = learn_dictionary(hsi.reshape(-1, bands), atoms, np.random.default_rng(seed), rounds)
    weights = nonlocal_matrix(msi, window, neighbours=neighbours)

    back = operator.adjoint(hsi).reshape(-1, bands)
    gram, seen, identity = spectra @ spectra.T, spectra @ srf.T, np.eye(len(spectra))
    sharp = msi.reshape(-1, msi.shape[2]) @ seen.T.astype(np.float32)
    d = spectra.astype(np.float32)
    cube = np.zeros((shape[0] * shape[1], bands), np.float32)
    smooth, dual_cube = np.zeros_like(cube), np.zeros_like(cube)
    sparse = np.zeros((len(cube), len(d)), np.float32)
    dual_code = np.zeros_like(sparse)
    residual = []
    for _ in track(range(iterations), METHOD.title):
        inverse = np.linalg.inv(seen @ seen.T + (eta1 + mu) * gram + mu * identity).astype(np.float32)
        right = (eta1 * smooth + mu * cube - dual_cube / 2) @ d.T
        right += sharp + mu * sparse + dual_code / 2
        codes = right @ inverse
        fitted = codes @ d
        right = (back + mu * fitted + dual_cube / 2).reshape(*shape, bands)
        cube = solver.solve(mu * np.eye(bands), right).reshape(-1, bands)
        sparse = np.maximum(codes - (dual_code + np.float32(eta2)) / np.float32(2 * mu), 0)
        dual_code += np.float32(mu) * (sparse - codes)
        dual_cube += np.float32(mu) * (fitted - cube)
        smooth = weights @ cube
        mu *= growth
        residual.append(float(np.sqrt(np.mean((operator(cube.reshape(*shape, bands)) - hsi) ** 2))))
    cube = cube.reshape(*shape, bands)
    last = BlurSample(box_psf(ratio), ((ratio - 1) // 2,) * 2, ratio, shape) if faithful else operator
    return Fusion(cube=back_project(cube, hsi, msi, srf, last), history={"hsi residual": residual})


def back_project(cube, hsi, msi, srf, operator, tolerance=1e-3, limit=100):
    """Alternate the nearest cubes that explain the MSI and the LR-HSI until the relative change is below tolerance."""
    from ..shared.sylvester import SylvesterSolver

    unmix = np.linalg.pinv(srf).T.astype(np.float32)
    response, solver = srf.T.astype(np.float32), SylvesterSolver(operator)
    ridge = np.full(hsi.shape[2], 1e-6 * operator.gain, np.float32)
    for _ in range(limit):
        old = cube
        cube = cube + (msi - cube @ response) @ unmix
        cube = cube + operator.adjoint(solver.solve_low(hsi - operator(cube), ridge))
        if np.linalg.norm((cube - old).ravel()) <= tolerance * np.linalg.norm(old.ravel()):
            break
    return cube
