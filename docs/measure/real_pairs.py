"""Wald's protocol on real pairs: fuse them one level down, plain and registered by the shift that is estimated from the pair alone.

    python docs/measure/real_pairs.py                       # print
    python docs/measure/real_pairs.py --write               # and write docs/evidence/real-pairs
    python docs/measure/real_pairs.py --case paris-pan-x3   # one of them

LR and, where it has more than LR's pixels, HR are reduced by block means of the ratio; LR itself is the truth. A row "plain" takes the pair as it
is; "registered" has HR brought into LR's frame by the estimated shift (as fuse --frame lr does), which never sees the truth; "oracle" by the
shift that leaves an affine regression closest to the truth, which says what there is to gain. Beside the estimated shift stands one that an upsampled phase
correlation of the two images gives (Guizar-Sicairos et al., Opt. Lett. 33, 2008; scikit-image).

The files (docs/measure/real_pairs.py names them) are looked for in MOSSFUSE_MIRRORS: HySure's repository has the Paris pairs, Deep-SURE-Fusion's the
Sentinel-2 scene.
"""

import argparse
import csv
import logging
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from recording import EVIDENCE, record  # noqa: E402

from mossfuse.errors import MossFuseError  # noqa: E402
from mossfuse.estimation.memory import estimate_once  # noqa: E402
from mossfuse.files import read_array  # noqa: E402
from mossfuse.files.tiles import assemble_tiles  # noqa: E402
from mossfuse.metrics import score  # noqa: E402
from mossfuse.pair.assemble import assemble  # noqa: E402
from mossfuse.pair.registration import Registration, estimate_registration  # noqa: E402
from mossfuse.pair.registration.resample import into_frame_of_lr  # noqa: E402
from mossfuse.pair.work import prepare  # noqa: E402
from mossfuse.physics.psf import gaussian_psf  # noqa: E402
from mossfuse.physics.sampling import BlurSample  # noqa: E402

PARIS, VIETNAM = "real_pairs/paris_hyperion_ali/paris_data_hs_{}.mat", "real_pairs/sentinel2_vietnam/vietnam.mat"
# name: (file, LR's variable, HR's variable, ratio, ratio by which HR is reduced, value that counts as 1)
CASES = {
    "paris-ms-x2": (PARIS.format("ms"), "HSim", "MSim", 2, 1, 1.0),
    "paris-ms-x4": (PARIS.format("ms"), "HSim", "MSim", 4, 1, 1.0),
    "paris-pan-x3": (PARIS.format("pan"), "HSim", "PCim", 3, 3, 1.0),
    "sentinel2-20-10": (VIETNAM, "y20", "y10", 2, 2, 10000.0),
    "sentinel2-60-10": (VIETNAM, "y60", "y10", 6, 6, 10000.0),
}
METHODS = (
    "bicubic", "gs", "gsa", "sfim-hs", "mtf-glp-hs", "regression-injection", "ridge", "ridge-dc", "fuse", "r-fuse", "cnmf", "nsgp",
)  # fmt: skip
CODE = (
    "mossfuse.pair.work.prepare",
    "mossfuse.pair.assemble.assemble",
    "mossfuse.pair.registration.estimate_registration",
    *METHODS,
)
METRICS = ("psnr", "sam", "ergas", "ssim")
HEAD = (
    "case", "variant", "method", "rows", "cols", "error", "correlated_rows", "correlated_cols", "seconds", *METRICS, "reason",
)  # fmt: skip
FARTHEST, FINEST = 0.8, 0.03  # LR pixels of the oracle's search


def main() -> None:
    """Measure, print and, where asked, write."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--write", action="store_true", help="write docs/evidence/real-pairs")
    options.add_argument("--case", action="append", choices=list(CASES), help="only this one; may be repeated")
    chosen = options.parse_args()
    logging.disable(logging.WARNING)
    rows = []
    for name in chosen.case or CASES:
        for row in measure(name):
            sys.stdout.write(
                " ".join(f"{row[key]:.3f}" if isinstance(row[key], float) else str(row[key]) for key in HEAD) + "\n"
            )
            sys.stdout.flush()
            rows.append([shown(row[key]) for key in HEAD])
    if chosen.write:
        rows = [*kept(chosen.case or list(CASES)), *rows]
        rows.sort(key=lambda row: list(CASES).index(row[0]))
        record("real-pairs", "real-pairs", HEAD, rows, "docs/measure/real_pairs.py --write", code=CODE)


def kept(measured: list[str]) -> list[list[str]]:
    """Return the rows of the evidence that belong to other pairs than those measured now."""
    path = EVIDENCE / "real-pairs" / "real-pairs.csv"
    if not path.exists():
        return []
    with open(path, encoding="utf-8", newline="") as stream:
        return [row for row in list(csv.reader(stream))[1:] if row[0] not in measured]


def shown(value: Any) -> Any:
    """Return a number as the table holds it."""
    return f"{value:.4f}" if isinstance(value, float) else value


def measure(name: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of one pair."""
    ratio = CASES[name][3]
    truth, low, high = one_level_down(name)
    found = estimate_registration(low, high, ratio)
    assert found is not None
    other = correlated_shift(low, high, ratio)
    best = oracle(low, high, ratio, truth, found)
    variants = {"plain": (0.0, 0.0), "registered": found.shift, "oracle": best}
    for variant, shift in variants.items():
        here = high if variant == "plain" else moved(high, found, shift, ratio, low.shape)
        with estimate_once():
            observation = assemble(low, here, ratio=ratio, white=1.0).observation
            for method in METHODS if variant != "oracle" else ("bicubic", "ridge", "nsgp"):
                started, scores, reason = time.process_time(), dict.fromkeys(METRICS, float("nan")), ""
                try:
                    cube = assemble_tiles(prepare(observation, method=method).tiles, truth.shape)
                    scores = score(truth, cube, ratio, "std1")
                except (MossFuseError, np.linalg.LinAlgError, ValueError, AssertionError) as error:
                    reason = " ".join(str(error).split()) or type(error).__name__
                yield {
                    "case": name, "variant": variant, "method": method, "rows": float(shift[0]), "cols": float(shift[1]),
                    "error": max(found.error), "correlated_rows": other[0], "correlated_cols": other[1],
                    "seconds": time.process_time() - started, "reason": reason, **{m: float(scores[m]) for m in METRICS},
                }  # fmt: skip


def one_level_down(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (truth, LR, HR) of a pair, float32: LR as it was measured, and both images reduced, cut to whole pixels of the reduced LR."""
    file, low_name, high_name, ratio, reduced, white = CASES[name]
    path = mirrored(file)
    full, high = (np.asarray(read_array(path, key), np.float32) / np.float32(white) for key in (low_name, high_name))
    high = high[..., None] if high.ndim == 2 else high
    low, high = means(full, ratio), means(high, reduced)
    rows, cols = low.shape[0] * ratio, low.shape[1] * ratio
    return full[:rows, :cols], low, high[:rows, :cols]


def mirrored(file: str) -> Path:
    """Return a file of a mirror."""
    for folder in os.environ.get("MOSSFUSE_MIRRORS", "").split(os.pathsep):
        if folder and Path(folder, file).is_file():
            return Path(folder, file)
    raise SystemExit(f"{file} is in no folder of MOSSFUSE_MIRRORS; get it from its authors' repository")


def means(cube: np.ndarray, ratio: int) -> np.ndarray:
    """Return means of blocks of ratio x ratio pixels, float32."""
    rows, cols = (n // ratio for n in cube.shape[:2])
    blocks = cube[: rows * ratio, : cols * ratio].reshape(rows, ratio, cols, ratio, -1)
    return blocks.mean((1, 3)).astype(np.float32)


def moved(
    high: np.ndarray, found: Registration, shift: tuple[float, float], ratio: int, shape: tuple[int, ...]
) -> np.ndarray:
    """Return HR in LR's frame under a shift in LR pixels."""
    return into_frame_of_lr(high, replace(found, shift=shift, corner=0.0), ratio, shape)


def oracle(
    low: np.ndarray, high: np.ndarray, ratio: int, truth: np.ndarray, found: Registration
) -> tuple[float, float]:
    """Return the shift in LR pixels that leaves the affine regression closest to the truth, by a search in halving steps."""

    size = ratio + 2  # odd or even as the ratio, so that its centre is the block's
    phase = (ratio - 1) // 2
    blur = BlurSample(gaussian_psf(size, found.width * ratio), (phase, phase), ratio, high.shape)
    target = low.reshape(-1, low.shape[2]).astype(np.float64)

    def quality(shift: tuple[float, float]) -> float:
        here = moved(high, found, shift, ratio, low.shape)
        seen = np.column_stack([blur(here).reshape(len(target), -1), np.ones(len(target))])
        weights = np.linalg.lstsq(seen, target, rcond=None)[0]
        cube = (here.reshape(-1, here.shape[2]) @ weights[:-1] + weights[-1]).reshape(truth.shape)
        return -float(np.mean(np.log10(np.mean((cube - truth) ** 2, (0, 1)))))

    best, step = (0.0, 0.0), FARTHEST / 4
    known = {best: quality(best)}
    while step > FINEST:
        near = [(best[0] + a * step, best[1] + b * step) for a, b in ((1, 0), (-1, 0), (0, 1), (0, -1))]
        for shift in near:
            if max(map(abs, shift)) <= FARTHEST and shift not in known:
                known[shift] = quality(shift)
        winner = max(known, key=lambda shift: known[shift])
        step, best = (step, winner) if winner != best else (step / 2, best)
    return best


def correlated_shift(low: np.ndarray, high: np.ndarray, ratio: int) -> tuple[float, float]:
    """Return the shift in LR pixels by phase correlation of the MSI with what LR predicts of it, mean over the MSI's bands by weight.

    Works on LR's grid: the MSI's block means against an affine prediction of them from LR's leading components. A shift moves the
    prediction, which is then fitted to moved means, so that the correlation is taken between detail, not between fits: the
    components are those of LR alone.
    """
    from skimage.registration import phase_cross_correlation

    seen = means(high, ratio)
    values = low.reshape(-1, low.shape[2]).astype(np.float64)
    values -= values.mean(0)
    basis = np.linalg.svd(values, full_matrices=False)[0][:, : min(6, low.shape[2])]
    window = np.outer(*(np.hanning(n + 2)[1:-1] for n in seen.shape[:2]))
    shifts = []
    for band in np.moveaxis(seen, 2, 0):
        target = band.ravel().astype(np.float64) - band.mean()
        predicted = (basis @ (basis.T @ target)).reshape(band.shape)
        first, second = ((image - image.mean()) * window for image in (band, predicted))
        shift, _, _ = phase_cross_correlation(first, second, upsample_factor=200, normalization=None)
        shifts.append(shift)
    rows, cols = np.median(shifts, 0)
    return float(rows), float(cols)


if __name__ == "__main__":
    main()
