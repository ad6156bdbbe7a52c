"""Digests of the code that a step depends on, so that an edit re-runs that step and nothing else.

Two kinds: ``of_file`` covers a module, the project's modules that it imports at any depth, the modules beside it where it
lies outside the project (a method in a folder of MOSSFUSE_BASELINES), and the tables that they read; ``of_parts`` covers
functions, and at any depth the functions, classes and constants that these use by name. Comments, docstrings, descriptive
fields, types of arguments and the place of a file on this machine do not count (mossfuse.benchmark.plan.descriptive).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from mossfuse.benchmark.plan.source import Import, Source, Statement, parse_source
from mossfuse.files import FORMATS

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("mossfuse", "baselines", "mossfuse_baselines")  # the last one: the baselines in a wheel
# How things are found, said and shown changes no result; what was obtained counts with its hash.
NEVER = (
    "mossfuse.discovery",
    "mossfuse.errors",
    "mossfuse.progress",
    "mossfuse.remote",
    "mossfuse.version",
)
WHOLE: str | None = None  # in place of a name: everything in the file


class Code:
    """The code of the project as its digests see it; every file is read once.

    root: folder of the packages. edits: path -> text to read in place of the file's.
    """

    def __init__(self, root: Path | None = None, edits: Mapping[Path, str] | None = None) -> None:
        self.root = root or ROOT
        self.edits = dict(edits or {})
        self.source = cache(self.read)
        self.files_imported = cache(self.find_files_imported)
        self.module_files = cache(self.find_module_files)
        self.module_of = cache(self.find_module_of)
        self.of_file = cache(self.compute_of_file)
        self.of_parts = cache(self.compute_of_parts)

    def compute_of_file(self, path: str | Path, skip: tuple[str, ...] = ()) -> str:
        """Return the digest, 16 hex digits, of a module and of everything it imports from the project or from beside it.

        skip: further modules whose changes never matter here ('mossfuse.degradations.spelling'), with what only they import.
        """
        start = Path(path).resolve()
        digest = hashlib.sha256()
        for current in sorted(self.files_behind(start, skip), key=lambda found: self.place_of(found, start)):
            digest.update(self.source(current).code)
            for table in self.tables_of(current, self.source(current).tables):
                digest.update(table.read_bytes())
        return digest.hexdigest()[:16]

    def compute_of_parts(self, roots: tuple[str, ...], skip: tuple[str, ...] = ()) -> str:
        """Return the digest, 16 hex digits, of functions ('mossfuse.benchmark.run.child.fuse') and all they use by name.

        skip: modules, packages or members that do not count, with what only they use. Raises KeyError for a root that its
        module does not define.
        """
        digest = hashlib.sha256()
        for path, statements in sorted(self.parts_behind(roots, skip).items(), key=lambda kept: self.name_of(kept[0])):
            kept = [statement for statement in self.source(path).statements if id(statement) in statements]
            for statement in kept:
                digest.update(statement.code)
                for table in self.tables_of(path, statement.tables):
                    digest.update(table.read_bytes())
        return digest.hexdigest()[:16]

    # Whole files.

    def files_behind(self, start: Path, skip: tuple[str, ...] = ()) -> set[Path]:
        """Return the file ``start`` and every file that it imports, at any depth, but for what never counts and ``skip``."""
        found: set[Path] = set()
        todo = [start]
        while todo:
            current = todo.pop()
            if current not in found:
                found.add(current)
                todo.extend(file for file in self.files_imported(current) if not self.is_skipped(file, None, skip))
            if not todo:
                todo.extend(self.formats_named(found) - found)
        return found

    def formats_named(self, found: set[Path]) -> set[Path]:
        """Return the modules of file formats that files may use: ``mossfuse.files`` imports them by a file's suffix."""
        package = self.root / "mossfuse" / "files" / "__init__.py"
        if package not in found:
            return set()
        suffixes = {suffix for path in found - {package} for suffix in self.source(path).suffixes}
        modules = {package.with_name(f"{FORMATS[suffix]}.py") for suffix in suffixes & FORMATS.keys()}
        return {path for path in modules if path.is_file()}

    def find_files_imported(self, path: Path) -> tuple[Path, ...]:
        """Return the files that a file may import from the project or from beside it."""
        found: dict[Path, None] = {}
        for imported in self.source(path).imports:
            names = [imported.module] if imported.member is None or imported.module else []
            names += [".".join(filter(None, (imported.module, imported.member)))] if imported.member else []
            for name in names:
                for folder in self.search_folders(path, imported.level, name):
                    for file in self.module_files(folder, name):
                        if file != path:
                            found[file] = None
            if imported.level and not imported.module:  # from . import name
                for file in self.module_files(path.parents[imported.level - 1], ""):
                    if file != path:
                        found[file] = None
        return tuple(found)

    # Parts of files.

    def parts_behind(self, roots: tuple[str, ...], skip: tuple[str, ...] = ()) -> dict[Path, set[int]]:
        """Return file -> ids of the statements that the roots reach by name."""
        found: dict[Path, set[int]] = {}
        seen: set[tuple[Path, str | None]] = set()
        todo: list[tuple[Path, str | None]] = [self.root_of(name) for name in roots]
        while todo:
            path, name = todo.pop()
            if (path, name) in seen or self.is_skipped(path, name, skip):
                continue
            seen.add((path, name))
            taken = found.setdefault(path, set())
            for statement in self.statements_of(path, name):
                if id(statement) not in taken:
                    if not only_imports(statement):  # what it imports counts by itself
                        taken.add(id(statement))
                    todo.extend(self.used_by(path, statement, name))
        return {path: statements for path, statements in found.items() if statements}

    def root_of(self, name: str) -> tuple[Path, str]:
        """Return (file, member) of a dotted name; raise KeyError where there is no such definition."""
        module, _, member = name.rpartition(".")
        for path in self.module_files(self.root, module):
            if any(member in statement.defines for statement in self.source(path).statements):
                return path, member
        raise KeyError(f"{name} is covered by a digest and does not exist; correct mossfuse/benchmark/plan/covered.py")

    def statements_of(self, path: Path, name: str | None) -> list[Statement]:
        """Return the statements that give a name its meaning, and those that act when the file is imported."""
        statements = self.source(path).statements
        named = [s for s in statements if name in s.defines]
        if name is WHOLE or not named:
            return list(statements)
        return [*named, *(s for s in statements if not s.defines)]

    def used_by(self, path: Path, statement: Statement, name: str | None) -> Iterator[tuple[Path, str | None]]:
        """Yield (file, name) of everything that a statement uses."""
        top = {alias for s in self.source(path).statements for alias in s.defines}
        inside = {imported.alias: imported for imported in statement.imports}
        if only_imports(statement):
            for imported in statement.imports:
                if name in (WHOLE, imported.alias):
                    yield from self.targets(path, imported, {None})
            return
        for imported in statement.imports:
            yield from self.targets(path, imported, statement.reads.get(imported.alias, set()))
        for read, attributes in statement.reads.items():
            if read in inside or read not in top:
                continue
            for other in self.source(path).statements:
                if read in other.defines:
                    if only_imports(other):
                        for above in (i for i in other.imports if i.alias == read):
                            yield from self.targets(path, above, attributes)
                    else:
                        yield path, read

    def targets(self, path: Path, imported: Import, attributes: set[str | None]) -> Iterator[tuple[Path, str | None]]:
        """Yield (file, name) of what an import gives, used as a whole (None among the attributes) or by attributes."""
        full = ".".join(filter(None, (imported.module, imported.member)))
        for folder in self.search_folders(path, imported.level, full or imported.module):
            modules = self.module_files(folder, full)
            if imported.member is not None and not modules:
                yield from ((file, imported.member) for file in self.module_files(folder, imported.module))
            for file in modules:
                names = [WHOLE] if None in attributes or not attributes else sorted(a for a in attributes if a)
                yield from ((file, name) for name in names)

    # Both.

    def read(self, path: Path) -> Source:
        """Return the Source of a file."""
        text = self.edits.get(path)
        return parse_source(path.read_text(encoding="utf-8") if text is None else text, self.name_of(path))

    def name_of(self, path: Path) -> str:
        """Return a file's place in the project, or its path elsewhere."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)

    def place_of(self, path: Path, start: Path) -> str:
        """Return what a digest's files are sorted by: the place from the project, or from the folder of ``start``."""
        return os.path.relpath(path, self.root if self.in_project(path) else start.parent)

    def in_project(self, path: Path) -> bool:
        """Return whether a file belongs to one of the project's packages."""
        return self.module_of(path) != ""

    def is_skipped(self, path: Path, name: str | None, skip: Iterable[str]) -> bool:
        """Return whether a file, or a member of it, never counts or is among ``skip``."""
        module = self.module_of(path)
        full = module if name is None else f"{module}.{name}"
        return module != "" and any(full == left or full.startswith(f"{left}.") for left in (*NEVER, *skip))

    def find_module_of(self, path: Path) -> str:
        """Return the dotted name of a file of the project, '' for any other file."""
        if not path.is_relative_to(self.root) or path.relative_to(self.root).parts[0] not in PACKAGES:
            return ""
        parts = path.relative_to(self.root).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def find_module_files(self, folder: Path, name: str) -> tuple[Path, ...]:
        """Return the file of a module, or of a package, of that dotted name below a folder ('': the folder's own)."""
        base = folder.joinpath(*name.split(".")) if name else folder
        files = (*([base.with_suffix(".py")] if name else []), base / "__init__.py")
        return tuple(file.resolve() for file in files if file.is_file())

    def search_folders(self, path: Path, level: int, name: str) -> Iterator[Path]:
        """Yield the folders in which a name that ``path`` imports is searched: none for other people's packages."""
        if level:
            yield path.parents[level - 1]
        elif name.split(".")[0] in PACKAGES:
            yield self.root
        elif not self.in_project(path):
            yield path.parent
            if path.name == "__init__.py":
                yield path.parent.parent

    def tables_of(self, path: Path, names: Iterable[str]) -> list[Path]:
        """Return the data files that count as code: those of ``names`` beside a file, and every .csv of a package."""
        named = [path.with_name(name) for name in names]
        package = path.parent.glob("*.csv") if path.name == "__init__.py" else ()
        return sorted({*(table for table in named if table.is_file()), *package}, key=lambda table: table.name)


def only_imports(statement: Statement) -> bool:
    """Return whether a statement is an import at the top of a file."""
    return bool(statement.defines) and statement.defines == {imported.alias for imported in statement.imports}


def files_digest(folder: str | Path, suffixes: tuple[str, ...] = (".html", ".css", ".js")) -> str:
    """Return the digest of the pages, styles and scripts below a folder."""
    digest = hashlib.sha256()
    for path in sorted(p for p in Path(folder).rglob("*") if p.suffix in suffixes):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@cache
def code_of_project() -> Code:
    """Return the Code of this process: files are read as they were when they were first asked for."""
    return Code()


def source_digest(path: str | Path, skip: tuple[str, ...] = ()) -> str:
    """Return the digest of a module and of everything it imports; see ``Code.compute_of_file``."""
    return code_of_project().of_file(path, skip)
