"""The fast forms of the network's operations: values and gradients are those of the released operations."""

import copy

import pytest
import torch

from mossfuse.network import released
from mossfuse.network.architecture import MossFuse
from mossfuse.network.blocks import recompute_blocks
from mossfuse.network.fused_operations import gated_projection, products, response_projection
from mossfuse.training.losses import fusion_loss, loss_terms


def trained_looking(**options):
    """A small network with every weight away from its initial value."""
    network = MossFuse(7, 2, 4, **{"dim": 16, "num_blocks": 2, **options})
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if tensor.is_floating_point() and not name.startswith("blind"):
                tensor += 0.1 * torch.rand_like(tensor)
    return network


def pair(low=(4, 5), count=2):
    return torch.rand(count, 2, *(4 * n for n in low)), torch.rand(count, 7, *low)


def gradients(network, out, msi, hsi, variant):
    terms = loss_terms(out, msi, hsi, network.blind.geometry)
    fusion_loss(terms, variant).backward()
    return {n: p.grad for n, p in network.named_parameters() if not n.startswith("blind") and p.grad is not None}


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_every_output_and_gradient_equals_the_released_operations(mode):
    network = getattr(trained_looking(), mode)().double()
    twin = copy.deepcopy(network)
    msi, hsi = (image.double() for image in pair())
    ours, theirs = network(msi, hsi), released.forward(twin, msi, hsi)
    for name, value in theirs._asdict().items():
        torch.testing.assert_close(getattr(ours, name), value, rtol=1e-9, atol=1e-10, msg=name)
    ours, theirs = (gradients(n, o, msi, hsi, "paper") for n, o in ((network, ours), (twin, theirs)))
    assert ours.keys() == theirs.keys() and len(ours) > 200
    for name, value in theirs.items():
        torch.testing.assert_close(ours[name], value, rtol=1e-7, atol=1e-10, msg=name)


def test_recomputation_changes_no_gradient_and_no_batch_statistics():
    network = trained_looking().train()
    twin = copy.deepcopy(network)
    recompute_blocks(twin)
    msi, hsi = pair()
    kept, again = (gradients(n, n(msi, hsi), msi, hsi, "released") for n in (network, twin))
    assert kept.keys() == again.keys()
    for name, value in kept.items():
        assert torch.equal(again[name], value), name
    assert all(torch.equal(a, b) for a, b in zip(network.buffers(), twin.buffers(), strict=True))


@pytest.mark.parametrize("recompute", [False, True])
def test_gradients_in_bfloat16_are_near_those_in_float32(recompute):
    network = trained_looking().train()
    recompute_blocks(network, recompute)
    msi, hsi = pair()
    exact = gradients(network, network(msi, hsi), msi, hsi, "paper")
    exact = {name: gradient.clone() for name, gradient in exact.items()}
    network.zero_grad()
    with torch.autocast("cpu", torch.bfloat16):
        out = network(msi, hsi)
    rough = gradients(network, out.full_precision(), msi, hsi, "paper")
    error = sum((rough[n] - g).square().sum() for n, g in exact.items()) / sum(g.square().sum() for g in exact.values())
    assert 0 < error.sqrt() < 0.05


def test_recomputation_keeps_a_fraction_of_the_values():
    def kept(network):
        sizes = {}

        def pack(tensor):
            sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        msi, hsi = pair((8, 8))
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            out = network(msi, hsi)
        assert out.hr_hsi.requires_grad
        return sum(sizes.values())

    network = trained_looking(decoders=False).train()
    whole = kept(network)
    recompute_blocks(network)
    assert kept(network) < 0.5 * whole


@pytest.mark.parametrize("dead_channel", [False, True])
def test_gradients_of_the_fused_operations(dead_channel):
    """Against finite differences; a channel that is zero everywhere must not make them NaN."""

    def draw(*shape):
        return torch.randn(*shape, dtype=torch.float64, requires_grad=True)

    x, gamma, weight, bias = draw(2, 6, 3, 4), draw(6), draw(4, 6), draw(4)
    if dead_channel:
        x.data[:, 2] = 0
    out = response_projection(x, gamma, weight, bias)
    assert all(g.isfinite().all() for g in torch.autograd.grad(out.sum(), (x, gamma, weight, bias)))
    if not dead_channel:  # the energy has no derivative at zero
        assert torch.autograd.gradcheck(response_projection, (x, gamma, weight, bias))
    assert torch.autograd.gradcheck(products, (x,))
    assert torch.autograd.gradcheck(gated_projection, (x, draw(4, 3)))


@torch.no_grad()
def test_an_image_without_structure_is_fused_to_finite_values():
    network = trained_looking().eval()
    assert network.fuse_only(torch.zeros(1, 2, 8, 8), torch.zeros(1, 7, 2, 2)).isfinite().all()
