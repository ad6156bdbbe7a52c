"""MossFuse: hyperspectral-multispectral image fusion and its benchmark.

``from mossfuse import fuse`` fuses one pair. ``from mossfuse import Method, Fusion, Observation, Sensor, Dataset,
Degradation`` is what a new method, dataset or degradation is written against.
"""

from mossfuse.protocol import Dataset, Degradation, Fusion, Method, Observation, Sensor

__all__ = ["Dataset", "Degradation", "Fusion", "Method", "Observation", "Sensor", "fuse"]


def __getattr__(name: str) -> object:
    """Import ``fuse`` and look up ``__version__`` on first use, so that importing the package stays cheap."""
    if name == "fuse":
        from importlib import import_module

        return import_module("mossfuse.api").fuse
    if name == "__version__":
        from mossfuse.version import installed_version

        return installed_version()
    raise AttributeError(f"module 'mossfuse' has no attribute '{name}'")
