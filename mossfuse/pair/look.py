"""What is kept of a cube that comes in tiles, to look at it: its colours, how it explains HR, and a few spectra."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mossfuse.colour import composite_bands, msi_colour, msi_wavelengths, name_bands, rendering_for, to_srgb
from mossfuse.pair.verdict import Range
from mossfuse.protocol import Observation, Sensor

SPECTRA = 4  # pixels whose spectra are shown
STRIPE = 3  # pixels across a stripe of the hatching
HATCHING = np.array([[205], [240]], np.uint8)


class Look:
    """Collects tiles on the methods' scale; nothing of the size of the cube is held.

    colours: (rows, cols, 3) uint8. misfit: (rows, cols) float32, rms over HR's bands of the cube through the SRF against HR.
    places: pixels (row, col) whose spectra are kept in ``spectra``. range: mossfuse.pair.verdict.Range.

    measured: (rows, cols) False for pixels that are no-data in the cube, or None. They are hatched in every picture, and no spectrum is one of theirs:
    the methods see values there, which were filled in.
    """

    def __init__(self, observation: Observation, sensor: Sensor, measured: np.ndarray | None = None) -> None:
        self.observation, self.sensor, self.measured = observation, sensor, measured
        self.srf = np.asarray(sensor.srf, np.float32)
        self.rendering = rendering_for(observation.hsi, observation.wavelengths)
        rows, cols = observation.msi.shape[:2]
        self.colours = np.zeros((rows, cols, 3), np.uint8)
        self.misfit = np.zeros((rows, cols), np.float32)
        self.places = places_of(observation, measured=measured)
        self.spectra: dict[tuple[int, int], np.ndarray] = {}
        self.range = Range(observation)

    def add(self, rows: slice, cols: slice, values: np.ndarray) -> None:
        """Take in the tile [rows, cols]."""
        self.range.add(rows, cols, values)
        self.colours[rows, cols] = to_srgb(values, self.rendering)
        if self.measured is not None:
            hatch(self.colours[rows, cols], self.measured[rows, cols], (rows.start, cols.start))
        left = np.asarray(values, np.float32) @ self.srf.T - self.observation.msi[rows, cols]
        self.misfit[rows, cols] = np.sqrt(np.mean(left**2, 2))
        for row, col in self.places:
            if rows.start <= row < rows.stop and cols.start <= col < cols.stop:
                self.spectra[row, col] = np.array(values[row - rows.start, col - cols.start])

    @property
    def inputs(self) -> tuple[np.ndarray, np.ndarray]:
        """LR and HR in colour, uint8; without wavelengths HR's bands are ordered by the LR bands that they respond to."""
        order = self.order
        low = to_srgb(self.observation.hsi, self.rendering)
        high = msi_colour(self.observation.msi[..., order], self.srf[order], self.observation.wavelengths)[0]
        if self.measured is not None:
            hatch(low, self.blocks(np.any))
            hatch(high, self.measured)
        return low, high

    @property
    def order(self) -> np.ndarray:
        """HR's bands in the order in which they are shown."""
        if self.observation.wavelengths is not None:
            return np.arange(len(self.srf))
        weights = np.maximum(self.srf.sum(1), np.finfo(np.float32).tiny)
        return np.argsort(self.srf @ np.arange(self.srf.shape[1]) / weights)

    @property
    def hr_description(self) -> str:
        """Which of HR's bands are red, green and blue, in a phrase."""
        centres = msi_wavelengths(self.srf, self.observation.wavelengths)
        chosen, phrase = composite_bands(len(self.srf), centres)
        if centres is not None:
            return phrase
        return f"{phrase.partition(' of ')[0]} of {name_bands([int(self.order[band]) for band in dict.fromkeys(chosen)], None)}"

    def blocks(self, over: Callable[..., np.ndarray]) -> np.ndarray:
        """Return (h, w): any, or all, of the HR pixels of each LR pixel measured."""
        assert self.measured is not None
        return blocks_of(self.measured, self.observation.ratio, over)


def hatch(picture: np.ndarray, measured: np.ndarray, first: tuple[int, int] = (0, 0)) -> np.ndarray:
    """Hatch the pixels of a picture (rows, cols, 3) uint8 that were not measured, in place, and return it; first: row and col of its corner in the whole picture."""
    rows, cols = np.nonzero(~measured)
    picture[rows, cols] = HATCHING[(rows + first[0] + cols + first[1]) // STRIPE % 2]
    return picture


def blocks_of(measured: np.ndarray, ratio: int, over: Callable[..., np.ndarray]) -> np.ndarray:
    """Return (h, w): ``over`` (np.any, np.all) of the HR pixels of each LR pixel."""
    rows, cols = measured.shape
    return over(measured.reshape(rows // ratio, ratio, cols // ratio, ratio), axis=(1, 3))


def places_of(
    observation: Observation, count: int = SPECTRA, measured: np.ndarray | None = None
) -> Sequence[tuple[int, int]]:
    """Return the HR pixels in the centres of LR pixels that differ most from one another: the farthest from all before.

    measured: (rows, cols) of HR; LR pixels that are not wholly measured are left out, unless there are no others.
    """
    hsi, ratio = observation.hsi, observation.ratio
    spectra = hsi.reshape(-1, hsi.shape[2]).astype(np.float64)
    usable = np.ones(len(spectra), bool) if measured is None else blocks_of(measured, ratio, np.all).ravel()
    usable = usable if usable.any() else ~usable
    apart = np.square(spectra - spectra[usable].mean(0)).sum(1)
    chosen = [int(np.argmax(np.where(usable, apart, -1)))]
    while len(chosen) < min(count, int(usable.sum())):
        gaps = np.min([np.square(spectra - spectra[c]).sum(1) for c in chosen], 0)
        chosen.append(int(np.argmax(np.where(usable, gaps, -1))))
    cols = hsi.shape[1]
    return [(c // cols * ratio + ratio // 2, c % cols * ratio + ratio // 2) for c in chosen]
