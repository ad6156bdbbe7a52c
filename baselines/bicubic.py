"""Bicubic interpolation of the LR-HSI, the floor of every table.

Paper: R. Keys, Cubic convolution interpolation for digital image processing, IEEE TASSP 29(6), 1981; here with
a = -0.75 and block centres, so that it equals cv2.resize(INTER_CUBIC) and torch's bicubic (align_corners=False).
It knows nothing about the sensor: at an even ratio the official lattice lies half a pixel off the block centres.
"""

from mossfuse.physics.interpolation import upsample_cubic
from mossfuse.protocol import Fusion, Method

METHODS = (
    Method(
        name="bicubic",
        title="Bicubic interpolation",
        citation="R. Keys. Cubic convolution interpolation for digital image processing. IEEE TASSP 29(6), 1981.",
        licence="own implementation",
        stochastic=False,
        note="uses the LR-HSI alone",
    ),
)


def fuse(observation, *, seed=0, device="cpu", checkpoint=None):
    """Interpolate the LR-HSI (h, w, B) to (H, W, B); no parameter."""
    return Fusion(cube=upsample_cubic(observation.hsi, observation.msi.shape[:2]))
