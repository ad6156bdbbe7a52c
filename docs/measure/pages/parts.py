"""The table of parts in docs/evidence/README.md: what is measured, when, and what it cost."""

from __future__ import annotations

from collections import Counter

from pages.context import Context
from pages.format import markdown
from pages.layout import METRICS, PROVENANCE
from pages.store import NotMeasured


def parts(context: Context) -> str:
    """Return one row per measured part."""
    rows, sums = [], Counter()
    for path in sorted(context.evidence.folder.glob(f"*/{METRICS}")):
        part = context.part(path.parent.name)
        known, count = part.provenance, part.provenance["cells"]
        links = ", ".join(
            f"[{word}]({context.link(part.folder / name)})"
            for word, name in (("values", METRICS), ("provenance", PROVENANCE))
        )
        sums += Counter({**count, "minutes": known["cpu_minutes"]})
        first, last = (time[:16].replace("T", " ") for time in known["started"])
        rows.append(
            [
                f"`{part.name}`", f"{count['scored']} of {count['planned']}", str(count["failed"]), f"{known['cpu_minutes']:.1f}",
                f"{first} to {last}", ", ".join(known["commits"]), links,
            ]
        )  # fmt: skip
    if not rows:
        raise NotMeasured(
            "not measured at this version; run `snakemake tables --cores all --configfile config/evidence.yaml`"
        )
    rows.append(
        ["all", f"{sums['scored']} of {sums['planned']}", f"{sums['failed']}", f"{sums['minutes']:.1f}", "", "", ""]
    )
    head = ["part", "cells", "failed", "CPU min of the methods", "cells started (UTC)", "commits", "files"]
    return markdown(head, rows)
