"""Tables of frontier.md on the learned prior: its training, real scenes, and stacks with and without it."""

from __future__ import annotations

import pandas as pd

from pages.context import Context
from pages.format import markdown
from pages.references import read

TRAINING = "docs/measure/train_prior.py --write"
SCRIPT = "docs/measure/learned_prior.py --mirror FOLDER --write"
STACKS = "docs/measure/learned_prior.py --mirror FOLDER --stack --write"
PAIR = ["data", "scene", "bands", "camera", "ratio", "noise"]
WORDS = "CAVE scenes averaged over 2 x 2 pixels (but for cave-half, which is so already): not the published pairs."


def training(context: Context) -> str:
    """Return the gains over nsgp on renderings of phantom's test scenes, by kind of pair."""
    table, origin = read(context, "prior-training", "phantom.csv", TRAINING)
    rows = [
        [name, str(pairs), *(f"{float(value):+.2f}" for value in gains)]
        for name, pairs, *gains in table.itertuples(index=False)
    ]
    head = [
        "pairs",
        "number",
        "squared error: gain, mean dB",
        "worst",
        "over the bands' own errors",
        "worst",
        "over squared light",
        "worst",
    ]
    return f"{markdown(head, rows)}\n\nAgainst `nsgp-x4`, along the six leading open components. {origin}"


def real(context: Context) -> str:
    """Return the prior against nsgp and against the start that it corrects, per dataset, camera, ratio and noise."""
    table, origin = read(context, "learned-prior", "scores.csv", SCRIPT)
    scores = wide(table)
    rows = []
    keys = ["data", "bands", "camera", "ratio", "noise"]
    for key, own in scores.groupby(keys, sort=False):
        data, bands, camera, ratio, noise = key
        psnr, sam = own["psnr"], own["sam"]
        gain, over = psnr["nsgp-prior"] - psnr["nsgp-x4"], psnr["nsgp-prior"] - psnr["nsgp"]
        ratio_of = sam["nsgp-prior"] / sam["nsgp-x4"]
        rows.append(
            [
                f"`{data}`", str(bands), camera, ratio, noise or "none", str(len(own)), f"{psnr['nsgp-x4'].mean():.2f} / {sam['nsgp-x4'].mean():.2f}",
                f"{psnr['nsgp-prior'].mean():.2f} / {sam['nsgp-prior'].mean():.2f}", f"{gain.mean():+.2f}", f"{gain.min():+.2f}", f"{over.mean():+.2f}",
                f"{ratio_of.mean():.3f}",
            ]
        )  # fmt: skip
    head = [
        "data", "bands", "camera", "ratio", "noise", "scenes", "`nsgp-x4` PSNR dB / SAM deg", "`nsgp-prior`", "gain, mean", "worst", "over `nsgp`, mean", "SAM ratio",
    ]  # fmt: skip
    return f"{markdown(head, rows)}\n\n{WORDS} Convention `std1`, seed 0. {origin}"


def real_summary(context: Context) -> str:
    """Return the same over all scenes of a kind, and the CPU seconds."""
    table, origin = read(context, "learned-prior", "scores.csv", SCRIPT)
    scores = wide(table).reset_index()
    kind = scores["camera"].map(lambda name: "panchromatic" if name.endswith("pan") else "colour")
    scores["kind", ""] = [
        f"{'CAVE' if data.startswith('cave') else 'airborne'}, {'one MSI band' if name == 'panchromatic' else 'three or more'}"
        for data, name in zip(scores["data"], kind, strict=True)
    ]
    rows = []
    for (name, ratio, noise), own in scores.groupby(["kind", "ratio", "noise"], sort=False):
        gain = own["psnr"]["nsgp-prior"] - own["psnr"]["nsgp-x4"]
        sam = own["sam"]["nsgp-prior"] / own["sam"]["nsgp-x4"]
        seconds = [f"{own['cpu_s'][row].mean():.1f}" for row in ("nsgp-x4", "nsgp-prior")]
        rows.append(
            [name, ratio, noise or "none", str(len(own)), f"{gain.mean():+.2f}", f"{gain.min():+.2f}", f"{(gain > 0).sum()} of {len(own)}",
             f"{sam.mean():.3f}", f"{sam.max():.3f}", *seconds]
        )  # fmt: skip
    head = ["scenes, camera", "ratio", "noise", "pairs", "gain, mean dB", "worst", "better", "SAM ratio, mean", "worst", "CPU s of `nsgp-x4`", "of `nsgp-prior`"]  # fmt: skip
    return f"{markdown(head, rows)}\n\n{WORDS} Gains over `nsgp-x4`, the mean of four draws that the prior corrects. {origin}"


def stacks(context: Context) -> str:
    """Return PSNR / SAM of every row on the cases with stacks, and what came from whom."""
    table, origin = read(context, "learned-prior-stack", "scores.csv", STACKS)
    names = list(dict.fromkeys(table["row"]))
    rows = []
    for key, own in table.groupby(PAIR, sort=False):
        found = {
            row: f"{float(psnr):.2f} / {float(sam):.2f} ({float(seconds):.0f} s)"
            for row, psnr, sam, seconds in own[["row", "psnr", "sam", "cpu_s"]].itertuples(index=False)
        }
        data, scene, _, _, ratio, noise = key
        rows.append([f"`{data}` {scene}", ratio, noise or "none", *(found.get(name, "") for name in names)])
    return f"{markdown(['scene', 'ratio', 'noise', *(f'`{name}`' if ' ' not in name else name for name in names)], rows)}\n\nPSNR dB / SAM deg (CPU s). {WORDS} {origin}"


def shares(context: Context) -> str:
    """Return the weights of the members in each of those stacks, and the amount of mossfuse-c's network."""
    table, origin = read(context, "learned-prior-stack", "scores.csv", STACKS)
    table = table[table["notes"] != ""]
    rows = [
        [f"`{data}` {scene}", ratio, noise or "none", row, notes]
        for data, scene, ratio, noise, row, notes in table[
            ["data", "scene", "ratio", "noise", "row", "notes"]
        ].itertuples(index=False)
    ]
    return f"{markdown(['scene', 'ratio', 'noise', 'row', 'weights'], rows)}\n\n{origin}"


def wide(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per pair, columns (psnr, sam or cpu_s; row)."""
    table = table.astype({"psnr": float, "sam": float, "cpu_s": float})
    return table.pivot_table(index=PAIR, columns="row", values=["psnr", "sam", "cpu_s"], sort=False)
