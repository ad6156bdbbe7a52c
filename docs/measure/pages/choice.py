"""The table of mossfuse-c.md on what held-out pixels choose, against what the truth would."""

from __future__ import annotations

from pages.context import Context
from pages.format import markdown
from pages.references import read


def lattices(context: Context) -> str:
    """Return one row per lattice: amounts, and what they gain over nsgp."""
    command = "docs/measure/choice_of_mossfuse_c.py --mirror FOLDER --write"
    table, origin = read(context, "mossfuse-c-choice", "lattices.csv", command)
    rows = [
        [
            f"`{row.data}` {row.scene}", row.lattice, f"{float(row.nsgp_psnr):.2f}", f"{float(row.evidence):.1f}",
            *(f"{float(amount):.2f} ({float(gain):+.2f})" for amount, gain in ((row.wanted, row.gain_wanted), (row.amount, row.gain), (row.best, row.gain_best))),
            f"{float(row.gain_quarter):+.2f}",
        ]
        for row in table.itertuples(index=False)
    ]  # fmt: skip
    head = [
        "scene",
        "lattice",
        "nsgp, PSNR dB",
        "z",
        "held-out pixels' amount (gain, dB)",
        "after the margin",
        "the truth's",
        "always a quarter",
    ]
    return f"{markdown(head, rows)}\n\nRatio 32, 64 LR pixels, seed 0. {origin}"
