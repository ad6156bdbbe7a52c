"""MIAE: an autoencoder per scene whose encoder unfolds a few steps of an abundance estimate, PSF and SRF learned first.

Paper: J. Liu, Z. Wu, L. Xiao, X.-J. Wu, "Model inspired autoencoder for unsupervised hyperspectral image
super-resolution", IEEE Transactions on Geoscience and Remote Sensing 60, 5522412, 2022.
Official code: liuofficial/MIAE at 8cac2c1 (no licence; nothing copied).
First PSF and SRF from the pair alone: the blurred MSI equals the projected HSI (L1). Then the network takes the
bilinearly upsampled HSI and the MSI pixel by pixel to abundances, a non-negative dictionary makes the cube Z of them,
and sum |H Z - hsi| + sum |R Z - msi| is minimised on crops.
Differs: the PSF has the sensor's support and phase (the original: 2 ratio - 1 pixels a side, centred on the first pixel
of its block), and learns 20 times faster; PSF and SRF are divided by their sums inside the loss; one crop of about 64
pixels a step instead of a batch of 5 ratio; a border is cut only where the PSF leaves the crop. The preset 'paper' sets
rates, steps and crop size to the authors' (160 pixels are their 5 x ratio at ratio 32).
Published numbers: none on CAVE (Pavia, Chikusei and others).
"""

from mossfuse.protocol import Fusion, Method, Parameter

METHOD = Method(
    name="miae",
    title="MIAE",
    citation="J. Liu, Z. Wu, L. Xiao, X.-J. Wu. IEEE Trans. Geosci. Remote Sens. 60, 5522412, 2022.",
    licence="own implementation (the official code states no licence)",
    knows=frozenset({"phase"}),
    optional=frozenset({"phase"}),
    tuned_on={"cave": ("chart_and_stuffed_toy",)},
    trains="scene",
    gpu=True,
    params={
        "endmembers": Parameter.count(80),
        "operator_steps": Parameter.count(6000),
        "operator_rate": Parameter.positive(1e-3),
        "steps": Parameter.count(4000),
        "learning_rate": Parameter.positive(5e-3),
        "patch": Parameter.count(64),
    },
    presets={
        "smoke": {"endmembers": 20, "operator_steps": 100, "steps": 40, "patch": 32},
        "paper": {"operator_steps": 5000, "operator_rate": 5e-5, "steps": 10000, "patch": 160},
    },
    code="liuofficial/MIAE@8cac2c1",
    note="blind: PSF and SRF are learned before the network",
)
CONSTANT_SHARE = 0.1  # of the steps at full step size, then linear to zero


def fuse(
    observation, *, seed, device, checkpoint=None, endmembers, operator_steps, operator_rate, steps, learning_rate, patch,
    iterates=None,
):  # fmt: skip
    """Return the fused cube in [0, 1] with the learned PSF and SRF.

    endmembers: columns of the dictionary. operator_steps, operator_rate: of the blind step; steps, learning_rate: of
    the network. patch: side of the crops in MSI pixels. iterates: see mossfuse.fitting.stages.fit.
    """
    import torch

    from mossfuse.devices import parameter_count, seeded
    from mossfuse.fitting.crops import Crops
    from mossfuse.fitting.operators import LearnedOperator, TwoPaths, blind_step
    from mossfuse.fitting.stages import Stage, constant_then_linear, fit
    from mossfuse.physics.psf_geometry import geometry_of
    from mossfuse.physics.sampling import check_pair
    from mossfuse.physics.tensors import to_array, to_tensor

    from ..shared.upsampling import upsample
    from .network import UnfoldedAutoencoder

    check_pair(observation)
    hsi, msi = to_tensor(observation.hsi, device), to_tensor(observation.msi, device)
    up = upsample(hsi, observation.ratio, geometry_of(observation).phase)
    with seeded(seed, device):
        operator = LearnedOperator(observation).to(device)
        network = UnfoldedAutoencoder(hsi.shape[1], msi.shape[1], endmembers).to(device)
    crops = Crops([((up, msi), (hsi,))], observation.ratio, patch, operator.geometry)

    def data_error(step):
        (up_part, msi_part), (hsi_part,) = crops.draw()
        part = network(up_part, msi_part)
        return {
            "hsi": crops.centre(operator.blur(part) - hsi_part).abs().sum(),
            "msi": (operator.colours(part) - msi_part).abs().sum(),
        }

    def cube():
        with torch.no_grad():
            return to_array(network(up, msi))

    def stages():
        half = operator_steps // 2
        paths = TwoPaths(observation, operator, device)
        yield blind_step(paths, lr=operator_rate, schedule=constant_then_linear(half, operator_steps - half))
        operator.requires_grad_(False)
        constant = round(CONSTANT_SHARE * steps)
        yield Stage(
            "network", list(network.parameters()), data_error, learning_rate, constant_then_linear(constant, steps - constant),
            project=network.constrain, adam={"weight_decay": 1e-3}, output=cube,
        )  # fmt: skip

    fitted = fit(stages(), seed=seed, device=device, iterates=iterates)
    psf, srf = operator.estimates()
    notes = {
        "parameters": parameter_count(network) + sum(p.numel() for p in operator.parameters()),
        "network_parameters": parameter_count(network),
        "iterations": fitted.steps,
        "fit_seconds": round(fitted.seconds, 2),
    }
    return Fusion(cube=cube(), psf_hat=psf, srf_hat=srf, history=fitted.history, notes=notes)
