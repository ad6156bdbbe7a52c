"""What a cloud costs where there is none: a pair with a hidden part beside the same pair without, for docs/evidence/clouds.

    python docs/measure/clouds.py           # print
    python docs/measure/clouds.py --write   # and write docs/evidence/clouds; then docs/measure/tables.py --write

The pair is that of tests/unit/test_pair_products.py: LR of 20 x 20 pixels at ratio 3, offset by half an LR pixel, 6 % of it hidden by a cloud in HR. Compared is
every value that was measured. Three controls say what a difference is due to:

- ``left out``: the whole pair, no cloud anywhere, and nsgp's regression without the LR pixels that the cloud touches: what their information is worth;
- ``drawn``: the cloud drawn, against the same pixels left out of the clean images: what gets through the mask;
- ``elsewhere``: as many LR pixels hidden elsewhere, where there is no cloud.
"""

import argparse
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(Path(__file__).resolve().parent)]

from recording import record  # noqa: E402

from helpers.cloudy_pair import CLOUD, WAVELENGTHS, make_scene  # noqa: E402
from mossfuse import fuse  # noqa: E402
from mossfuse.nsgp import model  # noqa: E402
from mossfuse.pair.fused import Fused  # noqa: E402

HEAD = ("case", "against", "within", "rms", "median", "largest", "error", "error_against")
NEAR = 1e-3
ELSEWHERE = 3  # places
MAKE = "docs/measure/clouds.py --write"


def main() -> None:
    """Measure, print and, where asked, write."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--write", action="store_true", help="write docs/evidence/clouds")
    chosen = options.parse_args()
    logging.disable(logging.WARNING)
    rows = []
    for row in measure():
        sys.stdout.write(f"{row}\n")
        sys.stdout.flush()
        rows.append(row)
    if chosen.write:
        record("clouds", "clouds", HEAD, rows, MAKE, code=("mossfuse.pair.work.prepare", "nsgp"))


def measure() -> Iterator[tuple[str, ...]]:
    """Yield the rows."""
    truth, low, high = make_scene()
    truth, high = truth[2:62, 2:62], high[2:62, 2:62]
    hidden = CLOUD[2:62, 2:62]
    touched = hidden.reshape(20, 3, 20, 3).any((1, 3))
    clean = run(low, high)
    masked = run(low, hide(high, hidden))
    measured = np.isfinite(masked.cube).all(2)

    def compared(case: str, cube: np.ndarray, against: str, other: np.ndarray) -> tuple[str, ...]:
        kept = np.isfinite(cube).all(2) & np.isfinite(other).all(2) & ~hidden
        difference = np.abs(cube - other)[kept]
        errors = (f"{np.sqrt(np.square(each - truth)[kept].mean()):.2e}" for each in (cube, other))
        size = f"{np.sqrt(np.square(difference).mean()):.2e}"
        return (
            case, against, f"{100 * (difference < NEAR).mean():.2f}", size, f"{np.median(difference):.1e}", f"{difference.max():.1e}", *errors,
        )  # fmt: skip

    yield compared("cloud", masked.cube, "no cloud", clean.cube)
    drawn = run(low, hide(np.where(hidden[..., None], 0.95, high), hidden))
    yield compared("cloud", drawn.cube, "the same pixels of the clean images left out", masked.cube)
    without = left_out(clean, touched)
    yield compared("no cloud, regression without the cloud's LR pixels", without, "no cloud", clean.cube)
    yield compared("cloud, regression without its LR pixels", left_out(masked, touched), "no cloud, regression without the cloud's LR pixels", without)  # fmt: skip
    spots = np.random.default_rng(0)
    for k in range(ELSEWHERE):
        places = np.zeros(touched.size, bool)
        places[spots.choice(np.flatnonzero(~touched.ravel()), int(touched.sum()), replace=False)] = True
        fine = np.kron(places.reshape(touched.shape), np.ones((3, 3), bool))
        cube = np.where(measured[..., None], run(low, hide(high, fine)).cube, np.nan)
        yield compared(f"as many LR pixels hidden elsewhere, {k + 1}", cube, "no cloud", clean.cube)


def run(low: np.ndarray, high: np.ndarray) -> Fused:
    """Fuse a pair with ``fuse``; return its result (cube: (rows, cols, bands))."""
    return fuse(low, high, wavelengths=WAVELENGTHS)


def hide(image: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Return the image with pixels (rows, cols) masked."""
    return np.ma.MaskedArray(image, np.broadcast_to(hidden[..., None], image.shape))


def left_out(fused: Fused, touched: np.ndarray) -> np.ndarray:
    """Return the cube of a pair as nsgp makes it when its regression learns nothing from the LR pixels ``touched`` (h, w): their equations are set to 0."""
    decompose = model.decompose

    def without(design: np.ndarray) -> object:
        return decompose(np.where(touched.reshape(-1, 1), 0, design))

    from mossfuse.files.tiles import assemble_tiles
    from mossfuse.pair.work import prepare

    with patch.object(model, "decompose", without):
        return assemble_tiles(prepare(fused.pair.observation, method="nsgp").tiles, fused.cube.shape) * fused.pair.white[0]  # fmt: skip


if __name__ == "__main__":
    main()
