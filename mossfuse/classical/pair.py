"""What every model-based method asks of a pair before it starts."""

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.physics.sampling import check_multiple, operator_of


def check_pair(observation):
    """Refuse a pair whose sizes do not fit the ratio, or that holds NaN or infinity (MossFuseError)."""
    hsi, msi, ratio = observation.hsi, observation.msi, observation.ratio
    check_multiple(msi.shape, ratio)
    if msi.shape[:2] != (hsi.shape[0] * ratio, hsi.shape[1] * ratio):
        raise MossFuseError(
            f"the MSI has {msi.shape[0]}x{msi.shape[1]} pixels and the HSI {hsi.shape[0]}x{hsi.shape[1]}, "
            f"which does not fit the ratio {ratio}; crop one of them or set the right ratio"
        )
    for name, image in (("HSI", hsi), ("MSI", msi)):
        if not np.isfinite(image).all():
            raise MossFuseError(f"the {name} holds NaN or infinite values; replace them before fusing")


def known_operator(observation, method, srf=True):
    """H of the observation; MossFuseError where ``method`` is missing the PSF, its phase or (if asked) the SRF."""
    check_pair(observation)
    sensor = observation.sensor
    missing = [name for name in ("psf", "phase", "srf")[: 3 if srf else 2] if getattr(sensor, name) is None]
    if missing:
        raise MossFuseError(f"{method} needs to know the {', '.join(missing)}; give it or choose a blind method")
    return operator_of(observation)
