"""Tables of real pairs: Wald's protocol by the workflow (part 'wald') and by a script (real-pairs), and indices at full resolution."""

from __future__ import annotations

import pandas as pd

from pages.context import Context
from pages.format import markdown
from pages.references import read
from pages.store import NotMeasured

SCRIPT = "docs/measure/real_pairs.py --write"
DEFAULT = "docs/measure/default_method.py --write --kind 'two cameras, registered' --kind 'phantom, few LR bands'"
NEAR = 0.1  # dB
CLOUDS = "docs/measure/clouds.py --write"
FULL_SCRIPT = "docs/measure/full_resolution.py --write"
TITLES = {
    "paris-ms-x2": "Paris MS x2", "paris-ms-x4": "Paris MS x4", "paris-pan-x3": "Paris PAN x3",
    "sentinel2-20-10": "Sentinel-2 20/10 m", "sentinel2-60-10": "Sentinel-2 60/10 m",
}  # fmt: skip


# The pairs by data set and ratio; the data set of the registered pair has "-registered" behind its name.
PLACES = {
    ("paris-ms", "x2"): "paris-ms-x2", ("paris-ms", "x4"): "paris-ms-x4", ("paris-pan", "x3"): "paris-pan-x3",
    ("sentinel2-20m", "x2"): "sentinel2-20-10", ("sentinel2-60m", "x6"): "sentinel2-60-10",
}  # fmt: skip
VARIANTS = ("plain", "registered")
INDICES = {
    "d_lambda": "D_lambda", "d_s": "D_s", "d_sr": "D_sR", "d_rho": "D_rho", "hqnr": "HQNR", "lr_residual": "LR %", "hr_residual": "HR %",
}  # fmt: skip


def figures(context: Context) -> str:
    """Return PSNR and SAM of every method on every pair, as it is and registered, by the workflow; the best of each column is bold."""
    part = context.part("wald")
    cells = named(part.cells)
    columns = [(case, variant) for case in TITLES for variant in VARIANTS]
    columns = [column for column in columns if len(own(cells, *column))]
    if not columns:
        raise NotMeasured(part.how)
    best = {column: own(cells, *column)["std1 psnr"].max() for column in columns}
    rows = [
        [part.label(method), *(pair_of(own(cells, *column), method, best[column]) for column in columns)]
        for method in dict.fromkeys(cells["method"])
    ]
    head = ["method", *(f"{TITLES[case]}, {variant}" for case, variant in columns)]
    words = "PSNR dB / SAM deg, convention `std1`; Paris over LR's largest number."
    return f"{markdown(head, rows)}\n\n{context.caption(words, part)}"


def named(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of the part 'wald' with their ``case`` and ``variant``."""
    plain = cells["dataset"].str.removesuffix("-registered")
    case = [PLACES[place] for place in zip(plain, cells["ratio"], strict=True)]
    return cells.assign(
        case=case, variant=["plain" if a == b else "registered" for a, b in zip(plain, cells["dataset"], strict=True)]
    )


def own(table: pd.DataFrame, case: str, variant: str) -> pd.DataFrame:
    """Return the rows of one pair, as it is or registered."""
    return table[(table["case"] == case) & (table["variant"] == variant)]


def pair_of(cells: pd.DataFrame, method: str, best: float) -> str:
    """Return one method's figures, 'failed' where it gave no cube."""
    found = cells[cells["method"] == method]
    if found.empty:
        return "failed"
    psnr, sam = float(found["std1 psnr"].iloc[0]), float(found["std1 sam"].iloc[0])
    return f"{f'**{psnr:.2f}**' if psnr == best else f'{psnr:.2f}'} / {sam:.2f}"


def same_by_script(context: Context) -> str:
    """Return how far the workflow's figures are from those of the script, which knows no workflow."""
    part = context.part("wald")
    cells = named(part.cells)
    table, origin = read(context, "real-pairs", "real-pairs.csv", SCRIPT)
    both = cells.merge(table, on=["case", "variant", "method"], suffixes=("", " by script"))
    both = both.dropna(subset=["std1 psnr", "psnr", "std1 sam", "sam"])
    if both.empty:
        raise NotMeasured(part.how)
    difference = both["std1 psnr"] - both["psnr"]
    level = difference.groupby(both["case"]).transform("median")  # Paris is on another scale
    rest = (difference - level).abs()
    worst = both.loc[rest.idxmax()]
    angle = (both["std1 sam"] - both["sam"]).abs().max()
    return (
        f"The script, which does the same without the workflow, gives the same figures on {len(both)} rows: the largest difference is {rest.max():.2f} dB "
        f"(`{worst['method']}`, {TITLES[worst['case']]}, {worst['variant']}), beyond the constant of the scale on Paris, and {angle:.2f} deg. {origin}"
    )


def full_resolution(context: Context, case: str) -> str:
    """Return the indices of every method on one registered pair at full resolution, and HQNR on the pair as it is."""
    table, origin = read(context, "full-resolution", "full-resolution.csv", FULL_SCRIPT)
    registered, plain = (own(table, case, variant).set_index("method") for variant in ("registered", "plain"))
    best = {name: registered[name].max() if name == "hqnr" else registered[name].min() for name in INDICES}
    rows = []
    for method, row in registered.iterrows():
        texts = [f"`{method}`"]
        for name in INDICES:
            text = index_text(name, row[name])
            texts.append(f"**{text}**" if text == index_text(name, best[name]) else text)
        rows.append([*texts, index_text("hqnr", plain.loc[method, "hqnr"])])
    head = ["method", *INDICES.values(), "HQNR, plain"]
    return f"{markdown(head, rows)}\n\n{TITLES[case]}, registered, and HQNR of the pair as it is. Bold: best of a column. {origin}"


def index_text(name: str, value: float) -> str:
    """Return an index with three decimals, a residual in per cent with two, 'failed' where there is none."""
    return "failed" if value != value else f"{value:.2f}" if name.endswith("residual") else f"{value:.3f}"


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
    return f"{markdown(head, rows)}\n\nShifts (down, right) in pixels of the reduced LR; PSNR on the files' own scale. {origin}"


def default(context: Context) -> str:
    """Return the default method beside the best of the closed-form blind methods on every pair, and on how many it is within NEAR dB of that."""
    table, origin = read(context, "default-method", "default-method.csv", DEFAULT)
    table["behind"] = table["best_psnr"].astype(float) - table["psnr"].astype(float)
    rows = [
        [
            row.kind, TITLES.get(row.scene, row.scene), f"x{row.ratio}", str(row.bands), f"`{row.default}`", f"{float(row.psnr):.2f}",
            f"`{row.best}`", f"{float(row.best_psnr):.2f}", f"{0 - row.behind:+.2f}", f"{float(row.nsgp):.2f}", f"{float(row.seconds):.1f}",
        ]
        for row in table.itertuples(index=False)
    ]  # fmt: skip
    head = [
        "scenes", "scene", "ratio", "HR bands", "default", "PSNR dB", "best of the grid", "PSNR dB", "difference", "`nsgp` PSNR dB", "default's CPU s",
    ]  # fmt: skip
    said = "; ".join(
        f"{kind}: {(own['behind'] <= NEAR).sum()} of {len(own)}, furthest behind {own['behind'].max():.2f} dB"
        for kind, own in table.groupby("kind", sort=False)
    )
    said = f"Within {NEAR:g} dB of the best of the grid, or above it: {said}."
    return f"{markdown(head, rows)}\n\n{said} {origin}"


def clouds(context: Context) -> str:
    """Return what a hidden part of a pair changes elsewhere, beside the controls that say why."""
    table, origin = read(context, "clouds", "clouds.csv", CLOUDS)
    rows = [
        [row.case, row.against, *(str(value) for value in (row.within, row.rms, row.median, row.largest, row.error, row.error_against))]
        for row in table.itertuples(index=False)
    ]  # fmt: skip
    head = [
        "cube", "against the cube of", "within 1e-3 (%)", "rms difference", "median", "largest", "the cube's own rms error", "the other's",
    ]  # fmt: skip
    return f"{markdown(head, rows)}\n\nReflectance; values that the cloud leaves. {origin}"
