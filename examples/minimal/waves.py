"""Dataset: two computed scenes of smooth spectra. A dataset of files has ``obtain`` find or download and verify them."""

import numpy as np

from mossfuse import Dataset

DATASET = Dataset(
    name="waves",
    title="Waves",
    citation="none (example)",
    terms="none, computed",
    train=("slow",),
    test=("fast",),
    wavelengths=tuple(float(nm) for nm in range(400, 701, 20)),
    shape=(32, 32, 16),
    options={"contrast": 0.4},
)
CYCLES = {"slow": 1, "fast": 3}


def obtain(scenes, folder, mirrors):
    """Return where each scene's files come from and their hashes; nothing is downloaded here."""
    return {scene: {"source": "generated", "files": [], "sha256": {}, "verified": True} for scene in scenes}


def read(scene, folder, mirrors, contrast=0.4):
    """Return (cube (32, 32, 16) float32 in [0, 1], wavelengths (16,) in nm)."""
    rows, cols, bands = np.meshgrid(*(np.linspace(0, 1, n) for n in DATASET.shape), indexing="ij")
    cube = 0.5 + contrast * np.sin(2 * np.pi * CYCLES[scene] * rows) * np.cos(6 * cols * bands)
    return cube.astype(np.float32), np.array(DATASET.wavelengths)
