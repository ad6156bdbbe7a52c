"""CSU: hyperspectral super-resolution by coupled spectral unmixing.

Paper: C. Lanaras, E. Baltsavias, K. Schindler, "Hyperspectral super-resolution by coupled spectral unmixing", ICCV
2015.
Official code: lanha/SupResPALM (MIT).
Differs: the abundances are degraded with the true PSF and lattice, where the release hard-codes a box average over the
block (7 dB at ratio 32); `faithful` restores the box. SISAL's endmembers are first refined on the HSI alone under the
model's own constraints, and both halves of an iteration are solved by accelerated projected gradients instead of plain
ones with a step from a Frobenius norm: same problem, fewer iterations, lower residuals. The ground truth, which the
release takes to print errors, is not needed. SISAL always has its paper's default weight (tau 1, 300 iterations); the
release calls it with tau .006 and 80.
Published numbers: on CAVE with a box average at ratio 32, 8-bit RMSE; not comparable with this protocol.
"""

import numpy as np

from mossfuse.protocol import Fusion, Method, Parameter

METHOD = Method(
    name="csu",
    title="CSU",
    citation="Lanaras, Baltsavias, Schindler, ICCV 2015",
    licence="own implementation (MIT); original MIT",
    knows=frozenset({"psf", "phase", "srf"}),
    tuned_on={name: ("balloons",) for name in ("cave-half", "cave", "cave-8", "cave-26")},
    params={"endmembers": Parameter.count(10), "iterations": Parameter.count(400), "faithful": False},
    presets={"smoke": {"iterations": 10}, "faithful": {"faithful": True}},
    code="lanha/SupResPALM",
)
ROUNDS = 60  # alternations on the HSI alone
ENDMEMBER_STEPS = 100  # gradient steps on the endmembers within one half
ABUNDANCE_STEPS = 4  # gradient steps on the abundances within one half
TOLERANCE = 1e-4  # relative change of the summed residuals that ends the alternation (the release's)
BLOCK = 4096  # pixels whose abundances fit in cache


def fuse(observation, *, seed, device, checkpoint=None, endmembers=10, iterations=400, faithful=False):
    """Fuse with endmembers in [0, 1] and abundances on the simplex (paper, eqs. 6 and 7); the cube is in [0, 1].

    endmembers: their number, at most the HSI's bands and pixels; iterations: outer alternations at most.
    Raises MossFuseError where the PSF, its phase or the SRF is unknown.
    """
    from mossfuse.physics.psf import box_psf
    from mossfuse.physics.sampling import BlurSample
    from mossfuse.progress import track

    from ..shared.known_sensor import known_operator
    from ..shared.resize import imresize
    from .sunsal import estimate_abundances

    operator = known_operator(observation, "CSU")
    hsi, msi, ratio = observation.hsi, observation.msi, observation.ratio
    if faithful:
        operator = BlurSample(box_psf(ratio), ((ratio - 1) // 2,) * 2, ratio, operator.shape)
    y = hsi.reshape(-1, hsi.shape[2]).T.astype(np.float64)
    m = msi.reshape(-1, msi.shape[2]).T.astype(np.float32)
    count = min(endmembers, *y.shape)
    e = initial_endmembers(y, count, np.random.default_rng(seed))
    low = estimate_abundances(e, y)
    fine = imresize(low.T.reshape(*hsi.shape[:2], count), msi.shape[:2]).reshape(-1, count).T.astype(np.float32)
    blocks = [(m[:, i : i + BLOCK].copy(), fine[:, i : i + BLOCK].copy()) for i in range(0, m.shape[1], BLOCK)]
    history = {"hsi rms": [], "msi rms": []}
    total = np.inf
    for _ in track(range(iterations), "CSU"):
        e = fit_endmembers(e, low, y)
        msi_rms = fit_abundances(observation.sensor.srf @ e, blocks)
        maps = np.concatenate([a for _, a in blocks], 1).T.reshape(*msi.shape[:2], count)
        history["hsi rms"].append(float(np.sqrt(((y - e @ low) ** 2).mean())))
        history["msi rms"].append(msi_rms)
        low = operator(maps).reshape(-1, count).T.astype(np.float64)
        previous, total = total, history["hsi rms"][-1] + msi_rms
        if abs(previous - total) <= TOLERANCE * total:
            break
    return Fusion(cube=maps @ e.T.astype(np.float32), history=history, notes={"endmembers": count})


def initial_endmembers(y, count, rng):
    """Return endmembers (B, p): SISAL, clipped, then the constrained alternation on the HSI y (B, n) alone."""
    from mossfuse.progress import track

    from .sisal import sisal
    from .sunsal import estimate_abundances

    e = np.clip(sisal(y.T, count, rng).T, 0, 1)
    for _ in track(range(ROUNDS), "CSU endmembers of the HSI"):
        e = fit_endmembers(e, estimate_abundances(e, y), y)
    return e


def fit_endmembers(e, low, y):
    """Return argmin ||Y - E A|| over 0 <= E <= 1 (eq. 6) by FISTA with restarts from e (B, p); low: A (p, n)."""
    gram, cross = low @ low.T, y @ low.T
    step = 1 / max(np.linalg.norm(gram, 2), 1e-12)
    ahead, momentum = e, 1.0
    for _ in range(ENDMEMBER_STEPS):
        new = np.clip(ahead - step * (ahead @ gram - cross), 0, 1)
        if ((ahead - new) * (new - e)).sum() > 0:
            momentum = 1.0
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = new + (momentum - 1) / following * (new - e)
        e, momentum = new, following
    return e


def fit_abundances(e, blocks):
    """Take a few FISTA steps towards argmin ||M - R E A|| over the simplex (eq. 7), in place; return the residual's
    rms.

    e: R E (b, p); blocks: [(m (b, P), a (p, P))].
    """
    from .simplex import project_simplex

    e = e.astype(np.float32)
    pull = e.T / np.float32(max(np.linalg.norm(e @ e.T, 2), 1e-12))
    squares, size = 0.0, 0
    for m, a in blocks:
        ahead, momentum, threshold = a, 1.0, None
        for _ in range(ABUNDANCE_STEPS):
            new, threshold = project_simplex(ahead - pull @ (e @ ahead - m), 0, threshold, return_threshold=True)
            following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
            ahead = new + np.float32((momentum - 1) / following) * (new - a)
            a[:], momentum = new, following
        squares, size = squares + float(((e @ a - m) ** 2).sum()), size + m.size
    return float(np.sqrt(squares / size))
