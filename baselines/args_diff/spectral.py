"""The spectral noise predictor of ARGS-Diff: a fully connected network on one spectrum and a learned code of the level."""

import torch
from torch import nn

from .sampling import LEVELS

# Bands at most -> hidden width and size of the code: those of Houston (48 bands), Pavia and Chikusei (103, 128), KSC (176).
SIZES = ((75, 128, 30), (150, 256, 60), (None, 400, 100))


class SpectralDenoiser(nn.Module):
    """(spectra (n, B), levels (n,) int64) -> the noise in them (n, B); hidden: width of the outer layers, by B where None."""

    def __init__(self, bands, hidden=None):
        super().__init__()
        width, code = sizes(bands)
        width = hidden or width
        self.code = nn.Embedding(LEVELS, code)
        self.layers = nn.Sequential(
            nn.Linear(bands + code, width), nn.ReLU6(),
            nn.Linear(width, 2 * width), nn.ReLU(),
            nn.Linear(2 * width, width), nn.ReLU(),
            nn.Linear(width, bands),
        )  # fmt: skip

    def forward(self, spectra, levels):
        return self.layers(torch.cat([spectra, self.code(levels)], 1))


def sizes(bands):
    """Return (hidden width, size of the level's code) for a number of bands."""
    return next((width, code) for most, width, code in SIZES if most is None or bands <= most)
