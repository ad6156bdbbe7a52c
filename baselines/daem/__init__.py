"""DAEM: a network from an MSI pixel to its spectrum and a parametric sensor, fitted in turn.

Paper: W. Guo, W. Xie, K. Jiang, Y. Li, J. Lei, L. Fang, "Toward stable, interpretable, and lightweight hyperspectral
super-resolution", CVPR 2023.
Official code: WenjinGuo/DAEM at 13421b7 (no licence; nothing copied).
Network (6,530 values): abundances from the MSI pixel, then mean and spread of the spectrum. Sensor (28 values):
Gaussian PSF, four Gaussians per SRF row. Network step: L1 of F(H msi) against the HSI; sensor step: L1 of H F(msi) and
R F(msi) against both images.
``daem`` fits everything to the scene. ``daem-pretrained`` is the authors' protocol: all pairs of the training split
first (no ground truth), then 475 steps of the decoders alone on the scene.
Differs: the sensor starts from a fit of the two low-resolution MSIs (the original starts with a PSF of 0.2 pixels and
all SRF means at the first band, and its PSF is centred one pixel off the official phase); the sensor step uses a few
random LR pixels every ``sensor_every`` steps; the fused cube is the mean, not a draw; decoder widths are the authors'
for 31 bands.
Published numbers: below; their own data preparation, so not comparable with ours.
"""

from mossfuse.protocol import Fusion, Method, Parameter, Published

SHARED = {
    "citation": "W. Guo et al. Toward stable, interpretable, and lightweight hyperspectral super-resolution. CVPR 2023.",
    "licence": "own implementation (the official code states no licence)",
    "knows": frozenset({"phase"}),
    "optional": frozenset({"phase"}),
    "tuned_on": {"cave": ("chart_and_stuffed_toy",)},
    "gpu": True,
    "code": "WenjinGuo/DAEM@13421b7",
    "published": (
        Published(
            dataset="CAVE",
            ratio=32,
            degradation="random anisotropic PSF",
            split="16 test scenes",
            convention="8-bit data, peak per band",
            metrics={"psnr": 40.18, "sam": 6.28, "ergas": 0.320, "uqi": 0.948},
            source="index_record_test.xls of the official repository",
        ),
        Published(
            dataset="CAVE",
            ratio=32,
            note="the figure names neither dataset nor ratio; CAVE x32 is assumed because the values fit",
            metrics={"psnr": 39.8, "seconds": 20.0, "parameters": 19e3},
            source="img/first.png of dusongcheng/MossFuse, read by pixel; the 19 K match no count of the code (6,558)",
        ),
    ),
}
METHODS = (
    Method(
        name="daem",
        title="DAEM (per scene)",
        trains="scene",
        params={
            "steps": Parameter.count(8000),
            "learning_rate": Parameter.positive(2e-3),
            "sensor_steps": Parameter.count(2000),
            "sensor_rate": Parameter.positive(1e-2),
            "sensor_every": Parameter.count(20),
            "windows": Parameter.count(4),
        },
        presets={
            "smoke": {"steps": 60, "sensor_steps": 60},
            "paper": {"steps": 7300, "learning_rate": 1e-3, "sensor_rate": 1e-3, "sensor_every": 1, "windows": 64},
        },
        note="blind: PSF and SRF are learned from the pair; nothing is pretrained",
        **SHARED,
    ),
    Method(
        name="daem-pretrained",
        title="DAEM",
        trains="dataset",
        params={"steps": Parameter.count(475), "learning_rate": Parameter.positive(1e-3)},
        train_params={
            "train_steps": Parameter.count(7300),
            "train_rate": Parameter.positive(1e-3),
            "batch": Parameter.count(512),
            "train_sensor_steps": Parameter.count(2000),
            "train_sensor_every": Parameter.count(20),
            "train_windows": Parameter.count(16),
            "save_every": Parameter.count(500),
        },
        presets={
            "smoke": {"steps": 20, "train_steps": 30, "batch": 64, "train_sensor_steps": 60, "train_windows": 4},
            "paper": {"train_sensor_every": 1, "train_windows": 512},
        },
        note="blind; pretrained on the training split without ground truth, decoders adapted to the scene",
        **SHARED,
    ),
)
KIND = "daem"
START_RATE = 1e-2  # Adam on the sensor alone, before the network exists


def fuse(
    observation, *, seed, device, checkpoint=None, steps, learning_rate, sensor_steps=0, sensor_rate=0.0, sensor_every=1,
    windows=1, iterates=None,
):  # fmt: skip
    """Return the fused cube (the mean) with the learned PSF and SRF.

    Without a checkpoint network and sensor are fitted to the scene: ``sensor_steps`` of the sensor alone, then
    ``steps`` of both, the sensor on ``windows`` LR pixels at every ``sensor_every``-th. With one, ``steps`` of the
    decoders alone.
    iterates: see mossfuse.fitting.stages.fit.
    """
    import numpy as np

    from mossfuse.devices import parameter_count
    from mossfuse.fitting.dataset_training import read_weights
    from mossfuse.fitting.operators import blind_step
    from mossfuse.fitting.stages import Stage, constant_then_linear, fit, multistep
    from mossfuse.physics.psf_geometry import same_geometry
    from mossfuse.physics.sampling import check_pair

    from ..shared.spectral_mlp import apply_to_pixels, pixel_list

    check_pair(observation)
    pretrained = checkpoint is not None or not sensor_steps
    content = read_weights(checkpoint, KIND, observation) if pretrained else {}
    model = build([observation], seed, device)
    network, operator = model.network, model.operator
    pixels, shape = pixel_list(observation.msi, device), (*observation.msi.shape[:2], observation.hsi.shape[2])

    def cube():
        return np.ascontiguousarray(apply_to_pixels(network, pixels).reshape(shape).cpu().numpy())

    def both(step):
        terms = {"network": model.network_loss()}
        return terms | (model.operator_loss(draw_places(model, windows)) if step % sensor_every == 0 else {})

    def stages():
        if content:
            model.load_state_dict(content["state_dict"])
            decoders = [*network.mean.parameters(), *network.spread.parameters()]
            loss = lambda step: model.network_loss()  # noqa: E731
            yield Stage("decoders", decoders, loss, learning_rate, multistep(steps), output=cube)
            return
        half = sensor_steps // 2
        yield blind_step(
            model.paths[0], lr=START_RATE, schedule=constant_then_linear(sensor_steps - half, half), name="sensor"
        )
        groups = [{"params": list(network.parameters())}, {"params": list(operator.parameters()), "lr": sensor_rate}]
        yield Stage(
            "scene", groups, both, learning_rate, constant_then_linear(steps - steps // 2, steps // 2), output=cube
        )

    fitted = fit(stages(), seed=seed, device=device, iterates=iterates)
    psf, srf = operator.estimates()
    if content and not same_geometry(*content["geometry"], observation):
        psf = None
    notes = {
        "parameters": parameter_count(model),
        "iterations": fitted.steps,
        "fit_seconds": round(fitted.seconds, 2),
        "fit_cpu_seconds": round(fitted.cpu_seconds, 2),
    }
    if content:
        notes["training_iterations"] = content["training"]["train_steps"]
    return Fusion(cube=cube(), psf_hat=psf, srf_hat=srf, history=fitted.history, notes=notes)


def train(
    pairs, *, seed, device, path, resume=False, truths=None, train_steps, train_rate, batch, train_sensor_steps,
    train_sensor_every, train_windows, save_every,
):  # fmt: skip
    """Fit network and sensor to random LR pixels of all pairs and write the checkpoint ``path``; truths are not used.

    batch: LR pixels of a network step (the authors' 32 patches of 4x4), train_windows: of a sensor step.
    """
    import torch

    from mossfuse.fitting.dataset_training import shape_facts, train_network
    from mossfuse.fitting.operators import blind_step
    from mossfuse.fitting.resuming import check_pairs
    from mossfuse.fitting.stages import constant_then_linear, fit, multistep

    check_pairs(pairs)
    model = build(pairs, seed, device)
    half = train_sensor_steps // 2
    schedule = constant_then_linear(train_sensor_steps - half, half)
    fit([blind_step(model.paths[0], lr=START_RATE, schedule=schedule, reduce="mean")], seed=seed, device=device)
    count = len(model.paths[0].hsi)

    def loss(generator):
        at = torch.randint(count, (batch,), generator=generator)
        terms = {"network": model.network_loss(at, generator)}
        if int(torch.randint(train_sensor_every, (), generator=generator)) == 0:
            terms |= model.operator_loss(at[:train_windows], generator)
        return terms

    settings = {
        "train_steps": train_steps, "train_rate": train_rate, "batch": batch, "train_sensor_steps": train_sensor_steps,
        "train_sensor_every": train_sensor_every, "train_windows": train_windows,
    }  # fmt: skip
    return train_network(
        model, loss, multistep(train_steps), lr=train_rate, pairs=pairs, truths=None, settings=settings, seed=seed,
        path=path, resume=resume, save_every=save_every, content=shape_facts(KIND, pairs[0]),
    )  # fmt: skip


def build(pairs, seed, device):
    """Return a freshly initialised network and sensor over the LR pixels of ``pairs``."""
    from mossfuse.devices import seeded
    from mossfuse.fitting.operators import LearnedOperator, TwoPaths

    from .network import Daem, DaemNetwork

    bands, msi_bands = pairs[0].hsi.shape[2], pairs[0].msi.shape[2]
    with seeded(seed, device):
        operator = LearnedOperator(pairs[0], psf="gaussian", srf="mixture").to(device)
        network = DaemNetwork(msi_bands, bands).to(device)
    return Daem(network, operator, TwoPaths(pairs, operator, device))


def draw_places(model, count):
    """Draw random indices of LR pixels."""
    import torch

    return torch.randperm(len(model.paths[0].hsi))[:count]
