"""Measure how often the 95 % bands of nsgp's standard deviations cover the truth, for docs/evidence/uncertainty.

    python docs/measure/uncertainty.py --mirror FOLDER           # print what is measured
    python docs/measure/uncertainty.py --mirror FOLDER --write   # write docs/evidence/uncertainty; then docs/measure/tables.py --write

Phantom: scenes on which KAPPA and KEPT of mossfuse/nsgp/uncertainty.py and MARGIN of mossfuse/pair/calibration.py were chosen. Simulated: real scenes, blurred and sampled here, four
Gaussian responses of 60 nm spread over the wavelengths (three below 750 nm). Two cameras: real pairs one scale further down (Wald), LR
and, for Sentinel-2, HR averaged over blocks.
"""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from recording import options, record  # noqa: E402

from mossfuse import fuse  # noqa: E402
from mossfuse.datasets import find_dataset  # noqa: E402
from mossfuse.files import read_array  # noqa: E402
from mossfuse.physics.psf import gaussian_psf  # noqa: E402
from mossfuse.physics.sampling import BlurSample  # noqa: E402

BAND = 1.96
CODE = ("mossfuse.pair.work.prepare", "mossfuse.pair.calibration", "nsgp")
PLAIN, REGISTERED = "two cameras", "two cameras, registered"  # in LR's frame, by the shift estimated from the pair
HEAD = ("kind", "scene", "ratio", "noise", "plain_coverage", "plain_width", "factor", "coverage", "rmse", "mean_width")
PHANTOM = ("globes", "canvas", "weave", "beads", "plumes", "target", "twins", "spools", "mosaic")
SCENES = {
    "cave": ("chart_and_stuffed_toy",), "cave-half": ("balloons",), "cave-26": ("balloons",), "jasper-ridge": ("jasper-ridge",),
    "samson": ("samson",), "pavia-crop": ("pavia-crop",), "urban-crop": ("urban-crop",),
}  # fmt: skip
Pair = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]  # truth, LR, HR, wavelengths


def main() -> None:
    """Fuse every pair, print what is measured and, where asked, write it."""
    arguments = options(__doc__)
    arguments.add_argument("--kind", action="append", help="only pairs of this kind; may be repeated")
    chosen = arguments.parse_args()
    logging.disable(logging.WARNING)
    rows = []
    for kind, name, ratio, noise, pair in pairs(chosen.mirror):
        if chosen.kind and kind not in chosen.kind:
            continue
        rows.append((kind, name, ratio, noise, *measure(*pair, registered=kind == REGISTERED)))
        sys.stdout.write(f"{rows[-1]}\n")
        sys.stdout.flush()
    if chosen.write:
        shown = [(*row[:4], *(f"{value:.5g}" for value in row[4:])) for row in rows]
        record(
            "uncertainty", "uncertainty", HEAD, shown, "docs/measure/uncertainty.py --mirror FOLDER --write", code=CODE
        )


def measure(
    truth: np.ndarray, low: np.ndarray, high: np.ndarray, wavelengths: np.ndarray | None, registered: bool = False
) -> tuple[float, ...]:
    """Return what HEAD lists from plain_coverage on: shares of values within the band in %; rms error and mean half widths in % of the truth's rms.

    plain: before the calibration by the pair itself, which multiplies every standard deviation by ``factor``.
    """
    found = fuse(
        low,
        high,
        wavelengths=wavelengths,
        uncertainty=True,
        register="auto" if registered else "off",
        frame="lr" if registered else "hr",
        white=1.0 if truth.max() < 3 else None,
    )
    assert found.deviation is not None
    error = np.abs(found.cube - truth)
    size = float(np.sqrt(np.mean(np.square(truth, dtype=np.float64))))
    factor = float(found.notes["deviation_factor"])
    inside, plain = (float((error <= BAND * found.deviation / k).mean()) for k in (1, factor))
    width = 100 * BAND * float(found.deviation.mean()) / size
    rmse = 100 * float(np.sqrt((error**2).mean())) / size
    return 100 * plain, width / factor, factor, 100 * inside, rmse, width


def pairs(mirror: Path) -> Iterator[tuple[str, str, int, float, Pair]]:
    """Yield (kind, scene, ratio, noise, pair)."""
    phantom = find_dataset("phantom")[1]
    for scene in PHANTOM:
        truth, wavelengths = phantom.read(scene, None, None, size=128)
        yield "phantom", scene, 8, 0.0, simulate(truth, wavelengths, 8)
    for scene in PHANTOM[::4]:
        truth, wavelengths = phantom.read(scene, None, None, size=64)
        yield "phantom", scene, 4, 0.01, simulate(truth, wavelengths, 4, 0.01)
    for dataset, scenes in SCENES.items():
        for scene in scenes:
            truth, wavelengths = find_dataset(dataset)[1].read(scene, "/nonexistent", [str(mirror)])
            rows, cols = (min(n, 128) // 8 * 8 for n in truth.shape[:2])
            top, left = ((n - m) // 2 for n, m in zip(truth.shape, (rows, cols), strict=False))
            truth = truth[top : top + rows, left : left + cols]  # the middle
            for noise in (0.0, 0.005):
                yield (
                    "simulated",
                    f"{scene} ({dataset})" if dataset.startswith("cave") else scene,
                    8,
                    noise,
                    simulate(truth, wavelengths, 8, noise),
                )
    folder = mirror / "real_pairs"
    paris = folder / "paris_hyperion_ali" / "paris_data_hs_ms.mat"
    truth, high = read_array(paris, "HSim"), read_array(paris, "MSim")
    for ratio in (2, 4):
        for kind in (PLAIN, REGISTERED):
            yield kind, "Paris, ALI", ratio, 0.0, (truth, average(truth, ratio), high, None)
    vietnam = folder / "sentinel2_vietnam" / "vietnam.mat"
    fine = read_array(vietnam, "y10") / 1e4
    truth, ratio = read_array(vietnam, "y60") / 1e4, 6
    rows, cols = (n // ratio * ratio for n in truth.shape[:2])
    truth = truth[:rows, :cols]
    high = average(fine[: rows * ratio, : cols * ratio], ratio)
    for kind in (PLAIN, REGISTERED):
        yield kind, "Sentinel-2, 60 m", ratio, 0.0, (truth, average(truth, ratio), high, None)


def simulate(truth: np.ndarray, wavelengths: np.ndarray, ratio: int, noise: float = 0.0) -> Pair:
    """Return a pair of a Gaussian PSF and Gaussian responses; noise: its standard deviation in both images."""
    rng = np.random.default_rng(0)
    truth = truth.astype(np.float64)
    size, place = ratio - 1 + ratio % 2 if ratio > 4 else 7, (ratio - 1) // 2
    blur = BlurSample(gaussian_psf(size, ratio / 4), (place, place), ratio, truth.shape)
    centres = np.linspace(wavelengths.min(), wavelengths.max(), 5 if wavelengths.max() < 750 else 6)[1:-1]
    srf = np.exp(-0.5 * ((wavelengths - centres[:, None]) / 30) ** 2)
    srf /= srf.sum(1, keepdims=True)
    low, high = np.asarray(blur(truth)), truth @ srf.T
    return truth, low + rng.normal(0, noise, low.shape), high + rng.normal(0, noise, high.shape), wavelengths


def average(image: np.ndarray, ratio: int) -> np.ndarray:
    """Return block means."""
    rows, cols, bands = image.shape
    return image.reshape(rows // ratio, ratio, cols // ratio, ratio, bands).mean((1, 3))


if __name__ == "__main__":
    main()
