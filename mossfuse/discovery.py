"""Find what one adds: methods, datasets, degradations, metrics, ... Each is one file, or one folder with ``__init__.py``.

The same rules hold for every kind: built-in folders first, then the folders named in an environment variable; names that
begin with an underscore, and the folder ``shared``, are helpers. A file that cannot be used never hides the others: it is
kept with its reason, and the reason is raised only when that file is asked for.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from mossfuse.errors import MossFuseError, suggestion


@dataclass(frozen=True)
class Kind:
    """One kind of addition.

    word: its name in messages ('method'). constants: a module must define one of these, a specification or a tuple of
    them. functions: what else it must define. variable: environment variable with further folders (separated like PATH).
    folders: returns the built-in ones. check(spec, module): returns a complaint, or None.
    """

    word: str
    constants: tuple[str, str]
    functions: tuple[str, ...]
    variable: str
    folders: Callable[[], list[Path]]
    check: Callable[[Any, ModuleType], str | None] = lambda spec, module: None


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
        stems = {stem_of(path).replace("_", "-"): reason for path, reason in self.broken.items()}
        if name.replace("_", "-") in stems:
            raise MossFuseError(stems[name.replace("_", "-")])
        unusable = "".join(f"; {reason}" for reason in self.broken.values())
        hint = suggestion(name, self.entries, f"known {self.kind.word}s")
        raise MossFuseError(f"unknown {self.kind.word} '{name}'; {hint}{unusable}")


def search(kind: Kind) -> Catalogue:
    """Import every file of a kind and return the Catalogue."""
    found = Catalogue(kind)
    for folder in folders_of(kind):
        for path in module_files(folder):
            try:
                module = load(kind, path)
            except MossFuseError as error:
                found.broken[path] = str(error)
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
    every = [folder.resolve() for folder in (*kind.folders(), *named) if folder.is_dir()]
    return list(dict.fromkeys(every))


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
    yield from getattr(module, many, None) or (getattr(module, one),)


def load(kind: Kind, path: Path) -> ModuleType:
    """Import one file and check that it offers what the benchmark calls; raise MossFuseError otherwise."""
    path = Path(path).resolve()
    try:
        module = import_file(path)
    except Exception as error:
        raise MossFuseError(
            f"{kind.word} file {path} cannot be imported ({type(error).__name__}: {error}); fix or remove it"
        ) from error
    one, many = kind.constants
    missing = [name for name in kind.functions if not callable(getattr(module, name, None))]
    if not (hasattr(module, one) or hasattr(module, many)) or missing:
        wanted = " and ".join([f"{one} (or {many})", *kind.functions])
        raise MossFuseError(f"{kind.word} file {path} must define {wanted}; see docs/adding")
    for spec in specs_of(kind, module):
        complaint = kind.check(spec, module)
        if complaint:
            raise MossFuseError(f"{kind.word} file {path}: {complaint}")
    return module


def import_file(path: Path) -> ModuleType:
    """Import a file under a name of its own: that of its package where it has one, else one made from its folder."""
    home = path.parent.parent if path.name == "__init__.py" else path.parent
    name = f"{package_name(home)}.{stem_of(path)}"
    if name in sys.modules:
        return sys.modules[name]
    if package_name(home).startswith("mossfuse."):
        return importlib.import_module(name)
    return import_as(name, path)


def package_name(folder: Path) -> str:
    """Return the name of the package a folder is; make the package where it is nobody's, so that relative imports work."""
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
    """Import the file ``path`` under ``name``; nothing is left behind where it fails."""
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
