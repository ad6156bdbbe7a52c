"""Degradations: how a pair is made from a scene. Four things are found here, each of them one new file:

- ``settings/``: degradations with a meaning of their own, such as a published protocol (``DEGRADATION`` or ``DEGRADATIONS``);
- ``responses/``: spectral responses of the MSI camera (``RESPONSE`` or ``RESPONSES``);
- ``psfs/``: families of PSFs (``PSF`` or ``PSFS``);
- ``effects/``: departures from the sensor model (``EFFECT`` or ``EFFECTS``).

Files in a folder of MOSSFUSE_DEGRADATIONS may define any of the four. A degradation that no file defines can be written
down by name (mossfuse.degradations.names).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from mossfuse.degradations.effects import find_effect, make_effects
from mossfuse.degradations.names import canonical_name, explain, parse
from mossfuse.degradations.psfs import find_psf_family, make_psf, unusable_psf
from mossfuse.degradations.responses import find_response, load_levels, load_srf
from mossfuse.discovery import Catalogue, Kind, search
from mossfuse.errors import MossFuseError
from mossfuse.protocol import Degradation

if TYPE_CHECKING:
    import numpy as np

    from mossfuse.protocol import Observation

__all__ = [
    "canonical_name",
    "catalogue",
    "degrade",
    "files_behind",
    "find_degradation",
    "find_effect",
    "find_psf_family",
    "find_response",
    "load_levels",
    "load_srf",
    "make_psf",
    "parse",
]


def misnamed(degradation: Degradation, module: ModuleType) -> str | None:
    """Return a complaint where a degradation's name is not what its fields spell."""
    complaint = unusable_psf(degradation.psf)
    if complaint:
        return f"degradation '{degradation.name}': {complaint}"
    name = canonical_name(degradation)
    if degradation.name != name:
        return f"degradation '{degradation.name}' must be called '{name}', which is what its fields say"
    return None


KIND = Kind(
    "degradation",
    ("DEGRADATION", "DEGRADATIONS"),
    (),
    "MOSSFUSE_DEGRADATIONS",
    lambda: [Path(__file__).resolve().parent / "settings"],
    misnamed,
    Degradation,
)


@cache
def catalogue() -> Catalogue:
    """Return every degradation that a file defines, and the files that cannot be used with their reasons."""
    return search(KIND)


def find_degradation(name: str) -> Degradation:
    """Return the Degradation of a defined or written-out name; raise MossFuseError with the nearest names."""
    known = catalogue()
    if name in known.entries and name not in known.clashes:
        return known.entries[name][0]
    degradation = None if name in known.clashes else parse(name)
    if degradation is not None and degradation.name == name:
        return degradation
    if degradation is not None:
        raise MossFuseError(f"unknown degradation '{name}'; did you mean {degradation.name}?")
    reason = explain(name)
    if reason:
        raise MossFuseError(f"unknown degradation '{name}'; {reason}")
    return known.find(name)[0]


def files_behind(degradation: Degradation) -> list[Path]:
    """Return the files that define the degradation's SRF, its PSF family and its effects."""
    modules = [find_response(degradation.srf)[1], find_psf_family(degradation.psf["family"])[1]]
    modules += [find_effect(entry["effect"])[1] for entry in degradation.effects]
    return [Path(module.__file__) for module in modules if module.__file__]


def degrade(
    cube: np.ndarray,
    degradation: Degradation,
    srf: np.ndarray,
    *,
    scene: str = "",
    wavelengths: np.ndarray | None = None,
    levels: np.ndarray | None = None,
    picture: np.ndarray | None = None,
) -> Observation:
    """Return the degraded pair of a scene; see mossfuse.physics.degrade for shapes and errors.

    srf: (M, B) response at the scene's bands, as ``load_srf`` gives it; levels: (M,) as ``load_levels`` gives it, for
    degradations with a camera gain; picture: (H, W, M) the scene's own picture, for those that take it as MSI.
    """
    from mossfuse.physics.degrade import degrade as apply

    return apply(
        cube,
        degradation,
        make_psf(degradation.psf),
        srf,
        scene=scene,
        wavelengths=wavelengths,
        levels=levels,
        picture=picture,
        effects=make_effects(degradation.effects),
    )
