"""What the tables say about methods, datasets, metrics and conventions, as one digest: an edit changes the report alone."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from mossfuse.benchmark.results.collect import catalogue

if TYPE_CHECKING:
    from mossfuse.benchmark.plan.grid import Grid


def catalogue_digest(grid: Grid) -> str:
    """Return the digest, 16 hex digits, of the catalogue of a grid and of the columns of its tables."""
    from mossfuse.metrics.catalogue import all_columns, all_metrics

    columns = [str(vars(column)) for column in all_columns().values()]
    formulas = [(metric.name, metric.formula, metric.users) for metric in all_metrics().values()]
    about = json.dumps([catalogue(grid), columns, formulas], sort_keys=True, default=str)
    return hashlib.sha256(about.encode()).hexdigest()[:16]
