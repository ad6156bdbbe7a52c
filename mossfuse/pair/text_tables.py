"""Tables of numbers in text files, as people and spreadsheets write them."""

import re
from pathlib import Path

import numpy as np

from mossfuse.errors import MossFuseError

BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}  # a spreadsheet's "Unicode text"
DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+([eE][-+]?\d+)?|[-+]?\d+")


def read_table(path: Path) -> np.ndarray:
    """Return the numbers of a text file, (lines, columns) float64.

    Columns are separated by commas, semicolons, tabs or blanks; a comma is a decimal comma where another separator is used and
    no number has a point. Lines of words before the numbers are a heading; empty lines, and those that begin with # or
    %, are skipped. Raises MossFuseError for any other line that is not as many numbers as the first.
    """
    if not path.is_file():
        raise MossFuseError(f"file {path} does not exist; check the path")
    content = path.read_bytes()
    text = content.decode(BYTE_ORDER_MARKS.get(content[:2], "utf-8-sig"), errors="replace")
    lines = [(n, line.strip()) for n, line in enumerate(text.splitlines(), 1)]
    lines = [(n, line) for n, line in lines if line and line[0] not in "#%"]
    decimal = has_decimal_commas([line for _, line in lines])
    rows: list[list[float]] = []
    for number, line in lines:
        row = numbers(split(line, decimal))
        if row is None and rows:
            raise MossFuseError(
                f"{path}: line {number} holds '{line[:40]}', which is not numbers alone; fix or remove it"
            )
        if row is None:
            continue
        if rows and len(row) != len(rows[0]):
            raise MossFuseError(
                f"{path} is not a table of numbers with equally many on every line (line {number} has {len(row)}, the first "
                f"{len(rows[0])}); fix it"
            )
        rows.append(row)
    if not rows:
        raise MossFuseError(f"{path} is not a table of numbers with equally many on every line; fix it")
    return np.array(rows)


def has_decimal_commas(lines: list[str]) -> bool:
    """Return whether commas in these lines are decimal ones."""
    data = [line for line in lines if re.match(r"[-+]?[\d.,]", line)]
    if not data or any("." in line for line in data) or not any("," in line for line in data):
        return False
    if any(";" in line or "\t" in line for line in data):
        return True
    words = [line.split() for line in data]
    return all(len(w) > 1 and all(DECIMAL_COMMA.fullmatch(word) for word in w) for w in words)


def split(line: str, decimal: bool) -> list[str]:
    """Return the fields of a line."""
    if decimal:
        return line.replace(",", ".").replace(";", " ").split()
    return line.replace(",", " ").replace(";", " ").split()


def numbers(words: list[str]) -> list[float] | None:
    """Return the words as numbers, or None if one of them is not a number."""
    try:
        return [float(word) for word in words]
    except ValueError:
        return None
