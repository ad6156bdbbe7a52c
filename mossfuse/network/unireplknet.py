"""UniRepLKNet block: large depthwise kernel, squeeze-excitation, channel MLP with global response normalisation.

Source: UniRepLKNet (Ding et al., CVPR 2024, section 3); GRN: ConvNeXt V2 (Woo et al., CVPR 2023). MossFuse uses it
with a 7x7 kernel (four parallel branches while training) and with no kernel at all (a pure channel MLP).
Tensors are (N, channels, rows, cols).
"""

import torch
import torch.nn.functional as F
from torch import nn

from mossfuse.network.blocks import Recomputable, matrix
from mossfuse.network.fused_operations import pointwise, response_factor, response_projection

KERNEL = 7
BRANCHES = ((7, 1), (5, 1), (3, 2), (3, 3))  # (kernel size, dilation); all fit into KERNEL x KERNEL
MLP_RATIO = 4


class DilatedBranches(nn.Module):
    """Sum of four depthwise convolutions, each followed by batch normalisation."""

    def __init__(self, dim):
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv2d(dim, dim, k, padding=d * (k - 1) // 2, dilation=d, groups=dim, bias=False) for k, d in BRANCHES
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(dim) for _ in BRANCHES)

    def forward(self, x):
        return sum(norm(conv(x)) for conv, norm in zip(self.convs, self.norms, strict=True))


class SqueezeExcitation(nn.Module):
    """A weight in (0, 1) per channel, computed from the means of all channels: (N, dim) -> (N, dim)."""

    def __init__(self, dim):
        super().__init__()
        self.down = nn.Conv2d(dim, dim // 4, 1)
        self.up = nn.Conv2d(dim // 4, dim, 1)

    def forward(self, means):
        narrow = F.relu(F.linear(means, matrix(self.down), self.down.bias))
        return F.linear(narrow, matrix(self.up), self.up.bias).sigmoid()


class GlobalResponseNorm(nn.Module):
    """Channels compete by their energy over the image: a factor per channel, (N, channels) -> (N, channels).

    ``beta`` is the offset that follows the factor; None where it is folded into the next layer.
    """

    def __init__(self, channels, offset=True):
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(channels))
        self.beta = nn.Parameter(torch.zeros(channels)) if offset else None

    def forward(self, squares):
        """Return the factors (N, channels) for sums of squares (N, channels) over the image."""
        return response_factor(squares, self.gamma)


class ChannelMLP(Recomputable):
    """The channel MLP of a UniRepBlock: squeeze-excitation, linear, GELU, response norm, linear.

    Factors that depend on the whole image (``means`` of the input, ``squares`` of the hidden channels) are multiplied
    into the weights of the following layer, so that each pixel needs only two matrix products and the GELU.
    """

    def mlp(self, y):
        """Apply the MLP, (N, dim, rows, cols) -> (N, dim, rows, cols)."""
        return self.run(y)

    def compute(self, y):
        """Return the MLP's output (N, dim, rows, cols)."""
        hidden = pointwise(y, self.expand_matrix(y.mean((2, 3))), self.expand.bias)
        return response_projection(hidden, self.response.gamma, self.reduce.weight, self.reduce_bias())

    def expand_matrix(self, means):
        """Return the matrices (N, 4 * dim, dim) from the means (N, dim) of the input over the image."""
        return self.expand.weight * self.excitation(means)[:, None]

    def reduce_matrix(self, squares):
        """Return the matrices (N, dim, 4 * dim) from the hidden channels' sums of squares (N, 4 * dim) over the image."""
        return self.reduce.weight * self.response(squares)[:, None]

    def reduce_bias(self):
        """Return the bias (dim,) of the last layer, the response norm's offset included."""
        return self.reduce.bias if self.response.beta is None else self.reduce.weight @ self.response.beta


class UniRepBlock(ChannelMLP):
    """x + gamma * MLP(large kernel(x)); ``gamma`` starts at 1e-6, so the block starts as the identity."""

    def __init__(self, dim, large_kernel=True):
        super().__init__()
        self.large_kernel = nn.Sequential(DilatedBranches(dim), nn.BatchNorm2d(dim)) if large_kernel else nn.Identity()
        self.excitation = SqueezeExcitation(dim)
        self.expand = nn.Linear(dim, MLP_RATIO * dim)
        self.response = GlobalResponseNorm(MLP_RATIO * dim)
        self.reduce = nn.Linear(MLP_RATIO * dim, dim, bias=False)
        self.norm = nn.BatchNorm2d(dim)
        self.gamma = nn.Parameter(torch.full((dim,), 1e-6))

    def forward(self, x):
        return x + self.gamma[:, None, None] * self.norm(self.mlp(self.large_kernel(x)))
