"""Random crops of pairs, aligned to the low-resolution grid, for losses that blur the high-resolution part."""

from collections.abc import Sequence

import torch

from mossfuse.errors import MossFuseError
from mossfuse.physics.grid import block_span
from mossfuse.physics.psf_geometry import Geometry

Images = Sequence[torch.Tensor]


class Crops:
    """Crops of scenes whose images are kept on one device; never flipped, because the sampling phase is off the centre.

    scenes: per scene (high, low), two tuples of tensors (1, C, H, W) and (1, C, h, w) with H = ratio h.
    patch: wanted side of the high-resolution crops in pixels. geometry: the PSF's, or None
    if nothing is blurred: crops grow by the low-resolution pixels whose window would leave them, and ``centre`` cuts
    those off. A crop never exceeds the smallest scene; one that is the whole scene needs no margin. Raises MossFuseError
    where the margins leave nothing.
    """

    def __init__(
        self, scenes: Sequence[tuple[Images, Images]], ratio: int, patch: float, geometry: Geometry | None = None
    ) -> None:
        self.scenes, self.ratio = scenes, ratio
        self.size: list[int] = []
        self.margins: list[tuple[int, int]] = []
        for axis in range(2):
            smallest = min(low[0].shape[2 + axis] for _, low in scenes)
            largest = max(low[0].shape[2 + axis] for _, low in scenes)
            margin = (0, 0)
            if geometry is not None:
                first, last, _ = block_span(geometry.size[axis], geometry.phase[axis], ratio)
                margin = (-first, last)
            size = max(1, round(patch / ratio)) + sum(margin)
            if size >= smallest and smallest == largest:
                size, margin = smallest, (0, 0)
            size = min(size, smallest)
            if size <= sum(margin):
                raise MossFuseError(
                    "the PSF reaches over the whole of the smallest scene; leave that scene out or use larger ones"
                )
            self.size.append(size)
            self.margins.append(margin)

    def draw(
        self, batch: int = 1, generator: torch.Generator | None = None
    ) -> tuple[tuple[torch.Tensor, ...], tuple[torch.Tensor, ...]]:
        """Draw (high, low): tuples of tensors (batch, C, rows, cols) from random places of random scenes."""
        drawn = [self._one(generator) for _ in range(batch)]
        high, low = (
            tuple(torch.cat(images) for images in zip(*part, strict=True)) for part in zip(*drawn, strict=True)
        )
        return high, low

    def _one(self, generator: torch.Generator | None) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        high, low = self.scenes[self._uniform(len(self.scenes), generator)]
        row, col = (self._uniform(n - s + 1, generator) for n, s in zip(low[0].shape[2:], self.size, strict=True))
        (rows, cols), r = self.size, self.ratio
        return (
            [x[:, :, row * r : (row + rows) * r, col * r : (col + cols) * r] for x in high],
            [x[:, :, row : row + rows, col : col + cols] for x in low],
        )

    def centre(self, low: torch.Tensor) -> torch.Tensor:
        """Return the part of low-resolution crops (or of blurred ones) whose windows lie inside."""
        (top, bottom), (left, right) = self.margins
        return low[:, :, top : low.shape[2] - bottom, left : low.shape[3] - right]

    @staticmethod
    def _uniform(count: int, generator: torch.Generator | None) -> int:
        return int(torch.randint(count, (), generator=generator))
