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
    "Column",
    "Dataset",
    "Degradation",
    "Fusion",
    "Method",
    "Metric",
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
    """Import what needs numpy and look up ``__version__`` on first use, so that importing the package stays cheap."""
    home = {
        "fuse": "mossfuse.api",
        "Column": "mossfuse.metrics.specification",
        "Metric": "mossfuse.metrics.specification",
    }
    if name in home:
        from importlib import import_module

        return getattr(import_module(home[name]), name)
    if name == "__version__":
        from mossfuse.version import installed_version

        return installed_version()
    raise AttributeError(f"module 'mossfuse' has no attribute '{name}'")
