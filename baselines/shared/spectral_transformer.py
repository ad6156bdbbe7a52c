"""Spectral-wise transformer (MST and MST++, Cai et al., CVPR 2022 and CVPRW 2022): attention between channels, not
pixels.

Written from the description; the official code is MIT.
"""

import torch
import torch.nn.functional as F
from torch import nn

from .padding import pad_reflect

MULTIPLE = 8  # images are reflected up to multiples of this many pixels
EXPANSION = 4  # of the feed-forward layers


class SpectralAttention(nn.Module):
    """Softmax attention between the channels of each head, which are l2-normalised over the pixels; (N, C, H, W) ->
    same.
    """

    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Conv2d(dim, 3 * dim, 1, bias=False)
        self.scale = nn.Parameter(torch.ones(heads, 1, 1))
        self.out = nn.Conv2d(dim, dim, 1)
        self.position = nn.Sequential(depthwise(dim), nn.GELU(), depthwise(dim))

    def forward(self, x):
        query, key, value = self.qkv(x).chunk(3, 1)
        q, k, v = (t.reshape(len(x), self.heads, -1, x.shape[2] * x.shape[3]) for t in (query, key, value))
        weights = (F.normalize(k, dim=-1) @ F.normalize(q, dim=-1).transpose(-2, -1) * self.scale).softmax(-1)
        return self.out((weights @ v).reshape(x.shape)) + self.position(value)


class Block(nn.Module):
    """Attention and feed-forward layers, each added to its input."""

    def __init__(self, dim, heads):
        super().__init__()
        self.attention = SpectralAttention(dim, heads)
        self.norm = nn.LayerNorm(dim)
        wide = EXPANSION * dim
        self.feed_forward = nn.Sequential(
            nn.Conv2d(dim, wide, 1, bias=False),
            nn.GELU(),
            depthwise(wide),
            nn.GELU(),
            nn.Conv2d(wide, dim, 1, bias=False),
        )

    def forward(self, x):
        x = x + self.attention(x)
        return x + self.feed_forward(self.norm(x.movedim(1, -1)).movedim(-1, 1))


class UShape(nn.Module):
    """A U of two halvings around blocks of ``dim``, 2 dim and 4 dim channels; (N, dim, H, W) -> same, H and W multiples
    of 4.
    """

    def __init__(self, dim):
        super().__init__()
        self.embed = nn.Conv2d(dim, dim, 3, 1, 1, bias=False)
        self.encoder = nn.ModuleList(Block(dim * 2**i, 2**i) for i in range(2))
        self.down = nn.ModuleList(nn.Conv2d(dim * 2**i, dim * 2 ** (i + 1), 4, 2, 1, bias=False) for i in range(2))
        self.middle = Block(4 * dim, 4)
        self.up = nn.ModuleList(nn.ConvTranspose2d(dim * 2 ** (i + 1), dim * 2**i, 2, 2) for i in (1, 0))
        self.fuse = nn.ModuleList(nn.Conv2d(dim * 2 ** (i + 1), dim * 2**i, 1, bias=False) for i in (1, 0))
        self.decoder = nn.ModuleList(Block(dim * 2**i, 2**i) for i in (1, 0))
        self.out = nn.Conv2d(dim, dim, 3, 1, 1, bias=False)

    def forward(self, image):
        x, skips = self.embed(image), []
        for block, down in zip(self.encoder, self.down, strict=True):
            skips.append(block(x))
            x = down(skips[-1])
        x = self.middle(x)
        for up, fuse, block in zip(self.up, self.fuse, self.decoder, strict=True):
            x = block(fuse(torch.cat([up(x), skips.pop()], 1)))
        return self.out(x) + image


class SpectralTransformer(nn.Module):
    """``stages`` U shapes between two 3x3 convolutions; (N, inside, H, W) -> (N, outside, H, W), any H and W.

    The features after the first convolution are added to those after the last U.
    """

    def __init__(self, inside, outside, dim, stages):
        super().__init__()
        self.first = nn.Conv2d(inside, dim, 3, 1, 1, bias=False)
        self.stages = nn.Sequential(*(UShape(dim) for _ in range(stages)))
        self.last = nn.Conv2d(dim, outside, 3, 1, 1, bias=False)

    def forward(self, image):
        x = self.first(pad_reflect(image, MULTIPLE))
        return self.last(self.stages(x) + x)[..., : image.shape[2], : image.shape[3]]


def depthwise(channels):
    """Return a depthwise 3x3 convolution without bias."""
    return nn.Conv2d(channels, channels, 3, 1, 1, groups=channels, bias=False)
