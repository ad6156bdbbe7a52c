"""The network of MIMO-SST (Fang et al. 2024), as its code computes it."""

import torch
import torch.nn.functional as F
from torch import nn

from ..shared.padding import pad_reflect
from ..shared.supervised import enlarge

MULTIPLE = 4  # nearest halves and quarters of the images, and two pixel shuffles


class ThreeScaleNet(nn.Module):
    """(HSI (N, B, h, w), MSI (N, M, H, W)) -> cube (N, B, H, W), not clipped from above; width: even, of the first scale."""

    def __init__(self, bands, msi_bands, ratio, width=48):
        super().__init__()
        self.ratio = ratio
        self.of_msi, self.of_hsi = convolution(msi_bands, width, bias=True), convolution(bands, width, bias=True)
        self.cross = CrossAttention(width)
        self.embed = convolution(2 * width + msi_bands + bands, width)
        self.down_1, self.down_2 = convolution(width, width // 2), convolution(2 * width, width)
        joined = 4 * (width // 2) + width
        self.encode_2 = convolution(joined, 2 * width, bias=True)
        self.encode_3 = convolution(4 * width + width, 4 * width, bias=True)
        self.up_3, self.up_2 = convolution(4 * width, 8 * width), convolution(2 * width, 4 * width)
        self.reduce = nn.Conv2d(4 * width, 2 * width, 1, bias=False)
        self.head_3 = convolution(4 * width, bands, bias=True)
        self.head_2, self.head_1 = convolution(2 * width, bands, bias=True), convolution(2 * width, bands, bias=True)

    def scales(self, hsi, msi):
        """Return the cubes at full, half and quarter size of the MSI."""
        rows, cols = msi.shape[2:]
        up = pad_reflect(enlarge(hsi, self.ratio, "bilinear"), MULTIPLE)
        msi = pad_reflect(msi, MULTIPLE)
        steps = (1, 2, 4)
        ups, msis = ([image[:, :, ::step, ::step] for step in steps] for image in (up, msi))
        first, second, third = (self.embed(self.features(x, y)) for x, y in zip(msis, ups, strict=True))
        e1 = first
        e2 = self.encode_2(torch.cat([F.pixel_unshuffle(self.down_1(e1), 2), second], 1))
        e3 = self.encode_3(torch.cat([F.pixel_unshuffle(self.down_2(e2), 2), third], 1))
        d2 = self.reduce(torch.cat([F.pixel_shuffle(self.up_3(e3), 2), e2], 1))
        d1 = torch.cat([F.pixel_shuffle(self.up_2(d2), 2), e1], 1)
        cubes = F.relu(ups[0] + self.head_1(d1)), ups[1] + self.head_2(d2), ups[2] + self.head_3(e3)
        return [z[:, :, : -(-rows // step), : -(-cols // step)] for z, step in zip(cubes, steps, strict=True)]

    def forward(self, hsi, msi):
        return self.scales(hsi, msi)[0]

    def features(self, msi, up):
        """Return both images after the cross attention, and the images themselves."""
        return torch.cat([*self.cross(self.of_msi(msi), self.of_hsi(up)), msi, up], 1)


class CrossAttention(nn.Module):
    """Channel attention between two feature images (N, C, H, W), each the other's values; -> both."""

    def __init__(self, width):
        super().__init__()
        self.norm_1, self.norm_2 = PixelNorm(width), PixelNorm(width)
        self.qkv = nn.Conv2d(width, 3 * width, 1, bias=False)
        self.local = nn.Conv2d(3 * width, 3 * width, 3, padding=1, groups=3 * width, bias=False)
        self.sharpness, self.softness = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
        self.project = nn.Conv2d(width, width, 1, bias=False)
        self.forth = nn.Sequential(convolution(width, width, bias=True), nn.GELU())

    def forward(self, x, y):
        shape = x.shape
        query_x, key_x, value_x = self.parts(x)
        query_y, key_y, value_y = self.parts(y)
        of_x = (self.sharpness * key_y @ query_x.transpose(1, 2)).softmax(-1) @ value_y
        of_y = (key_x @ query_y.transpose(1, 2) / self.softness).softmax(-1) @ value_x
        x = x + self.project(of_x.reshape(shape))
        y = y + of_y.reshape(shape)
        return x + self.forth(self.norm_2(x)), y + self.forth(self.norm_2(y))

    def parts(self, image):
        """Return query, key, value (N, C, pixels); the first two have length 1 over the pixels."""
        query, key, value = self.local(self.qkv(self.norm_1(image))).flatten(2).chunk(3, 1)
        return F.normalize(query, dim=-1), F.normalize(key, dim=-1), value


class PixelNorm(nn.Module):
    """Layer normalisation of every pixel over its channels, (N, C, H, W) -> same."""

    def __init__(self, channels):
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, image):
        return self.norm(image.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def convolution(inside, outside, bias=False):
    """Return a 3 x 3 convolution that keeps the size."""
    return nn.Conv2d(inside, outside, 3, padding=1, bias=bias)
