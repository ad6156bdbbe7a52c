"""Attention between channels."""

import torch

from mossfuse.devices import seeded


def test_attention_between_channels_does_not_depend_on_the_order_of_pixels():
    from baselines.shared.spectral_transformer import SpectralAttention

    with seeded(0):
        attention = SpectralAttention(8, 2)
        attention.position = torch.nn.Identity()
        image, order = torch.rand(1, 8, 4, 6), torch.randperm(24)
    shuffled = image.flatten(2)[:, :, order].reshape(image.shape)
    expected = attention(image).flatten(2)[:, :, order].reshape(image.shape)
    torch.testing.assert_close(attention(shuffled), expected)
