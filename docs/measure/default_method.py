"""The default method beside the blind methods of the grid, where HR has one band, four bands, or is a real pair.

    python docs/measure/default_method.py           # print
    python docs/measure/default_method.py --write   # and write docs/evidence/default-method; then docs/measure/tables.py --write
    python docs/measure/default_method.py --kind 'two cameras, registered' --scene paris-ms-x2   # one of them; --write keeps the other rows

Phantom: scenes on which the rules of mossfuse/pair/default_method.py were chosen; with few LR bands, two or three of its bands, spread over the wavelengths, an HR band of 60 nm
about 490 nm, and noise of 0.002 in both images. Simulated: the middle 96 pixels of real scenes at ratios 4 and 8, noise-free,
under a Gaussian PSF; one panchromatic band from 450 to 900 nm (700 in the visible), or four Gaussian responses of 60 nm. Two cameras, registered: real pairs one scale
further down (Wald), as docs/measure/real_pairs.py makes them, with HR's bands as they are, or the first of them alone.
"""

import argparse
import csv
import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from real_pairs import CASES, CODE, METHODS, moved, one_level_down
from recording import EVIDENCE, record
from uncertainty import SCENES

from mossfuse.datasets import find_dataset
from mossfuse.errors import MossFuseError
from mossfuse.estimation.memory import estimate_once
from mossfuse.files.tiles import assemble_tiles
from mossfuse.metrics import score
from mossfuse.pair.assemble import assemble
from mossfuse.pair.registration import estimate_registration
from mossfuse.pair.work import prepare
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.sampling import BlurSample
from mossfuse.protocol import Observation
from mossfuse.remote.download import mirror_folders

HEAD = (
    "kind",
    "scene",
    "ratio",
    "bands",
    "default",
    "psnr",
    "seconds",
    "nsgp",
    "nsgp_seconds",
    "best",
    "best_psnr",
)
KINDS = ("phantom", "simulated", "two cameras, registered", "phantom, few LR bands")
MAKE = "docs/measure/default_method.py --write"
DEFAULTS = ("mossfuse.pair.default_method", "stack")  # beside the methods of the grid
PHANTOM = ("twins", "globes", "weave", "mosaic")
SIDE = 96
FEW_BANDS = {2: 4, 3: 6}  # LR bands, and the ratio with them
NOISE = 0.002
Case = tuple[str, str, np.ndarray, Observation]  # kind, scene, truth, pair


def main() -> None:
    """Measure, print and, where asked, write."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--write", action="store_true", help="write docs/evidence/default-method")
    options.add_argument("--kind", action="append", choices=KINDS, help="only pairs of this kind; may be repeated")
    options.add_argument("--scene", action="append", help="only this scene; may be repeated")
    chosen = options.parse_args()
    logging.disable(logging.WARNING)
    rows = []
    for kind, scene, truth, pair in cases(chosen.kind or KINDS, chosen.scene):
        rows.append((kind, scene, str(pair.ratio), str(pair.msi.shape[2]), *measure(truth, pair)))
        sys.stdout.write(" ".join(rows[-1]) + "\n")
        sys.stdout.flush()
    if chosen.write:
        rows = [*kept({row[:2] for row in rows}), *rows]
        rows.sort(key=lambda row: (row[0], row[1], int(row[2]), -int(row[3])))
        kinds = sorted({row[0] for row in rows})
        make = MAKE + "".join(f" --kind '{kind}'" for kind in kinds)
        record("default-method", "default-method", HEAD, rows, make, code=(*CODE, *DEFAULTS))


def kept(measured: set[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the rows of the evidence that belong to other kinds and scenes than those measured now."""
    path = EVIDENCE / "default-method" / "default-method.csv"
    if not path.exists():
        return []
    with open(path, encoding="utf-8", newline="") as stream:
        head, *rows = (tuple(row) for row in csv.reader(stream))
    return [row for row in rows if row[:2] not in measured] if head == HEAD else []


def measure(truth: np.ndarray, pair: Observation) -> tuple[str, ...]:
    """Return the default method, its PSNR and CPU seconds, those of nsgp, and the best method of METHODS with its PSNR."""
    found = {}
    with estimate_once():
        prepare(pair, method="nsgp")  # estimates the sensor, which every row below shares
        for method in (*METHODS, None):
            started = time.process_time()
            try:
                work = prepare(pair, method=method)
                cube = assemble_tiles(work.tiles, truth.shape)
            except (MossFuseError, np.linalg.LinAlgError, ValueError, AssertionError):
                continue
            value = float(score(truth, cube, pair.ratio, "std1")["psnr"])
            found[method] = (value, time.process_time() - started, work.name)
    default, own = found.pop(None), found["nsgp"]
    best = max(found, key=lambda name: found[name][0])
    values = (f"{default[0]:.3f}", f"{default[1]:.2f}", f"{own[0]:.3f}", f"{own[1]:.2f}")
    return (default[2], *values, best, f"{found[best][0]:.3f}")


def cases(kinds: Sequence[str], scenes: Sequence[str] | None) -> Iterator[Case]:
    """Yield every case of these KINDS, or those of the named scenes alone."""
    for kind, scene, make in makers(kinds):
        if scenes is None or scene in scenes:
            for truth, pair in make():
                yield kind, scene, truth, pair


def makers(kinds: Sequence[str]) -> Iterator[tuple[str, str, Callable[[], Iterator[tuple[np.ndarray, Observation]]]]]:
    """Yield (kind, scene, what makes its cases)."""
    for scene in PHANTOM:
        if KINDS[0] in kinds:
            yield KINDS[0], scene, partial(phantom, scene)
        if KINDS[3] in kinds:
            for count, ratio in FEW_BANDS.items():
                yield KINDS[3], f"{scene}, {count} LR bands", partial(few_bands, scene, count, ratio)
    for dataset, scenes in SCENES.items() if KINDS[1] in kinds else ():
        for scene in scenes:
            name = f"{scene} ({dataset})" if dataset.startswith("cave") else scene
            yield KINDS[1], name, partial(simulated, dataset, scene)
    for name in CASES if KINDS[2] in kinds else ():
        yield KINDS[2], name, partial(real, name)


def phantom(scene: str) -> Iterator[tuple[np.ndarray, Observation]]:
    """Yield the pairs of a phantom scene with one panchromatic band."""
    truth, wavelengths = find_dataset("phantom")[1].read(scene, None, None, size=SIDE)
    for ratio in (4, 8):
        yield simulate(truth, wavelengths, ratio, 1)


def few_bands(scene: str, count: int, ratio: int) -> Iterator[tuple[np.ndarray, Observation]]:
    """Yield the pair of a phantom scene with few LR bands and a narrow HR band."""
    truth, wavelengths = find_dataset("phantom")[1].read(scene, None, None, size=SIDE)
    yield simulate(truth, wavelengths, ratio, 1, np.linspace(0, len(wavelengths) - 1, count).round().astype(int))


def simulated(dataset: str, scene: str) -> Iterator[tuple[np.ndarray, Observation]]:
    """Yield the pairs of a real scene with one HR band and, beyond the visible, with four."""
    mirrors = [str(folder) for folder in mirror_folders()]
    truth, wavelengths = find_dataset(dataset)[1].read(scene, "/nonexistent", mirrors)
    for ratio in (4, 8):
        for bands in (1, 4) if dataset not in ("cave", "cave-half", "cave-26") else (1,):
            yield simulate(truth, wavelengths, ratio, bands)


def real(name: str) -> Iterator[tuple[np.ndarray, Observation]]:
    """Yield a real pair one scale further down with all its HR bands, and with the first of them."""
    ratio = CASES[name][3]
    truth, low, high = one_level_down(name)
    found = estimate_registration(low, high, ratio)
    assert found is not None
    high = moved(high, found, found.shift, ratio, low.shape)
    for bands in dict.fromkeys((high.shape[2], 1)):
        yield truth, assemble(low, high[..., :bands], ratio=ratio, white=1.0).observation


def simulate(
    truth: np.ndarray, wavelengths: np.ndarray, ratio: int, bands: int, few: np.ndarray | None = None
) -> tuple[np.ndarray, Observation]:
    """Return the middle of a scene and its pair, free of noise; few: the only bands of LR, with a narrow HR band and noise."""
    rows, cols = (min(n, SIDE) // ratio * ratio for n in truth.shape[:2])
    top, left = ((n - m) // 2 for n, m in zip(truth.shape, (rows, cols), strict=False))
    truth = truth[top : top + rows, left : left + cols].astype(np.float64)
    size, place = ratio - 1 if ratio > 4 else 7, (ratio - 1) // 2
    blur = BlurSample(gaussian_psf(size, ratio / 4), (place, place), ratio, truth.shape)
    if few is not None:
        srf = np.exp(-0.5 * ((wavelengths - 490) / 25) ** 2)[None]
    elif bands == 1:
        srf = ((wavelengths > 450) & (wavelengths < (700 if wavelengths.max() < 750 else 900))).astype(float)[None]
    else:
        centres = np.linspace(wavelengths.min(), wavelengths.max(), bands + 2)[1:-1]
        srf = np.exp(-0.5 * ((wavelengths - centres[:, None]) / 30) ** 2)
    low, high = np.asarray(blur(truth)), truth @ (srf / srf.sum(1, keepdims=True)).T
    if few is not None:
        rng = np.random.default_rng(0)
        truth, low, wavelengths = truth[..., few], low[..., few], wavelengths[few]
        low, high = (image + rng.normal(0, NOISE, image.shape) for image in (low, high))
    return truth, assemble(low, high, ratio=ratio, white=1.0, wavelengths=wavelengths).observation


if __name__ == "__main__":
    main()
