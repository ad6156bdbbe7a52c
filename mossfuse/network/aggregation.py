"""Aggregation of shared and complementary features, panels (b) and (c) of the paper's network figure.

The shared features x are attended to; the complementary features y steer the queries and are added to the values.
Both residual branches normalise x only; y is not normalised. Tensors are (N, channels, rows, cols).
Kept from the released code: in the spectral aggregation the per-channel weight on the queries is cancelled by their
normalisation over the pixels, so that path has no effect on the output.
"""

import torch
from torch import nn

from mossfuse.network.blocks import (
    HEADS,
    GatedFeedForward,
    PixelNorm,
    QueryKeyValue,
    Recomputable,
    TransformerBlock,
    attention_matrix,
    matrix,
)
from mossfuse.network.fused_operations import pointwise, products


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
        for layer in self.layers:
            x = pointwise(x, matrix(layer)) if isinstance(layer, nn.Conv2d) else layer(x)
        return x


class SpectralWeight(nn.Module):
    """One weight in (0, 1) per channel, from the channels' means: (N, dim) -> (N, dim)."""

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

    def forward(self, means):
        return self.layers(means)


class CrossAttention(nn.Module):
    """Channel attention on x, its queries weighted by y, plus a weighted convolution of y.

    What depends on the whole image (``products`` of queries and keys, means of the values and of y) is separate from
    the work at each pixel, so that both can also be done tile by tile.
    """

    def __init__(self, dim, kind):
        super().__init__()
        self.kind, self.dim = kind, dim
        self.temperature = nn.Parameter(torch.ones(HEADS, 1, 1))
        self.qkv = QueryKeyValue(dim)
        self.project_out = nn.Conv2d(dim, dim, 1, bias=False)
        self.spatial, self.spectral = SpatialWeight(dim), SpectralWeight(dim)
        if kind == "spatial":
            self.complement = nn.Conv2d(dim, dim, 3, padding=1, groups=dim, bias=False)
        else:
            self.complement = nn.Conv2d(dim, dim, 1, bias=False)

    def forward(self, x, y):
        query, key, value = self.qkv(x).chunk(3, dim=1)
        matrices = self.matrices(self.products(query, key, y), value.mean((2, 3)), y.mean((2, 3)))
        return self.output(value, y, *matrices)

    def products(self, query, key, y):
        """Return the products of queries and keys, (N, 2 * dim, 2 * dim), summed over the pixels; 'spatial': of
        weighted queries.
        """
        if self.kind == "spatial":
            query = query * self.spatial(y)
        return products(torch.cat([query, key], 1))

    def matrices(self, products, value_means, y_means):
        """Return the matrices, each (N, dim, dim), for the values and for the convolution of y; means are (N, dim)."""
        out = matrix(self.project_out)
        if self.kind == "spatial":
            attention = attention_matrix(products, self.temperature)
            weight = self.spectral((attention @ value_means[:, :, None])[:, :, 0])
            return out @ attention, out * weight[:, None]
        weight = self.spectral(y_means)
        scale = torch.cat([weight, torch.ones_like(weight)], 1)
        attention = attention_matrix(products * scale[:, :, None] * scale[:, None], self.temperature)
        return attention, out.expand_as(attention)

    def output(self, value, y, value_matrix, y_matrix):
        """Return the attention's output (N, dim, rows, cols) for the ``matrices``."""
        if self.kind == "spatial":
            return pointwise(value, value_matrix) + pointwise(self.complement(y), y_matrix)
        attended = pointwise(value, value_matrix)
        return pointwise(attended + pointwise(y, matrix(self.complement)) * self.spatial(attended), y_matrix)


class Aggregation(Recomputable):
    """x += cross-attention(norm(x), y); x += feed-forward(norm(x)).

    kind: 'spatial' (y: complementary features of the MSI) or 'spectral' (y: those of the HSI).
    """

    def __init__(self, dim, kind):
        super().__init__()
        self.norm1, self.attention = PixelNorm(dim), CrossAttention(dim, kind)
        self.norm2, self.feed_forward = PixelNorm(dim), GatedFeedForward(dim)

    def forward(self, shared, complementary):
        return self.run(shared, complementary)

    def compute(self, shared, complementary):
        """Return the aggregated features (N, dim, rows, cols)."""
        x = shared + self.attention(self.norm1(shared), complementary)
        return x + self.feed_forward(self.norm2(x))


class Addition(nn.Module):
    """The aggregation of an ablation: a plain transformer block on shared + complementary features.

    No feature is lost, but the complementary ones neither steer the attention nor are weighted.
    """

    def __init__(self, dim):
        super().__init__()
        self.block = TransformerBlock(dim)

    def forward(self, shared, complementary):
        return self.block(shared + complementary)
