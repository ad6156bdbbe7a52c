"""A selective scan of images in four directions (Gu and Dao 2023; Liu et al., VMamba, 2024), without an extension for GPUs."""

import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

DIRECTIONS = 4  # along rows, along columns, and both backwards
EXPANSION = 2
SMALLEST_STEP, LARGEST_STEP = 1e-3, 1e-1  # of the step sizes at the start


class SelectiveScan2d(nn.Module):
    """SS2D: gated, a depthwise convolution, and a state space model along four paths; (N, H, W, C) -> same.

    state: numbers that the recurrence keeps per channel.
    """

    def __init__(self, channels, state):
        super().__init__()
        self.state, inner = state, EXPANSION * channels
        self.rank = math.ceil(channels / 16)
        self.enter = nn.Linear(channels, 2 * inner, bias=False)
        self.local = nn.Conv2d(inner, inner, 3, padding=1, groups=inner)
        self.select = nn.Parameter(uniform(DIRECTIONS, self.rank + 2 * state, inner, bound=inner**-0.5))
        self.step_weight = nn.Parameter(uniform(DIRECTIONS, inner, self.rank, bound=self.rank**-0.5))
        step = torch.exp(uniform(DIRECTIONS, inner, bound=1) / 2 * math.log(LARGEST_STEP / SMALLEST_STEP))
        step = step * math.sqrt(SMALLEST_STEP * LARGEST_STEP)
        self.step_bias = nn.Parameter(step + torch.log(-torch.expm1(-step)))  # the inverse of softplus
        self.log_decay = nn.Parameter(torch.log(torch.arange(1.0, state + 1)).repeat(DIRECTIONS, inner, 1))
        self.skip = nn.Parameter(torch.ones(DIRECTIONS, inner))
        self.norm = nn.LayerNorm(inner)
        self.leave = nn.Linear(inner, channels, bias=False)

    def forward(self, image):
        x, gate = self.enter(image).chunk(2, -1)
        x = F.silu(self.local(x.permute(0, 3, 1, 2)))
        rows, cols = x.shape[2:]
        along, across = x.flatten(2), x.transpose(2, 3).flatten(2)
        paths = torch.stack([along, across, along.flip(-1), across.flip(-1)], 1)  # (N, 4, D, L)
        found = checkpoint(self.scan, paths, use_reentrant=False) if torch.is_grad_enabled() else self.scan(paths)
        forth = found[:, :2] + found[:, 2:].flip(-1)
        total = forth[:, 0] + forth[:, 1].unflatten(-1, (cols, rows)).transpose(2, 3).flatten(2)
        total = total.transpose(1, 2).unflatten(1, (rows, cols))
        return self.leave(self.norm(total) * F.silu(gate))

    def scan(self, paths):
        """Return the outputs (N, 4, D, L) of the recurrences along the paths (N, 4, D, L)."""
        sizes = (self.rank, self.state, self.state)
        step, inward, outward = torch.einsum("nkdl,kcd->nkcl", paths, self.select).split(sizes, 2)
        step = torch.einsum("nkrl,kdr->nkdl", step, self.step_weight) + self.step_bias[..., None]
        along = [
            t.permute(3, 0, 1, 2).contiguous() for t in (F.softplus(step), paths, inward, outward)
        ]  # (L, N, 4, ...)
        step, drive, inward, outward = along
        decay = torch.exp(-step[..., None] * self.log_decay.exp())
        states = recurrence(decay, (step * drive)[..., None] * inward[..., None, :])
        found = (states @ outward[..., None])[..., 0].permute(1, 2, 3, 0)
        return found + self.skip[..., None] * paths


def recurrence(decay, drive):
    """Return h of h_t = decay_t h_(t-1) + drive_t with h_(-1) = 0, along the first axis; all (L, ...).

    In pieces of about sqrt(L), all of them at once, and then from piece to piece: 2 sqrt(L) steps in place of L.
    """
    length = len(decay)
    side = math.isqrt(length - 1) + 1
    missing = side * -(-length // side) - length
    if missing:
        decay = torch.cat([decay, decay.new_ones(missing, *decay.shape[1:])])
        drive = torch.cat([drive, drive.new_zeros(missing, *drive.shape[1:])])
    decays, drives = (x.unflatten(0, (-1, side)).unbind(1) for x in (decay, drive))
    inside, product = [drives[0]], [decays[0]]
    for decay, drive in zip(decays[1:], drives[1:], strict=True):
        inside.append(decay * inside[-1] + drive)
        product.append(decay * product[-1])
    before = [torch.zeros_like(inside[0][0])]
    for decay, state in zip(product[-1][:-1].unbind(), inside[-1][:-1].unbind(), strict=True):
        before.append(decay * before[-1] + state)
    inside, product = torch.stack(inside, 1), torch.stack(product, 1)
    return (inside + product * torch.stack(before)[:, None]).flatten(0, 1)[:length]


def uniform(*shape, bound):
    """Return numbers drawn from the uniform distribution between -bound and bound."""
    return (2 * torch.rand(*shape) - 1) * bound
