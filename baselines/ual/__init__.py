"""UAL: a fusion network trained with ground truth under several blurs, then a small corrector fitted to each scene.

Papers: L. Zhang, J. Nie, W. Wei, Y. Zhang, S. Liao, L. Shao, "Unsupervised adaptation learning for hyperspectral
imagery super-resolution", CVPR 2020; J. Nie, L. Zhang, W. Wei et al., TPAMI 2024 (with meta-training of the corrector,
not here).
Official code: JiangtaoNie/UAL at 1569636 (no licence; nothing copied).
Step 1, supervised: three branches (MSI, both, upsampled HSI) with gated exchange; the HSI of every training crop is
computed from the truth with one of five Gaussian PSFs. Step 2, per scene, no truth: a residual corrector on the frozen
network's cube and a free PSF that starts as a Gaussian of 3 pixels; L1(H Z, hsi) + L1(R Z, msi), R known.
Differs: the PSF has the sensor's support and phase, no bias, is not negative and sums to 1; the five Gaussians have the
nominal widths (the original's generator doubles them); the corrector's correction starts at zero; how its five
convolutions are connected is our reading (the description says 'residual, with a mask').
Published numbers: CAVE x8 about 46 dB in the paper; a user of the official code reports 38.96 dB, 39.4 after adaptation
(issue 7, open); 37.7 dB in MossFuse's figure, read by pixel.
"""

from mossfuse.files.kept import kept
from mossfuse.protocol import Fusion, Method, Parameter, Published

METHOD = Method(
    name="ual",
    title="UAL",
    citation="L. Zhang, J. Nie, W. Wei, Y. Zhang, S. Liao, L. Shao. Unsupervised adaptation learning. CVPR, 2020.",
    licence="own implementation (the official code states no licence)",
    knows=frozenset({"phase", "srf"}),
    trains="supervised",
    gpu=True,
    params={
        "adapt_steps": Parameter.count(1500),
        "learning_rate": Parameter.positive(9e-5),
        "psf_rate": Parameter.positive(1e-4),
    },
    train_params={
        "channels": Parameter.count(128, minimum=2),
        "patch": Parameter.count(128),
        "batch": Parameter.count(6),
        "train_rate": Parameter.positive(1e-4),
        "steps": Parameter.count(14700),
        "save_every": Parameter.count(500),
    },
    presets={"smoke": {"adapt_steps": 10, "channels": 8, "patch": 16, "batch": 1, "steps": 3}, "paper": {}},
    published=(
        Published(
            dataset="CAVE",
            ratio=32,
            note="the figure names neither dataset nor ratio; CAVE x32 is assumed because the values fit",
            metrics={"psnr": 37.7, "seconds": 28, "parameters": 7.13e6},
            source="img/first.png of the official MossFuse repository, read by pixel (0.1 dB, 5 % of the time)",
        ),
    ),
    code="JiangtaoNie/UAL@1569636",
    note="supervised prior, unsupervised adaptation to each scene",
)
KIND = "ual"
TRAINING_PSFS = ((7, 0.5), (8, 3.0), (9, 2.0), (13, 4.0), (15, 1.5))  # (side, standard deviation) in pixels
FIRST_SIGMA = 3.0  # of the PSF at the start of the adaptation, pixels
DROPS = 15  # equal parts of the training, after each of which the step size falls by 0.7


def fuse(observation, *, seed, device, checkpoint=None, adapt_steps, learning_rate, psf_rate, iterates=None):
    """Return the adapted cube with the learned PSF.

    adapt_steps, learning_rate, psf_rate: of the adaptation. iterates: see mossfuse.fitting.stages.fit. Raises
    MossFuseError where the checkpoint is absent or made for other bands or another ratio.
    """
    import torch

    from mossfuse.devices import parameter_count, seeded
    from mossfuse.fitting.dataset_training import read_weights
    from mossfuse.fitting.operators import LearnedOperator
    from mossfuse.fitting.stages import Stage, fit, multistep
    from mossfuse.physics.psf import gaussian_psf
    from mossfuse.physics.sampling import check_pair
    from mossfuse.physics.tensors import project_spectra, to_array, to_tensor

    from ..shared.upsampling import upsample
    from .network import Corrector

    check_pair(observation)
    content = read_weights(checkpoint, KIND, observation)
    network = load_network(checkpoint, device)
    hsi, msi = to_tensor(observation.hsi, device), to_tensor(observation.msi, device)
    srf = torch.as_tensor(observation.sensor.srf, dtype=torch.float32, device=device)
    with seeded(seed, device):
        operator, corrector = LearnedOperator(observation).to(device), Corrector(hsi.shape[1]).to(device)
        with torch.no_grad():
            operator.raw_psf.copy_(torch.from_numpy(gaussian_psf(operator.geometry.size, FIRST_SIGMA)))
            trained = network(upsample(hsi, observation.ratio, operator.geometry.phase), msi)

    def data_error(step):
        cube = corrector(trained)
        return {"hsi": (operator.blur(cube) - hsi).abs().mean(), "msi": (project_spectra(cube, srf) - msi).abs().mean()}

    def cube():
        with torch.no_grad():
            return to_array(corrector(trained))

    groups = [
        {"params": list(corrector.parameters()), "weight_decay": 1e-3},
        {"params": [operator.raw_psf], "lr": psf_rate, "weight_decay": 1e-5},
    ]
    stage = Stage(
        "adaptation", groups, data_error, learning_rate, multistep(adapt_steps), project=operator.constrain, output=cube
    )
    fitted = fit([stage], seed=seed, device=device, iterates=iterates)
    notes = {
        "parameters": parameter_count(network, corrector) + operator.raw_psf.numel(),
        "network_parameters": parameter_count(network),
        "iterations": fitted.steps,
        "training_iterations": content["training"]["steps"],
        "fit_seconds": round(fitted.seconds, 2),
    }
    return Fusion(cube=cube(), psf_hat=operator.estimates()[0], history=fitted.history, notes=notes)


@kept
def load_network(path, device):
    """Return the trained fusion network on the device."""
    from mossfuse.devices import generator_kept
    from mossfuse.fitting.checkpoints import kept_checkpoint

    from .network import ExchangeNet

    content = kept_checkpoint(path, KIND)
    with generator_kept():
        network = ExchangeNet(content["bands"], content["msi_bands"], content["channels"]).to(device).eval()
    network.load_state_dict(content["state_dict"])
    return network


def train(
    pairs, *, seed, device, path, resume=False, truths=None, channels, patch, batch, train_rate, steps, save_every
):
    """Train the fusion network on MSIs and ``truths`` and write the checkpoint ``path``; returns history columns.

    channels: of every layer. patch: side of the crops in pixels, rounded to multiples of the ratio; batch: crops a
    step.
    """
    import torch

    from mossfuse.devices import seeded
    from mossfuse.fitting.crops import Crops
    from mossfuse.fitting.dataset_training import check_truths, shape_facts, train_network
    from mossfuse.fitting.stages import multistep
    from mossfuse.physics.psf import gaussian_psf
    from mossfuse.physics.psf_geometry import geometry_of
    from mossfuse.physics.tensors import blur_sample, to_tensor

    from ..shared.upsampling import upsample
    from .network import ExchangeNet

    check_truths(pairs, truths)
    ratio, phase = pairs[0].ratio, geometry_of(pairs[0]).phase
    scenes = [
        ((to_tensor(pair.msi, device), to_tensor(truth, device)), (to_tensor(pair.hsi, device),))
        for pair, truth in zip(pairs, truths, strict=True)
    ]
    crops = Crops(scenes, ratio, patch)
    psfs = [torch.from_numpy(gaussian_psf(side, sigma)).float().to(device) for side, sigma in TRAINING_PSFS]
    with seeded(seed):
        network = ExchangeNet(pairs[0].hsi.shape[2], pairs[0].msi.shape[2], channels).to(device)

    def error(generator):
        msi, truth = crops.draw(batch, generator)[0]
        psf = psfs[int(torch.randint(len(psfs), (), generator=generator))]
        hsi = blur_sample(truth, psf, phase, ratio)
        return (network(upsample(hsi, ratio, phase), msi) - truth).abs().mean()

    return train_network(
        network, error, multistep(steps, [round(steps * k / DROPS) for k in range(1, DROPS)], gamma=0.7), lr=train_rate,
        pairs=pairs, truths=truths, seed=seed, path=path, resume=resume, save_every=save_every,
        settings={"channels": channels, "patch": patch, "batch": batch, "train_rate": train_rate, "steps": steps},
        content={**shape_facts(KIND, pairs[0]), "channels": channels},
    )  # fmt: skip
