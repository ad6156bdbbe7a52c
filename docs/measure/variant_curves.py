"""Score the intermediate weights of finished trainings: python docs/measure/variant_curves.py CONFIG.

Every row of CONFIG (run before, with keep_every in its training settings) has saved weights of intermediate steps. Each is
used to fuse the scored pairs, outside of the method, and scored against their truth (std1). Writes weights.csv (dataset, method, step, PSNR,
SAM, means over scenes) to docs/evidence, to the folder named like CONFIG; docs/measure/tables.py draws the figure.
"""

import sys
from functools import partial
from pathlib import Path

import pandas as pd
import torch

from mossfuse.benchmark.data.pairs import read_pair
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.paths import Paths
from mossfuse.benchmark.plan.settings import read_settings
from mossfuse.files import read_cube
from mossfuse.methods import find_method
from mossfuse.methods import mossfuse as method
from mossfuse.metrics import score
from mossfuse.progress import track
from mossfuse.training.loop import find_iterates

METRICS = ("psnr", "sam")
EVIDENCE = Path(__file__).resolve().parents[1] / "evidence"


def main(config):
    torch.set_num_threads(1)
    settings = read_settings(config)
    grid = Grid(settings)
    paths = Paths.of(settings)
    table = pd.DataFrame(row for block in grid.blocks for row in scores(grid, paths, block))
    out = EVIDENCE / Path(config).stem / "weights.csv"
    out.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(out, index=False, float_format="%.4f", lineterminator="\n")


def scores(grid, paths, block):
    """Yield one row per kept iterate, and one for bicubic at step 0: means over the block's scenes."""
    (degradation,), (seed,) = block.degradations, block.seeds
    scenes = [
        (
            read_pair(paths.pair(block.label, degradation, scene), knows=frozenset({"phase"})),
            read_cube(paths.scene(block.label, scene))[0],
        )
        for scene in block.scenes
    ]

    def means(name, step, fuse):
        values = pd.DataFrame(score(truth, fuse(pair).cube, pair.ratio) for pair, truth in scenes).mean()
        return {"dataset": block.label, "method": name, "step": step, **{metric: values[metric] for metric in METRICS}}

    yield means("bicubic", 0, find_method("bicubic")[1].fuse)
    for name in (name for name in block.methods if grid.rows[name].trained_here):
        kept = find_iterates(paths.training(block.label, degradation, name, seed).weights)
        for step, weights in track(kept.items(), f"{block.label}, {name}"):
            yield means(name, step, partial(method.fuse, checkpoint=weights))


if __name__ == "__main__":
    main(*sys.argv[1:])
