"""Measure how the code hangs together, from its imports, and keep the table of docs/architecture.md.

    python docs/measure/structure.py            # print the table
    python docs/measure/structure.py --write    # write it into docs/architecture.md

Imports are read from the syntax trees, those inside functions too, as the digests of the benchmark read them.
"""

import argparse
import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- structure: begin -->", "<!-- structure: end -->"
PACKAGES = ("mossfuse", "baselines")
# What is MossFuse, or this project's other methods: no baseline may depend on it.
OURS = ("network", "training", "nsgp", "constrained", "refine", "methods")
RESULT_NAMES = ("_pairs", "fused.mat", "run.json")
# The same quantities before the packages were arranged by layers (commit 7c454ee, in its own folder names).
BEFORE = {
    "circles": "2",
    "ours": "15 (UAL, MST, MST-RGB, DAEM, MHF-net)",
    "dataset": "12",
    "share": "36 % (benchmark)",
    "paths": "17",
    "fits": "6 (noisy)",
}


def parse_project(root: Path) -> dict[Path, ast.Module]:
    """Return the syntax tree of every Python file of the two packages."""
    files = sorted(p for package in PACKAGES for p in (root / package).rglob("*.py"))
    return {path: ast.parse(path.read_text(), filename=str(path)) for path in files}


def imported_names(root: Path, path: Path, tree: ast.Module) -> Iterator[str]:
    """Yield the full name of every module, or attribute of a module, that a file imports; relative imports resolved."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(root).parts[: -node.level] if node.level else ()
            module = ".".join([*package, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def import_graph(root: Path, trees: dict[Path, ast.Module]) -> dict[Path, set[Path]]:
    """Return file -> files of the project it imports."""
    graph: dict[Path, set[Path]] = {}
    for path, tree in trees.items():
        bases = [root.joinpath(*name.split(".")) for name in imported_names(root, path, tree)]
        candidates = {file for base in bases for file in (base.with_suffix(".py"), base / "__init__.py")}
        graph[path] = (candidates & trees.keys()) - {path}
    return graph


def reachable(graph: dict[Path, set[Path]], start: Path) -> set[Path]:
    """Return every file that ``start`` imports, at any depth, itself included where a circle leads back to it."""
    seen: set[Path] = set()
    todo = list(graph[start])
    while todo:
        current = todo.pop()
        if current not in seen:
            seen.add(current)
            todo.extend(graph[current])
    return seen


def find_circles(graph: dict[Path, set[Path]]) -> list[set[Path]]:
    """Return the sets of files that import one another in a circle (strongly connected components of two or more)."""
    behind = {path: reachable(graph, path) for path in graph}
    circles: list[set[Path]] = []
    for path in graph:
        if path in behind[path] and not any(path in circle for circle in circles):
            circles.append({other for other in behind[path] if path in behind[other]})
    return circles


def below(root: Path, path: Path, *folders: str) -> bool:
    """Return whether a file belongs to one of the folders (or modules) of the package mossfuse."""
    parts = path.relative_to(root).with_suffix("").parts
    return parts[0] == "mossfuse" and len(parts) > 1 and parts[1] in folders


def count_behind_baselines(root: Path, graph: dict[Path, set[Path]]) -> dict[str, int]:
    """Return baseline -> number of files of MossFuse and this project's methods that its digest covers."""
    folder = root / "baselines"
    homes = [p for p in graph if p.parent == folder and p.name != "__init__.py"]
    homes += [p for p in graph if p.name == "__init__.py" and p.parent.parent == folder and p.parent.name != "shared"]
    return {
        (home.parent.name if home.name == "__init__.py" else home.stem): sum(
            below(root, p, *OURS) for p in reachable(graph, home)
        )
        for home in homes
    }


def count_behind_responses(root: Path, graph: dict[Path, set[Path]]) -> int:
    """Return the number of files of a dataset that the digest of a degradation or spectral response covers."""
    starts = [path for path in graph if below(root, path, "degradations")]
    return len({p for start in starts for p in reachable(graph, start) if below(root, p, "datasets")})


def largest_share(root: Path) -> tuple[str, float]:
    """Return (folder, share of all lines of Python) of the largest folder of the package mossfuse."""
    lines: dict[str, int] = {}
    for path in (root / "mossfuse").rglob("*.py"):
        name = path.relative_to(root / "mossfuse").parts[0]
        lines[name] = lines.get(name, 0) + len(path.read_text().splitlines())
    largest = max(lines, key=lambda name: lines[name])
    return largest, lines[largest] / sum(lines.values())


def files_with_result_paths(root: Path) -> list[str]:
    """Return the files that spell the name of a result file: string constants of Python, any line of a rule file."""
    python = [p for folder in ("mossfuse", "docs", "workflow") for p in (root / folder).rglob("*.py")]
    rules = [root / "Snakefile", *(root / "workflow").rglob("*.smk")]
    found = [p for p in python if p != Path(__file__) and any(map(spells_result, string_constants(p)))]
    found += [p for p in rules if any(spells_result(line.split("#")[0]) for line in p.read_text().splitlines())]
    return sorted(str(p.relative_to(root)) for p in found)


def spells_result(text: str) -> bool:
    """Return whether a text names a file of the results."""
    return any(name in text for name in RESULT_NAMES)


def string_constants(path: Path) -> Iterator[str]:
    """Yield the strings of a Python file that are not docstrings."""
    tree = ast.parse(path.read_text())
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body
        if isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.value


def measure(root: Path = ROOT) -> dict[str, str]:
    """Return the quantities of the table that need no numerical library, as text."""
    trees = parse_project(root)
    graph = import_graph(root, trees)
    ours = count_behind_baselines(root, graph)
    largest, share = largest_share(root)
    paths = files_with_result_paths(root)
    return {
        "circles": str(len(find_circles(graph))),
        "ours": f"{max(ours.values())} (all {len(ours)} baselines)",
        "dataset": str(count_behind_responses(root, graph)),
        "share": f"{100 * share:.0f} % ({largest})",
        "paths": f"{len(paths)} ({', '.join(paths)})" if len(paths) == 1 else str(len(paths)),
    }


