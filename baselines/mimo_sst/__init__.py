"""MIMO-SST: one attention across channels between MSI and HSI at three scales, and a U of convolutions; three outputs.

Paper: J. Fang, J. Yang, A. Khader, L. Xiao, "MIMO-SST: multi-input multi-output spatial-spectral transformer for
hyperspectral and multispectral image fusion", IEEE TGRS 62, 2024, doi 10.1109/TGRS.2024.3361553.
Official code: Freelancefangjian/MIMO-SST at 06aacc1 (MIT by its README, without a licence file; nothing copied).
MSI and bilinear HSI, each at full, half and quarter size, exchange channel attention (one set of weights for all sizes),
and a U of convolutions estimates the cube at these three sizes. Loss: L1 at every size, and 0.01 times the mean absolute
difference of the Fourier transforms.
Traps, as released: both attentions are across channels, although the paper calls one spatial, and the key of the HSI is in
the place of the query, so the softmax runs over the MSI's channels; the paper's loss has wavelets, the code's the Fourier
transform; the released class holds modules that no computation uses. Counted without these it has 1.65 M values, where
the papers' tables print 4.98 M.
Differs: Adam without its weight decay of 1e-8; pixels are reflected up to multiples of 4.
Published numbers: below; the papers' own protocols.
"""

from mossfuse.protocol import Method, Parameter, Published

METHOD = Method(
    name="mimo-sst",
    title="MIMO-SST",
    citation="J. Fang, J. Yang, A. Khader, L. Xiao. MIMO-SST. IEEE Trans. Geosci. Remote Sens. 62, 2024.",
    licence="own implementation (original MIT by its README)",
    trains="supervised",
    gpu=True,
    train_params={
        "width": Parameter.count(48, minimum=2),
        "patch": Parameter.count(32),
        "batch": Parameter.count(8),
        "learning_rate": Parameter.positive(1e-4),
        "steps": Parameter.count(20000),
        "save_every": Parameter.count(500),
    },
    presets={
        "smoke": {"width": 8, "patch": 16, "batch": 1, "steps": 3},
        "paper": {"batch": 16, "steps": 1200000},
    },
    published=(
        Published(
            dataset="CAVE",
            ratio=8,
            metrics={"psnr": 48.3, "parameters": 4.98e6},
            source="comparison tables of two other papers, not the authors' own",
        ),
        *(
            Published(dataset="Pavia University", ratio=ratio, metrics=metrics, source="tables of HyperBench and SpectraMorph")
            for ratio, metrics in ((8, {"psnr": 36.05, "sam": 2.65}), (32, {"psnr": 32.73}))
        ),
    ),
    code="Freelancefangjian/MIMO-SST@06aacc1",
    note="trained with ground truth for one sensor and ratio",
)  # fmt: skip
KIND = "mimo-sst"
FOURIER_SHARE = 0.01


def fuse(observation, *, seed, device, checkpoint=None):
    """Return the fused cube; raise MossFuseError where the weights do not fit the pair. Nothing is random."""
    from ..shared.supervised import fuse_trained
    from .network import ThreeScaleNet

    return fuse_trained(KIND, ThreeScaleNet, observation, checkpoint, device)


def train(
    pairs, *, seed, device, path, resume=False, truths=None, width, patch, batch, learning_rate, steps, save_every
):
    """Train on pairs and ``truths`` and write the checkpoint ``path``; return history columns.

    width: channels at full size. patch: side of the crops in MSI pixels; batch: crops a step.
    """
    import torch

    from mossfuse.fitting.stages import multistep

    from ..shared.supervised import train_on_crops
    from .network import ThreeScaleNet

    def loss(network, hsi, msi, truth):
        found = network.scales(hsi, msi)
        wanted = [truth[:, :, ::step, ::step] for step in (1, 2, 4)]
        both = list(zip(found, wanted, strict=True))
        return {
            "cube": sum((z - t).abs().mean() for z, t in both),
            "fourier": FOURIER_SHARE * sum((torch.fft.fft2(z) - torch.fft.fft2(t)).abs().mean() for z, t in both),
        }

    return train_on_crops(
        KIND, ThreeScaleNet, loss, multistep(steps), pairs=pairs, truths=truths, seed=seed, device=device, path=path,
        resume=resume, patch=patch, batch=batch, learning_rate=learning_rate, save_every=save_every, sizes={"width": width},
    )  # fmt: skip
