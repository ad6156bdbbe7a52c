"""Make the degraded pair of a prepared scene.

Sensor model (MossFuse, dataset.py of the official code, extended by noise and shift):
hsi = H x + n, with H = blur by the PSF and sampling at the phase; msi = R shift(x) + n', with R the spectral response.
"""

import numpy as np

from mossfuse.benchmark.data.pairs import write_pair
from mossfuse.degradations.effects import make_effects
from mossfuse.degradations.psfs import make_psf
from mossfuse.degradations.responses import load_levels, load_srf
from mossfuse.files import read_prepared, read_variables
from mossfuse.files.hashing import array_sha256
from mossfuse.physics.degrade import degrade


def make_pair(degradation, *, truth, path, scene, mirrors=(), registry=None):
    """Degrade the prepared scene in the file ``truth`` and write the pair to ``path``; see ``write_pair``.

    registry: folder for a downloaded spectral response; None: the user's cache.
    """
    cube, wavelengths = read_prepared(truth)
    psf, srf = make_psf(degradation.psf), load_srf(degradation.srf, wavelengths, mirrors, registry)
    further = {}
    if degradation.effects:
        further = {
            "effects": make_effects(degradation.effects),
            "levels": load_levels(degradation.srf, wavelengths, mirrors, registry),
            "picture": read_variables(truth, ("picture",)).get("picture"),
        }
    pair = degrade(cube, degradation, psf, srf, scene=scene, wavelengths=wavelengths, **further)
    made_from = {
        "truth": array_sha256(cube),
        "srf": array_sha256(np.asarray(srf)),
        "psf": array_sha256(np.asarray(psf)),
    }
    return write_pair(path, pair, scene=scene, degradation=degradation, made_from=made_from)
