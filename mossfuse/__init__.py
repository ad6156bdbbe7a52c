"""MossFuse: hyperspectral-multispectral image fusion and its benchmark.

``from mossfuse import fuse`` fuses one pair; ``snakemake --cores all`` runs the benchmark.
"""

__version__ = "0.1.0"
__all__ = ["fuse"]


def __getattr__(name):
    # Imported on first use: the specification part of the package must stay light.
    if name == "fuse":
        from mossfuse.api import fuse

        return fuse
    raise AttributeError(f"module 'mossfuse' has no attribute '{name}'")
