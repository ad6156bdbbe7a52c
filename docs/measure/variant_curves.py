"""Draw the curves of finished trainings against the truth: python docs/measure/variant_curves.py CONFIG OUT.png.

Every row of CONFIG (run before, with keep_every in its training settings) has saved weights of intermediate steps. Each is
used to fuse the scored pairs, outside of the method, and scored against their truth (std1). Writes OUT.png and beside
it OUT.csv: dataset, method, step, PSNR, SAM, means over scenes.
"""

import sys
from functools import partial
from pathlib import Path

import matplotlib
import pandas as pd
import torch

matplotlib.use("Agg")
import matplotlib.pyplot as plt

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

METRICS = {"psnr": "PSNR (dB)", "sam": "SAM (degrees)"}
COLOURS = ("#69707a", "#4c72b0", "#c44e52")


def main(config, out):
    torch.set_num_threads(1)
    settings = read_settings(config)
    grid = Grid(settings)
    table = pd.DataFrame(row for block in grid.blocks for row in scores(grid, settings, block))
    table.to_csv(Path(out).with_suffix(".csv"), index=False, float_format="%.4f")
    draw(grid, table, out)


def scores(grid, settings, block):
    """Yield one row per kept iterate, and one for bicubic at step 0: means over the block's scenes."""
    (degradation,), (seed,) = block.degradations, block.seeds
    paths = Paths.of(settings)
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
        unfinished = paths.training(block.label, degradation, name, seed).resume
        for step, weights in track(find_iterates(unfinished.weights).items(), f"{block.label}, {name}"):
            yield means(name, step, partial(method.fuse, checkpoint=weights))


def draw(grid, table, out):
    """Draw one row of panels per dataset, one column per metric, and bicubic as a dotted line."""
    figure, axes = plt.subplots(len(grid.blocks), len(METRICS), figsize=(7.2, 2.5 * len(grid.blocks)), squeeze=False)
    for line, block in zip(axes, grid.blocks, strict=True):
        rows = table[table["dataset"] == block.label].groupby("method", sort=False)
        for ax, (metric, label) in zip(line, METRICS.items(), strict=True):
            for colour, (name, curve) in zip(COLOURS, rows, strict=False):
                if name == "bicubic":
                    ax.axhline(curve[metric].item(), color=colour, linestyle=":", linewidth=1, label=name)
                else:
                    ax.plot(
                        curve["step"], curve[metric], color=colour, label=name, marker=".", markersize=3, linewidth=1.2
                    )
            ax.set(xlabel="step", ylabel=label)
            ax.spines[["top", "right"]].set_visible(False)
            ax.grid(color="#d9dde2", linewidth=0.6)
        line[0].set_title(block.label, fontsize=9, loc="left")
        line[-1].legend(frameon=False, fontsize=7, loc="lower right", bbox_to_anchor=(1, 1), ncols=3, borderaxespad=0)
    figure.tight_layout()
    figure.savefig(out, dpi=100)


if __name__ == "__main__":
    main(*sys.argv[1:])
