"""Measure the learned prior on real scenes, none of which took part in its training, for docs/evidence/learned-prior.

    python docs/measure/learned_prior.py --mirror FOLDER            # nsgp, nsgp-x4 and nsgp-prior on every case; prints
    python docs/measure/learned_prior.py --mirror FOLDER --write    # and writes the evidence; then docs/measure/tables.py --write
    python docs/measure/learned_prior.py --mirror FOLDER --stack    # a few cases with the stack with and without it, and mossfuse-c

CAVE scenes are averaged over 2 x 2 pixels, so that one case takes seconds; their figures are not those of the published pairs.
"""

import logging
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from recording import options, record  # noqa: E402

from mossfuse.datasets import find_dataset  # noqa: E402
from mossfuse.degradations import degrade, find_degradation, load_srf  # noqa: E402
from mossfuse.methods import find_method  # noqa: E402
from mossfuse.metrics.pixel_maps import maps  # noqa: E402
from mossfuse.protocol import Observation  # noqa: E402

NOISE = "-snr30-35"
ALL = [*((ratio, "") for ratio in (4, 8, 16, 32)), (32, NOISE)]
FEW = [(8, ""), (32, "")]
AIRBORNE = [(8, "")]
HEAD = ("data", "scene", "bands", "camera", "ratio", "noise", "row", "psnr", "sam", "cpu_s", "notes")
logger = logging.getLogger("learned_prior")


class Case(NamedTuple):
    """Scenes of a dataset (None: all), averaged over 2 x 2 pixels or not, seen by a camera at ratios and noise levels."""

    dataset: str
    scenes: Sequence[str] | None
    halved: bool
    cameras: Sequence[str]
    conditions: Sequence[tuple[int, str]]


CASES = (
    Case("cave", ("chart_and_stuffed_toy",), True, ("nikond700",), ALL),
    Case("cave-half", None, False, ("nikond700",), ALL),
    Case("cave-26", None, True, ("nikond700",), ALL),
    Case("cave", ("chart_and_stuffed_toy",), True, ("nikond5100",), FEW),
    Case("cave-half", None, False, ("nikond5100",), FEW),
    Case("cave-8", None, True, ("nikond700",), FEW),
    Case("jasper-ridge", None, False, ("landsat8",), [(4, ""), (8, "")]),
    Case("jasper-ridge", None, False, ("sentinel2a10m",), [(4, "")]),
    Case("samson", None, False, ("landsat8vnir", "ikonospan"), AIRBORNE),
    Case("pavia-crop", None, False, ("landsat8vnir", "ikonospan"), AIRBORNE),
    Case("urban-crop", None, False, ("landsat8", "ikonospan"), AIRBORNE),
)
STACKED = (
    Case("cave-8", ("face", "jelly_beans"), True, ("nikond700",), [(32, "")]),
    Case("samson", None, False, ("landsat8vnir",), [(8, "")]),
    Case("cave-half", None, False, ("nikond700",), [(32, "")]),
)
PLAIN: Mapping[str, tuple[str, dict[str, Any]]] = {name: (name, {}) for name in ("nsgp", "nsgp-x4", "nsgp-prior")}
STACKS: Mapping[str, tuple[str, dict[str, Any]]] = {
    **{name: PLAIN[name] for name in ("nsgp-x4", "nsgp-prior")},
    "stack": ("stack", {}),
    "stack with nsgp-prior": ("stack", {"members": ("nsgp-x4", "cnmf", "nsgp-prior")}),
    "stack-prior": ("stack-prior", {}),
}
CONSTRAINED: Mapping[str, tuple[str, dict[str, Any]]] = {
    "mossfuse-c": ("mossfuse-c", {}),
    "stack of nsgp-x4 and mossfuse-c": ("stack", {"members": ("nsgp-x4", "mossfuse-c"), "kernel": False}),
}


def main() -> None:
    """Fuse every case with every row, print what is measured and, where asked, write it."""
    arguments = options(__doc__)
    arguments.add_argument("--stack", action="store_true", help="the few cases with stacks and mossfuse-c")
    chosen = arguments.parse_args()
    rows = []
    rivals = {**STACKS, **CONSTRAINED} if chosen.stack else PLAIN
    for case in STACKED if chosen.stack else CASES:
        for facts, truth, pair in pairs(case, chosen.mirror):
            for name, (method, params) in rivals.items():
                if name in CONSTRAINED and case.dataset != "cave-8":
                    continue
                rows.append((*facts, name, *measure(method, params, truth, pair)))
                logger.info("%s", "  ".join(str(value) for value in rows[-1]))
    if chosen.write:
        command = f"docs/measure/learned_prior.py --mirror FOLDER{' --stack' if chosen.stack else ''} --write"
        record(
            "learned-prior-stack" if chosen.stack else "learned-prior",
            "scores",
            HEAD,
            rows,
            command,
            code={method for method, _ in rivals.values()},
            threads=1,
        )


def pairs(case: Case, mirror: Path) -> Iterator[tuple[tuple[Any, ...], np.ndarray, Observation]]:
    """Yield ((data, scene, bands, camera, ratio, noise), truth, pair) of a case."""
    spec, module = find_dataset(case.dataset)
    for scene in case.scenes or spec.scenes:
        cube, wavelengths = module.read(scene, "/nonexistent", [str(mirror)])
        if case.halved:
            cube = cube.reshape(len(cube) // 2, 2, cube.shape[1] // 2, 2, -1).mean((1, 3))
        for camera in case.cameras:
            for ratio, noise in case.conditions:
                rows, cols = (n // ratio * ratio for n in cube.shape[:2])
                truth = np.ascontiguousarray(cube[:rows, :cols], np.float32)
                degradation = find_degradation(f"x{ratio}-gauss{ratio - 1}s2-{camera}{noise}")
                srf = load_srf(degradation.srf, wavelengths, [str(mirror)])
                pair = degrade(truth, degradation, srf, scene=scene, wavelengths=wavelengths)
                facts = (
                    case.dataset,
                    scene,
                    truth.shape[2],
                    camera,
                    f"x{ratio}",
                    noise.removeprefix("-snr").replace("-", "/"),
                )
                yield facts, truth, pair


def measure(method: str, params: Mapping[str, Any], truth: np.ndarray, pair: Observation) -> tuple[str, ...]:
    """Return (PSNR of std1, SAM of std1, CPU seconds, notes on weights) of a method as a cell of the grid would run it."""
    spec, module = find_method(method)
    seen = replace(pair, sensor=pair.sensor.restricted_to(spec.knows))
    began = time.process_time()
    fusion = module.fuse(seen, seed=0, device="cpu", **{**spec.params, **params})
    seconds = time.process_time() - began
    found = maps(truth, fusion.cube)
    notes = [
        f"{key.removeprefix('weight ')} {value}" for key, value in fusion.notes.items() if key.startswith("weight ")
    ]
    notes += [f"amount {fusion.notes['amount']}"] if "amount" in fusion.notes else []
    return (
        f"{np.mean(found.psnr):.4f}", f"{np.nanmean(found.sam):.4f}", f"{seconds:.1f}", "; ".join(notes)
    )  # fmt: skip


if __name__ == "__main__":
    main()
