"""A made-up finished grid for tests of the report: real cubes and metrics, invented methods and provenance."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from baselines.bicubic import upsample_cubic
from mossfuse.benchmark.pictures import render_cell, render_scene
from mossfuse.benchmark.results.layout import VERSION
from mossfuse.metrics.definitions.cc import cc
from mossfuse.metrics.definitions.dd import dd
from mossfuse.metrics.definitions.ergas import ergas
from mossfuse.metrics.definitions.psnr import psnr_bandmean, psnr_global
from mossfuse.metrics.definitions.rmse import rmse
from mossfuse.metrics.definitions.sam import sam
from mossfuse.metrics.definitions.ssim import ssim_gauss11
from mossfuse.metrics.squared_errors import psnr_bands
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.sampling import BlurSample
from mossfuse.protocol import Observation, Sensor

HEAD = (
    "dataset degradation board lattice draw method scene seed split seen_in_training weights status reason "
    "convention metric value"
).split()
CLOCK = (
    "dataset degradation method scene seed device device_name threads repeats first_s median_s spread_s cpu_s "
    "other_cores peak_rss_mb peak_gpu_mb parameters flops train_s train_cpu_s"
).split()


@dataclass(frozen=True)
class Fake:
    """An invented method: title, kind of weights, training, knowledge, share of bicubic's error it keeps, tilt, noise."""

    title: str
    weights: str
    trains: str
    knows: tuple
    keeps: float
    tilt: float = 0.0
    noise: float = 0.0
    seconds: float = 0.01
    parameters: int = 0
    seeds: tuple = (0,)

    @property
    def returns_sensor(self):
        """Two of them estimate PSF and SRF, one returns what it was given."""
        return "mossfuse" in self.title.lower() or "phase" in self.knows


METHODS = {
    "bicubic": Fake("Bicubic interpolation", "none", "none", (), 1.0, seconds=0.002),
    "ridge-dc": Fake("Ridge regression, data-consistent", "none", "none", ("psf", "srf"), 0.05, 0.01, seconds=0.008),
    "nsgp": Fake("Null-space Gaussian process", "none", "none", ("psf", "phase", "srf"), 0.02, 0.004, seconds=0.03),
    "mossfuse": Fake("MossFuse", "dataset", "dataset", (), 0.2, 0.03, 0.004, 0.9, 129628, (0, 1)),
    "mossfuse-authors": Fake("MossFuse, authors' weights", "authors", "dataset", (), 0.1, 0.02, 0.002, 2.4, 449056),
    "colleague-net": Fake("Colleague's <network> & co", "external", "external", (), 0.08, 0.02, 0.003),
}


def fabricate(root, cubes, degradation="x8-gauss7s2", failures=(), seen=(), train_failures=(), msi_bands=3, ratio=8):
    """Write results/, checkpoints/ and data/ under ``root``.

    cubes: dataset -> {scene: (truth, wavelengths or None)}; failures: {(method, scene): reason};
    seen: {(method, scene)}; train_failures: {method: reason}. Returns (results, checkpoints, data).
    """
    failures, train_failures = dict(failures), dict(train_failures)
    results, checkpoints, data = (Path(root) / name for name in ("results", "checkpoints", "data"))
    rows, clock = [], []
    for dataset, scenes in cubes.items():
        for scene, (truth, wavelengths) in scenes.items():
            pair = degrade(truth, wavelengths, msi_bands, ratio)
            place = results / dataset / degradation
            render_scene(truth, pair, wavelengths, place / "_scenes" / scene / "view")
            write(
                place / "_pairs" / f"{scene}.json",
                {"sha256": "ab" * 32, "degradation": {"ratio": ratio}, "split": "test"},
            )
            for method, fake in METHODS.items():
                for seed in fake.seeds:
                    head = (
                        dataset,
                        degradation,
                        method,
                        scene,
                        seed,
                        "test",
                        str((method, scene) in seen).lower(),
                        fake.weights,
                    )
                    reason = failures.get((method, scene), "")
                    cell = place / method / scene / f"seed{seed}"
                    write(cell / "run.json", run_record(head, fake, reason))
                    if reason:
                        rows.append((*with_replicate(head), "failed", reason, "", "", ""))
                        continue
                    cube = fuse(fake, truth, pair, seed)
                    rows += [(*with_replicate(head), "ok", "", *entry) for entry in scores(truth, cube, fake, ratio)]
                    write_cell(cell, truth, cube, wavelengths, fake, pair, "/".join(map(str, (*head[:5],))))
            clock += [
                clock_row(dataset, degradation, m, scene, f) for m, f in METHODS.items() if scene == next(iter(scenes))
            ]
        for k, scene in enumerate(scenes):
            write(data / dataset / "fetched" / f"{scene}.json", {
                "source": "download" if k else "generated", "files": [f"{scene}.mat"], "sha256": {f"{scene}.mat": "cd" * 32},
                "verified": k != 1})  # fmt: skip
        for seed in METHODS["mossfuse"].seeds:
            folder = checkpoints / dataset / degradation / "mossfuse" / f"seed{seed}"
            reason = train_failures.get("mossfuse", "")
            write(folder / "train.json", {
                "dataset": dataset, "degradation": degradation, "method": "mossfuse", "seed": seed, "params": {"steps": 60},
                "status": "failed" if reason else "ok", "reason": reason, "seconds": 55.5, "scenes": ["globes", "canvas"],
                "commit": "0123456789abcdef", "dirty": False, "output": "ef" * 32, "device": "cpu", "device_name": "Test CPU"})  # fmt: skip
            write_history(folder / "history.csv", seed)
    write_table(results / "metrics.csv", HEAD, rows)
    write_table(results / "timing.csv", CLOCK, clock)
    write(results / "catalogue.json", catalogue(cubes, degradation, ratio))
    return results, checkpoints, data


def with_replicate(head):
    """The head of a row with the columns that name its replicate: the only one."""
    return (*head[:2], head[1], "3x3", 0, *head[2:])


def degrade(truth, wavelengths, msi_bands, ratio):
    bands = truth.shape[2]
    centres = np.linspace(0.85, 0.15, msi_bands) if msi_bands > 1 else np.array([0.5])
    srf = np.exp(-0.5 * ((np.linspace(0, 1, bands)[None] - centres[:, None]) / 0.12) ** 2) + 1e-3
    srf /= srf.sum(1, keepdims=True)
    psf, phase = gaussian_psf(ratio - 1, 2.0), (ratio // 2 - 1,) * 2
    sensor = Sensor(psf=psf, psf_shape=psf.shape, phase=phase, srf=srf)
    hsi = BlurSample(psf, phase, ratio, truth.shape)(truth)
    return Observation(
        hsi=hsi, msi=(truth @ srf.T).astype(np.float32), ratio=ratio, sensor=sensor, wavelengths=wavelengths
    )


def fuse(fake, truth, pair, seed):
    rng = np.random.default_rng([seed, len(fake.title)])
    blurred = upsample_cubic(pair.hsi, truth.shape[:2])
    wave = np.sin(np.linspace(0, 5, truth.shape[2]) + len(fake.title))
    cube = truth + fake.keeps * (blurred - truth) + fake.tilt * wave * truth.mean(-1, keepdims=True)
    return (cube + rng.normal(0, fake.noise + 1e-5, truth.shape)).astype(np.float32)


def scores(truth, cube, fake, ratio):
    x, y = truth.astype(np.float64), np.clip(cube, 0, 1).astype(np.float64)
    common = {
        "ssim": ssim_gauss11(x, y),
        "sam": sam(x, y),
        "ergas": ergas(x, y, ratio),
        "rmse": rmse(x, y),
        "dd": dd(x, y),
        "cc": cc(x, y),
    }
    out = [("std1", "psnr", psnr_bandmean(x, y)), *(("std1", k, v) for k, v in common.items())]
    out += [("moss", "psnr", psnr_global(x, y)), ("moss", "sam", common["sam"])]
    out += [
        ("consistency", f"residual_{part}_{kind}", fake.keeps * 1e-3)
        for part in ("hsi", "msi")
        for kind in ("max", "rms")
    ]
    if fake.returns_sensor:
        out += [
            ("estimate", "psf_max_error", 0.004),
            ("estimate", "psf_l1", 0.03),
            ("estimate", "srf_mean_abs_error", 0.002),
        ]
        out += [("estimate", "srf_sam", 2.5)]
    return out


def write_cell(cell, truth, cube, wavelengths, fake, pair, key):
    render_cell(truth, cube, wavelengths, cell / "view", key=key)
    x, y = truth.astype(np.float64), np.clip(cube, 0, 1).astype(np.float64)
    nm = range(1, truth.shape[2] + 1) if wavelengths is None else wavelengths
    write_table(
        cell / "bands.csv",
        ("band", "wavelength", "psnr"),
        zip(range(1, truth.shape[2] + 1), nm, psnr_bands(x, y), strict=True),
    )
    estimate = {}
    if fake.returns_sensor:
        sensor = pair.sensor
        srf_hat = sensor.srf * (1 + 0.1 * np.sin(np.arange(truth.shape[2])))
        estimate = {"psf_hat": gaussian_psf(7, 1.6).tolist(), "psf_true": sensor.psf.tolist()}
        estimate |= {"srf_hat": srf_hat.tolist(), "srf_true": sensor.srf.tolist()}
    if fake.weights in ("dataset", "authors"):
        write_history(cell / "history.csv", 0)
        curve = [("fit", 50 * k, k, k, 20 + 10 * (1 - 0.5**k), 9 - k) for k in (1, 2, 3)]
        write_table(cell / "curve.csv", ("stage", "step", "seconds", "cpu_seconds", "psnr", "sam"), curve)
    else:
        (cell / "history.csv").write_text("step\n", encoding="utf-8")
    write(cell / "estimate.json", estimate)


def write_history(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    steps = np.arange(0, 200, 5)
    rng = np.random.default_rng(seed)
    total = 0.2 * np.exp(-steps / 60) + 0.01 * (1 + 0.2 * rng.random(len(steps)))
    write_table(
        path,
        ("step", "learning_rate", "loss", "cycle_hsi", "cycle_msi", "held_out"),
        zip(steps, 0.9**steps, total, total * 0.5, total * 0.3, total * 1.1, strict=True),
    )


def run_record(head, fake, reason):
    keys = ("dataset", "degradation", "method", "scene", "seed")
    return {
        **dict(zip(keys, head[:5], strict=True)), "status": "failed" if reason else "ok", "reason": reason, "weights": fake.weights,
        "knows": list(fake.knows), "trains": fake.trains, "params": {"alpha": 0.1}, "device": "cpu", "device_name": "Test CPU",
        "threads": 1, "seconds": fake.seconds, "cpu_seconds": fake.seconds, "peak_rss_mb": 300.0, "commit": "0123456789abcdef",
        "code": {"row": "aa11" * 4, "harness": "bb22" * 4},
        "dirty": True, "versions": {"python": "3.11.2", "torch": "2.13.0"}, "output": None if reason else "12" * 32,
        "inputs": {"pair": "ab" * 32, "checkpoint": None, "base": None}, "started": "2026-01-01T00:00:00+00:00",
        "notes": {"parameters": fake.parameters, "iterations": 475} if fake.parameters else {},
    }  # fmt: skip


def clock_row(dataset, degradation, method, scene, fake):
    if fake.weights == "external":
        return (dataset, degradation, method, scene, 0, *[""] * (len(CLOCK) - 5))
    trained = (55.5, 101.0) if fake.weights == "dataset" else ("", "")
    return (dataset, degradation, method, scene, 0, "cpu", "Test CPU", 1, 3, fake.seconds * 1.4, fake.seconds,
            fake.seconds / 10, fake.seconds, 0.02, 320, "", fake.parameters or "", "", *trained)  # fmt: skip


def catalogue(cubes, degradation, ratio):
    paper = "S. Du et al. MossFuse. 2025."
    published = [
        {
            "dataset": next(iter(cubes)),
            "ratio": ratio,
            "split": "12 scenes",
            "setting": f"x{ratio}, 12 scenes",
            "metrics": {"psnr": 42.3},
            "source": "figure 1",
        }
    ]
    methods = {
        name: {
            "title": fake.title, "citation": paper if "mossfuse" in name else f"<A. Author>. On {name}. 2020.",
            "licence": "own implementation", "knows": list(fake.knows), "trains": fake.trains, "weights": fake.weights,
            "note": "invented <for> the tests", "code": "https://example.org/code", "params": {"alpha": 0.1}, "train": {},
            "refines": None, "published": published if "mossfuse" in name else [],
        }
        for name, fake in METHODS.items()
    }  # fmt: skip
    return {
        "version": VERSION,
        "methods": methods,
        "datasets": {
            name: {"title": f"Dataset <{name}>", "citation": "<B. Builder>. 2019.", "terms": "free <for> research", "url": "",
                   "note": "", "shape": None, "train": ["globes"], "test": list(scenes), "scenes": list(scenes), "options": {}}
            for name, scenes in cubes.items()
        },
        "degradations": {degradation: {"name": degradation, "ratio": ratio, "psf": {"family": "gaussian", "size": ratio - 1, "sigma": 2},
                                       "phase": [ratio // 2 - 1] * 2, "srf": "test-rgb", "border": "reflect", "snr_hsi": None,
                                       "snr_msi": None, "shift": [0.0, 0.0], "noise_seed": 0, "note": ""}},
        "conventions": {"std1": "clipped to [0, 1], PSNR mean over bands", "moss": "as the official code of MossFuse prints it"},
        "grid": [{"dataset": name, "degradations": [degradation], "methods": list(METHODS)} for name in cubes],
        "config": {"name": "fabricated", "conventions": ["std1", "moss"], "mirrors": ["/home/somebody/data"]},
    }  # fmt: skip


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")


def write_table(path, header, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
