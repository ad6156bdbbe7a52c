"""Tables about fitted and trained networks: deep.md, mossfuse-c.md, training-phantom.md, training-variants.md."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pages.context import Context
from pages.format import markdown
from pages.layout import CURVES
from pages.store import NotMeasured, Part

SHARES = (0.25, 0.5, 0.75, 1.0)
STARTS = {"mossfuse-c-ridge": "ridge-dc", "mossfuse-c": "nsgp"}


def quality(context: Context, name: str) -> str:
    """Return one row per ratio and method: PSNR over runs, SAM, SSIM, learned values and steps."""
    part = context.part(name)
    rows = []
    for (ratio, method), cells in by_psnr(part.cells):
        psnr = cells["std1 psnr"]
        spread = f" ({psnr.min():.2f} to {psnr.max():.2f})" if len(psnr) > 1 else ""
        rows.append(
            [
                ratio,
                part.label(method),
                str(len(cells)),
                f"{psnr.median():.2f}{spread}",
                f"{psnr.mean():.2f}",
                f"{cells['std1 sam'].mean():.2f}",
                f"{cells['std1 ssim'].mean():.4f}",
                count(cells, "note parameters"),
                count(cells, "note iterations"),
            ]  # fmt: skip
        )
    head = [
        "ratio", "method", "runs", "PSNR dB, median (range)", "mean", "SAM deg", "SSIM", "learned values", "steps",
    ]  # fmt: skip
    words = "Convention `std1`; runs: seeds and scenes."
    return f"{markdown(head, rows)}\n\n{context.caption(words, part)}"


def beside_published(context: Context, name: str, dataset: str, source: tuple[str, int]) -> str:
    """Return one row per method on a dataset, best first, beside the figure that its specification names for (dataset, ratio)."""
    from mossfuse.methods import find_method, split_suffix

    part = context.part(name)
    rows = []
    for (_, method), cells in by_psnr(part.where(dataset=dataset)):
        base = split_suffix(method)[0]
        printed = [p.metrics for p in find_method(base)[0].published if (p.dataset, p.ratio) == source]
        about = part.provenance["rows"].get(base, {})
        rows.append(
            [
                part.label(method),
                str(cells["scene"].nunique()),
                f"{cells['std1 psnr'].mean():.2f}",
                f"{cells['std1 sam'].mean():.2f}",
                f"{cells['std1 ssim'].mean():.4f}",
                count(cells, "note parameters"),
                f"{about['train']['steps']:,}"
                if "steps" in about.get("train", {})
                else count(cells, "note iterations"),
                " / ".join(f"{printed[0][m]:.2f}" for m in ("psnr", "sam") if m in printed[0]) if printed else "-",
            ]  # fmt: skip
        )
    place = f"published, {source[0]} x{source[1]}"
    head = ["method", "scenes", "PSNR dB", "SAM deg", "SSIM", "learned values", "steps", f"{place}: PSNR / SAM"]
    words = "Convention `std1`, means over the scenes. Published: other scenes, trainings and degradations, not to be compared."
    return f"{markdown(head, rows)}\n\n{context.caption(words, part)}"


def by_psnr(cells: pd.DataFrame) -> list:
    """Return ((ratio, method), cells) of every row, best median first within a ratio, ratios from high to low."""
    groups = list(cells.groupby(["ratio", "method"]))
    return sorted(groups, key=lambda g: (-int(g[0][0][1:]), -g[1]["std1 psnr"].median()))


def count(cells: pd.DataFrame, column: str) -> str:
    """Return a whole number that a method noted, '-' where it noted none."""
    known = cells[column].dropna() if column in cells else []
    return f"{int(known.iloc[0]):,}" if len(known) else "-"


def progress(context: Context, name: str) -> str:
    """Return PSNR after shares of the steps of each traced fit."""
    part = context.part(name)
    rows = []
    for (ratio, method), curve in traced(part):
        steps, psnr = curve["step"].to_numpy(float), curve["psnr"].to_numpy(float)
        values = [float(np.interp(share * steps[-1], steps, psnr)) for share in SHARES]
        texts = [f"{v:.2f}" if s * steps[-1] >= steps[0] else "-" for s, v in zip(SHARES, values, strict=True)]
        late = "-" if texts[-2] == "-" else f"{values[-1] - values[-2]:+.2f}"
        rows.append([ratio, f"`{method}`", *texts, late, f"{int(steps[-1]):,}"])
    head = ["ratio", "method", *(f"PSNR dB after {share:.0%}" for share in SHARES), "last quarter", "steps"]
    words = f"Convention `std1`, first seed. [Curves]({context.link(part.folder / CURVES)});"
    return f"{markdown(head, rows)}\n\n{context.caption(words, part)}"


def traced(part: Part) -> list:
    """Return ((ratio, method), curve) of each row's first seed, best end first."""
    curves = part.curves
    curves["ratio"] = curves["degradation"].str.partition("-")[0]
    first = curves[curves["seed"] == curves.groupby(["ratio", "method"])["seed"].transform("min")]
    groups = [(key, group.sort_values("step")) for key, group in first.groupby(["ratio", "method"])]
    return sorted(groups, key=lambda g: (-int(g[0][0][1:]), -g[1]["psnr"].iloc[-1]))


def starts(context: Context) -> str:
    """Return MossFuse-c beside its initial estimates, one row per scene and start."""
    part = context.part("constrained")
    rows, gains = [], []
    for row, start in STARTS.items():
        own = part.where(method=row)
        for (dataset, base, scene), cells in own.groupby(["dataset", "base", "scene"], sort=False):
            beside = part.where(method=start, dataset=dataset, base=base, scene=scene)
            stochastic = beside["seed"].nunique() > 1
            pairs = (
                cells.merge(beside, on="seed", suffixes=("", " start"))
                if stochastic
                else cells.merge(beside.drop(columns="seed"), how="cross", suffixes=("", " start"))
            )
            if pairs.empty:
                continue
            gain = pairs["std1 psnr"] - pairs["std1 psnr start"]
            gains.append((gain.mean(), dataset, scene, row))
            held = [1e3 * pairs[f"note held_out_{what}"].mean() for what in ("start", "chosen")]
            amounts = [
                f"{line['note amount']:.2f} ({int(line['note step'])})" if line["note amount"] else "start"
                for _, line in pairs.sort_values("seed").iterrows()
            ]
            rows.append(
                [
                    f"{dataset}, {cells['ratio'].iloc[0]}",
                    scene,
                    f"`{row}`",
                    ", ".join(map(str, sorted(pairs["seed"]))),
                    two(pairs, " start"),
                    two(pairs),
                    f"{gain.mean():+.2f} ({gain.min():+.2f})",
                    f"{held[0]:.2f} to {held[1]:.2f}",
                    ", ".join(amounts),
                ]  # fmt: skip
            )
    if not rows:
        raise NotMeasured(part.how)
    head = [
        "dataset, ratio", "scene", "row", "seeds", "start", "with f", "difference (least)", "held-out residual, start to choice",
        "amount (step)",
    ]  # fmt: skip
    least, most = min(gains), max(gains)
    words = (
        f"PSNR dB / SAM deg, convention `std1`, mean over the seeds; residuals in 1e-3 of full scale. Mean differences from "
        f"{least[0]:+.2f} dB ({', '.join(least[1:])}) to {most[0]:+.2f} dB ({', '.join(most[1:])})."
    )
    return f"{markdown(head, rows)}\n\n{context.caption(words, part)}"


def two(cells: pd.DataFrame, suffix: str = "") -> str:
    """Return mean PSNR / SAM as text."""
    return " / ".join(f"{cells[f'std1 {metric}{suffix}'].mean():.2f}" for metric in ("psnr", "sam"))


def scenes(context: Context, name: str, methods: Sequence[str], dataset: str | tuple[str, ...]) -> str:
    """Return PSNR and SAM of rows and seeds, one column per scene."""
    part = context.part(name)
    cells = part.where(dataset=dataset)
    columns = list(dict.fromkeys(zip(cells["dataset"], cells["scene"], strict=True)))
    several = len({d for d, _ in columns}) > 1
    rows = []
    for method in methods:
        own = cells[cells["method"] == method]
        for seed in sorted(own["seed"].unique()):
            found = own[own["seed"] == seed].set_index(["dataset", "scene"])
            texts = [
                f"{found.loc[c, 'std1 psnr']:.2f} / {found.loc[c, 'std1 sam']:.2f}" if c in found.index else "-"
                for c in columns
            ]
            label = part.label(method) + (f", seed {seed}" if own["seed"].nunique() > 1 else "")
            rows.append([label, *texts])
    head = ["", *(f"{d}, {s}" if several else s for d, s in columns)]
    return f"{markdown(head, rows)}\n\n{context.caption('PSNR dB / SAM deg, convention `std1`.', part)}"


def rows_over_seeds(context: Context, name: str, dataset: str, first: str | None = None) -> str:
    """Return one row per method: PSNR of each seed, means of PSNR and SAM over seeds and scenes.

    first: the row whose parts the others vary; the text says which of them are better, or worse, with every seed.
    """
    part = context.part(name)
    cells = part.where(dataset=dataset)
    rows = []
    for method, own in cells.groupby("method", sort=False):
        each = own.groupby("seed")["std1 psnr"].mean()
        title = part.provenance["rows"].get(method, {}).get("title", method)
        rows.append(
            [
                title,
                ", ".join(f"{v:.2f}" for v in each),
                f"{own['std1 psnr'].mean():.2f}",
                f"{own['std1 sam'].mean():.2f}",
                str(own["scene"].nunique()),
                count(own, "note parameters"),
            ]  # fmt: skip
        )
    head = ["row", "PSNR dB of each seed", "mean", "SAM deg", "scenes", "values (fusing)"]
    words = "Convention `std1`, means over the scenes."
    return f"{markdown(head, rows)}\n\n{context.caption(f'{words} {agreed(cells, first)}'.strip(), part)}"


def agreed(cells: pd.DataFrame, first: str | None) -> str:
    """Return which rows differ from ``first`` in mean PSNR with the same sign for every seed; nothing without ``first``."""
    if first is None:
        return ""
    each = cells.groupby(["method", "seed"])["std1 psnr"].mean().unstack()
    others = each.drop(index=[first, "bicubic"]).sub(each.loc[first])
    signs = {"better": (others > 0).all(axis=1), "worse": (others < 0).all(axis=1)}
    found = [
        f"{', '.join(f'`{name}`' for name in others.index[same]) or 'none'} {sign}" for sign, same in signs.items()
    ]
    return f"Against `{first}` with every seed: {', '.join(found)} ({len(others)} rows, {each.shape[1]} seeds)."
