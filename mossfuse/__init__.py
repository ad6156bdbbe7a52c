"""MossFuse: hyperspectral-multispectral image fusion and its benchmark.

``from mossfuse import fuse`` fuses one pair. Everything else here is what a new method, dataset, degradation, SRF or PSF
family is written against (mossfuse.protocol).
"""

from typing import Any

from mossfuse.errors import MossFuseError
from mossfuse.protocol import (
    Dataset,
    Degradation,
    Fusion,
    Method,
    Observation,
    Parameter,
    PsfFamily,
    Published,
    RemoteFile,
    Response,
    Sensor,
)

__all__ = [
    "Dataset",
    "Degradation",
    "Fusion",
    "Method",
    "MossFuseError",
    "Observation",
    "Parameter",
    "PsfFamily",
    "Published",
    "RemoteFile",
    "Response",
    "Sensor",
    "fuse",
]


def __getattr__(name: str) -> Any:
    """Import ``fuse`` and look up ``__version__`` on first use, so that importing the package stays cheap."""
    if name == "fuse":
        from importlib import import_module

        return import_module("mossfuse.api").fuse
    if name == "__version__":
        from mossfuse.version import installed_version

        return installed_version()
    raise AttributeError(f"module 'mossfuse' has no attribute '{name}'")
