"""MHF-net: its size, the way down and the way up."""

import pytest
import torch

from baselines.mhf_net.network import Down, UnfoldedFusion, Up, large_factors, prime_factors
from mossfuse.devices import parameter_count


def test_mhf_net_has_about_three_million_parameters_not_129():
    assert parameter_count(UnfoldedFusion(31, 3, 32, stages=20, rank=12)) == pytest.approx(3.0e6, rel=0.03)


def test_mhf_way_down_is_a_mean_and_way_up_its_transpose_at_first():
    assert large_factors(32) == [4, 4, 2] and large_factors(8) == [4, 2] and large_factors(5) == [5]
    assert prime_factors(12) == [2, 2, 3] and prime_factors(1) == [1]
    for ratio in (4, 5, 6, 32):
        flat = torch.full((1, 3, 2 * ratio, 3 * ratio), 0.7)
        torch.testing.assert_close(Down(3, ratio)(flat), torch.full((1, 3, 2, 3), 0.7))
    up = Up(3, 2, 8)
    for block in up.blocks.values():
        torch.nn.init.zeros_(block.layers[-1][1].weight)
    raised = up(torch.ones(1, 3, 9, 9), torch.zeros(1, 2, 72, 72))
    assert raised.shape == (1, 3, 72, 72)
    torch.testing.assert_close(raised[:, :, 20:52, 20:52], torch.full((1, 3, 32, 32), 1 / 64))
