"""MossFuse: hyperspectral-multispectral image fusion and its benchmark.

``from mossfuse import fuse`` fuses one pair. Everything else here is what a new method, dataset, degradation, SRF or PSF
family is written against (mossfuse.protocol).
"""

from typing import TYPE_CHECKING, Any

from mossfuse.errors import MossFuseError

if TYPE_CHECKING:
    # For the digest of a file that imports the contract from here; type checkers read __init__.pyi.
    from mossfuse.protocol import (
        Dataset,
        Degradation,
        Effect,
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
    "Effect",
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
    """Import a public name, or look up ``__version__``, on first use, so that importing the package stays cheap."""
    if name == "__version__":
        from mossfuse.version import installed_version

        return installed_version()
    if name not in __all__:
        raise AttributeError(f"module 'mossfuse' has no attribute '{name}'")
    from importlib import import_module

    homes = {
        "fuse": "mossfuse.api",
        "Column": "mossfuse.metrics.specification",
        "Metric": "mossfuse.metrics.specification",
    }
    return getattr(import_module(homes.get(name, "mossfuse.protocol")), name)
