"""How a PSF or an effect is written in a degradation's name: ``gauss{size}s{sigma}`` <-> {'size': 31, 'sigma': 2}.

A spelling holds parameters in braces; ``{sigma[0]}`` is the first of several values. The declared type of
a parameter decides whether it is a whole number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from mossfuse.protocol import Effect, PsfFamily

Spelled = PsfFamily | Effect
NUMBER = r"-?\d+(?:\.\d+)?"
PLACE = re.compile(r"\{(\w+)(?:\[(\d)\])?\}")


def unreadable(spec: Spelled) -> str | None:
    """Return a complaint about a specification whose spellings cannot be read back, or None."""
    if not spec.spellings or isinstance(spec.spellings, str):
        return f"{word(spec)} '{spec.name}' needs a tuple of spellings, such as ('{spec.name}{{size}}',)"
    for spelling in spec.spellings:
        if not spelling.split("{")[0].isalpha() or not spelling.islower():
            return f"spelling '{spelling}' must begin with lower-case letters, which no other {word(spec)} has"
        unknown = {place[1] for place in PLACE.finditer(spelling)} - set(spec.ranges)
        if unknown:
            return f"spelling '{spelling}' names {', '.join(sorted(unknown))}, which is no parameter; it has: {', '.join(spec.ranges)}"
    return None


def word(spec: Spelled) -> str:
    """Return what a specification is called in messages."""
    return "PSF family" if isinstance(spec, PsfFamily) else "effect"


def spell_member(spec: Spelled, member: Mapping[str, Any]) -> str:
    """Return how a degradation's name writes a member of the family, such as 'gauss31s2', or an effect.

    Raises ValueError where no spelling fits its parameters.
    """
    values = flatten({**spec.params, **member})
    for spelling in spec.spellings:
        places = list(PLACE.finditer(spelling))
        if all(place[0][1:-1] in values for place in places):
            return PLACE.sub(lambda place: format_number(values[place[0][1:-1]]), spelling)
    raise ValueError(f"no spelling of the {word(spec)} '{spec.name}' fits {dict(member)}")


def parse_member(spec: Spelled, text: str) -> dict[str, Any] | None:
    """Return the parameters that a text spells, or None where it is not a member of the family, or not the effect."""
    for spelling in spec.spellings:
        found = pattern(spec, spelling).fullmatch(text)
        if found is None:
            continue
        values: dict[str, Any] = {}
        for place in PLACE.finditer(spelling):
            name, index = place[1], place[2]
            written = found[group(place)]
            value = float(written) if float in spec.ranges[name].kinds else int(written)
            values[name] = value if index is None else (*values.get(name, ()), value)
        return None if disallowed(spec, values) else values
    return None


def pattern(spec: Spelled, spelling: str) -> re.Pattern[str]:
    """Return the regular expression of a spelling, with one group for each parameter."""
    expression, end = "", 0
    for place in PLACE.finditer(spelling):
        number = NUMBER if float in spec.ranges[place[1]].kinds else r"\d+"
        expression += f"{re.escape(spelling[end : place.start()])}(?P<{group(place)}>{number})"
        end = place.end()
    return re.compile(expression + re.escape(spelling[end:]))


def group(place: re.Match[str]) -> str:
    """Return the name of a place's group: 'sigma' or 'sigma_0'."""
    return place[1] if place[2] is None else f"{place[1]}_{place[2]}"


def disallowed(spec: Spelled, values: Mapping[str, Any]) -> str | None:
    """Return a complaint about the first parameter that a family or an effect does not have or does not allow, or None."""
    for name, value in values.items():
        if name not in spec.ranges:
            return f"the {word(spec)} '{spec.name}' has no parameter '{name}'; it has: {', '.join(spec.ranges)}"
        parameter = spec.ranges[name]
        if not all(parameter.allows(v) for v in (value if isinstance(value, (tuple, list)) else (value,))):
            return f"the {word(spec)} '{spec.name}' does not allow {name} {value!r}; it must be {parameter.describe()}"
    return None


def flatten(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with every sequence replaced by its items: {'sigma': (3, 1)} -> {'sigma[0]': 3, 'sigma[1]': 1}."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        several = isinstance(value, (tuple, list))
        flat |= {f"{name}[{i}]": v for i, v in enumerate(value)} if several else {name: value}
    return flat


def format_number(value: float | None) -> str:
    """Return a number as text: 35.0 -> '35', 1.5 -> '1.5', None -> 'inf'."""
    return f"{math.inf if value is None else value:.10g}"
