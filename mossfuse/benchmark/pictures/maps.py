"""Error maps on one fixed scale each, the same for every method, scene and dataset."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scale:
    """A logarithmic colour scale from low to high; values outside take the end colours."""

    title: str
    unit: str
    low: float
    high: float
    ticks: tuple[float, ...]
    colours: str

    def levels(self, values):
        """Return values as uint8 positions on the scale; NaN (a pixel that has no value) takes the low end."""
        values = np.nan_to_num(np.asarray(values, np.float32), nan=self.low, posinf=self.high)
        position = np.log(np.clip(values, self.low, self.high) / self.low) / np.log(self.high / self.low)
        return np.round(255 * position).astype(np.uint8)

    def position(self, value):
        """Return the place of a value on the scale, 0 to 1."""
        return float(np.log(value / self.low) / np.log(self.high / self.low))

    def palette(self):
        """Return (256, 3) uint8 colours, evenly spaced on the scale."""
        import matplotlib

        return np.round(255 * matplotlib.colormaps[self.colours](np.arange(256))[:, :3]).astype(np.uint8)


# Half a decade beyond the means of bicubic (10 dB) and of the best closed forms (70 dB): few pixels saturate.
ERROR = Scale("RMSE over the bands", "", 3e-4, 3e-1, (3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1), "magma")
ANGLE = Scale("Spectral angle", "°", 0.3, 60.0, (0.3, 1.0, 3.0, 10.0, 30.0, 60.0), "viridis")
