"""Turn a finished run into the small Markdown table that is committed: python docs/measure/results_table.py RESULTS CONVENTION.

Reads the table of scores below RESULTS and the record of every cell; prints one row per method and degradation with the mean over scenes and
seeds (with the PSNR's standard deviation between several seeds), the CPU seconds of fusing, and below the table the commit and the processor it was measured on.
"""

import json
import sys
from pathlib import Path

import pandas as pd

from mossfuse.benchmark.plan.paths import Paths

METRICS = {"psnr": "PSNR dB", "sam": "SAM deg", "ssim": "SSIM", "ergas": "ERGAS"}


def main(results, convention):
    paths = Paths(results=Path(results))
    runs = [json.loads(files.run.read_text(encoding="utf-8")) for _, files in paths.cells_with("run")]
    cpu = pd.DataFrame(runs).groupby(["dataset", "degradation", "method"])["cpu_seconds"].mean()
    table = pd.read_csv(paths.metrics)
    table = table[(table["convention"] == convention) & table["metric"].isin(METRICS)]
    keys = ["dataset", "degradation", "method"]
    means = table.pivot_table(index=keys, columns="metric", values="value", sort=False)[list(METRICS)]
    means["cpu"] = cpu
    psnr = table[table["metric"] == "psnr"].groupby([*keys, "seed"])["value"].mean()
    means["between"] = psnr.groupby(keys).std()
    out = [
        f"| dataset | degradation | method | {' | '.join(METRICS.values())} | CPU s |",
        "|---" * (4 + len(METRICS)) + "|",
    ]
    for key, row in means.iterrows():
        figures = [
            f"{row['psnr']:.2f}" + (f" ± {row['between']:.2f}" if pd.notna(row["between"]) else ""),
            f"{row['sam']:.2f}",
            f"{row['ssim']:.4f}",
            f"{row['ergas']:.3f}",
            f"{row['cpu']:.2f}",
        ]
        out.append("| " + " | ".join([*key, *figures]) + " |")
    commits = sorted({f"{r['commit'][:10]}{' (changed)' if r['dirty'] else ''}" for r in runs})
    machines = sorted({f"{r['device_name']}, {r['threads']} thread" for r in runs})
    seeds = sorted({r["seed"] for r in runs})
    out.append(f"\nConvention `{convention}`; seeds {seeds}; commit {', '.join(commits)}; {', '.join(machines)}.")
    sys.stdout.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
