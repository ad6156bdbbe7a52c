"""CUCaNet: its size and its mixing layer."""

import torch

from baselines.cucanet.network import CoupledAutoencoder, mix_weighted
from mossfuse.devices import parameter_count
from mossfuse.physics.psf_geometry import Geometry

BLOCK32 = Geometry((32, 32), (15, 15))


def test_cucanet_has_a_million_parameters_at_512_pixels_and_ratio_32():
    network = CoupledAutoencoder(31, 3, (16, 16), 32, BLOCK32)
    assert parameter_count(network) + 32 * 32 + 3 * 31 == 1010270


def test_weighted_mixing_equals_mixing_the_stack():
    layer, x, weights = torch.nn.Conv2d(6, 4, 1), torch.rand(1, 3, 5, 5), torch.rand(1, 3, 1, 1)
    torch.testing.assert_close(mix_weighted(layer, x, weights), layer(torch.cat([x, x * weights], 1)))
