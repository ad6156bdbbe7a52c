"""UDALN: PSF, SRF and a four-layer spectral network per scene, fitted one after the other and then together.

Paper: J. Li, K. Zheng, J. Yao, L. Gao, D. Hong, "Deep unsupervised blind hyperspectral and multispectral data fusion",
IEEE Geoscience and Remote Sensing Letters 19, 6007305, 2022.
Official code: JiaxinLiCAS/UDALN_GRSL at 79653d3 (no licence; nothing copied).
Three stages of Adam on L1 losses, step size constant and then linear to zero: (1) the blurred MSI equals the projected
HSI; (2) the network maps the blurred MSI to the HSI; (3) both, and the network's cube Z of the MSI agrees with HSI and
MSI.
Differs: every SRF entry is free (the original confines each MSI band to the support of the TRUE response); PSF and SRF
are non-negative and sum to 1 after every step (the authors' log shows negative responses); the PSF has the sensor's
support and phase, not always ratio x ratio; fewer steps by default, most of them in the two cheap stages.
Published numbers: none on CAVE (Houston, Pavia and others).
"""

from mossfuse.protocol import Fusion, Method, Parameter

METHOD = Method(
    name="udaln",
    title="UDALN",
    citation="J. Li, K. Zheng, J. Yao, L. Gao, D. Hong. IEEE Geosci. Remote Sens. Lett. 19, 6007305, 2022.",
    licence="own implementation (the official code states no licence)",
    knows=frozenset({"phase"}),
    optional=frozenset({"phase"}),
    tuned_on={"cave": ("chart_and_stuffed_toy",)},
    trains="scene",
    gpu=True,
    params={
        "operator_steps": Parameter.count(6000),
        "spectral_steps": Parameter.count(15000),
        "joint_steps": Parameter.count(1500),
        "learning_rate": Parameter.positive(1e-3),
        "joint_rate": Parameter.positive(6e-5),
    },
    presets={
        "smoke": {"operator_steps": 100, "spectral_steps": 150, "joint_steps": 20},
        "paper": {"operator_steps": 20000, "spectral_steps": 30000, "joint_steps": 15000},
    },
    code="JiaxinLiCAS/UDALN_GRSL@79653d3",
    note="blind: PSF and SRF are learned with the network",
)
CONSTANT_SHARE = {"operators": 1 / 2, "spectra": 2 / 3, "joint": 1 / 3}  # of a stage's steps at full step size


def fuse(
    observation, *, seed, device, checkpoint=None, operator_steps, spectral_steps, joint_steps, learning_rate, joint_rate,
    iterates=None,
):  # fmt: skip
    """Return the fused cube with the learned PSF and SRF.

    operator_steps, spectral_steps, joint_steps: of the three stages. learning_rate: of the first two, joint_rate: of
    the third. iterates: see mossfuse.fitting.stages.fit.
    """
    import torch

    from mossfuse.devices import parameter_count, seeded
    from mossfuse.fitting.operators import LearnedOperator, TwoPaths, blind_step
    from mossfuse.fitting.stages import Stage, constant_then_linear, fit
    from mossfuse.physics.sampling import check_pair
    from mossfuse.physics.tensors import to_array, to_tensor

    from .network import SpectralLadder

    check_pair(observation)
    hsi, msi = to_tensor(observation.hsi, device), to_tensor(observation.msi, device)
    with seeded(seed, device):
        operator = LearnedOperator(observation).to(device)
        network = SpectralLadder(msi.shape[1], hsi.shape[1]).to(device)
    paths = TwoPaths(observation, operator, device)

    def spectra_error():
        low = paths.from_msi().T.unflatten(1, hsi.shape[2:])[None]
        return (network(low) - hsi).abs().mean()

    def joint(step):
        cube = network(msi)
        return {
            "operators": (paths.from_hsi() - paths.from_msi()).abs().mean(),
            "spectra": spectra_error(),
            "msi": (operator.colours(cube) - msi).abs().mean(),
            "hsi": (operator.blur(cube) - hsi).abs().mean(),
        }

    def cube():
        with torch.no_grad():
            return to_array(network(msi))

    def schedule(name, steps):
        constant = round(CONSTANT_SHARE[name] * steps)
        return constant_then_linear(constant, steps - constant)

    def stages():
        yield blind_step(paths, lr=learning_rate, schedule=schedule("operators", operator_steps))
        operator.requires_grad_(False)
        yield Stage(
            "spectra", list(network.parameters()), lambda step: spectra_error(), learning_rate,
            schedule("spectra", spectral_steps), output=cube, capturable=True,
        )  # fmt: skip
        operator.requires_grad_(True)
        yield Stage(
            "joint", [*operator.parameters(), *network.parameters()], joint, joint_rate, schedule("joint", joint_steps),
            project=operator.constrain, output=cube, capturable=True,
        )  # fmt: skip

    fitted = fit(stages(), seed=seed, device=device, iterates=iterates)
    psf, srf = operator.estimates()
    notes = {
        "parameters": parameter_count(network, operator),
        "network_parameters": parameter_count(network),
        "iterations": fitted.steps,
        "fit_seconds": round(fitted.seconds, 2),
    }
    return Fusion(cube=cube(), psf_hat=psf, srf_hat=srf, history=fitted.history, notes=notes)
