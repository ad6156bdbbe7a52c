"""Checks of what a model-based method needs to know."""

from mossfuse.errors import MossFuseError
from mossfuse.physics.sampling import check_pair, operator_of


def known_operator(observation, method, srf=True):
    """H of the observation; MossFuseError where ``method`` is missing the PSF, its phase or (if asked) the SRF."""
    check_pair(observation)
    sensor = observation.sensor
    missing = [name for name in ("psf", "phase", "srf")[: 3 if srf else 2] if getattr(sensor, name) is None]
    if missing:
        raise MossFuseError(f"{method} needs to know the {', '.join(missing)}; give it or choose a blind method")
    return operator_of(observation)
