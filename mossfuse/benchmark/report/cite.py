"""What a paper needs to cite a table of the report: BibTeX of this benchmark, of the methods and of the data; a leaderboard as JSON."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from mossfuse.benchmark.report.board import Board
from mossfuse.benchmark.report.latex import latex
from mossfuse.benchmark.report.load import Results
from mossfuse.benchmark.report.provenance import commits
from mossfuse.version import installed_version

OWN = "this benchmark"  # how the citation of a method of this project begins


def to_bibtex(content: Results) -> str:
    """Return one entry for this benchmark, and one for each distinct citation of the report's methods and data sets."""
    names = [str(commit)[:10] for commit, _ in commits(content)]
    made = f"Results of commit {', '.join(names)}" if names else "Results without a commit on record"
    own = {
        "title": "{MossFuse} benchmark: reproducible hyperspectral-multispectral image fusion",
        "author": "{The MossFuse benchmark authors}",
        "version": latex(installed_version()),
        "note": latex(made),
    }
    entries, cited = [entry("software", "mossfuse-benchmark", own)], set()
    for kind, catalogue in (("method", content.catalogue["methods"]), ("data", content.catalogue["datasets"])):
        for name, about in catalogue.items():
            citation = str(about.get("citation") or "")
            if citation and citation not in cited and not citation.startswith(OWN):
                cited.add(citation)
                fields = {"title": f"{{{latex(str(about.get('title') or name))}}}", "note": latex(citation)}
                url = next(
                    (str(about[key]) for key in ("code", "url") if str(about.get(key, "")).startswith("http")), ""
                )
                entries.append(entry("misc", f"{kind}-{key_of(name)}", fields | ({"url": url} if url else {})))
    return "\n".join(entries)


def entry(kind: str, key: str, fields: dict[str, str]) -> str:
    """Return one BibTeX entry."""
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join([f"@{kind}{{{key},", *lines, "}", ""])


def key_of(name: str) -> str:
    """Return a name as part of a citation key: letters, digits and single hyphens."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()


def to_json(board: Board) -> str:
    """Return the leaderboard as JSON: every number with its full precision; one that is not finite is text ('inf') or null (none)."""
    metrics = [f"{m}{end}" for m in board.metrics for end in ("", "_median", "_low", "_high")]
    columns = [
        "rank",
        "tier",
        "method",
        "title",
        "knows",
        "trained_on",
        "standing",
        "why",
        "scenes",
        "failed",
        *metrics,
    ]
    rows = [{name: plain(row[name]) for name in columns} for _, row in board.table.iterrows()]
    content = {
        "dataset": board.dataset, "degradation": board.degradation, "convention": board.convention, "scenes": list(board.scenes), "rows": rows,
    }  # fmt: skip
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def plain(value: Any) -> Any:
    """Return a value that JSON can hold."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return value if math.isfinite(value) else str(value)
    return value if isinstance(value, (int, str, bool)) or value is None else str(value)
