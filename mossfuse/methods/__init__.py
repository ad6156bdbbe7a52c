"""Find methods by name: ``mossfuse/methods/`` (our own), ``baselines/`` (the competitors) and MOSSFUSE_BASELINES.

A module offers ``METHOD`` or ``METHODS`` (mossfuse.protocol.Method) and the function ``fuse``; ``train`` where it
trains. Suffixes such as ``+sdc`` refine the output of any method (mossfuse.refine); the prefix ``denoised+`` denoises the pair
before a method sees it (mossfuse.preprocess).
"""

from functools import cache
from pathlib import Path
from types import ModuleType

from mossfuse.discovery import Catalogue, Kind, search
from mossfuse.preprocess import split_prefix
from mossfuse.protocol import Method


def method_folders() -> list[Path]:
    """Return our own methods' folder and the competitors': ``baselines/`` in a clone, ``mossfuse_baselines`` in a
    wheel.
    """
    package = Path(__file__).resolve().parent
    beside = [package.parent.parent / name for name in ("mossfuse_baselines", "baselines")]
    return [package, *[folder for folder in beside if (folder / "shared").is_dir()][:1]]


def lacks_training(method: Method, module: ModuleType) -> str | None:
    """Return a complaint where a method that trains on a dataset has no function ``train``."""
    if method.trains in ("dataset", "supervised") and not callable(getattr(module, "train", None)):
        return f"'{method.name}' trains on a dataset and must define the function train"
    return None


KIND = Kind("method", ("METHOD", "METHODS"), ("fuse",), "MOSSFUSE_BASELINES", method_folders, lacks_training, Method)


@cache
def catalogue() -> Catalogue:
    """Return every method that can be found, and the files that cannot be used with their reasons."""
    return search(KIND)


def find_method(name: str) -> tuple[Method, ModuleType]:
    """Return (Method, module) of a name without suffix; raise MossFuseError with the nearest names."""
    return catalogue().find(name)


def split_suffix(name: str) -> tuple[str, str | None]:
    """Split a row's name: 'mossfuse+sdc' -> ('mossfuse', 'sdc'); 'mossfuse' -> ('mossfuse', None).

    A prefix (mossfuse.preprocess) stays with the method: 'denoised+cnmf+dc' -> ('denoised+cnmf', 'dc').
    """
    prefix, rest = split_prefix(name)
    base, _, suffix = rest.partition("+")
    return (base if prefix is None else f"{prefix}+{base}"), suffix or None
