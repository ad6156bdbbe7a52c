"""The tables on estimates: of the sensor of a pair (docs/measure/estimation.py), and of nsgp's own error (docs/measure/uncertainty.py)."""

from __future__ import annotations

import pandas as pd

from pages.context import Context
from pages.format import markdown
from pages.references import read

SCRIPT = "docs/measure/estimation.py"
FOUND_AS = {"box": "isotropic"}  # a Gaussian far wider than its support is a box
HEAD = [
    "PSF", "ratio", "SNR HSI / MSI, dB", "pairs", "kind found", "support and phase found", "PSF, largest error", "PSF, sum of errors", "width, px",
    "angle, degrees", "shift, px", "SRF, mean error", "noise of HSI, of MSI / true", "CPU s",
]  # fmt: skip


def accuracy(context: Context) -> str:
    """Return one row per case, ratio and level of noise: the largest errors over its pairs."""
    table, origin = read(context, "estimation", "cases.csv", SCRIPT)
    rows = []
    for (case, ratio, hsi, msi), own in table.groupby(["case", "ratio", "snr_hsi", "snr_msi"], sort=False):
        right = own["family"] == own["true_family"].replace(FOUND_AS)
        given = own["given"].iloc[0] != "nothing"
        rows.append(
            [
                case, f"x{ratio}", f"{hsi} / {msi}" if hsi != "" else "none", str(len(own)), f"{right.sum()} of {len(own)}",
                "given" if given else f"{own['geometry_found'].astype(int).sum()} of {len(own)}",
                *(span(own[name]) for name in ("psf_max_error", "psf_l1_error", "width_error", "angle_error", "shift_error", "srf_mean_error")),
                noise(own), span(own["seconds"]),
            ]
        )  # fmt: skip
    return f"{markdown(HEAD, rows)}\n\nErrors are the largest over the pairs. {origin}"


def noise(own: pd.DataFrame) -> str:
    """Return the ranges of the noise found over the true one; without noise, for how many pairs none was found."""
    texts = []
    for name in ("hsi_noise", "msi_noise"):
        numbers = pd.to_numeric(own[name], errors="coerce").dropna()
        texts += [f"{numbers.min():.2f} to {numbers.max():.2f}"] if len(numbers) else []
    free = own["noise_free"].astype(int).sum()
    return ", ".join(texts) or f"none found in {free} of {len(own)}"


def span(values: pd.Series) -> str:
    """Return the largest value with two significant digits, or nothing where the column does not apply."""
    numbers = pd.to_numeric(values, errors="coerce").dropna()
    return f"{numbers.max():.2g}" if len(numbers) else ""


def coverage(context: Context) -> str:
    """Return how often the 95 % bands of nsgp's standard deviations hold the truth, before and after the factor of the pair, one row per pair."""
    script = "docs/measure/uncertainty.py --mirror FOLDER --write"
    table, origin = read(context, "uncertainty", "uncertainty.csv", script)
    rows = [
        [
            row.kind, row.scene, str(row.ratio), f"{float(row.noise):g}", f"{float(row.rmse):.2g}", f"{float(row.plain_coverage):.1f}",
            f"{float(row.plain_width):.2g}", f"{float(row.factor):.2f}", f"{float(row.coverage):.1f}", f"{float(row.mean_width):.2g}",
        ]
        for row in table.itertuples(index=False)
    ]  # fmt: skip
    head = [
        "scenes", "scene", "ratio", "noise", "rms error (%)", "model alone: within (%)", "half width (%)", "factor of the pair",
        "calibrated: within (%)", "half width (%)",
    ]  # fmt: skip
    return f"{markdown(head, rows)}\n\n{summary(table)} {origin}"


def summary(table: pd.DataFrame) -> str:
    """Return in a sentence the ranges of the shares over the scenes that are no phantom and, where two cameras see them, registered."""
    real = table[~table["kind"].isin(("phantom", "two cameras"))]
    parts = []
    for name, column in (("model alone", "plain_coverage"), ("calibrated", "coverage")):
        shares = pd.to_numeric(real[column])
        near = int(((shares >= 93) & (shares <= 97)).sum())
        parts.append(
            f"{name} {shares.min():.0f} to {shares.max():.0f} % (mean {shares.mean():.0f} %, {near} between 93 and 97 %)"
        )
    return f"Over the {len(real)} pairs of real scenes, those of two cameras registered: {'; '.join(parts)}."
