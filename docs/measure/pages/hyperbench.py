"""Tables of results-hyperbench.md: the cells of HyperBench on one airborne crop, by ratio and channels, by PSF, and by convention."""

from __future__ import annotations

import re

import pandas as pd

from pages.context import Context
from pages.format import DIGITS, joined, markdown, plural

PART = "hyperbench"
THEIRS, OURS = "hyperbench", "std1"
SPELLED = re.compile(r"x(\d+)-hb([a-z]+)\d+-hyperbench(\d+)nominal-")
NOTES = {"airy": "a ring, no Airy disc", "disc": "corrected Airy disc, not in the package", "hermite": "a ring, 0 in the middle"}  # fmt: skip


def named(context: Context) -> pd.DataFrame:
    """Return the cells with ``r``, ``psf`` and ``channels`` read from their degradations."""
    cells = context.part(PART).cells
    found = [SPELLED.match(name) for name in cells["degradation"]]
    columns = zip(*(match.groups() for match in found if match), strict=True)
    ratio, psf, channels = columns
    return cells.assign(r=[int(n) for n in ratio], psf=psf, channels=[int(n) for n in channels])


def pair(cells: pd.DataFrame, degradations: int) -> str:
    """Return the means of PSNR and SAM as 'PSNR / SAM', in the package's convention; '-' where a degradation has no cell."""
    if cells["degradation"].nunique() < degradations:
        return "-"
    return joined(*(f"{cells[f'{THEIRS} {metric}'].mean():.{DIGITS[metric]}f}" for metric in ("psnr", "sam")))


def grouped(context: Context, by: list[str], head: list[str], words: str) -> str:
    """Return one row per value of ``by``, one column per method."""
    part, cells = context.part(PART), named(context)
    methods = list(dict.fromkeys(cells["method"]))
    rows = []
    for key, own in cells.groupby(by, sort=False):
        first = [f"`{k}` ({NOTES[k]})" if k in NOTES else f"`{k}`" if isinstance(k, str) else str(k) for k in key]
        every = own["degradation"].nunique()
        rows.append([*first, *(pair(own[own["method"] == method], every) for method in methods)])
    table = markdown([*head, *map(part.label, methods)], rows)
    return f"{table}\n\n{context.caption(f'PSNR dB / SAM deg, convention `{THEIRS}`, {words}', part)}"


def by_camera(context: Context) -> str:
    """Return one row per ratio and number of MSI channels: means over the PSFs."""
    psfs = plural(named(context)["psf"].nunique(), "PSF")
    return grouped(context, ["r", "channels"], ["ratio", "MSI channels"], f"mean over {psfs}.")


def by_psf(context: Context) -> str:
    """Return one row per PSF: means over the pairs of ratio and channels."""
    cameras = plural(len(named(context)[["r", "channels"]].drop_duplicates()), "pair")
    return grouped(context, ["psf"], ["PSF"], f"mean over {cameras} of ratio and MSI channels.")


def by_convention(context: Context) -> str:
    """Return one row per method: means over all cells in both conventions, and how far the PSFs are apart."""
    part, cells = context.part(PART), named(context)
    rows, every = [], cells["degradation"].nunique()
    for method, own in cells.groupby("method", sort=False):
        if len(own) < every:
            continue
        line = [part.label(method)]
        for metric in ("psnr", "sam", "ergas"):
            line += [f"{own[f'{c} {metric}'].mean():.{DIGITS[metric]}f}" for c in (OURS, THEIRS)]
        means = own.groupby("psf")[f"{THEIRS} psnr"].mean()
        rows.append([*line, f"{means.max() - means.min():.2f} (`{means.idxmax()}` to `{means.idxmin()}`)"])
    head = ["method"]
    for name in ("PSNR dB", "SAM deg", "ERGAS"):
        head += [f"{name}, `{c}`" for c in (OURS, THEIRS)]
    table = markdown([*head, "dB between the easiest and the hardest PSF"], rows)
    words = (
        f"Means over {every} cells, of the methods that have all of them; the last column in the package's convention, of means over the "
        "pairs of ratio and channels."
    )
    return f"{table}\n\n{context.caption(words, part)}"
