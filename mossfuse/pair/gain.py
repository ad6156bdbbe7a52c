"""How bright one camera's units are in the other's, where the spectral response is known and the units are not."""

from dataclasses import replace

import numpy as np

from mossfuse.protocol import Observation


def match_gain(observation: Observation, srf: np.ndarray, white: float) -> tuple[Observation, float]:
    """Return (observation, white level of the MSI) with the MSI as bright as ``srf`` (M, B), rows of sum 1, predicts.

    The means of the two images give its white level to a percent only, because the PSFs do not weigh every pixel equally.
    The response fitted freely to the pair has rows that sum to what is missing; their mean corrects the level, and the
    known response replaces the fitted one. observation: with its geometry and without the SRF.
    """
    from mossfuse.estimation.sensor_fit import fit_sensor

    fitted = fit_sensor(observation)[0].srf
    assert fitted is not None
    gain = float(np.mean(fitted.sum(1)))
    sensor = replace(observation.sensor, srf=srf)
    return replace(observation, msi=observation.msi / np.float32(gain), sensor=sensor), white * gain
