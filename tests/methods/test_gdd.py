"""GDD: the guard against jumps of the loss."""

import torch


def test_guard_takes_a_step_back_after_a_jump_of_the_loss():
    from baselines.gdd import Guard

    weight = torch.nn.Parameter(torch.tensor([0.0]))
    guard, seen = Guard([weight]), []
    for loss in (0.5, 0.4, 0.7, 0.4, 0.3):
        guard.see(loss)
        with torch.no_grad():
            weight += 1
            guard.act()
        seen.append(weight.item())
    assert seen == [1, 2, 1, 2, 3] and guard.taken_back == 1
