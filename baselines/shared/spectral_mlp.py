"""A network from one multispectral pixel to one hyperspectral pixel, and its application to whole images."""

import torch
import torch.nn.functional as F
from torch import nn

CHUNK = 2**16  # pixels at a time on whole images
SLOPE = 0.2  # of the leaky ReLU


class SpectralMLP(nn.Module):
    """(n, M) -> (n, B): ``depth`` hidden layers of ``width``, the first one's output added to every later one."""

    def __init__(self, msi_bands, bands, width=64, depth=6):
        super().__init__()
        self.first = nn.Linear(msi_bands, width)
        self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(depth - 1))
        self.last = nn.Linear(width, bands)

    def forward(self, pixels):
        x = first = F.leaky_relu(self.first(pixels), SLOPE)
        for layer in self.hidden:
            x = F.leaky_relu(layer(x), SLOPE) + first
        return self.last(x)


def pixel_list(image, device="cpu"):
    """Convert a (rows, cols, C) array to a (rows * cols, C) float32 tensor."""
    return torch.as_tensor(image, dtype=torch.float32, device=device).reshape(-1, image.shape[-1])


@torch.no_grad()
def apply_to_pixels(function, pixels):
    """Apply ``function`` (a map of (n, M)) to a long list of pixels, piece by piece."""
    return torch.cat([function(piece) for piece in pixels.split(CHUNK)])
