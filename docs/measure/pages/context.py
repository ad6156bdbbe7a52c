"""What a table of a page is made from: the evidence, and how the page links to it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pages.layout import METRICS, PROVENANCE
from pages.store import Evidence, Part


@dataclass(frozen=True)
class Context:
    """The evidence, and the folder of the page that shows it."""

    evidence: Evidence
    folder: Path

    def part(self, name: str) -> Part:
        """Return a part of the evidence."""
        return self.evidence.part(name)

    def link(self, path: Path) -> str:
        """Return a file's address from the page."""
        return Path(os.path.relpath(path, self.folder)).as_posix()

    def caption(self, words: str, *parts: Part) -> str:
        """Return the line below a table: ``words``, then values, provenance, commit and processor of its parts."""
        sources = []
        for part in parts:
            known = part.provenance
            values, origin = (self.link(part.folder / name) for name in (METRICS, PROVENANCE))
            label = f"`{part.name}`: " if len(parts) > 1 else ""
            missing = known["cells"]["planned"] - known["cells"]["scored"]
            lack = f", {missing} of {known['cells']['planned']} cells missing" if missing else ""
            sources.append(
                f"{label}[values]({values}), [provenance]({origin}) (commit {', '.join(known['commits'])}; "
                f"{', '.join(known['device'])}; {', '.join(map(str, known['threads']))} thread{lack})"
            )
        return f"{words} {'; '.join(sources)}."
