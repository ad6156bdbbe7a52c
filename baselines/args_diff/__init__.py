"""ARGS-Diff: two small diffusion models learned from the pair, of spatial and of spectral factors, sampled together.

Paper: J. Zhu, H. Wang, Y. Xu, Z. Wu, Z. Wei, "Self-learning hyperspectral and multispectral image fusion via adaptive
residual guided subspace diffusion model", CVPR 2025, arXiv 2505.11800.
Official code: Zhu1116/ARGS-Diff at e1c460a and ARGS-Diff-train (no licence; nothing copied).
The cube is A E with 8 images A and 8 spectra E. A network of the diffusion type learns images from crops of the MSI (each of
the 8 channels is one of its bands, at random), another one spectra from the LR-HSI's pixels. Both factors are then sampled
by DDIM, and at every step moved along the gradient of |hsi - H A E| + |msi - R A E|, through the networks with Adam's
normalisation, and once more without them.
Traps: the training repository's default sizes are not those of the paper; the norms are not squared; the cube is a product
of maps in [0, 1], which nothing bounds by 1; the truth enters the original's final score alone, and nothing here.
Differs: PSF and SRF from the pair as in miae (the original's blind form), on the sensor's support and phase; its other form,
with a known resizer, is not built. The sizes of the spectral network follow the number of bands, as the paper's do by data
set; attention inside the spatial network and the learning rate of the spectral one are not described: none, and 1e-4. By
default a narrow network, fewer steps of training and of sampling (``paper``: the authors').
Published numbers: Pavia, Chikusei, KSC and Houston at ratio 4, not read.
"""

from mossfuse.protocol import Fusion, Method, Parameter

METHOD = Method(
    name="args-diff",
    title="ARGS-Diff",
    citation="J. Zhu, H. Wang, Y. Xu, Z. Wu, Z. Wei. Adaptive residual guided subspace diffusion (ARGS-Diff). CVPR, 2025.",
    licence="own implementation (the official code states no licence)",
    knows=frozenset({"phase"}),
    optional=frozenset({"phase"}),
    trains="scene",
    gpu=True,
    params={
        "rank": Parameter.count(8),
        "operator_steps": Parameter.count(6000),
        "operator_rate": Parameter.positive(1e-3),
        "width": Parameter.count(16),
        "hidden": Parameter.count(None),
        "patch": Parameter.count(64),
        "batch": Parameter.count(4),
        "image_steps": Parameter.count(600),
        "image_average": Parameter(0.99, minimum=0, below=1),
        "image_rate": Parameter.positive(1e-3),
        "spectrum_steps": Parameter.count(6000),
        "spectrum_rate": Parameter.positive(1e-3),
        "samples": Parameter.count(250, maximum=1000),
        "guidance": Parameter.positive(0.05),
    },
    presets={
        "smoke": {
            "operator_steps": 60, "width": 4, "hidden": 16, "patch": 16, "batch": 1, "image_steps": 3, "spectrum_steps": 10, "samples": 4,
        },
        "paper": {
            "operator_steps": 3000, "operator_rate": 5e-5, "width": 64, "patch": 128, "batch": 16, "image_steps": 30000,
            "image_average": 0.9999, "image_rate": 1e-4, "spectrum_steps": 400000, "spectrum_rate": 1e-4, "samples": 500,
        },
    },
    code="Zhu1116/ARGS-Diff@e1c460a",
    note="blind: PSF and SRF are learned before the factors",
)  # fmt: skip
SPECTRA = 128  # a step of the spectral network


def fuse(
    observation, *, seed, device, checkpoint=None, rank, operator_steps, operator_rate, width, hidden, patch, batch, image_steps,
    image_average, image_rate, spectrum_steps, spectrum_rate, samples, guidance,
):  # fmt: skip
    """Return the fused cube, at least 0, with the learned PSF and SRF.

    rank: images and spectra. operator_steps, operator_rate: of the blind step. width: of the spatial network's first scale;
    hidden: of the spectral one, by the number of bands where None. patch: side of the crops in MSI pixels; batch: crops a step.
    image_*, spectrum_*: steps, step size and average of the two trainings. samples: steps of DDIM; guidance: step size towards
    the pair.
    """
    import torch

    from mossfuse.devices import parameter_count, seeded
    from mossfuse.fitting.operators import LearnedOperator, TwoPaths, blind_step
    from mossfuse.fitting.stages import Stage, constant_then_linear, fit, multistep
    from mossfuse.physics.sampling import check_pair
    from mossfuse.physics.tensors import to_array, to_tensor

    from ..shared.spectral_mlp import pixel_list
    from .sampling import LEVELS, noisy, sample
    from .spatial import SpatialDenoiser
    from .spectral import SpectralDenoiser

    check_pair(observation)
    hsi, msi = to_tensor(observation.hsi, device), to_tensor(observation.msi, device)
    spectra, picture = 2 * pixel_list(observation.hsi, device) - 1, 2 * msi[0] - 1
    with seeded(seed, device):
        operator = LearnedOperator(observation).to(device)
        images, lines = SpatialDenoiser(rank, width).to(device), SpectralDenoiser(hsi.shape[1], hidden).to(device)
    rows, cols = (min(patch, n) for n in picture.shape[1:])

    def crop():
        """Return (rank, rows, cols): bands drawn at random of one random part of the MSI."""
        row, col = (int(torch.randint(n - s + 1, ())) for n, s in zip(picture.shape[1:], (rows, cols), strict=True))
        bands = torch.randint(len(picture), (rank,)).to(device)
        return picture[bands, row : row + rows, col : col + cols]

    def error(network, clean):
        level, noise = torch.randint(LEVELS, (len(clean),)).to(device), torch.randn_like(clean, device="cpu").to(device)
        return (network(noisy(clean, level, noise), level) - noise).square().mean()

    def stages():
        half = operator_steps // 2
        paths = TwoPaths(observation, operator, device)
        yield blind_step(paths, lr=operator_rate, schedule=constant_then_linear(half, operator_steps - half))
        operator.requires_grad_(False)
        yield Stage(
            "images", list(images.parameters()), lambda step: error(images, torch.stack([crop() for _ in range(batch)])), image_rate,
            multistep(image_steps), average=image_average,
        )  # fmt: skip
        yield Stage(
            "spectra", list(lines.parameters()),
            lambda step: error(lines, spectra[torch.randint(len(spectra), (SPECTRA,)).to(device)]),
            spectrum_rate, multistep(spectrum_steps),
        )  # fmt: skip

    fitted = fit(stages(), seed=seed, device=device)
    for network in (images, lines):
        network.eval().requires_grad_(False)
    with seeded(seed, device):
        cube, residuals = sample(images, lines, operator, hsi, msi, rank, samples, guidance)
    psf, srf = operator.estimates()
    notes = {
        "parameters": parameter_count(images, lines, operator),
        "network_parameters": parameter_count(images, lines),
        "iterations": fitted.steps + samples,
        "fit_seconds": round(fitted.seconds, 2),
        "last_residual": residuals[-1],
    }
    return Fusion(cube=to_array(cube), psf_hat=psf, srf_hat=srf, history=fitted.history, notes=notes)
