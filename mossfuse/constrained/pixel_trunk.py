"""The per-scene f: small networks from an MSI pixel and its position to the null part of its spectrum, without shading.

f(p) = I(p) / mean(I) * net(radiance, chromaticity, position): shading times reflectance, as in nsgp. The output does
not depend on neighbours, so training evaluates only the pixels under the PSF of the requested LR pixels.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

DARK = 0.05  # intensity, over its mean, below which chromaticity fades
DARKEST = 1e-6
FLATTEST = 1e-3  # inputs that vary less than this are not scaled up
TAIL = 4e-3  # share of the PSF left out while training and choosing; the back-projection uses all of it
PLACE = 2  # the last inputs: row and column
CHUNK = 8192  # pixels at a time on whole images


class PixelNetworks(nn.Module):
    """``members`` networks of two hidden layers, evaluated together; the last layer starts at zero."""

    def __init__(self, members, inputs, width, bands):
        super().__init__()
        self.size = (members, inputs, width, bands)
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for before, after in ((inputs, width), (width, width)):
            self.weights.append(torch.randn(members, before, after) / math.sqrt(before))
            self.biases.append(torch.randn(members, 1, after) / 2)
        self.last = nn.Parameter(torch.zeros(members, width, bands))

    def hidden(self, x):
        """Return the last hidden layer, (pixels, inputs) -> (members, pixels, width)."""
        x = x.expand(len(self.last), *x.shape)
        for weight, bias in zip(self.weights, self.biases, strict=True):
            x = F.gelu(torch.baddbmm(bias, x, weight), approximate="tanh")
        return x


class PixelTrunk:
    """f of one MSI, once per member of ``networks``. The caller scales the output.

    msi: (H, W, M); operator: mossfuse.physics.sampling.BlurSample; statistics: of ``pixel_inputs``; None: the image's
    own.
    """

    def __init__(self, networks, msi, operator, *, statistics=None, device="cpu"):
        self.networks, self.shape, self.device = networks.to(device), msi.shape[:2], device
        inputs, shading = pixel_inputs(msi)
        mean, deviation = statistics or input_statistics([inputs])
        inputs = ((inputs - mean) / deviation).astype(np.float32)
        self.inputs = torch.from_numpy(inputs.reshape(-1, inputs.shape[2])).to(device)
        self.shading = torch.from_numpy(shading.reshape(-1)).to(device)
        weights, places = windows(operator)
        self.psf, self.places = torch.from_numpy(weights).to(device), torch.from_numpy(places).to(device)

    def low(self, chosen):
        """Return H f of the LR pixels with indices ``chosen`` (s,), as (members, s, B)."""
        places = self.places[chosen]
        hidden = self.networks.hidden(self.inputs[places.flatten()])
        hidden = hidden.reshape(len(hidden), *places.shape, -1)
        weights = self.psf[chosen] * self.shading[places]
        return torch.einsum("jspk,sp->jsk", hidden, weights) @ self.networks.last

    def everywhere(self, weights):
        """Return the mean over the members of f @ weights, weights (members, B, B), as (H, W, B) float32."""
        last = self.networks.last @ weights / len(self.networks.last)
        out = np.empty((len(self.inputs), last.shape[2]), np.float32)
        for start in range(0, len(out), CHUNK):
            rows = slice(start, start + CHUNK)
            total = (self.networks.hidden(self.inputs[rows]) @ last).sum(0)
            out[rows] = (total * self.shading[rows, None]).cpu().numpy()
        return out.reshape(*self.shape, -1)


def input_count(msi_bands):
    """Return the number of a network's inputs per pixel."""
    return 2 * msi_bands + PLACE


def pixel_inputs(msi):
    """Return (inputs (H, W, 2 M + 2): radiance, chromaticity, position; shading (H, W) float32) of an MSI."""
    intensity = np.maximum(msi.mean(2, keepdims=True), 0)
    mean = mean_intensity(msi)
    place = np.stack(np.mgrid[: msi.shape[0], : msi.shape[1]], 2) / max(msi.shape[:2])
    inputs = np.concatenate([msi / mean, msi / (intensity + DARK * mean), place], 2)
    return inputs, (intensity[..., 0] / mean).astype(np.float32)


def mean_intensity(msi):
    """Return the mean over pixels and bands of the positive part of the intensity."""
    return max(float(np.maximum(msi.mean(2, keepdims=True), 0).mean(dtype=np.float64)), DARKEST)


def input_statistics(images):
    """Return (mean, deviation) of the inputs of several images, a list of ``pixel_inputs``; images are weighted
    equally.
    """
    mean = np.mean([image.mean((0, 1)) for image in images], 0)
    square = np.mean([((image - mean) ** 2).mean((0, 1)) for image in images], 0)
    return mean, np.maximum(np.sqrt(square), FLATTEST)


def windows(operator, tail=TAIL):
    """Return ((n, p) weights that sum to the PSF's inside the image, (n, p) flat indices of the pixels under the PSF).

    Edge rows and columns of the PSF are dropped while they hold less than ``tail`` of it.
    """
    psf, index = operator.psf, [operator.windows(axis) for axis in (0, 1)]
    for axis in (0, 1):
        mass = psf.sum(1 - axis)
        kept = np.nonzero((np.cumsum(mass) > tail / 4) & (np.cumsum(mass[::-1])[::-1] > tail / 4))[0]
        psf, index[axis] = np.take(psf, kept, axis), index[axis][:, kept]
    rows, cols = index[0][:, None, :, None], index[1][None, :, None, :]
    count = operator.low_shape[0] * operator.low_shape[1]
    inside = ((rows >= 0) & (cols >= 0)).reshape(count, -1)
    places = (np.maximum(rows, 0) * operator.shape[1] + np.maximum(cols, 0)).reshape(count, -1)
    return (inside * (psf / psf.sum()).ravel()).astype(np.float32), places
