"""Measure what mossfuse-c's held-out pixels choose against what the truth would, on lattices of real scenes.

    python docs/measure/choice_of_mossfuse_c.py --mirror FOLDER            # prints
    python docs/measure/choice_of_mossfuse_c.py --mirror FOLDER --write    # and writes docs/evidence/mossfuse-c-choice

A row is one sampling lattice at ratio 32: the amount of the network that held-out LR pixels want, what is left of it after the rule's margin, the
amount with the highest PSNR, and the gains of the three over nsgp. CAVE scenes of 512 pixels are averaged over 2 x 2.
"""

import logging
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

import torch  # noqa: E402
from recording import options, record  # noqa: E402

from mossfuse.constrained.blend import Blend, choose_blend  # noqa: E402
from mossfuse.constrained.initial_estimates import InitialEstimate  # noqa: E402
from mossfuse.constrained.null_space_fit import FitSettings, fit_null_space  # noqa: E402
from mossfuse.constrained.pixel_trunk import PixelNetworks, PixelTrunk, input_count  # noqa: E402
from mossfuse.constrained.scene import held_out_parts, null_matrix  # noqa: E402
from mossfuse.datasets import find_dataset  # noqa: E402
from mossfuse.degradations import degrade, find_degradation, load_srf  # noqa: E402
from mossfuse.degradations.replicates import lattices  # noqa: E402
from mossfuse.devices import seeded  # noqa: E402
from mossfuse.estimation.sensor import estimate_without_stripes  # noqa: E402
from mossfuse.methods import find_method  # noqa: E402
from mossfuse.metrics.pixel_maps import maps  # noqa: E402
from mossfuse.protocol import Observation  # noqa: E402

CASES = (("cave-half", "balloons", False, 4),)
AMOUNTS = np.linspace(0, 1, 21)
HEAD = (
    "data",
    "scene",
    "lattice",
    "nsgp_psnr",
    "wanted",
    "evidence",
    "amount",
    "best",
    "gain",
    "gain_wanted",
    "gain_best",
    "gain_quarter",
)
logger = logging.getLogger("choice_of_mossfuse_c")


def main() -> None:
    """Fit every pair, print what is measured and, where asked, write it."""
    chosen = options(__doc__).parse_args()
    torch.set_num_threads(1)
    rows = []
    for facts, truth, pair in pairs(chosen.mirror):
        rows.append((*facts, *measure(truth, pair)))
        logger.info("%s", "  ".join(rows[-1]))
    if chosen.write:
        record(
            "mossfuse-c-choice",
            "lattices",
            HEAD,
            rows,
            "docs/measure/choice_of_mossfuse_c.py --mirror FOLDER --write",
            code=("mossfuse-c",),
            threads=1,
        )


def pairs(mirror: Path) -> Iterator[tuple[tuple[str, str, str], np.ndarray, Observation]]:
    """Yield ((data, scene, lattice), truth, blind pair)."""
    for dataset, scene, halved, count in CASES:
        cube, wavelengths = find_dataset(dataset)[1].read(scene, "/nonexistent", [str(mirror)])
        if halved:
            cube = cube.reshape(len(cube) // 2, 2, cube.shape[1] // 2, 2, -1).mean((1, 3))
        truth = np.ascontiguousarray(cube, np.float32)
        for degradation in lattices(find_degradation("x32-gauss31s2-nikond700"), count):
            srf = load_srf(degradation.srf, wavelengths, [str(mirror)])
            pair = degrade(truth, degradation, srf, scene=scene, wavelengths=wavelengths)
            row, col = degradation.phase
            yield (dataset, scene, f"{row}x{col}"), truth, replace(pair, sensor=pair.sensor.restricted_to({"phase"}))


def measure(truth: np.ndarray, pair: Observation) -> tuple[str, ...]:
    """Return the row of a pair from its nsgp_psnr on."""
    start, network, choice = fit(pair)

    def psnr(amount: float) -> float:
        return float(np.mean(maps(truth, start + np.float32(amount) * (network - start)).psnr))

    found = [psnr(amount) for amount in AMOUNTS]
    gains = [value - found[0] for value in (psnr(choice.amount), psnr(choice.wanted), max(found), psnr(0.25))]
    best = AMOUNTS[int(np.argmax(found))]
    facts = (f"{found[0]:.3f}", f"{choice.wanted:.2f}", f"{choice.evidence:.2f}", f"{choice.amount:.3f}", f"{best:.2f}")
    return (*facts, *(f"{gain:.3f}" for gain in gains))


def fit(pair: Observation) -> tuple[np.ndarray, np.ndarray, Blend]:
    """Return (nsgp's cube, the cube with the whole network, the choice): the steps of mossfuse.constrained.scene.fuse_pair."""
    params = dict(find_method("mossfuse-c")[0].params)
    folds, width, name = params.pop("folds"), params.pop("width"), params.pop("start")
    observation, sensor, facts = estimate_without_stripes(pair)
    first = InitialEstimate(name, observation, sensor, 0, "cpu", facts["unseen"])
    count = len(first.low_hsi)
    unseen = held_out_parts(count, folds, 0)
    parts = [first.part(~fold) for fold in unseen]
    targets = np.stack([part.target for part in parts])
    null = np.stack([null_matrix(part.gain, first.srf) for part in parts])
    with seeded(0):
        networks = PixelNetworks(len(parts), input_count(first.msi.shape[2]), width, observation.hsi.shape[2])
    trunk = PixelTrunk(networks, first.msi, first.operator, statistics=None, device="cpu")
    looks = fit_null_space(trunk, targets, ~unseen, null, FitSettings(**params), seed=0, scale=None)
    own = unseen.argmax(0), np.arange(count)
    choice = choose_blend(first.part().residual, [targets[own] - look.held_out for look in looks])
    look, start = looks[choice.index], first.cube()
    with torch.no_grad():
        torch._foreach_copy_(list(trunk.networks.parameters()), look.weights)
        network = trunk.everywhere(look.outer)
    return start, first.apply_change(start, network - start), choice


if __name__ == "__main__":
    main()
