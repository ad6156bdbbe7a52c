"""The sensor's spatial operator H, blur and sample: forward and adjoint on numpy arrays, and a view on torch tensors.

Each low-resolution pixel is a weighted sum over whole blocks (mossfuse.physics.grid); for the official protocol (kernel
r-1, phase r/2-1) exactly one block is used and the border plays no part.
"""

from typing import TYPE_CHECKING

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.physics.grid import SamplingGrid, check_multiple
from mossfuse.protocol import Observation

if TYPE_CHECKING:
    import torch

    from mossfuse.physics.tensors import TensorOperator


def check_pair(observation: Observation) -> None:
    """Raise MossFuseError for a pair whose sizes do not fit the ratio, or that holds NaN or infinity."""
    hsi, msi, ratio = observation.hsi, observation.msi, observation.ratio
    check_multiple(msi.shape, ratio)
    if msi.shape[:2] != (hsi.shape[0] * ratio, hsi.shape[1] * ratio):
        raise MossFuseError(
            f"the MSI has {msi.shape[0]}x{msi.shape[1]} pixels and the HSI {hsi.shape[0]}x{hsi.shape[1]}, "
            f"which does not fit the ratio {ratio}; crop one of them or set the right ratio"
        )
    for name, image in (("HSI", hsi), ("MSI", msi)):
        if not np.isfinite(image).all():
            raise MossFuseError(f"the {name} holds NaN or infinite values; replace them before fusing")


class BlurSample:
    """The operator H: (rows, cols, C) -> (rows / ratio, cols / ratio, C).

    psf: (k_rows, k_cols); phase: (row, col); shape: (rows, cols) of the high-resolution image;
    border: 'reflect' (reflect-101), 'wrap' or 'zero'. Raises MossFuseError if shape is not a multiple of ratio.
    """

    def __init__(
        self, psf: np.ndarray, phase: tuple[int, int], ratio: int, shape: tuple[int, ...], border: str = "reflect"
    ) -> None:
        check_multiple(shape, ratio)
        self.psf = np.asarray(psf, np.float64)
        self.phase, self.ratio, self.border = (phase[0], phase[1]), int(ratio), border
        self.grid = SamplingGrid(self.psf.shape, self.phase, self.ratio, (shape[0], shape[1]), border)
        self.shape, self.low_shape = self.grid.shape, self.grid.low_shape
        self.kernel = self.grid.embed(self.psf)

    @property
    def one_block(self) -> bool:
        """Return whether every window stays inside its own block (HH^T is then a multiple of the identity)."""
        return self.grid.blocks == (1, 1) and not self.grid.padded

    @property
    def gain(self) -> float:
        """Return the sum of squares of the PSF: H H^T = gain * I if ``one_block``."""
        return float((self.psf**2).sum())

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Return H image; image (rows, cols) or (rows, cols, C), result in the image's floating type."""
        flat = image.ndim == 2
        x = image[..., None] if flat else image
        if x.shape[:2] != self.shape:
            raise ValueError(f"operator built for {self.shape}, got an image of {x.shape[:2]}")
        x = self._pad(x)
        (h, w), r, channels = self.low_shape, self.ratio, x.shape[2]
        kernel = self.kernel.astype(x.dtype)
        out = np.zeros((h, w, channels), x.dtype)
        for a in range(self.grid.blocks[0]):
            for b in range(self.grid.blocks[1]):
                tile = x[a * r : (a + h) * r, b * r : (b + w) * r].reshape(h, r, w, r, channels)
                out += np.einsum("hiwjc,ij->hwc", tile, kernel[a, b], optimize=True)
        return out[..., 0] if flat else out

    def adjoint(self, low: np.ndarray) -> np.ndarray:
        """Return H^T low; low (h, w) or (h, w, C) -> (rows, cols[, C])."""
        flat = low.ndim == 2
        y = low[..., None] if flat else low
        (h, w), r, channels = self.low_shape, self.ratio, y.shape[2]
        padded = np.zeros((*(n + sum(p) for n, p in zip(self.shape, self.grid.pad, strict=True)), channels), y.dtype)
        kernel = self.kernel.astype(y.dtype)
        for a in range(self.grid.blocks[0]):
            for b in range(self.grid.blocks[1]):
                tile = np.einsum("hwc,ij->hiwjc", y, kernel[a, b]).reshape(h * r, w * r, channels)
                padded[a * r : (a + h) * r, b * r : (b + w) * r] += tile
        out = self._fold(padded)
        return out[..., 0] if flat else out

    def on_tensors(self, dtype: "torch.dtype | None" = None, device: "str | torch.device" = "cpu") -> "TensorOperator":
        """Return the same operator for torch tensors (N, C, rows, cols); dtype: of the PSF, float32 if None."""
        import torch

        from mossfuse.physics.tensors import TensorOperator

        return TensorOperator(self.grid, torch.from_numpy(self.psf).to(device, dtype or torch.float32))

    def rows_and_cols(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Return matrices (h, rows) and (w, cols) with H X = Gr X Gc^T, or None if the PSF is not separable."""
        from mossfuse.physics.psf import separable_factors

        factors = separable_factors(self.psf)
        return None if factors is None else (self.axis_matrix(0, factors[0]), self.axis_matrix(1, factors[1]))

    def terms(self, tolerance: float = 1e-10) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return pairs (Gr_k, Gc_k), float64, with H X = sum_k Gr_k X Gc_k^T for any PSF (its singular value decomposition).

        Terms whose singular value is below ``tolerance`` times the largest are left out; a separable PSF has one.
        """
        left, weights, right = np.linalg.svd(self.psf)
        kept = int((weights > tolerance * weights[0]).sum())
        return [(self.axis_matrix(0, left[:, k] * weights[k]), self.axis_matrix(1, right[k])) for k in range(kept)]

    def axis_matrix(self, axis: int, factor: np.ndarray) -> np.ndarray:
        """Return blur with ``factor`` (one weight per window pixel) and sampling along one axis: (low pixels, pixels)."""
        g = np.zeros((self.low_shape[axis], self.shape[axis]))
        for weights, target in zip(g, self.windows(axis), strict=True):
            np.add.at(weights, target[target >= 0], factor[target >= 0])
        return g

    def windows(self, axis: int) -> np.ndarray:
        """Return the pixel under every tap of every low-resolution pixel of one axis (mossfuse.physics.grid)."""
        return self.grid.windows(axis)

    def _pad(self, x: np.ndarray) -> np.ndarray:
        if not self.grid.padded:
            return x
        rows, cols = self.grid.index
        out = x[np.maximum(rows, 0)][:, np.maximum(cols, 0)]
        if self.border == "zero":
            out = out * (rows >= 0)[:, None, None] * (cols >= 0)[None, :, None]
        return out.astype(x.dtype, copy=False)

    def _fold(self, padded: np.ndarray) -> np.ndarray:
        """Add what lies in the padding to the pixels it repeats: the adjoint of ``_pad``."""
        if not self.grid.padded:
            return padded
        row_index, col_index = self.grid.index
        rows = np.zeros((self.shape[0], *padded.shape[1:]), padded.dtype)
        keep = row_index >= 0
        np.add.at(rows, row_index[keep], padded[keep])
        out = np.zeros((self.shape[0], self.shape[1], padded.shape[2]), padded.dtype)
        keep = col_index >= 0
        np.add.at(out.transpose(1, 0, 2), col_index[keep], rows[:, keep].transpose(1, 0, 2))
        return out


def operator_of(
    observation: Observation, psf: np.ndarray | None = None, phase: tuple[int, int] | None = None
) -> BlurSample:
    """Return H of an observation from its sensor (or from an estimated ``psf``); raise ValueError if neither is known."""
    sensor = observation.sensor
    psf = sensor.psf if psf is None else psf
    phase = sensor.phase if phase is None else phase
    if psf is None or phase is None:
        raise ValueError("the PSF or its phase is unknown; estimate it first (mossfuse.estimation.sensor)")
    return BlurSample(psf, phase, observation.ratio, observation.msi.shape[:2], sensor.border)
