"""The tables of the exports as Parquet, for who asks for them: pyarrow is an extra of its own."""

from __future__ import annotations

from typing import Any

import pandas as pd

from mossfuse.errors import extra_needed


def check_parquet() -> None:
    """Raise MossFuseError with the remedy where pyarrow is missing, before anything is written."""
    with extra_needed("Parquet"):
        import pyarrow  # noqa: F401


def write_parquet(site: Any) -> None:
    """Write every CSV of the exports as Parquet beside it, with the same columns and numbers."""
    for name in sorted(n for n in site.files if n.startswith("exports/") and n.endswith(".csv")):
        table = pd.read_csv(site.out / name, low_memory=False)
        table.to_parquet(site.path(name.removesuffix(".csv") + ".parquet"), engine="pyarrow", index=False)
