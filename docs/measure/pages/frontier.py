"""Tables of frontier.md: the stack beside its members."""

from __future__ import annotations

import re

import pandas as pd

from pages.context import Context
from pages.format import markdown
from pages.store import KNOWN, NotMeasured, Part

OIL = "cave-26-oil"
WEIGHT = "note weight "


def with_weights(context: Context) -> str:
    """Return the rows with SFNO's released weights, PSNR / SAM per ratio, and the share of each member."""
    part = context.part("frontier")
    cells = part.where(dataset=OIL)
    ratios = sorted(cells["ratio"].unique(), key=lambda ratio: int(ratio[1:]))
    rows = []
    for method in cells["method"].unique():
        own = cells[cells["method"] == method].set_index("ratio")
        found = [own.loc[ratio] if ratio in own.index else None for ratio in ratios]
        rows.append(
            [
                f"`{method}`",
                *("" if row is None else f"{row['std1 psnr']:.2f} / {row['std1 sam']:.2f}" for row in found),
            ]
        )
        if any(row is not None and shares(row) for row in found) and method.startswith("stack"):
            rows.append([f"shares in `{method}`", *("" if row is None else shares(row) for row in found)])
    words = "PSNR dB / SAM deg, convention `std1`; *oil_painting*, 26 bands, in SFNO's geometry. Shares: mean weights of the members."
    return f"{markdown(['row', *ratios], rows)}\n\n{context.caption(words, part)}"


def against_nsgp(context: Context) -> str:
    """Return the stack against nsgp and against the better of its members, per dataset, ratio and noise."""
    part = context.part("frontier")
    rows = []
    for (dataset, ratio, noise), group in conditions(part):
        table = paired(group)
        if table.empty:
            continue
        psnr, sam = (table.xs(f"std1 {metric}", axis=1) for metric in ("psnr", "sam"))
        gain = psnr["stack"] - psnr["nsgp"]
        best = psnr["stack"] - psnr[[name for name in psnr.columns if name != "stack"]].max(axis=1)
        rows.append(
            [
                f"`{dataset}`{KNOWN if group['known'].any() else ''}", ratio, noise, str(len(gain)), f"{psnr['nsgp'].mean():.2f} / {sam['nsgp'].mean():.2f}",
                f"{psnr['stack'].mean():.2f} / {sam['stack'].mean():.2f}", f"{gain.mean():+.2f}", f"{gain.min():+.2f}",
                f"{best.min():+.2f}", f"{(sam['stack'] / sam['nsgp']).mean():.3f}",
            ]
        )  # fmt: skip
    if not rows:
        raise NotMeasured(part.how)
    head = ["data", "ratio", "noise", "pairs", "`nsgp` PSNR dB / SAM deg", "`stack`", "gain, mean", "worst", "worst against the better member", "SAM ratio"]  # fmt: skip
    words = "Convention `std1`; pairs: scenes and sampling lattices; noise: SNR of HSI/MSI in dB."
    return f"{markdown(head, rows)}\n\n{context.caption(words, part)}"


def share_of_members(context: Context) -> str:
    """Return the mean, least and largest weight of each member of ``stack`` per ratio and noise."""
    part = context.part("frontier")
    cells = part.where(method="stack")
    names = [column for column in cells if column.startswith(WEIGHT) and cells[column].notna().any()]
    rows = []
    for (ratio, noise), group in cells.assign(noise=[noise_of(name) for name in cells["degradation"]]).groupby(
        ["ratio", "noise"]
    ):
        texts = [f"{group[name].mean():.2f} ({group[name].min():.2f} to {group[name].max():.2f})" for name in names]
        rows.append([ratio, noise, str(len(group)), *texts])
    if not names:
        raise NotMeasured(part.how)
    head = ["ratio", "noise", "pairs", *(f"`{name.removeprefix(WEIGHT)}`" for name in names)]
    return f"{markdown(head, rows)}\n\n{context.caption('Mean weight (least to largest).', part)}"


def conditions(part: Part) -> list:
    """Return ((dataset, ratio, noise), cells) without the rows with authors' weights, ratios from high to low."""
    cells = part.cells[part.cells["dataset"] != OIL]
    cells = cells.assign(noise=[noise_of(name) for name in cells["degradation"]])
    groups = list(cells.groupby(["dataset", "ratio", "noise"], sort=False))
    return sorted(groups, key=lambda group: (group[0][0], -int(group[0][1][1:]), group[0][2] != "none"))


def paired(cells: pd.DataFrame) -> pd.DataFrame:
    """Return one row per pair that both ``nsgp`` and ``stack`` have, columns (metric, method)."""
    table = cells.pivot_table(
        index=["scene", "degradation", "seed"], columns="method", values=["std1 psnr", "std1 sam"]
    )
    wanted = [("std1 psnr", name) for name in ("nsgp", "stack")]
    if any(column not in table for column in wanted):
        return table.iloc[:0]
    return table.dropna(subset=wanted)


def noise_of(degradation: str) -> str:
    """Return 'HSI/MSI' in dB of a degradation's name, or 'none'."""
    found = re.search(r"-snr([\d.]+)-([\d.]+)", degradation)
    return f"{found[1]}/{found[2]}" if found else "none"


def shares(row: pd.Series) -> str:
    """Return the members' weights of one cell as text."""
    found = [
        (name.removeprefix(WEIGHT), row[name]) for name in row.index if name.startswith(WEIGHT) and pd.notna(row[name])
    ]
    return ", ".join(f"{name} {weight:.2f}" for name, weight in found)
