"""One pair of two products: LR's pixels begin half an LR pixel inside HR's, and a cloud hides a part of HR."""

import numpy as np

from mossfuse.datasets import phantom
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.sampling import BlurSample

WAVELENGTHS = np.linspace(450, 1300, 31)
CLASSES = np.zeros((32, 32), bool)  # pixels of 20 m
CLASSES[22:28, 20:29] = True
CLOUD = np.kron(CLASSES, np.ones((2, 2), bool))[:63, :63]  # HR's rows 44 to 55, cols 40 to 57
HAZE = np.zeros((20, 20), bool)  # LR pixels
HAZE[3, 4:6] = True


def make_scene():
    """Return (cube (63, 63, 31), LR (20, 20, 31), HR (63, 63, 4)), float32: LR's pixels of 30 m begin 15 m inside HR's of 10 m."""
    cube = 0.1 + 0.8 * phantom.read("twins", None, None, size=64)[0][:63, :63]
    low = BlurSample(gaussian_psf(4, 1.2), (2, 2), 3, cube.shape)(cube)[:-1, :-1]
    responses = np.exp(-0.5 * ((WAVELENGTHS - np.array([[493], [560], [665], [833]])) / 45) ** 2)
    high = cube @ (responses / responses.sum(1, keepdims=True)).T
    return tuple(image.astype(np.float32) for image in (cube, low, high))
