"""U-Nets that M2U-Net and EDIP-Net share."""

import pytest
import torch
import torch.nn.functional as F

from baselines.shared.two_streams.unets import GuidedUNet, PlainUNet, enlarge_axis
from mossfuse.errors import MossFuseError


@pytest.mark.parametrize("size", [(16, 24), (18, 13)])
def test_u_nets_start_from_the_identity_unless_faithful(size):
    cube, msi = torch.rand(1, 7, *size), torch.rand(1, 2, *size)
    assert torch.equal(GuidedUNet(7, 2, 10)(cube, msi), cube)
    assert torch.equal(PlainUNet(7, 10)(cube), cube)
    faithful = GuidedUNet(7, 2, 10, residual=False)(cube, msi)
    assert faithful.shape == cube.shape and (faithful - cube).abs().max() > 0.1
    assert faithful.min() > 0 and faithful.max() < 1


def test_enlarging_is_bilinear_interpolation():
    image = torch.rand(1, 2, 5, 7)
    twice = enlarge_axis(enlarge_axis(image, 2, 10), 3, 14)
    assert torch.allclose(twice, F.interpolate(image, scale_factor=2, mode="bilinear"), atol=1e-6)


def test_an_image_too_small_for_the_u_net_is_refused():
    with pytest.raises(MossFuseError, match="at least 8x8"):
        PlainUNet(7, 10)(torch.rand(1, 7, 4, 16))
