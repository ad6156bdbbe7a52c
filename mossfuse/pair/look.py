"""What is kept of a cube that comes in tiles, to look at it: its colours, how it explains HR, and a few spectra."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mossfuse.colour import msi_colour, rendering_for, to_srgb
from mossfuse.pair.verdict import Range
from mossfuse.protocol import Observation, Sensor

SPECTRA = 4  # pixels whose spectra are shown


class Look:
    """Collects tiles on the methods' scale; nothing of the size of the cube is held.

    colours: (rows, cols, 3) uint8. misfit: (rows, cols) float32, rms over HR's bands of the cube through the SRF against HR.
    places: pixels (row, col) whose spectra are kept in ``spectra``. range: mossfuse.pair.verdict.Range.
    """

    def __init__(self, observation: Observation, sensor: Sensor) -> None:
        self.observation, self.sensor = observation, sensor
        self.srf = np.asarray(sensor.srf, np.float32)
        self.rendering = rendering_for(observation.hsi, observation.wavelengths)
        rows, cols = observation.msi.shape[:2]
        self.colours = np.zeros((rows, cols, 3), np.uint8)
        self.misfit = np.zeros((rows, cols), np.float32)
        self.places = places_of(observation)
        self.spectra: dict[tuple[int, int], np.ndarray] = {}
        self.range = Range(observation)

    def add(self, rows: slice, cols: slice, values: np.ndarray) -> None:
        """Take in the tile [rows, cols]."""
        self.range.add(rows, cols, values)
        self.colours[rows, cols] = to_srgb(values, self.rendering)
        left = np.asarray(values, np.float32) @ self.srf.T - self.observation.msi[rows, cols]
        self.misfit[rows, cols] = np.sqrt(np.mean(left**2, 2))
        for row, col in self.places:
            if rows.start <= row < rows.stop and cols.start <= col < cols.stop:
                self.spectra[row, col] = np.array(values[row - rows.start, col - cols.start])

    @property
    def inputs(self) -> tuple[np.ndarray, np.ndarray]:
        """LR and HR in colour, uint8; without wavelengths HR's bands are ordered by the LR bands that they respond to."""
        wavelengths, msi, srf = self.observation.wavelengths, self.observation.msi, self.srf
        if wavelengths is None:
            order = np.argsort(srf @ np.arange(srf.shape[1]) / np.maximum(srf.sum(1), np.finfo(np.float32).tiny))
            msi, srf = msi[..., order], srf[order]
        return to_srgb(self.observation.hsi, self.rendering), msi_colour(msi, srf, wavelengths)[0]


def places_of(observation: Observation, count: int = SPECTRA) -> Sequence[tuple[int, int]]:
    """Return the HR pixels in the centres of LR pixels that differ most from one another: the farthest from all before."""
    hsi, ratio = observation.hsi, observation.ratio
    spectra = hsi.reshape(-1, hsi.shape[2]).astype(np.float64)
    chosen = [int(np.argmax(np.square(spectra - spectra.mean(0)).sum(1)))]
    while len(chosen) < min(count, len(spectra)):
        gaps = np.min([np.square(spectra - spectra[c]).sum(1) for c in chosen], 0)
        chosen.append(int(np.argmax(gaps)))
    cols = hsi.shape[1]
    return [(c // cols * ratio + ratio // 2, c % cols * ratio + ratio // 2) for c in chosen]
