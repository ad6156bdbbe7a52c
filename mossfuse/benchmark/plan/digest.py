"""A digest of the code a step depends on, so that an edit re-runs that step and nothing else.

Comments and docstrings do not count; imports inside the project are followed, relative ones too, and the tables (.csv) that
lie in the folder of a package count as its code.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
OURS = ("mossfuse", "baselines", "mossfuse_baselines")  # the last one is the name of the baselines in a wheel


def source_digest(path, skip=()):
    """Hex digest of a module's code and of every project module it imports, at any depth.

    skip: module prefixes whose changes never matter here.
    """
    seen, todo, digest = set(), [Path(path).resolve()], hashlib.sha256()
    while todo:
        current = todo.pop()
        if current in seen:
            continue
        seen.add(current)
        todo.extend(imported(current, skip))
    for current in sorted(seen):
        digest.update(code_of(current).encode())
        for table in sorted(current.parent.glob("*.csv")) if current.name == "__init__.py" else ():
            digest.update(table.read_bytes())
    return digest.hexdigest()[:16]


def files_digest(folder, suffixes=(".html", ".css", ".js")):
    """Hex digest of the pages, styles and scripts below a folder."""
    digest = hashlib.sha256()
    for path in sorted(p for p in Path(folder).rglob("*") if p.suffix in suffixes):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@cache
def parsed(path):
    return ast.parse(path.read_text(), filename=str(path))


@cache
def code_of(path):
    """The module's syntax tree without docstrings, as text."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            if isinstance(body[0].value.value, str):
                node.body = body[1:] or [ast.Pass()]
    return ast.dump(tree)


def imported(path, skip):
    names = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = from_module(path, node)
            names.add(module)
            names.update(f"{module}.{alias.name}" for alias in node.names)
    for name in sorted(names):
        if name.split(".")[0] in OURS and not name.startswith(tuple(skip) or ("\0",)):
            base = ROOT.joinpath(*name.split("."))
            yield from (p for p in (base.with_suffix(".py"), base / "__init__.py") if p.is_file())


def from_module(path, node):
    """Full name of the module that a ``from ... import`` names, relative to the module at ``path`` where it has dots."""
    if not node.level or not path.is_relative_to(ROOT):
        return node.module or ""
    package = path.relative_to(ROOT).parts[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])
