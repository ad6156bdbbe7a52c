"""SpectraMorph: endmembers of the LR-HSI, and a network with one hidden layer from an MSI pixel to their abundances.

Paper: R. Shah, M. Duarte, "SpectraMorph: structured latent learning for self-supervised hyperspectral super-resolution",
arXiv 2510.20814, 2025.
Official code: ritikgshah/SpectraMorph at b109681 (Apache 2.0; written from a description, nothing copied).
The endmembers E are a non-negative factorisation of the LR-HSI; the network sees pairs (R x, x) of every LR-HSI pixel x, R
the SRF, and its output, unconstrained, times E is the pixel. Mean absolute error, one-cycle step size; then it is applied to
every MSI pixel and clipped. ``coarse``: a coarser HSI as further input, the LR-HSI at 1/4 of its size in the fit, the LR-HSI
itself in use, both replicated.
Traps: no PSF and no agreement with the LR-HSI; `spectramorph+dc` adds that. The script's 1024 hidden units make the paper's
11 to 16 thousand values only with few bands (12,295 with 4 MSI bands and 7 endmembers).
Published numbers: Pavia University and Washington DC.
"""

from mossfuse.protocol import Fusion, Method, Parameter, Published

METHOD = Method(
    name="spectramorph",
    title="SpectraMorph",
    citation="R. Shah, M. Duarte. SpectraMorph. arXiv:2510.20814, 2025.",
    licence="own implementation (original Apache 2.0)",
    knows=frozenset({"srf"}),
    trains="scene",
    gpu=True,
    params={
        "endmembers": Parameter.count(7),
        "factor_steps": Parameter.count(5000),
        "hidden": Parameter.count(1024),
        "steps": Parameter.count(2500),
        "learning_rate": Parameter.positive(1e-2),
        "coarse": False,
    },
    presets={"smoke": {"factor_steps": 50, "hidden": 64, "steps": 50}, "paper": {}},
    published=(
        Published(dataset="Pavia University", ratio=8, metrics={"psnr": 35.03, "sam": 2.88}, source="the paper", note="4 MSI bands"),
        Published(dataset="Pavia University", ratio=32, metrics={"psnr": 32.22}, source="the paper"),
        Published(dataset="Washington DC Mall", ratio=8, metrics={"psnr": 37.78}, source="the paper"),
    ),
    code="ritikgshah/SpectraMorph@b109681",
)  # fmt: skip
FIRST, LAST = 1e-1, 1e-4  # of the step size, as shares of its peak
COARSER = 4  # how much smaller the coarse HSI of the fit is


def fuse(
    observation,
    *,
    seed,
    device,
    checkpoint=None,
    endmembers,
    factor_steps,
    hidden,
    steps,
    learning_rate,
    coarse,
    iterates=None,
):
    """Return the fused cube in [0, 1]; raise MossFuseError for an unknown SRF or an HSI that is zero everywhere.

    endmembers: of the factorisation; factor_steps: its iterations at most. hidden: units of the network; steps, learning_rate:
    of Adam over all LR pixels, the rate at its peak. iterates: see mossfuse.fitting.stages.fit.
    """
    import numpy as np
    import torch
    from torch import nn

    from mossfuse.devices import parameter_count, seeded
    from mossfuse.errors import MossFuseError
    from mossfuse.fitting.stages import Stage, fit, one_cycle
    from mossfuse.physics.sampling import check_pair

    from ..shared.spectral_mlp import apply_to_pixels, pixel_list
    from .nmf import factorise

    check_pair(observation)
    if observation.sensor.srf is None:
        raise MossFuseError("spectramorph needs to know the srf; give it or choose a blind method")
    pixels = observation.hsi.reshape(-1, observation.hsi.shape[2]).clip(0, 1)
    if not pixels.any():
        raise MossFuseError("the HSI is zero everywhere, so it has no endmembers; give another scene")
    spectra = torch.from_numpy(factorise(pixels.astype(np.float64), endmembers, factor_steps)[1]).float().to(device)
    target, msi = pixel_list(observation.hsi, device), pixel_list(observation.msi, device)
    source = target @ target.new_tensor(observation.sensor.srf).T
    if coarse:
        source = torch.cat([source, pixel_list(replicated(coarser(observation.hsi), observation.hsi.shape), device)], 1)
        msi = torch.cat([msi, pixel_list(replicated(observation.hsi, observation.msi.shape), device)], 1)
    with seeded(seed, device):
        network = nn.Sequential(nn.Linear(source.shape[1], hidden), nn.ReLU(), nn.Linear(hidden, len(spectra))).to(
            device
        )

    def cube():
        found = apply_to_pixels(lambda part: network(part) @ spectra, msi).clamp(0, 1)
        return found.reshape(*observation.msi.shape[:2], -1).cpu().numpy()

    stage = Stage(
        "abundances", list(network.parameters()), lambda step: (network(source) @ spectra - target).abs().mean(), learning_rate,
        one_cycle(steps, first=FIRST, last=LAST), output=cube, capturable=True,
    )  # fmt: skip
    fitted = fit([stage], seed=seed, device=device, iterates=iterates)
    notes = {
        "parameters": parameter_count(network),
        "endmembers": len(spectra),
        "iterations": fitted.steps,
        "fit_seconds": round(fitted.seconds, 2),
    }
    return Fusion(cube=cube(), history=fitted.history, notes=notes)


def coarser(hsi):
    """Return the HSI (h, w, B) averaged over about 4 x 4 pixels."""
    import torch
    import torch.nn.functional as F

    shape = [-(-n // COARSER) for n in hsi.shape[:2]]
    return F.adaptive_avg_pool2d(torch.from_numpy(hsi).permute(2, 0, 1), shape).permute(1, 2, 0).numpy()


def replicated(image, shape):
    """Return an image (a, b, C) at the size (rows, cols) of ``shape``: its nearest pixels."""
    rows, cols = (
        [i * small // large for i in range(large)] for small, large in zip(image.shape[:2], shape[:2], strict=True)
    )
    return image[rows][:, cols]
