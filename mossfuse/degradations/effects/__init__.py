"""Departures from the sensor model, one file each, which defines ``EFFECT`` or ``EFFECTS`` (mossfuse.Effect).

Methods assume one PSF for all bands, an MSI that is a linear combination of the bands with an SRF whose rows sum to 1, and
white noise. An effect breaks one of these assumptions; the mathematics is in ``mossfuse.physics``. The sensor that is recorded
with a pair is the one without effects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any

from mossfuse.degradations.spelling import disallowed, parse_member, spell_member, unreadable
from mossfuse.discovery import Catalogue, Kind, search
from mossfuse.errors import MossFuseError
from mossfuse.protocol import STAGES, Effect

RESERVED = ("phase", "wrap", "zero", "shift", "snr", "snrb", "snrs", "noise")  # other parts of a degradation's name


def misspelled(effect: Effect, module: ModuleType) -> str | None:
    """Return a complaint about an effect whose spellings cannot be read back."""
    complaint = unreadable(effect)
    taken = [s for s in effect.spellings if s.split("{")[0] in RESERVED]
    if complaint or not taken:
        return complaint
    return f"spelling '{taken[0]}' begins like another part of a degradation's name; choose another word"


KIND = Kind(
    "effect",
    ("EFFECT", "EFFECTS"),
    (),
    "MOSSFUSE_DEGRADATIONS",
    lambda: [Path(__file__).resolve().parent],
    misspelled,
    Effect,
)


@cache
def catalogue() -> Catalogue:
    """Return every effect that can be found, and the files that cannot be used with their reasons."""
    return search(KIND)


def find_effect(name: str) -> tuple[Effect, ModuleType]:
    """Return (Effect, module) of a name; raise MossFuseError with the nearest names."""
    return catalogue().find(name)


def effect_of(text: str) -> dict[str, Any] | None:
    """Return the entry of ``Degradation.effects`` that a text such as 'vignette0.3' spells, or None."""
    for effect, _ in catalogue().entries.values():
        member = parse_member(effect, text)
        if member is not None:
            return {"effect": effect.name, **member}
    return None


def spell_effect(entry: Mapping[str, Any]) -> str:
    """Return how a degradation's name writes an entry of ``Degradation.effects``; raise MossFuseError where it cannot."""
    effect, params = split_effect(entry)
    return spell_member(effect, params)


def split_effect(entry: Mapping[str, Any]) -> tuple[Effect, dict[str, Any]]:
    """Return the effect that an entry names, and its parameters; raise MossFuseError for one that it does not allow."""
    if "effect" not in entry:
        raise MossFuseError(f"an effect needs its name, such as {{'effect': 'vignetting', ...}}, not {dict(entry)}")
    effect = find_effect(entry["effect"])[0]
    params = {**effect.params, **{name: value for name, value in entry.items() if name != "effect"}}
    complaint = disallowed(effect, params)
    if complaint:
        raise MossFuseError(complaint)
    return effect, params


def in_order(entries: Iterable[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Return entries of ``Degradation.effects`` in the order in which they act and are written: by stage, then by name."""
    return tuple(
        sorted(entries, key=lambda entry: (STAGES.index(find_effect(entry["effect"])[0].stage), entry["effect"]))
    )


def make_effects(entries: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, Callable[..., Any]], ...]:
    """Return (stage, function of a Draft) of the entries of ``Degradation.effects``, in the order in which they act."""
    found = (split_effect(entry) for entry in in_order(entries))
    return tuple((effect.stage, partial(effect.apply, **params)) for effect, params in found)
