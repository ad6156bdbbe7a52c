"""LTMR: low tensor multi-rank of similar patches of the subspace coefficients.

Paper: R. Dian, S. Li, "Hyperspectral image super-resolution via subspace-based low tensor multi-rank regularization",
IEEE TIP 28(10), 2019. Code: the authors' MATLAB, no licence stated, as kept
in https://github.com/magamig/hif-benchmarking at ef23570 (read, not copied).

    min over A  ||Yh - D A H||^2 + ||Ym - R D A||^2 + eta sum over groups of similar patches of the tubal log-rank of A

D: the leading singular vectors of the LR-HSI. What differs and why:
- The coefficients' step is exact for the sensor's own border and lattice (the paper: circular, samples at pixel 0).
- Singular values are shrunk through small Gram matrices, all groups and slices at once; no SVD of a long matrix.
- k-means starts from seeded k-means++; A starts from a spline on the true lattice instead of imresize.
- 100 iterations as in the reference run; the copy in hif-benchmarking stops after 25.

Published numbers: none under this protocol.
"""

import numpy as np

from mossfuse.protocol import Fusion, Method, Parameter

METHOD = Method(
    name="ltmr",
    title="LTMR",
    citation='R. Dian, S. Li, "Hyperspectral image super-resolution via subspace-based low tensor multi-rank '
    'regularization," IEEE TIP, vol. 28, no. 10, pp. 5135-5146, 2019',
    licence="written from the paper's mathematics; the authors' code states no licence and was not copied",
    knows=frozenset({"psf", "phase", "srf"}),
    params={
        "subspace": Parameter.count(10),
        "eta": Parameter.non_negative(1e-3),
        "mu": Parameter.positive(1e-3),
        "iterations": Parameter.count(100),
        "patch": Parameter.count(7),
        "overlap": Parameter.count(4, minimum=0),
        "clusters": Parameter.count(200),
    },
    presets={"smoke": {"iterations": 10, "clusters": 20}},
    code="magamig/hif-benchmarking@ef23570",
)


def fuse(
    observation, *, seed, device, checkpoint=None, subspace=10, eta=1e-3, mu=1e-3, iterations=100, patch=7, overlap=4,
    clusters=200,
):  # fmt: skip
    """Fuse one pair with a known sensor.

    subspace: dimension of D, reduced to what the LR-HSI can carry; eta: weight of the rank penalty; mu, iterations: the
    ADMM; patch, overlap: pixels; clusters: groups of similar MSI patches. Raises MossFuseError where the sensor is not
    known or the pair is malformed.
    """
    from mossfuse.progress import track

    from .shared.known_sensor import known_operator
    from .shared.low_rank import shrink_tubal
    from .shared.similar_patches import PatchGrid, similar_patches
    from .shared.subspace import SubspaceData

    data = SubspaceData(observation, known_operator(observation, METHOD.title), subspace)
    grid = PatchGrid(observation.msi.shape[:2], patch, patch - overlap)
    groups = similar_patches(grid.cut(observation.msi), clusters, np.random.default_rng(seed))
    split = data.interpolate()
    dual = np.zeros_like(split)
    gap = []
    for _ in track(range(iterations), METHOD.title):
        coefficients = data.solve(mu, split, dual)
        patches = grid.cut(coefficients - dual / np.float32(2 * mu))
        split = grid.join(shrink_tubal(patches, groups, np.float32(eta / (2 * mu))))
        difference = split - coefficients
        dual += np.float32(2 * mu) * difference
        gap.append(float(np.sqrt(np.mean(difference**2))))
    return Fusion(cube=coefficients @ data.basis, history={"splitting gap": gap}, notes={"groups": len(groups)})
