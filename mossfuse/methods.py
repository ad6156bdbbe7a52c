"""Finding methods by name: one file per method in ``baselines/``, MossFuse's own in the package.

A module offers ``METHOD`` or ``METHODS`` (specifications) and the function ``fuse``; ``train`` where it trains.
Suffixes such as ``+sdc`` refine the output of any method (mossfuse.refine).
"""

import importlib
import importlib.util
import os
import sys
from functools import cache
from pathlib import Path

from mossfuse.errors import MossFuseError

PACKAGE_METHODS = ("mossfuse.method",)


def baseline_folders():
    """Folders that hold method files: ``baselines/`` beside the package, and MOSSFUSE_BASELINES."""
    here = Path(__file__).resolve().parent.parent / "baselines"
    extra = [Path(p) for p in os.environ.get("MOSSFUSE_BASELINES", "").split(os.pathsep) if p]
    return [folder for folder in [here, *extra] if folder.is_dir()]


@cache
def catalogue():
    """name -> (Method, module) of every method that can be found; MossFuseError names a broken file."""
    found = {}
    for module in [*map(importlib.import_module, PACKAGE_METHODS), *map(load_file, method_files())]:
        for method in getattr(module, "METHODS", None) or (module.METHOD,):
            if method.name in found:
                raise MossFuseError(
                    f"two files define the method '{method.name}': {found[method.name][1].__file__} and "
                    f"{module.__file__}; rename one of them"
                )
            found[method.name] = (method, module)
    return found


def method_files():
    return sorted(p for folder in baseline_folders() for p in folder.glob("*.py") if not p.name.startswith("_"))


def load_file(path):
    """Import one method file and check that it offers what the benchmark calls."""
    name = f"baselines.{path.stem}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            del sys.modules[name]
            raise MossFuseError(f"method file {path} cannot be imported: {error!r}; mend or remove it") from error
    module = sys.modules[name]
    if not (hasattr(module, "METHOD") or hasattr(module, "METHODS")) or not hasattr(module, "fuse"):
        raise MossFuseError(f"method file {path} must define METHOD (or METHODS) and the function fuse; see README")
    return module


def split_suffix(name):
    """'mossfuse+sdc' -> ('mossfuse', 'sdc'); 'mossfuse' -> ('mossfuse', None)."""
    base, _, suffix = name.partition("+")
    return base, suffix or None


def find_method(name):
    """(Method, module) of a name without suffix; MossFuseError lists the nearest names."""
    import difflib

    known = catalogue()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known methods: {', '.join(sorted(known))}"
        raise MossFuseError(f"unknown method '{name}'; {hint}")
    return known[name]
