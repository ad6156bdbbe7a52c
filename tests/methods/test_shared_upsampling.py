"""Upsampling about the sampled pixels."""

import torch

from baselines.shared.upsampling import coarsen, upsample


def test_upsampling_puts_samples_on_their_phase_and_is_linear_between():
    image = torch.arange(4.0).reshape(1, 1, 4, 1) + 10 * torch.arange(3.0)
    up = upsample(image, 4, (1, 3))
    assert up.shape == (1, 1, 16, 12)
    torch.testing.assert_close(up[:, :, 1::4, 3::4], image)
    assert up[0, 0, 3, 3] == 0.5 and up[0, 0, 1, 4] == 2.5 and up[0, 0, 0, 0] == 0
    centred = torch.nn.functional.interpolate(image, scale_factor=5, mode="bilinear", align_corners=False)
    torch.testing.assert_close(upsample(image, 5, (2, 2)), centred)
    assert torch.equal(upsample(image[:, :, :1, :1], 4, (0, 0)), image[:, :, :1, :1].expand(1, 1, 4, 4))


def test_coarse_hsi_is_what_the_ratio_leaves_of_it():
    image = torch.rand(1, 2, 16, 16)
    torch.testing.assert_close(coarsen(image, 32), image.mean((2, 3), keepdim=True).expand_as(image))
    assert coarsen(image, 4).std() > 0
