"""Aggregation of shared and complementary features, panels (b) and (c) of the paper's network figure.

The shared features x are attended to; the complementary features y steer the queries and are added to the values.
Both residual branches normalise x alone, y enters raw. Tensors are (N, channels, rows, cols).
As released, and kept: in the spectral aggregation the per-channel weight on the queries is cancelled by their
normalisation over the pixels, so that path has no effect on the output.
"""

import torch
from torch import nn

from mossfuse.network.blocks import HEADS, GatedFeedForward, PixelNorm, QueryKeyValue, TransformerBlock, attend


class SpatialWeight(nn.Module):
    """One weight in (0, 1) per pixel: (N, dim, rows, cols) -> (N, 1, rows, cols)."""

    def __init__(self, dim):
        super().__init__()
        narrow = dim // 8
        self.layers = nn.Sequential(
            nn.Conv2d(dim, narrow, 1, bias=False),
            nn.ReLU(),
            nn.Conv2d(narrow, narrow, 1, bias=False),
            nn.ReLU(),
            nn.Conv2d(narrow, 1, 1, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x):
        return self.layers(x)


class SpectralWeight(nn.Module):
    """One weight in (0, 1) per channel: (N, dim, rows, cols) -> (N, dim, 1, 1)."""

    def __init__(self, dim):
        super().__init__()
        narrow = dim // 8
        self.layers = nn.Sequential(
            nn.Linear(dim, narrow, bias=False),
            nn.GELU(),
            nn.Linear(narrow, narrow, bias=False),
            nn.GELU(),
            nn.Linear(narrow, dim, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x):
        return self.layers(x.mean((2, 3)))[:, :, None, None]


class CrossAttention(nn.Module):
    """Channel attention on x, its queries weighted by y, plus a weighted convolution of y."""

    def __init__(self, dim, kind):
        super().__init__()
        self.temperature = nn.Parameter(torch.ones(HEADS, 1, 1))
        self.qkv = QueryKeyValue(dim)
        self.project_out = nn.Conv2d(dim, dim, 1, bias=False)
        self.spatial, self.spectral = SpatialWeight(dim), SpectralWeight(dim)
        if kind == "spatial":
            self.query_weight, self.value_weight = "spatial", "spectral"
            self.complement = nn.Conv2d(dim, dim, 3, padding=1, groups=dim, bias=False)
        else:
            self.query_weight, self.value_weight = "spectral", "spatial"
            self.complement = nn.Conv2d(dim, dim, 1, bias=False)

    def forward(self, x, y):
        query, key, value = self.qkv(x)
        attended = attend(query * getattr(self, self.query_weight)(y), key, value, self.temperature)
        return self.project_out(attended + self.complement(y) * getattr(self, self.value_weight)(attended))


class Aggregation(nn.Module):
    """x += cross-attention(norm(x), y); x += feed-forward(norm(x)).

    kind: 'spatial' (y: complementary features of the MSI) or 'spectral' (y: those of the HSI).
    """

    def __init__(self, dim, kind):
        super().__init__()
        self.norm1, self.attention = PixelNorm(dim), CrossAttention(dim, kind)
        self.norm2, self.feed_forward = PixelNorm(dim), GatedFeedForward(dim)

    def forward(self, shared, complementary):
        x = shared + self.attention(self.norm1(shared), complementary)
        return x + self.feed_forward(self.norm2(x))


class Addition(nn.Module):
    """The aggregation of an ablation: a plain transformer block on shared + complementary features.

    No feature is lost, but nothing of the complementary ones steers the attention or is weighted.
    """

    def __init__(self, dim):
        super().__init__()
        self.block = TransformerBlock(dim)

    def forward(self, shared, complementary):
        return self.block(shared + complementary)
