"""How bright one camera's units are in the other's, where the spectral response is known and the units are not."""

from dataclasses import replace

import numpy as np


def with_gain(observation, srf, white):
    """(observation, white level of the MSI) once the MSI is as bright as ``srf`` (M, B), rows of sum 1, makes the HSI.

    The means of the two images give its white level to a percent only, because the PSFs do not see every pixel alike. The
    response fitted freely to the pair has rows that sum to what is missing; their mean corrects the level, and the known
    response takes the fitted one's place. observation: with its geometry and without the SRF.
    """
    from mossfuse.estimation.sensor import estimate_sensor

    gain = float(np.mean(estimate_sensor(observation)[0].srf.sum(1)))
    sensor = replace(observation.sensor, srf=srf)
    return replace(observation, msi=observation.msi / np.float32(gain), sensor=sensor), white * gain
