"""Write columns of numbers and words as CSV in one step."""

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mossfuse.files.atomic import replacing


def write_columns(path: str | Path, columns: Mapping[str, Sequence[Any]]) -> None:
    """Write columns of equal length as CSV, floats with eight significant digits; NaN and None leave a field empty.

    A column ``step`` that counts the rows from 0 is put first where there is none. Raises MossFuseError where the file
    cannot be written, ValueError for columns of different length.
    """
    columns = {name: list(values) for name, values in columns.items()}
    rows = len(next(iter(columns.values()), []))
    if "step" not in columns:
        columns = {"step": list(range(rows)), **columns}
    texts = [as_text(values) for values in columns.values()]
    with replacing(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*texts, strict=True))


def as_text(values: Sequence[Any]) -> list[str]:
    """Return a column's fields; whole numbers become floats where the column holds a float or a gap."""
    plain = [value.item() if hasattr(value, "item") else value for value in values]
    real = any(value is None or isinstance(value, float) for value in plain)
    return [field(value, real) for value in plain]


def field(value: Any, real: bool) -> str:
    """Return one value as CSV holds it."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if real and isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:.8g}"
    return str(value)
