"""Mean spectrum: every pixel gets the mean LR-HSI spectrum, scaled to the brightness of the MSI.

Paper: none, an example. Code: none. Published numbers: none.
"""

import numpy as np

from mossfuse.protocol import Fusion, Method

METHOD = Method(
    name="mean-spectrum",
    title="Mean spectrum",
    citation="none (example)",
    licence="MIT",
    knows=frozenset({"srf"}),  # subset of psf, phase, srf, noise; everything else is None in observation.sensor
    stochastic=False,  # the seed changes nothing: one run per scene
    params={"floor": 1e-6},
)


def fuse(observation, *, seed, device, checkpoint=None, floor):
    """Scale the mean spectrum by the MSI's brightness."""
    spectrum = observation.hsi.mean((0, 1))
    brightness = observation.msi.sum(-1) / max((observation.sensor.srf @ spectrum).sum(), floor)
    return Fusion(cube=(brightness[..., None] * spectrum).astype(np.float32))
