"""CUCaNet: two coupled autoencoders per scene with cross-attention; PSF and SRF are layers between them.

Paper: J. Yao, D. Hong, J. Chanussot, D. Meng, X. Zhu, Z. Xu, "Cross-attention in coupled unmixing nets for unsupervised
hyperspectral super-resolution", ECCV 2020.
Official code: danfenghong/ECCV2020_CUCaNet at cf8a1c2 (GPL-3). Clean-room: written from a description, no code was
read. Both images are encoded to abundances and decoded linearly with non-negative spectra; the cube Z is the HSI's
decoder on the MSI's abundances. Sums of L1: 10 for each autoencoder, 10 |R Z - msi|, 10 |H Z - hsi|, 1e4 |R hsi - H
msi|, 0.01 for sums to one and for sparsity (Kullback-Leibler to 0.01).
Differs: every SRF entry is free (the original can confine it to the support of the TRUE response); PSF of the sensor's
support and phase, not negative, sum 1 (original: unconstrained); the sparsity acts on each endmember's mean abundance
(the original first takes a softmax over an axis that is not the channels); by default a quarter of the width and fewer
steps. As described, the attention map sums to one over all MSI pixels, so the attended half of the HSI's features is
close to zero.
Published numbers: 35.6 dB in MossFuse's figure, read by pixel; about an hour per HSI on a GTX 2080 (official README).
"""

from mossfuse.protocol import Fusion, Method, Parameter, Published

METHOD = Method(
    name="cucanet",
    title="CUCaNet",
    citation="J. Yao, D. Hong, J. Chanussot, D. Meng, X. Zhu, Z. Xu. Cross-attention in coupled unmixing nets. ECCV, 2020.",
    licence="own clean-room implementation (the official code is GPL-3)",
    knows=frozenset({"phase"}),
    optional=frozenset({"phase"}),
    tuned_on={"cave": ("chart_and_stuffed_toy",)},
    trains="scene",
    gpu=True,
    params={
        "channels": Parameter.count(128, minimum=4),
        "endmembers": Parameter.count(128),
        "steps": Parameter.count(900),
        "learning_rate": Parameter.positive(5e-3),
    },
    presets={
        "smoke": {"channels": 16, "endmembers": 16, "steps": 30},
        "paper": {"channels": 512, "steps": 10000},
    },
    published=(
        Published(
            dataset="CAVE",
            ratio=32,
            note="the figure names neither dataset nor ratio; CAVE x32 is assumed because the values fit",
            metrics={"psnr": 35.6, "seconds": 1825, "parameters": 2.28e6},
            source="img/first.png of the official MossFuse repository, read by pixel (0.1 dB, 5 % of the time)",
        ),
    ),
    code="danfenghong/ECCV2020_CUCaNet@cf8a1c2",
    note="blind: PSF and SRF are learned with the network",
)
DATA, SMALL, TWO_PATHS = 10.0, 0.01, 1e4  # weights of the terms
SPARSITY = 0.01  # target of the mean abundance
MSI_RATE, OPERATOR_RATE = 0.5, 0.2  # shares of the step size: MSI encoder; PSFs, attention and SRF
CONSTANT_SHARE = 0.2  # of the steps at full step size, then linear to zero


def fuse(observation, *, seed, device, checkpoint=None, channels, endmembers, steps, learning_rate, iterates=None):
    """Return the fused cube in [0, 1] with the learned PSF and SRF.

    channels: of the encoders' last layer; endmembers: of both decoders. iterates: see mossfuse.fitting.stages.fit.
    """
    import torch

    from mossfuse.devices import seeded
    from mossfuse.fitting.operators import LearnedOperator, TwoPaths
    from mossfuse.fitting.stages import Stage, constant_then_linear, fit
    from mossfuse.physics.sampling import check_pair
    from mossfuse.physics.tensors import to_array, to_tensor

    from .network import CoupledAutoencoder

    check_pair(observation)
    hsi, msi = to_tensor(observation.hsi, device), to_tensor(observation.msi, device)
    with seeded(seed, device):
        operator = LearnedOperator(observation).to(device)
        network = CoupledAutoencoder(
            hsi.shape[1], msi.shape[1], hsi.shape[2:], observation.ratio, operator.geometry, channels, endmembers
        ).to(device)
    paths = TwoPaths(observation, operator, device)

    def terms(step):
        low, high = network.abundances(hsi, msi)
        cube = network.to_hsi(high)
        return {
            "hsi_autoencoder": DATA * (network.to_hsi(low) - hsi).abs().sum(),
            "msi_autoencoder": DATA * (network.to_msi(high) - msi).abs().sum(),
            "msi": DATA * (operator.colours(cube) - msi).abs().sum(),
            "hsi": DATA * (operator.blur(cube) - hsi).abs().sum(),
            "two_paths": TWO_PATHS * (paths.from_hsi() - paths.from_msi()).abs().sum(),
            "sum_to_one": SMALL * ((low.sum(1) - 1).abs().sum() + (high.sum(1) - 1).abs().sum()),
            "sparsity": SMALL * (divergence(low) + divergence(high)),
        }

    def cube():
        with torch.no_grad():
            return to_array(network.to_hsi(network.abundances(hsi, msi)[1]))

    def constrain():
        network.constrain()
        operator.constrain()

    constant = round(CONSTANT_SHARE * steps)
    groups = parameter_groups(network, operator, learning_rate)
    stage = Stage(
        "coupled", groups, terms, learning_rate, constant_then_linear(constant, steps - constant), project=constrain, output=cube
    )  # fmt: skip
    fitted = fit([stage], seed=seed, device=device, iterates=iterates)
    psf, srf = operator.estimates()
    notes = {
        "parameters": sum(p.numel() for group in groups for p in group["params"]),
        "iterations": fitted.steps,
        "fit_seconds": round(fitted.seconds, 2),
    }
    return Fusion(cube=cube(), psf_hat=psf, srf_hat=srf, history=fitted.history, notes=notes)


def parameter_groups(network, operator, rate):
    """Return Adam's groups: MSI encoder; PSFs, attention and SRF; the rest, each with its own step size."""
    msi = list(network.msi_encoder.parameters())
    slow = [
        network.attention_psf,
        *network.spatial.parameters(),
        *network.spectral.parameters(),
        *operator.parameters(),
    ]
    taken = {id(p) for p in (*msi, *slow)}
    rest = [p for p in network.parameters() if id(p) not in taken]
    return [
        {"params": msi, "lr": MSI_RATE * rate},
        {"params": slow, "lr": OPERATOR_RATE * rate},
        {"params": rest, "lr": rate},
    ]


def divergence(abundances):
    """Return the Kullback-Leibler divergence of each endmember's mean abundance from SPARSITY, summed."""
    mean = abundances.mean((0, 2, 3)).clamp(1e-6, 1 - 1e-6)
    return (SPARSITY * (SPARSITY / mean).log() + (1 - SPARSITY) * ((1 - SPARSITY) / (1 - mean)).log()).sum()
