"""UAL: its gates, its corrector, adaptation without a truth."""

import torch

from baselines.ual.network import Corrector, Exchange
from helpers.deep_runs import rmse, seen_by, trained
from mossfuse.devices import seeded
from mossfuse.methods import find_method


def test_gate_of_the_exchange_decides_between_a_branch_and_its_modulation():
    with seeded(0):
        exchange, features = Exchange(4), [torch.rand(1, 4, 5, 5) for _ in range(3)]
    for gate in exchange.gates:
        torch.nn.init.constant_(gate.bias, 50.0)
    for mixed, feature in zip(exchange(features), features, strict=True):
        torch.testing.assert_close(mixed, feature)


def test_corrector_starts_as_the_identity():
    cube = torch.rand(1, 5, 6, 7)
    assert torch.equal(Corrector(5)(cube), cube)


def test_ual_adapts_without_truth(make_pair, tmp_path):
    pair, truth = make_pair(rows=32, cols=32)
    trained("ual", [pair], [truth], tmp_path / "w.pt", steps=20)
    method, module = find_method("ual")
    seen = seen_by(method, pair)
    params = {**method.params, "learning_rate": 1e-3, "psf_rate": 1e-3}
    before, after = (
        module.fuse(seen, seed=0, device="cpu", checkpoint=str(tmp_path / "w.pt"), **{**params, "adapt_steps": steps})
        for steps in (1, 60)
    )
    assert rmse(after.cube @ pair.sensor.srf.T, pair.msi) < 0.7 * rmse(before.cube @ pair.sensor.srf.T, pair.msi)
