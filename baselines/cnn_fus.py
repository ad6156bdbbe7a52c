"""CNN-FUS: plug-and-play fusion of subspace coefficients, here with a total-variation denoiser in place of the CNN.

Paper: R. Dian, S. Li, X. Kang, "Regularizing hyperspectral and multispectral image fusion by CNN denoiser", IEEE TNNLS
32(3), 2021. Code: the authors' MATLAB with FFDNet's weights, no licence stated, as kept in
https://github.com/magamig/hif-benchmarking at ef23570 (read, not copied).

    min over A  ||Yh - D A H||^2 + ||Ym - R D A||^2 + sigma phi(A),  phi implied by a denoiser of each coefficient image

What differs and why:
- FFDNet's weights are not shipped (their licence is not stated), so the denoiser is Chambolle's total variation
  (scikit-image, BSD), hence the method's name. At weight sigma / (2 mu) it is the exact proximal step for phi = TV.
- The coefficients start from a spline on the true lattice; ``faithful`` starts from zero as the authors' code does,
  which after its 15 iterations leaves the sampling lattice visible at large ratios.
- The coefficients' step is exact for the sensor's own border and lattice (the paper: circular, samples at pixel 0).

Published numbers: none for this denoiser.
"""

import numpy as np

from mossfuse.errors import extra_needed
from mossfuse.protocol import Fusion, Method, Parameter

METHOD = Method(
    name="cnn-fus-tv",
    title="CNN-FUS (TV denoiser)",
    citation='R. Dian, S. Li, X. Kang, "Regularizing hyperspectral and multispectral image fusion by CNN denoiser," '
    "IEEE TNNLS, vol. 32, no. 3, pp. 1124-1135, 2021",
    licence="written from the paper's mathematics; the authors' code and weights state no licence and are not used",
    knows=frozenset({"psf", "phase", "srf"}),
    tuned_on={name: ("balloons",) for name in ("cave-half", "cave", "cave-8", "cave-26")},
    stochastic=False,
    params={
        "subspace": Parameter.count(10),
        "sigma": Parameter.positive(1e-3),
        "mu": Parameter.positive(1e-3),
        "growth": Parameter(1.1, minimum=1),
        "iterations": Parameter.count(15),
        "faithful": False,
    },
    presets={"smoke": {"iterations": 3}, "faithful": {"faithful": True}},
    code="magamig/hif-benchmarking@ef23570",
    note="the paper's scheme with a total-variation denoiser; not the CNN of the paper",
)


def fuse(
    observation, *, seed, device, checkpoint=None, subspace=10, sigma=1e-3, mu=1e-3, growth=1.1, iterations=15,
    faithful=False,
):  # fmt: skip
    """Fuse one pair with a known sensor.

    subspace: dimension of D, reduced to what the LR-HSI can carry; sigma: weight of the prior; mu, growth, iterations:
    the ADMM; faithful: start from zero coefficients. Raises MossFuseError where the sensor is not known or the pair is
    malformed.
    """
    from mossfuse.progress import track

    from .shared.known_sensor import known_operator
    from .shared.subspace import SubspaceData

    data = SubspaceData(observation, known_operator(observation, METHOD.title), subspace)
    split = data.interpolate()
    split = np.zeros_like(split) if faithful else split
    dual = np.zeros_like(split)
    gap = []
    for _ in track(range(iterations), METHOD.title):
        coefficients = data.solve(mu, split, dual)
        split = denoise_bands(coefficients - dual / np.float32(2 * mu), sigma / (2 * mu))
        difference = split - coefficients
        dual += np.float32(2 * mu) * difference
        mu *= growth
        gap.append(float(np.sqrt(np.mean(difference**2))))
    return Fusion(cube=coefficients @ data.basis, history={"splitting gap": gap})


def denoise_bands(images, weight):
    """Return argmin over V of ||V - image||^2 / 2 + weight TV(V), each band stretched to [0, 1]; (rows, cols, K)."""
    with extra_needed(f"method {METHOD.name}"):
        from skimage.restoration import denoise_tv_chambolle

    out = images.copy()
    for k in range(images.shape[2]):
        low, span = images[..., k].min(), np.ptp(images[..., k])
        if span > 0:
            out[..., k] = denoise_tv_chambolle((images[..., k] - low) / span, weight / span) * span + low
    return out
