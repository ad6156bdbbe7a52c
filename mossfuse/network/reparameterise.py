"""Fold trained UniRepLKNet blocks for inference: same values, fewer parameters and operations.

Four branches with batch normalisation become one 7x7 convolution with a bias; the last batch normalisation, the
offset of GRN and gamma go into the last linear layer. Source: UniRepLKNet (Ding et al., CVPR 2024, section 3.1).
"""

import copy

import torch
from torch import nn

from mossfuse.devices import generator_kept
from mossfuse.network.unireplknet import BRANCHES, KERNEL, ChannelMLP, GlobalResponseNorm, UniRepBlock


class FoldedBlock(ChannelMLP):
    """A UniRepBlock in evaluation mode, folded: x + MLP(7x7 convolution(x))."""

    def __init__(self, block):
        super().__init__()
        self.large_kernel = block.large_kernel
        if not isinstance(block.large_kernel, nn.Identity):
            self.large_kernel = fold_kernel(*block.large_kernel)
        self.excitation, self.expand = block.excitation, block.expand
        self.response = GlobalResponseNorm(block.expand.out_features, offset=False)
        self.response.gamma.data = block.response.gamma.data
        scale, shift = scale_and_shift(block.norm)
        self.reduce = nn.Linear(block.reduce.in_features, block.reduce.out_features)
        self.reduce.weight.data = (block.gamma * scale)[:, None] * block.reduce.weight
        self.reduce.bias.data = block.gamma * (scale * (block.reduce.weight @ block.response.beta) + shift)

    def forward(self, x):
        return x + self.mlp(self.large_kernel(x))


def scale_and_shift(norm):
    """Return (scale, shift) of a batch normalisation in evaluation mode."""
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return scale, norm.bias - scale * norm.running_mean


def fold_kernel(branches, norm):
    """Return one depthwise convolution with a bias, equal to norm(sum of the branches)."""
    dim = norm.num_features
    kernel, bias = torch.zeros(dim, 1, KERNEL, KERNEL, device=norm.weight.device), torch.zeros_like(norm.weight)
    for conv, branch_norm, (size, dilation) in zip(branches.convs, branches.norms, BRANCHES, strict=True):
        scale, shift = scale_and_shift(branch_norm)
        margin = (KERNEL - 1 - dilation * (size - 1)) // 2
        taps = slice(margin, KERNEL - margin, dilation)
        kernel[:, :, taps, taps] += scale[:, None, None, None] * conv.weight
        bias += shift
    scale, shift = scale_and_shift(norm)
    folded = nn.Conv2d(dim, dim, KERNEL, padding=KERNEL // 2, groups=dim)
    folded.weight.data, folded.bias.data = scale[:, None, None, None] * kernel, scale * bias + shift
    return folded


@torch.no_grad()
def reparameterise(network):
    """Return a copy of ``network`` in evaluation mode with folded UniRepBlocks; the original is unchanged."""
    network = copy.deepcopy(network).eval()
    with generator_kept():
        for parent in list(network.modules()):
            for name, child in parent.named_children():
                if isinstance(child, UniRepBlock):
                    setattr(parent, name, FoldedBlock(child))
    return network.eval().requires_grad_(False)
