"""Smallest and largest value, mean and standard deviation of every band of a cube that comes in tiles."""

import numpy as np


class Statistics:
    """Running sums of what is stored, without no-data. bands: their number."""

    def __init__(self, bands: int) -> None:
        self.count = np.zeros(bands)
        self.sum, self.squares = np.zeros(bands), np.zeros(bands)
        self.lowest, self.largest = np.full(bands, np.inf), np.full(bands, -np.inf)

    def add(self, values: np.ndarray, nodata: float) -> None:
        """Add a tile (rows, cols, bands) as it is stored."""
        numbers = values.reshape(-1, values.shape[2]).astype(np.float64)
        measured = ~np.isnan(numbers) if np.isnan(nodata) else numbers != nodata
        kept = np.where(measured, numbers, 0)
        self.count += measured.sum(0)
        self.sum += kept.sum(0)
        self.squares += (kept**2).sum(0)
        self.lowest = np.minimum(self.lowest, np.where(measured, numbers, np.inf).min(0))
        self.largest = np.maximum(self.largest, np.where(measured, numbers, -np.inf).max(0))

    def of_band(self, band: int) -> dict[str, str]:
        """Return the tags in which GDAL keeps the statistics of a band (from 0); none for a band without a value."""
        n = self.count[band]
        if n == 0:
            return {}
        mean = self.sum[band] / n
        deviation = float(np.sqrt(max(self.squares[band] / n - mean**2, 0.0)))
        numbers = {"MINIMUM": self.lowest[band], "MAXIMUM": self.largest[band], "MEAN": mean, "STDDEV": deviation}
        share = 100 * n / self.count.max()
        return {f"STATISTICS_{k}": f"{v:.10g}" for k, v in numbers.items()} | {
            "STATISTICS_VALID_PERCENT": f"{share:.4g}"
        }
