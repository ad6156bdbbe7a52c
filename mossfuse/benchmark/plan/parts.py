"""Merge the parts of a configuration: files of their own that run as one grid, so that shared data and cells are made once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mossfuse.errors import MossFuseError

OWN = (
    "name",
    "results",
    "reports",
    "checkpoints",
    "grid",
    "methods",
    "external",
    "conventions",
    "timing",
    "first_report",
)


def merge_parts(
    config: Mapping[str, Any], source: str, read: Callable[[str], tuple[dict[str, Any], dict[str, Any]]]
) -> dict[str, Any]:
    """Return ``config`` with the grids, rows and conventions of its parts in place of the list of their files.

    source: what a message begins with, the name of the configuration; read: path -> (the part as written, the part checked and
    with its defaults). Every entry of the merged grid carries the name of its part under ``part``, and ``parts`` holds, by
    name, the conventions and the timing of each. Name and folders are those of ``config``; other keys of a part (threads,
    limits, mirrors, ...) have to be those of ``config``. Raises MossFuseError where two parts have one name, or give one
    row or one key different settings.
    """
    if "grid" in config:
        raise MossFuseError(
            f"{source}: a configuration has a grid or parts, not both; move the grid to a file of its own"
        )
    files: dict[str, str] = {}  # name of a part -> its file
    used: dict[str, tuple[str, str]] = {}  # row -> its settings as text, and the file that gives them
    merged: dict[str, Any] = {**config, "grid": [], "methods": {}, "external": {}, "conventions": [], "parts": {}}
    for path in config["parts"]:
        written, part = read(path)
        if part["name"] in files:
            raise MossFuseError(
                f"{files[part['name']]} and {path} have the same name '{part['name']}'; rename one of them"
            )
        files[part["name"]] = path
        for key in written.keys() - {*OWN, "parts"}:
            if config.get(key) != written[key]:
                raise MossFuseError(
                    f"{path} and {source} give '{key}' different values; write it in both or in neither"
                )
        for kind in ("methods", "external"):
            for row in rows_of(part) if kind == "methods" else part[kind]:
                settings = part[kind].get(row)
                text = json.dumps([kind, settings], sort_keys=True)
                first = used.setdefault(f"{kind} {row}", (text, path))
                if first[0] != text:
                    raise MossFuseError(
                        f"{first[1]} and {path} give row '{row}' different settings; give one of the two rows another name"
                    )
                if settings is not None:
                    merged[kind][row] = settings
        merged["grid"] += [{**entry, "part": part["name"]} for entry in part["grid"]]
        merged["conventions"] += [c for c in part["conventions"] if c not in merged["conventions"]]
        merged["parts"][part["name"]] = {"conventions": part["conventions"], "timing": part["timing"]["scenes"]}
    return merged


def rows_of(part: Mapping[str, Any]) -> Sequence[str]:
    """Return every row that a part's grid runs or gives settings for, bases of refinements and of prefixes included."""
    from mossfuse.methods import split_suffix
    from mossfuse.preprocess import split_prefix

    named = [row for entry in part["grid"] for row in entry["methods"] if row not in part["external"]]
    bases = [split_suffix(row)[0] for row in named]
    return list(dict.fromkeys([*named, *bases, *(split_prefix(row)[1] for row in bases), *part["methods"]]))
