"""Parts of a network at the same time in two threads: values and gradients are those of one after another."""

import pytest
import torch

from mossfuse.errors import MossFuseError
from mossfuse.network.architecture import MossFuse
from mossfuse.network.side_by_side import InTurn, SideBySide, lanes
from mossfuse.physics.psf_geometry import Geometry
from mossfuse.training.losses import fusion_loss, loss_terms

GEOMETRY = Geometry((4, 4), (1, 1))


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def gradients(together, *, loss, recompute=False, precision=torch.float64):
    """Return the loss and name -> gradient of a small network for one batch of three pairs."""
    from mossfuse.network.blocks import recompute_blocks

    torch.manual_seed(0)
    network = MossFuse(5, 3, 4, dim=8, geometry=GEOMETRY).double().train()
    recompute_blocks(network, recompute)
    msi, hsi = torch.rand(3, 3, 16, 16).double(), torch.rand(3, 5, 4, 4).double()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == torch.bfloat16):
        out = network(msi, hsi, together=together)
    value = fusion_loss(loss_terms(out, msi, hsi, GEOMETRY), loss)
    value.backward()
    return float(value.detach()), {name: p.grad for name, p in network.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("loss", ["released", "paper"])
@pytest.mark.parametrize("recompute", [False, True])
def test_loss_and_gradients_are_those_of_one_after_another(two_threads, loss, recompute):
    expected, plain = gradients(InTurn(), loss=loss, recompute=recompute)
    with lanes("cpu") as together:
        assert isinstance(together, SideBySide)
        found, shared = gradients(together, loss=loss, recompute=recompute)
    assert found == pytest.approx(expected, rel=1e-12)
    assert plain.keys() == shared.keys() and len(plain) > 100
    for name, gradient in plain.items():
        torch.testing.assert_close(shared[name], gradient, rtol=1e-9, atol=1e-12, msg=name)


def test_the_same_bytes_every_time(two_threads):
    with lanes("cpu") as together:
        runs = [gradients(together, loss="paper")[1] for _ in range(3)]
    assert all(torch.equal(runs[0][name], run[name]) for run in runs[1:] for name in run)


def test_without_gradients_nothing_is_recorded(two_threads):
    network = MossFuse(5, 3, 4, dim=8, geometry=GEOMETRY).eval()
    msi, hsi = torch.rand(2, 3, 16, 16), torch.rand(2, 5, 4, 4)
    with lanes("cpu") as together, torch.no_grad():
        out = network(msi, hsi, together=together)
        torch.testing.assert_close(out.hr_hsi, network.fuse_only(msi, hsi))
    assert not out.hr_hsi.requires_grad


def test_parts_have_the_precision_of_their_caller(two_threads):
    layer = torch.nn.Conv2d(3, 4, 1)
    image = torch.rand(1, 3, 4, 4)
    with lanes("cpu") as together, torch.autocast("cpu", dtype=torch.bfloat16):
        assert [out.dtype for out in together((layer, image), (layer, image))] == [torch.bfloat16] * 2
    with lanes("cpu") as together:
        assert [out.dtype for out in together((layer, image), (layer, image))] == [torch.float32] * 2


def test_an_error_in_a_part_is_the_callers(two_threads):
    def fail(image):
        raise MossFuseError("this part cannot be computed")

    with pytest.raises(MossFuseError, match="this part"), lanes("cpu") as together:
        together((fail, torch.rand(1)), (torch.sin, torch.rand(1)))
    assert torch.get_num_threads() == 2


def test_one_thread_runs_one_part_after_another():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with lanes("cpu") as together:
            assert isinstance(together, InTurn)
    finally:
        torch.set_num_threads(before)
