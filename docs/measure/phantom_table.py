"""Write docs/phantom_statistics.csv: median, least and greatest of each statistic over 9 scenes x seeds 0 and 1.

python docs/measure/phantom_table.py [--cave]

--cave writes the statistics of two CAVE scenes at 256 px instead, to docs/evidence/phantom-statistics: balloons as distributed at half size, and
chart_and_stuffed_toy averaged 2 x 2. Both have to be in a folder of MOSSFUSE_MIRRORS.
"""

import csv
import sys
import tempfile
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


def cave():
    """Return statistic -> (value of balloons, value of the chart)."""
    from mossfuse.datasets import find_dataset
    from mossfuse.remote.download import mirror_folders

    mirrors, found = mirror_folders([]), []
    for name, scene in (("cave-half", "balloons"), ("cave", "chart_and_stuffed_toy")):
        with tempfile.TemporaryDirectory() as folder:
            module = find_dataset(name)[1]
            module.obtain([scene], Path(folder), mirrors)
            cube = np.asarray(module.read(scene, Path(folder), mirrors)[0], np.float64)
        if len(cube) == 512:
            cube = cube.reshape(256, 2, 256, 2, -1).mean((1, 3))
        found.append(scene_statistics(cube))
    return {name: (found[0][name], found[1][name]) for name in found[0]}


def write_cave():
    from recording import record

    rows = [(name, f"{a:.4g}", f"{b:.4g}") for name, (a, b) in cave().items()]
    head = ("statistic", "balloons", "chart")
    record(
        "phantom-statistics",
        "cave",
        head,
        rows,
        "docs/measure/phantom_table.py --cave",
        code=("mossfuse.datasets.phantom.statistics",),
    )


if __name__ == "__main__" and "--cave" in sys.argv:
    write_cave()
elif __name__ == "__main__":
    columns = {size: measure(size) for size in SIZES}
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["statistic"] + [f"{what}_{size}px" for size in SIZES for what in ("median", "min", "max")])
        for name in columns[SIZES[0]]:
            row = [f(columns[size][name]) for size in SIZES for f in (np.median, np.min, np.max)]
            writer.writerow([name] + [f"{value:.4g}" for value in row])
