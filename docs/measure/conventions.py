"""Measure what a metric's definition is worth: every variant and every convention on one pair, written to docs/evidence/conventions.

    python docs/measure/conventions.py

The pair: CAVE balloons at half size and the output of the released MossFuse weights at ratio 32, from the parity fixture
(mossfuse_official.npz in a folder of MOSSFUSE_MIRRORS). Also the same pair with a corner of zero pixels.
"""

import os
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from recording import record  # noqa: E402

from mossfuse.metrics import CONVENTIONS, effects, score  # noqa: E402
from mossfuse.metrics.catalogue import all_metrics  # noqa: E402

FIXTURE = "mossfuse_official.npz"
MAKE = "docs/measure/conventions.py"
RATIO = 32
CODE = ("mossfuse.metrics.catalogue",)
FACTS = {"wavelengths": np.arange(400.0, 701.0, 10.0)}


def main() -> None:
    """Score the pair and write the tables."""
    truth, cube = pair()
    zeros = with_zero_pixels(truth, cube)
    plain, dark = (effects(*images, RATIO, FACTS).set_index("variant")["value"] for images in ((truth, cube), zeros))
    rows = [
        (name, metric.formula, metric.users, text(plain.get(name)), text(dark.get(name)))
        for name, metric in all_metrics().items()
    ]
    record(
        "conventions",
        "variants",
        ("variant", "definition", "used by", "value", "with zero pixels"),
        rows,
        MAKE,
        code=CODE,
    )
    found = [
        (name, metric, text(value))
        for name in CONVENTIONS
        for metric, value in score(truth, cube, RATIO, name, FACTS).items()
    ]
    record("conventions", "conventions", ("convention", "metric", "value"), found, MAKE, code=CODE)


def text(value: object) -> str:
    """Return a value with seven significant digits, empty where it could not be computed."""
    try:
        return f"{float(value):.7g}"  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return ""


def pair() -> tuple[np.ndarray, np.ndarray]:
    """Return the scene and the output of the released weights."""
    folders = [Path(p) for p in os.environ.get("MOSSFUSE_MIRRORS", "").split(os.pathsep) if p]
    path = next((f / FIXTURE for f in folders if (f / FIXTURE).exists()), None)
    if path is None:
        sys.exit(f"{FIXTURE} is in no folder of MOSSFUSE_MIRRORS; name the folder of the parity fixture there")
    arrays = np.load(path)
    truth = arrays["balloons/GT_uint16_HWC"] / np.float32(65535)
    return truth, arrays["balloons/HR_HSI"][0].transpose(1, 2, 0)


def with_zero_pixels(truth: np.ndarray, cube: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pair with a corner of 16 x 16 pixels of the scene and of 16 x 32 of the estimate set to zero."""
    truth, cube = truth.copy(), cube.copy()
    truth[:16, :16], cube[:16, :32] = 0, 0
    return truth, cube


if __name__ == "__main__":
    main()
