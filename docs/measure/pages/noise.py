"""Tables of results-noise.md."""

from __future__ import annotations

import re

import pandas as pd

from pages.context import Context
from pages.format import markdown, plural
from pages.store import NotMeasured

REFINED = {
    "mossfuse-released+softdc": "mossfuse-released",
    "mossfuse-released+softsdc": "mossfuse-released",
    "ridge+softdc": "ridge",
}
DECIBELS, SHARE = 0.05, 1.02


def levels(context: Context, dataset: str) -> str:
    """Return PSNR and SAM of one dataset: rows are methods, columns the signal-to-noise ratios of HSI and MSI."""
    part = context.part("noise")
    cells = with_level(part.where(dataset=dataset))
    methods = cells["method"].nunique()
    cells = cells[
        cells.groupby(["scene", "degradation"])["method"].transform("nunique") == methods
    ]  # the same draws for all
    if cells.empty:
        raise NotMeasured(part.how)
    order = sorted(cells["level"].unique(), key=lambda level: -float(level.split("/")[0]))
    draws = cells.groupby("level")["replicate"].nunique()
    means = cells.groupby(["method", "level"])[["std1 psnr", "std1 sam"]].mean()
    rows = []
    for method in cells["method"].unique():
        texts = []
        for level in order:
            found = means.loc[method, level] if (method, level) in means.index else None
            texts.append("" if found is None else f"{found['std1 psnr']:.2f} / {found['std1 sam']:.2f}")
        rows.append([f"`{method}`", *texts])
    head = [plural(cells["scene"].nunique(), "scene"), *(f"{v} ({plural(draws[v], 'draw')})" for v in order)]
    words = "PSNR dB / SAM deg, convention `std1`, means over scenes and draws of the noise."
    return f"{markdown(head, rows)}\n\n{context.caption(words, part)}"


def comparisons(context: Context) -> str:
    """Return where nsgp is worse than another row, and a refinement worse than what it refines."""
    part = context.part("noise")
    cells = with_level(part.cells)
    means = cells.groupby(["dataset", "scene", "level", "method"])[["std1 psnr", "std1 sam"]].mean()
    found: dict[str, list[str]] = {"`nsgp` worse than another row": [], "A refinement worse than what it refines": []}
    count = 0
    for place, group in means.groupby(level=[0, 1, 2]):
        rows = group.droplevel([0, 1, 2])
        own = [("nsgp", other) for other in rows.index if other != "nsgp" and "nsgp" in rows.index]
        refined = [(a, b) for a, b in REFINED.items() if a in rows.index and b in rows.index]
        count += len(own) + len(refined)
        for pairs, lines in zip((own, refined), found.values(), strict=True):
            for ours, theirs in pairs:
                gain = rows.loc[ours, "std1 psnr"] - rows.loc[theirs, "std1 psnr"]
                angle = rows.loc[ours, "std1 sam"] / rows.loc[theirs, "std1 sam"]
                if gain < -DECIBELS or angle > SHARE:
                    lines.append(f"- {', '.join(place)}: `{ours}` against `{theirs}` {gain:+.2f} dB, SAM x {angle:.3f}")
    out = [
        f"{count} comparisons (scene, level, pair of rows); worse: by more than {DECIBELS} dB or {SHARE - 1:.0%} of SAM."
    ]
    for title, lines in found.items():
        out += [f"{title}: {len(lines) or 'nowhere'}.", *lines]
    return "\n".join(out)


def with_level(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells with their level, 'HSI/MSI' in dB."""
    level = [re.search(r"-snr([\d.]+)-([\d.]+)", name) for name in cells["degradation"]]
    return cells.assign(level=[f"{m[1]}/{m[2]}" if m else "none" for m in level])
