"""Checks that a model-based method has the sensor it needs."""

from mossfuse.errors import MossFuseError
from mossfuse.physics.sampling import check_pair, operator_of


def known_operator(observation, method, srf=True):
    """Return H of the observation; raise MossFuseError where the PSF, its phase or (with ``srf``) the SRF is unknown."""
    check_pair(observation)
    sensor = observation.sensor
    missing = [name for name in ("psf", "phase", "srf")[: 3 if srf else 2] if getattr(sensor, name) is None]
    if missing:
        raise MossFuseError(f"{method} needs to know the {', '.join(missing)}; give it or choose a blind method")
    return operator_of(observation)
