"""Write docs/phantom_statistics.csv: median, least and greatest of each statistic over 9 scenes x seeds 0 and 1.

python docs/measure/phantom_table.py
"""

import csv
from pathlib import Path

import numpy as np

from mossfuse.datasets.phantom import DATASET, read
from mossfuse.datasets.phantom.statistics import scene_statistics
from mossfuse.progress import track

TABLE = Path(__file__).parents[1] / "phantom_statistics.csv"
SIZES, SEEDS = (128, 256), (0, 1)


def measure(size):
    """Return statistic -> values over all scenes and seeds."""
    cells = [(scene, seed) for scene in DATASET.scenes for seed in SEEDS]
    found = [
        scene_statistics(read(scene, None, [], size=size, seed=seed)[0]) for scene, seed in track(cells, f"{size} px")
    ]
    return {name: np.array([values[name] for values in found]) for name in found[0]}


if __name__ == "__main__":
    columns = {size: measure(size) for size in SIZES}
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["statistic"] + [f"{what}_{size}px" for size in SIZES for what in ("median", "min", "max")])
        for name in columns[SIZES[0]]:
            row = [f(columns[size][name]) for size in SIZES for f in (np.median, np.min, np.max)]
            writer.writerow([name] + [f"{value:.4g}" for value in row])
