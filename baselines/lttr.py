"""LTTR: low tensor-train rank of groups of similar patches.

Paper: R. Dian, S. Li, L. Fang, "Learning a low tensor-train rank representation for hyperspectral image
super-resolution", IEEE TNNLS 30(9), 2019. Code: the authors' MATLAB, no licence
stated, as kept in https://github.com/magamig/hif-benchmarking at ef23570 (read, not copied).

    min over X  ||Yh - X H||^2 + ||Ym - R X||^2 + eta sum over groups of the log-ranks of three unfoldings

A group of d patches is a tensor (8, 8, B, d); its unfoldings are [64 x B d], [64 B x d] and [8 x 8 B d]. What differs:
- The cube's step is exact for the sensor's own border and lattice (the paper: circular, samples at pixel 0).
- Singular values are shrunk through the Gram matrix of the shorter side.
- k-means starts from seeded k-means++; the splits start from a spline on the true lattice instead of imresize.
- The last row and column of patches lie flush with the border, so any image size works.

Published numbers: none under this protocol.
"""

import numpy as np

from mossfuse.protocol import Fusion, Method, Parameter

METHOD = Method(
    name="lttr",
    title="LTTR",
    citation='R. Dian, S. Li, L. Fang, "Learning a low tensor-train rank representation for hyperspectral image '
    'super-resolution," IEEE TNNLS, vol. 30, no. 9, pp. 2672-2683, 2019',
    licence="written from the paper's mathematics; the authors' code states no licence and was not copied",
    knows=frozenset({"psf", "phase", "srf"}),
    params={
        "eta": Parameter.non_negative(1e-2),
        "mu": Parameter.positive(1e-3),
        "iterations": Parameter.count(25),
        "patch": Parameter.count(8),
        "overlap": Parameter.count(4, minimum=0),
        "clusters": Parameter.count(160),
    },
    presets={"smoke": {"iterations": 5, "clusters": 20}},
    code="magamig/hif-benchmarking@ef23570",
)
MODES = 3


def fuse(
    observation, *, seed, device, checkpoint=None, eta=1e-2, mu=1e-3, iterations=25, patch=8, overlap=4, clusters=160
):
    """Fuse one pair with a known sensor.

    eta: weight of the rank penalty; mu, iterations: the ADMM; patch, overlap: pixels; clusters: groups of similar MSI
    patches. Raises MossFuseError where the sensor is not known or the pair is malformed.
    """
    from mossfuse.progress import track

    from .shared.known_sensor import known_operator
    from .shared.low_rank import shrink_unfolding
    from .shared.resize import spline_upsample
    from .shared.similar_patches import PatchGrid, similar_patches
    from .shared.sylvester import SylvesterSolver

    operator = known_operator(observation, METHOD.title)
    hsi, msi, sensor = observation.hsi, observation.msi, observation.sensor
    grid = PatchGrid(msi.shape[:2], patch, patch - overlap)
    groups = similar_patches(grid.cut(msi), clusters, np.random.default_rng(seed))
    srf = np.asarray(sensor.srf, np.float64)
    matrix, solver = srf.T @ srf + MODES * mu * np.eye(hsi.shape[2]), SylvesterSolver(operator)
    observed = msi @ srf.astype(np.float32) + operator.adjoint(hsi)
    splits = [spline_upsample(hsi, observation.ratio, sensor.psf.shape, sensor.phase).astype(np.float32)] * MODES
    duals = [np.zeros_like(splits[0]) for _ in range(MODES)]
    weight, gap = np.float32(mu), []
    for _ in track(range(iterations), METHOD.title):
        right = observed.copy()
        for split, dual in zip(splits, duals, strict=True):
            right += weight * split + dual / 2
        cube = solver.solve(matrix, right)
        squares = []
        for mode, dual in enumerate(duals):
            patches = grid.cut(cube - dual / (2 * weight))
            splits[mode] = grid.join(shrink_unfolding(patches, groups, grid.sides[0], mode, eta / (2 * mu)))
            difference = splits[mode] - cube
            dual += 2 * weight * difference
            squares.append(np.mean(difference**2))
        gap.append(float(np.sqrt(np.mean(squares))))
    return Fusion(cube=cube, history={"splitting gap": gap}, notes={"groups": len(groups)})
