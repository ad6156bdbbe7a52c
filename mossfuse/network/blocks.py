"""Transformer block of the encoders and decoders: attention across channels and a gated feed-forward part.

Source: Restormer (Zamir et al., CVPR 2022, sections 3.1 and 3.2), as used by MossFuse. No convolution here has a bias.
All tensors are (N, channels, rows, cols), best with channels last in memory. Every statistic spans the whole image, so
a pixel of the output depends on all pixels of the input; mossfuse.network.tiled gathers the statistics tile by tile.

Values are those of the released code (spelled out in mossfuse.network.released), reached with less work:
the lengths of queries and keys come from the same matrix product as their cosines, so that no normalised copy is made,
and the attention weights are multiplied into the output projection before they meet the pixels.
"""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

from mossfuse.network.fused_operations import gated_projection, pointwise, products

HEADS = 8
SHORTEST = 1e-12  # length below which a query or key counts as this long, as in F.normalize


def matrix(conv):
    """Return the weights of a 1x1 convolution as (out, in)."""
    return conv.weight.flatten(1)


class Recomputable(nn.Module):
    """A block that, with ``recompute`` set, stores only its input for the backward pass and runs twice.

    ``compute`` is the part that runs twice; it holds no batch statistics, which would be counted twice.
    """

    recompute = False

    def run(self, *inputs):
        """Run ``compute``; with ``recompute`` set and gradients enabled, without storing its inner values."""
        if self.recompute and torch.is_grad_enabled():
            return checkpoint(self.compute, *inputs, use_reentrant=False, preserve_rng_state=False)
        return self.compute(*inputs)


def recompute_blocks(network, on=True):
    """Set whether every block of the network recomputes its inner values in the backward pass."""
    for module in network.modules():
        if isinstance(module, Recomputable):
            module.recompute = on


class PixelNorm(nn.Module):
    """Layer normalisation over the channels of each pixel (biased variance, eps 1e-5, learned scale and offset)."""

    def __init__(self, dim):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.bias = nn.Parameter(torch.zeros(dim))

    def forward(self, x):
        return F.layer_norm(x.permute(0, 2, 3, 1), self.weight.shape, self.weight, self.bias).permute(0, 3, 1, 2)


class QueryKeyValue(nn.Module):
    """1x1 then depthwise 3x3 convolution to queries, keys and values, dim channels each, in this order."""

    def __init__(self, dim):
        super().__init__()
        self.pointwise = nn.Conv2d(dim, 3 * dim, 1, bias=False)
        self.depthwise = nn.Conv2d(3 * dim, 3 * dim, 3, padding=1, groups=3 * dim, bias=False)
        self.sizes = (2 * dim, dim)
        self.queries_and_keys, self.values = slice(0, 2 * dim), slice(2 * dim, 3 * dim)

    def forward(self, x, channels=slice(None)):
        """Return the given channels of queries, keys and values, (N, 3 * dim, rows, cols)."""
        kernel = self.depthwise.weight[channels]
        return F.conv2d(pointwise(x, matrix(self.pointwise)[channels]), kernel, padding=1, groups=len(kernel))


def attention_matrix(products, temperature):
    """Return the attention between the channels of each head (a channel's token is its image), as one matrix per image.

    products: (N, 2 * dim, 2 * dim) of queries and keys. temperature: (heads, 1, 1). Returns (N, dim, dim), zero
    between heads: the softmax over the keys of a head of the cosines times the temperature.
    """
    dim, heads = products.shape[1] // 2, len(temperature)
    products = products.to(torch.promote_types(products.dtype, torch.float32))
    lengths = products.diagonal(dim1=1, dim2=2).clamp_min(SHORTEST**2).sqrt()
    cosines = products[:, :dim, dim:] / (lengths[:, :dim, None] * lengths[:, None, dim:])
    own = cosines.unflatten(2, (heads, -1)).unflatten(1, (heads, -1)).diagonal(dim1=1, dim2=3).permute(0, 3, 1, 2)
    weights = (own * temperature).softmax(-1)
    apart = torch.eye(heads, dtype=weights.dtype, device=weights.device)
    return torch.einsum("nhij,hg->nhigj", weights, apart).reshape(-1, dim, dim)


class ChannelAttention(nn.Module):
    """Multi-head attention across channels ("MDTA"), linear in the number of pixels."""

    def __init__(self, dim):
        super().__init__()
        self.temperature = nn.Parameter(torch.ones(HEADS, 1, 1))
        self.qkv = QueryKeyValue(dim)
        self.project_out = nn.Conv2d(dim, dim, 1, bias=False)

    def forward(self, x):
        queries_and_keys, values = self.qkv(x).split(self.qkv.sizes, dim=1)
        return pointwise(values, self.output_matrix(products(queries_and_keys)))

    def output_matrix(self, products):
        """Return the matrices (N, dim, dim) that map values to the output of the attention."""
        return matrix(self.project_out) @ attention_matrix(products, self.temperature)


class GatedFeedForward(nn.Module):
    """Gated feed-forward network ("GDFN") of hidden width 2 * dim, exact GELU."""

    def __init__(self, dim):
        super().__init__()
        hidden = 2 * dim
        self.project_in = nn.Conv2d(dim, 2 * hidden, 1, bias=False)
        self.depthwise = nn.Conv2d(2 * hidden, 2 * hidden, 3, padding=1, groups=2 * hidden, bias=False)
        self.project_out = nn.Conv2d(hidden, dim, 1, bias=False)

    def forward(self, x):
        hidden = self.depthwise(pointwise(x, matrix(self.project_in)))
        return gated_projection(hidden, matrix(self.project_out))


class TransformerBlock(Recomputable):
    """x += attention(norm(x)); x += feed-forward(norm(x))."""

    def __init__(self, dim):
        super().__init__()
        self.norm1, self.attention = PixelNorm(dim), ChannelAttention(dim)
        self.norm2, self.feed_forward = PixelNorm(dim), GatedFeedForward(dim)

    def forward(self, x):
        return self.run(x)

    def compute(self, x):
        """Return the block's output (N, dim, rows, cols)."""
        x = x + self.attention(self.norm1(x))
        return x + self.feed_forward(self.norm2(x))


def transformer_blocks(dim, count):
    """Return ``count`` transformer blocks in a row (0: the identity)."""
    return nn.Sequential(*[TransformerBlock(dim) for _ in range(count)])
