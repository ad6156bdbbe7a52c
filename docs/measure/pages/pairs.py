"""Tables of real pairs under Wald's protocol, from docs/evidence/real-pairs."""

from __future__ import annotations

import pandas as pd

from pages.context import Context
from pages.format import markdown
from pages.references import read

SCRIPT = "docs/measure/real_pairs.py --write"
DEFAULT = "docs/measure/default_method.py --write --kind 'two cameras, registered'"
NEAR = 0.1  # dB
TITLES = {
    "paris-ms-x2": "Paris MS x2", "paris-ms-x4": "Paris MS x4", "paris-pan-x3": "Paris PAN x3",
    "sentinel2-20-10": "Sentinel-2 20/10 m", "sentinel2-60-10": "Sentinel-2 60/10 m",
}  # fmt: skip


def figures(context: Context) -> str:
    """Return PSNR of every method on every pair, as it is and registered; the best of each column is bold."""
    table, origin = read(context, "real-pairs", "real-pairs.csv", SCRIPT)
    cases = [case for case in TITLES if case in set(table["case"])]
    variants = ("plain", "registered")
    methods = list(dict.fromkeys(table["method"]))
    head = ["method", *(f"{TITLES[case]}, {variant}" for case in cases for variant in variants)]
    best = {
        (case, variant): table[(table["case"] == case) & (table["variant"] == variant)]["psnr"].max()
        for case in cases
        for variant in variants
    }
    rows = []
    for method in methods:
        line = [f"`{method}`"]
        for case in cases:
            for variant in variants:
                line.append(cell(table, case, variant, method, best[case, variant]))
        rows.append(line)
    return f"{markdown(head, rows)}\n\nPSNR dB / SAM deg, convention `std1`. {origin}"


def cell(table: pd.DataFrame, case: str, variant: str, method: str, best: float) -> str:
    """Return one figure, 'failed' where the method gave no cube."""
    found = table[(table["case"] == case) & (table["variant"] == variant) & (table["method"] == method)]
    if found.empty:
        return "-"
    psnr, sam = float(found["psnr"].iloc[0]), float(found["sam"].iloc[0])
    if psnr != psnr:
        return "failed"
    text = f"{psnr:.2f}"
    return f"{f'**{text}**' if psnr == best else text} / {sam:.2f}"


def shifts(context: Context) -> str:
    """Return the estimated shifts beside the correlation's and the oracle's, and what the oracle's gives."""
    table, origin = read(context, "real-pairs", "real-pairs.csv", SCRIPT)
    rows = []
    for case in (case for case in TITLES if case in set(table["case"])):
        own = table[table["case"] == case]
        estimated, oracle = (own[own["variant"] == name].iloc[0] for name in ("registered", "oracle"))
        nsgp = [
            own[(own["variant"] == name) & (own["method"] == "nsgp")]["psnr"].iloc[0]
            for name in ("registered", "oracle")
        ]
        rows.append(
            [
                TITLES[case], f"{estimated['rows']:+.2f}, {estimated['cols']:+.2f}", f"{estimated['error']:.2f}",
                f"{estimated['correlated_rows']:+.2f}, {estimated['correlated_cols']:+.2f}",
                f"{oracle['rows']:+.2f}, {oracle['cols']:+.2f}", *(f"{value:.2f}" for value in nsgp),
            ]
        )  # fmt: skip
    head = [
        "pair", "estimated", "standard error", "phase correlation", "oracle", "`nsgp` PSNR dB, estimated shift", "oracle's shift",
    ]  # fmt: skip
    return f"{markdown(head, rows)}\n\nShifts (down, right) in pixels of the reduced LR. {origin}"


def default(context: Context) -> str:
    """Return the default method beside the best of the closed-form blind methods on every pair, and on how many it is within NEAR dB of that."""
    table, origin = read(context, "default-method", "default-method.csv", DEFAULT)
    rows, behind = [], []
    for row in table.itertuples(index=False):
        behind.append(float(row.best_psnr) - float(row.psnr))
        rows.append(
            [
                row.kind, TITLES.get(row.scene, row.scene), f"x{row.ratio}", str(row.bands), f"`{row.default}`", f"{float(row.psnr):.2f}",
                f"`{row.best}`", f"{float(row.best_psnr):.2f}", f"{-behind[-1]:+.2f}", f"{float(row.nsgp):.2f}", f"{float(row.seconds):.1f}",
            ]
        )  # fmt: skip
    head = [
        "scenes", "scene", "ratio", "HR bands", "default", "PSNR dB", "best of the grid", "PSNR dB", "difference", "`nsgp` PSNR dB", "default's CPU s",
    ]  # fmt: skip
    near = sum(value <= NEAR for value in behind)
    said = f"Within {NEAR:g} dB of the best of the grid, or above it: {near} of {len(behind)}; furthest behind: {max(behind):.2f} dB."
    return f"{markdown(head, rows)}\n\n{said} {origin}"
