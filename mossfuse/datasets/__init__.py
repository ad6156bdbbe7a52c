"""Find datasets by name: one module or package per dataset in this folder, and in those of MOSSFUSE_DATASETS.

A module offers ``DATASET`` or ``DATASETS`` (mossfuse.protocol.Dataset), ``obtain(scenes, folder, mirrors)`` and
``read(scene, folder, mirrors, **options)``. Names that begin with an underscore are helpers. Nothing heavy may be imported
at module level: the workflow reads every specification.
"""

from functools import cache
from pathlib import Path
from types import ModuleType

from mossfuse.discovery import Catalogue, Kind, search
from mossfuse.protocol import Dataset

KIND = Kind(
    "dataset",
    ("DATASET", "DATASETS"),
    ("obtain", "read"),
    "MOSSFUSE_DATASETS",
    lambda: [Path(__file__).resolve().parent],
    spec=Dataset,
)


@cache
def catalogue() -> Catalogue:
    """Return every dataset that can be found, and the files that cannot be used with their reasons."""
    return search(KIND)


def find_dataset(name: str) -> tuple[Dataset, ModuleType]:
    """Return (Dataset, module) of a name; raise MossFuseError with the nearest names."""
    return catalogue().find(name)
