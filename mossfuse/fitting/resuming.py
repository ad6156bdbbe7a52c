"""What makes a training resumable: the pairs it needs, its state file and its fingerprint."""

import hashlib
from pathlib import Path

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.physics.psf_geometry import geometry_of


def check_pairs(pairs):
    """Refuse an empty list and pairs that differ in bands, ratio or sampling geometry."""
    if not pairs:
        raise MossFuseError("training needs at least one pair; check the dataset's training split")
    kinds = {(p.hsi.shape[2], p.msi.shape[2], p.ratio, geometry_of(p)) for p in pairs}
    if len(kinds) > 1:
        raise MossFuseError(
            "training pairs must agree in bands, ratio and PSF geometry; found (HSI bands, MSI bands, ratio, "
            f"geometry): {sorted(kinds)}"
        )


def partial_path(path):
    """Where the resumable state of a training lies."""
    path = Path(path)
    return path.with_name(path.name + ".partial")


def identity(pairs, recipe, seed):
    """Fingerprint of what decides a training's result."""
    digest = hashlib.sha256(f"{recipe} {seed}".encode())
    for pair in pairs:
        for image in (pair.hsi, pair.msi):
            digest.update(f"{image.shape} {geometry_of(pair)}".encode())
            digest.update(np.ascontiguousarray(image))
    return digest.hexdigest()
