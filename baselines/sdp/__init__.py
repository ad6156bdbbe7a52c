"""SDP: a diffusion model of single spectra, learned from the LR-HSI, as the prior of a cube that is fitted to the pair.

Paper: J. Liu, Z. Wu, L. Xiao, "A spectral diffusion prior for unsupervised hyperspectral image super-resolution", IEEE TGRS
62, 2024, doi 10.1109/TGRS.2024.3449073.
Official code: liuofficial/SDP at c059c45 (no licence; nothing copied).
First PSF and SRF from the pair; then a network that predicts the noise in a spectrum, trained on the LR-HSI's pixels; then
Adam on the cube Z itself, all levels of noise in descending order, three steps at each:
lam |H Z - hsi|^2 + |R Z - msi|^2 + gam |eps(Z with fresh noise) - noise|^2; the average of the iterates is the result.
Traps: the original's data class trains the prior on a variable ``TGT`` where a file holds one, which is the ground truth;
here the prior sees the LR-HSI's spectra alone. The original's window is (2 ratio - 1) pixels wide around pixel 0 of the block.
Differs: PSF and SRF as in miae, on the sensor's support and phase; by default a narrower network with a tenth of its steps
(``paper``: the authors'). The fit of the cube starts at 1 and needs its 3,000 small steps: fewer, larger ones ended two to
three times as far from a synthetic cube. At 512 x 512 pixels they are 3,000 passes over 262,144 spectra: a GPU's work.
Published numbers: Pavia University in SpectraMorph's comparison.
"""

from mossfuse.protocol import Fusion, Method, Parameter, Published

METHOD = Method(
    name="sdp",
    title="SDP",
    citation="J. Liu, Z. Wu, L. Xiao. Spectral diffusion prior. IEEE Trans. Geosci. Remote Sens. 62, 2024.",
    licence="own implementation (the official code states no licence)",
    knows=frozenset({"phase"}),
    optional=frozenset({"phase"}),
    trains="scene",
    gpu=True,
    params={
        "operator_steps": Parameter.count(6000),
        "operator_rate": Parameter.positive(1e-3),
        "width": Parameter.count(128),
        "prior_steps": Parameter.count(3000),
        "prior_average": Parameter(0.99, minimum=0, below=1),
        "levels": Parameter.count(1000, maximum=1000),
        "repeats": Parameter.count(3),
        "learning_rate": Parameter.positive(1e-3),
        "hsi_weight": Parameter.non_negative(0.1),
        "prior_weight": Parameter.non_negative(1e-3),
    },
    presets={
        "smoke": {"operator_steps": 60, "width": 16, "prior_steps": 30, "levels": 10, "learning_rate": 5e-2},
        "paper": {
            "operator_steps": 5000, "operator_rate": 1e-5, "width": 512, "prior_steps": 30000, "prior_average": 0.999,
        },
    },
    published=tuple(
        Published(dataset="Pavia University", ratio=ratio, metrics={"psnr": psnr}, source="comparison in SpectraMorph (2025)")
        for ratio, psnr in ((8, 34.14), (32, 29.33))
    ),
    code="liuofficial/SDP@c059c45",
    note="blind: PSF and SRF are learned before the prior",
)  # fmt: skip
BATCH = 512  # spectra a step of the prior
PRIOR_RATE, LEAST = (
    1e-2,
    1e-3,
)  # of the prior's step size: first, and its last share, reached after a third of the steps
DECAY = {"weight_decay": 1e-6}
AVERAGE = 0.9  # of the cube's iterates


def fuse(
    observation, *, seed, device, checkpoint=None, operator_steps, operator_rate, width, prior_steps, prior_average, levels, repeats,
    learning_rate, hsi_weight, prior_weight, iterates=None,
):  # fmt: skip
    """Return the fused cube in [0, 1] with the learned PSF and SRF; raise MossFuseError where both images are black.

    operator_steps, operator_rate: of the blind step. width: of the noise predictor; prior_steps: of its training;
    prior_average: decay of the average of its weights. levels: of noise that the fit visits, of 1000; repeats: steps at each;
    learning_rate, hsi_weight, prior_weight: of the fit. iterates: see mossfuse.fitting.stages.fit.
    """
    import torch

    from mossfuse.devices import parameter_count, seeded
    from mossfuse.fitting.operators import LearnedOperator, TwoPaths, blind_step
    from mossfuse.fitting.stages import Schedule, Stage, constant_then_linear, fit, multistep
    from mossfuse.physics.sampling import check_pair
    from mossfuse.physics.tensors import to_array, to_tensor

    from ..shared.spectral_mlp import pixel_list
    from .diffusion import LEVELS, NoisePredictor, noisy, prior_error

    check_pair(observation)
    hsi, msi = to_tensor(observation.hsi, device), to_tensor(observation.msi, device)
    spectra = pixel_list(observation.hsi, device)
    with seeded(seed, device):
        operator = LearnedOperator(observation).to(device)
        predictor = NoisePredictor(hsi.shape[1], width).to(device)
    cube = torch.nn.Parameter(torch.ones(1, hsi.shape[1], *msi.shape[2:], device=device))

    def prior_loss(step):
        clean = spectra[torch.randint(len(spectra), (BATCH,)).to(device)]
        level, noise = torch.randint(LEVELS, (BATCH,)).to(device), torch.randn_like(clean, device="cpu").to(device)
        return (predictor(noisy(clean, level, noise), level) - noise).square().mean()

    def cube_loss(step):
        level = LEVELS - 1 - step // repeats * LEVELS // levels
        return {
            "hsi": hsi_weight * (operator.blur(cube) - hsi).square().sum(),
            "msi": (operator.colours(cube) - msi).square().sum(),
            "prior": prior_weight * prior_error(predictor, cube[0].flatten(1).T, level),
        }

    def stages():
        half = operator_steps // 2
        paths = TwoPaths(observation, operator, device)
        yield blind_step(paths, lr=operator_rate, schedule=constant_then_linear(half, operator_steps - half))
        operator.requires_grad_(False)
        yield Stage(
            "prior", list(predictor.parameters()), prior_loss, PRIOR_RATE,
            Schedule(prior_steps, lambda step: max(1 - 3 * step / prior_steps, LEAST)), adam=DECAY, average=prior_average,
        )  # fmt: skip
        predictor.eval().requires_grad_(False)
        yield Stage(
            "cube", [cube], cube_loss, learning_rate, multistep(levels * repeats), project=lambda: cube.data.clamp_(0, 1), adam=DECAY,
            average=AVERAGE, output=lambda: to_array(cube),
        )  # fmt: skip

    fitted = fit(stages(), seed=seed, device=device, iterates=iterates)
    psf, srf = operator.estimates()
    notes = {
        "parameters": parameter_count(predictor, operator),
        "network_parameters": parameter_count(predictor),
        "iterations": fitted.steps,
        "fit_seconds": round(fitted.seconds, 2),
    }
    return Fusion(cube=to_array(cube), psf_hat=psf, srf_hat=srf, history=fitted.history, notes=notes)
