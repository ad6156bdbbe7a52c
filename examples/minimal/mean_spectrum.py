"""Method: every pixel gets the mean spectrum of the LR-HSI, scaled to the brightness of the MSI."""

import numpy as np

from mossfuse import Fusion, Method

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
    """Return the mean spectrum times the brightness of every pixel; hsi (h, w, B), msi (H, W, M), result (H, W, B)."""
    spectrum = observation.hsi.mean((0, 1))
    brightness = observation.msi.sum(-1) / max((observation.sensor.srf @ spectrum).sum(), floor)
    return Fusion(cube=(brightness[..., None] * spectrum).astype(np.float32))
