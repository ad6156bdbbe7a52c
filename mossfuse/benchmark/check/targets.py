"""Find what is to be checked: by its name, by what a name may be written as, or by the path of a file."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from mossfuse.benchmark.check.claims import Claim
from mossfuse.discovery import Catalogue, Kind, load, specs_of
from mossfuse.errors import MossFuseError, suggestion

# word of a kind -> (module with KIND and catalogue, module with claims)
KINDS = {
    "method": ("mossfuse.methods", "method"),
    "dataset": ("mossfuse.datasets", "dataset"),
    "degradation": ("mossfuse.degradations", "degradation"),
    "spectral response": ("mossfuse.degradations.responses", "response"),
    "PSF family": ("mossfuse.degradations.psfs", "psf_family"),
    "effect": ("mossfuse.degradations.effects", "effect"),
    "metric": ("mossfuse.metrics.catalogue", "metric"),
}


@dataclass(frozen=True)
class Target:
    """One addition to check: the word of its kind, its specification and the module that defines it."""

    word: str
    spec: Any
    module: ModuleType | None

    @property
    def name(self) -> str:
        """Its name, such as 'gsa'."""
        return self.spec.name


def finder(word: str) -> ModuleType:
    """Return the module that finds additions of a kind: it has KIND and catalogue."""
    return importlib.import_module(KINDS[word][0])


def claims_of(target: Target) -> list[Claim]:
    """Return the claims about a target."""
    module = importlib.import_module(f"mossfuse.benchmark.check.{KINDS[target.word][1]}")
    claims: Callable[[Any, ModuleType | None], list[Claim]] = module.claims
    return claims(target.spec, target.module)


def find_target(name: str) -> list[Target]:
    """Return what a name or the path of a file stands for: one Target, or everything that the file defines.

    Raises MossFuseError for an unknown name, for a file that defines nothing, and for one that cannot be used.
    """
    path = Path(name)
    if path.suffix == ".py" or path.is_dir():
        return targets_of_file(path)
    found = [
        Target(word, *catalogue.entries[name])
        for word in KINDS
        if name in (catalogue := finder(word).catalogue()).entries and name not in catalogue.clashes
    ]
    return found or [find_elsewhere(name)]


def find_elsewhere(name: str) -> Target:
    """Return the degradation that a name spells; raise MossFuseError with the reason why a name is not usable."""
    from mossfuse.degradations import parse

    degradation = parse(name)
    if degradation is not None and degradation.name == name:
        return Target("degradation", degradation, None)
    catalogues: list[Catalogue] = [finder(word).catalogue() for word in KINDS]
    for catalogue in catalogues:
        if name in catalogue.clashes:
            raise MossFuseError(catalogue.clashes[name])
        for path, reason in catalogue.broken.items():
            if name.replace("_", "-") in (path.stem.replace("_", "-"), path.parent.name.replace("_", "-")):
                raise MossFuseError(reason)
    known = [entry for catalogue in catalogues for entry in catalogue.entries]
    raise MossFuseError(
        f"there is no {', '.join([*KINDS][:-1])} or {[*KINDS][-1]} '{name}'; {suggestion(name, known)}; "
        "a file is given by its path, such as ./mine.py"
    )


def targets_of_file(path: Path) -> list[Target]:
    """Return everything that a file defines; its folder joins those that are searched, for what it needs beside it."""
    file = path / "__init__.py" if path.is_dir() else path
    if not file.is_file():
        raise MossFuseError(f"{path} does not exist; give the path of a file, or a name")
    for word in KINDS:
        add_folder(finder(word).KIND, (path if path.is_dir() else file).resolve().parent)
    found, reasons = [], {}
    for word in KINDS:
        kind: Kind = finder(word).KIND
        try:
            module = load(kind, file)
        except MossFuseError as error:
            reasons[word] = str(error)
            continue
        found += [Target(word, spec, module) for spec in (specs_of(kind, module) if module else ())]
    if found:
        return found
    raise MossFuseError(best_reason(file, reasons))


def add_folder(kind: Kind, folder: Path) -> None:
    """Let a folder be searched in this process as if the kind's environment variable named it."""
    named = os.environ.get(kind.variable, "").split(os.pathsep)
    os.environ[kind.variable] = os.pathsep.join(dict.fromkeys([*filter(None, named), str(folder)]))


def best_reason(file: Path, reasons: dict[str, str]) -> str:
    """Return why a file cannot be used: the reason of the kind that it tries to define, or that it defines nothing."""
    for word, reason in reasons.items():
        if "must define" not in reason:
            return reason if "cannot be imported" not in reason else reason.replace(f"{word} file ", "", 1)
    text = file.read_text(encoding="utf-8")
    for word, reason in reasons.items():
        if any(f"\n{constant} " in f"\n{text}" for constant in finder(word).KIND.constants):
            return reason
    every = " or ".join(finder(word).KIND.constants[0] for word in KINDS)
    return f"{file} defines none of {every}; see docs/adding"
