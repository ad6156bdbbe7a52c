"""MossFuse-c beside its starts, as Markdown: python docs/make_constrained_table.py RESULTS [START:ROW ...].

Reads RESULTS/metrics.csv (convention std1) and the notes of every run.json. One line per scene and row: mean PSNR and SAM
over the seeds of the start and of the row, their difference and its least over the seeds, the held-out LR residual of the
start and of what was chosen (mean over the seeds), and per seed the amount of the network and the step.
"""

import json
import sys
from pathlib import Path

import pandas as pd

PAIRS = ("ridge-dc:mossfuse-c-ridge", "nsgp:mossfuse-c")


def main(results, *pairs):
    results = Path(results)
    runs = [json.loads(path.read_text()) for path in sorted(results.glob("*/*/*/*/seed*/run.json"))]
    table = pd.read_csv(results / "metrics.csv")
    table = table[(table["convention"] == "std1") & table["metric"].isin(["psnr", "sam"])]
    values = table.set_index(["dataset", "degradation", "scene", "method", "seed", "metric"])["value"].to_dict()
    out = [
        "| dataset, ratio | scene | row | start | with f | difference (least) | held-out residual, start to choice | amount (step) |",
        "|---" * 8 + "|",
    ]
    losses = []
    for first, row in (pair.split(":") for pair in pairs or PAIRS):
        scenes = dict.fromkeys((r["dataset"], r["degradation"], r["scene"]) for r in runs if r["method"] == row)
        for scene in scenes:
            of = {
                name: {
                    r["seed"]: r
                    for r in runs
                    if r["method"] == name and (r["dataset"], r["degradation"], r["scene"]) == scene
                }
                for name in (first, row)
            }
            seeds = sorted(of[row])
            beside = {
                seed: seed if seed in of[first] else min(of[first]) for seed in seeds
            }  # one run where no seed matters
            start, found = (
                {m: [values[*scene, name, which[s], m] for s in seeds] for m in ("psnr", "sam")}
                for name, which in ((first, beside), (row, {s: s for s in seeds}))
            )
            gain = [b - a for a, b in zip(start["psnr"], found["psnr"], strict=True)]
            losses.append((mean(gain), scene, row))
            notes = [of[row][seed]["notes"] for seed in seeds]
            held = [1e3 * mean([note[key] for note in notes]) for key in ("held_out_start", "held_out_chosen")]
            amounts = ", ".join(f"{n['amount']:.2f} ({n['step']})" if n["amount"] else "start" for n in notes)
            cells = [
                f"{scene[0]}, x{scene[1].split('-')[0][1:]}", scene[2], row,
                f"{mean(start['psnr']):.2f} / {mean(start['sam']):.2f}", f"{mean(found['psnr']):.2f} / {mean(found['sam']):.2f}",
                f"{mean(gain):+.2f} ({min(gain):+.2f})", f"{held[0]:.2f} to {held[1]:.2f}", amounts,
            ]  # fmt: skip
            out.append("| " + " | ".join(cells) + " |")
    rows = {pair.split(":")[1] for pair in pairs or PAIRS}
    used = [r for r in runs if r["method"] in rows]
    commits = sorted({f"{r['commit'][:10]}{' (changed)' if r['dirty'] else ''}" for r in runs})
    machines = sorted({f"{r['device_name']}, {r['threads']} thread" for r in runs})
    seconds = [r["cpu_seconds"] for r in used]
    least = min(losses)
    out.append(
        f"\nPSNR dB / SAM degrees, convention `std1`, mean over seeds {sorted({r['seed'] for r in used})}; residuals in 1e-3 of full "
        f"scale; commit {', '.join(commits)}; {', '.join(machines)}. CPU seconds of a run, start included: {min(seconds):.1f} to "
        f"{max(seconds):.1f}, mean {mean(seconds):.1f}. Least mean difference: {least[0]:+.2f} dB ({least[1][2]}, {least[2]})."
    )
    sys.stdout.write("\n".join(out) + "\n")


def mean(values):
    return sum(values) / len(values)


if __name__ == "__main__":
    main(*sys.argv[1:])
