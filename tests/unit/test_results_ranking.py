"""Which scenes count, who is ranked, and in which order; and the layout of the tables."""

import pytest

from mossfuse.benchmark.results.collect import METRIC_COLUMNS, nested_means
from mossfuse.benchmark.results.layout import VERSION, check_version
from mossfuse.benchmark.results.ranking import Run, Standing, field_of, ranks
from mossfuse.errors import MossFuseError


def runs_of(*entries):
    """'method scene' with an optional 'seen' or 'failed' -> Runs."""
    parts = [entry.split() for entry in entries]
    return [Run(p[0], p[1], "seen" in p[2:], "failed" not in p[2:]) for p in parts]


def test_scene_seen_by_one_method_counts_for_no_method():
    field = field_of(runs_of("a one", "a two", "b one seen", "b two"))
    assert (field.scenes, field.left_out) == (["two"], ["one"])
    assert field.standings == {"a": Standing("ranked", 1, 0, 0), "b": Standing("ranked", 1, 0, 0)}


def test_method_that_has_seen_every_scene_has_no_rank_and_takes_no_scene_away():
    field = field_of(runs_of("a one", "a two", "b one seen", "b two seen"))
    assert (field.scenes, field.left_out) == (["one", "two"], [])
    assert field.is_ranked("a") and field.standings["b"].status == "seen"


def test_missing_and_failed_scenes_take_the_rank_away():
    field = field_of(runs_of("a one", "a two", "b one", "c one", "c two failed"))
    assert [field.standings[m].status for m in "abc"] == ["ranked", "partial", "failed"]


def test_method_without_a_replicate_that_another_has_is_not_ranked():
    runs = [Run(m, "one", False, True, r) for m, r in (("a", "phase0"), ("a", "phase1"), ("b", "phase0"))]
    assert {m: s.status for m, s in field_of(runs).standings.items()} == {"a": "ranked", "b": "partial"}
    failed = [*runs, Run("b", "one", False, False, "phase1")]
    assert field_of(failed).standings["b"] == Standing("failed", 0, 1, 0)


def test_method_with_one_failed_seed_has_neither_rank_nor_mean():
    field = field_of(runs_of("a one", "b one", "b one failed"))
    assert field.standings["b"] == Standing("failed", 1, 1, 0)

    def row(method, seed, status, value):
        filled = {"dataset": "d", "degradation": "g", "method": method, "scene": "one", "seed": seed, "status": status}
        filled |= {
            "board": "g",
            "lattice": "3x3",
            "draw": 0,
            "seen_in_training": "false",
            "convention": "std1",
            "metric": "psnr",
            "value": value,
        }
        return tuple(filled.get(column, "") for column in METRIC_COLUMNS)

    means = nested_means([row("a", 0, "ok", 30.0), row("b", 0, "ok", 40.0), row("b", 1, "failed", "")])
    assert means == {"d": {"g": {"a": {"std1": {"psnr": 30.0}}}}}


@pytest.mark.parametrize(("lower", "expected"), [(False, {"a": 2, "b": 1, "c": 2}), (True, {"a": 1, "b": 3, "c": 1})])
def test_equal_means_share_the_better_rank_and_missing_ones_have_none(lower, expected):
    assert ranks({"a": 1.0, "b": float("inf"), "c": 1.0, "d": float("nan")}, lower) == expected


@pytest.mark.parametrize("content", [{}, {"version": VERSION + 1}])
def test_tables_of_another_layout_are_refused_with_the_remedy(content):
    check_version({"version": VERSION}, "catalogue.json")
    with pytest.raises(MossFuseError, match="^catalogue.json belongs to tables of layout .* collect the results again"):
        check_version(content, "catalogue.json")
