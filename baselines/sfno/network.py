"""The network of SFNO: attention over neighbours, then window attention and linear (Galerkin) attention in turn.

Written from the description of the released checkpoint, which differs from the released source: no random permutation
of the pixels, windows of 8, 4 and 2 pixels, and no shortcut around the attention over neighbours. Names of modules are
those of the checkpoint, so that its tensors load as they are.
"""

import torch
import torch.nn.functional as F
from torch import nn

WIDTH, HEADS = 64, 8
WINDOWS = (8, 4, 2)  # side of the attention windows of the three blocks, pixels
MULTIPLE = max(WINDOWS)
LOGIT_SCALE = 4.0  # in place of the usual 1 / sqrt(channels)
EPSILON = 1e-5  # added to standard deviations
TRACED_RATIO = 4  # the interpolation inside the released checkpoint


class ChannelNorm(nn.Module):
    """Normalise the last axis by its mean and biased standard deviation, with a gain and an offset per channel."""

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        centred = x - x.mean(-1, keepdim=True)
        return centred / (x.std(-1, unbiased=False, keepdim=True) + EPSILON) * self.weight + self.bias


class NeighbourAttention(nn.Module):
    """Weigh the 3 x 3 neighbours of a pixel, separately in every channel; (N, C, H, W) -> same."""

    def __init__(self, channels):
        super().__init__()
        self.qkv_conv = nn.Conv2d(channels, 3 * channels, 1, bias=False)
        self.mlp = nn.Sequential(
            nn.Linear(channels, channels), ChannelNorm(channels), nn.ReLU(), nn.Linear(channels, channels)
        )
        self.gate = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        query, key, value = self.qkv_conv(x).permute(0, 2, 3, 1).chunk(3, -1)
        rows, cols = x.shape[2:]
        key, value = (F.pad(t, (0, 0, 1, 1, 1, 1)) for t in (key, value))
        places = [(i, j) for i in range(3) for j in range(3)]
        logits = torch.stack([self.mlp(query - key[:, i : i + rows, j : j + cols]) for i, j in places])
        weights = logits.softmax(0)
        total = torch.zeros_like(query)
        for weight, (i, j) in zip(weights, places, strict=True):
            total = total + weight * value[:, i : i + rows, j : j + cols]
        return total.permute(0, 3, 1, 2) + self.gate(x)


class WindowSelfAttention(nn.Module):
    """Multi-head attention between the pixels of one window; (windows, pixels, C) -> same."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.proj = nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        q, k, v = (t.unflatten(-1, (HEADS, -1)).transpose(1, 2) for t in self.qkv(x).chunk(3, -1))
        found = F.scaled_dot_product_attention(q, k, v, scale=LOGIT_SCALE)
        return self.proj(found.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    """Two linear layers with a GELU between them."""

    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(WIDTH, 4 * WIDTH)
        self.fc2 = nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class WindowBlock(nn.Module):
    """A transformer block inside windows of ``side`` pixels; (N, 64, H, W) -> same, H and W multiples of ``side``."""

    def __init__(self, side):
        super().__init__()
        self.side = side
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attn, self.mlp = WindowSelfAttention(), FeedForward()

    def forward(self, x):
        (count, _, rows, cols), side = x.shape, self.side
        windows = x.reshape(count, WIDTH, rows // side, side, cols // side, side).permute(0, 2, 4, 3, 5, 1)
        pixels = windows.reshape(-1, side * side, WIDTH)
        pixels = pixels + self.attn(self.norm1(pixels))
        pixels = pixels + self.mlp(self.norm2(pixels))
        windows = pixels.reshape(count, rows // side, cols // side, side, side, WIDTH)
        return windows.permute(0, 5, 1, 3, 2, 4).reshape(x.shape)


class HeadNorm(nn.Module):
    """Normalise the channels of each head by their mean and unbiased standard deviation; (N, heads, pixels, C) -> same."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(HEADS, 1, WIDTH // HEADS))
        self.bias = nn.Parameter(torch.zeros(HEADS, 1, WIDTH // HEADS))

    def forward(self, x):
        centred = x - x.mean(-1, keepdim=True)
        return centred / (x.std(-1, keepdim=True) + EPSILON) * self.weight + self.bias


class GalerkinAttention(nn.Module):
    """Attention without softmax, linear in the number of pixels, and two pointwise layers; (N, 64, H, W) -> same."""

    def __init__(self):
        super().__init__()
        self.qkv_proj = nn.Conv2d(WIDTH, 3 * WIDTH, 1)
        self.o_proj1, self.o_proj2 = nn.Conv2d(WIDTH, WIDTH, 1), nn.Conv2d(WIDTH, WIDTH, 1)
        self.kln, self.vln = HeadNorm(), HeadNorm()

    def forward(self, x):
        count, _, rows, cols = x.shape
        heads = self.qkv_proj(x).reshape(count, HEADS, 3 * WIDTH // HEADS, rows * cols).transpose(2, 3)
        q, k, v = heads.chunk(3, -1)
        k, v = self.kln(k), self.vln(v)
        mixed = q @ (k.transpose(2, 3) @ v / (rows * cols))
        u = mixed.transpose(2, 3).reshape(x.shape) + x
        return self.o_proj2(F.gelu(self.o_proj1(u))) + x


class IntegralBlock(nn.Module):
    """Window attention, then Galerkin attention, added to the input."""

    def __init__(self, side):
        super().__init__()
        self.PR, self.GI = WindowBlock(side), GalerkinAttention()

    def forward(self, x):
        return x + self.GI(self.PR(x))


class SFNO(nn.Module):
    """The cube from the HSI brought to full size and the MSI.

    forward(up (N, B, H, W), msi (N, M, H, W)) -> (N, B, H, W), not clipped; H and W multiples of 8.
    """

    def __init__(self, bands, msi_bands):
        super().__init__()
        channels = bands + msi_bands
        self.VI1_1, self.VI1_2, self.VI1_3 = (NeighbourAttention(channels) for _ in range(3))
        self.conv_block = nn.Conv2d(channels, WIDTH, 1)
        self.block1, self.block2, self.block3 = (IntegralBlock(side) for side in WINDOWS)
        self.conv = nn.Sequential(nn.Conv2d(4 * WIDTH, bands, 1), nn.LeakyReLU(0.2))

    def forward(self, up, msi):
        features = [self.conv_block(self.VI1_3(self.VI1_2(self.VI1_1(torch.cat([msi, up], 1)))))]
        for block in (self.block1, self.block2, self.block3):
            features.append(block(features[-1]))
        return self.conv(torch.cat(features, 1)) + up


def enlarge(hsi, ratio, first=None):
    """Return the HSI (N, B, h, w) at ``ratio`` times its size, by bicubic interpolation (a = -0.75, no antialiasing).

    first: size factor of a first interpolation, ``ratio / 4`` for the released checkpoint, whose own one is by 4.
    """
    for factor in (first or 1, ratio / (first or 1)):
        if factor != 1:
            hsi = F.interpolate(hsi, scale_factor=factor, mode="bicubic", align_corners=False)
    return hsi
