"""The spatial noise predictor of ARGS-Diff: the U-Net of guided diffusion (Dhariwal, Nichol 2021), without attention."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from ..shared.padding import pad_reflect

SCALES = (1, 2, 3, 4)  # width of each scale, in multiples of the first
BLOCKS = 2  # residual blocks a scale
GROUPS = 32  # of the normalisation, at most


class SpatialDenoiser(nn.Module):
    """(images (N, C, H, W), levels (N,) int64) -> the noise in them, same shape."""

    def __init__(self, channels, width):
        super().__init__()
        code, widths = 4 * width, [width * scale for scale in SCALES]
        self.width = width
        self.time = nn.Sequential(nn.Linear(width, code), nn.SiLU(), nn.Linear(code, code))
        self.enter = nn.Conv2d(channels, width, 3, padding=1)
        self.downs, skips, now = nn.ModuleList(), [width], width
        for scale, wide in enumerate(widths):
            for _ in range(BLOCKS):
                self.downs.append(ResidualBlock(now, wide, code))
                now = wide
                skips.append(now)
            if scale + 1 < len(widths):
                self.downs.append(Smaller(now))
                skips.append(now)
        self.middle = nn.ModuleList(ResidualBlock(now, now, code) for _ in range(2))
        self.ups = nn.ModuleList()
        for scale, wide in reversed(list(enumerate(widths))):
            for _ in range(BLOCKS + 1):
                self.ups.append(ResidualBlock(now + skips.pop(), wide, code))
                now = wide
            if scale:
                self.ups.append(Larger(now))
        self.leave = nn.Sequential(normalisation(now), nn.SiLU(), nn.Conv2d(now, channels, 3, padding=1))
        nn.init.zeros_(self.leave[-1].weight)
        nn.init.zeros_(self.leave[-1].bias)

    def forward(self, images, levels):
        rows, cols = images.shape[2:]
        time = self.time(code_of(levels, self.width))
        x = self.enter(pad_reflect(images, 2 ** (len(SCALES) - 1)))
        kept = [x]
        for layer in self.downs:
            x = layer(x, time)
            kept.append(x)
        for layer in self.middle:
            x = layer(x, time)
        for layer in self.ups:
            x = layer(x if isinstance(layer, Larger) else torch.cat([x, kept.pop()], 1), time)
        return self.leave(x)[:, :, :rows, :cols]


class ResidualBlock(nn.Module):
    """Two normalised convolutions, the second one's input scaled and shifted by the level of noise, added to the input."""

    def __init__(self, inside, outside, code):
        super().__init__()
        self.first = nn.Sequential(normalisation(inside), nn.SiLU(), nn.Conv2d(inside, outside, 3, padding=1))
        self.time = nn.Sequential(nn.SiLU(), nn.Linear(code, 2 * outside))
        self.norm = normalisation(outside)
        self.second = nn.Conv2d(outside, outside, 3, padding=1)
        self.skip = nn.Conv2d(inside, outside, 1) if inside != outside else nn.Identity()
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, x, time):
        scale, shift = self.time(time)[:, :, None, None].chunk(2, 1)
        return self.skip(x) + self.second(F.silu(self.norm(self.first(x)) * (1 + scale) + shift))


class Smaller(nn.Module):
    """Half the size, by a strided convolution."""

    def __init__(self, channels):
        super().__init__()
        self.layer = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x, time):
        return self.layer(x)


class Larger(nn.Module):
    """Twice the size, by nearest pixels and a convolution."""

    def __init__(self, channels):
        super().__init__()
        self.layer = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x, time):
        return self.layer(F.interpolate(x, scale_factor=2, mode="nearest"))


def normalisation(channels):
    """Return a normalisation of groups of channels, 32 groups where they divide the channels."""
    return nn.GroupNorm(math.gcd(GROUPS, channels), channels)


def code_of(levels, size):
    """Return the sinusoidal code (N, size) of levels (N,)."""
    half = size // 2
    rates = torch.exp(-math.log(10000) * torch.arange(half, device=levels.device) / half)
    angles = levels[:, None] * rates
    return F.pad(torch.cat([angles.cos(), angles.sin()], 1), (0, size % 2))
