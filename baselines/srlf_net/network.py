"""The network of SRLF-Net (2025): four stages that refine the pixels at which the re-degraded estimate is worst."""

import torch
import torch.nn.functional as F
from torch import nn

from mossfuse.physics.tensors import blur_sample, project_spectra

from ..shared.supervised import enlarge
from .scan import SelectiveScan2d
from .selection import angle, refined, share_of, similarity

HEADS = 4
DROPOUT = 0.3
SLOPE = 0.1  # of the leaky ReLU between the layers of a feed-forward block


class SelectiveRelearning(nn.Module):
    """(HSI (N, B, h, w), MSI (N, M, H, W), Optics) -> cube (N, B, H, W), not clipped.

    stages: how many; state: numbers per channel in the scans, half the bands where None.
    """

    def __init__(self, bands, msi_bands, ratio, stages=4, state=None):
        super().__init__()
        self.ratio = ratio
        self.first = nn.Conv2d(bands + msi_bands, bands, 3, padding=1)
        self.stages = nn.ModuleList(Stage(bands, msi_bands, ratio, state or max(bands // 2, 1)) for _ in range(stages))
        self.last = nn.Conv2d((stages + 1) * bands, bands, 1, bias=False)

    def forward(self, hsi, msi, optics):
        up = enlarge(hsi, self.ratio, "bicubic")
        features = [self.first(torch.cat([up, msi], 1))]
        for stage in self.stages:
            features.append(stage(features[-1], hsi, msi, optics))
        return up + self.last(torch.cat(features[::-1], 1))


class Optics:
    """The known sensor as tensors on a device: ``colours`` projects a cube, ``blur`` brings it to the HSI's size."""

    def __init__(self, sensor, ratio, device):
        self.psf, self.srf = (torch.as_tensor(a, dtype=torch.float32, device=device) for a in (sensor.psf, sensor.srf))
        self.phase, self.border, self.ratio = sensor.phase, sensor.border, ratio

    def colours(self, cube):
        """Return (N, M, H, W) of (N, B, H, W)."""
        return project_spectra(cube, self.srf)

    def blur(self, cube):
        """Return (N, B, h, w) of (N, B, H, W)."""
        return blur_sample(cube, self.psf, self.phase, self.ratio, self.border)


class Stage(nn.Module):
    """Scan at both sizes, check against the MSI, refine; check against the HSI, refine; join. (N, B, H, W) -> same."""

    def __init__(self, bands, msi_bands, ratio, state):
        super().__init__()
        self.fine, self.coarse, self.joint, self.final = (ScanBlock(bands, state) for _ in range(4))
        self.down = nn.Sequential(*(strided(bands, factor) for factor in large_factors(ratio)))
        self.up, self.up_refined = (nn.Conv2d(bands, bands * ratio**2, 1, bias=False) for _ in range(2))
        self.shuffle = nn.PixelShuffle(ratio)
        self.join, self.join_low, self.join_sizes, self.join_input = (nn.Conv2d(2 * bands, bands, 1) for _ in range(4))
        self.norm = nn.LayerNorm(bands)
        self.with_msi = nn.Conv2d(bands + msi_bands, bands, 1)
        self.spectral, self.spatial = TokenBlock(bands), TokenBlock(bands)

    def forward(self, features, hsi, msi, optics):
        fine = self.fine(features)
        coarse = self.shuffle(self.up(self.coarse(self.down(fine))))
        estimate = per_pixel(self.norm, self.joint(self.join(torch.cat([fine, coarse], 1))))
        seen = similarity(optics.colours(estimate).clamp(0, 1), msi)
        share = share_of(seen)
        high = self.with_msi(torch.cat([estimate, msi], 1))
        high = refined(high, -seen, int(share * seen[0].numel()), self.spectral)
        blurred = optics.blur(high)
        apart = angle(blurred, hsi)
        low = self.join_low(torch.cat([blurred, hsi], 1))
        low = refined(low, apart, int(share * apart[0].numel()), self.spatial)
        joined = self.join_sizes(torch.cat([high, self.shuffle(self.up_refined(low))], 1))
        return self.join_input(torch.cat([self.final(joined) + joined, features], 1))


class ScanBlock(nn.Module):
    """The image plus the selective scan of its normalised pixels, (N, C, H, W) -> same."""

    def __init__(self, channels, state):
        super().__init__()
        self.norm, self.scan, self.drop = nn.LayerNorm(channels), SelectiveScan2d(channels, state), nn.Dropout(DROPOUT)

    def forward(self, image):
        return image + per_pixel(lambda x: self.drop(self.scan(self.norm(x))), image)


class TokenBlock(nn.Module):
    """A transformer block on a set of pixels with attention across channels, (N, tokens, C) -> same."""

    def __init__(self, channels):
        super().__init__()
        self.size = max(channels // HEADS, 1)
        inner = HEADS * self.size
        self.norm_1, self.norm_2 = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.qkv = nn.Linear(channels, 3 * inner, bias=False)
        self.scale = nn.Parameter(torch.ones(HEADS, 1, 1))
        self.project = nn.Linear(inner, channels)
        self.position = nn.Sequential(nn.Linear(inner, channels), nn.GELU(), nn.Linear(channels, channels))
        middle = max(channels // 2, 1)
        self.forth = nn.Sequential(nn.Linear(channels, middle), nn.LeakyReLU(SLOPE), nn.Linear(middle, channels))

    def forward(self, tokens):
        tokens = tokens + self.attend(self.norm_1(tokens))
        return tokens + self.forth(self.norm_2(tokens))

    def attend(self, tokens):
        """Mix the channels of each head, by how their values agree over the tokens."""
        values = self.qkv(tokens).chunk(3, -1)
        query, key, value = (
            x.unflatten(-1, (HEADS, self.size)).permute(0, 2, 3, 1) for x in values
        )  # (N, heads, C, n)
        query, key = F.normalize(query, dim=-1), F.normalize(key, dim=-1)
        weights = (self.scale * key @ query.transpose(2, 3)).softmax(-1)
        mixed = (weights @ value).permute(0, 3, 1, 2).flatten(2)
        return self.project(mixed) + self.position(values[2])


def per_pixel(function, image):
    """Apply a function of (N, H, W, C) to an image (N, C, H, W)."""
    return function(image.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def strided(channels, factor):
    """Return a convolution that makes an image smaller by ``factor``; by 4 and by 2 those of the paper."""
    return nn.Conv2d(channels, channels, factor + 2, factor, padding=2 if factor == 4 else 1, bias=False)


def large_factors(ratio):
    """Return the strides from the MSI's to the HSI's size, fours first: 8 -> [4, 2], 32 -> [4, 4, 2], 5 -> [5]."""
    factors = []
    for factor in (4, 2):
        while ratio % factor == 0:
            factors.append(factor)
            ratio //= factor
    return factors + [ratio] * (ratio > 1)
