"""The places of a page that are filled from the evidence, and the search for results that stand elsewhere.

<!-- table: NAME -->                        lines made by the table of that name (pages/content.py)
...
<!-- /table -->

<!-- published: CITATION -->                figures of other people's publications, read and not measured
...
<!-- /published -->

<!--n PART DATASET RATIO METHOD METRIC-->46.24<!--/n-->     one number within a sentence
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

TABLE = re.compile(r"(<!-- table: (?P<name>[^>]+?) -->\n)(?P<body>.*?)(<!-- /table -->)", re.DOTALL)
PUBLISHED = re.compile(r"<!-- published: \w[^>]+ -->\n.*?<!-- /published -->", re.DOTALL)
NUMBER = re.compile(r"(<!--n (?P<query>[^>]+?)-->)(?P<body>[^<]*)(<!--/n-->)")
FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.DOTALL | re.MULTILINE)
# A figure with a unit of quality, or a cell of a table of results.
RESULT = re.compile(r"(?<![\w./-])[-+±]?\d+(\.\d+)?( (to|and|\.\.|-) [-+]?\d+(\.\d+)?)? ?(dB\b|degrees?\b|deg\b)")
HEAD = re.compile(r"\b(PSNR|SAM|SSIM|ERGAS|dB|deg|degrees)\b")
CELL = re.compile(r"\|\s*[*`]*[-+±]?\d+\.\d")


def fill(text: str, table: Callable[[str], str], number: Callable[[str], str]) -> str:
    """Return a page with every marked place filled: table(name) gives lines, number(query) a text without line breaks."""
    text = TABLE.sub(lambda m: f"{m[1]}\n{table(m['name']).strip()}\n\n{m[4]}", text)
    return NUMBER.sub(lambda m: f"{m[1]}{number(m['query'])}{m[4]}", text)


def typed_results(text: str) -> Iterator[tuple[int, str]]:
    """Yield (line number, line) of every result of a page outside the marked places and blocks of code."""
    for pattern in (TABLE, PUBLISHED, FENCE):
        text = pattern.sub(lambda m: "\n" * m[0].count("\n"), text)
    text = NUMBER.sub("", text)
    head = ""
    for number, line in enumerate(text.split("\n"), 1):
        row = line.lstrip().startswith("|")
        head = "" if not row else head or line
        if (row and HEAD.search(head) and line != head and CELL.search(line)) or (not row and RESULT.search(line)):
            yield number, line.strip()
