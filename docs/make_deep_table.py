"""Turn a finished run into the tables of docs/deep.md: python docs/make_deep_table.py RESULTS CONVENTION [CHECKPOINTS].

The first table has one row per method and degradation: PSNR over seeds and scenes (median, lowest and highest), means of SAM
and SSIM, learned values, steps and processor seconds of one fusing, training seconds where CHECKPOINTS holds a training. The
second one follows the curves of the saved cubes: PSNR after a quarter, half, three quarters and all of the time of the fit,
and how many dB the last quarter still gained per processor minute.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

SHARES = (0.25, 0.5, 0.75, 1.0)


def main(results, convention, checkpoints=None):
    results = Path(results)
    runs = [json.loads(path.read_text()) for path in sorted(results.glob("*/*/*/*/seed*/run.json"))]
    runs = [run for run in runs if run["status"] == "ok"]
    scores = pd.read_csv(results / "metrics.csv")
    scores = scores[scores["convention"] == convention]
    lines = [*quality(scores, runs, checkpoints), "", *curves(results, scores), "", provenance(runs, convention)]
    sys.stdout.write("\n".join(lines) + "\n")


def quality(scores, runs, checkpoints):
    yield "| ratio | method | runs | PSNR median (range) | mean | SAM | SSIM | learned values | steps | CPU s | training s |"
    yield "|---" * 11 + "|"
    for (dataset, degradation, method), rows in scores.groupby(["dataset", "degradation", "method"], sort=False):
        own = [r for r in runs if (r["dataset"], r["degradation"], r["method"]) == (dataset, degradation, method)]
        psnr, sam, ssim = (rows.loc[rows["metric"] == metric, "value"] for metric in ("psnr", "sam", "ssim"))
        spread = f" ({psnr.min():.2f} to {psnr.max():.2f})" if len(psnr) > 1 else ""
        notes = own[0]["notes"]
        trained = training_seconds(checkpoints, dataset, degradation, method)
        cells = [
            degradation.partition("-")[0], f"`{method}`", str(len(own)), f"{psnr.median():.2f}{spread}", f"{psnr.mean():.2f}",
            f"{sam.mean():.2f}", f"{ssim.mean():.4f}", count(notes.get("parameters")), count(notes.get("iterations")),
            f"{np.mean([r['cpu_seconds'] for r in own]):.1f}", f"{trained:.0f}" if trained else "-",
        ]  # fmt: skip
        yield f"| {' | '.join(cells)} |"


def count(value):
    return "-" if value is None else f"{value:,}"


def training_seconds(checkpoints, *place):
    """Mean seconds of a row's trainings; None where it has none."""
    records = sorted(Path(checkpoints, *place).glob("seed*/train.json")) if checkpoints else []
    return np.mean([json.loads(path.read_text())["cpu_seconds"] for path in records]) if records else None


def curves(results, scores):
    yield f"| ratio | method | {' | '.join(f'{share:.0%}' for share in SHARES)} | last quarter, dB a CPU minute |"
    yield "|---" * (3 + len(SHARES)) + "|"
    for (dataset, degradation, method), _ in scores.groupby(["dataset", "degradation", "method"], sort=False):
        for path in sorted((results / dataset / degradation / method).glob("*/seed*/curve.csv"))[:1]:
            curve = pd.read_csv(path)
            end = curve["cpu_seconds"].iloc[-1]
            psnr = [float(np.interp(share * end, curve["cpu_seconds"], curve["psnr"])) for share in SHARES]
            slope = (psnr[-1] - psnr[-2]) / (end / 60 / 4)
            # before its first saved cube a fit has no cube: its sensor is still being fitted
            known = [f"{v:.2f}" if share * end >= curve["cpu_seconds"].iloc[0] else "-" for share, v in zip(SHARES, psnr, strict=True)]  # fmt: skip
            yield f"| {degradation.partition('-')[0]} | `{method}` | {' | '.join(known)} | {slope:+.2f} |"


def provenance(runs, convention):
    commits = sorted({f"{run['commit'][:10]}{' (changed)' if run['dirty'] else ''}" for run in runs})
    machines = sorted({f"{run['device_name']}, {run['threads']} thread" for run in runs})
    return f"Convention `{convention}`; curves of the first seed; commit {', '.join(commits)}; {', '.join(machines)}."


if __name__ == "__main__":
    main(*sys.argv[1:])
