"""State files of trainings and formats of checkpoints: what is continued or read, and what is refused in one sentence."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mossfuse.errors import MossFuseError
from mossfuse.files import torch_files
from mossfuse.fitting import checkpoints, resuming
from mossfuse.fitting.dataset_training import shape_facts, train_network
from mossfuse.fitting.resuming import partial_path, state_file
from mossfuse.fitting.stages import multistep


@pytest.fixture
def pair(make_pair):
    return make_pair(rows=16, cols=16, bands=4, ratio=4)[0]


def train(pair, path, steps=6, seed=0, resume=True, stop=None):
    torch.manual_seed(3)
    network, losses = torch.nn.Linear(2, 1), []

    def loss(generator):
        if len(losses) == stop:
            raise KeyboardInterrupt
        losses.append(network(torch.randn(5, 2, generator=generator)).square().mean())
        return losses[-1]

    return train_network(
        network, loss, multistep(steps), lr=0.1, pairs=[pair], truths=None, settings={"steps": steps}, seed=seed, path=path,
        resume=resume, save_every=2, content=shape_facts("toy", pair),
    )  # fmt: skip


def state_after_interruption(pair, path, seed=0):
    with pytest.raises(KeyboardInterrupt):
        train(pair, path, seed=seed, stop=5)
    return partial_path(path)


def weights(path):
    return torch_files.read_file(path)["state_dict"]["weight"]


def test_an_interrupted_training_goes_on_and_ends_with_the_same_weights(pair, tmp_path):
    train(pair, tmp_path / "whole.pt")
    state = state_after_interruption(pair, tmp_path / "parts.pt")
    assert torch_files.read_file(state)["step"] == 4
    train(pair, tmp_path / "parts.pt")
    assert torch.equal(weights(tmp_path / "whole.pt"), weights(tmp_path / "parts.pt")) and not state.exists()


def test_a_state_of_another_format_is_left_with_one_sentence_and_training_starts_again(
    pair, tmp_path, monkeypatch, caplog
):
    monkeypatch.setattr(resuming, "STATE_FORMAT", "training-state-0")
    state = state_after_interruption(pair, tmp_path / "w.pt")
    monkeypatch.undo()
    assert state_file(tmp_path / "w.pt", [pair], [("steps", 6)], 0).restore() is None
    assert [r.getMessage() for r in caplog.records] == [
        f"{state} was written by another version of this package; starting again"
    ]
    train(pair, tmp_path / "w.pt")
    train(pair, tmp_path / "fresh.pt")
    assert torch.equal(weights(tmp_path / "w.pt"), weights(tmp_path / "fresh.pt"))


def test_the_identity_of_a_training_is_its_pairs_settings_seed_and_truths(pair, tmp_path):
    other = replace(pair, msi=pair.msi + 1)
    moved = replace(pair, sensor=replace(pair.sensor, phase=(0, 0)))
    truths = [np.zeros((2, 2)), np.ones((2, 2))]
    cases = [
        ([pair], "a", 0, None),
        ([pair], "b", 0, None),
        ([pair], "a", 1, None),
        ([other], "a", 0, None),
        ([moved], "a", 0, None),
    ]
    cases += [([pair, pair], "a", 0, None), ([pair], "a", 0, truths), ([pair], "a", 0, truths[::-1])]
    marks = [state_file(tmp_path / "w.pt", *case).identity for case in cases]
    assert len(set(marks)) == len(cases)
    assert state_file(tmp_path / "w.pt", *cases[0]).identity == marks[0]


def test_a_checkpoint_of_another_version_or_kind_is_refused_in_one_sentence(pair, tmp_path, monkeypatch):
    train(pair, tmp_path / "w.pt")
    assert checkpoints.read_checkpoint(tmp_path / "w.pt", "toy")["format"] == "toy-checkpoint-1"
    with pytest.raises(MossFuseError, match=r"w\.pt is not a checkpoint of mst .*; train the method again$"):
        checkpoints.read_checkpoint(tmp_path / "w.pt", "mst")
    monkeypatch.setattr(checkpoints, "VERSION", 2)
    with pytest.raises(
        MossFuseError, match=r"another version .*\(toy-checkpoint-1, this one reads toy-checkpoint-2\); train"
    ):
        checkpoints.read_checkpoint(tmp_path / "w.pt", "toy")
