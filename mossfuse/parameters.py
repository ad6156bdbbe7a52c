"""A method's parameters: its defaults, a named preset on top of them, and single changes by name."""

import difflib

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.protocol import EMPTY

KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}


def with_preset(method, preset=None, place=""):
    """({parameters of fuse}, {parameters of train}) of a Method, with those of the preset of that name (None: defaults).

    place: what the message of the MossFuseError for an unknown preset begins with.
    """
    if preset is not None and preset not in method.presets:
        raise MossFuseError(
            f"{place}method '{method.name}' has no preset '{preset}'; it has: {', '.join(method.presets) or 'none'}"
        )
    chosen = EMPTY if preset is None else method.presets[preset]
    return tuple(
        defaults | {key: value for key, value in chosen.items() if key in defaults}
        for defaults in (dict(method.params), dict(method.train_params))
    )


def changed(values, changes, owner, place=""):
    """The dict ``values`` with ``changes``, each of the kind that its default has (a default of None takes anything).

    owner: what has these parameters, for the message of the MossFuseError that an unknown name or a wrong kind raises.
    """
    return values | {key: of_kind(values, key, value, owner, place) for key, value in changes.items()}


def of_kind(values, key, value, owner, place):
    if key not in values:
        near = difflib.get_close_matches(key, values, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"it has: {', '.join(values) or 'none'}"
        raise MossFuseError(f"{place}{owner} has no parameter '{key}'; {hint}")
    kind = type(values[key])
    value = value.item() if isinstance(value, np.generic) else value
    if kind not in KINDS or type(value) is kind:
        return value
    if kind is float and type(value) is int:
        return float(value)
    raise MossFuseError(f"{place}parameter '{key}' of {owner} must be {KINDS[kind]}, not {value!r}")


def at_least_one(**counts):
    """MossFuseError where one of the numbers, named as the method's parameter, is below 1."""
    for name, value in counts.items():
        if value < 1:
            raise MossFuseError(f"parameter '{name}' is {value}; it must be at least 1")


def parsed(texts):
    """{'ema': 0, 'precision': 'bfloat16'} of ['ema=0', 'precision=bfloat16']; MossFuseError where '=' is missing."""
    changes = {}
    for text in texts:
        key, separator, value = text.partition("=")
        if not (key and separator and value):
            raise MossFuseError(f"--set {text} sets nothing; write KEY=VALUE")
        changes[key] = read(value)
    return changes


def read(text):
    """The truth value, None, whole number, number or word that a text stands for."""
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text
