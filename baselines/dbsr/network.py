"""Hourglass with skip connections, the network of deep image priors (Ulyanov et al., CVPR 2018), here with two scales."""

import torch
import torch.nn.functional as F
from torch import nn

from ..shared.padding import ReflectConv2d, pad_reflect

SCALES = 2
SKIP = 4  # channels of a skip connection
SLOPE = 0.2  # of the leaky ReLU


class SkipUNet(nn.Module):
    """(1, bands, H, W) -> (1, bands, H, W) in (0, 1), any H and W; ``channels`` in every layer."""

    def __init__(self, bands, channels):
        super().__init__()
        inside = [bands] + [channels] * (SCALES - 1)
        self.skips = nn.ModuleList(conv(n, SKIP, 1) for n in inside)
        self.downs = nn.ModuleList(nn.Sequential(conv(n, channels, 3, 2), conv(channels, channels, 3)) for n in inside)
        self.ups = nn.ModuleList(
            nn.Sequential(
                nn.BatchNorm2d(channels + SKIP), conv(channels + SKIP, channels, 3), conv(channels, channels, 1)
            )
            for _ in inside
        )
        self.last = nn.Conv2d(channels, bands, 1)

    def forward(self, image):
        x = pad_reflect(image, 2**SCALES, 2 ** (SCALES + 1))
        return torch.sigmoid(self.last(self.scale(x, 0)))[..., : image.shape[2], : image.shape[3]]

    def scale(self, x, level):
        """Return the features of one scale and all coarser ones."""
        deeper = self.downs[level](x)
        if level + 1 < SCALES:
            deeper = self.scale(deeper, level + 1)
        up = F.interpolate(deeper, scale_factor=2, mode="bilinear", align_corners=False)
        return self.ups[level](torch.cat([up, self.skips[level](x)], 1))


def conv(inside, outside, size, stride=1):
    """Return convolution (reflected border), batch norm over the image's own pixels, leaky ReLU."""
    return nn.Sequential(
        ReflectConv2d(inside, outside, size, stride),
        nn.BatchNorm2d(outside),
        nn.LeakyReLU(SLOPE),
    )
