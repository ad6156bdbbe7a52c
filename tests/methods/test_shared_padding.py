"""Reflected padding."""

import numpy as np
import pytest
import torch
from torch import nn

from baselines.shared.padding import ReflectConv2d, pad_reflect


def test_padding_is_numpys_reflection_even_of_tiny_images():
    image = torch.arange(2 * 3.0).reshape(1, 1, 2, 3)
    padded = pad_reflect(image, 8, 16)
    assert padded.shape[2:] == (16, 16)
    assert (padded[0, 0].numpy() == np.pad(image[0, 0].numpy(), ((0, 14), (0, 13)), mode="reflect")).all()
    assert pad_reflect(padded, 8) is padded


@pytest.mark.parametrize(("size", "stride"), [(1, 1), (3, 1), (3, 2)])
def test_the_reflecting_convolution_is_that_of_torch_in_value_and_gradient(size, stride):
    torch.manual_seed(0)
    ours = ReflectConv2d(2, 3, size, stride).double()
    usual = nn.Conv2d(2, 3, size, stride, size // 2, padding_mode="reflect" if size > 1 else "zeros").double()
    usual.load_state_dict(ours.state_dict())
    images = [torch.rand(1, 2, 6, 7, dtype=torch.double, requires_grad=True)]
    images.append(images[0].detach().clone().requires_grad_())
    cubes = [layer(image) for layer, image in zip((ours, usual), images, strict=True)]
    for cube in cubes:
        cube.square().sum().backward()
    assert torch.allclose(*cubes, atol=1e-12) and torch.allclose(images[0].grad, images[1].grad, atol=1e-12)
