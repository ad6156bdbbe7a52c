"""The MSI pixels under the PSF of the low-resolution pixels (mossfuse.physics.grid), as matrices for linear fits."""

from copy import copy

import numpy as np

from mossfuse.physics.grid import SamplingGrid
from mossfuse.physics.projection import pixels
from mossfuse.physics.psf_geometry import Geometry
from mossfuse.protocol import Observation

SAMPLE_BYTES = 32 * 2**20  # memory for the windows of the low-resolution pixels that the search looks at


def msi_windows(pair: Observation, geometry: Geometry) -> np.ndarray:
    """Return the MSI pixels under the PSF of every low-resolution pixel: (M, h * w, k_rows * k_cols) float64."""
    grid = SamplingGrid(geometry.size, geometry.phase, pair.ratio, pair.msi.shape[:2], geometry.border)
    values = grid.gather(pair.msi).astype(np.float64)
    return values.reshape(len(values), -1, pair.msi.shape[2]).transpose(2, 0, 1)


class Windows:
    """The MSI pixels under the PSF of (a regular sample of) the low-resolution pixels, as one matrix.

    low: indices of the sampled low-resolution pixels (row-major), at most ``most``; hsi: their spectra (n, B);
    bands: of the MSI; matrix: (n * M, k_rows * k_cols) float64.
    """

    def __init__(
        self, observation: Observation, size: tuple[int, int], phase: tuple[int, int], most: int | None = None
    ) -> None:
        msi = observation.msi
        grid = SamplingGrid(size, phase, observation.ratio, msi.shape[:2], observation.sensor.border)
        count = grid.low_shape[0] * grid.low_shape[1]
        most = most or max(SAMPLE_BYTES // (8 * size[0] * size[1] * msi.shape[2]), 64)
        self.low = np.unique(np.linspace(0, count - 1, min(most, count)).astype(int))
        self.hsi = pixels(observation.hsi)[self.low]
        self.bands = msi.shape[2]
        values = grid.gather(msi, self.low)  # (n, k, k, M)
        self.matrix = values.transpose(0, 3, 1, 2).reshape(-1, size[0] * size[1]).astype(np.float64)

    def blur(self, psf: np.ndarray) -> np.ndarray:
        """Return the blurred and sampled MSI, (n, M) float64."""
        return (self.matrix @ psf.ravel()).reshape(-1, self.bands)

    def part(self, chosen: np.ndarray) -> "Windows":
        """Return the windows of some of the low-resolution pixels, given by a mask (n,)."""
        part = copy(self)
        part.low, part.hsi = self.low[chosen], self.hsi[chosen]
        part.matrix = self.matrix.reshape(len(self.low), self.bands, -1)[chosen].reshape(-1, self.matrix.shape[1])
        return part
