"""Materials: functions (gbuffer, window) -> reflectance (rows, cols, 31), made from measured spectra and texture."""

import numpy as np

from mossfuse.datasets.phantom.gbuffer import FINE, PATCHES, SLOW
from mossfuse.datasets.phantom.mixing import absorption, dye, reflectance_of, softmax


def flat(reflectance):
    """Return one spectrum without any texture."""

    def material(gbuffer, window):
        return np.broadcast_to(reflectance, (*gbuffer.x[window].shape, len(reflectance)))

    return material


def plain(reflectance, amplitude=0.06):
    """Return one spectrum whose brightness varies with fine texture of relative standard deviation ``amplitude``."""

    def material(gbuffer, window):
        return reflectance * (1 + amplitude * np.clip(gbuffer.texture(window, FINE), -2.5, 2.5))[..., None]

    return material


def blend(reflectances, sharpness=2.0, field=PATCHES):
    """Linear mixture with weights softmax(sharpness * noise_i), one noise field for each spectrum."""

    def material(gbuffer, window):
        scores = [gbuffer.texture(window, field + i % 2) for i in range(len(reflectances))]
        return softmax(sharpness * np.stack(scores, -1)) @ np.asarray(reflectances, np.float32)

    return material


def painted(base, pigment, concentration=0.5, amplitude=0.8, field=PATCHES):
    """Kubelka-Munk paint: a pigment of textured concentration c = concentration * exp(amplitude * noise) on a base."""

    def material(gbuffer, window):
        share = concentration * np.exp(amplitude * gbuffer.texture(window, field))[..., None]
        return reflectance_of((absorption(base) + share * absorption(pigment)) / (1 + share)).astype(np.float32)

    return material


def dyed(reflectance, depth=1.0, amplitude=0.35, field=SLOW):
    """Beer-Lambert dye of textured depth: R^(depth * exp(amplitude * noise))."""

    def material(gbuffer, window):
        texture = np.clip(gbuffer.texture(window, field), -2, 2)
        return dye(reflectance, (depth * np.exp(amplitude * texture))[..., None])

    return material
