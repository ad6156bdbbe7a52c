"""Tables of results-violations.md: departures from the sensor model, denoised pairs, and methods that are given nothing."""

from __future__ import annotations

import pandas as pd

from pages.context import Context
from pages.format import markdown
from pages.store import NotMeasured, fair

CHEAP = ("bicubic", "ridge-dc", "cnmf", "nsgp", "nsgp-given-nothing")
BLIND = ("nsgp", "mossfuse-c", "pixel-mlp-blind", "hysure-blind")
DENOISED = ("ridge-dc", "cnmf", "fuse", "gsa-psf")


def departures(context: Context, dataset: str) -> str:
    """Return one row per departure, one column per method; above them the degradation without any, from the leading methods' part."""
    part = context.part("violations")
    cells = part.where(dataset=dataset, method=CHEAP)
    rows, plain = [], reference(context, dataset)
    without = "" if plain is None else plain["base"].iloc[0]
    if plain is not None:
        blind = cells[(cells["base"] == without) & ~cells["method"].isin(plain["method"])]
        rows.append(["none", *line(pd.concat([plain, blind]), CHEAP)])
    for base, own in cells.groupby("base", sort=False):
        if base != without and {"cnmf", "nsgp-given-nothing"} <= set(own["method"]):
            rows.append([f"`{base}`", *line(own, CHEAP)])
    if not rows:
        raise NotMeasured(part.how)
    head = ["departure", *map(part.label, CHEAP)]
    scenes = cells["scene"].nunique()
    words = f"PSNR dB / SAM deg, convention `std1`{f', mean over {scenes} scenes' if scenes > 1 else ''}; one lattice."
    sources = [part] if plain is None else [part, context.part("leaders")]
    return f"{markdown(head, rows)}\n\n{context.caption(words, *sources)}"


def reference(context: Context, dataset: str) -> pd.DataFrame | None:
    """Return the cells of a dataset without any departure at the ratio of its violations, default lattice; None where there are none."""
    ratio = context.part("violations").where(dataset=dataset)["ratio"].iloc[0]
    try:
        cells = context.part("leaders").where(dataset=dataset, ratio=ratio)
    except NotMeasured:
        return None
    own = cells[cells["degradation"] == cells["base"]]
    return None if own.empty else own


def line(cells: pd.DataFrame, methods: tuple[str, ...]) -> list[str]:
    """Return PSNR / SAM of each method, mean over the scenes that all methods with cells here have; '-' where one has none."""
    cells = fair(cells, methods)
    return [pair(cells[cells["method"] == method]) for method in methods]


def pair(cells: pd.DataFrame) -> str:
    """Return 'PSNR / SAM', '-' where there is no cell."""
    return "-" if cells.empty else f"{cells['std1 psnr'].mean():.2f} / {cells['std1 sam'].mean():.2f}"


def behind(context: Context) -> str:
    """Return one row for every departure and data set in which another method of the tables is ahead of `nsgp`."""
    part = context.part("violations")
    rows = []
    for (dataset, base), own in part.where(method=CHEAP[:-1]).groupby(["dataset", "base"], sort=False):
        own = fair(own, CHEAP[:-1])
        for metric, unit, sign in (("psnr", "dB", 1), ("sam", "deg", -1)):
            means = own.groupby("method")[f"std1 {metric}"].mean()
            if "nsgp" not in means:
                continue
            for method, value in means.items():
                if sign * (value - means["nsgp"]) > 0.005:
                    rows.append([dataset, f"`{base}`", part.label(method), f"{value - means['nsgp']:+.2f} {unit}"])
    if not rows:
        raise NotMeasured(part.how)
    head = ["dataset", "departure", "method", "ahead of `nsgp` by"]
    return f"{markdown(head, rows)}\n\n{context.caption('Means over the scenes, convention `std1`; one lattice and draw.', part)}"


def compared(context: Context, methods: tuple[str, ...], other: str, noisy: bool, beside: tuple[str, ...] = ()) -> str:
    """Return one row per method and its other form, one column per dataset and degradation where all of them ran.

    other: how the other row is called, such as 'denoised+{}'; noisy: under noise, else without; beside: methods with a row alone.
    """
    part = context.part("violations")
    names = tuple(name for m in methods for name in (m, other.format(m)))
    cells = part.where(method=(*names, *beside))
    cells = cells[cells["base"].str.contains("-snr") == noisy]
    places = [
        place
        for place, own in cells.groupby(["dataset", "base"], sort=False)
        if set(names) & set(cells["method"]) <= set(own["method"])
    ]
    places = [place for place in places if place[0] in ("cave", "cave-half")]
    if not places:
        raise NotMeasured(part.how)
    rows = []
    for method in (*names, *beside):
        own = cells[cells["method"] == method]
        if len(own):
            found = [own[(own["dataset"] == dataset) & (own["base"] == base)] for dataset, base in places]
            rows.append([part.label(method), *map(pair, found)])
    head = ["method", *(f"{dataset}, `{base}`" for dataset, base in places)]
    return f"{markdown(head, rows)}\n\n{context.caption('PSNR dB / SAM deg, convention `std1`; one lattice and draw.', part)}"
