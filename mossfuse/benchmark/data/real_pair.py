"""The pair of a scene that two real sensors measured, one level down (Wald, Ranchin, Mangolini, PERS 63(6), 1997).

The scene is LR as it was measured. LR and, where it has more pixels than LR, HR are reduced by block means; then LR itself
is the truth. No sensor is known: size and phase of the PSF, PSF, response and noise are estimated from the reduced pair alone, as
``fuse`` does with a user's pair, and methods are given what they ask for of these estimates. Registered: HR is moved into LR's frame by the shift that is
estimated from the reduced pair alone, as ``fuse --frame lr`` does.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np

from mossfuse.benchmark.data.pairs import write_pair
from mossfuse.errors import MossFuseError
from mossfuse.estimation.memory import estimate_once
from mossfuse.estimation.sensor import estimate_sensor
from mossfuse.files import read_prepared
from mossfuse.files.hashing import array_sha256
from mossfuse.pair.assemble import assemble
from mossfuse.pair.registration import estimate_registration
from mossfuse.pair.registration.resample import into_frame_of_lr
from mossfuse.protocol import Degradation, Observation

log = logging.getLogger("mossfuse")


def make_real_pair(
    degradation: Degradation, *, truth: Path, high: np.ndarray, path: Path, scene: str, registered: bool = False
) -> str:
    """Write the pair of the prepared scene in the file ``truth`` to ``path``; return its hash, see ``write_pair``.

    high: HR (H, W, M) on LR's scale, its first pixel at LR's first. Raises MossFuseError where sizes do not fit, for a degradation other
    than block means, and where no shift can be estimated.
    """
    cube, wavelengths = read_prepared(truth)
    observation = real_pair(cube, high, degradation, scene=scene, registered=registered)
    made_from = {"truth": array_sha256(cube), "hr": array_sha256(high)}
    observation = replace(observation, wavelengths=wavelengths)
    return write_pair(path, observation, scene=scene, degradation=degradation, made_from=made_from)


def real_pair(
    cube: np.ndarray, high: np.ndarray, degradation: Degradation, *, scene: str = "", registered: bool = False
) -> Observation:
    """Return the Observation of LR (h, w, B) and HR (H, W, M), both reduced; see ``make_real_pair``."""
    ratio = degradation.ratio
    require_block_means(degradation)
    rows, cols = cube.shape[:2]
    factor = high.shape[0] // rows
    if (
        rows % ratio
        or cols % ratio
        or min(high.shape[0] - factor * rows, high.shape[1] - factor * cols) < 0
        or not factor
    ):
        raise MossFuseError(
            f"scene '{scene}': LR has {rows}x{cols} pixels and HR {high.shape[0]}x{high.shape[1]}, which does not fit ratio {ratio}; "
            "choose a ratio that divides LR's sides, and an HR image with a whole number of pixels in each of LR's"
        )
    low, msi = block_means(cube, ratio), block_means(high[: factor * rows, : factor * cols], factor)
    if registered:
        found = estimate_registration(low, msi, ratio)
        if found is None:
            raise MossFuseError(
                f"scene '{scene}': {low.shape[0]}x{low.shape[1]} reduced pixels are too few to estimate a shift; leave 'registered' out"
            )
        log.info("%s: HR moved by %+.3f, %+.3f reduced LR pixels", scene, *found.shift)
        msi = into_frame_of_lr(msi, replace(found, corner=0.0), ratio, low.shape)
    with estimate_once():
        seen = assemble(low, msi, ratio=ratio, white=1.0).observation
        sensor, _ = estimate_sensor(seen)
    return replace(seen, sensor=sensor)


def require_block_means(degradation: Degradation) -> None:
    """Raise MossFuseError unless a degradation says what is done to a real pair: block means, and nothing else."""
    ratio = degradation.ratio
    plain = f"x{ratio}-box{ratio}-estimated"
    if degradation.name != plain:
        raise MossFuseError(
            f"degradation '{degradation.name}': a real pair is reduced by block means and departs from them in nothing; write {plain}"
        )


def block_means(cube: np.ndarray, ratio: int) -> np.ndarray:
    """Return the means of blocks of ratio x ratio pixels, float32."""
    rows, cols = (side // ratio for side in cube.shape[:2])
    return cube.reshape(rows, ratio, cols, ratio, -1).mean((1, 3)).astype(np.float32)
