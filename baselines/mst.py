"""MST as a fusion network: spectral-wise attention on [upsampled HSI, MSI] under an unsupervised loss.

Papers: Y. Cai et al., "Mask-guided spectral-wise transformer for efficient hyperspectral image reconstruction", CVPR
2022; Y. Cai et al., "MST++", CVPR Workshops 2022. Official code: caiyuanhao1998/MST at 9ff03b9 (MIT; a CASSI variant of
28 bands; nothing copied).
Not a published method: the block of MST, one U of dimension 32 that corrects the upsampled HSI, shows what a generic
transformer reaches with the data alone. Loss L1(R Z, msi) + L1(H Z, hsi) + L1(f(coarse hsi, H msi), hsi): see
baselines.shared.two_scale_loss. PSF and SRF are fitted to the pair(s) first, as for MossFuse. ``mst`` is fitted to
every scene; ``mst-dataset`` to the pairs of the training split, which makes it the plain-transformer counterpart of
MossFuse.
Published numbers: none for this use.
"""

from mossfuse.files.kept import kept
from mossfuse.protocol import Fusion, Method, Parameter

SHARED = {
    "citation": "Y. Cai, J. Lin, X. Hu, H. Wang, X. Yuan, Y. Zhang, R. Timofte, L. Van Gool. MST. CVPR, 2022.",
    "licence": "own implementation (original MIT)",
    "knows": frozenset({"phase"}),
    "optional": frozenset({"phase"}),
    "tuned_on": {"cave": ("chart_and_stuffed_toy",)},
    "gpu": True,
    "code": "caiyuanhao1998/MST@9ff03b9",
}
RECIPE = {
    "dim": Parameter.count(32),
    "patch": Parameter.count(64),
    "batch": Parameter.count(1),
    "learning_rate": Parameter.positive(1e-3),
}
SMOKE = {"dim": 8, "steps": 20, "patch": 32}
METHODS = (
    Method(
        name="mst",
        title="MST trunk, per scene",
        trains="scene",
        params={**RECIPE, "steps": Parameter.count(2000)},
        presets={"smoke": SMOKE, "paper": {"steps": 10000, "patch": 128, "batch": 4}},
        note="a spectral-wise transformer with MossFuse's operators; no published method ('paper': a longer schedule of ours)",
        **SHARED,
    ),
    Method(
        name="mst-dataset",
        title="MST trunk, trained",
        trains="dataset",
        train_params={
            **RECIPE,
            "steps": Parameter.count(30000),
            "patch": Parameter.count(128),
            "batch": Parameter.count(4),
            "save_every": Parameter.count(500),
        },
        presets={"smoke": {**SMOKE, "batch": 2}, "paper": {"steps": 245000}},
        note="a spectral-wise transformer in MossFuse's place; no published method ('paper': as many steps as MossFuse's)",
        **SHARED,
    ),
)
KIND = "mst-dataset"


def fuse(observation, *, seed, device, checkpoint=None, iterates=None, **recipe):
    """Return the fused cube with the estimated PSF and SRF.

    recipe: dim, patch (pixels), batch (crops a step), learning_rate, steps: of a fit to this scene; without them the
    network of ``checkpoint`` is applied. iterates: see mossfuse.fitting.stages.fit.
    """
    import torch

    from mossfuse.devices import seeded
    from mossfuse.physics.psf_geometry import geometry_of, same_geometry
    from mossfuse.physics.sampling import check_pair
    from mossfuse.physics.tensors import to_array, to_tensor

    from .shared.upsampling import upsample

    check_pair(observation)
    msi = to_tensor(observation.msi, device)
    up = upsample(to_tensor(observation.hsi, device), observation.ratio, geometry_of(observation).phase)

    def cube_of(network):
        with torch.no_grad(), seeded(seed, device):
            return to_array(network(up, msi))

    if recipe:
        network, loss, fitted = fit_scene(observation, cube_of, seed, device, iterates, **recipe)
        psf, srf = loss.estimates()
        found = {"psf_hat": psf, "srf_hat": srf, "history": fitted.history}
        notes = {"iterations": fitted.steps, "fit_seconds": round(fitted.seconds, 2)}
    else:
        network, content = read_network(checkpoint, observation, device)
        psf = content["psf"].numpy() if same_geometry(*content["geometry"], observation) else None
        found = {"psf_hat": psf, "srf_hat": content["srf"].numpy()}
        notes = {"training_iterations": content["training"]["steps"]}
    notes["parameters"] = sum(p.numel() for p in network.parameters())
    return Fusion(cube=cube_of(network), notes=notes, **found)


def fit_scene(observation, cube_of, seed, device, iterates, *, dim, patch, batch, learning_rate, steps):
    """Fit a network to one scene; return (network, loss, Fitted)."""
    from mossfuse.devices import seeded
    from mossfuse.fitting.stages import Stage, fit, one_cycle

    from .shared.two_scale_loss import TwoScales

    loss = TwoScales([observation], patch, device)
    with seeded(seed, device):
        network = build_network(observation.hsi.shape[2], observation.msi.shape[2], dim).to(device)
    stage = Stage(
        "transformer", list(network.parameters()), lambda step: loss(network, batch), learning_rate, one_cycle(steps),
        output=lambda: cube_of(network),
    )  # fmt: skip
    return network, loss, fit([stage], seed=seed, device=device, iterates=iterates)


def train(pairs, *, seed, device, path, resume=False, truths=None, dim, patch, batch, learning_rate, steps, save_every):
    """Train on pairs alone and write the checkpoint ``path``; parameters as in ``fuse``. Truths are not used."""
    import torch

    from mossfuse.devices import seeded
    from mossfuse.fitting.dataset_training import shape_facts, train_network
    from mossfuse.fitting.resuming import check_pairs
    from mossfuse.fitting.stages import one_cycle

    from .shared.two_scale_loss import TwoScales

    check_pairs(pairs)
    loss = TwoScales(pairs, patch, device)
    with seeded(seed):
        network = build_network(pairs[0].hsi.shape[2], pairs[0].msi.shape[2], dim).to(device)
    psf, srf = (torch.from_numpy(a) for a in loss.estimates())
    return train_network(
        network, lambda generator: loss(network, batch, generator), one_cycle(steps), lr=learning_rate, pairs=pairs, truths=None,
        settings={"dim": dim, "patch": patch, "batch": batch, "learning_rate": learning_rate, "steps": steps},
        seed=seed, path=path, resume=resume, save_every=save_every,
        content={**shape_facts(KIND, pairs[0]), "dim": dim, "psf": psf, "srf": srf},
    )  # fmt: skip


def build_network(bands, msi_bands, dim):
    """Return the network f(up, msi) = up + transformer([up, msi])."""
    import torch
    from torch import nn

    from .shared.spectral_transformer import SpectralTransformer

    class Trunk(nn.Module):
        def __init__(self):
            super().__init__()
            self.correction = SpectralTransformer(bands + msi_bands, bands, dim, stages=1)

        def forward(self, up, msi):
            return up + self.correction(torch.cat([up, msi], 1))

    return Trunk()


def read_network(checkpoint, observation, device):
    """Return (network, checkpoint content); raise MossFuseError where they do not fit the observation."""
    from mossfuse.fitting.dataset_training import read_weights

    content = read_weights(checkpoint, KIND, observation)
    return load_network(checkpoint, device), content


@kept
def load_network(path, device):
    """Return the trained network on the device."""
    from mossfuse.devices import generator_kept
    from mossfuse.fitting.checkpoints import kept_checkpoint

    content = kept_checkpoint(path, KIND)
    with generator_kept():
        network = build_network(content["bands"], content["msi_bands"], content["dim"])
    network.load_state_dict(content["state_dict"])
    return network.to(device).eval()
