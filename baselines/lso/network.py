"""The network of LSO (2026): a residual trunk, a U of three scales, and latent tokens of patches at each of them."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from mossfuse.errors import MossFuseError

from ..shared.padding import pad_reflect
from ..shared.supervised import enlarge

MULTIPLE = 4  # both sides of the image are halved twice
PATCH, HEADS, TOKENS, WAVES = 4, 8, 8, 24
BLOCKS = 4  # residual blocks of the trunk
SLOPE = 0.2  # of every leaky ReLU


class LatentOperatorNet(nn.Module):
    """(HSI (N, B, h, w), MSI (N, M, H, W)) -> cube (N, B, H, W), not clipped; width: a multiple of 8."""

    def __init__(self, bands, msi_bands, ratio, width=64, guide=128):
        super().__init__()
        if width % HEADS:
            raise MossFuseError(f"the width of lso is {width}; give a multiple of {HEADS}")
        self.ratio = ratio
        self.trunk = Trunk(bands + msi_bands, guide)
        self.first = double_convolution(guide + 2, width)
        self.downs = nn.ModuleList(double_convolution(width, width) for _ in range(2))
        self.solvers = nn.ModuleList(LatentSolver(width) for _ in range(3))
        joined = 2 * width + msi_bands
        self.ups = nn.ModuleList(double_convolution(joined, width, joined // 2) for _ in range(2))
        self.last = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1), nn.LeakyReLU(SLOPE), nn.Conv2d(width, bands, 1)
        )

    def forward(self, hsi, msi):
        rows, cols = msi.shape[2:]
        up = pad_reflect(enlarge(hsi, self.ratio, "bicubic"), MULTIPLE)
        msi = pad_reflect(msi, MULTIPLE)
        features = self.trunk(torch.cat([msi, up], 1))
        scales = [self.first(torch.cat([features, coordinates(features)], 1))]
        for down in self.downs:
            scales.append(down(F.interpolate(scales[-1], scale_factor=0.5, mode="bilinear", align_corners=False)))
        solved = [solve(x) for solve, x in zip(self.solvers, scales, strict=True)]
        half = F.interpolate(msi, scale_factor=0.5, mode="bicubic", align_corners=False)
        found = self.ups[0](torch.cat([double_size(solved[2]), solved[1], half], 1)) + scales[1]
        found = self.ups[1](torch.cat([double_size(found), solved[0], msi], 1)) + scales[0]
        return (up + self.last(found))[:, :, :rows, :cols]


class Trunk(nn.Module):
    """Residual blocks without normalisation between two convolutions, (N, C, H, W) -> (N, guide, H, W)."""

    def __init__(self, channels, guide):
        super().__init__()
        self.head = nn.Conv2d(channels, guide, 3, padding=1)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(guide, guide, 3, padding=1), nn.ReLU(), nn.Conv2d(guide, guide, 3, padding=1))
            for _ in range(BLOCKS)
        )
        self.tail = nn.Conv2d(guide, guide, 3, padding=1)

    def forward(self, x):
        x = first = self.head(x)
        for block in self.blocks:
            x = x + block(x)
        return self.tail(x) + first


class LatentSolver(nn.Module):
    """Read every 4 x 4 patch by tokens, advance these by a trigonometric series, and add what the pixels read back."""

    def __init__(self, width):
        super().__init__()
        self.start = nn.Parameter(torch.rand(HEADS, TOKENS, width // HEADS) / width)
        self.weights = nn.Parameter(torch.rand(width, 2 * WAVES) / width)
        self.keys_values = nn.Conv2d(width, 2 * width, 1)
        self.queries = nn.Conv2d(width, width, 1)
        self.register_buffer("waves", math.pi * torch.arange(1, WAVES + 1), persistent=False)

    def forward(self, x):
        """Map (N, width, H, W) -> same."""
        rows, cols = x.shape[2:]
        padded = F.pad(x, (0, -cols % PATCH, 0, -rows % PATCH))
        down, across = padded.shape[2] // PATCH, padded.shape[3] // PATCH

        def pixels(image):
            """Bring (N, C, H, W) to (N * patches, heads, positions, C / heads)."""
            cut = image.reshape(len(image), HEADS, -1, down, PATCH, across, PATCH).permute(0, 3, 5, 1, 4, 6, 2)
            return cut.reshape(-1, HEADS, PATCH * PATCH, cut.shape[-1])

        keys, values = (
            pixels(self.keys_values(padded)).unflatten(-1, (-1, 2)).unbind(-1)
        )  # the pair is the fastest index
        tokens = self.start + F.scaled_dot_product_attention(self.start.expand(len(keys), -1, -1, -1), keys, values)
        tokens = self.advance(tokens)
        read = F.scaled_dot_product_attention(pixels(self.queries(padded)), tokens, tokens)
        image = read.reshape(len(x), down, across, HEADS, PATCH, PATCH, -1).permute(0, 3, 6, 1, 4, 2, 5)
        return (image.reshape(padded.shape) + padded)[:, :, :rows, :cols]

    def advance(self, tokens):
        """Return s + sum of weighted sines and cosines of k pi s, s = pi sigmoid(tokens); (n, heads, tokens, C) -> same."""
        state = math.pi * torch.sigmoid(tokens)
        angles = state[..., None] * self.waves
        weights = self.weights.reshape(HEADS, 1, -1, 2 * WAVES)
        return state + (torch.cat([angles.sin(), angles.cos()], -1) * weights).sum(-1)


def double_convolution(inside, outside, middle=None):
    """Return two 3 x 3 convolutions, each with a leaky ReLU."""
    middle = middle or outside
    return nn.Sequential(
        nn.Conv2d(inside, middle, 3, padding=1), nn.LeakyReLU(SLOPE),
        nn.Conv2d(middle, outside, 3, padding=1), nn.LeakyReLU(SLOPE),
    )  # fmt: skip


def coordinates(image):
    """Return the row and the column of every pixel, 0 to 1 with both ends, (N, 2, H, W)."""
    lines = [torch.linspace(0, 1, n, device=image.device, dtype=image.dtype) for n in image.shape[2:]]
    return torch.stack(torch.meshgrid(*lines, indexing="ij")).expand(len(image), -1, -1, -1)


def double_size(image):
    """Return the image at twice its size, bilinear."""
    return F.interpolate(image, scale_factor=2, mode="bilinear", align_corners=False)
