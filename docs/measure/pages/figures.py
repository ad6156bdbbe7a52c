"""Figures of the pages, drawn from the evidence; the picture carries the hash of the values that it shows."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from pages.context import Context
from pages.layout import CURVES
from pages.layout import METRICS as METRICS_TABLE
from pages.networks import traced
from pages.store import NotMeasured

STEP = 0.55  # dB between two names at the right edge
SOURCE = "Values"  # key of the picture's text with the hash
METRICS = {"psnr": "PSNR (dB)", "sam": "SAM (degrees)"}
COLOURS = ("#4c72b0", "#c44e52", "#69707a")


def images(context: Context) -> Path:
    """Return the folder of the pictures."""
    return context.evidence.folder.parent / "images"


def deep(context: Context) -> str:
    """Return the picture of the fits' curves, drawn where it is not of these values."""
    part = context.part("deep")
    curves = [curve for (ratio, _), curve in traced(part) if ratio == "x32"]
    if not curves:
        raise NotMeasured(part.how)
    return place(context, "deep-curves.png", part.folder / CURVES, "PSNR over the share of steps of every fit at x32")


def variants(context: Context) -> str:
    """Return the picture of the training variants, drawn where it is not of these values."""
    path = context.evidence.folder / "variants" / "weights.csv"
    if not path.exists():
        raise NotMeasured(
            "not measured at this version; run `python docs/measure/variant_curves.py config/evidence/variants.yaml`"
        )
    return place(context, "training-variants.png", path, "PSNR and SAM over steps of both variants")


def sweeps(context: Context) -> str:
    """Return the picture of the sweeps' curves, drawn where it is not of these values."""
    part = context.part("sweeps")
    path = part.folder / METRICS_TABLE
    if not path.exists():
        raise NotMeasured(part.how)
    return place(context, "sweeps.png", path, "PSNR at every step of every sweep, one line per method")


def place(context: Context, name: str, values: Path, words: str) -> str:
    """Return a picture's Markdown with a link to its values."""
    return f"![{words}]({context.link(images(context) / name)})\n\n[Values]({context.link(values)})."


def hash_of(values: Path) -> str:
    """Return the hash of the file of values, which the picture carries."""
    return hashlib.sha256(values.read_bytes()).hexdigest()[:16]


def drawn_from(picture: Path) -> str | None:
    """Return the hash of the values that a picture was drawn from, or None."""
    from PIL import Image

    if not picture.exists():
        return None
    with Image.open(picture) as image:
        return image.info.get(SOURCE)


def pictures(evidence: Path) -> dict[Path, Path]:
    """Return picture -> file of its values, of every figure whose values exist."""
    folder = evidence.parent / "images"
    known = {
        folder / "deep-curves.png": evidence / "deep" / CURVES,
        folder / "training-variants.png": evidence / "variants" / "weights.csv",
        folder / "sweeps.png": evidence / "sweeps" / METRICS_TABLE,
    }
    return {picture: values for picture, values in known.items() if values.exists()}


def draw(picture: Path, values: Path) -> None:
    """Draw one figure from its values."""
    import matplotlib

    matplotlib.use("Agg")
    drawn = {"deep-curves.png": draw_deep, "training-variants.png": draw_variants, "sweeps.png": draw_sweeps}
    drawn[picture.name](picture, values)


def save(figure, picture: Path, values: Path, dpi: int) -> None:
    """Write a figure with the hash of its values."""
    figure.savefig(picture, dpi=dpi, metadata={SOURCE: hash_of(values), "Software": None})


def draw_deep(picture: Path, values: Path) -> None:
    """Draw one line per method over the share of its steps, with its name at the end; names are spread where they would overlap."""
    import matplotlib.pyplot as plt
    import seaborn as sns

    from pages.store import Part

    curves = {method: curve for (ratio, method), curve in traced(Part("deep", values.parent)) if ratio == "x32"}
    figure, ax = plt.subplots(figsize=(7.2, 4.6))
    ends = sorted((curve["psnr"].iloc[-1], name) for name, curve in curves.items())
    colours = dict(zip((name for _, name in ends), sns.husl_palette(len(ends), l=0.5), strict=True))
    for name, curve in curves.items():
        share = curve["step"] / curve["step"].iloc[-1]
        ax.plot(share, curve["psnr"], color=colours[name], marker=".", markersize=3, linewidth=1.2)
    height = -float("inf")
    for end, name in ends:
        height = max(end, height + STEP)
        ax.annotate(
            name, (1, end), (1.06, height), color=colours[name], fontsize=7, va="center",
            arrowprops={"arrowstyle": "-", "color": colours[name], "linewidth": 0.4, "alpha": 0.6},
        )  # fmt: skip
    ax.set(xlabel="share of the fit's steps", ylabel="PSNR (dB)", title="balloons at half size, x32")
    ax.title.set(fontsize=9, ha="left", x=0)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(color="#d9dde2", linewidth=0.6)
    figure.subplots_adjust(left=0.09, right=0.76, bottom=0.11, top=0.94)
    save(figure, picture, values, 110)
    plt.close(figure)


def draw_variants(picture: Path, values: Path) -> None:
    """Draw one row of panels per dataset, one column per metric, and bicubic as a dotted line."""
    import matplotlib.pyplot as plt
    import pandas as pd

    table = pd.read_csv(values)
    datasets = list(table["dataset"].unique())
    figure, axes = plt.subplots(len(datasets), len(METRICS), figsize=(7.2, 2.5 * len(datasets)), squeeze=False)
    for line, dataset in zip(axes, datasets, strict=True):
        rows = list(table[table["dataset"] == dataset].groupby("method", sort=False))
        for ax, (metric, label) in zip(line, METRICS.items(), strict=True):
            trained = (row for row in rows if row[0] != "bicubic")
            for colour, (name, curve) in zip(COLOURS, trained, strict=False):
                ax.plot(curve["step"], curve[metric], color=colour, label=name, marker=".", markersize=3, linewidth=1.2)
            for name, curve in (row for row in rows if row[0] == "bicubic"):
                ax.axhline(curve[metric].iloc[0], color=COLOURS[-1], linestyle=":", linewidth=1, label=name)
            ax.set(xlabel="step", ylabel=label)
            ax.spines[["top", "right"]].set_visible(False)
            ax.grid(color="#d9dde2", linewidth=0.6)
        line[0].set_title(dataset, fontsize=9, loc="left")
        line[-1].legend(frameon=False, fontsize=7, loc="lower right", bbox_to_anchor=(1, 1), ncols=3, borderaxespad=0)
    figure.tight_layout()
    save(figure, picture, values, 100)
    plt.close(figure)


def draw_sweeps(picture: Path, values: Path) -> None:
    """Draw one panel per sweep, one line per method; the band is the 95 % interval of the change from the sweep's base."""
    import matplotlib.pyplot as plt
    import robustness
    import seaborn as sns

    from pages.store import Part
    from pages.sweeps import values_of

    found = values_of(Part("sweeps", values.parent).cells)
    panels = {name: drawn for name in robustness.SWEEPS if (drawn := robustness.along(found, name))[1]}
    methods = sorted({method for _, rows in panels.values() for method in rows})
    colours = dict(zip(methods[::2] + methods[1::2], sns.husl_palette(len(methods), l=0.5), strict=True))
    knows = robustness.given(methods)
    figure, axes = plt.subplots(-(-len(panels) // 2), 2, figsize=(7.2, 2.3 * -(-len(panels) // 2)), squeeze=False)
    for ax, (name, (steps, rows)) in zip(axes.flat, panels.items(), strict=False):
        base, places = robustness.SWEEPS[name][0], range(len(steps))
        for method, own in rows.items():
            psnr = own["psnr"]
            means = [sum(psnr[step]) / len(psnr[step]) for step in steps]
            change = [[a - b for a, b in zip(psnr[step], psnr[base], strict=True)] for step in steps]
            half = [robustness.half_width(each) or 0.0 for each in change]
            style = "--" if knows[method] else "-"
            ax.plot(places, means, style, color=colours[method], label=method, marker=".", markersize=4, linewidth=1.2)
            edges = ([m + sign * h for m, h in zip(means, half, strict=True)] for sign in (-1, 1))
            ax.fill_between(places, *edges, color=colours[method], alpha=0.12, linewidth=0)
        ax.set_title(name, fontsize=9, loc="left")
        ax.set_xticks(list(places), short(robustness.labels(steps)), fontsize=6 if len(steps) > 5 else 7)
        ax.tick_params(axis="y", labelsize=7)
        ax.set_ylabel("PSNR (dB)", fontsize=8)
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(color="#d9dde2", linewidth=0.6)
    for ax in list(axes.flat)[len(panels) :]:
        ax.axis("off")
    lines = {line.get_label(): line for ax in axes.flat for line in ax.get_lines()}
    figure.legend(lines.values(), lines.keys(), frameon=False, fontsize=7, loc="lower center", ncols=5)
    figure.tight_layout(rect=(0, 0.045, 1, 1))
    save(figure, picture, values, 110)
    plt.close(figure)


def short(labels: list[str]) -> list[str]:
    """Return the labels of ticks up to their first number, where that still tells them apart."""
    cut = [re.match(r"x?[a-z]*[\d.]*", label)[0] for label in labels]  # type: ignore[index]
    return cut if len(set(cut)) == len(cut) else labels
