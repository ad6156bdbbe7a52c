"""Print the table of a run over noise levels and draws (config/evidence/noise.yaml): python docs/measure/noise_table.py RESULTS [CONVENTION].

Reads every cell's record and scores, so that an unfinished run gives a table as well. One table per dataset: rows are methods,
columns signal-to-noise ratios of HSI and MSI; PSNR in dB / SAM in degrees, means over scenes and over the draws named in the
head. Below it the comparisons: where NSGP is worse than another row, and where a refinement is worse than what it refines, on
one scene at one level in the mean of its draws, by more than 0.05 dB or 2 % of SAM.
"""

import json
import re
import sys
from pathlib import Path

import pandas as pd

from mossfuse.benchmark.plan.paths import Paths

NSGP = "nsgp"
PAIRS = (
    ("mossfuse-released+softdc", "mossfuse-released"),
    ("mossfuse-released+softsdc", "mossfuse-released"),
    ("ridge+softdc", "ridge"),
)
DECIBELS, SHARE = 0.05, 1.02


def main(results, convention="std1"):
    cells = [
        (json.loads(files.run.read_text(encoding="utf-8")), files)
        for _, files in Paths(results=Path(results)).cells_with("run")
    ]
    runs = [run for run, _ in cells]
    table = pd.DataFrame([row for run, files in cells if (row := read_score(run, files.score, convention))])
    for dataset, part in table.groupby("dataset", sort=False):
        sys.stdout.write(f"\n### {dataset}\n\n" + "\n".join(level_table(part)) + "\n")
    sys.stdout.write("\n" + "\n".join(comparisons(table)) + "\n")
    commits = sorted({f"{r['commit'][:10]}{' (changed)' if r['dirty'] else ''}" for r in runs})
    machines = sorted({f"{r['device_name']}, {r['threads']} thread" for r in runs if r["status"] == "ok"})
    sys.stdout.write(f"\nConvention `{convention}`; commit {', '.join(commits)}; {', '.join(machines)}.\n")


def read_score(run, path, convention):
    """Return one line of the table: the cell's place, its level, its draw, PSNR and SAM; None where it has no score."""
    cell = [run[key] for key in ("dataset", "degradation", "method", "scene")]
    if run["status"] != "ok" or not path.exists():
        return None
    found = pd.read_csv(path)
    found = found[found["convention"] == convention].set_index("metric")["value"]
    level, draw = re.search(r"-snr([\d.]+-[\d.]+)(?:-noise(\d+))?", run["degradation"]).groups()
    line = dict(zip(("dataset", "degradation", "method", "scene"), cell, strict=True))
    return line | {"level": level.replace("-", "/"), "draw": int(draw or 0), "psnr": found["psnr"], "sam": found["sam"]}


def level_table(part):
    levels = sorted(part["level"].unique(), key=lambda level: -float(level.split("/")[0]))
    draws = part.groupby("level")["draw"].nunique()
    scenes = part["scene"].nunique()
    heads = [f"{level} ({draws[level]} draw{'s' if draws[level] > 1 else ''})" for level in levels]
    out = [f"| {scenes} scene{'s' if scenes > 1 else ''} | {' | '.join(heads)} |", "|---" * (len(levels) + 1) + "|"]
    means = part.groupby(["method", "level"])[["psnr", "sam"]].mean()
    for method in part["method"].unique():
        figures = [means.loc[method, level] if (method, level) in means.index else None for level in levels]
        cells = ["" if f is None else f"{f['psnr']:.2f} / {f['sam']:.2f}" for f in figures]
        out.append(f"| {method} | {' | '.join(cells)} |")
    return out


def comparisons(table):
    """Return lines of text: every violation of the two rules, or that there is none."""
    means = table.groupby(["dataset", "scene", "level", "method"])[["psnr", "sam"]].mean()
    found = {"nsgp": [], "refinement": []}
    count = 0
    for place, cell in means.groupby(level=[0, 1, 2]):
        cell = cell.droplevel([0, 1, 2])
        pairs = [(NSGP, other, "nsgp") for other in cell.index if other != NSGP and NSGP in cell.index]
        pairs += [(a, b, "refinement") for a, b in PAIRS if a in cell.index and b in cell.index]
        count += len(pairs)
        for ours, theirs, kind in pairs:
            a, b = cell.loc[ours], cell.loc[theirs]
            if a["psnr"] < b["psnr"] - DECIBELS or a["sam"] > SHARE * b["sam"]:
                change = f"{a['psnr'] - b['psnr']:+.2f} dB, SAM x {a['sam'] / b['sam']:.3f}"
                found[kind].append(f"- {place[0]}, {place[1]}, {place[2]}: {ours} against {theirs} {change}")
    out = [f"{count} comparisons (scene, level, pair of rows)."]
    out += [f"nsgp worse than another row: {len(found['nsgp']) or 'nowhere'}.", *found["nsgp"]]
    out += [f"A refinement worse than what it refines: {len(found['refinement']) or 'nowhere'}.", *found["refinement"]]
    return out


if __name__ == "__main__":
    main(*sys.argv[1:])
