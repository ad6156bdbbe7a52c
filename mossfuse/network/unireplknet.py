"""UniRepLKNet block: large depthwise kernel, squeeze-excitation, channel MLP with global response normalisation.

Source: UniRepLKNet (Ding et al., CVPR 2024, section 3); GRN: ConvNeXt V2 (Woo et al., CVPR 2023). MossFuse uses it
with a 7x7 kernel (four parallel branches while training) and with no kernel at all (a pure channel MLP).
Tensors are (N, channels, rows, cols).
"""

import torch
import torch.nn.functional as F
from torch import nn

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
    """Each channel times a weight in (0, 1) that the mean of all channels decides."""

    def __init__(self, dim):
        super().__init__()
        self.down = nn.Conv2d(dim, dim // 4, 1)
        self.up = nn.Conv2d(dim // 4, dim, 1)

    def forward(self, x):
        weight = self.up(F.relu(self.down(x.mean((2, 3), keepdim=True))))
        return x * weight.sigmoid()


class GlobalResponseNorm(nn.Module):
    """Channels compete by their energy over the image; input (N, rows, cols, channels). Without ``beta``: no offset."""

    def __init__(self, channels, offset=True):
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(channels))
        self.beta = nn.Parameter(torch.zeros(channels)) if offset else None

    def forward(self, x):
        energy = torch.linalg.vector_norm(x, dim=(1, 2), keepdim=True)
        relative = energy / (energy.mean(-1, keepdim=True) + 1e-6)
        x = (self.gamma * relative + 1) * x
        return x if self.beta is None else x + self.beta


class UniRepBlock(nn.Module):
    """x + gamma * MLP(SE(large kernel(x))); ``gamma`` starts at 1e-6, so the block starts as the identity."""

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
        y = self.excitation(self.large_kernel(x)).permute(0, 2, 3, 1)
        y = self.reduce(self.response(F.gelu(self.expand(y))))
        return x + self.gamma[:, None, None] * self.norm(y.permute(0, 3, 1, 2))
