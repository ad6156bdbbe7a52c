"""Digests of the code that a step depends on, so that an edit re-runs that step and nothing else.

A digest covers a module, the project's modules that it imports at any depth, the modules beside it where it lies outside
the project (a method in a folder of MOSSFUSE_BASELINES), and the tables that they read. Comments, docstrings and the place
of a file on this machine do not count.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("mossfuse", "baselines", "mossfuse_baselines")  # the last one: the baselines in a wheel
TABLE = re.compile(r"[\w-][\w.-]*\.(csv|json|mat|npy|npz|txt|ya?ml)")


@dataclass(frozen=True)
class Source:
    """What one file contributes to a digest.

    code: hash of its syntax tree without docstrings; imports: (number of leading dots, dotted name) of everything it may
    import; tables: names of data files in its text.
    """

    code: bytes
    imports: tuple[tuple[int, str], ...]
    tables: tuple[str, ...]


def source_digest(path: str | Path, skip: tuple[str, ...] = ()) -> str:
    """Return the digest, 16 hex digits, of a module and of everything it imports from the project or from beside it.

    skip: the project's modules whose changes never matter here ('mossfuse.discovery'), with what only they import.
    """
    start = Path(path).resolve()
    digest = hashlib.sha256()
    for current in sorted(
        sources_behind(start, skip), key=lambda found: os.path.relpath(found, place_of(found, start))
    ):
        digest.update(read_source(current).code)
        for table in tables_of(current):
            digest.update(table.read_bytes())
    return digest.hexdigest()[:16]


def files_digest(folder: str | Path, suffixes: tuple[str, ...] = (".html", ".css", ".js")) -> str:
    """Return the digest of the pages, styles and scripts below a folder."""
    digest = hashlib.sha256()
    for path in sorted(p for p in Path(folder).rglob("*") if p.suffix in suffixes):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def sources_behind(start: Path, skip: tuple[str, ...] = ()) -> set[Path]:
    """Return the file ``start`` and every file that it imports, at any depth, but for the modules of ``skip``."""
    left_out = {ROOT.joinpath(*name.split(".")).with_suffix(".py") for name in skip}
    found, todo = set(), [start]
    while todo:
        current = todo.pop()
        if current not in found:
            found.add(current)
            todo.extend(file for file in imported_files(current) if file not in left_out)
    return found


def place_of(path: Path, start: Path) -> Path:
    """Return the folder from which the order of a digest's files is taken: the project, or that of ``start``."""
    return ROOT if in_project(path) else start.parent


def in_project(path: Path) -> bool:
    """Return whether a file belongs to one of the project's packages."""
    return path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in PACKAGES


@cache
def imported_files(path: Path) -> tuple[Path, ...]:
    """Return the files that a file may import from the project or from beside it."""
    found: dict[Path, None] = {}
    for level, name in read_source(path).imports:
        for folder in search_folders(path, level, name):
            base = folder.joinpath(*name.split(".")) if name else folder
            for file in (*([base.with_suffix(".py")] if name else []), base / "__init__.py"):
                if file.is_file() and file != path:
                    found[file.resolve()] = None
    return tuple(found)


def search_folders(path: Path, level: int, name: str) -> Iterator[Path]:
    """Yield the folders in which a name that ``path`` imports is searched: none for other people's packages."""
    if level:
        yield path.parents[level - 1]
    elif name.split(".")[0] in PACKAGES:
        yield ROOT
    elif not in_project(path):
        yield path.parent
        if path.name == "__init__.py":
            yield path.parent.parent


def tables_of(path: Path) -> list[Path]:
    """Return the data files that count as code: those beside a file that it names, and every .csv of a package."""
    named = [path.with_name(name) for name in read_source(path).tables]
    package = path.parent.glob("*.csv") if path.name == "__init__.py" else ()
    return sorted({*(table for table in named if table.is_file()), *package}, key=lambda table: table.name)


@cache
def read_source(path: Path) -> Source:
    """Parse one file."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    imports: dict[tuple[int, str], None] = {}
    tables: dict[str, None] = {}
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and is_text(body[0]):
            node.body = body[1:] or [ast.Pass()]  # type: ignore[attr-defined]
        if isinstance(node, ast.Import):
            imports.update(dict.fromkeys((0, alias.name) for alias in node.names))
        elif isinstance(node, ast.ImportFrom):
            module = [node.module] if node.module else []
            names = [".".join([*module, *more]) for more in ([], *([alias.name] for alias in node.names))]
            imports.update(dict.fromkeys((node.level, name) for name in names))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and TABLE.fullmatch(node.value):
            tables[node.value] = None
    code = hashlib.sha256(ast.dump(tree).encode()).digest()
    return Source(code, tuple(imports), tuple(tables))


def is_text(node: ast.AST) -> bool:
    """Return whether a statement is a string that stands alone: a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
