"""CSU (SupResPALM): coupled spectral unmixing by proximal alternating linearised minimisation.

Paper: C. Lanaras, E. Baltsavias, K. Schindler, "Hyperspectral super-resolution by coupled spectral unmixing", ICCV 2015.
Official code: lanha/SupResPALM (MIT).
Differs: the abundances are degraded with the true PSF and lattice, where the release hard-wires a box average over the
block (7 dB at ratio 32); `faithful` brings the box back. The release takes the ground truth to print errors; this does not.
Published numbers (paper, table 1, CAVE, ratio 32, box average, 8-bit RMSE): not comparable with this protocol.
"""

import numpy as np

from mossfuse.protocol import Fusion, Method

METHOD = Method(
    name="csu",
    title="CSU",
    citation="Lanaras, Baltsavias, Schindler, ICCV 2015",
    licence="own implementation (MIT); original MIT",
    knows=frozenset({"psf", "phase", "srf"}),
    params={"endmembers": 10, "iterations": 1500, "faithful": False},
    presets={"smoke": {"iterations": 20}},
    code="lanha/SupResPALM",
)
INNER = 100  # most gradient steps within one half of an iteration
SLACK = 1.01  # step size below the inverse Lipschitz constant; also the ratio of residuals that ends a half
BLOCK = 4096  # pixels whose abundances fit in cache


def fuse(observation, *, seed, device, checkpoint=None, endmembers=10, iterations=1500, faithful=False):
    """Endmembers in [0, 1] times abundances on the simplex (paper, eqs. 6 and 7); Fusion with a cube in [0, 1].

    endmembers: their number, at most the HSI's bands and pixels; iterations: outer alternations at most.
    Raises MossFuseError where the PSF, its phase or the SRF is unknown.
    """
    from mossfuse.classical.pair import known_operator
    from mossfuse.classical.resize import imresize
    from mossfuse.classical.sisal import sisal
    from mossfuse.classical.sunsal import abundances
    from mossfuse.physics.psf import box_psf
    from mossfuse.physics.sampling import BlurSample
    from mossfuse.progress import track

    operator = known_operator(observation, "CSU")
    if faithful:
        operator = BlurSample(
            box_psf(observation.ratio), ((observation.ratio - 1) // 2,) * 2, observation.ratio, operator.shape
        )
    hsi, msi = observation.hsi, observation.msi
    low_shape, shape = hsi.shape[:2], msi.shape[:2]
    y = hsi.reshape(-1, hsi.shape[2]).T.astype(np.float64)
    m = msi.reshape(-1, msi.shape[2]).T.astype(np.float32)
    count = min(endmembers, *y.shape)
    e = np.clip(sisal(y.T, count, np.random.default_rng(seed)).T, 0, 1)
    low = abundances(e, y)
    fine = imresize(low.T.reshape(*low_shape, count), shape).reshape(-1, count).T.astype(np.float32)
    blocks = [(m[:, i : i + BLOCK].copy(), fine[:, i : i + BLOCK].copy()) for i in range(0, m.shape[1], BLOCK)]
    history = {"hsi residual": [], "msi residual": []}
    total = np.inf
    for _ in track(range(iterations), "CSU"):
        e, hsi_residual = fit_endmembers(e, low, y)
        msi_residual = fit_abundances(observation.sensor.srf @ e, blocks)
        maps = np.concatenate([a for _, a in blocks], 1).T.reshape(*shape, count)
        low = operator(maps).reshape(-1, count).T.astype(np.float64)
        history["hsi residual"].append(hsi_residual)
        history["msi residual"].append(msi_residual)
        previous, total = total, hsi_residual + msi_residual
        if abs(previous - total) <= 1e-4 * total:
            break
    return Fusion(cube=maps @ e.T.astype(np.float32), history=history, notes={"endmembers": count})


def fit_endmembers(e, low, y):
    """Projected gradient steps on the endmembers, e (B, p), with the degraded abundances low (p, n) fixed."""
    gram, cross = low @ low.T, y @ low.T
    step = 1 / max(SLACK * np.linalg.norm(gram), 1e-12)
    residual = np.linalg.norm(e @ low - y)
    for _ in range(INNER):
        e = np.clip(e - step * (e @ gram - cross), 0, 1)
        previous, residual = residual, np.linalg.norm(e @ low - y)
        if previous < SLACK * residual or residual == 0:
            break
    return e, float(residual)


def fit_abundances(e, blocks):
    """Projected gradient steps on the abundances of all blocks [(m (b, P), a (p, P))], in place; returns the residual.

    e: (b, p) endmembers as the MSI sees them.
    """
    from mossfuse.classical.simplex import project_simplex

    e = e.astype(np.float32)
    step = np.float32(1 / max(SLACK * np.linalg.norm(e @ e.T), 1e-12))
    residual = np.sqrt(sum(float(((e @ a - m) ** 2).sum()) for m, a in blocks))
    for _ in range(INNER):
        for m, a in blocks:
            a[:] = project_simplex(a - (step * e.T) @ (e @ a - m), 0)
        previous, residual = residual, np.sqrt(sum(float(((e @ a - m) ** 2).sum()) for m, a in blocks))
        if previous < SLACK * residual or residual == 0:
            break
    return float(residual)
