"""A method's parameters: its defaults, a named preset on top of them, and single changes by name."""

from collections.abc import Iterable, Mapping
from typing import Any

from mossfuse.errors import MossFuseError, suggestion
from mossfuse.protocol import EMPTY, Method, Parameter


def with_preset(method: Method, preset: str | None = None, place: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the parameters of ``fuse`` and of ``train`` under a preset (None: the defaults).

    place: what the message of the MossFuseError for an unknown preset begins with.
    """
    if preset is not None and preset not in method.presets:
        raise MossFuseError(
            f"{place}method '{method.name}' has no preset '{preset}'; it has: {', '.join(method.presets) or 'none'}"
        )
    chosen = EMPTY if preset is None else method.presets[preset]

    def apply(defaults: Mapping[str, Any]) -> dict[str, Any]:
        return dict(defaults) | {key: value for key, value in chosen.items() if key in defaults}

    return apply(method.params), apply(method.train_params)


def apply_changes(
    values: Mapping[str, Any],
    changes: Mapping[str, Any],
    owner: str,
    place: str = "",
    ranges: Mapping[str, Parameter] = EMPTY,
) -> dict[str, Any]:
    """Return ``values`` with ``changes``, each of the type and within the range of its parameter.

    owner: what has these parameters, such as "method 'nsgp'"; place: where the changes are written. Both appear in the
    MossFuseError that an unknown name or a value out of range raises. ranges: name -> Parameter; a parameter without
    one takes values of the type it has in ``values`` (any type where that is None).
    """
    changed = dict(values)
    for key, value in changes.items():
        if key not in values:
            raise MossFuseError(f"{place}{owner} has no parameter '{key}'; {suggestion(key, values, 'it has')}")
        changed[key] = check_value(ranges.get(key, Parameter(values[key])), key, value, owner, place)
    return changed


def check_value(parameter: Parameter, key: str, value: Any, owner: str, place: str = "") -> Any:
    """Return the value as the parameter's type; raise MossFuseError where it has another type or is out of range."""
    import numpy as np

    value = value.item() if isinstance(value, np.generic) else value
    if not parameter.allows(value):
        raise MossFuseError(f"{place}parameter '{key}' of {owner} is {value!r}; it must be {parameter.describe()}")
    if type(value) is int and float in parameter.kinds and int not in parameter.kinds:
        return float(value)
    return value


def parse_changes(texts: Iterable[str]) -> dict[str, Any]:
    """Return {'ema': 0, 'precision': 'bfloat16'} for ['ema=0', 'precision=bfloat16'].

    Raises MossFuseError for text that is not KEY=VALUE.
    """
    changes = {}
    for text in texts:
        key, separator, value = text.partition("=")
        if not (key and separator and value):
            raise MossFuseError(f"--set {text} sets nothing; write KEY=VALUE")
        changes[key] = parse_value(value)
    return changes


def parse_value(text: str) -> Any:
    """Return the truth value, None, whole number, number or string that a text stands for."""
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text
