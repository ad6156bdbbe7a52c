"""Tables of frontier.md: the stacks beside their members."""

from __future__ import annotations

import re

import pandas as pd

from pages.context import Context
from pages.format import markdown
from pages.references import read
from pages.store import KNOWN, NotMeasured, Part

OIL = "cave-26-oil"
WEIGHT = "note weight "
STACKS = {"stack": ("nsgp", "nsgp-x4", "cnmf"), "stack-prior": ("nsgp", "nsgp-prior", "cnmf")}  # and their members
CHOSEN_ON = ("phantom-256", "cave-half-even", "cave-even")
WEIGHTS = "docs/measure/stack_weights.py --mirror FOLDER --write"
GUARDED = ("nsgp-prior", "sfno-released+dc", "stack-sfno")


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
    """Return both stacks against nsgp and against the best of their members, per dataset, ratio and noise."""
    part = context.part("frontier")
    rows = []
    for (dataset, ratio, noise), group in conditions(part):
        for stack, members in STACKS.items():
            table = paired(group, stack)
            if table.empty:
                continue
            psnr, sam = (table.xs(f"std1 {metric}", axis=1) for metric in ("psnr", "sam"))
            gain = psnr[stack] - psnr["nsgp"]
            best = psnr[stack] - psnr[[name for name in members if name in psnr]].max(axis=1)
            rows.append(
                [
                    f"`{dataset}`{KNOWN if group['known'].any() else ''}", ratio, noise, str(len(gain)), f"{psnr['nsgp'].mean():.2f} / {sam['nsgp'].mean():.2f}",
                    f"`{stack}`", f"{psnr[stack].mean():.2f} / {sam[stack].mean():.2f}", f"{gain.mean():+.2f}", f"{gain.min():+.2f}",
                    f"{best.min():+.2f}", f"{(sam[stack] / sam['nsgp']).mean():.3f}",
                ]
            )  # fmt: skip
    if not rows:
        raise NotMeasured(part.how)
    head = ["data", "ratio", "noise", "pairs", "`nsgp` PSNR dB / SAM deg", "row", "PSNR dB / SAM deg", "gain, mean", "worst", "worst against the better member", "SAM ratio"]  # fmt: skip
    words = "Convention `std1`; pairs: scenes and sampling lattices; noise: SNR of HSI/MSI in dB. Members: nsgp, nsgp-x4 or nsgp-prior, and cnmf."
    return f"{markdown(head, rows)}\n\n{context.caption(words, part)}"


def guarded(context: Context) -> str:
    """Return stack-sfno beside its first member and SFNO, per scene and ratio of the scenes its rule was chosen on."""
    part = context.part("frontier")
    cells = part.where(dataset=CHOSEN_ON, method="stack-sfno")
    others = part.where(dataset=CHOSEN_ON)
    rows = []
    for (dataset, scene, degradation), own in cells.groupby(["dataset", "scene", "degradation"], sort=False):
        here = others[
            (others["scene"] == scene) & (others["degradation"] == degradation) & (others["dataset"] == dataset)
        ]
        psnr = here.set_index("method")["std1 psnr"]
        texts = [f"{row['std1 psnr']:.2f} / {row['std1 sam']:.2f}" for _, row in here.iterrows()]
        found = dict(zip(here["method"], texts, strict=True))
        names = [name for name in GUARDED[:-1] if name in psnr]
        against = f"{psnr['stack-sfno'] - psnr[names].max():+.2f}" if names else ""
        rows.append(
            [
                f"`{dataset}` {scene}",
                own["ratio"].iloc[0],
                *(found.get(name, "") for name in GUARDED),
                against,
                shares(own.iloc[0]),
            ]
        )
    head = ["scene", "ratio", *(f"`{name}`" for name in GUARDED), "against the better", "shares"]
    words = "PSNR dB / SAM deg, convention `std1`, in SFNO's geometry. The CAVE scenes are training scenes of SFNO's weights."
    return f"{markdown(head, rows)}\n\n{context.caption(words, part)}"


def share_of_members(context: Context) -> str:
    """Return the mean, least and largest weight of each member of both stacks per ratio and noise."""
    part = context.part("frontier")
    cells = part.where(method=tuple(STACKS))
    names = [column for column in cells if column.startswith(WEIGHT) and cells[column].notna().any()]
    rows = []
    for (method, ratio, noise), group in cells.assign(noise=[noise_of(name) for name in cells["degradation"]]).groupby(
        ["method", "ratio", "noise"]
    ):
        texts = [
            f"{group[name].mean():.2f} ({group[name].min():.2f} to {group[name].max():.2f})"
            if group[name].notna().any()
            else ""
            for name in names
        ]
        rows.append([f"`{method}`", ratio, noise, str(len(group)), *texts])
    if not names:
        raise NotMeasured(part.how)
    head = ["row", "ratio", "noise", "pairs", *(f"`{name.removeprefix(WEIGHT)}`" for name in names)]
    return f"{markdown(head, rows)}\n\n{context.caption('Mean weight (least to largest).', part)}"


def gains_of_weights(context: Context) -> str:
    """Return what each reading of the evidence gains over the first member, both, and the best weights, per kind of pair and stack."""
    table, origin = read(context, "stack-weights", "gains.csv", WEIGHTS)
    numbers = ["best member", "first reading", "second reading", "both", "best weights", "first sam", "sam of both"]
    table = table.astype(dict.fromkeys(numbers, float))
    table["kind"] = [
        f"{'one MSI band' if camera.endswith('pan') else 'three or more'}, {'SNR ' + noise if noise else 'no noise'}"
        for camera, noise in zip(table["camera"], table["noise"], strict=True)
    ]
    rows = []
    for (kind, stack), own in table.groupby(["kind", "stack"], sort=True):
        texts = [f"{own[name].mean():+.2f} ({own[name].min():+.2f})" for name in numbers[1:5]]
        behind = (own["both"] - own["best member"]).min()
        rows.append(
            [
                kind,
                f"`{stack}`",
                str(len(own)),
                *texts,
                f"{behind:+.2f}",
                f"{(own['sam of both'] / own['first sam']).mean():.3f}",
            ]
        )
    head = ["MSI, noise", "row", "pairs", "first reading", "second reading", "both", "best weights", "both against the best member, worst", "SAM ratio of both"]  # fmt: skip
    words = "PSNR gained over the first member (`nsgp-x4`, `nsgp-prior`), dB: mean (worst). Best weights: those of the lowest squared error, found with the truth. CAVE scenes averaged over 2 x 2 pixels (but for cave-half, which is so already)."
    return f"{markdown(head, rows)}\n\n{words} {origin}"


def conditions(part: Part) -> list:
    """Return ((dataset, ratio, noise), cells) without the pairs of the rows with authors' weights, ratios from high to low."""
    cells = part.cells[~part.cells["dataset"].isin((OIL, *CHOSEN_ON))]
    cells = cells.assign(noise=[noise_of(name) for name in cells["degradation"]])
    groups = list(cells.groupby(["dataset", "ratio", "noise"], sort=False))
    return sorted(groups, key=lambda group: (group[0][0], -int(group[0][1][1:]), group[0][2] != "none"))


def paired(cells: pd.DataFrame, stack: str) -> pd.DataFrame:
    """Return one row per pair that both ``nsgp`` and this stack have, columns (metric, method)."""
    table = cells.pivot_table(
        index=["scene", "degradation", "seed"], columns="method", values=["std1 psnr", "std1 sam"]
    )
    wanted = [("std1 psnr", name) for name in ("nsgp", stack)]
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
