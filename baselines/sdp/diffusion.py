"""The noise predictor of SDP (Liu et al. 2024) on single spectra, and its noise schedule (Ho et al. 2020)."""

import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

LEVELS = 1000
FIRST_VARIANCE, LAST_VARIANCE = 1e-4, 2e-2
CODE = 64  # numbers of the sinusoidal code of a level
HIDDEN = 4  # layers before the last one
DROPOUT = 1e-3
CHUNK = 2**16  # spectra at a time in a fit of a whole image


class NoisePredictor(nn.Module):
    """(spectra (n, B), levels (n,), or (1,) for all, int64) -> the noise in them (n, B).

    Every layer but the first sees the spectra again.
    """

    def __init__(self, bands, width):
        super().__init__()
        self.time = nn.Sequential(nn.Linear(CODE, bands), nn.SiLU(), nn.Linear(bands, bands))
        self.layers = nn.ModuleList(nn.Linear(bands if k == 0 else width + bands, width) for k in range(HIDDEN))
        self.shifts = nn.ModuleList(nn.Sequential(nn.SiLU(), nn.Linear(bands, width)) for _ in range(HIDDEN))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(HIDDEN))
        self.last = nn.Linear(width + bands, bands)

    def forward(self, spectra, levels):
        time, x = self.time(code(levels)), spectra
        for k, (layer, shift, norm) in enumerate(zip(self.layers, self.shifts, self.norms, strict=True)):
            x = layer(torch.cat([x, spectra], 1) if k else x)
            c = shift(time)
            x = F.dropout(F.silu(norm(x * (1 + c) + c)), DROPOUT, self.training)  # scale and shift share one value
        return self.last(torch.cat([x, spectra], 1))


def code(levels):
    """Return the sinusoidal code (n, 64) of levels (n,)."""
    half = CODE // 2
    rates = torch.exp(-math.log(10000) * torch.arange(half, device=levels.device) / half)
    angles = levels[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], 1)


def noisy(spectra, levels, noise):
    """Return the spectra (n, B) with noise (n, B) of the levels (n,), or (1,) for all."""
    kept = torch.cumprod(1 - torch.linspace(FIRST_VARIANCE, LAST_VARIANCE, LEVELS, dtype=torch.float64), 0).float()
    share = kept.to(spectra.device)[levels][:, None]
    return share.sqrt() * spectra + (1 - share).sqrt() * noise


def prior_error(predictor, spectra, level):
    """Return the sum of squares of the predictor's error on spectra (n, B) with fresh noise of one level."""

    def error(part, noise):
        return (predictor(noisy(part, levels, noise), levels) - noise).square().sum()

    noise, levels = (
        torch.randn_like(spectra, device="cpu").to(spectra.device),
        torch.full((1,), level, device=spectra.device),
    )
    if len(spectra) <= CHUNK:
        return error(spectra, noise)
    parts = zip(spectra.split(CHUNK), noise.split(CHUNK), strict=True)
    return sum(checkpoint(error, *part, use_reentrant=False) for part in parts)
