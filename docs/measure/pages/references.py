"""Tables beside figures that did not come from this workflow: the authors' code, definitions of metrics, statistics of scenes."""

from __future__ import annotations

import json

import pandas as pd

from pages.context import Context
from pages.format import DIGITS, markdown
from pages.layout import METRICS, PROVENANCE
from pages.store import NotMeasured, mean

COLUMNS = ("psnr", "sam", "ssim", "ergas")
CONVENTION = "classical-table"
STATISTICS = {
    "mean": "mean", "p99": "99th percentile of the band mean", "dark02": "share of pixels darker than .02",
    "dark05": "share darker than .05", "s2": "singular value 2 of 1 (uncentred)", "s3": "3", "s4": "4", "s5": "5", "s6": "6",
    "s8": "8", "s10": "10", "s12": "12", "rank3": "PSNR of the best rank 3", "rank4": "4", "rank5": "5", "rank6": "6",
    "rank8": "8", "rank12": "12", "affine": "PSNR of the affine fit RGB to cube", "quadratic": "of the quadratic fit",
    "gradient_mean": "gradient of the band mean: mean", "gradient_median": "median", "gradient_p99": "99th percentile",
    "kurtosis": "its kurtosis", "slope": "slope of the power spectrum", "band400": "band / mean at 400 nm", "band450": "450 nm",
    "band500": "500 nm", "band550": "550 nm", "band600": "600 nm", "band650": "650 nm", "band700": "700 nm",
}  # fmt: skip


def learned(context: Context) -> str:
    """Return paper, official code and licence of every baseline that learns, from the specifications."""
    from mossfuse.methods import catalogue

    rows = [
        [f"`{name}`", method.citation, f"`{method.code}`", method.licence.partition("(")[2].rstrip(")")]
        for name, (method, module) in sorted(catalogue().entries.items())
        if method.trains != "none" and "baselines" in str(module.__file__)
    ]
    return markdown(["method", "paper", "official code", "licence"], rows)


def authors_code(context: Context, methods: list[str]) -> str:
    """Return our rows beside the authors' code on the same pair; ours over seeds where the evidence has several."""
    part = context.part("classical")
    cells = part.where(method=tuple(methods))
    seeds = context.part("classical-seeds")
    sources = [part]
    if (seeds.folder / METRICS).exists():
        more = seeds.cells[seeds.cells["method"].isin(methods)]
        if len(more):
            sources.append(seeds)
            own = ["dataset", "degradation", "method", "scene", "seed"]
            cells = pd.concat([cells, more]).drop_duplicates(own)
    given = pd.read_csv(context.evidence.folder / "authors-code" / "scores.csv").set_index(["ratio", "method"])
    rows = []
    for method in methods:
        for ratio in ("x32", "x8"):
            own = cells[(cells["method"] == method) & (cells["ratio"] == ratio)]
            if own.empty:
                continue
            texts = []
            for metric in COLUMNS:
                ours = mean(own, f"{CONVENTION} {metric}")
                text = f"{ours.value:.{DIGITS[metric]}f}"
                if metric == "psnr" and ours.seeds > 1:
                    text += f" ({ours.least:.2f} to {ours.most:.2f})"
                theirs = given[metric].get((ratio, method))
                texts += [text, "-" if theirs is None or pd.isna(theirs) else f"{theirs:.{DIGITS[metric]}f}"]
            rows.append([f"`{method}`", ratio, *texts])
    if not rows:
        raise NotMeasured(part.how)
    head = ["method", "ratio"]
    for name in ("PSNR dB", "SAM deg", "SSIM", "ERGAS"):
        head += [f"{name} ours", "authors"]
    values = context.link(context.evidence.folder / "authors-code" / "scores.csv")
    words = (
        f"Convention `{CONVENTION}`; ours: mean over seeds, the PSNR with its range where there are several. "
        f"Authors: [their code's run]({values}). Ours:"
    )
    return f"{markdown(head, rows)}\n\n{context.caption(words, *sources)}"


def read(context: Context, folder: str, name: str, command: str) -> tuple[pd.DataFrame, str]:
    """Return a table that a script of docs/measure wrote, and the sentence on where it comes from."""
    path = context.evidence.folder / folder / name
    if not path.exists():
        raise NotMeasured(f"not measured at this version; run `python {command}`")
    known = json.loads((path.parent / PROVENANCE).read_text(encoding="utf-8"))
    origin = (
        f"[Values]({context.link(path)}), [provenance]({context.link(path.parent / 'provenance.json')}): "
        f"`python {known['make']}`, commit {known['commit'][:10]}, {known['device']}, {known['date']}."
    )
    return pd.read_csv(path, keep_default_na=False), origin


def variants(context: Context) -> str:
    """Return every variant of every metric on one pair."""
    table, origin = read(context, "conventions", "variants.csv", "docs/measure/conventions.py")
    rows = [
        [f"`{name}`", definition.replace("|", "\\|"), users, shown(value), shown(dark)]
        for name, definition, users, value, dark in table.itertuples(index=False)
    ]
    head = ["variant", "definition", "used by", "value", "with zero pixels"]
    return f"{markdown(head, rows)}\n\n{origin}"


def conventions(context: Context) -> str:
    """Return the same output under each convention."""
    table, origin = read(context, "conventions", "conventions.csv", "docs/measure/conventions.py")
    main = ["psnr", "ssim", "sam", "ergas"]
    rows = []
    for name, own in table.groupby("convention", sort=False):
        values = dict(zip(own["metric"], own["value"], strict=True))
        others = ", ".join(f"{k} {shown(v)}" for k, v in values.items() if k not in main)
        rows.append([f"`{name}`", *(shown(values[k]) if k in values else "" for k in main), others])
    return f"{markdown(['convention', 'PSNR', 'SSIM', 'SAM', 'ERGAS', 'others'], rows)}\n\n{origin}"


def shown(value: object) -> str:
    """Return a value with four significant digits, as a plain number."""
    try:
        number = float(str(value))
    except ValueError:
        return "-"
    return f"{number:.4g}" if abs(number) < 10000 else f"{number:.0f}"


def statistics(context: Context) -> str:
    """Return the statistics of phantom's scenes beside CAVE's."""
    cave, origin = read(context, "phantom-statistics", "cave.csv", "docs/measure/phantom_table.py")
    cave = cave.set_index("statistic")
    table = pd.read_csv(context.evidence.folder.parent / "phantom_statistics.csv").set_index("statistic")
    rows = []
    for name, title in STATISTICS.items():
        own = [
            f"{table[f'median_{n}px'][name]:.3g} ({table[f'min_{n}px'][name]:.3g} to {table[f'max_{n}px'][name]:.3g})"
            for n in (256, 128)
        ]
        rows.append([title, *(f"{float(cave[scene][name]):.3g}" for scene in ("balloons", "chart")), *own])
    head = ["statistic (PSNR in dB)", "balloons 256", "chart 256", "phantom 256", "phantom 128"]
    return f"{markdown(head, rows)}\n\n{origin}"
