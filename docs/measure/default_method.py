"""The default method beside the blind methods of the grid, where HR has one band, four bands, or is a real pair.

    python docs/measure/default_method.py           # print
    python docs/measure/default_method.py --write   # and write docs/evidence/default-method; then docs/measure/tables.py --write
    python docs/measure/default_method.py --kind 'two cameras, registered'   # real pairs alone

Phantom: the scenes on which the rule of mossfuse/pair/default_method.py was chosen. Simulated: the middle 96 pixels of real scenes at ratios 4 and 8, noise-free,
under a Gaussian PSF; one panchromatic band from 450 to 900 nm (700 in the visible), or four Gaussian responses of 60 nm. Two cameras, registered: real pairs one scale
further down (Wald), as docs/measure/real_pairs.py makes them, with HR's bands as they are, or the first of them alone.
"""

import argparse
import logging
import sys
import time
from collections.abc import Iterator, Sequence

import numpy as np
from real_pairs import CASES, METHODS, means, mirrored, moved
from recording import record
from uncertainty import SCENES

from mossfuse.datasets import find_dataset
from mossfuse.errors import MossFuseError
from mossfuse.estimation.memory import estimate_once
from mossfuse.files import read_array
from mossfuse.files.tiles import assemble_tiles
from mossfuse.metrics import score
from mossfuse.pair.assemble import assemble
from mossfuse.pair.registration import estimate_registration
from mossfuse.pair.work import prepare
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.sampling import BlurSample
from mossfuse.protocol import Observation
from mossfuse.remote.download import mirror_folders

HEAD = ("kind", "scene", "ratio", "bands", "default", "psnr", "seconds", "nsgp", "nsgp_seconds", "best", "best_psnr")
KINDS = ("phantom", "simulated", "two cameras, registered")
MAKE = "docs/measure/default_method.py --write"
PHANTOM = ("twins", "globes", "weave", "mosaic")
SIDE = 96
Case = tuple[str, str, np.ndarray, Observation]  # kind, scene, truth, pair


def main() -> None:
    """Measure, print and, where asked, write."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--write", action="store_true", help="write docs/evidence/default-method")
    options.add_argument("--kind", action="append", choices=KINDS, help="only pairs of this kind; may be repeated")
    chosen = options.parse_args()
    logging.disable(logging.WARNING)
    rows = []
    for kind, scene, truth, pair in cases(chosen.kind or KINDS):
        rows.append((kind, scene, pair.ratio, pair.msi.shape[2], *measure(truth, pair)))
        sys.stdout.write(" ".join(map(str, rows[-1])) + "\n")
        sys.stdout.flush()
    if chosen.write:
        record(
            "default-method",
            "default-method",
            HEAD,
            rows,
            MAKE + "".join(f" --kind '{kind}'" for kind in chosen.kind or ()),
        )


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


def cases(kinds: Sequence[str]) -> Iterator[Case]:
    """Yield every case of these KINDS."""
    mirrors = [str(folder) for folder in mirror_folders()]
    for scene in PHANTOM if KINDS[0] in kinds else ():
        truth, wavelengths = find_dataset("phantom")[1].read(scene, None, None, size=SIDE)
        for ratio in (4, 8):
            yield KINDS[0], scene, *simulate(truth, wavelengths, ratio, 1)
    for dataset, scenes in SCENES.items() if KINDS[1] in kinds else ():
        for scene in scenes:
            truth, wavelengths = find_dataset(dataset)[1].read(scene, "/nonexistent", mirrors)
            for ratio in (4, 8):
                for bands in (1, 4) if dataset not in ("cave", "cave-half", "cave-26") else (1,):
                    name = f"{scene} ({dataset})" if dataset.startswith("cave") else scene
                    yield KINDS[1], name, *simulate(truth, wavelengths, ratio, bands)
    for name, (file, low_name, high_name, ratio, reduced, white) in CASES.items() if KINDS[2] in kinds else ():
        full, high = (np.asarray(read_array(mirrored(file), k), np.float32) / white for k in (low_name, high_name))
        low, high = means(full, ratio), means(high[..., None] if high.ndim == 2 else high, reduced)
        found = estimate_registration(low, high, ratio)
        assert found is not None
        high = moved(high, found, found.shift, ratio, low.shape)
        truth = full[: low.shape[0] * ratio, : low.shape[1] * ratio]
        for bands in dict.fromkeys((high.shape[2], 1)):
            pair = assemble(low, high[..., :bands], ratio=ratio, white=1.0).observation
            yield KINDS[2], name, truth, pair


def simulate(truth: np.ndarray, wavelengths: np.ndarray, ratio: int, bands: int) -> tuple[np.ndarray, Observation]:
    """Return the middle of a scene and its noise-free pair."""
    rows, cols = (min(n, SIDE) // ratio * ratio for n in truth.shape[:2])
    top, left = ((n - m) // 2 for n, m in zip(truth.shape, (rows, cols), strict=False))
    truth = truth[top : top + rows, left : left + cols].astype(np.float64)
    size, place = ratio - 1 if ratio > 4 else 7, (ratio - 1) // 2
    blur = BlurSample(gaussian_psf(size, ratio / 4), (place, place), ratio, truth.shape)
    if bands == 1:
        srf = ((wavelengths > 450) & (wavelengths < (700 if wavelengths.max() < 750 else 900))).astype(float)[None]
    else:
        centres = np.linspace(wavelengths.min(), wavelengths.max(), bands + 2)[1:-1]
        srf = np.exp(-0.5 * ((wavelengths - centres[:, None]) / 30) ** 2)
    low, high = np.asarray(blur(truth)), truth @ (srf / srf.sum(1, keepdims=True)).T
    return truth, assemble(low, high, ratio=ratio, white=1.0, wavelengths=wavelengths).observation


if __name__ == "__main__":
    main()
