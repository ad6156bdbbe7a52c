"""Fuse real pairs at full resolution and measure what can be measured without a truth: D_lambda, D_s, D_sR, D_rho, HQNR, agreement with both images.

    python docs/measure/full_resolution.py            # print
    python docs/measure/full_resolution.py --write    # and write docs/evidence/full-resolution

The pairs, files and methods are those of real_pairs.py; the pairs whose HR has LR's own pixels have no full resolution and are left out. "Plain"
takes the pair as it is; "registered" has HR in LR's frame by the estimated shift. PSF and phase of the indices are those estimated from the pair
in hand, and the same for all methods (mossfuse.metrics.full_resolution).
"""

import argparse
import logging
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from real_pairs import CASES, CODE, METHODS, mirrored, moved, shown  # noqa: E402
from recording import record  # noqa: E402

from mossfuse.errors import MossFuseError  # noqa: E402
from mossfuse.estimation.memory import estimate_once  # noqa: E402
from mossfuse.estimation.sensor import estimate_sensor  # noqa: E402
from mossfuse.files import read_array  # noqa: E402
from mossfuse.files.tiles import assemble_tiles  # noqa: E402
from mossfuse.metrics.consistency import consistency  # noqa: E402
from mossfuse.metrics.full_resolution import NAMES, full_resolution  # noqa: E402
from mossfuse.pair.assemble import assemble  # noqa: E402
from mossfuse.pair.registration import estimate_registration  # noqa: E402
from mossfuse.pair.work import prepare  # noqa: E402

AGREEMENT = ("lr_residual", "hr_residual")  # per cent of the image's root mean square
INDICES = ("mossfuse.metrics.full_resolution", "mossfuse.metrics.consistency")
HEAD = ("case", "variant", "method", "rows", "cols", "seconds", *NAMES, *AGREEMENT, "reason")


def main() -> None:
    """Measure, print and, where asked, write."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--write", action="store_true", help="write docs/evidence/full-resolution")
    chosen = options.parse_args()
    logging.disable(logging.WARNING)
    rows = []
    for name, (*_, reduced, _) in CASES.items():
        if reduced == 1:
            continue
        for row in measure(name):
            sys.stdout.write(" ".join(str(shown(row[key])) for key in HEAD) + "\n")
            sys.stdout.flush()
            rows.append([shown(row[key]) for key in HEAD])
    if chosen.write:
        record(
            "full-resolution",
            "full-resolution",
            HEAD,
            rows,
            "docs/measure/full_resolution.py --write",
            code=(*CODE, *INDICES),
        )


def measure(name: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of one pair."""
    file, low_name, high_name, ratio, _, white = CASES[name]
    path = mirrored(file)
    low, high = (np.asarray(read_array(path, key), np.float32) / np.float32(white) for key in (low_name, high_name))
    high = high[..., None] if high.ndim == 2 else high
    found = estimate_registration(low, high, ratio)
    assert found is not None
    for variant, shift in {"plain": (0.0, 0.0), "registered": found.shift}.items():
        here = high if variant == "plain" else moved(high, found, shift, ratio, low.shape)
        with estimate_once():
            observation = assemble(low, here, ratio=ratio, white=1.0).observation
            known = replace(observation, sensor=estimate_sensor(observation).sensor)
            for method in METHODS:
                started, values, reason = time.process_time(), dict.fromkeys((*NAMES, *AGREEMENT), float("nan")), ""
                try:
                    cube = assemble_tiles(prepare(observation, method=method).tiles, (*here.shape[:2], low.shape[2]))
                    values = {**full_resolution(cube, known), **agreement(cube, known)}
                except (MossFuseError, np.linalg.LinAlgError, ValueError, AssertionError) as error:
                    reason = " ".join(str(error).split()) or type(error).__name__
                yield {
                    "case": name, "variant": variant, "method": method, "rows": float(shift[0]), "cols": float(shift[1]),
                    "seconds": time.process_time() - started, "reason": reason, **{key: float(value) for key, value in values.items()},
                }  # fmt: skip


def agreement(cube: np.ndarray, known: Any) -> dict[str, float]:
    """Return the residuals of both images under the estimated sensor, in per cent of their root mean squares."""
    found = consistency(cube, known)
    sizes = (float(np.sqrt(np.mean(np.square(image, dtype=np.float64)))) for image in (known.hsi, known.msi))
    return {
        name: 100 * found[f"residual_{image}_rms"] / size
        for name, image, size in zip(AGREEMENT, ("hsi", "msi"), sizes, strict=True)
    }


if __name__ == "__main__":
    main()
