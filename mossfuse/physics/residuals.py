"""How well a cube explains its own two images: residuals of the sensor model, tile by tile, before any clipping."""

import numpy as np

from mossfuse.physics.kriging import apply_terms
from mossfuse.physics.sampling import operator_of
from mossfuse.protocol import Observation, Sensor


class Residuals:
    """|H X - hsi| and |R X - msi| of a cube X that is added tile by tile, so that no whole cube has to be held.

    sensor: the psf, phase and srf under which the cube is checked (the observation's border applies).
    """

    def __init__(self, observation: Observation, sensor: Sensor) -> None:
        self.observation = observation
        self.operator = operator_of(observation, sensor.psf, sensor.phase)
        self.terms: list[tuple[np.ndarray, np.ndarray]] = []
        self.srf = np.asarray(sensor.srf, np.float64)
        self.low = np.zeros(observation.hsi.shape)
        self.largest, self.squares = 0.0, 0.0

    def add(self, rows: slice, cols: slice, values: np.ndarray) -> None:
        """Add the tile [rows, cols] of the cube, in the observation's units."""
        values = np.asarray(values, np.float64)
        if values.shape[:2] == self.operator.shape:
            self.low += self.operator(values)
        else:
            self.add_to_low(rows, cols, values)
        residual = values @ self.srf.T - self.observation.msi[rows, cols]
        self.largest = max(self.largest, float(np.abs(residual).max()))
        self.squares += float((residual**2).sum())

    def add_to_low(self, rows: slice, cols: slice, values: np.ndarray) -> None:
        """Add what one tile contributes to H X."""
        self.terms = self.terms or self.operator.terms()
        for left, right in self.terms:
            a, b = reached_pixels(left[:, rows]), reached_pixels(right[:, cols])
            self.low[a, b] += apply_terms([(left[a, rows], right[b, cols])], values)

    def summary(self) -> dict[str, float]:
        """Return residual_hsi_max, residual_hsi_rms, residual_msi_max, residual_msi_rms once every tile was added."""
        hsi = np.abs(self.low - self.observation.hsi)
        return {
            "residual_hsi_max": float(hsi.max()),
            "residual_hsi_rms": float(np.sqrt((hsi**2).mean())),
            "residual_msi_max": self.largest,
            "residual_msi_rms": float(np.sqrt(self.squares / self.observation.msi.size)),
        }


def reached_pixels(matrix: np.ndarray) -> slice:
    """Return the slice of low-resolution pixels that a strip of pixels contributes to."""
    used = np.nonzero(matrix.any(1))[0]
    return slice(int(used[0]), int(used[-1]) + 1) if len(used) else slice(0, 0)
