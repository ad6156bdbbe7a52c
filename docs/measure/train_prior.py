"""Train the learned prior on renderings and write mossfuse/prior/weights.npz.

    python docs/measure/train_prior.py                      # train, and print what it gains on phantom's test scenes
    python docs/measure/train_prior.py --write              # the same, and write the weights and docs/evidence/prior-training
    python docs/measure/train_prior.py --seeds 1 --pairs 1  # a trial of a minute

Phantom's five training scenes, 256 x 256 pixels, with other seeds than the benchmark's. Every rendering is widened (dye depth, light,
wavelength axis, 8 to 80 bands, faint noise, one in three enlarged twofold) and seen by random cameras: ratio 4 to 32, one to six MSI
bands of random place and width, Gaussian PSFs, random phases, noise in three of ten. The target is what nsgp leaves of the truth along the open
components. The loss of a pair is the mean of three parts, each 1 where the prior changes nothing: squared error, squared error over the bands'
own errors (as PSNR per band counts), squared error over light (as angles count). All of it in one thread takes about 15 CPU minutes.
"""

import argparse
import logging
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

import torch  # noqa: E402
from recording import record  # noqa: E402
from scipy import ndimage  # noqa: E402

from mossfuse.datasets import find_dataset  # noqa: E402
from mossfuse.files.atomic import replacing  # noqa: E402
from mossfuse.physics.psf import gaussian_psf  # noqa: E402
from mossfuse.physics.sampling import BlurSample  # noqa: E402
from mossfuse.prior.experts import NAMES, compute_experts  # noqa: E402
from mossfuse.prior.fusion import LIMIT  # noqa: E402
from mossfuse.prior.gate import RANGE, WEIGHTS, Gate  # noqa: E402
from mossfuse.prior.inputs import of_components, of_image  # noqa: E402
from mossfuse.protocol import Observation, Sensor  # noqa: E402

SIZE = 256
CODE = ("mossfuse.prior.experts", "mossfuse.prior.inputs", "nsgp")  # the weights are what this makes
FIRST_SEED = {"train": 200, "test": 100}  # of the renderings; the benchmark's own start at 0
COMPONENTS, DRAWS = 6, 4
PIXELS = 1200  # of a pair that are kept
BANDS = (8, 10, 16, 26, 31, 31, 48, 80)
RATIOS = (4, 8, 8, 16, 32, 32)
SIDES = {4: 128, 8: 192, 16: 256, 32: 256}
MSI_BANDS = (1, 3, 3, 3, 4, 4, 6)
WIDTH, BATCH, EPOCHS, RATE, DECAY = 48, 4096, 4, 4e-3, 1e-2
PARTS = {"error": 0.3, "bands": 0.3, "light": 0.4}  # of the loss
HEAD = ("condition", "pairs", "gain_mean", "gain_worst", "bands_mean", "bands_worst", "light_mean", "light_worst")
logger = logging.getLogger("train_prior")


@dataclass(frozen=True)
class Samples:
    """Pixels and components of one pair. inputs: (n, N); differences: (n, experts); target: (n,), both over the pair's unit;
    bands, light: weights (n,) of the loss's parts; facts: scene, ratio, MSI bands and noise, for the report."""

    inputs: np.ndarray
    differences: np.ndarray
    target: np.ndarray
    bands: np.ndarray
    light: np.ndarray
    limit: np.ndarray
    facts: tuple[str, ...]


def main() -> None:
    """Render, train, report and, where asked, write."""
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    logging.getLogger("mossfuse").setLevel(logging.ERROR)
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--seeds", type=int, default=12, help="renderings of each training scene")
    options.add_argument("--pairs", type=int, default=3, help="pairs of each rendering")
    options.add_argument("--test-seeds", type=int, default=3)
    options.add_argument("--write", action="store_true", help="write the weights and the evidence")
    chosen = options.parse_args()
    torch.set_num_threads(1)
    phantom = find_dataset("phantom")[1].DATASET
    began = time.process_time()
    training = collect(phantom.train, range(FIRST_SEED["train"], FIRST_SEED["train"] + chosen.seeds), chosen.pairs)
    test = collect(phantom.test, range(FIRST_SEED["test"], FIRST_SEED["test"] + chosen.test_seeds), chosen.pairs + 1)
    logger.info("%d pairs, %.0f CPU s", len(training) + len(test), time.process_time() - began)
    gate = train(training)
    logger.info("%d parameters, %.0f CPU s", gate.parameters, time.process_time() - began)
    rows = report(test, gate)
    for row in rows:
        logger.info("%s", "  ".join(str(value) for value in row))
    if chosen.write:
        write(gate)
        facts = {
            "pairs": len(training),
            "parameters": gate.parameters,
            "cpu_s": round(time.process_time() - began),
            "threads": 1,
        }
        record("prior-training", "phantom", HEAD, rows, "docs/measure/train_prior.py --write", code=CODE, **facts)


def collect(scenes, seeds, pairs: int) -> list[Samples]:
    """Return the Samples of several pairs of every rendering; the same arguments give the same ones."""
    read = find_dataset("phantom")[1].read
    found = []
    for seed in seeds:
        for number, scene in enumerate(scenes):
            cube = read(scene, None, None, size=SIZE, seed=seed)[0]
            rng = np.random.default_rng([seed, number])
            for _ in range(pairs):
                truth, observation = observe(widen(cube, rng), rng)
                found.append(sample(scene, truth, observation, rng))
        logger.info("seed %d: %d pairs", seed, len(found))
    return found


def widen(cube: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a rendering of other dyes, light and bands: (SIZE, SIZE, 8 to 80) float32 in [0, 1]."""
    x = cube.astype(np.float64)
    bands = x.shape[2]
    if rng.random() < 0.6:
        x = np.maximum(x, 1e-5) ** rng.uniform(0.8, 1.3)
    if rng.random() < 0.7:
        place = np.linspace(0, 1, bands)
        bumps = np.exp(-0.5 * ((place - rng.uniform(-0.2, 1.2, (6, 1))) / 0.15) ** 2)
        x = x * np.exp(0.25 * rng.standard_normal(6) @ bumps)
    count = int(rng.choice(BANDS))
    low, high = np.sort(rng.uniform(0, 1, 2)) if rng.random() < 0.5 else (0.0, 1.0)
    if high - low < 0.4:
        low, high = 0.0, 1.0
    place = np.linspace(low, high, count)
    place = np.clip(place + 0.08 * rng.uniform(-1, 1) * np.sin(2 * np.pi * place), 0, 1) * (bands - 1)
    left = np.minimum(place.astype(int), bands - 2)
    x = x[..., left] * (1 - place + left) + x[..., left + 1] * (place - left)
    if count > bands:
        x *= 1 + 0.05 * rng.standard_normal(count)
    x += rng.standard_normal(x.shape) * 10 ** rng.uniform(-4.3, -3.2)
    x = np.clip(x / max(np.percentile(x, 99.9), 1e-6) * rng.uniform(0.4, 1), 0, 1)
    if rng.random() < 0.35:  # as smooth as a photograph of twice the size
        top, side = rng.integers(0, SIZE // 2 + 1, 2)
        part = x[top : top + SIZE // 2, side : side + SIZE // 2]
        x = ndimage.zoom(part, (2, 2, 1), order=1, grid_mode=True, mode="nearest")
        x = np.clip(x + rng.standard_normal(x.shape) * 10 ** rng.uniform(-4.3, -3.3), 0, 1)
    return x.astype(np.float32)


def observe(cube: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, Observation]:
    """Return (truth, the pair that a random camera takes of a part of it, under its complete sensor)."""
    ratio, bands = int(rng.choice(RATIOS)), cube.shape[2]
    side = SIDES[ratio]
    top, left = rng.integers(0, SIZE - side + 1, 2)
    truth = cube[top : top + side, left : left + side]
    count = min(int(rng.choice(MSI_BANDS)), bands - 3)
    if rng.random() < 0.5:
        centres = (np.arange(count) + 0.5) / count + rng.uniform(-0.3, 0.3, count) / count
        widths = np.full(count, rng.uniform(0.25, 0.6) / max(count, 2))
    else:
        centres, widths = rng.uniform(-0.3, 1.3, count), rng.uniform(0.08, 0.35, count)
    srf = np.exp(-0.5 * ((np.linspace(0, 1, bands) - centres[:, None]) / widths[:, None]) ** 2)
    srf += (1e-3 if rng.random() < 0.5 else 0.03) * rng.random(srf.shape)
    srf /= srf.sum(1, keepdims=True)
    size = ratio - 1 + ratio % 2 if ratio > 4 else 5
    psf = gaussian_psf(size, rng.uniform(0.15, 0.4) * ratio if rng.random() < 0.5 else min(2.0, ratio / 2.5))
    phase = tuple(int(n) for n in rng.integers(0, ratio, 2)) if rng.random() < 0.3 else ((ratio - 1) // 2,) * 2
    low = BlurSample(psf, phase, ratio, truth.shape)(truth.astype(np.float64))
    msi = truth @ srf.T
    noise_hsi, noise_msi = np.zeros(bands), np.zeros(count)
    if rng.random() < 0.3:
        noise_hsi += np.sqrt(np.mean(low**2)) * 10 ** (-rng.uniform(25, 40) / 20)
        noise_msi += np.sqrt(np.mean(msi**2)) * 10 ** (-rng.uniform(28, 42) / 20)
        low = low + rng.standard_normal(low.shape) * noise_hsi
        msi = msi + rng.standard_normal(msi.shape) * noise_msi
    sensor = Sensor(psf, psf.shape, phase, srf, noise_hsi, noise_msi)
    return truth, Observation(low.astype(np.float32), msi.astype(np.float32), ratio, sensor)


def sample(scene: str, truth: np.ndarray, observation: Observation, rng: np.random.Generator) -> Samples:
    """Return PIXELS random pixels of a pair with all their components."""
    sensor, count = observation.sensor, observation.msi.shape[2]
    unseen = np.zeros((count, count))
    experts = compute_experts(observation, sensor, unseen, components=COMPONENTS, draws=DRAWS, seed=0, device="cpu")
    error = truth - experts.start
    per_band = np.mean(error**2, (0, 1))
    per_band += 0.01 * per_band.mean()
    bands = np.mean(experts.basis**2 / per_band[:, None], 0) * experts.unit**2
    components = experts.basis.shape[1]
    rows, cols = np.unravel_index(rng.choice(error[..., 0].size, PIXELS, replace=False), error.shape[:2])
    shared = of_image(experts)[rows, cols]
    inputs = [of_components(experts, k)[rows, cols] for k in range(components)]
    light = experts.msi.mean(2)[rows, cols] / experts.msi.mean()
    return Samples(
        np.concatenate([np.concatenate([shared, own], 1) for own in inputs]),
        np.concatenate([experts.differences[:, rows, cols, k].T for k in range(components)]) / np.float32(experts.unit),
        ((error @ experts.basis)[rows, cols].T.reshape(-1) / experts.unit).astype(np.float32),
        np.repeat(bands, PIXELS).astype(np.float32),
        np.tile(1 / (light + 0.05) ** 2, components).astype(np.float32),
        np.repeat(LIMIT * experts.strength / experts.unit, PIXELS).astype(np.float32),
        (f"scene {scene}", f"x{observation.ratio}", f"{count} MSI bands", "noise" if experts.noise else "no noise"),
    )


def loss_weights(samples: Samples) -> np.ndarray:
    """Return the weight of every sample's squared error: the loss's parts, each 1 where nothing is changed."""
    squared = samples.target**2
    parts = {"error": np.ones_like(squared), "bands": samples.bands, "light": samples.light}
    return sum(share * parts[name] / (np.mean(squared * parts[name]) + 1e-6) for name, share in PARTS.items())


def train(samples: list[Samples]) -> Gate:
    """Return the trained Gate; the weights of the last layer begin at zero, so that it begins at nsgp."""
    inputs, differences, target, weight = (
        torch.from_numpy(np.concatenate(values).astype(np.float32))
        for values in zip(*((s.inputs, s.differences, s.target, loss_weights(s)) for s in samples), strict=True)
    )
    mean, scale = inputs.mean(0), inputs.std(0) + 1e-3
    torch.manual_seed(0)
    sizes = (inputs.shape[1], WIDTH, WIDTH, len(NAMES))
    layers = [torch.nn.Linear(a, b) for a, b in zip(sizes, sizes[1:], strict=False)]
    torch.nn.init.zeros_(layers[-1].weight)
    torch.nn.init.zeros_(layers[-1].bias)
    network = torch.nn.Sequential(layers[0], torch.nn.SiLU(), layers[1], torch.nn.SiLU(), layers[2])
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=DECAY)
    steps = max(EPOCHS * len(inputs) // BATCH, 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    for _ in range(steps):
        chosen = torch.randint(len(inputs), (BATCH,))
        gates = network(((inputs[chosen] - mean) / scale).clamp(-RANGE, RANGE))
        loss = ((gates * differences[chosen]).sum(1) - target[chosen]).square().mul(weight[chosen]).mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    found = tuple((layer.weight.detach().numpy().T.copy(), layer.bias.detach().numpy()) for layer in layers)
    return Gate(mean.numpy(), scale.numpy(), found)


def report(samples: list[Samples], gate: Gate) -> list[tuple]:
    """Return rows of HEAD, changes limited as in use: gains over nsgp in dB of the loss's three parts, by kind of pair."""
    gains: dict[str, list[tuple[float, ...]]] = {}
    for one in samples:
        change = (gate(one.inputs) * one.differences).sum(1)
        left = one.target - np.clip(change, -one.limit, one.limit)
        pair = tuple(
            10 * np.log10(np.mean(one.target**2 * weight) / np.mean(left**2 * weight))
            for weight in (1, one.bands, one.light)
        )
        for name in ("all", *one.facts):
            gains.setdefault(name, []).append(pair)
    rows = []
    for name, values in sorted(gains.items()):
        mean, worst = np.mean(values, 0), np.min(values, 0)
        rows.append((name, len(values), *(f"{value:.3f}" for pair in zip(mean, worst, strict=True) for value in pair)))
    return rows


def write(gate: Gate) -> None:
    """Write the weights that the package reads."""
    values = {"experts": np.array(NAMES), "mean": gate.mean, "scale": gate.scale}
    for number, (weights, offset) in enumerate(gate.layers):
        values |= {f"weights{number}": weights, f"offset{number}": offset}
    with replacing(WEIGHTS) as new, open(new, "wb") as stream:
        np.savez_compressed(stream, **values)


if __name__ == "__main__":
    main()
