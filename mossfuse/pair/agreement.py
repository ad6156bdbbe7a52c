"""How well a fused cube explains its own two images, accumulated tile by tile so that no cube has to be held."""

import numpy as np

from mossfuse.physics.kriging import apply_terms
from mossfuse.physics.sampling import BlurSample


class Agreement:
    """Residuals |H X - hsi| and |R X - msi| of a cube that comes in tiles (as mossfuse.metrics.consistency).

    sensor: psf, phase and srf under which the cube is checked.
    """

    def __init__(self, observation, sensor):
        operator = BlurSample(
            sensor.psf, sensor.phase, observation.ratio, observation.msi.shape[:2], observation.sensor.border
        )
        self.terms, self.observation = operator.terms(), observation
        self.srf = np.asarray(sensor.srf, np.float64)
        self.low = np.zeros(observation.hsi.shape)
        self.largest, self.squares = 0.0, 0.0

    def add(self, rows, cols, values):
        """Take in the tile [rows, cols] of the cube, in the observation's units."""
        values = np.asarray(values, np.float64)
        for left, right in self.terms:
            a, b = reached(left[:, rows]), reached(right[:, cols])
            self.low[a, b] += apply_terms([(left[a, rows], right[b, cols])], values)
        residual = values @ self.srf.T - self.observation.msi[rows, cols]
        self.largest = max(self.largest, float(np.abs(residual).max()))
        self.squares += float((residual**2).sum())

    def residuals(self):
        """residual_hsi_max, residual_hsi_rms, residual_msi_max, residual_msi_rms once every tile was added."""
        hsi = np.abs(self.low - self.observation.hsi)
        return {
            "residual_hsi_max": float(hsi.max()),
            "residual_hsi_rms": float(np.sqrt((hsi**2).mean())),
            "residual_msi_max": self.largest,
            "residual_msi_rms": float(np.sqrt(self.squares / self.observation.msi.size)),
        }


def in_units(residuals, white):
    """Residuals of Agreement in the units of each image."""
    return {name: value * white["_msi_" in name] for name, value in residuals.items()}


def reached(matrix):
    """Slice of the low-resolution pixels that a strip of pixels contributes to."""
    used = np.nonzero(matrix.any(1))[0]
    return slice(int(used[0]), int(used[-1]) + 1) if len(used) else slice(0, 0)
