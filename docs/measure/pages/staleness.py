"""Compare the digests in the evidence with those of the present code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml

from mossfuse.errors import MossFuseError
from pages.layout import PROVENANCE
from pages.store import Evidence

HARNESS = ("fuse", "prepare", "degrade", "degrade_masked", "score", "score_masked")
HOW = "run the part again, or waive the digest with a reason in docs/evidence/waivers.yaml"
SEARCH, WAIVERS = "search/chosen.json", "waivers.yaml"
# What these scripts measure is the program as a whole, or a GPU's speed, at the commit that they name: any edit would make
# them stale. Or they hold what other people's code gave.
WHOLE_PROGRAM = (
    "authors-code",
    "faults",
    "gpu-*",
    "main-process",
    "many-scenes",
    "overhead",
    "plan-disk",
    "planning",
    "report-interactive",
    "report-scale",
)


def stale(evidence: Evidence, root: Path) -> Iterator[str]:
    """Yield one sentence for every digest that differs from the present code's and is not waived."""
    waivers = read_waivers(evidence.folder / WAIVERS)
    for name in measured(evidence):
        now = present(root / evidence.part(name).provenance["configuration"])
        for kind, known in evidence.part(name).provenance["code"].items():
            for what, digests in known.items():
                current = now.get(kind, {}).get(what)
                for digest in digests:
                    if digest != current and not waived(waivers, name, what, digest):
                        yield f"{name}: {kind} '{what}' ran with code {digest}, and now is {current or 'gone'}; {HOW}"
    for name, known in scripts(evidence).items():
        if not known and not any(fnmatch(name, pattern) for pattern in WHOLE_PROGRAM):
            yield f"{name}: does not say what code its values are of; give its script's record() the names as code="
        for what, digest in known.items():
            current = present_digest(what)
            if digest != current and not waived(waivers, name, what, digest):
                yield f"{name}: '{what}' ran with code {digest}, and now is {current or 'gone'}; {HOW}"


def scripts(evidence: Evidence) -> dict[str, dict[str, str]]:
    """Return folder -> name -> digest of the code behind the values of every script of docs/measure that keeps evidence."""
    found = {}
    for path in sorted(evidence.folder.glob(f"*/{PROVENANCE}")):
        if not is_part(path):
            found[path.parent.name] = json.loads(path.read_text(encoding="utf-8")).get("code", {})
    if (searched := evidence.folder / SEARCH).exists():
        methods = json.loads(searched.read_text(encoding="utf-8"))["methods"]
        found[searched.parent.name] = {name: kept["code"] for name, kept in methods.items()}
    return found


def present_digest(name: str) -> str | None:
    """Return the digest of the present code of a method, module or function; None where there is none of that name."""
    from measured_code import digests

    try:
        return digests([name])[name]
    except (KeyError, MossFuseError):
        return None


def measured(evidence: Evidence) -> list[str]:
    """Return the names of the parts that were exported from the workflow."""
    return sorted(path.parent.name for path in evidence.folder.glob(f"*/{PROVENANCE}") if is_part(path))


def is_part(provenance: Path) -> bool:
    """Return whether a provenance belongs to a part of config/evidence.yaml."""
    return (provenance.parents[3] / "config" / "evidence" / f"{provenance.parent.name}.yaml").exists()


def present(configuration: Path) -> dict[str, dict[str, str]]:
    """Return kind -> name -> digest of the present code, as provenance.json has them."""
    from mossfuse.benchmark.plan.covered import CoveredCode
    from mossfuse.benchmark.plan.grid import Grid
    from mossfuse.benchmark.plan.settings import read_settings
    from mossfuse.degradations.replicates import replicate_of

    grid = Grid(read_settings(configuration))
    covered = CoveredCode(grid)
    bases = {replicate_of(degradation).base: name for name, degradation in grid.degradations.items()}
    return {
        "rows": {name: covered.row(name) for name in grid.rows},
        "harness": {job: covered.harness(job) for job in HARNESS},
        "datasets": {block.label: covered.dataset(block.label) for block in grid.blocks},
        "sensors": {base: covered.sensor(name) for base, name in bases.items()},
        "conventions": {name: covered.metrics([name]) for name in grid.config["conventions"]},
    }


def read_waivers(path: Path) -> list[dict[str, Any]]:
    """Return the waivers, none where there is no such file; raise ValueError where one lacks its reason or another key."""
    if not path.exists():
        return []
    waivers = yaml.safe_load(path.read_text(encoding="utf-8"))["waivers"]
    for waiver in waivers:
        missing = {"part", "row", "digest", "reason"} - waiver.keys()
        if missing or not str(waiver["reason"]).strip():
            raise ValueError(f"{path}: the waiver {waiver} lacks {', '.join(sorted(missing)) or 'a reason'}")
    return waivers


def waived(waivers: list[dict[str, Any]], part: str, row: str, digest: str) -> bool:
    """Return whether a waiver covers this digest of this row (or harness, dataset, sensor, convention) of this part."""
    return any(
        waiver["part"] in (part, "*") and waiver["row"] in (row, "*") and str(waiver["digest"]) in (digest, "*")
        for waiver in waivers
    )
