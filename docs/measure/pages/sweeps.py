"""Tables of robustness.md: the curves of the sweeps, and the regret of the default method there and in other parts."""

from __future__ import annotations

import statistics
from collections import defaultdict
from functools import cache
from typing import Any

import pandas as pd
import robustness

from pages.context import Context
from pages.format import markdown, plural
from pages.store import NotMeasured, split

PART = "sweeps"
NAMES = tuple(robustness.SWEEPS)
ELSEWHERE = ("leaders", "remote")
METRICS = ("psnr", "sam")
DEFAULT, RIVAL = "nsgp", "ridge-dc"  # the parts elsewhere have MSIs of several bands
CLOSED = ("bicubic", "ridge", "ridge-dc", "cnmf", "nsgp")


def curves(context: Context, name: str) -> str:
    """Return the table of one sweep."""
    part = context.part(PART)
    found, base = values_of(part.cells), robustness.SWEEPS[name][0]
    head, rows = robustness.curve(found, name)
    if not rows:
        raise NotMeasured(part.how)
    scenes = len(next(iter(robustness.along(found, name)[1].values()))["psnr"][base])
    half = " ± half the 95 % interval of the mean" if scenes > 2 else ""
    words = (
        f"PSNR dB{half} / SAM deg over {plural(scenes, 'scene')}, convention `std1`; base of the robustness: `{base}`."
    )
    return f"{markdown(head, rows)}\n\n{context.caption(words, part)}"


def regret(context: Context) -> str:
    """Return mean and worst regret of every degradation, and the worst cell of all."""
    part = context.part(PART)
    rows = robustness.regrets(values_of(part.cells))
    if not rows:
        raise NotMeasured(part.how)
    head, lines = robustness.by_degradation(rows)
    words = (
        "Regret: the best blind row minus the default; the last column counts rows that are given PSF or SRF as well. Beyond: above "
        f"{robustness.THRESHOLD_DB} dB or {robustness.THRESHOLD_SAM:.0%} of SAM."
    )
    found = robustness.regrets(values_of(part.cells), lambda degradation, _: robustness.default_of(degradation))
    verdicts = (
        f"{robustness.verdict(rows)}\n\nWith `nsgp` in every cell of several bands, given the declared PSF's support and phase: "
        f"{robustness.verdict(found)}"
    )
    return f"{verdicts}\n\n{markdown(head, lines)}\n\n{context.caption(words, part)}"


def cells_beyond(context: Context) -> str:
    """Return every cell whose regret is beyond a threshold, worst first."""
    part = context.part(PART)
    rows = [row for row in robustness.regrets(values_of(part.cells)) if robustness.beyond(row)]
    if not rows:
        return "No cell."
    head = ["dataset", "scene", "degradation", "default", "regret, dB", "best in PSNR", "SAM more by", "best in SAM"]
    lines = [
        [
            row["dataset"], row["scene"], f"`{row['degradation']}`", f"`{row['default']}`", f"{row['regret_db']:.2f}", f"`{row['best']}`",
            f"{100 * row['regret_sam_share']:.1f} %", f"`{row['best_sam']}`",
        ]
        for row in rows
    ]  # fmt: skip
    return f"{markdown(head, lines)}\n\n{context.caption('Convention `std1`.', part)}"


def elsewhere(context: Context) -> str:
    """Return how far the default is behind the best closed-form row of any kind on the cells of other parts."""
    sources = [context.part(name) for name in ELSEWHERE]
    cells = comparable(pd.concat([part.cells for part in sources], ignore_index=True))
    groups = defaultdict(list)
    for row in robustness.regrets(values_of(cells), lambda *_: DEFAULT):
        groups[row["dataset"], base_of(row["degradation"])].append(row)
    head = [
        "dataset", "degradation", "cells", f"beyond {robustness.THRESHOLD_DB} dB", "mean, dB", "worst, dB",
        f"beyond {robustness.THRESHOLD_SAM:.0%} of SAM", "worst SAM",
    ]  # fmt: skip
    lines = []
    for (dataset, degradation), rows in groups.items():
        far, angle = (max(rows, key=lambda row: row[key]) for key in ("behind_db", "behind_sam_share"))
        lines.append(
            [
                dataset, f"`{degradation}`", str(len(rows)), str(sum(row["behind_db"] > robustness.THRESHOLD_DB for row in rows)),
                f"{statistics.fmean(row['behind_db'] for row in rows):.2f}",
                robustness.named(f"{far['behind_db']:.2f}", far["ahead"], far, far["behind_db"]),
                str(sum(row["behind_sam_share"] > robustness.THRESHOLD_SAM for row in rows)),
                robustness.named(f"{100 * angle['behind_sam_share']:.1f} %", angle["ahead_sam"], angle, angle["behind_sam_share"]),
            ]
        )  # fmt: skip
    words = (
        "Cells: scene and sampling lattice, mean over seeds. Rows that are compared: "
        + ", ".join(f"`{name}`" for name in CLOSED)
        + "; `ridge-dc`, `ridge` and `cnmf` are given the PSF, `ridge-dc` the SRF too."
    )
    return f"{markdown(head, lines)}\n\n{context.caption(words, *sources)}"


def comparable(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of closed-form rows where both the default and its nearest rival are finished."""
    cells = cells[cells["method"].isin(CLOSED)]
    place = ["dataset", "degradation", "scene"]
    both = cells[cells["method"].isin((DEFAULT, RIVAL))].groupby(place)["method"].nunique()
    return cells[pd.MultiIndex.from_frame(cells[place]).isin(both[both == 2].index)]


@cache
def base_of(degradation: str) -> str:
    """Return a degradation without sampling phase and draw of the noise."""
    return split(degradation)[0]


def values_of(cells: pd.DataFrame) -> Any:
    """Return the scores of a part as docs/measure/robustness.py has them."""
    return robustness.gather(
        (metric, (row["dataset"], row["degradation"], row["scene"]), row["method"], float(row[f"std1 {metric}"]))
        for row in cells.to_dict("records")
        for metric in METRICS
        if row[f"std1 {metric}"] == row[f"std1 {metric}"]
    )
