"""Make the file of the dataset cave-26-oil: 26 bands of CAVE's oil_painting, from two public sources.

    python docs/measure/recover_oil_painting.py DEMO CAVE OUTPUT

DEMO: the folder DemoImage/Demo_Oil_Painting of github.com/fenghaoxuan99/ImguiProject at 9a09c02 (oil_painting_ms_01.png ... _20.png, whose
512 columns were resized to 640 by a Lanczos filter of order 3); CAVE: the folder with oil_painting_ms_17.png, _19.png, ... _31.png
(odd numbers) of the CAVE archive. The resize is a linear map with full rank and is inverted; it clipped below zero, which leaves
errors in the first columns. The bands 17 and 19, which both sources hold, show how exact the inversion is.
"""

import argparse
import logging
from pathlib import Path

import numpy as np
from PIL import Image

from mossfuse.datasets.cave_26_oil import BANDS, SHAPE
from mossfuse.files.atomic import replacing

logger = logging.getLogger("recover")
WIDE, ORDER = 640, 3
ORIGINAL = (17, 19, 21, 23, 25, 27, 29, 31)


def main() -> None:
    """Write the file and say how exact the recovered bands are."""
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name in ("demo", "cave", "output"):
        options.add_argument(name, type=Path)
    chosen = options.parse_args()
    inverse = np.linalg.pinv(lanczos(SHAPE[1], WIDE, ORDER)).T
    cube = np.empty(SHAPE, np.uint16)
    for place, band in enumerate(BANDS):
        if band in ORIGINAL:
            cube[..., place] = read(chosen.cave, band)
        else:
            cube[..., place] = recover(read(chosen.demo, band), inverse)
    for band in (17, 19):
        off = np.abs(recover(read(chosen.demo, band), inverse).astype(int) - read(chosen.cave, band))
        logger.info(
            "band %d: %.1f %% exact, %.2f %% within one step", band, 100 * np.mean(off == 0), 100 * np.mean(off < 2)
        )
    with replacing(chosen.output) as new, open(new, "wb") as file:
        np.save(file, cube)


def read(folder: Path, band: int) -> np.ndarray:
    """Return a band's picture as stored."""
    return np.asarray(Image.open(folder / f"oil_painting_ms_{band:02d}.png"))


def recover(picture: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    """Return the picture before its columns were resized, uint16."""
    return np.clip(np.round(picture @ inverse), 0, np.iinfo(np.uint16).max).astype(np.uint16)


def lanczos(source: int, target: int, order: int) -> np.ndarray:
    """Return the matrix (target, source) of a Lanczos resize to more pixels, weights summing to 1."""
    matrix = np.zeros((target, source))
    for place in range(target):
        centre = (place + 0.5) * source / target
        taps = np.arange(max(int(centre - order + 0.5), 0), min(int(centre + order + 0.5), source))
        distance = taps - centre + 0.5
        weights = np.sinc(distance) * np.sinc(distance / order) * (np.abs(distance) < order)
        matrix[place, taps] = weights / weights.sum()
    return matrix


if __name__ == "__main__":
    main()
