"""The two encoders: each turns an image into shared and complementary features of the MSI's size.

The paper's figure draws one shared encoder for both images; the released code, followed here, has two.
"""

import torch
import torch.nn.functional as F
from torch import nn

from mossfuse.network.blocks import TransformerBlock, transformer_blocks
from mossfuse.network.unireplknet import UniRepBlock


class EncoderMSI(nn.Module):
    """(N, M, rows, cols) -> shared and complementary features, each (N, dim, rows, cols)."""

    def __init__(self, bands, dim, num_blocks):
        super().__init__()
        self.embed = nn.Conv2d(bands, dim, 3, padding=1, bias=False)
        self.base = transformer_blocks(dim, num_blocks)
        self.shared = nn.Sequential(
            UniRepBlock(dim), UniRepBlock(dim, False), UniRepBlock(dim, False), TransformerBlock(dim)
        )
        self.complementary = nn.Sequential(UniRepBlock(dim), UniRepBlock(dim, False), UniRepBlock(dim, False))

    def begin(self, msi):
        """Return the features (N, dim, rows, cols) from which both branches start."""
        return self.base(self.embed(channels_last(msi)))

    def forward(self, msi):
        base = self.begin(msi)
        return self.shared(base), self.complementary(base)


class EncoderHSI(nn.Module):
    """(N, B, rows / ratio, cols / ratio) -> shared and complementary features, each (N, dim, rows, cols).

    The image is enlarged first (bilinear, pixel centres aligned), whatever the sampling phase: only the degradation
    operator knows the phase.
    """

    def __init__(self, bands, dim, num_blocks, ratio):
        super().__init__()
        self.ratio = ratio
        self.embed = nn.Conv2d(bands, dim, 3, padding=1, bias=False)
        self.base = transformer_blocks(dim, num_blocks)
        self.shared = nn.Sequential(
            TransformerBlock(dim), UniRepBlock(dim), UniRepBlock(dim, False), UniRepBlock(dim, False)
        )
        self.complementary = TransformerBlock(dim)

    def begin(self, hsi):
        """Return the features (N, dim, rows, cols) from which both branches start."""
        return self.base(self.embed(enlarge(channels_last(hsi), self.ratio)))

    def forward(self, hsi):
        base = self.begin(hsi)
        return self.shared(base), self.complementary(base)


def channels_last(image):
    """Return the image with the channels of a pixel adjacent in memory, the fastest layout for every block."""
    return image.contiguous(memory_format=torch.channels_last)


def enlarge(image, ratio):
    """Enlarge bilinearly by an integer ratio, (N, C, h, w) -> (N, C, h * ratio, w * ratio)."""
    return F.interpolate(image, scale_factor=ratio, mode="bilinear", align_corners=False)
