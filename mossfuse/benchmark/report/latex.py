"""Tables for papers: LaTeX with booktabs that fits one column of two as well as the whole width of a page."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from mossfuse.benchmark.report.board import Board, marks
from mossfuse.benchmark.report.style import arrow, count, metric_title, metric_unit, number, seconds
from mossfuse.benchmark.report.tables import caption

NARROW = "5in"  # in a narrower line the short form is set
SHORT_METRICS, LONG_METRICS = 5, 7  # of the two forms at most; the CSV has every one
LONGEST_WORD = 14  # letters that a narrow column holds without a break
ESCAPED = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "°": r"$^\circ$",
    "–": "--",
    "−": "$-$",
    "∞": r"$\infty$",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "±": r"$\pm$",
    "†": r"$^\dagger$",
    "‡": r"$^\ddagger$",
    "’": "'",
} | {c: f"\\{c}" for c in "&%$#_{}"}
GREEK = dict(
    zip("αβγδεθλμπρσφω", "alpha beta gamma delta epsilon theta lambda mu pi rho sigma phi omega".split(), strict=True)
)
ESCAPED |= {letter: rf"$\{name}$" for letter, name in GREEK.items()} | {'"': "''"}
WRAPPED = r">{\raggedright\arraybackslash\hspace{0pt}}X"
MARKED = {"best": r"\textbf{{{}}}", "second": r"\underline{{{}}}", "": "{}"}


@dataclass(frozen=True)
class Column:
    """A column of a table. head: its title and its unit; cells: LaTeX source; wide: a text that wraps; short: in the short form too."""

    head: tuple[str, str]
    cells: tuple[str, ...]
    wide: bool = False
    short: bool = True


def latex(text: str) -> str:
    """Return text with LaTeX's special characters escaped; letters that pdflatex lacks lose their accents or become '?'."""
    return "".join(ESCAPED.get(c) or plain_letter(c) for c in text)


def plain_letter(letter: str) -> str:
    """Return a letter that pdflatex can print: itself up to U+00FF, else without its accent, else '?'."""
    if letter <= "~" or (letter.isalpha() and letter <= "ÿ"):
        return letter
    return unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode() or "?"


def breakable(text: str) -> str:
    """Return ``latex(text)`` where words that are longer than a narrow column holds may break."""
    words = []
    for word in re.split(r"( )", text):
        parts = re.split(r"(?<=[-/_+.])", word)
        words.append(
            r"\allowbreak{}".join(r"\-".join(latex(piece) for piece in pieces(part)) for part in parts if part)
        )
    return "".join(words) if text else ""


def pieces(word: str) -> list[str]:
    """Return a word in one piece, or in pieces of four letters where it is longer than a narrow column holds."""
    return [word] if len(word) <= LONGEST_WORD else [word[k : k + 4] for k in range(0, len(word), 4)]


def label(*parts: str) -> str:
    """Return a label that no other table of a report has: letters, digits, dots, colons and hyphens."""
    return "tab:" + ":".join(re.sub(r"[^A-Za-z0-9.-]+", "-", part) for part in parts)


def table(columns: Sequence[Column], words: str, name: str, notes: Sequence[str] = ()) -> str:
    """Return a floating table: all columns where the line is wide, the short ones where it is not. words: of the caption."""
    lines = [
        r"% Needs \usepackage{booktabs,tabularx}. Narrower than " + NARROW + r" it leaves out columns; table* spans two columns.",
        r"\begin{table}[t]", r"\centering\footnotesize\setlength{\tabcolsep}{3pt}\tolerance=9999\emergencystretch=3em",
        rf"\caption{{{breakable(words)}}}", rf"\label{{{name}}}", rf"\ifdim\linewidth<{NARROW}\relax",
        *tabular([c for c in columns if c.short]), r"\else", *tabular(columns), *(rf"\par\smallskip {note}" for note in notes), r"\fi",
        r"\end{table}",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def tabular(columns: Sequence[Column]) -> list[str]:
    """Return the lines of one tabularx over the whole line."""
    form = "".join(WRAPPED if c.wide else "r" for c in columns)
    return [
        rf"\begin{{tabularx}}{{\linewidth}}{{@{{}}{form}@{{}}}}", r"\toprule",
        *(" & ".join(heads) + r" \\" for heads in zip(*(c.head for c in columns), strict=True)), r"\midrule",
        *(" & ".join(cells) + r" \\" for cells in zip(*(c.cells for c in columns), strict=True)),
        r"\bottomrule", r"\end{tabularx}",
    ]  # fmt: skip


def to_latex(board: Board) -> str:
    """Return a leaderboard as LaTeX: best \\textbf, second \\underline. Needs the packages booktabs and tabularx."""
    rows = board.table

    def texts(name: str) -> tuple[str, ...]:
        return tuple(breakable(str(text)) for text in rows[name])

    columns = [
        Column(("", ""), tuple(latex(count(rank)) for rank in rows["rank"])),
        Column(("Method", ""), texts("title"), wide=True),
        Column(("Given", ""), texts("knows"), wide=True, short=False),
        Column(("Trained on", ""), texts("trained_on"), wide=True, short=False),
    ]
    for k, metric in enumerate(board.metrics[:LONG_METRICS]):
        cells = tuple(
            MARKED[m].format(latex(number(metric, v))) for m, v in zip(marks(rows, metric), rows[metric], strict=True)
        )
        unit = latex(f"{metric_unit(metric)} {arrow(metric)}".strip())
        columns.append(Column((latex(metric_title(metric)), unit), cells, short=k < SHORT_METRICS))
    for k in range(len(board.clocks)):
        sign = f"$^{{{chr(97 + k)}}}$" if len(board.clocks) > 1 else ""
        columns.append(Column((f"Time{sign}", "s"), tuple(latex(seconds(v)) for v in rows[f"time_{k}"]), short=False))
    columns.append(Column(("Param.", ""), tuple(latex(count(v)) for v in rows["parameters"]), short=False))
    columns.append(Column(("Scenes", ""), tuple(f"{n}/{len(board.scenes)}" for n in rows["scenes"]), short=False))
    clocks = "; ".join(
        f"{chr(97 + k)}: {c.title}" if len(board.clocks) > 1 else c.title for k, c in enumerate(board.clocks)
    )
    notes = [rf"\raggedright {breakable(f'Time of one warm call on {clocks}.')}"] if board.clocks else []
    return table(columns, caption(board), label(board.dataset, board.degradation, board.convention), notes)


def paper_to_latex(compared: pd.DataFrame) -> str:
    """Return the paper's table (``paper.paper_table``) as LaTeX: what is published or was run, a line per row and value."""
    known = compared[compared["published"].notna() | (compared["row"] != "")]
    rows = known.to_dict("records")
    published = [
        number("psnr", r["published"]) + ("" if r["stated"] or r["published"] != r["published"] else "*") for r in rows
    ]
    columns = [
        Column(("Data", ""), tuple(latex(r["data"]) for r in rows)),
        Column(("Method", ""), tuple(breakable(r["title"]) for r in rows), wide=True),
        Column(("Published", "dB"), tuple(latex(text) for text in published)),
        Column(("Row here", ""), tuple(breakable(r["row"] or "not run") for r in rows), wide=True),
        Column(("Here", "dB"), tuple(latex(number("psnr", r["ours"])) for r in rows)),
        Column(("Gap", "dB"), tuple(latex(number("psnr", r["gap"], sign=True)) for r in rows)),
    ]
    words = "PSNR of the paper of MossFuse at ratio 32, published and measured; * its source states neither ratio nor scenes, hence no gap."
    return table(columns, words, label("paper"))
