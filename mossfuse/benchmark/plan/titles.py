"""The title of a row, made from its parameters: what it is given, and the size and budget in which it differs from the paper.

``MossFuse, width 24, 1,400 steps``. The reference is the method's preset 'paper', or its defaults where it has none. A
configuration that gives a title has the differences in size and budget added to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mossfuse.parameters import with_preset
from mossfuse.protocol import Method, describe_knowledge

# Parameters of a network's size and of a training's length, in the order in which a title names them. Text as in a title:
# a number goes in place of {}; the second form is that for 1.
SIZES: dict[str, tuple[str, str]] = {
    "dim": ("width {}", "width {}"),
    "width": ("width {}", "width {}"),
    "channels": ("{} channels", "{} channel"),
    "detail_width": ("detail width {}", "detail width {}"),
    "num_blocks": ("{} blocks", "{} block"),
    "stages": ("{} stages", "{} stage"),
    "depth": ("depth {}", "depth {}"),
    "rank": ("rank {}", "rank {}"),
    "members": ("{} members", "{} member"),
}
BUDGETS: dict[str, tuple[str, str]] = {
    "train_steps": ("{} training steps", "{} training step"),
    "steps": ("{} steps", "{} step"),
    "joint_steps": ("{} joint steps", "{} joint step"),
    "spectral_steps": ("{} spectral steps", "{} spectral step"),
    "detail_steps": ("{} detail steps", "{} detail step"),
    "prior_steps": ("{} steps of the prior", "{} step of the prior"),
    "image_steps": ("{} image steps", "{} image step"),
    "spectrum_steps": ("{} spectrum steps", "{} spectrum step"),
    "start_steps": ("{} steps of the start", "{} step of the start"),
    "factor_steps": ("{} steps of the factors", "{} step of the factors"),
    "adapt_steps": ("{} steps of adaptation", "{} step of adaptation"),
    "operator_steps": ("{} operator steps", "{} operator step"),
}
OF_THE_SENSOR = ("operator_steps", "sensor_steps", "train_sensor_steps")  # estimate PSF or SRF
SHORTENED = tuple(key for key in BUDGETS if key not in OF_THE_SENSOR)  # those of the reconstruction itself


def differences(method: Method, params: Mapping[str, Any], train: Mapping[str, Any]) -> list[str]:
    """Return the sizes and budgets in which a row of a method that learns differs from the paper, as parts of a title."""
    reference = reference_of(method)
    own = {**params, **train}
    parts = []
    for key, forms in {**SIZES, **BUDGETS}.items():
        if key in reference and own.get(key) != reference[key]:
            parts.append(forms[own[key] == 1].format(f"{own[key]:,}"))
    return parts


def is_shortened(method: Method, params: Mapping[str, Any], train: Mapping[str, Any]) -> bool:
    """Return whether a row learns for fewer steps than the paper's preset (or the defaults, where there is none) does."""
    reference, own = reference_of(method), {**params, **train}
    return any(key in reference and own[key] < reference[key] for key in SHORTENED)


def reference_of(method: Method) -> dict[str, Any]:
    """Return the parameters of fuse and of train under the preset 'paper', or the defaults; {} for a method that learns nothing."""
    if method.trains == "none":
        return {}
    params, train = with_preset(method, "paper" if "paper" in method.presets else None)
    return {**params, **train}


def title_of(
    method: Method,
    given_title: str | None,
    params: Mapping[str, Any],
    train: Mapping[str, Any],
    *,
    knows: frozenset[str] | None,
    searched: bool,
    weights: str | None,
) -> str:
    """Return the title of a row; given_title: that of the configuration, or None.

    knows: what the row hands over where it withholds something, or None; searched: whether a search chose parameters;
    weights: a weights file that the row uses: its size and budget are not this configuration's.
    """
    parts = [given_title or method.title]
    if not given_title:
        parts += ["parameters searched"] if searched else []
        parts += [] if knows is None else [f"given {describe_knowledge(knows)}"]
    return ", ".join([*parts, *([] if weights else differences(method, params, train))])
