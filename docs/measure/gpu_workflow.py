"""Tell from the records of a workflow's cells how fast fits shared a GPU, and whether they end where the CPU's end.

    python docs/measure/gpu_workflow.py --method pixel-mlp [--save] [--cpu RESULTS] WORDS=RESULTS ...

WORDS say how the cells of a folder ran, such as 'through MPS'. The first table has a row for each folder, data set and ratio: how many fits shared the
GPU, the time of a fit, and the time from the first start to the last end divided by the number of cells, which is what sharing is for.
The second compares the scores of the cells that the folder of --cpu has too; of a cell in several folders the
last one counts. A third says of how many such cells the cubes have the same bytes. --save writes docs/evidence/gpu-workflow, gpu-twice and gpu-cells, and docs/gpu.md.
"""

import argparse
import json
import sys
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from gpu_check import fill_page  # noqa: E402
from recording import record  # noqa: E402

from mossfuse.benchmark.plan.paths import CellFiles  # noqa: E402

PACE = ["cells of the workflow", "ratio", "fits on the GPU", "s a fit, median", "s a cell, all together"]
SCORES = [
    "dataset",
    "degradation",
    "cells",
    "PSNR, GPU - CPU, mean",
    "largest",
    "SAM, GPU / CPU, mean",
    "pairs with the same bytes",
]
TWICE = ["cells that ran on two machines, one way and the other", "cubes with the same bytes"]
PLACE = ["dataset", "degradation", "scene", "seed"]


def records(results: str, method: str) -> pd.DataFrame:
    """Return a line for every scored cell of a method: where it belongs, when it ran, and its scores."""
    lines = []
    for files in map(CellFiles, sorted(Path(results).glob(f"*/*/{method}/*/seed*"))):
        if not (files.run.exists() and files.score.exists()):
            continue
        run = json.loads(files.run.read_text(encoding="utf-8"))
        if run["status"] != "ok":
            continue
        score = pd.read_csv(files.score)
        score = score[score["convention"] == "std1"].set_index("metric")["value"]
        lines.append(
            {
                **{name: run[name] for name in PLACE},
                "ratio": run["pair"]["degradation"]["ratio"],
                "base": run["degradation"].split("-phase")[0],
                "fits": run.get("fits_per_gpu", 1),
                "seconds": run["seconds"],
                "started": pd.Timestamp(run["started"]),
                "pair": run["pair_read"],
                "about": f"{run['device_name']}, driver {run['driver']}",
                "commit": run["commit"],
                "versions": run["versions"],
                "output": run["output"],
                "psnr": score["psnr"],
                "sam": score["sam"],
            }
        )
    return pd.DataFrame(lines)


def pace(words: str, cells: pd.DataFrame) -> list[list[str]]:
    """Return the rows of the first table for one folder."""
    rows = []
    for (dataset, ratio), group in cells.groupby(["dataset", "ratio"], sort=False):
        if len(group) <= group["fits"].max():  # they never filled the GPU
            continue
        end = (group["started"] + pd.to_timedelta(group["seconds"], unit="s")).max()
        span = (end - group["started"].min()).total_seconds()
        median = group["seconds"].median()
        rows.append(
            [
                f"{len(group)} of {dataset}, {words}",
                f"{ratio}",
                f"{group['fits'].max()}",
                f"{median:.3g}",
                f"{span / len(group):.3g}",
            ]
        )
    return rows


def compared(cells: pd.DataFrame, cpu: pd.DataFrame) -> list[list[str]]:
    """Return the rows of the second table: cells that both have, by data set and degradation."""
    both = cells.drop_duplicates(PLACE, keep="last").merge(cpu, on=PLACE, suffixes=("", " cpu"))
    rows = []
    for (dataset, base), group in both.groupby(["dataset", "base"], sort=False):
        gain = group["psnr"] - group["psnr cpu"]
        ratio = (group["sam"] / group["sam cpu"]).mean()
        same = f"{(group['pair'] == group['pair cpu']).sum()} of {len(group)}"
        largest = gain[gain.abs().idxmax()]
        rows.append(
            [dataset, base, f"{len(group)}", f"{gain.mean():+.3f} dB", f"{largest:+.3f} dB", f"x{ratio:.4f}", same]
        )
    return rows


def twice(cells: pd.DataFrame) -> list[list[str]]:
    """Return the row of the third table: cells that several folders have, and how many of them have one cube to the byte."""
    kinds = cells.groupby(PLACE)["output"].agg(["size", "nunique"])
    kinds = kinds[kinds["size"] > 1]
    return [[f"{len(kinds)}", f"{(kinds['nunique'] == 1).sum()}"]] if len(kinds) else []


def main() -> None:
    """Read the folders, print the tables, and write them where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", metavar="WORDS=RESULTS")
    parser.add_argument("--method", required=True)
    parser.add_argument("--cpu", metavar="RESULTS", help="the same cells, run on a CPU")
    parser.add_argument("--save", action="store_true", help="write the evidence and docs/gpu.md")
    options = parser.parse_args()
    named = {
        words: records(folder, options.method)
        for words, _, folder in (text.rpartition("=") for text in options.folders)
    }
    everything = pd.concat(named.values())
    tables = {"workflow": (PACE, [row for words, cells in named.items() for row in pace(words, cells)])}
    if again := twice(everything):
        tables["twice"] = (TWICE, again)
    if options.cpu:
        tables["cells"] = (SCORES, compared(everything, records(options.cpu, options.method)))
    for name, (head, rows) in tables.items():
        sys.stdout.write("".join(f"| {' | '.join(line)} |\n" for line in [head, ["---"] * len(head), *rows]) + "\n")
        if options.save:
            make = f"docs/measure/gpu_workflow.py --save --method {options.method}{' --cpu RESULTS' * (name == 'cells')} WORDS=RESULTS"
            commits = sorted(set(everything["commit"]))
            first = everything.iloc[0]
            record(
                f"gpu-{name}", name, head, rows, make, device=first["about"], ran_at=commits, ran_with=first["versions"]
            )
    if options.save:
        fill_page()


if __name__ == "__main__":
    main()
