"""Read a configuration, fill in its defaults, and name each mistake in one sentence."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from mossfuse.benchmark.plan.parts import merge_parts
from mossfuse.errors import MossFuseError, suggestion

SCHEMA = Path(__file__).with_name("config.schema.yaml")
PACKAGED = Path(__file__).with_name("default.yaml")  # the clone's config.yaml, in an installed package
CLONE = Path(__file__).resolve().parents[3] / "config.yaml"
DEFAULTS: dict[str, Any] = {
    "name": "default",
    "results": "results",
    "reports": "reports",
    "checkpoints": "checkpoints",
    "methods": {},
    "external": {},
    "conventions": ["std1"],
    "timing": {"scenes": 3, "repeats": 3, "budget_s": 20, "training": False},
    "statistics": {"reference": "bicubic", "margins": {"psnr": 0.1, "sam": "2 %"}},
    "threads": {"fuse": 1, "train": 1},
    "limits": {"fuse_s": 3600, "train_s": 172800},
    "fits_per_gpu": 1,
    "keep_cubes": "all",
    "mirrors": [],
    "parts": {},
    "first_report": False,
}


@cache
def schema() -> dict[str, Any]:
    """Return the schema of a configuration."""
    import yaml

    return yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))


def default_configuration() -> Path:
    """Return the configuration of a command that names none: config.yaml here, or of the installed package or clone."""
    here = Path("config.yaml")
    return next((path for path in (here, PACKAGED, CLONE) if path.exists()), here)


def read_settings(path: str | Path) -> dict[str, Any]:
    """Return the configuration file at ``path``, checked and with its defaults filled in."""
    checked = read_effective(read_text(path))
    return checked if checked is not None else check_settings(read_yaml(path), str(path))


def read_text(path: str | Path) -> str:
    """Return the text of a configuration file."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise MossFuseError(
            f"configuration file {path} does not exist here; start in the folder that its path is seen from, or name another one (config.yaml, config/*.yaml)"
        ) from None
    except UnicodeDecodeError as error:
        raise MossFuseError(
            f"configuration file {path} is not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8"
        ) from None


def read_yaml(path: str | Path) -> Any:
    """Return what a configuration file holds, unchecked; raise MossFuseError where it is no YAML."""
    import yaml

    try:
        return yaml.safe_load(read_text(path))
    except yaml.YAMLError as error:
        raise MossFuseError(f"configuration file {path} is not valid YAML: {' '.join(str(error).split())}") from None


def read_effective(text: str) -> dict[str, Any] | None:
    """Return the configuration that the workflow checked and wrote as JSON, with every key; None for any other text.

    It is not checked again: jsonschema and the metrics would take a third of the start of every short job.
    """
    try:
        config = json.loads(text)
    except ValueError:
        return None
    return config if isinstance(config, dict) and config.keys() == {*DEFAULTS, "grid"} else None


def check_settings(config: Any, source: str = "config") -> dict[str, Any]:
    """Return ``config`` with its defaults filled in; raise MossFuseError for the first wrong key, named with its place.

    source: what the message begins with, such as the file's name.
    """
    check_schema(config, source)
    if config.get("parts"):
        config = merge_parts(config, source, read_part)
    elif "grid" not in config:
        raise MossFuseError(f"{source}: key 'grid' is missing at top level; add it, or name files under 'parts'")
    out: dict[str, Any] = {}
    for key, default in DEFAULTS.items():
        value = config.get(key)
        value = default if value is None else value
        out[key] = {**default, **value} if isinstance(default, dict) else value
    check_conventions(out["conventions"])
    check_metrics(out["statistics"]["margins"])
    return {**out, "grid": config["grid"]}


def read_part(path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a file named under ``parts``, as written and checked; raise MossFuseError where it has parts itself."""
    written = read_yaml(path_in_run_or_clone(path))
    if isinstance(written, dict) and "parts" in written:
        raise MossFuseError(f"{path}: a part has no parts of its own; name its files where {path} is named")
    return written, check_settings(written, path)


def path_in_run_or_clone(path: str) -> Path:
    """Return the file that a configuration names: seen from the folder of the run, which is the current one, or from the clone where that has no such file."""
    here, clone = Path(path).expanduser(), CLONE.parent / path
    return clone if not here.exists() and clone.exists() else here


def check_schema(config: Any, source: str) -> None:
    """Raise MossFuseError for the first key of ``config`` that the schema refuses, named with its place."""
    from jsonschema import Draft202012Validator

    errors = sorted(
        Draft202012Validator(schema()).iter_errors(config), key=lambda e: (len(e.absolute_path), str(e.path))
    )
    if errors:
        raise MossFuseError(f"{source}: {sentence(errors[0])}")


def check_conventions(names: Iterable[str]) -> None:
    """Raise MossFuseError for a metric convention that does not exist."""
    from mossfuse.metrics import find_convention

    for name in names:
        find_convention(name)


def check_metrics(names: Iterable[str]) -> None:
    """Raise MossFuseError for a metric that does not exist."""
    from mossfuse.metrics import find_column

    for name in names:
        find_column(name)


def sentence(error: Any) -> str:
    """Return a jsonschema error as one sentence that says what to change."""
    place = ".".join(str(p) for p in error.absolute_path) or "top level"
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        key = next(k for k in error.instance if k not in known)
        return f"key '{key}' at {place} is not known; {suggestion(key, known, 'known keys')}"
    if error.validator == "required":
        missing = next(k for k in error.validator_value if k not in error.instance)
        return f"key '{missing}' is missing at {place}; add it"
    if error.validator == "type":
        return (
            f"{place} must be of type {error.validator_value}, not {type(error.instance).__name__} ({error.instance!r})"
        )
    if error.validator == "oneOf" and place.startswith("timing"):
        return f"{place} is {error.instance!r}; use a number of scenes, first, all, or none"
    if error.validator == "oneOf":
        choices = (
            "nothing, or a list of psf, phase, srf, noise"
            if place.endswith(".given")
            else "test, train, all, or a list of scene names"
        )
        return f"{place} is {error.instance!r}; use {choices}"
    return f"{place}: {error.message}"
