"""Numbers and tables as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pages.store import KNOWN, Mean

DIGITS = {"psnr": 2, "sam": 2, "ssim": 4, "ergas": 3}
NARROW = "\N{NO-BREAK SPACE}"  # so that a figure and its error stay on one line
HEADS = {"psnr": "PSNR dB", "sam": "SAM deg", "ssim": "SSIM", "ergas": "ERGAS"}


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def figure(mean: Mean, metric: str, spread: bool = True) -> str:
    """Return a mean as text, with its spread where it has one."""
    digits = DIGITS[metric]
    error = f"{NARROW}±{NARROW}{mean.spread:.{digits}f}" if spread and mean.spread is not None else ""
    return f"{mean.value:.{digits}f}{error}{KNOWN if mean.known else ''}"


def joined(*figures: str) -> str:
    """Return 'PSNR / SAM'; a line may break after the stroke alone."""
    return f"{NARROW}/ ".join(figures)


def plural(count: int, word: str) -> str:
    """Return '1 scene' or '12 scenes'."""
    return f"{count} {word}{'' if count == 1 else 's'}"
