"""Photons are counted before the white noise of reading is added (``photons2000x10000``: of the HSI and of the MSI at value 1)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mossfuse.protocol import Effect, Parameter

if TYPE_CHECKING:
    from mossfuse.physics.draft import Draft


def count(draft: Draft, hsi: float, msi: float) -> Draft:
    """Return the draft whose images are counts of photons over the count at value 1, drawn with the seed of the noise."""
    from mossfuse.physics.degrade import noise_generator
    from mossfuse.physics.sensor_faults import count_photons

    seed = draft.degradation.noise_seed
    first, second = (
        noise_generator(draft.cube, f"photons-{name}", full, seed) for name, full in (("hsi", hsi), ("msi", msi))
    )
    return replace(draft, hsi=count_photons(draft.hsi, hsi, first), msi=count_photons(draft.msi, msi, second))


EFFECT = Effect(
    name="weak-light",
    title="photon noise: Poisson, before white noise",
    stage="light",
    apply=count,
    spellings=("photons{hsi}x{msi}",),
    params={"hsi": Parameter.positive(2000.0), "msi": Parameter.positive(10000.0)},
)
