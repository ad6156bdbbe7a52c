"""Measure what the weights of a stack gain on real pairs: by each reading of the evidence, by both, and at best, for docs/evidence/stack-weights.

    python docs/measure/stack_weights.py --mirror FOLDER            # prints
    python docs/measure/stack_weights.py --mirror FOLDER --write    # and writes the evidence; then docs/measure/tables.py --write

The best weights are those of the lowest squared error against the truth, one for all components: no rule for convex weights of these cubes
can gain more in this sense. CAVE scenes are averaged over 2 x 2 pixels, as in learned_prior.py.
"""

import logging
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from learned_prior import NOISE, Case, pairs  # noqa: E402
from recording import options, record  # noqa: E402

from mossfuse.estimation.sensor import estimate_without_stripes  # noqa: E402
from mossfuse.methods.stack import find_member  # noqa: E402
from mossfuse.metrics.pixel_maps import maps  # noqa: E402
from mossfuse.protocol import Observation  # noqa: E402
from mossfuse.stacking.correlation import learn_together, leave_one_out  # noqa: E402
from mossfuse.stacking.judged import errors_below, mix  # noqa: E402
from mossfuse.stacking.members import fuse_members  # noqa: E402
from mossfuse.stacking.view import KERNEL, View, make_consistent, open_components  # noqa: E402
from mossfuse.stacking.weights import KERNEL_PRIOR, PRIOR, Evidence, best_weights, learn  # noqa: E402

COMPONENTS = 6
EIGHT_BAND = ("face", "glass_tiles", "jelly_beans", "oil_painting")
CASES = (
    Case("cave-half", None, False, ("nikond700",), [(4, ""), (8, ""), (32, ""), (8, NOISE), (32, NOISE)]),
    Case("cave", ("chart_and_stuffed_toy",), True, ("nikond700",), [(4, ""), (8, ""), (32, ""), (8, NOISE), (32, NOISE)]),
    Case("cave-8", EIGHT_BAND, True, ("nikond700",), [(8, ""), (32, ""), (8, NOISE), (32, NOISE)]),
    Case("jasper-ridge", None, False, ("landsat8",), [(8, ""), (8, NOISE)]),
    Case("samson", None, False, ("landsat8vnir",), [(8, ""), (8, NOISE)]),
    Case("pavia-crop", None, False, ("landsat8vnir",), [(8, "")]),
    Case("urban-crop", None, False, ("landsat8",), [(8, "")]),
    Case("cave-half", None, False, ("alinominalpan",), [(4, ""), (8, ""), (8, NOISE)]),
    Case("cave", ("chart_and_stuffed_toy",), True, ("alinominalpan",), [(4, ""), (8, "")]),
    Case("jasper-ridge", None, False, ("ikonospan",), [(4, "")]),
    Case("samson", None, False, ("ikonospan",), [(4, ""), (8, ""), (8, NOISE)]),
    Case("pavia-crop", None, False, ("ikonospan",), [(4, ""), (8, "")]),
    Case("urban-crop", None, False, ("ikonospan",), [(4, ""), (8, ""), (8, NOISE)]),
)  # fmt: skip
MAKE = "docs/measure/stack_weights.py --mirror FOLDER --write"
STACKS = {"stack": "nsgp-x4", "stack-prior": "nsgp-prior"}
HEAD = (
    "data", "scene", "bands", "camera", "ratio", "noise", "stack", "first psnr", "first sam", "best member", "first reading", "second reading",
    "both", "best weights", "sam of both",
)  # fmt: skip
logger = logging.getLogger("stack_weights")


def main() -> None:
    """Fuse every case with both stacks' members, print the gains and, where asked, write them."""
    chosen = options(__doc__).parse_args()
    rows = []
    for case in CASES:
        for facts, truth, pair in pairs(case, chosen.mirror):
            for stack, gains in gains_of(truth, pair):
                rows.append((*facts, stack, *(f"{value:.4f}" for value in gains)))
                logger.info("%s", "  ".join(str(value) for value in rows[-1]))
    if chosen.write:
        record("stack-weights", "gains", HEAD, rows, MAKE, code=STACKS, threads=1)


def gains_of(truth: np.ndarray, pair: Observation) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Yield (stack, (PSNR and SAM of its first member, gains in dB of the best member, the first and the second reading, both and the
    best weights, SAM of both)) of a pair; PSNR and SAM of std1."""
    pair = replace(pair, sensor=pair.sensor.restricted_to(frozenset({"phase"})))
    clean, sensor, facts = estimate_without_stripes(pair)
    unseen = facts["unseen"]
    view = View(pair, clean, sensor, unseen, open_components(clean, sensor, unseen, COMPONENTS))
    own = leave_one_out(view, seed=0, device="cpu")
    for stack, first in STACKS.items():
        members = [find_member(name, None) for name in (first, "cnmf")]
        fused, _ = fuse_members(members, pair, sensor, seed=0, device="cpu")
        cubes = make_consistent(fused, view, True, 0, "cpu")
        names, each = list(cubes), list(cubes.values())
        measured, errors = errors_below(members, names, view, True, 0, "cpu")
        assert errors is not None and measured == list(range(len(names)))
        worse = learn(errors, view.basis, [KERNEL_PRIOR if name == KERNEL else PRIOR for name in names]).excess
        shared = np.broadcast_to(learn_together(errors, each, own).excess[:, None], worse.shape)
        start, sam = scores(truth, each[0])
        best = max(scores(truth, cube)[0] for cube in each) - start
        found = [scores(truth, mixed(each, view, excess)) for excess in (worse, shared, np.maximum(worse, shared))]
        limit = scores(truth, blended(each, weights_of_truth(truth, each)))[0]
        yield stack, (start, sam, best, *(psnr - start for psnr, _ in found), limit - start, found[-1][1])


def mixed(cubes: Sequence[np.ndarray], view: View, excess: np.ndarray) -> np.ndarray:
    """Return the mix of cubes (H, W, B) for excess (members, components + 1)."""
    nothing = np.full(len(cubes), np.nan)
    return mix(cubes, view.basis, Evidence(excess, nothing, nothing, nothing))[0]


def weights_of_truth(truth: np.ndarray, cubes: Sequence[np.ndarray]) -> np.ndarray:
    """Return the weights (members,) on the simplex of the lowest squared error against the truth (H, W, B)."""
    errors = np.stack([np.ravel(cube - truth) for cube in cubes]).astype(np.float64)
    inner = errors @ errors.T
    power = np.diag(inner)
    apart = np.maximum(power[:, None] + power - 2 * inner, 0)
    return best_weights((power - power[0]) / np.maximum(apart[0], np.finfo(float).tiny), apart)


def blended(cubes: Sequence[np.ndarray], weights: np.ndarray) -> np.ndarray:
    """Return the sum of cubes (H, W, B) times their weights."""
    return sum(np.float32(weight) * cube for weight, cube in zip(weights, cubes, strict=True))


def scores(truth: np.ndarray, cube: np.ndarray) -> tuple[float, float]:
    """Return (mean of the bands' PSNR dB, mean SAM deg)."""
    found = maps(truth, cube)
    return float(np.mean(found.psnr)), float(np.nanmean(found.sam))


if __name__ == "__main__":
    main()
