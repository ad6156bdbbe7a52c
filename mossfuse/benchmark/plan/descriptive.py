"""Leave out of a syntax tree what only describes: titles, citations, published figures, types of arguments.

Such an edit changes what the report prints and no result, so that no digest of code may see it.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

# Fields of the specifications that only describe (presets arrive as parameters), in the order of the positional ones.
FIELDS: dict[str, tuple[str, ...]] = {
    "Method": ("title", "citation", "licence", "published", "code", "note", "presets", "optional", "tuned_on"),
    "Dataset": ("title", "citation", "terms", "url", "note"),
    "RemoteFile": ("urls", "terms"),
    "Response": ("title", "citation", "note"),
    "PsfFamily": ("title", "citation", "note"),
    "Effect": ("title", "note"),
    "Degradation": ("note",),
    "Metric": ("formula", "users"),
    "Column": ("title", "unit", "better", "decimals", "tie", "range", "order"),
    "Convention": ("description",),
}
POSITIONS: dict[str, tuple[int, ...]] = {
    "RemoteFile": (1, 3),
    "Metric": (3, 4),
    "Column": tuple(range(1, 8)),
    "Convention": (1,),
}
# Constants that are read by specifications in other files.
CONSTANTS = frozenset({"CITATION", "LICENCE", "NOTE", "PUBLISHED", "TERMS", "TITLE", "TUNED_ON", "EIGHT_BAND", "URL"})


def without_descriptions(tree: ast.Module) -> ast.Module:
    """Return the tree, changed in place, without descriptive fields, docstrings, types of arguments and imports for types.

    A constant goes as well where it is used for descriptive fields alone, and the argument of a function of the file that
    only fills such a field.
    """
    removed: Counter[str] = Counter()
    nodes = list(ast.walk(tree))
    shared = spread_names(nodes)
    for node in nodes:
        if isinstance(node, ast.Call):
            strip_call(node, removed)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            strip_types(node)
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and is_text(body[0]):
            node.body = body[1:] or [ast.Pass()]  # type: ignore[attr-defined]
    tree.body = [statement for statement in tree.body if not is_for_types(statement)]
    for statement in tree.body:
        name = constant_of(statement)
        if name in shared and isinstance(value := statement.value, ast.Dict):  # type: ignore[attr-defined]
            strip_dict(value, shared[name], removed)
    strip_arguments(tree, removed)
    drop_constants(tree, removed)
    return tree


def is_text(node: ast.AST) -> bool:
    """Return whether a statement is a string that stands alone: a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def is_for_types(node: ast.AST) -> bool:
    """Return whether a statement is ``if TYPE_CHECKING:``."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def constant_of(statement: ast.AST) -> str | None:
    """Return the name that a statement gives to a value; None for any other statement."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        target = statement.target
    else:
        return None
    return target.id if isinstance(target, ast.Name) else None


def called(node: ast.Call) -> str:
    """Return the last part of the name that is called."""
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def names_in(node: ast.AST | None) -> Iterator[str]:
    """Yield every name that is read in a node."""
    for part in ast.walk(node) if node is not None else ():
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Store):
            yield part.id


def spread_names(nodes: list[ast.AST]) -> dict[str, tuple[str, ...]]:
    """Return the names of the mappings that specifications take as ``**NAME``, with their descriptive fields."""
    found: dict[str, tuple[str, ...]] = {}
    for node in nodes:
        if isinstance(node, ast.Call) and called(node) in FIELDS:
            for keyword in node.keywords:
                if keyword.arg is None and isinstance(keyword.value, ast.Name):
                    found[keyword.value.id] = FIELDS[called(node)]
    return found


def strip_call(node: ast.Call, removed: Counter[str]) -> None:
    """Take the descriptive fields out of a call that makes a specification; count the names that go."""
    fields = FIELDS.get(called(node))
    if fields is None:
        return
    kept = []
    for keyword in node.keywords:
        if keyword.arg in fields:
            removed.update(names_in(keyword.value))
            continue
        if keyword.arg is None and isinstance(keyword.value, ast.Dict):
            strip_dict(keyword.value, fields, removed)
        kept.append(keyword)
    node.keywords = kept
    for place in POSITIONS.get(called(node), ()):
        if place < len(node.args) and not any(isinstance(a, ast.Starred) for a in node.args[:place]):
            removed.update(names_in(node.args[place]))
            node.args[place] = ast.Constant(None)


def strip_dict(node: ast.Dict, fields: tuple[str, ...], removed: Counter[str]) -> None:
    """Take the descriptive fields out of a mapping that a specification takes as its keywords."""
    kept = []
    for key, value in zip(node.keys, node.values, strict=True):
        if isinstance(key, ast.Constant) and key.value in fields:
            removed.update(names_in(value))
        else:
            kept.append((key, value))
    node.keys, node.values = [key for key, _ in kept], [value for _, value in kept]


def strip_types(node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Take the types out of a function's head."""
    node.returns = None
    arguments = node.args
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg):
        if argument is not None:
            argument.annotation = None


def strip_arguments(tree: ast.Module, removed: Counter[str]) -> None:
    """Take out of calls the arguments that a function of the file has used for descriptive fields alone."""
    unused: dict[str, tuple[list[str], set[str]]] = {}
    for statement in tree.body if removed else ():
        if isinstance(statement, ast.FunctionDef):
            order = [argument.arg for argument in statement.args.args]
            read = {name for part in statement.body for name in names_in(part)}
            idle = {name for name in order if name in removed and name not in read}
            if idle:
                unused[statement.name] = order, idle
    for node in ast.walk(tree) if unused else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in unused:
            order, idle = unused[node.func.id]
            for place, value in enumerate(node.args):
                if place < len(order) and order[place] in idle and not isinstance(value, ast.Starred):
                    removed.update(names_in(value))
                    node.args[place] = ast.Constant(None)
            for keyword in node.keywords:
                if keyword.arg in idle:
                    removed.update(names_in(keyword.value))
                    keyword.value = ast.Constant(None)


def drop_constants(tree: ast.Module, removed: Counter[str]) -> None:
    """Drop the constants that only descriptive fields read, and then those that only these read."""
    while any((name := constant_of(s)) and (removed[name] or name in CONSTANTS) for s in tree.body):
        read = Counter(name for statement in tree.body for name in names_in(statement))
        idle = [
            statement
            for statement in tree.body
            if (name := constant_of(statement)) and not read[name] and (removed[name] or name in CONSTANTS)
        ]
        if not idle:
            return
        for statement in idle:
            removed.update(names_in(statement.value))  # type: ignore[attr-defined]
        tree.body = [statement for statement in tree.body if statement not in idle]
