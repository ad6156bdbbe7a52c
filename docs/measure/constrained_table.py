"""Print the table of MossFuse-c and its initial estimates as Markdown: python docs/measure/constrained_table.py RESULTS [START:ROW ...].

Reads the record (with its notes) and the scores of every cell under RESULTS, convention std1; an unfinished run gives the cells that are there. One line per scene and row: mean PSNR and SAM over the seeds of the start and of the row, their mean and least
difference, the held-out LR residual of the start and of what was chosen, and per seed the amount of the network and the step.
"""

import json
import sys
from pathlib import Path

import pandas as pd

from mossfuse.benchmark.plan.paths import Paths
from mossfuse.methods import find_method

PAIRS = ("ridge-dc:mossfuse-c-ridge", "nsgp:mossfuse-c")
HEAD = (
    "dataset, ratio",
    "scene",
    "row",
    "seeds",
    "start",
    "with f",
    "difference (least)",
    "held-out residual, start to choice",
    "amount (step)",
)


def main(results, *pairs):
    cells = {}
    for _, files in Paths(results=Path(results)).cells_with("score"):
        run = json.loads(files.run.read_text(encoding="utf-8"))
        scores = pd.read_csv(files.score)
        scores = scores[(scores["convention"] == "std1") & scores["metric"].isin(["psnr", "sam"])]
        key = run["dataset"], run["degradation"], run["scene"], run["method"], run["seed"]
        cells[key] = run | scores.set_index("metric")["value"].to_dict()
    out = ["| " + " | ".join(HEAD) + " |", "|---" * len(HEAD) + "|"]
    used, gains = {}, []
    for first, row in (pair.split(":") for pair in pairs or PAIRS):
        for scene in dict.fromkeys(key[:3] for key in cells if key[3] == row):
            seeds = sorted(key[4] for key in cells if key[:4] == (*scene, row))
            beside = {seed: (*scene, first, seed if find_method(first)[0].stochastic else 0) for seed in seeds}
            seeds = [seed for seed in seeds if beside[seed] in cells]
            if not seeds:
                continue
            start, found = [cells[beside[s]] for s in seeds], [cells[(*scene, row, s)] for s in seeds]
            used |= {beside[s]: 0 for s in seeds} | {(*scene, row, s): 1 for s in seeds}
            gain = [b["psnr"] - a["psnr"] for a, b in zip(start, found, strict=True)]
            gains.append((mean(gain), scene[0], scene[2], row))
            notes = [cell["notes"] for cell in found]
            held = [1e3 * mean([note[key] for note in notes]) for key in ("held_out_start", "held_out_chosen")]
            line = [
                f"{scene[0]}, {scene[1].split('-')[0]}", scene[2], row, ", ".join(map(str, seeds)), scores_of(start), scores_of(found),
                f"{mean(gain):+.2f} ({min(gain):+.2f})", f"{held[0]:.2f} to {held[1]:.2f}",
                ", ".join(f"{n['amount']:.2f} ({n['step']})" if n["amount"] else "start" for n in notes),
            ]  # fmt: skip
            out.append("| " + " | ".join(line) + " |")
    runs = [cells[key] for key in used]
    commits = sorted({f"{r['commit'][:10]}{' (changed)' if r['dirty'] else ''}" for r in runs})
    machines = sorted({f"{r['device_name']}, {r['threads']} thread" for r in runs})
    seconds = [cells[key]["cpu_seconds"] for key, ours in used.items() if ours]
    least, most = min(gains), max(gains)
    out.append(
        f"\nPSNR dB / SAM degrees, convention `std1`, mean over the seeds; residuals in 1e-3 of full scale; commit {', '.join(commits)}; "
        f"{', '.join(machines)}. CPU seconds of a run, start included: {min(seconds):.1f} to {max(seconds):.1f}, mean {mean(seconds):.1f}. "
        f"Mean differences from {least[0]:+.2f} dB ({', '.join(least[1:])}) to {most[0]:+.2f} dB ({', '.join(most[1:])})."
    )
    sys.stdout.write("\n".join(out) + "\n")


def scores_of(cells):
    """Return mean PSNR / SAM as text."""
    return " / ".join(f"{mean([cell[metric] for cell in cells]):.2f}" for metric in ("psnr", "sam"))


def mean(values):
    return sum(values) / len(values)


if __name__ == "__main__":
    main(*sys.argv[1:])
