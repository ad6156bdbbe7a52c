"""The four decoders: one produces the high-resolution HSI, three rebuild the inputs and serve only the paper's losses.

All inputs and outputs have the MSI's size; no output is clamped and none has a skip connection from the inputs.
"""

from torch import nn

from mossfuse.network.aggregation import Addition, Aggregation
from mossfuse.network.blocks import matrix, transformer_blocks
from mossfuse.network.fused_operations import pointwise

AGGREGATIONS = ("both", "spatial", "spectral", "neither")


def aggregate(dim, kind, aware):
    """Return the aggregation of a ``kind``, 'spatial' or 'spectral': an Addition if ``aware`` (of AGGREGATIONS)
    excludes it.
    """
    return Aggregation(dim, kind) if aware in ("both", kind) else Addition(dim)


def head(dim, bands):
    """Return the layers from features to bands: two 3x3 convolutions with a leaky ReLU between."""
    return nn.Sequential(
        nn.Conv2d(dim, dim // 2, 3, padding=1, bias=False),
        nn.LeakyReLU(0.01),
        nn.Conv2d(dim // 2, bands, 3, padding=1, bias=False),
    )


def merge_features(conv, *features):
    """Apply a 1x1 convolution to stacked features without stacking them in memory."""
    parts = matrix(conv).chunk(len(features), dim=1)
    return sum(pointwise(x, weight) for x, weight in zip(features, parts, strict=True))


class DecoderOne(nn.Module):
    """Rebuilds one image from its own shared and complementary features; ``kind`` and ``aware`` as for ``aggregate``.

    ``unused`` is a released layer that no output depends on; it keeps the parameter count of the released code.
    """

    def __init__(self, bands, dim, num_blocks, kind, aware="both"):
        super().__init__()
        self.unused = nn.Conv2d(2 * dim, dim, 1, bias=False)
        self.aggregate = aggregate(dim, kind, aware)
        self.blocks = transformer_blocks(dim, num_blocks - 1)
        self.head = head(dim, bands)

    def forward(self, shared, complementary):
        return self.head(self.blocks(self.aggregate(shared, complementary)))


class DecoderLR(nn.Module):
    """The blurred MSI (spatially and spectrally degraded scene) from the two shared features."""

    def __init__(self, bands, dim, num_blocks):
        super().__init__()
        self.merge = nn.Conv2d(2 * dim, dim, 1, bias=False)
        self.blocks = transformer_blocks(dim, num_blocks)
        self.head = head(dim, bands)

    def forward(self, shared_msi, shared_hsi):
        return self.head(self.blocks(merge_features(self.merge, shared_msi, shared_hsi)))


class DecoderHR(nn.Module):
    """The high-resolution HSI from all four features; ``aware`` as for ``aggregate``."""

    def __init__(self, bands, dim, num_blocks, aware="both"):
        super().__init__()
        self.merge = nn.Conv2d(2 * dim, dim, 1, bias=False)
        self.aggregate_spatial = aggregate(dim, "spatial", aware)
        self.aggregate_spectral = aggregate(dim, "spectral", aware)
        self.blocks = transformer_blocks(dim, num_blocks)
        self.head = head(dim, bands)

    def forward(self, shared_msi, shared_hsi, complementary_msi, complementary_hsi):
        x = merge_features(self.merge, shared_msi, shared_hsi)
        x = self.aggregate_spectral(self.aggregate_spatial(x, complementary_msi), complementary_hsi)
        return self.head(self.blocks(x))
