"""MHF-net (Xie et al., CVPR 2019, TPAMI 2022): proximal gradient steps for the part of the cube that the MSI does not
show.

Written from the description; for other ratios than 32 the strides are the ratio's factors in the same manner.
"""

import torch
import torch.nn.functional as F
from torch import nn

FIRST_SCALE = 1 / 20  # of every normalisation
GUIDE_SHARE = 1 / 10  # of the MSI where it guides the upsampling
FINAL_BLOCKS = 4
BLUR = 4  # side of the kernel after the upsampling
WIDER = 3  # channels that a residual block has more inside


class UnfoldedFusion(nn.Module):
    """(HSI (N, B, h, w), MSI (N, M, H, W)) -> mapping: 'cube', 'stages' (list of cubes), 'msi_part', 'residual'.

    The cube is msi A + hidden B with ``hidden`` of ``rank`` channels, refined by a few residual blocks.
    spectra: (A (M, B), B (rank, B)) to start from.
    """

    def __init__(self, bands, msi_bands, ratio, stages, rank, spectra=None):
        super().__init__()
        self.rank = rank
        a, b = spectra or (torch.zeros(msi_bands, bands), torch.zeros(rank, bands))
        self.msi_spectra, self.hidden_spectra = nn.Parameter(a), nn.Parameter(b)
        self.down = Down(bands, ratio)
        self.ups = nn.ModuleList(Up(bands, msi_bands, ratio) for _ in range(stages))
        self.proximal = nn.ModuleList(Residual(rank) for _ in range(stages))
        self.final = nn.Sequential(*(Residual(bands) for _ in range(FINAL_BLOCKS)))

    def forward(self, hsi, msi):
        msi_part = mix(msi, self.msi_spectra)
        hidden = msi.new_zeros(len(msi), self.rank, *msi.shape[2:])
        cube, stages = msi_part, []
        for up, proximal in zip(self.ups, self.proximal, strict=True):
            gradient = up(self.down(cube) - hsi, msi)
            hidden = proximal(hidden - mix(gradient, self.hidden_spectra.T))
            cube = msi_part + mix(hidden, self.hidden_spectra)
            stages.append(cube)
        return {"cube": self.final(cube), "stages": stages, "msi_part": msi_part, "residual": self.down(cube) - hsi}


class Down(nn.Module):
    """Blur and sample, (N, B, H, W) -> (N, B, H / ratio, W / ratio): strided depthwise convolutions, means at first."""

    def __init__(self, bands, ratio):
        super().__init__()
        self.strides = large_factors(ratio)
        self.kernels = nn.ParameterList(
            torch.full((bands, 1, side, side), 1 / side**2) for side in (s + s // 2 for s in self.strides)
        )

    def forward(self, x):
        for kernel, stride in zip(self.kernels, self.strides, strict=True):
            extra = kernel.shape[2] - stride
            x = F.pad(x, (extra // 2, extra - extra // 2) * 2, mode="replicate")
            x = F.conv2d(x, kernel, stride=stride, groups=len(kernel))
        return x


class Up(nn.Module):
    """The way back, (N, B, h, w) with the MSI (N, M, H, W) -> (N, B, H, W).

    Transposed convolutions (the transpose of averaging, at first); after every second one, the last included, a
    residual block that sees the MSI at that scale; a depthwise blur at the end.
    """

    def __init__(self, bands, msi_bands, ratio):
        super().__init__()
        self.factors = prime_factors(ratio)
        self.layers = nn.ModuleList(upsampling_layer(bands, f) for f in self.factors)
        self.blocks = nn.ModuleDict({str(i): Residual(bands, msi_bands) for i in range(len(self.factors) - 1, -1, -2)})
        self.blur = nn.Parameter(torch.full((bands, 1, BLUR, BLUR), 1 / BLUR**2))

    def forward(self, x, msi):
        for i, (layer, factor) in enumerate(zip(self.layers, self.factors, strict=True)):
            x = layer(x, output_size=[factor * n for n in x.shape[2:]])
            if str(i) in self.blocks:
                guide = GUIDE_SHARE * F.adaptive_avg_pool2d(msi, x.shape[2:])
                x = self.blocks[str(i)](x, guide)
        x = F.pad(x, ((BLUR - 1) // 2, BLUR // 2) * 2, mode="replicate")
        return F.conv2d(x, self.blur, groups=len(self.blur))


class Residual(nn.Module):
    """x plus three normalised 3x3 convolutions of x and ``extra`` further channels (a guide)."""

    def __init__(self, channels, extra=0):
        super().__init__()
        inside = channels + WIDER
        self.layers = nn.Sequential(
            normalised_convolution(channels + extra, inside),
            nn.ReLU(),
            normalised_convolution(inside, inside),
            nn.ReLU(),
            normalised_convolution(inside, channels),
        )

    def forward(self, x, guide=None):
        return x + self.layers(x if guide is None else torch.cat([x, guide], 1))


def normalised_convolution(inside, outside):
    """Return a 3x3 convolution and a normalisation by the current batch's statistics, in use as in training."""
    norm = nn.BatchNorm2d(outside, track_running_stats=False)
    nn.init.constant_(norm.weight, FIRST_SCALE)
    return nn.Sequential(nn.Conv2d(inside, outside, 3, padding=1, bias=False), norm)


def upsampling_layer(bands, factor):
    """Return a layer that upsamples by ``factor``, initially per band: triangular weights over factor^2."""
    side = 2 * factor - 1
    layer = nn.ConvTranspose2d(bands, bands, side, factor, padding=(side - 1) // 2, bias=False)
    line = 1 - (torch.arange(side) - (side - 1) / 2).abs() / factor
    with torch.no_grad():
        layer.weight.copy_(torch.eye(bands)[:, :, None, None] * torch.outer(line, line) / factor**2)
    return layer


def mix(image, matrix):
    """Multiply the channels by a matrix, (N, C, H, W) x (C, D) -> (N, D, H, W)."""
    return F.conv2d(image, matrix.T[:, :, None, None])


def prime_factors(number):
    """Return the prime factors: 12 -> [2, 2, 3]; 1 -> [1]."""
    found, factor = [], 2
    while number > 1:
        while number % factor == 0:
            found.append(factor)
            number //= factor
        factor += 1
    return found or [1]


def large_factors(ratio):
    """Return the strides of the downsampling: 32 -> [4, 4, 2], 8 -> [4, 2], 5 -> [5]."""
    primes = prime_factors(ratio)
    twos = primes.count(2)
    return [4] * (twos // 2) + [2] * (twos % 2) + [p for p in primes if p > 2] or [1]
