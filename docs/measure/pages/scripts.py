"""The table of scripts in docs/evidence/README.md: what they measured, when, at which commit, and whether the code has changed since."""

from __future__ import annotations

import json
from pathlib import Path

from pages.context import Context
from pages.format import markdown
from pages.layout import PROVENANCE
from pages.staleness import WAIVERS, present_digest, read_waivers, scripts, waived
from pages.store import NotMeasured


def scripts_of(context: Context) -> str:
    """Return one row per folder that a script of docs/measure has filled."""
    folder = context.evidence.folder
    waivers = read_waivers(folder / WAIVERS)
    rows = []
    for name, code in scripts(context.evidence).items():
        path = folder / name / PROVENANCE
        known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if "make" not in known:
            continue
        changed = [what for what, digest in code.items() if digest != present_digest(what)]
        allowed = all(waived(waivers, name, what, code[what]) for what in changed)
        state = f"{', '.join(f'`{what}`' for what in changed)} changed{', waived' if allowed else ''}"
        rows.append(
            [
                f"[`{name}`]({context.link(path)})", f"`{known['make']}`", known["date"], known["device"], known["commit"][:10],
                (state if changed else "as now") if code else "whole program", pages_with(context, name),
            ]
        )  # fmt: skip
    if not rows:
        raise NotMeasured(
            "not measured at this version; run `python docs/measure/clouds.py --write` and the scripts beside it"
        )
    head = ["folder", "script", "date", "device", "commit", "code measured", "shown on"]
    return markdown(head, rows)


def pages_with(context: Context, name: str) -> str:
    """Return links to the pages that link to a folder of the evidence."""
    docs = context.evidence.folder.parent
    found = [page for page in sorted(docs.glob("**/*.md")) if f"evidence/{name}/" in page.read_text(encoding="utf-8")]
    return ", ".join(f"[{page.stem}]({context.link(page)})" for page in found if page.parent != Path(context.folder))
