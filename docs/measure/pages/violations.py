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
    if plain is not None:
        rows.append(["none", *line(plain, CHEAP)])
    for base, own in cells.groupby("base", sort=False):
        if len(own["method"].unique()) > 1:
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


def compared(context: Context, methods: tuple[str, ...], other: str, noisy: bool) -> str:
    """Return one row per method and its other form, one column per dataset and degradation that has both.

    other: how the other row is called, such as 'denoised+{}'; noisy: under noise, else without.
    """
    part = context.part("violations")
    cells = part.where(method=tuple(name for m in methods for name in (m, other.format(m))))
    cells = cells[cells["base"].str.contains("-snr") == noisy]
    places = [
        place
        for place, own in cells.groupby(["dataset", "base"], sort=False)
        if any({m, other.format(m)} <= set(own["method"]) for m in methods)
    ]
    places = [place for place in places if place[0] in ("cave", "cave-half")]
    if not places:
        raise NotMeasured(part.how)
    rows = []
    for method in (name for m in methods for name in (m, other.format(m))):
        own = cells[cells["method"] == method]
        if len(own):
            found = [own[(own["dataset"] == dataset) & (own["base"] == base)] for dataset, base in places]
            rows.append([part.label(method), *map(pair, found)])
    head = ["method", *(f"{dataset}, `{base}`" for dataset, base in places)]
    return f"{markdown(head, rows)}\n\n{context.caption('PSNR dB / SAM deg, convention `std1`; one lattice and draw.', part)}"
