"""Reflected padding."""

import numpy as np
import torch

from baselines.shared.padding import pad_reflect


def test_padding_is_numpys_reflection_even_of_tiny_images():
    image = torch.arange(2 * 3.0).reshape(1, 1, 2, 3)
    padded = pad_reflect(image, 8, 16)
    assert padded.shape[2:] == (16, 16)
    assert (padded[0, 0].numpy() == np.pad(image[0, 0].numpy(), ((0, 14), (0, 13)), mode="reflect")).all()
    assert pad_reflect(padded, 8) is padded
