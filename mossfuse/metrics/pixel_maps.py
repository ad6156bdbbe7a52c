"""Per-pixel and per-band maps of ``std1``, which the report draws; the scores are means of them."""

from dataclasses import dataclass

import numpy as np

from mossfuse.metrics.definitions.sam import sam_map
from mossfuse.metrics.preparation import as_pair, prepare
from mossfuse.metrics.squared_errors import psnr_bands, rmse_map


@dataclass(frozen=True)
class Maps:
    """sam: (rows, cols) degrees, NaN where the reference is zero; rmse: (rows, cols); psnr: (bands,) dB."""

    sam: np.ndarray
    rmse: np.ndarray
    psnr: np.ndarray


def maps(truth: np.ndarray, cube: np.ndarray) -> Maps:
    """Return the maps of ``std1``: per-pixel SAM and RMSE, per-band PSNR, of the estimate clipped to [0, 1]."""
    x, y = prepare(*as_pair(truth, cube), "clip")
    return Maps(sam=sam_map(x, y), rmse=rmse_map(x, y), psnr=psnr_bands(x, y))
