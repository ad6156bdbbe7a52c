"""``mossfuse bench check NAME``: run the conformance suite on one addition."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mossfuse.errors import MossFuseError


def add_check(steps: Any) -> None:
    """Add the verb to the steps of ``mossfuse bench``."""
    step = steps.add_parser("check", help="run the conformance suite on methods, datasets, degradations, ...")
    step.add_argument(
        "names",
        nargs="+",
        metavar="NAME",
        help="name, or path of a file, of a method, dataset, degradation, SRF, PSF family, effect or metric",
    )
    step.set_defaults(run=check)


def check(options: Namespace) -> None:
    """Print one line for each claim of every name; raise MossFuseError with the first failure if any claim fails."""
    from mossfuse.benchmark.check import check_claims, claims_of, find_target

    failures = []
    for target in [target for name in options.names for target in find_target(name)]:
        source = f" ({target.module.__file__})" if target.module else ""
        sys.stdout.write(f"{target.word} {target.name}{source}\n")
        with TemporaryDirectory(prefix="mossfuse-check-") as folder:
            outcomes = []
            for outcome in check_claims(claims_of(target), Path(folder)):
                sys.stdout.write(f"  {outcome}\n")
                sys.stdout.flush()
                outcomes.append(outcome)
        failed = [outcome for outcome in outcomes if outcome.status == "FAILED"]
        if failed:
            first = f"{failed[0].text} ({failed[0].reason})"
            failures.append(f"{target.word} '{target.name}' fails {len(failed)} of {len(outcomes)} claims: {first}")
    if failures:
        raise MossFuseError("; ".join(failures))
