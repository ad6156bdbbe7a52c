"""What every degradation promises."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np

from mossfuse.benchmark.check.claims import Claim, Skipped, require
from mossfuse.degradations import (
    canonical_name,
    degrade,
    find_degradation,
    find_response,
    load_levels,
    load_srf,
    make_psf,
)
from mossfuse.errors import MossFuseError
from mossfuse.physics.sampling import BlurSample
from mossfuse.protocol import Degradation, Observation
from mossfuse.remote.download import offline

LOW = 4  # low-resolution pixels along each side of the scene that is degraded


def claims(degradation: Degradation, module: ModuleType | None = None) -> list[Claim]:
    """Return the claims about a degradation, defined in a file or written out."""
    return [
        Claim("its name says what its fields say", partial(require_name, degradation)),
        Claim("the phase lies within one low-resolution pixel", partial(require_phase, degradation)),
        Claim("the PSF is non-negative and sums to 1", partial(require_psf, degradation)),
        Claim("a scene gives a finite pair of the right shapes", partial(require_pair, degradation)),
        Claim("the same scene gives the same bytes", partial(require_repeatable, degradation)),
        Claim("the scene is left alone", partial(require_scene_untouched, degradation)),
        Claim("forward and adjoint operator agree", partial(require_adjoint, degradation)),
    ]


def scene_of(degradation: Degradation) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (a random scene (H, W, B) float32, wavelengths, the SRF at them)."""
    known = np.asarray(find_response(degradation.srf)[0].wavelengths, np.float64)
    wavelengths = known if known.size <= 31 else np.linspace(known.min(), known.max(), 64)
    try:
        with offline():
            srf = load_srf(degradation.srf, wavelengths)
    except MossFuseError as error:
        raise Skipped(str(error)) from error
    side = LOW * degradation.ratio
    cube = np.random.default_rng(0).uniform(0.1, 0.9, (side, side + degradation.ratio, wavelengths.size))
    return cube.astype(np.float32), wavelengths, srf


def pair_of(degradation: Degradation) -> Observation:
    """Return the degraded pair of the random scene."""
    return degrade_scene(degradation, *scene_of(degradation))


def degrade_scene(degradation: Degradation, cube: np.ndarray, wavelengths: np.ndarray, srf: np.ndarray) -> Observation:
    """Return the degraded pair of a scene that has a random picture beside it."""
    return degrade(
        cube,
        degradation,
        srf,
        scene="check",
        wavelengths=wavelengths,
        levels=load_levels(degradation.srf, wavelengths),
        picture=np.random.default_rng(2).random((*cube.shape[:2], len(srf)), np.float32),
    )


def require_name(degradation: Degradation, folder: Path) -> None:
    """Raise Unmet unless the name is canonical and leads back to the degradation."""
    name = canonical_name(degradation)
    require(degradation.name == name, f"it must be called '{name}', which is what its fields say")
    require(find_degradation(name) == degradation, f"'{name}' is another degradation")


def require_phase(degradation: Degradation, folder: Path) -> None:
    """Raise Unmet unless the phase is a pixel of the first ratio x ratio block."""
    inside = all(0 <= p < degradation.ratio for p in degradation.phase)
    require(
        inside, f"the phase {degradation.phase} is outside a block of {degradation.ratio} x {degradation.ratio} pixels"
    )


def require_psf(degradation: Degradation, folder: Path) -> None:
    """Raise Unmet unless the PSF is non-negative and sums to 1."""
    kernel = make_psf(degradation.psf)
    require(kernel.min() >= 0, f"the PSF has the negative value {kernel.min():g}")
    require(np.isclose(kernel.sum(), 1, atol=1e-9), f"the PSF sums to {kernel.sum():.10g}")


def require_pair(degradation: Degradation, folder: Path) -> None:
    """Raise Unmet unless the pair of a scene has the shapes that ratio and SRF ask for."""
    pair = pair_of(degradation)
    bands = pair.hsi.shape[2]
    low, side = (LOW, LOW + 1, bands), LOW * degradation.ratio
    require(pair.hsi.shape == low, f"the HSI has the shape {pair.hsi.shape}, expected {low}")
    require(pair.msi.shape[:2] == (side, side + degradation.ratio), f"the MSI has the shape {pair.msi.shape}")
    require(pair.hsi.dtype == pair.msi.dtype == np.float32, "the images must be float32")
    require(np.isfinite(pair.hsi).all() and np.isfinite(pair.msi).all(), "the images must be finite")


def require_repeatable(degradation: Degradation, folder: Path) -> None:
    """Raise Unmet where a scene is degraded differently the second time."""
    first, second = pair_of(degradation), pair_of(degradation)
    same = first.hsi.tobytes() == second.hsi.tobytes() and first.msi.tobytes() == second.msi.tobytes()
    require(same, "two pairs of one scene differ; draw every number from the seed")


def require_scene_untouched(degradation: Degradation, folder: Path) -> None:
    """Raise Unmet where degrading writes to the scene."""
    cube, wavelengths, srf = scene_of(degradation)
    before = cube.tobytes()
    degrade_scene(degradation, cube, wavelengths, srf)
    require(cube.tobytes() == before, "degrading writes to the scene")


def require_adjoint(degradation: Degradation, folder: Path) -> None:
    """Raise Unmet unless <H x, y> = <x, H' y> for random images x and y."""
    side = LOW * degradation.ratio
    operator = BlurSample(
        make_psf(degradation.psf), degradation.phase, degradation.ratio, (side, side), degradation.border
    )
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(side, side, 2)), rng.normal(size=(LOW, LOW, 2))
    left, right = float((operator(x) * y).sum()), float((x * operator.adjoint(y)).sum())
    require(np.isclose(left, right, rtol=1e-9), f"<H x, y> is {left:.12g} and <x, H' y> is {right:.12g}")
