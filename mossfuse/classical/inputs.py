"""What the model-based methods ask of a pair before they start."""

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.physics.sampling import check_multiple


def check_pair(observation):
    """MossFuseError, one sentence, where the pair cannot be fused: shapes that do not fit, values that are not finite."""
    hsi, msi, ratio = observation.hsi, observation.msi, observation.ratio
    for name, image in (("HSI", hsi), ("MSI", msi)):
        if image.ndim != 3 or 0 in image.shape:
            raise MossFuseError(f"the {name} has shape {image.shape}; it must be (rows, cols, bands), none of them 0")
        if not np.isfinite(image).all():
            raise MossFuseError(f"the {name} holds values that are not finite; replace them before the fusion")
    check_multiple(msi.shape, ratio)
    if (hsi.shape[0] * ratio, hsi.shape[1] * ratio) != msi.shape[:2]:
        raise MossFuseError(
            f"an HSI of {hsi.shape[0]}x{hsi.shape[1]} pixels at ratio {ratio} does not fit an MSI of "
            f"{msi.shape[0]}x{msi.shape[1]}; crop the larger one or set the right ratio"
        )


def require_sensor(observation, method):
    """(psf, phase, srf) of an observation; MossFuseError where one is unknown or does not fit the images."""
    sensor = observation.sensor
    missing = [name for name in ("psf", "phase", "srf") if getattr(sensor, name) is None]
    if missing:
        raise MossFuseError(
            f"{method} needs the sensor's {' and '.join(missing)}; give or estimate them, or choose a blind method"
        )
    bands = observation.msi.shape[2], observation.hsi.shape[2]
    if tuple(np.shape(sensor.srf)) != bands:
        raise MossFuseError(f"the SRF has shape {np.shape(sensor.srf)}; for these images it must be {bands}")
    return np.asarray(sensor.psf, np.float64), tuple(sensor.phase), np.asarray(sensor.srf, np.float64)
