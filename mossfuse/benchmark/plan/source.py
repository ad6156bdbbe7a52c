"""What one Python file contributes to a digest: its statements, what they import, and the tables that they name."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from mossfuse.benchmark.plan.descriptive import is_for_types, without_descriptions

TABLE = re.compile(r"[\w-][\w.-]*\.(csv|json|mat|npy|npz|txt|ya?ml)")
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Import:
    """One imported name: number of leading dots, module, member of it (None: the module itself), and its name here."""

    level: int
    module: str
    member: str | None
    alias: str


@dataclass(frozen=True)
class Statement:
    """One statement of a file, outside any function.

    code: hash of its syntax tree. defines: the names it gives a meaning to. reads: name -> the attributes that are read of
    it, None among them where the name is used in any other way. imports: what it imports, at any depth. tables: names of
    data files. texts: the ends of its texts that look like a file's suffix.
    """

    code: bytes
    defines: frozenset[str]
    reads: dict[str, set[str | None]] = field(hash=False)
    imports: tuple[Import, ...]
    tables: tuple[str, ...]
    suffixes: frozenset[str]


@dataclass(frozen=True)
class Source:
    """A file without comments, docstrings and descriptive fields. code: hash of all statements."""

    code: bytes
    statements: tuple[Statement, ...]

    @property
    def imports(self) -> tuple[Import, ...]:
        """Everything the file may import."""
        return tuple(found for statement in self.statements for found in statement.imports)

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of data files in the file."""
        return tuple(dict.fromkeys(name for statement in self.statements for name in statement.tables))

    @property
    def suffixes(self) -> frozenset[str]:
        """Suffixes of files that the file's texts end in."""
        return frozenset().union(*(statement.suffixes for statement in self.statements))


@lru_cache(maxsize=4096)
def parse_source(text: str, name: str) -> Source:
    """Return the Source of a file's text; name: for the message of a SyntaxError."""
    tree = without_descriptions(ast.parse(text, filename=name))
    statements = tuple(describe(node) for node in tree.body if not starts_a_program(node))
    code = hashlib.sha256(b"".join(statement.code for statement in statements)).digest()
    return Source(code, statements)


def starts_a_program(node: ast.stmt) -> bool:
    """Return whether a statement is ``if __name__ == "__main__":``."""
    return isinstance(node, ast.If) and any(isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(node.test))


def describe(node: ast.stmt) -> Statement:
    """Return what a statement contributes."""
    imports: dict[Import, None] = {}
    tables: dict[str, None] = {}
    suffixes: set[str] = set()
    reads: dict[str, set[str | None]] = {}
    for part in walk(node):
        if isinstance(part, ast.Import | ast.ImportFrom):
            imports.update(dict.fromkeys(imports_of(part)))
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            if TABLE.fullmatch(part.value):
                tables[part.value] = None
            suffixes.update(re.findall(r"\.[a-z0-9]{2,5}$", part.value))
        elif isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
            reads.setdefault(part.value.id, set()).add(part.attr)
        elif isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Store):
            reads.setdefault(part.id, set()).add(None)
    code = hashlib.sha256(spell(node).encode()).digest()
    return Statement(code, frozenset(defined_by(node)), reads, tuple(imports), tuple(tables), frozenset(suffixes))


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and those below it, but for imports for types and the name before an attribute."""
    todo = [node]
    while todo:
        current = todo.pop()
        yield current
        for child in ast.iter_child_nodes(current):
            if not (is_for_types(child) or (isinstance(current, ast.Attribute) and isinstance(child, ast.Name))):
                todo.append(child)


def imports_of(node: ast.Import | ast.ImportFrom) -> Iterator[Import]:
    """Yield what an import statement binds."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(0, alias.name, None, alias.asname or alias.name.split(".")[0])
    else:
        for alias in node.names:
            yield Import(node.level, node.module or "", alias.name, alias.asname or alias.name)


def defined_by(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement defines; none for a statement that does something else as well."""
    if isinstance(node, DEFINITIONS):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (found.alias for found in imports_of(node))
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if all(isinstance(target, ast.Name | ast.Tuple) for target in targets):
            yield from (part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name))


def spell(value: object) -> str:
    """Return a syntax tree as text, the same in every version of Python: fields that are empty are left out."""
    if isinstance(value, ast.AST):
        fields = ((name, getattr(value, name, None)) for name in value._fields if name not in ("ctx", "type_comment"))
        inside = ",".join(f"{name}={spell(v)}" for name, v in fields if v is not None and v != [])
        return f"{type(value).__name__}({inside})"
    return f"[{','.join(map(spell, value))}]" if isinstance(value, list) else repr(value)
