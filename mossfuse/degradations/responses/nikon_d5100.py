"""Nikon D5100: measured sensitivities, embedded (no download)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mossfuse.protocol import Response


def table(mirrors: Sequence[str | Path] | None, folder: str | Path | None) -> np.ndarray:
    """Return the (3, 31) sensitivities R, G, B at 400-700 nm."""
    from mossfuse import spectra

    return spectra.nikon_d5100()


RESPONSE = Response(
    name="nikon-d5100",
    title="Nikon D5100, measured",
    citation="Darrodi et al., JOSA A 32, 381 (2015), doi 10.1364/JOSAA.32.000381",
    table=table,
    wavelengths=tuple(range(400, 701, 10)),
)
