"""Guided deep decoder (Uezato et al., ECCV 2020): noise is decoded to a cube under gates computed from the guide image.

Written from the paper's description; with 64 channels, 31 and 3 bands it has the 245,151 parameters of the public code;
how they are distributed over the layers is our reading.
"""

import torch.nn.functional as F
from torch import nn

from ..shared.padding import ReflectConv2d

LEVELS = 5  # halvings of the image
SLOPE = 0.2  # of the leaky ReLU


def conv(inside, outside, size, stride=1):
    """Return convolution, batch norm (over the image's own pixels), leaky ReLU."""
    return nn.Sequential(
        ReflectConv2d(inside, outside, size, stride),
        nn.BatchNorm2d(outside),
        nn.LeakyReLU(SLOPE),
    )


class Guide(nn.Module):
    """Encoder-decoder on the guide (1, M, H, W): lists of features, coarse to fine, of the encoder and of the decoder.

    One convolution of each kind serves every level.
    """

    def __init__(self, bands, channels):
        super().__init__()
        self.first = conv(bands, channels, 3)
        self.down = conv(channels, channels, 3, stride=2)
        self.keep = conv(channels, channels, 3)
        self.up = conv(channels, channels, 3)

    def forward(self, guide):
        encoded = [self.first(guide)]
        for _ in range(LEVELS):
            encoded.insert(0, self.keep(self.down(encoded[0])))
        decoded = [encoded[0]]
        for skip in encoded[1:]:
            decoded.append(self.up(upsample_by_two(decoded[-1]) + skip))
        return encoded[1:], decoded[1:]


class Refinement(nn.Module):
    """Features of the image branch, recombined per pixel and multiplied by a gate in [0, 1] computed from a guide
    feature.
    """

    def __init__(self, channels):
        super().__init__()
        self.features = conv(channels, channels, 1)
        self.gate = nn.Sequential(conv(channels, channels, 1), nn.Conv2d(channels, channels, 1), nn.Sigmoid())

    def forward(self, x, guide):
        return self.features(x) * self.gate(guide)


class Level(nn.Module):
    """One doubling of the image branch: upsampling refinement by the guide's decoder, then feature refinement by its
    encoder.
    """

    def __init__(self, channels):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.upsampling, self.feature = Refinement(channels), Refinement(channels)

    def forward(self, x, encoded, decoded):
        return self.feature(self.upsampling(self.norm(upsample_by_two(x)), decoded), encoded)


class GuidedDecoder(nn.Module):
    """(noise (1, B, H / 32, W / 32), guide (1, M, H, W)) -> cube (1, B, H, W)."""

    def __init__(self, bands, msi_bands, channels=64):
        super().__init__()
        self.guide = Guide(msi_bands, channels)
        self.first = nn.Conv2d(bands, channels, 1)
        self.levels = nn.ModuleList(Level(channels) for _ in range(LEVELS))
        self.last = nn.Conv2d(channels, bands, 1)

    def forward(self, noise, guide):
        x = self.first(noise)
        for level, encoded, decoded in zip(self.levels, *self.guide(guide), strict=True):
            x = level(x, encoded, decoded)
        return self.last(x)


def upsample_by_two(x):
    """Upsample bilinearly by 2."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
