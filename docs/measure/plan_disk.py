"""Compare the disk that `mossfuse plan` foresees with what a run takes, on the scenes of config/cave-x32.yaml's kind that the mirrors hold.

    MOSSFUSE_MIRRORS=... python docs/measure/plan_disk.py --save        # to docs/evidence/plan-disk

Each grid has the degradation of config/cave-x32.yaml, its two rows without training, the clock on one scene, pictures and the report. The plan is made in the empty folder; then
the grid runs and every byte that the disk gives to the folder is counted, records and logs of Snakemake included.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GRIDS = {"cave": ["chart_and_stuffed_toy"], "cave-half": ["balloons"]}
ROWS = ["bicubic", "nsgp"]
HEAD = ("dataset", "scenes", "rows", "planned, MB", "used, MB", "planned / used")


def configuration(dataset: str, scenes: list[str]) -> dict:
    """Return the configuration of one grid."""
    entry = {"dataset": dataset, "degradations": ["x32-gauss31s2-nikond700"], "methods": ROWS, "scenes": scenes}
    return {"name": "disk", "grid": [entry], "timing": {"scenes": 1, "repeats": 1}}


def planned() -> float:
    """Return the bytes that the plan of the current folder's configuration foresees."""
    from mossfuse.benchmark.plan.disk import disk_need
    from mossfuse.benchmark.plan.downloads import downloads
    from mossfuse.benchmark.plan.grid import Grid
    from mossfuse.benchmark.plan.jobs import jobs_of
    from mossfuse.benchmark.plan.paths import Paths
    from mossfuse.benchmark.plan.settings import read_settings
    from mossfuse.remote.download import mirror_folders

    grid = Grid(read_settings("config.yaml"))
    paths = Paths.of(grid.config)
    needs = disk_need(grid, jobs_of(grid, paths), downloads(grid, paths, mirror_folders(grid.config["mirrors"])))
    return sum(need.total for need in needs.values())


def used(folder: Path) -> int:
    """Return the bytes that the disk gives to everything in a folder."""
    return 512 * sum(path.lstat().st_blocks for path in [folder, *folder.rglob("*")])


def main() -> None:
    """Print a row for each grid, and save them where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--save", action="store_true", help="write docs/evidence/plan-disk")
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    rows, here = [], Path.cwd()
    for dataset, scenes in GRIDS.items():
        with tempfile.TemporaryDirectory() as name:
            os.chdir(name)
            Path("config.yaml").write_text(json.dumps(configuration(dataset, scenes)), encoding="utf-8")
            foreseen = planned()
            command = [
                sys.executable,
                "-m",
                "snakemake",
                "-s",
                str(ROOT / "Snakefile"),
                "--cores",
                "1",
                "--quiet",
                "all",
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
            found = used(Path(name))
            os.chdir(here)
        rows.append((dataset, f"{len(scenes)}", ", ".join(ROWS), f"{foreseen / 1e6:.1f}", f"{found / 1e6:.1f}", f"{foreseen / found:.2f}"))  # fmt: skip
        sys.stdout.write(f"{' | '.join(rows[-1])}\n")
        sys.stdout.flush()
    if options.save:
        from recording import record

        record("plan-disk", "plan-disk", HEAD, rows, "docs/measure/plan_disk.py --save")


if __name__ == "__main__":
    main()
