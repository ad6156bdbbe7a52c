"""Find what one adds: methods, datasets, degradations, SRFs, PSF families, metrics. Each is one file, or one folder with ``__init__.py``.

The same rules hold for every kind: built-in folders first, then the folders named in an environment variable; names that
begin with an underscore, and the folder ``shared``, are helpers. A file that cannot be used never hides the others: it is
kept with its reason, and the reason is raised only when that file is asked for.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from mossfuse.errors import MossFuseError, suggestion

# Constants of every kind by environment variable. A file that defines another kind alone is passed over, so that one folder
# may hold all kinds.
CONSTANTS = {
    "MOSSFUSE_BASELINES": (("METHOD", "METHODS"),),
    "MOSSFUSE_DATASETS": (("DATASET", "DATASETS"),),
    "MOSSFUSE_DEGRADATIONS": (
        ("DEGRADATION", "DEGRADATIONS"),
        ("RESPONSE", "RESPONSES"),
        ("PSF", "PSFS"),
        ("EFFECT", "EFFECTS"),
    ),
    "MOSSFUSE_METRICS": (("METRIC", "METRICS"),),
}
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # names become parts of paths
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kind:
    """One kind of addition.

    word: its name in messages ('method'). constants: a module must define one of these, a specification or a tuple of
    them. functions: what else it must define. variable: environment variable with further folders (separated like PATH).
    folders: returns the built-in ones. check(spec, module): returns a complaint, or None. spec: class of a specification.
    """

    word: str
    constants: tuple[str, str]
    functions: tuple[str, ...]
    variable: str
    folders: Callable[[], list[Path]]
    check: Callable[[Any, ModuleType], str | None] = lambda spec, module: None
    spec: type = object


@dataclass
class Catalogue:
    """What was found: specs by name with their module, and unusable files with the reason, in the order of the search."""

    kind: Kind
    entries: dict[str, tuple[Any, ModuleType]] = field(default_factory=dict)
    broken: dict[Path, str] = field(default_factory=dict)
    clashes: dict[str, str] = field(default_factory=dict)

    def find(self, name: str) -> tuple[Any, ModuleType]:
        """Return (spec, module) of a name; raise MossFuseError with the nearest names, or why its file is unusable."""
        if name in self.clashes:
            raise MossFuseError(self.clashes[name])
        if name in self.entries:
            return self.entries[name]
        for path, reason in self.broken.items():
            if stem_of(path).replace("_", "-") == name.replace("_", "-"):
                raise MossFuseError(reason)
        hint = suggestion(name, self.entries, f"known {plural(self.kind.word)}")
        raise MossFuseError(f"unknown {self.kind.word} '{name}'; {'; '.join([hint, *self.broken.values()])}")

    def problems(self) -> list[str]:
        """Return one sentence for every unusable file and every name that is defined twice."""
        return [*self.broken.values(), *self.clashes.values()]


def search(kind: Kind) -> Catalogue:
    """Import every file of a kind and return the Catalogue."""
    found = Catalogue(kind)
    for path in (path for folder in folders_of(kind) for path in module_files(folder)):
        try:
            module = load(kind, path)
        except MossFuseError as error:
            found.broken[path] = str(error)
            continue
        if module is None:
            continue
        for spec in specs_of(kind, module):
            if spec.name in found.entries:
                first = found.entries[spec.name][1].__file__
                found.clashes[spec.name] = (
                    f"two files define the {kind.word} '{spec.name}': {first} and {path}; rename one of them"
                )
            else:
                found.entries[spec.name] = (spec, module)
    return found


def folders_of(kind: Kind) -> list[Path]:
    """Return the folders that are searched, without repetition: the built-in ones, then the environment variable's."""
    named = [Path(p).expanduser() for p in os.environ.get(kind.variable, "").split(os.pathsep) if p]
    for folder in named:
        if not folder.is_dir():
            warn_of_missing_folder(kind.variable, folder)
    every = [folder.resolve() for folder in (*kind.folders(), *named) if folder.is_dir()]
    return list(dict.fromkeys(every))


@cache
def warn_of_missing_folder(variable: str, folder: Path) -> None:
    """Warn, once for each folder, that an environment variable names a folder that does not exist."""
    log.warning(
        "%s names the folder %s, which does not exist; correct the variable or make the folder", variable, folder
    )


def module_files(folder: Path) -> list[Path]:
    """Return the files of a folder that define something: NAME.py and NAME/__init__.py, sorted."""
    files = [p for p in folder.glob("*.py") if not p.name.startswith("_")]
    packages = [
        p
        for p in folder.glob("*/__init__.py")
        if not p.parent.name.startswith(("_", ".")) and p.parent.name != "shared"
    ]
    return sorted([*files, *packages])


def stem_of(path: Path) -> str:
    """Return the module's own name: the file's, or the folder's of an ``__init__.py``."""
    return path.parent.name if path.name == "__init__.py" else path.stem


def specs_of(kind: Kind, module: ModuleType) -> Iterator[Any]:
    """Yield the specifications of a module: one constant, or a tuple of them."""
    one, many = kind.constants
    yield from getattr(module, many) if hasattr(module, many) else (getattr(module, one),)


def load(kind: Kind, path: Path) -> ModuleType | None:
    """Import one file and check that it offers what the benchmark calls; return None for a file of another kind.

    Raises MossFuseError with one sentence for anything else that is wrong.
    """
    path = Path(path).resolve()
    try:
        module = import_file(path)
    except (Exception, SystemExit) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise MossFuseError(f"{kind.word} file {path} cannot be imported ({reason}); fix or remove it") from error
    one, many = kind.constants
    defined = hasattr(module, one) or hasattr(module, many)
    if not defined and defines_another_kind(module):
        return None
    missing = [name for name in kind.functions if not callable(getattr(module, name, None))]
    if not defined or missing:
        pairs = CONSTANTS.get(kind.variable, (kind.constants,))
        either = " or ".join(f"{single} (or {several})" for single, several in pairs)
        wanted = " and ".join([either, *kind.functions])
        raise MossFuseError(f"{kind.word} file {path} must define {wanted}; see docs/adding")
    complaint = complain(kind, module)
    if complaint:
        raise MossFuseError(f"{kind.word} file {path}: {complaint}")
    return module


def defines_another_kind(module: ModuleType) -> bool:
    """Return whether a module defines the constant of any kind."""
    return any(hasattr(module, name) for pairs in CONSTANTS.values() for pair in pairs for name in pair)


def complain(kind: Kind, module: ModuleType) -> str | None:
    """Return what is wrong with the specifications of a module, or None."""
    one, many = kind.constants
    if hasattr(module, many) and not isinstance(getattr(module, many), (tuple, list)):
        return f"{many} must be a tuple of specifications; write {many} = (...,)"
    names: list[str] = []
    for spec in specs_of(kind, module):
        if not isinstance(spec, kind.spec) or not hasattr(spec, "name"):
            return f"{one} must be a mossfuse.{kind.spec.__name__}, not {type(spec).__name__}"
        if not NAME.fullmatch(str(spec.name)):
            return f"the name '{spec.name}' must consist of letters, digits, '.', '_' and '-' and begin with a letter or digit"
        if spec.name in names:
            return f"the {kind.word} '{spec.name}' is defined twice; rename one of them"
        names.append(spec.name)
        complaint = kind.check(spec, module)
        if complaint:
            return complaint
    return None


def plural(word: str) -> str:
    """Return the plural of a kind's word: 'methods', 'PSF families'."""
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"


def import_file(path: Path) -> ModuleType:
    """Import a file as part of its package; a file outside of any package gets a package named after its folder."""
    home = path.parent.parent if path.name == "__init__.py" else path.parent
    name = f"{package_name(home)}.{stem_of(path)}"
    if name in sys.modules:
        return sys.modules[name]
    if package_name(home).startswith("mossfuse."):
        return importlib.import_module(name)
    return import_as(name, path)


def package_name(folder: Path) -> str:
    """Return the package that a folder is; make one for a folder outside, so that relative imports work there."""
    ours = Path(__file__).resolve().parent
    if folder.is_relative_to(ours):
        return ".".join(["mossfuse", *folder.relative_to(ours).parts])
    inside = folder.parent == ours.parent and (folder / "__init__.py").is_file()
    name = folder.name if inside else f"mossfuse_outside_{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
    if name not in sys.modules:
        if inside:
            import_as(name, folder / "__init__.py")
        else:
            package = ModuleType(name)
            package.__path__ = [str(folder)]
            sys.modules[name] = package
    return name


def import_as(name: str, path: Path) -> ModuleType:
    """Import the file ``path`` under ``name``; leave nothing behind where that fails."""
    folders = [str(path.parent)] if path.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=folders)
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
