"""What every deep baseline promises: presets, a smoke run of seconds, facts for its row, and blindness to the truth."""

import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from helpers.repository import ROOT
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.settings import read_settings
from mossfuse.methods import find_method

PER_SCENE = (
    "pixel-mlp", "pixel-mlp-blind", "daem", "m2u-net", "edip-net", "udaln", "miae", "gdd", "mst", "dbsr", "cucanet",
)  # fmt: skip
PER_SCENE_LATER = ("sdp", "args-diff", "spectramorph")
ON_PAIRS = ("daem-pretrained", "mst-dataset")
SUPERVISED = ("mst-rgb", "mhf-net", "ual", "sfno")
SUPERVISED_LATER = ("ssr-net", "lso", "mimo-sst", "srlf-net")
TRAINED = (*ON_PAIRS, *SUPERVISED, *SUPERVISED_LATER)
DEEP = (*PER_SCENE, *PER_SCENE_LATER, *TRAINED)
PAPER = {  # configuration of the authors' schedules -> its dataset, rows without a schedule, rows at preset `paper`
    "paper-deep": ("cave", {"bicubic", "ridge", "ridge-dc"}, {*PER_SCENE, *ON_PAIRS, *SUPERVISED}),
    "paper-supervised": (
        "cave-dhif",
        {"bicubic", "ridge-dc", "nsgp", "spectramorph+dc"},
        {"mhf-net", "sfno", *SUPERVISED_LATER, *PER_SCENE_LATER},
    ),
}


def chosen(defaults, preset):
    return {**defaults, **{k: v for k, v in preset.items() if k in defaults}}


def train(name, pair, truth, path, **changes):
    """Train with the smoke preset on what the method may see; ``truth`` is handed to every method that is called here."""
    method, module = find_method(name)
    seen = replace(pair, sensor=pair.sensor.restricted_to(method.knows))
    params = {**chosen(method.train_params, method.presets["smoke"]), **changes}
    module.train([seen], seed=0, device="cpu", path=str(path), resume=False, truths=[truth], **params)
    return path


@pytest.mark.parametrize("name", DEEP)
def test_every_deep_method_has_the_presets_paper_and_smoke_beside_its_defaults(name):
    method, _ = find_method(name)
    assert {"paper", "smoke"} <= set(method.presets)
    assert method.params or method.train_params


@pytest.mark.parametrize("name", DEEP)
def test_smoke_preset_takes_less_than_ten_seconds_on_64_pixels_and_tells_size_and_steps(name, make_pair, tmp_path):
    pair, truth = make_pair(rows=64, cols=64, ratio=8)
    method, module = find_method(name)
    start = time.process_time()
    checkpoint = str(train(name, pair, truth, tmp_path / "w.pt")) if name in TRAINED else None
    seen = replace(pair, sensor=pair.sensor.restricted_to(method.knows))
    params = chosen(method.params, method.presets["smoke"])
    fusion = module.fuse(seen, seed=0, device="cpu", checkpoint=checkpoint, **params)
    assert time.process_time() - start < 10
    assert fusion.notes["parameters"] > 0
    assert ("training_iterations" in fusion.notes) == (name in TRAINED)
    assert ("iterations" in fusion.notes) == (
        name in (*PER_SCENE, *PER_SCENE_LATER) or "steps" in " ".join(method.params)
    )


@pytest.mark.parametrize("name", ON_PAIRS)
def test_a_training_without_supervision_ends_in_the_same_bytes_under_a_poisoned_truth(name, make_pair, tmp_path):
    pair, truth = make_pair(rows=32, cols=32, ratio=8)
    poison = np.full_like(truth, np.nan)
    for label, cube in (("clean", truth), ("poisoned", poison)):
        train(name, pair, cube, tmp_path / f"{label}.pt")
    clean, poisoned = (
        torch.load(tmp_path / f"{label}.pt", weights_only=True)["state_dict"] for label in ("clean", "poisoned")
    )
    assert all(torch.equal(clean[key], poisoned[key]) for key in clean)


@pytest.mark.parametrize("config", PAPER)
def test_paper_configs_run_every_deep_method_at_its_authors_schedule(config):
    dataset, others, deep = PAPER[config]
    grid = Grid(read_settings(ROOT / "config" / f"{config}.yaml"))
    assert {m for block in grid.blocks for m in block.methods} == others | deep
    for name in deep:
        method = grid.rows[name].method
        assert {**grid.rows[name].params, **grid.rows[name].train}.items() >= method.presets["paper"].items()
    assert {block.scenes for block in grid.blocks} == {grid.block_of(dataset).spec.test}


def test_every_deep_method_is_in_a_paper_config():
    assert {name for _, _, deep in PAPER.values() for name in deep} == set(DEEP)
