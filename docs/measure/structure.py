"""Measure how the code hangs together, from its imports, and keep the table and the picture of docs/architecture.md.

    python docs/measure/structure.py            # print the table
    python docs/measure/structure.py --write    # write it into docs/architecture.md, and docs/images/layers.svg

Imports are read from the syntax trees, those inside functions too, as the digests of the benchmark read them. The picture shows the
layers as the import contracts of pyproject.toml list them.
"""

import argparse
import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "architecture.md"
PICTURE = ROOT / "docs" / "images" / "layers.svg"
BEGIN, END = "<!-- structure: begin -->", "<!-- structure: end -->"
PACKAGES = ("mossfuse", "baselines")
# What is MossFuse, or this project's other methods: no baseline may depend on it.
OURS = ("network", "training", "nsgp", "constrained", "stacking", "preprocess", "refine", "methods")
RESULT_NAME = re.compile(r"\b_pairs\b|\bfused\.mat\b|\brun\.json\b")
# The same quantities before the packages were arranged in layers (commit 7c454ee), by the same rules with its folder names.
BEFORE = {
    "circles": "3",
    "ours": "17 (UAL, DAEM)",
    "dataset": "12",
    "share": "38 % (benchmark)",
    "paths": "16",
    "estimates": "2, 6",
    "searches": "2, 6",
}


def parse_project(root: Path) -> dict[Path, ast.Module]:
    """Return the syntax tree of every Python file of the two packages."""
    files = sorted(p for package in PACKAGES for p in (root / package).rglob("*.py"))
    return {path: ast.parse(path.read_text(encoding="utf-8"), filename=str(path)) for path in files}


def import_graph(root: Path, trees: dict[Path, ast.Module]) -> dict[Path, set[Path]]:
    """Return file -> files of the project it imports.

    ``from package import name`` is an import of the module ``package.name`` where there is one, else of the package.
    """
    graph: dict[Path, set[Path]] = {}
    for path, tree in trees.items():
        names = imported_names(root, path, tree)
        found = [files_of(root, name, trees) or files_of(root, name.rpartition(".")[0], trees) for name in names]
        graph[path] = set().union(*found) - {path}
    return graph


def digest_graph(root: Path, trees: dict[Path, ast.Module]) -> dict[Path, set[Path]]:
    """Return file -> files that a digest of the benchmark follows from it: the same, and the packages they are imported from."""
    graph: dict[Path, set[Path]] = {}
    for path, tree in trees.items():
        names = [part for name in imported_names(root, path, tree) for part in (name, name.rpartition(".")[0])]
        graph[path] = set().union(*(files_of(root, name, trees) for name in names)) - {path}
    return graph


def files_of(root: Path, name: str, trees: dict[Path, ast.Module]) -> set[Path]:
    """Return the file of a module or package of the project, as a set; empty for any other name."""
    base = root.joinpath(*name.split("."))
    return {base.with_suffix(".py"), base / "__init__.py"} & trees.keys() if name else set()


def imported_names(root: Path, path: Path, tree: ast.Module) -> Iterator[str]:
    """Yield the full name of every module, or member of a module, that a file imports; relative imports resolved."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(root).parts[: -node.level] if node.level else ()
            module = ".".join([*package, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


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
    """Return (folder, share) of the largest folder of mossfuse, share of the lines of Python of both packages."""
    lines: dict[str, int] = {}
    for path in (p for package in PACKAGES for p in (root / package).rglob("*.py")):
        package, name = path.relative_to(root).parts[:2]
        room = name if package == "mossfuse" else package
        lines[room] = lines.get(room, 0) + len(path.read_text(encoding="utf-8").splitlines())
    largest = max(lines.keys() - {"baselines"}, key=lambda name: lines[name])
    return largest, lines[largest] / sum(lines.values())


def files_with_result_paths(root: Path) -> list[str]:
    """Return the files that spell the name of a result file: string constants of Python, any line of a rule file."""
    python = [p for folder in ("mossfuse", "docs", "workflow") for p in (root / folder).rglob("*.py")]
    rules = [root / "Snakefile", *(root / "workflow").rglob("*.smk")]
    found = [p for p in python if p != Path(__file__) and any(map(spells_result, string_constants(p)))]
    found += [
        p
        for p in rules
        if any(spells_result(line.split("#")[0]) for line in p.read_text(encoding="utf-8").splitlines())
    ]
    return sorted(str(p.relative_to(root)) for p in found)


def spells_result(text: str) -> bool:
    """Return whether a text names a file of the results."""
    return RESULT_NAME.search(text) is not None


def string_constants(path: Path) -> Iterator[str]:
    """Yield the strings of a Python file that are not docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body
        if isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.value


def count_estimates() -> dict[str, str]:
    """Return how often one fusion of a clean and of a noisy pair estimates the sensor, and searches for a PSF."""
    import numpy as np

    from mossfuse import fuse
    from mossfuse.datasets import phantom
    from mossfuse.estimation.memory import estimate_once
    from mossfuse.physics.psf import gaussian_psf
    from mossfuse.physics.sampling import BlurSample

    truth, wavelengths = phantom.read("twins", None, None, size=64)
    srf = np.exp(-0.5 * ((wavelengths - np.array([[610], [540], [460]])) / 30) ** 2)
    clean = BlurSample(gaussian_psf(7, 2.0), (3, 3), 8, truth.shape)(truth), truth @ (srf / srf.sum(1, keepdims=True)).T
    rng = np.random.default_rng(0)
    noisy = [image + rng.normal(0, 0.01, image.shape) for image in clean]
    computed = []
    for hsi, msi in (clean, noisy):
        with estimate_once() as memory:
            fuse(hsi.astype(np.float32), msi.astype(np.float32))
        computed.append(memory.computed)
    return {
        "estimates": ", ".join(str(counts["estimate"]) for counts in computed),
        "searches": ", ".join(str(counts["fit"]) for counts in computed),
    }


def measure(root: Path = ROOT) -> dict[str, str]:
    """Return the quantities of the table as text."""
    trees = parse_project(root)
    digests = digest_graph(root, trees)
    ours = count_behind_baselines(root, digests)
    largest, share = largest_share(root)
    paths = files_with_result_paths(root)
    return {
        "circles": str(len(find_circles(import_graph(root, trees)))),
        "ours": f"{max(ours.values())} (all {len(ours)} baselines)",
        "dataset": str(count_behind_responses(root, digests)),
        "share": f"{100 * share:.0f} % ({largest})",
        "paths": f"{len(paths)} ({', '.join(paths)})" if len(paths) == 1 else str(len(paths)),
        **count_estimates(),
    }


def table(measured: dict[str, str]) -> str:
    """Return the Markdown table of what was measured, beside the state before the layers."""
    rows: dict[str, str] = {
        "circles": "circles of imports",
        "ours": "files of MossFuse and of this project's methods behind the digest of a baseline, most",
        "dataset": "files of a dataset behind the digest of a spectral response",
        "share": "largest folder of the package, share of its lines",
        "paths": "files that spell the path of a result",
        "estimates": "estimates of the sensor in one fusion of a clean and of a noisy pair",
        "searches": "searches for a PSF in these (noise requires a second one, with a smoother SRF)",
    }
    lines = ["| | before (commit 7c454ee) | now |", "|---|---|---|"]
    lines += [f"| {rows[key]} | {BEFORE[key]} | {value} |" for key, value in measured.items()]
    return "\n".join(lines)


def replace_table(page: str, text: str) -> str:
    """Return the page with the table between its two markers replaced."""
    start, end = page.index(BEGIN) + len(BEGIN), page.index(END)
    return f"{page[:start]}\n\n{text}\n\n{page[end:]}"


def contracts(root: Path = ROOT) -> dict[str, dict]:
    """Return the import contracts of the project by their id."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    return {contract["id"]: contract for contract in settings["contracts"]}


def draw_layers(found: dict[str, dict]) -> str:
    """Return the picture of the layers as SVG: one band for each layer, its packages as boxes.

    The packages that a baseline may import have the colour of the baselines.
    """
    rows = [re.split(r"\s*[|:]\s*", line) for line in found["layers"]["layers"] if line != "__main__"]
    forbidden = {name.removeprefix("mossfuse.") for name in found["baselines"]["forbidden_modules"]}
    box, gap, width, aside = 32, 8, 470, 120
    parts, top = [], 2 * gap
    for row in rows:
        lines = [row] if len(row) <= 5 else [row[: len(row) // 2], row[len(row) // 2 :]]
        height = len(lines) * (box + gap) + gap
        parts.append(f'<rect x="{gap}" y="{top}" width="{width}" height="{height}" rx="6" fill="#d5e8e6"/>')
        for number, line in enumerate(lines):
            size = (width - gap * (len(line) + 1)) / len(line)
            for place, name in enumerate(line):
                left, high = 2 * gap + place * (size + gap), top + gap + number * (box + gap)
                parts.append(draw_box(left, high, size, box, name, allowed=name not in forbidden))
        if "methods" in row:
            left = width + 2 * gap
            parts.append(draw_box(left, top + gap, aside, box, "baselines", allowed=True))
            note = ("import the boxes", "of this colour")
            parts += [
                f'<text x="{left + aside / 2}" y="{top + 60 + 16 * n}" text-anchor="middle" font-size="13" fill="#5a2e00">{text}</text>'
                for n, text in enumerate(note)
            ]
        top += height + gap
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width + aside + 3 * gap} {top + gap}" '
        'font-family="system-ui, sans-serif" font-size="14" role="img">'
    )
    title = "<title>Layers of the package: each imports those below it only</title>"
    ground = f'<rect width="100%" height="{top + gap}" rx="10" fill="#f4f7f7"/>'
    return "\n".join([head, title, ground, *parts, "</svg>"]) + "\n"


def draw_box(left: float, top: float, width: float, height: float, name: str, *, allowed: bool) -> str:
    """Return one box with its name; allowed: a baseline may import it."""
    fill, stroke, ink = ("#fdebd8", "#b35c00", "#5a2e00") if allowed else ("#ffffff", "#00796b", "#12302d")
    return (
        f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{height}" rx="4" fill="{fill}" stroke="{stroke}"/>'
        f'<text x="{left + width / 2:.1f}" y="{top + 21}" text-anchor="middle" fill="{ink}">{name}</text>'
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--write", action="store_true", help="write the table into docs/architecture.md")
    options = parser.parse_args()
    text = table(measure())
    if options.write:
        PAGE.write_text(replace_table(PAGE.read_text(encoding="utf-8"), text), encoding="utf-8")
        PICTURE.write_text(draw_layers(contracts()), encoding="utf-8")
    else:
        sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
