"""What every spectral response (SRF) promises."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np

from mossfuse.benchmark.check.claims import Claim, Skipped, require
from mossfuse.benchmark.check.light import light_import
from mossfuse.degradations.names import responses_by_spelling, short
from mossfuse.degradations.responses import response_at
from mossfuse.errors import MossFuseError
from mossfuse.protocol import Response


def claims(response: Response, module: ModuleType) -> list[Claim]:
    """Return the claims about a spectral response; a table that has to be downloaded is taken from the mirrors."""
    return [
        Claim("title and citation are given", lambda folder: require_description(response)),
        light_import(str(module.__file__)),
        Claim("its name in a degradation's name belongs to it alone", partial(require_own_spelling, response)),
        Claim("its wavelengths ascend", partial(require_wavelengths, response)),
        Claim("the table has one column for each wavelength", with_table(response, require_table)),
        Claim("the table has no negative value", with_table(response, require_non_negative)),
        Claim("rows sum to 1 on its own bands", with_table(response, partial(require_rows, response, False))),
        Claim("rows sum to 1 on other bands of its range", with_table(response, partial(require_rows, response, True))),
    ]


def with_table(response: Response, check: Callable[[np.ndarray], None]) -> Callable[[Path], None]:
    """Return the check of a Claim that hands over the table; skipped where it cannot be obtained."""

    def run(folder: Path) -> None:
        from mossfuse.remote.download import mirror_folders, offline

        try:
            with offline():
                table = response.table(mirror_folders(), folder)
        except MossFuseError as error:
            raise Skipped(str(error)) from error
        require(np.ndim(table) == 2, f"the table has the shape {np.shape(table)}, it needs channels and wavelengths")
        check(np.asarray(table, np.float64))

    return run


def require_description(response: Response) -> None:
    """Raise Unmet where the specification lacks title or citation."""
    empty = [key for key in ("title", "citation") if not getattr(response, key).strip()]
    require(not empty, f"the specification leaves {', '.join(empty)} empty")


def require_own_spelling(response: Response, folder: Path) -> None:
    """Raise Unmet where another response is written in the same way, without hyphens."""
    other = responses_by_spelling().get(short(response.name), response.name)
    require(other == response.name, f"'{other}' is written '{short(other)}' as well; choose another name")


def require_wavelengths(response: Response, folder: Path) -> None:
    """Raise Unmet unless there are two or more wavelengths (nm), in ascending order."""
    require(len(response.wavelengths) > 1, "it needs two or more wavelengths")
    require((np.diff(response.wavelengths) > 0).all(), "its wavelengths must ascend")


def require_table(table: np.ndarray) -> None:
    """Raise Unmet where the table is not finite."""
    require(np.isfinite(table).all(), "the table has values that are NaN or infinite")


def require_non_negative(table: np.ndarray) -> None:
    """Raise Unmet where the table has a negative value."""
    require(table.min() >= 0, f"the table has the negative value {table.min():g}")


def require_rows(response: Response, between: bool, table: np.ndarray) -> None:
    """Raise Unmet unless the rows sum to 1 at its own wavelengths, or at evenly spaced bands between them."""
    known = np.asarray(response.wavelengths, np.float64)
    require(table.shape[1] == known.size, f"the table has {table.shape[1]} columns for {known.size} wavelengths")
    if between and response.by_band:
        raise Skipped("its columns belong to band numbers")
    grid = np.linspace(known.min(), known.max(), 2 * known.size) if between else known
    prepared = Response(**{**vars(response), "table": lambda mirrors, folder: table})
    rows = response_at(prepared, grid)
    require(rows.shape == (table.shape[0], grid.size), f"it gives the shape {rows.shape} on {grid.size} bands")
    require(np.allclose(rows.sum(1), 1, atol=1e-12), f"its rows sum to {rows.sum(1)}")
