"""Draw the curves of fits to a scene against the truth: python docs/measure/deep_curves.py OUT.png RATIO RESULTS [RESULTS ...].

Reads the curves (of cubes that a method saved on its way, scored afterwards) of the first seed of every row at RATIO (such as x32)
and bicubic's score. Draws PSNR (std1) over the processor seconds of the fit; writes the values to OUT.csv.
"""

import sys
from pathlib import Path

import matplotlib
import pandas as pd

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import seaborn as sns

from mossfuse.benchmark.plan.paths import Paths

MARGIN = 10  # dB over bicubic that the project asks of every method
STEP = 0.55  # dB between two names at the right edge


def main(out, ratio, *results):
    table = pd.concat([curve for folder in results for curve in curves(Path(folder), ratio)], ignore_index=True)
    columns = ["method", "seed", "stage", "step", "cpu_seconds", "psnr", "sam"]
    table.to_csv(Path(out).with_suffix(".csv"), columns=columns, index=False, float_format="%.4f")
    draw(table, bicubic(Path(results[0]), ratio), ratio, out)


def curves(results, ratio):
    """Yield the curve of each row's first seed that has one."""
    seen = set()
    for cell, files in Paths(results=results).cells_with("curve"):
        if cell.degradation.startswith(f"{ratio}-") and cell.method not in seen:
            curve = pd.read_csv(files.curve)
            if len(curve):
                seen.add(cell.method)
                yield curve.assign(method=cell.method, seed=cell.seed)


def bicubic(results, ratio):
    cells = Paths(results=results).cells_with("score")
    (path,) = [
        f.score for c, f in cells if c.degradation.startswith(f"{ratio}-") and (c.method, c.seed) == ("bicubic", 0)
    ]
    scores = pd.read_csv(path)
    return scores[(scores["convention"] == "std1") & (scores["metric"] == "psnr")]["value"].item()


def draw(table, floor, ratio, out):
    """Draw one line per method with its name at the end; names are spread where they would overlap."""
    figure, ax = plt.subplots(figsize=(7.2, 4.6))
    ends = table.groupby("method")["psnr"].last().sort_values()
    colours = dict(zip(ends.index, sns.husl_palette(len(ends), l=0.5), strict=True))
    for name, curve in table.groupby("method"):
        ax.plot(curve["cpu_seconds"], curve["psnr"], color=colours[name], marker=".", markersize=3, linewidth=1.2)
    right = table["cpu_seconds"].max()
    height = -float("inf")
    for name, end in ends.items():
        height = max(end, height + STEP)
        last = table[table["method"] == name]["cpu_seconds"].iloc[-1]
        ax.annotate(
            name, (last, end), (right * 1.25, height), color=colours[name], fontsize=7, va="center",
            arrowprops={"arrowstyle": "-", "color": colours[name], "linewidth": 0.4, "alpha": 0.6},
        )  # fmt: skip
    ax.axhline(floor + MARGIN, color="#69707a", linestyle=":", linewidth=1)
    ax.set(
        xscale="log",
        xlabel="processor seconds of the fit (one thread)",
        ylabel="PSNR (dB)",
        title=f"balloons at half size, {ratio}",
    )
    ax.text(
        ax.get_xlim()[1],
        floor + MARGIN,
        f"bicubic + {MARGIN} dB ",
        fontsize=7,
        color="#69707a",
        va="bottom",
        ha="right",
    )
    ax.xaxis.set_major_formatter("{x:g}")
    ax.title.set(fontsize=9, ha="left", x=0)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(color="#d9dde2", linewidth=0.6)
    figure.subplots_adjust(left=0.09, right=0.78, bottom=0.11, top=0.94)
    figure.savefig(out, dpi=110)


if __name__ == "__main__":
    main(*sys.argv[1:])
