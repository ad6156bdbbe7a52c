"""The spatial networks of M2U-Net and EDIP-Net: two-scale U-Nets that refine the cube of the spectral streams.

With ``residual`` both start from the identity: the network's output, zero at first, is added to its input cube. The
authors' networks (residual=False) end with a sigmoid and have to build the whole cube.
"""

import torch
import torch.nn.functional as F
from torch import nn

from mossfuse.errors import MossFuseError

SLOPE = 0.2
SKIP = 2  # channels of a skip connection
GAIN = 0.02  # of a residual: Adam's first steps then move the cube by hundredths, not by its own size
SMALLEST = 8  # pixels: two halvings leave 2, enough for batch statistics


class Convolution(nn.Sequential):
    """Convolution, batch normalisation (always by the image's own statistics), leaky ReLU."""

    def __init__(self, inputs, outputs, kernel):
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2), nn.BatchNorm2d(outputs), nn.LeakyReLU(SLOPE)
        )


class GuidedPair(nn.Module):
    """A 5x5 convolution on each branch; channel gates made from the MSI branch (squeeze, excite) scale the HSI branch."""

    def __init__(self, hsi_inputs, msi_inputs, width):
        super().__init__()
        self.hsi, self.msi = Convolution(hsi_inputs, width, 5), Convolution(msi_inputs, width, 5)
        self.squeeze, self.excite = nn.Linear(width, width // 5), nn.Linear(width // 5, width)

    def forward(self, hsi, msi):
        msi = self.msi(msi)
        gates = torch.sigmoid(self.excite(F.leaky_relu(self.squeeze(msi.mean((2, 3))), SLOPE)))
        return self.hsi(hsi) * gates[..., None, None], msi


class GuidedUNet(nn.Module):
    """M2U-Net's third stage: (1, B, H, W) cube and (1, M, H, W) MSI -> (1, B, H, W).

    width 260 with 31 and 3 bands: 13,947,755 parameters.
    """

    def __init__(self, bands, msi_bands, width, residual=True):
        super().__init__()
        self.down = nn.ModuleList(
            [GuidedPair(bands, msi_bands, width), *(GuidedPair(width, width, width) for _ in range(2))]
        )
        self.up = nn.ModuleList(GuidedPair(width + SKIP, width + SKIP, width) for _ in range(2))
        self.skips = nn.ModuleList(nn.ModuleList(Convolution(width, SKIP, 1) for _ in range(2)) for _ in range(2))
        self.head = Head(width, bands, residual)

    def forward(self, cube, msi):
        check_size(msi)
        branches = self.down[0](cube, msi)
        levels = []
        for pair in self.down[1:]:
            levels.append(branches)
            branches = pair(*(F.avg_pool2d(branch, 2) for branch in branches))
        for pair, skips, level in zip(self.up, self.skips, reversed(levels), strict=True):
            branches = pair(
                *(stack_with_skip(low, skip(high)) for low, skip, high in zip(branches, skips, level, strict=True))
            )
        return self.head(branches[0], cube)


class PlainUNet(nn.Module):
    """One of EDIP-Net's two U-Nets: (1, B, H, W) -> (1, B, H, W); the pair has 11,964,086 parameters at width 240."""

    def __init__(self, bands, width, residual=True):
        super().__init__()
        self.down = nn.ModuleList([Convolution(bands, width, 5), *(Convolution(width, width, 5) for _ in range(2))])
        self.up = nn.ModuleList(Convolution(width + SKIP, width, 5) for _ in range(2))
        self.skips = nn.ModuleList(Convolution(width, SKIP, 1) for _ in range(2))
        self.head = Head(width, bands, residual)

    def forward(self, cube, msi=None):
        """Refine a cube; the MSI is not used but accepted, so that both networks are called in the same way."""
        check_size(cube)
        x, levels = self.down[0](cube), []
        for convolution in self.down[1:]:
            levels.append(x)
            x = convolution(F.avg_pool2d(x, 2))
        for convolution, skip, level in zip(self.up, self.skips, reversed(levels), strict=True):
            x = convolution(stack_with_skip(x, skip(level)))
        return self.head(x, cube)


class Head(nn.Module):
    """1x1 convolution to the bands: added to the cube (zero at first) where ``residual``, else through a sigmoid."""

    def __init__(self, width, bands, residual):
        super().__init__()
        self.residual = residual
        self.last = nn.Conv2d(width, bands, 1)
        if residual:
            nn.init.zeros_(self.last.weight)
            nn.init.zeros_(self.last.bias)

    def forward(self, features, cube):
        x = self.last(features)
        return cube + GAIN * x if self.residual else torch.sigmoid(x)


def stack_with_skip(low, skip):
    """Enlarge the coarse image bilinearly to the skip's size and stack it with the skip."""
    return torch.cat([enlarge_axis(enlarge_axis(low, 2, skip.shape[2]), 3, skip.shape[3]), skip], 1)


def enlarge_axis(image, axis, size):
    """Interpolate bilinearly by 2 along one axis (pixel centres as areas); an odd ``size`` repeats the last pixel.

    Written as shifts, whose gradient adds in a fixed order on every device.
    """
    count = image.shape[axis]
    first, last = image.narrow(axis, 0, 1), image.narrow(axis, count - 1, 1)
    before = torch.cat([first, image.narrow(axis, 0, count - 1)], axis)
    after = torch.cat([image.narrow(axis, 1, count - 1), last], axis)
    near = 0.75 * image
    out = torch.stack([near + 0.25 * before, near + 0.25 * after], axis + 1).flatten(axis, axis + 1)
    return torch.cat([out, out.narrow(axis, 2 * count - 1, 1)], axis) if size > 2 * count else out


def check_size(image):
    """Raise MossFuseError for images smaller than SMALLEST pixels."""
    if min(image.shape[2:]) < SMALLEST:
        raise MossFuseError(
            f"the U-Net needs images of at least {SMALLEST}x{SMALLEST} pixels, got {image.shape[2]}x{image.shape[3]}; "
            "set detail_steps to 0"
        )
