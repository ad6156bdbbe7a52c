"""EDIP-Net: which streams see each other."""

import torch

from baselines.shared.two_streams.spectral import SpectralStreams


def test_streams_of_edip_see_their_partner_alone():
    streams = SpectralStreams(3, 31, members=2, interactive=True)
    x = torch.rand(4, 5, 3, requires_grad=True)
    streams(x)[1].sum().backward()
    assert (x.grad[1] != 0).any() and (x.grad[3] != 0).any() and not x.grad[[0, 2]].any()
