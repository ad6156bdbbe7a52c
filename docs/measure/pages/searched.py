"""Tables of results-real.md on what a search of their parameters gives the classical rivals."""

from __future__ import annotations

import json

import pandas as pd

from pages.context import Context
from pages.format import markdown
from pages.store import KNOWN, NotMeasured
from pages.violations import pair

SUFFIX = "-searched"


def chosen(context: Context) -> str:
    """Return one row per rival: what was tried, what the training scenes chose, and their PSNR with the default and with the choice."""
    file = context.evidence.folder / "search" / "chosen.json"
    if not file.exists():
        raise NotMeasured("not measured at this version; run `python docs/measure/search.py --write`")
    search = json.loads(file.read_text(encoding="utf-8"))
    rows = []
    for method, found in search["methods"].items():
        values: dict[str, list[str]] = {}
        for key, value, _ in found["tried"]:
            values.setdefault(key, []).append(f"{value:g}")
        tried = "; ".join(f"`{key}` {', '.join(own)}" for key, own in values.items())
        kept = ", ".join(f"`{key}: {value:g}`" for key, value in found["params"].items()) or "the defaults"
        rows.append([f"`{method}`", tried, kept, f"{found['default_psnr']:.2f}", f"{found['psnr']:.2f}"])
    head = ["method", "tried beside its defaults", "chosen", "PSNR dB, defaults", "PSNR dB, chosen"]
    places = " and ".join(f"`{place['degradation']}` ({place['size']} px)" for place in search["places"])
    words = f"Mean over phantom's training scenes {', '.join(search['scenes'])} under {places}"
    origin = "; ".join(
        ", ".join(sorted({found[key] for found in search["methods"].values()})) for key in ("commit", "device")
    )
    tried = f"[Every value tried]({context.link(file)}) (commit {origin})"
    return f"{markdown(head, rows)}\n\n{words}, convention `std1`. {tried}."


def gained(context: Context) -> str:
    """Return one row per rival and its searched form, `nsgp` last, one column per scene and ratio."""
    part = context.part("searched")
    cells = part.where()
    places = list(dict.fromkeys(zip(cells["dataset"], cells["scene"], cells["ratio"], strict=True)))
    names = list(cells["method"].unique())
    rivals = [name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX)]
    rows = []
    for method in (*(name for rival in rivals for name in (rival, f"{rival}{SUFFIX}")), "nsgp"):
        own = cells[cells["method"] == method].set_index(["dataset", "scene", "ratio"])
        rows.append([part.label(method), *(marked(own.loc[own.index == place]) for place in places)])
    head = ["method", *(f"{dataset} {scene}, {ratio}" for dataset, scene, ratio in places)]
    return f"{markdown(head, rows)}\n\n{context.caption('PSNR dB / SAM deg, convention `std1`; one lattice.', part)}"


def marked(cells: pd.DataFrame) -> str:
    """Return 'PSNR / SAM', with the sign of scenes on which a default of the method was chosen."""
    return f"{pair(cells)}{KNOWN if cells['known'].any() else ''}"
