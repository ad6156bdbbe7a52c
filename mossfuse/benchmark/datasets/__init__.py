"""Finding datasets by name: one module or package per dataset in this folder, and in those of MOSSFUSE_DATASETS.

A module offers ``DATASET`` (or ``DATASETS``), ``obtain(scenes, folder, mirrors)`` and
``read(scene, folder, mirrors, **options)``, as told in ``mossfuse.protocol.Dataset``. Names that begin with an
underscore are helpers. Nothing heavy may be imported at module level: the workflow reads every specification.
"""

import difflib
import importlib
import importlib.util
import os
import sys
from functools import cache
from pathlib import Path

from mossfuse.errors import MossFuseError


def dataset_folders():
    """This folder, then those of MOSSFUSE_DATASETS."""
    extra = [Path(p) for p in os.environ.get("MOSSFUSE_DATASETS", "").split(os.pathsep) if p]
    return [Path(__file__).resolve().parent, *(folder for folder in extra if folder.is_dir())]


@cache
def catalogue():
    """name -> (Dataset, module) of every dataset that can be found; MossFuseError names a broken file."""
    found = {}
    for path in (path for folder in dataset_folders() for path in module_files(folder)):
        module = load_module(path)
        for dataset in getattr(module, "DATASETS", None) or (module.DATASET,):
            if dataset.name in found:
                raise MossFuseError(
                    f"two files define the dataset '{dataset.name}': {found[dataset.name][1].__file__} and "
                    f"{module.__file__}; rename one of them"
                )
            found[dataset.name] = (dataset, module)
    return found


def module_files(folder):
    """The files of a folder that define datasets: NAME.py and NAME/__init__.py."""
    files = [p for p in folder.glob("*.py") if not p.name.startswith("_")]
    packages = [p for p in folder.glob("*/__init__.py") if not p.parent.name.startswith("_")]
    return sorted([*files, *packages])


def load_module(path):
    """Import one dataset file and check that it offers what the benchmark calls."""
    home = path.parent.parent if path.name == "__init__.py" else path.parent
    stem = path.parent.name if path.name == "__init__.py" else path.stem
    try:
        if home == Path(__file__).resolve().parent:
            module = importlib.import_module(f"{__name__}.{stem}")
        else:
            module = import_foreign(f"mossfuse_datasets.{stem}", path)
    except Exception as error:
        raise MossFuseError(f"dataset file {path} cannot be imported: {error!r}; mend or remove it") from error
    missing = [n for n in ("obtain", "read") if not hasattr(module, n)]
    if not (hasattr(module, "DATASET") or hasattr(module, "DATASETS")) or missing:
        raise MossFuseError(f"dataset file {path} must define DATASET (or DATASETS), obtain and read; see README")
    return module


def import_foreign(name, path):
    """Import a file or package from outside this package under ``name``."""
    folders = [str(path.parent)] if path.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=folders)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def find_dataset(name):
    """(Dataset, module) of a name; MossFuseError lists the nearest names."""
    known = catalogue()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known datasets: {', '.join(sorted(known))}"
        raise MossFuseError(f"unknown dataset '{name}'; {hint}")
    return known[name]
