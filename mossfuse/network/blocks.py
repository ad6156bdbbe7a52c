"""Transformer block of the encoders and decoders: attention across channels and a gated feed-forward part.

Source: Restormer (Zamir et al., CVPR 2022, sections 3.1 and 3.2), as used by MossFuse. No convolution here has a bias.
All tensors are (N, channels, rows, cols). Every statistic spans the whole image, so a pixel of the output depends
on all pixels of the input and tiles do not reproduce the image.
"""

import torch
import torch.nn.functional as F
from torch import nn

HEADS = 8


class PixelNorm(nn.Module):
    """Layer normalisation over the channels of each pixel (biased variance, eps 1e-5, learned scale and offset)."""

    def __init__(self, dim):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.bias = nn.Parameter(torch.zeros(dim))

    def forward(self, x):
        return F.layer_norm(x.permute(0, 2, 3, 1), self.weight.shape, self.weight, self.bias).permute(0, 3, 1, 2)


class QueryKeyValue(nn.Module):
    """1x1 then depthwise 3x3 convolution to queries, keys and values, each (N, dim, rows, cols)."""

    def __init__(self, dim):
        super().__init__()
        self.pointwise = nn.Conv2d(dim, 3 * dim, 1, bias=False)
        self.depthwise = nn.Conv2d(3 * dim, 3 * dim, 3, padding=1, groups=3 * dim, bias=False)

    def forward(self, x):
        return self.depthwise(self.pointwise(x)).chunk(3, dim=1)


def attend(query, key, value, temperature):
    """Attention between the channels of each head (the token of a channel is its image).

    temperature: (heads, 1, 1). Queries and keys have unit length over the pixels; the (channels / heads)^2 weights
    are the softmax of their products times the temperature. Linear in the number of pixels.
    """
    shape = value.shape
    heads = temperature.shape[0]
    query, key, value = (t.reshape(shape[0], heads, shape[1] // heads, -1) for t in (query, key, value))
    query, key = F.normalize(query, dim=-1), F.normalize(key, dim=-1)
    weights = (query @ key.transpose(-2, -1) * temperature).softmax(-1)
    return (weights @ value).reshape(shape)


class ChannelAttention(nn.Module):
    """Multi-head attention across channels ("MDTA")."""

    def __init__(self, dim):
        super().__init__()
        self.temperature = nn.Parameter(torch.ones(HEADS, 1, 1))
        self.qkv = QueryKeyValue(dim)
        self.project_out = nn.Conv2d(dim, dim, 1, bias=False)

    def forward(self, x):
        return self.project_out(attend(*self.qkv(x), self.temperature))


class GatedFeedForward(nn.Module):
    """Gated feed-forward network ("GDFN") of hidden width 2 * dim, exact GELU."""

    def __init__(self, dim):
        super().__init__()
        hidden = 2 * dim
        self.project_in = nn.Conv2d(dim, 2 * hidden, 1, bias=False)
        self.depthwise = nn.Conv2d(2 * hidden, 2 * hidden, 3, padding=1, groups=2 * hidden, bias=False)
        self.project_out = nn.Conv2d(hidden, dim, 1, bias=False)

    def forward(self, x):
        gate, content = self.depthwise(self.project_in(x)).chunk(2, dim=1)
        return self.project_out(F.gelu(gate) * content)


class TransformerBlock(nn.Module):
    """x += attention(norm(x)); x += feed-forward(norm(x))."""

    def __init__(self, dim):
        super().__init__()
        self.norm1, self.attention = PixelNorm(dim), ChannelAttention(dim)
        self.norm2, self.feed_forward = PixelNorm(dim), GatedFeedForward(dim)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.feed_forward(self.norm2(x))


def transformer_blocks(dim, count):
    """``count`` transformer blocks in a row (none: the identity)."""
    return nn.Sequential(*[TransformerBlock(dim) for _ in range(count)])
