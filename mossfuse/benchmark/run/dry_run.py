"""Let a dry run of the workflow end with what it has to download, from where, under which terms, and what a person has to fetch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def end_with(workflow: Any, lines: Callable[[], Sequence[str]]) -> None:
    """Log ``lines`` after what Snakemake says at the end of a dry run; they are made then, and for no other run."""
    from snakemake.logging import logger

    before = workflow.log_provenance_info

    def log_provenance_info() -> None:
        before()
        logger.info("\n".join(f"download   {line}" for line in lines()))

    workflow.log_provenance_info = log_provenance_info
