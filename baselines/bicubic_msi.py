"""Bicubic interpolation projected on the MSI: two lines of algebra that beat most methods at ratio 32.

X = B + P (M - R B) with B the bicubic LR-HSI, P = C R^T (R C R^T)^-1 and C the spectral covariance of the LR-HSI.
Published numbers: none; it is this benchmark's own sanity baseline (docs/nsgp.md). It needs the SRF alone.
"""

from mossfuse.physics.interpolation import upsample_cubic
from mossfuse.physics.projection import msi_gain, project_on_msi, spectral_covariance
from mossfuse.protocol import Fusion, Method

METHODS = (
    Method(
        name="bicubic-msi",
        title="Bicubic interpolation, projected on the MSI",
        citation="this benchmark (docs/nsgp.md)",
        licence="own implementation",
        knows=frozenset({"srf"}),
        stochastic=False,
        note="agrees with the MSI exactly and with the LR-HSI approximately",
    ),
)


def fuse(observation, *, seed=0, device="cpu", checkpoint=None):
    """Return the bicubic cube (H, W, B), moved along P so that its MSI is the given one; no parameter."""
    srf = observation.sensor.srf
    gain = msi_gain(spectral_covariance(observation.hsi), srf)
    cube = upsample_cubic(observation.hsi, observation.msi.shape[:2])
    return Fusion(cube=project_on_msi(cube, observation.msi, srf, gain))
