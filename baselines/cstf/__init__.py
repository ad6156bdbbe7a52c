"""CSTF: coupled sparse tensor factorisation.

Paper: S. Li, R. Dian, L. Fang, J. M. Bioucas-Dias, "Fusing hyperspectral and multispectral images via coupled sparse
tensor factorization", IEEE TIP 27(8), 2018.
Official code: renweidian/CSTF (no licence; needs a compiled OMP and the Tensor Toolbox).
Differs: the three dictionary problems, conjugate gradients in the paper, are solved exactly as generalised
eigenproblems; the core's ADMM exploits thin factors and keeps its state between outer iterations; the spatial
dictionaries start from approximate K-SVD. A PSF that is not separable is replaced by its best separable approximation,
as the model demands.
Published numbers: none under this protocol.
"""

import numpy as np

from mossfuse.protocol import Fusion, Method, Parameter

METHOD = Method(
    name="cstf",
    title="CSTF",
    citation="Li, Dian, Fang, Bioucas-Dias, IEEE TIP 27(8), 2018",
    licence="own implementation (MIT); original without licence",
    knows=frozenset({"psf", "phase", "srf"}),
    params={
        "atoms": Parameter.count(240),
        "spectra": Parameter.count(9),
        "sparsity": Parameter.non_negative(1e-5),
        "proximity": Parameter.positive(1e-3),
        "iterations": Parameter.count(15),
        "core_iterations": Parameter.count(60),
    },
    presets={"smoke": {"atoms": 24, "iterations": 2, "core_iterations": 10}},
    code="renweidian/CSTF",
)
PENALTY = 0.1  # of the core's augmented Lagrangian; 1e-3 leaves the objective far from its minimum after 60 steps


def fuse(
    observation,
    *,
    seed,
    device,
    checkpoint=None,
    atoms=240,
    spectra=9,
    sparsity=1e-5,
    proximity=1e-3,
    iterations=15,
    core_iterations=60,
):
    """Fit X = C x1 W x2 H x3 S with a sparse core by proximal alternating optimisation (paper, eq. 19); the cube is not
    clipped.

    atoms: columns of W and H (at most the image's sides); spectra: columns of S. sparsity: weight of the core's l1
    norm;
    proximity: weight of the distance to the previous iterate. Raises MossFuseError where PSF, phase or SRF is unknown.
    """
    from mossfuse.progress import track

    from ..shared.known_sensor import known_operator
    from ..shared.vca import largest_simplex
    from .ksvd import ksvd
    from .tucker import mode_product, unfold

    known = known_operator(observation, "CSTF")
    rng = np.random.default_rng(seed)
    y, z = observation.hsi.astype(np.float64), observation.msi.astype(np.float64)
    srf = observation.sensor.srf
    rows, cols = separable_operator(known).rows_and_cols()
    w, h = (ksvd(unfold(z, axis), min(atoms, z.shape[axis]), rng) for axis in (0, 1))
    count = min(spectra, y.shape[2], y.shape[0] * y.shape[1])
    s = largest_simplex(y.reshape(-1, y.shape[2]), count, rng)[0].T
    core = CoreProblem((w.shape[1], h.shape[1], count))
    history = {"hsi residual": [], "msi residual": []}
    for _ in track(range(iterations), "CSTF"):
        c = core.solve(y, z, (rows @ w, cols @ h, s), (w, h, srf @ s), sparsity, proximity, core_iterations)
        w = update_dictionary(w, rows, y, (c, (None, cols @ h, s)), None, z, (c, (None, h, srf @ s)), 0, proximity)
        h = update_dictionary(h, cols, y, (c, (rows @ w, None, s)), None, z, (c, (w, None, srf @ s)), 1, proximity)
        s = update_dictionary(s, None, y, (c, (rows @ w, cols @ h, None)), srf, z, (c, (w, h, None)), 2, proximity)
        history["hsi residual"].append(float(np.linalg.norm(y - mode_product(c, (rows @ w, cols @ h, s)))))
        history["msi residual"].append(float(np.linalg.norm(z - mode_product(c, (w, h, srf @ s)))))
    return Fusion(cube=mode_product(c, (w, h, s)).astype(np.float32), history=history)


def separable_operator(operator):
    """Return the operator with the nearest separable PSF (the same PSF if it is separable)."""
    from mossfuse.physics.sampling import BlurSample

    u, values, v = np.linalg.svd(operator.psf)
    psf = values[0] * np.outer(u[:, 0], v[0])
    psf = np.abs(psf) / np.abs(psf).sum() * operator.psf.sum()
    return BlurSample(psf, operator.phase, operator.ratio, operator.shape, operator.border)


def update_dictionary(factor, left_y, y, model_y, left_z, z, model_z, axis, proximity):
    """Return one dictionary D: argmin ||Y - Ly D A||^2 + ||Z - Lz D B||^2 + proximity ||D - factor||^2 (eqs. 20 to 22).

    A, B: the unfolded models (tensor, matrices); exactly one of the left factors Ly, Lz is None, for the identity. The
    normal equation L'L D Ga + D Gb = R is decoupled by the eigenvectors of L'L and the generalised ones of (Ga, Gb).
    """
    import scipy.linalg

    from .tucker import mode_product, unfold

    a, b = (unfold(mode_product(*model), axis) for model in (model_y, model_z))
    gram_a, gram_b = a @ a.T, b @ b.T
    right_y, right_z = unfold(y, axis) @ a.T, unfold(z, axis) @ b.T
    right = (right_y if left_y is None else left_y.T @ right_y) + (right_z if left_z is None else left_z.T @ right_z)
    right = right + proximity * factor
    left, through, plain = (left_y, gram_a, gram_b) if left_z is None else (left_z, gram_b, gram_a)
    values, basis = np.linalg.eigh(left.T @ left)
    shares, vectors = scipy.linalg.eigh(through, plain + proximity * np.eye(len(plain)))
    rotated = basis.T @ right @ vectors
    return basis @ (rotated / (np.maximum(values, 0)[:, None] * np.maximum(shares, 0) + 1)) @ vectors.T


class CoreProblem:
    """The sparse core, min ||Y - K1 c||^2 + ||Z - K2 c||^2 + lambda |c|_1 + rho |c - c'|^2 by ADMM (paper, algorithm
    1).
    """

    def __init__(self, shape):
        self.core, self.duals = np.zeros(shape, np.float32), [np.zeros(shape, np.float32) for _ in range(2)]

    def solve(self, y, z, factors_y, factors_z, sparsity, proximity, iterations):
        """Return the core (atoms, atoms, spectra) float64, starting from the core and duals of the previous call."""
        from .tucker import KroneckerRidge, mode_product

        singles = [[f.astype(np.float32) for f in factors] for factors in (factors_y, factors_z)]
        ridges = [KroneckerRidge(factors) for factors in singles]
        data = [mode_product(t.astype(np.float32), [f.T for f in fs]) for t, fs in zip((y, z), singles, strict=False)]
        previous, c = self.core, self.core
        for _ in range(iterations):
            split = [r.solve(d + PENALTY * (c - u), PENALTY) for r, d, u in zip(ridges, data, self.duals, strict=False)]
            mean = sum(x + u for x, u in zip(split, self.duals, strict=False)) * PENALTY + proximity * previous
            weight = 2 * PENALTY + proximity
            c = np.sign(mean) * np.maximum(np.abs(mean) - sparsity / 2, 0) / weight
            for u, x in zip(self.duals, split, strict=False):
                u += x - c
        self.core = c.astype(np.float32)
        return self.core.astype(np.float64)
