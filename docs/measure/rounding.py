"""Show on a CPU how far a change of the pair in its last digit carries, for every method that asks for a GPU, and fill docs/gpu.md.

    python docs/measure/rounding.py           # prints the table
    python docs/measure/rounding.py --save    # and writes docs/evidence/rounding and docs/gpu.md

Another device rounds otherwise; what such a change does on one device is the scale for what the other device does.
"""

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from gpu_check import decibels, fill_page, fit, methods_with_gpu  # noqa: E402
from recording import record  # noqa: E402

from mossfuse.benchmark.check.pairs import make_pair  # noqa: E402

HEAD = ["method, preset `smoke`", "difference in PSNR", "largest difference of the cubes"]


def measure(method, module) -> list[str]:
    """Return the row of one method: the fit of a pair, and of the same pair with every second value moved by its last digit."""
    pair, truth = make_pair(rows=64, cols=64, ratio=8)
    with tempfile.TemporaryDirectory() as folder:
        first, other = (
            fit(method, module, one, truth, "cpu", Path(folder) / f"{name}.pt")[0]
            for name, one in (("one", pair), ("two", replace(pair, msi=moved(pair.msi), hsi=moved(pair.hsi))))
        )
    gain = decibels(other, truth) - decibels(first, truth)
    return [f"`{method.name}`", f"{gain:+.3f} dB", f"{float(np.abs(other - first).max()):.1e}"]


def moved(image: np.ndarray) -> np.ndarray:
    """Return an image of which every second value is the next float32 towards 1."""
    image = image.astype(np.float32)
    image.flat[::2] = np.nextafter(image.flat[::2], np.float32(1))
    return image


def main() -> None:
    """Measure every method, print the table, and write it where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--save", action="store_true", help="write docs/evidence/rounding and docs/gpu.md")
    options = parser.parse_args()
    rows = []
    for method, module in methods_with_gpu().values():
        rows.append(measure(method, module))
        sys.stdout.write(f"| {' | '.join(rows[-1])} |\n")
        sys.stdout.flush()
    if options.save:
        record("rounding", "rounding", HEAD, rows, "docs/measure/rounding.py --save", code=methods_with_gpu())
        fill_page()


if __name__ == "__main__":
    main()
