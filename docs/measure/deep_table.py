"""Turn finished cells into the tables of docs/deep.md: python docs/measure/deep_table.py RESULTS CONVENTION [CHECKPOINTS].

Reads the record, scores and curve of every scored cell, so that an interrupted run gives its table as well. The first
table has one row per method and degradation: PSNR over seeds and scenes (median, lowest and highest), means of SAM and SSIM,
learned values, steps and processor seconds of one fusion, training seconds where CHECKPOINTS holds a training. The second one
follows the curves of the saved cubes: PSNR after a quarter, half, three quarters and all of the processor time of the fit, what
the last quarter gained, and that time.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from mossfuse.benchmark.plan.paths import Paths

SHARES = (0.25, 0.5, 0.75, 1.0)


def main(results, convention, checkpoints=None):
    scored = Paths(results=Path(results)).cells_with("score")
    cells = [cell for _, files in scored if (cell := read(files, convention))]
    rows = {}
    for cell in cells:
        rows.setdefault((cell["dataset"], cell["degradation"], cell["method"]), []).append(cell)
    rows = sorted(rows.items(), key=lambda row: (row[0][:2], -np.median([cell["psnr"] for cell in row[1]])))
    lines = [*quality(rows, checkpoints), "", *curves(rows), "", provenance(cells, convention)]
    sys.stdout.write("\n".join(lines) + "\n")


def read(files, convention):
    """Return the record of a scored cell with its metrics and its curve (or None); None where the cell failed."""
    scores = pd.read_csv(files.score)
    scores = scores[scores["convention"] == convention].set_index("metric")["value"]
    if scores.empty:
        return None
    run = json.loads(files.run.read_text(encoding="utf-8"))
    return {**run, **scores.to_dict(), "curve": pd.read_csv(files.curve) if files.curve.exists() else None}


def quality(rows, checkpoints):
    yield "| ratio | method | runs | PSNR median (range) | mean | SAM | SSIM | learned values | steps | CPU s | training CPU s |"
    yield "|---" * 11 + "|"
    for place, cells in rows:
        psnr, sam, ssim, cpu = (np.array([c[key] for c in cells]) for key in ("psnr", "sam", "ssim", "cpu_seconds"))
        spread = f" ({psnr.min():.2f} to {psnr.max():.2f})" if len(psnr) > 1 else ""
        notes, trained = cells[0]["notes"], training_seconds(checkpoints, *place)
        texts = [
            place[1].partition("-")[0], f"`{place[2]}`", str(len(cells)), f"{np.median(psnr):.2f}{spread}", f"{psnr.mean():.2f}",
            f"{sam.mean():.2f}", f"{ssim.mean():.4f}", count(notes.get("parameters")), count(notes.get("iterations")),
            f"{cpu.mean():.1f}", f"{trained:.0f}" if trained else "-",
        ]  # fmt: skip
        yield f"| {' | '.join(texts)} |"


def count(value):
    return "-" if value is None else f"{value:,}"


def training_seconds(checkpoints, *place):
    """Return the mean processor seconds of a row's trainings (dataset, degradation, method); None where it has none."""
    every = Paths(checkpoints=Path(checkpoints)).trainings() if checkpoints else ()
    records = [
        json.loads(files.record.read_text(encoding="utf-8")) for training, files in every if training.row == place
    ]
    return np.mean([record["cpu_seconds"] for record in records]) if records else None


def curves(rows):
    yield f"| ratio | method | {' | '.join(f'{share:.0%}' for share in SHARES)} | last quarter, dB | CPU s of the fit |"
    yield "|---" * (4 + len(SHARES)) + "|"
    for (_, degradation, method), cells in rows:
        curve = next((cell["curve"] for cell in cells if cell["curve"] is not None and len(cell["curve"])), None)
        if curve is None:
            continue
        time, end = curve["cpu_seconds"], curve["cpu_seconds"].iloc[-1]
        psnr = [float(np.interp(share * end, time, curve["psnr"])) for share in SHARES]
        shown = [f"{v:.2f}" if share * end >= time.iloc[0] else "-" for share, v in zip(SHARES, psnr, strict=True)]
        yield f"| {degradation.partition('-')[0]} | `{method}` | {' | '.join(shown)} | {psnr[-1] - psnr[-2]:+.2f} | {end:.0f} |"


def provenance(cells, convention):
    commits = sorted({f"{cell['commit'][:10]}{' (changed)' if cell['dirty'] else ''}" for cell in cells})
    machines = sorted({f"{cell['device_name']}, {cell['threads']} thread" for cell in cells})
    return f"Convention `{convention}`; curves of the first seed; commit {', '.join(commits)}; {', '.join(machines)}."


if __name__ == "__main__":
    main(*sys.argv[1:])
