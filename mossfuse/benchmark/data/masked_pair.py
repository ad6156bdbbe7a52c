"""The pair of a degradation that leaves pixels unmeasured: its gaps are filled before any method sees it, the same for all.

They are filled as ``mossfuse fuse`` fills those of a user's pair: smoothly, each image from what the other one shows there, and then so that they obey the cameras
that the measured part of the pair shows. Neither the truth nor the recorded sensor is read for that.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from mossfuse.benchmark.data.make_pair import make_pair
from mossfuse.benchmark.data.pairs import read_pair, write_pair
from mossfuse.degradations.gaps import measured_pixels
from mossfuse.files import read_prepared
from mossfuse.files.atomic import read_json
from mossfuse.pair.assemble import NAMES
from mossfuse.pair.open import obey_sensor
from mossfuse.physics.fill import at_high_resolution, fill_pair
from mossfuse.protocol import Degradation, Observation


def make_masked_pair(
    degradation: Degradation, *, truth: Path, path: Path, scene: str, mirrors: Iterable[Path] = (), registry: Path | None = None
) -> str:  # fmt: skip
    """Degrade the prepared scene in the file ``truth``, fill the gaps and write the pair to ``path``; return its hash, see ``make_pair``."""
    low, high = measured_pixels(read_prepared(truth)[0], degradation)
    with tempfile.TemporaryDirectory(prefix="mossfuse-") as folder:
        seen = Path(folder, "seen.mat")
        make_pair(degradation, truth=truth, path=seen, scene=scene, mirrors=mirrors, registry=registry)
        observation = read_pair(seen)
        made_from = read_json(seen.with_suffix(".json"))["made_from"]
    filled = fill_gaps(observation, low, high)
    return str(write_pair(path, filled, scene=scene, degradation=degradation, made_from=made_from))


def fill_gaps(observation: Observation, low: np.ndarray, high: np.ndarray) -> Observation:
    """Return the pair with its gaps filled; low (h, w), high (H, W): False for pixels that were not measured, whose values are not read."""
    ratio = observation.ratio
    hsi, msi = (
        np.where(seen[..., None], image, np.nan) for seen, image in ((low, observation.hsi), (high, observation.msi))
    )
    hsi, msi = fill_pair(hsi, msi, low, high, ratio)
    unknown = dict.fromkeys(("srf", "psf", "phase", "psf_size"))
    known = {**unknown, "wavelengths": observation.wavelengths, "names": NAMES, "white": 1.0}
    hsi, msi, _ = obey_sensor(hsi, msi, at_high_resolution(low, ratio) & high, ratio, (low, high), known)
    return replace(observation, hsi=hsi.astype(np.float32), msi=msi.astype(np.float32))
