"""Titles of rows: size and budget come from the parameters, against the paper's preset."""

from types import SimpleNamespace

from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.settings import check_settings
from mossfuse.benchmark.plan.titles import OF_THE_SENSOR, SHORTENED
from mossfuse.benchmark.results.collect import tuned_scenes
from mossfuse.methods import catalogue


def row_of(method, **settings):
    entry = {"dataset": "phantom", "degradations": ["x8-gauss7s2-nikond5100"], "methods": ["row"]}
    return Grid(check_settings({"grid": [entry], "methods": {"row": {"method": method, **settings}}})).rows["row"]


def test_title_names_size_and_budget_that_differ_from_the_paper():
    row = row_of("mossfuse", train={"dim": 24, "steps": 1400, "num_blocks": 4})
    assert (row.title, row.shortened) == ("MossFuse, width 24, 1,400 steps", True)
    assert row_of("mossfuse", preset="paper").title == "MossFuse"
    assert row_of("cucanet", preset="smoke").title.startswith("CUCaNet, ")
    assert row_of("mossfuse", title="Mine", train={"num_blocks": 1}).title == "Mine, 1 block, 30,000 steps"


def test_paper_schedule_and_methods_that_learn_nothing_are_not_shortened():
    assert not row_of("mossfuse", preset="paper").shortened and not row_of("nsgp").shortened
    assert not row_of("mossfuse-released").shortened  # the authors' weights


def test_only_differences_in_steps_of_the_reconstruction_shorten():
    assert not row_of("daem", preset="paper", params={"sensor_steps": 1}).shortened
    assert row_of("daem", preset="paper", params={"steps": 100}).shortened


def test_every_number_of_steps_counts_towards_a_shortened_schedule_or_belongs_to_the_sensor():
    named = {key for spec, _ in catalogue().entries.values() for key in {**spec.params, **spec.train_params}}
    steps = {key for key in named if key.endswith("steps")}
    assert len(steps) > 10 and steps <= {*SHORTENED, *OF_THE_SENSOR}
    assert row_of("sdp").shortened and row_of("args-diff").shortened


def test_scenes_that_a_method_names_exist():
    from mossfuse.datasets import find_dataset

    named = [
        (m, d, s) for m, (spec, _) in catalogue().entries.items() for d, scenes in spec.tuned_on.items() for s in scenes
    ]
    assert len(named) > 20
    assert [entry for entry in named if entry[2] not in find_dataset(entry[1])[0].scenes] == []


def test_catalogue_names_the_scenes_of_the_grid_that_defaults_were_chosen_on():
    entry = {"dataset": "cave-8", "as": "eight", "scenes": ["beads", "face"], "degradations": ["x8-gauss7s2-nikond700"]}
    grid = Grid(check_settings({"grid": [{**entry, "methods": ["nsgp", "bicubic"]}]}))
    assert tuned_scenes(grid, grid.rows["nsgp"]) == {"eight": ["beads", "face"]}
    assert tuned_scenes(grid, grid.rows["bicubic"]) == tuned_scenes(grid, SimpleNamespace(method=None)) == {}
