"""Training patches: aligned with the low-resolution grid, drawn at random or in the released order, some held out."""

from functools import cached_property

import torch

from mossfuse.errors import MossFuseError
from mossfuse.physics.tensors import to_tensor

KEPT = 0.5  # share of a pair's places that must stay free when patches are held out


class Patches:
    """All pairs on one device; a patch is cut at a place (pair, row, col), in low-resolution pixels.

    Raises MossFuseError for a patch that is not a multiple of the ratio or larger than an MSI.
    """

    def __init__(self, pairs, patch, device):
        self.ratio = pairs[0].ratio
        smallest = min(min(pair.msi.shape[:2]) for pair in pairs)
        if patch % self.ratio or patch > smallest:
            raise MossFuseError(
                f"training patch {patch} must be a multiple of the ratio {self.ratio} and fit into every MSI (smallest side "
                f"{smallest}); change 'patch'"
            )
        self.low = patch // self.ratio
        self.images = [(to_tensor(pair.msi, device), to_tensor(pair.hsi, device)) for pair in pairs]
        self.free = [torch.ones([n - self.low + 1 for n in hsi.shape[2:]], dtype=torch.bool) for _, hsi in self.images]
        self.held_out = []

    def hold_out(self, count, generator):
        """Set up to ``count`` patches aside, pair after pair in random order; no other patch will overlap them.

        A pair keeps at least half of its places, so that small pairs give fewer patches or none.
        """
        order = torch.randperm(len(self.images), generator=generator).tolist()
        for turn in range(count):
            number, row, col = place = self._free_place(order[turn % len(order)], generator)
            left = self.free[number].clone()
            left[max(0, row - self.low + 1) : row + self.low, max(0, col - self.low + 1) : col + self.low] = False
            if left.sum() >= KEPT * left.numel():
                self.free[number] = left
                self.held_out.append(place)

    def draw(self, batch, generator):
        """Draw (msi (batch, M, patch, patch), hsi (batch, B, patch / ratio, patch / ratio)) from any pair and free
        place.
        """
        numbers = torch.randint(len(self.images), (batch,), generator=generator).tolist()
        return self.cut([self._free_place(number, generator) for number in numbers])

    def released(self, step, batch):
        """Return the patches of a 0-based ``step`` in the released order: pair after pair, half a patch apart, row by
        row.

        Every epoch is the same; what does not fill a batch at its end is left out. (512 px, patch 128: 49 per scene.)
        """
        first = step % self.steps_per_epoch(batch) * batch
        return self.cut(self._released_places[first : first + batch])

    def steps_per_epoch(self, batch):
        """Return the steps after which the released order repeats; raise MossFuseError where a batch exceeds it."""
        steps = len(self._released_places) // batch
        if not steps:
            raise MossFuseError(
                f"the released order has {len(self._released_places)} patches, fewer than a batch of {batch}; lower 'batch' or "
                "'patch'"
            )
        return steps

    def cut(self, places):
        """Return the patches at ``places``, as from ``draw``."""
        r, size = self.ratio, self.low
        msi, hsi = [], []
        for number, row, col in places:
            high, low = self.images[number]
            msi.append(high[:, :, row * r : (row + size) * r, col * r : (col + size) * r])
            hsi.append(low[:, :, row : row + size, col : col + size])
        return torch.cat(msi), torch.cat(hsi)

    @cached_property
    def _released_places(self):
        """Every place of the released order."""
        stride = max(1, self.low // 2)
        return [
            (number, row, col)
            for number, free in enumerate(self.free)
            for row in range(0, free.shape[0], stride)
            for col in range(0, free.shape[1], stride)
        ]

    def _free_place(self, number, generator):
        """Draw a free place of a pair; at least half are free, so few draws fail."""
        free = self.free[number]
        while True:
            row, col = (int(torch.randint(n, (), generator=generator)) for n in free.shape)
            if free[row, col]:
                return number, row, col
