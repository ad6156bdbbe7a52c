"""Padding for networks that halve the image several times: reflect it up to a size they accept, crop the result."""

import torch
from torch import nn

from mossfuse.physics.grid import border_index


class ReflectConv2d(nn.Conv2d):
    """A convolution of odd size whose image is reflected at its borders (as reflect-101), the same size for stride 1.

    Equals ``nn.Conv2d(padding_mode="reflect")``, whose gradient has no kernel on a GPU that repeats its bytes.
    """

    def __init__(self, inside: int, outside: int, size: int, stride: int = 1) -> None:
        super().__init__(inside, outside, size, stride)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Map (N, inside, rows, cols) to (N, outside, rows, cols) / stride, rounded up."""
        for axis, size in ((2, self.kernel_size[0]), (3, self.kernel_size[1])):
            image = reflected(image, size // 2, axis)
        return super().forward(image)


def reflected(image: torch.Tensor, width: int, axis: int) -> torch.Tensor:
    """Return the image with ``width`` more entries at both ends of an axis that is longer than that."""
    if not width:
        return image
    length = image.shape[axis]
    before, after = image.narrow(axis, 1, width), image.narrow(axis, length - 1 - width, width)
    return torch.cat([before.flip(axis), image, after.flip(axis)], axis)


def pad_reflect(image, multiple, smallest=0):
    """Reflect (N, C, rows, cols) at its bottom and right edge; crop the result with ``[..., :rows, :cols]``.

    Both sides become multiples of ``multiple``, not below ``smallest``. Images smaller than the padding are reflected
    more than once.
    """
    for axis in (2, 3):
        size = image.shape[axis]
        wanted = -(-max(size, smallest) // multiple) * multiple
        if wanted > size:
            index = border_index(size, (0, wanted - size), "reflect")
            image = image[:, :, index] if axis == 2 else image[:, :, :, index]
    return image
