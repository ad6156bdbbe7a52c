"""DBSR: a deep image prior per scene with learned PSF and SRF, started from two networks fitted to the scene's HSI.

Paper: L. Zhang, J. Nie, W. Wei, Y. Li, Y. Zhang, "Deep blind hyperspectral image super-resolution", IEEE Transactions
on Neural Networks and Learning Systems 32(6), 2388-2400, 2021.
Official code: JiangtaoNie/DBSR at 51e1e39 (no licence; nothing copied).
A spectral network learns R hsi -> hsi and is applied to the MSI; a spatial one learns (coarse hsi) -> hsi and is
applied to the upsampled HSI; 0.8 of the first plus 0.2 of the second is the fixed input of an hourglass network, which
is fitted together with PSF and SRF to L1(H Z, hsi) + L1(R Z, msi).
Differs: the spectral network of the original is fitted with the TRUE response, and its learned SRF starts from that
plus noise, even in the 'blind' mode; here both operators are fitted to the pair first (the blind step of M2U-Net) and
the truth is never used. The two small networks are our own design (per pixel; three convolutions), because the
description does not specify them. PSF with the sensor's support and phase. The step size falls by 0.7 every fifth of
the steps, as the original's does in its 5,000. Width 64 and fewer steps by default (the preset 'paper' has the
original's).
Published numbers: none under this protocol.
"""

from mossfuse.protocol import Fusion, Method, Parameter

METHOD = Method(
    name="dbsr",
    title="DBSR",
    citation="L. Zhang, J. Nie, W. Wei, Y. Li, Y. Zhang. IEEE Trans. Neural Netw. Learn. Syst. 32(6), 2388-2400, 2021.",
    licence="own implementation (the official code states no licence)",
    knows=frozenset({"phase"}),
    optional=frozenset({"phase"}),
    tuned_on={"cave": ("chart_and_stuffed_toy",)},
    trains="scene",
    gpu=True,
    params={
        "channels": Parameter.count(64),
        "operator_steps": Parameter.count(6000),
        "start_steps": Parameter.count(2000),
        "steps": Parameter.count(800),
        "learning_rate": Parameter.positive(1.2e-3),
        "operator_rate": Parameter.positive(1.1e-4),
    },
    presets={
        "smoke": {"channels": 8, "operator_steps": 50, "start_steps": 20, "steps": 15},
        "paper": {"channels": 256, "steps": 5001},
    },
    code="JiangtaoNie/DBSR@51e1e39",
    note="blind: PSF and SRF are learned before the network and with it",
)
SPECTRAL_SHARE = 0.8  # share of the spectral network's cube in the input
START_RATE = 1e-3  # of the operators' own fit and of the two small networks
DROPS = 5  # falls of the step size
SPECTRAL_WIDTH, SPECTRAL_DEPTH = 64, 4


def fuse(
    observation, *, seed, device, checkpoint=None, channels, operator_steps, start_steps, steps, learning_rate, operator_rate,
    iterates=None,
):  # fmt: skip
    """Return the fused cube in (0, 1) with the learned PSF and SRF.

    channels: of the hourglass. operator_steps: of the first fit of PSF and SRF; start_steps: of each small network;
    steps,
    learning_rate, operator_rate: of the joint fit. iterates: see mossfuse.fitting.stages.fit.
    """
    import torch

    from mossfuse.devices import parameter_count, seeded
    from mossfuse.fitting.operators import LearnedOperator, TwoPaths, blind_step
    from mossfuse.fitting.stages import Stage, constant_then_linear, fit, multistep, one_cycle
    from mossfuse.physics.sampling import check_pair
    from mossfuse.physics.tensors import to_array, to_tensor

    from ..shared.spectral_mlp import SpectralMLP, apply_to_pixels, pixel_list
    from ..shared.upsampling import coarsen, upsample
    from .detail_net import DetailNet
    from .network import SkipUNet

    check_pair(observation)
    hsi, msi = to_tensor(observation.hsi, device), to_tensor(observation.msi, device)
    target = pixel_list(observation.hsi, device)
    coarser = coarsen(hsi, observation.ratio)
    with seeded(seed, device):
        operator = LearnedOperator(observation).to(device)
        spectral = SpectralMLP(msi.shape[1], hsi.shape[1], SPECTRAL_WIDTH, SPECTRAL_DEPTH).to(device)
        spatial = DetailNet(hsi.shape[1]).to(device)
        network = SkipUNet(hsi.shape[1], channels).to(device)

    def start():
        """Return the hourglass network's input, (1, B, H, W)."""
        spectra = apply_to_pixels(spectral, pixel_list(observation.msi, device))
        spectra = spectra.T.unflatten(1, msi.shape[2:])[None]
        with torch.no_grad():
            return SPECTRAL_SHARE * spectra + (1 - SPECTRAL_SHARE) * spatial(
                upsample(hsi, observation.ratio, operator.geometry.phase)
            )

    def cube(image):
        with torch.no_grad():
            return to_array(network(image))

    def stages():
        half = operator_steps // 2
        paths = TwoPaths(observation, operator, device)
        yield blind_step(paths, lr=START_RATE, schedule=constant_then_linear(half, operator_steps - half))
        low = paths.from_hsi().detach()
        yield Stage(
            "spectral", list(spectral.parameters()), lambda step: (spectral(low) - target).abs().mean(), START_RATE,
            one_cycle(start_steps),
        )  # fmt: skip
        yield Stage(
            "spatial", list(spatial.parameters()), lambda step: (spatial(coarser) - hsi).abs().mean(), START_RATE,
            one_cycle(start_steps),
        )  # fmt: skip
        image = start()

        def data_error(step):
            z = network(image)
            return {"hsi": (operator.blur(z) - hsi).abs().mean(), "msi": (operator.colours(z) - msi).abs().mean()}

        yield Stage(
            "hourglass",
            [{"params": list(network.parameters())}, {"params": list(operator.parameters()), "lr": operator_rate}],
            data_error,
            learning_rate,
            multistep(steps, [round(steps * k / DROPS) for k in range(1, DROPS)], gamma=0.7),
            project=operator.constrain,
            output=lambda: cube(image),
        )

    fitted = fit(stages(), seed=seed, device=device, iterates=iterates)
    psf, srf = operator.estimates()
    notes = {
        "parameters": parameter_count(network, spectral, spatial, operator),
        "network_parameters": parameter_count(network),
        "iterations": fitted.steps,
        "fit_seconds": round(fitted.seconds, 2),
    }
    return Fusion(cube=cube(start()), psf_hat=psf, srf_hat=srf, history=fitted.history, notes=notes)
