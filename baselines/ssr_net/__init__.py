"""SSR-NET: three 3 x 3 layers on the interpolated HSI, some of whose bands are overwritten by the MSI; trained with truth.

Paper: X. Zhang, W. Huang, Q. Wang, X. Li, "SSR-NET: spatial-spectral reconstruction network for hyperspectral and
multispectral image fusion", IEEE TGRS 59(7), 5953-5965, 2021.
Official code: hw2hwei/SSRNET at 9727896 (no licence; nothing copied).
MSI band k of M replaces band floor(k B / (M - 1)) of the bilinear HSI, the last one band B - 1; then a = relu(conv u),
s = a + relu(conv a), z = s + relu(conv s). Loss: mean squares of z, of the differences of s along rows and columns (half
each) and of the differences of z along the bands.
Traps: the rule takes an MSI band for one of the HSI's, in ascending order of wavelength; MSI bands are therefore sorted by
the centroids of the SRF (CAVE's are R, G, B). The original trains on nearest samples and tests on a blurred, bilinear LR
image, scales each image by its own extremes, and keeps the epoch that is best on the test crop; here both are the pair's
own degradation, nothing is scaled, and the last step is kept.
Published numbers: CAVE x8 and Harvard in the table of LE-Mamba.
"""

from dataclasses import replace

from mossfuse.protocol import Method, Parameter, Published

TABLE = "comparison table of LE-Mamba (2024), not the authors' own"
METHOD = Method(
    name="ssr-net",
    title="SSR-NET",
    citation="X. Zhang, W. Huang, Q. Wang, X. Li. SSR-NET. IEEE Trans. Geosci. Remote Sens. 59(7), 2021.",
    licence="own implementation (the official code states no licence)",
    knows=frozenset({"srf"}),
    trains="supervised",
    gpu=True,
    train_params={
        "patch": Parameter.count(64),
        "batch": Parameter.count(1),
        "learning_rate": Parameter.positive(1e-3),
        "steps": Parameter.count(10000),
        "save_every": Parameter.count(500),
    },
    presets={"smoke": {"patch": 16, "steps": 3}, "paper": {"patch": 128, "learning_rate": 1e-4}},
    published=(
        Published(dataset="CAVE", ratio=8, metrics={"psnr": 46.2, "sam": 3.13, "parameters": 27e3}, source=TABLE),
        Published(dataset="Harvard", metrics={"psnr": 45.76}, source=TABLE, note="ratio not known"),
    ),
    code="hw2hwei/SSRNET@9727896",
    note="trained with ground truth for one sensor and ratio",
)
KIND = "ssr-net"


def fuse(observation, *, seed, device, checkpoint=None):
    """Return the fused cube; raise MossFuseError where the SRF is unknown or the weights do not fit. Nothing is random."""
    from ..shared.supervised import fuse_trained
    from .network import OverwritingNet

    return fuse_trained(KIND, OverwritingNet, in_ascending_order(observation), checkpoint, device)


def train(pairs, *, seed, device, path, resume=False, truths=None, patch, batch, learning_rate, steps, save_every):
    """Train on pairs and ``truths`` and write the checkpoint ``path``; return history columns.

    patch: side of the crops in MSI pixels; batch: crops a step.
    """
    from mossfuse.fitting.stages import multistep

    from ..shared.supervised import train_on_crops
    from .network import OverwritingNet

    def loss(network, hsi, msi, truth):
        spatial, cube = network.both(hsi, msi)
        edges = sum(0.5 * (spatial - truth).diff(dim=axis).square().mean() for axis in (2, 3))
        return {
            "cube": (cube - truth).square().mean(),
            "edges": edges,
            "spectra": (cube - truth).diff(dim=1).square().mean() if truth.shape[1] > 1 else 0 * edges,
        }

    return train_on_crops(
        KIND, OverwritingNet, loss, multistep(steps), pairs=[in_ascending_order(pair) for pair in pairs], truths=truths,
        seed=seed, device=device, path=path, resume=resume, patch=patch, batch=batch, learning_rate=learning_rate,
        save_every=save_every,
    )  # fmt: skip


def in_ascending_order(observation):
    """Return the observation with its MSI bands sorted by the centroid of their response; raise MossFuseError without an SRF."""
    import numpy as np

    from mossfuse.errors import MossFuseError

    srf = observation.sensor.srf
    if srf is None:
        raise MossFuseError(
            "ssr-net needs the srf to sort the MSI bands by wavelength; give it or choose another method"
        )
    centroids = np.asarray(srf) @ np.arange(observation.hsi.shape[2]) / np.maximum(np.sum(srf, 1), 1e-12)
    return replace(observation, msi=observation.msi[..., np.argsort(centroids, kind="stable")])
