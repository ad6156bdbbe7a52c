"""What every effect promises: a departure from the sensor model."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from mossfuse.benchmark.check.claims import Claim, require
from mossfuse.benchmark.check.light import light_import
from mossfuse.benchmark.check.psf_family import example_of
from mossfuse.degradations import degrade, find_degradation
from mossfuse.degradations.effects import effect_of, spell_effect
from mossfuse.degradations.gaps import measured_pixels
from mossfuse.protocol import Degradation, Effect, Observation

PLAIN = "x4-gauss3s2-nikond5100"
BANDS = np.arange(400.0, 701, 10)


def claims(effect: Effect, module: ModuleType) -> list[Claim]:
    """Return the claims about an effect, each checked on one member for every spelling."""
    return [
        Claim("a title is given", lambda folder: require(bool(effect.title.strip()), "the specification leaves title empty")),
        light_import(str(module.__file__)),
        *[
            claim
            for spelling in effect.spellings
            for claim in (
                Claim(f"{spelling}: the name of a member gives the same member back", partial(require_spelling, effect, spelling)),
                Claim(f"{spelling}: the pair changes and stays finite, its sensor is the one without the effect", partial(require_change, effect, spelling)),
                Claim(f"{spelling}: the same scene gives the same bytes and is left alone", partial(require_repeatable, effect, spelling)),
            )
        ],
    ]  # fmt: skip


def member_of(effect: Effect, spelling: str) -> dict[str, Any]:
    """Return an entry of ``Degradation.effects`` that this spelling writes, with the default parameters."""
    return {"effect": effect.name, **example_of(effect, spelling)}


def scene() -> tuple[np.ndarray, np.ndarray]:
    """Return a random scene (16, 20, 31) and its picture (16, 20, 3), float32."""
    rng = np.random.default_rng(0)
    return rng.uniform(0.1, 0.9, (16, 20, BANDS.size)).astype(np.float32), rng.random((16, 20, 3), np.float32)


def pair_under(effects: tuple[dict[str, Any], ...]) -> Observation:
    """Return the pair of the random scene under these effects."""
    cube, picture = scene()
    srf = np.exp(-0.5 * ((BANDS - np.array([[600.0], [530], [460]])) / 40) ** 2)
    sums = srf.sum(1)
    return degrade(
        cube,
        degradation_with(effects),
        srf / sums[:, None],
        wavelengths=BANDS,
        levels=sums / sums.max(),
        picture=picture,
    )


def degradation_with(effects: tuple[dict[str, Any], ...]) -> Degradation:
    """Return the plain degradation with these effects."""
    return Degradation(**{**vars(find_degradation(PLAIN)), "effects": effects})


def require_spelling(effect: Effect, spelling: str, folder: Path) -> None:
    """Raise Unmet unless a member's spelling is read back as that member, and as no other effect's."""
    member = member_of(effect, spelling)
    text = spell_effect(member)
    found = effect_of(text)
    require(found == member, f"'{text}' is read back as {found}, it was written for {member}")


def require_change(effect: Effect, spelling: str, folder: Path) -> None:
    """Raise Unmet where the effect changes nothing, leaves a measured value that is not finite, or changes sensor or shapes."""
    effects = (member_of(effect, spelling),)
    plain, changed = pair_under(()), pair_under(effects)
    same = all(np.array_equal(getattr(plain, name), getattr(changed, name)) for name in ("hsi", "msi"))
    require(not same, "it changes neither image")
    require(
        plain.hsi.shape == changed.hsi.shape and plain.msi.shape == changed.msi.shape, "it changes the images' shapes"
    )
    for image, seen in zip(
        (changed.hsi, changed.msi), measured_pixels(scene()[0], degradation_with(effects)), strict=True
    ):
        require(np.isfinite(image[seen]).all(), "what is measured must be finite")
    for name, value in vars(plain.sensor).items():
        require(np.array_equal(value, getattr(changed.sensor, name)), f"it changes the sensor's {name}")


def require_repeatable(effect: Effect, spelling: str, folder: Path) -> None:
    """Raise Unmet where two pairs of one scene differ."""
    first, second = (pair_under((member_of(effect, spelling),)) for _ in range(2))
    require(
        first.hsi.tobytes() == second.hsi.tobytes() and first.msi.tobytes() == second.msi.tobytes(),
        "two pairs of one scene differ; an effect draws nothing at random",
    )
