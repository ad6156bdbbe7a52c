"""DAEM: its size, its two losses, its pre-training."""

import pytest
import torch

from baselines.daem.network import Daem, DaemNetwork
from helpers.deep_runs import seen_by
from mossfuse.devices import parameter_count, seeded
from mossfuse.errors import MossFuseError
from mossfuse.fitting.operators import LearnedOperator, TwoPaths
from mossfuse.methods import find_method


def test_daem_has_6558_parameters_with_its_operator(make_pair):
    pair, _ = make_pair()
    assert parameter_count(DaemNetwork(3, 31), LearnedOperator(pair, psf="gaussian", srf="mixture")) == 6558


def test_daems_two_losses_move_their_own_half_alone(make_pair):
    pair, _ = make_pair()
    operator = LearnedOperator(pair, psf="gaussian", srf="mixture")
    model = Daem(DaemNetwork(3, 31), operator, TwoPaths(pair, operator))
    model.network_loss().backward()
    assert all(p.grad is None for p in operator.parameters()) and all(
        p.grad is not None for p in model.network.parameters()
    )
    model.zero_grad(set_to_none=True)
    sum(model.operator_loss(torch.tensor([0, 5])).values()).backward()
    assert all(p.grad is not None for p in operator.parameters()) and all(
        p.grad is None for p in model.network.parameters()
    )


def test_interrupted_pretraining_of_daem_ends_in_the_same_weights(make_pair, tmp_path, monkeypatch):
    method, module = find_method("daem-pretrained")
    pairs = [make_pair(seed=s)[0] for s in (1, 2)]
    params = {**method.train_params, **{k: v for k, v in method.presets["smoke"].items() if k in method.train_params}}
    params |= {"train_steps": 20, "save_every": 8}

    def weights(path, **options):
        module.train(pairs, seed=4, device="cpu", path=str(path), **options, **params)
        return torch.load(path, weights_only=True)["state_dict"]

    whole = weights(tmp_path / "whole.pt")
    calls, original = [], Daem.network_loss

    def interrupted(self, *args):
        calls.append(1)
        if len(calls) == 14:
            raise KeyboardInterrupt
        return original(self, *args)

    monkeypatch.setattr(Daem, "network_loss", interrupted)
    with pytest.raises(KeyboardInterrupt):
        weights(tmp_path / "cut.pt")
    monkeypatch.setattr(Daem, "network_loss", original)
    resumed = weights(tmp_path / "cut.pt", resume=True)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_seeded_networks_are_equal():
    with seeded(3):
        first = DaemNetwork(3, 31).state_dict()
    with seeded(3):
        second = DaemNetwork(3, 31).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_pretrained_method_without_its_checkpoint_is_refused(make_pair):
    method, module = find_method("daem-pretrained")
    with pytest.raises(MossFuseError, match="needs a checkpoint"):
        module.fuse(seen_by(method, make_pair()[0]), seed=0, device="cpu", **method.params)
