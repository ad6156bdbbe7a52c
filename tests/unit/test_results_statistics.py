"""Statistics over scenes: against scipy, brute force and published examples; honesty about holes and few scenes."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from mossfuse.benchmark.results.intervals import bootstrap_t, interval_of_mean
from mossfuse.benchmark.results.margins import read_margin
from mossfuse.benchmark.results.signed_rank import equivalence, holm, smallest_p, wilcoxon
from mossfuse.benchmark.results.statistics import (
    cliques,
    critical_difference,
    failed_scenes,
    friedman,
    nemenyi,
    paired,
    scene_values,
    spread_over,
    summary,
)
from mossfuse.errors import MossFuseError

COLUMNS = (
    "dataset,degradation,board,lattice,draw,method,scene,seed,split,seen_in_training,weights,status,reason,convention,metric,"
    "value"
)


def table(values, metric="psnr", seen=(), failed=()):
    """A metrics.csv table from {method: {scene: value or list over seeds}}; ``failed``: (method, scene) without value."""
    rows = []
    for method, scenes in values.items():
        for scene, entry in scenes.items():
            for seed, value in enumerate(np.atleast_1d(entry)):
                head = ["cave", "x8", "x8", "3x3", 0, method, scene, seed, "test", scene in seen, "none"]
                ok = (method, scene) not in failed
                rows.append([*head, "ok", "", "std1", metric, value] if ok else [*head, "failed", "NaN", *[np.nan] * 3])
    return pd.DataFrame(rows, columns=COLUMNS.split(","))


def normal_table(methods=3, scenes=8, seed=0):
    rng = np.random.default_rng(seed)
    base = rng.normal(35, 4, scenes)
    return table({f"m{m}": {f"s{i}": base[i] + m + rng.normal(0, 0.8) for i in range(scenes)} for m in range(methods)})


@pytest.mark.parametrize("n", [2, 3, 5, 8])
@pytest.mark.parametrize("kind", ["continuous", "ties", "zeros"])
def test_wilcoxon_equals_scipys_permutation_test(n, kind):
    from scipy import stats

    d = np.random.default_rng(n).normal(0.3, 1, n)
    if kind != "continuous":
        d = np.round(2 * d) / 2
    if kind == "zeros":
        d[0] = 0
    expected = 1.0
    if (d != 0).sum() > 1:  # what scipy needs
        expected = stats.wilcoxon(d, zero_method="wilcox", method=stats.PermutationMethod(n_resamples=np.inf)).pvalue
    assert wilcoxon(d) == pytest.approx(expected)


def test_wilcoxon_of_nothing_is_undefined_and_of_zeros_alone_is_one():
    assert np.isnan(wilcoxon([])) and np.isnan(wilcoxon([1.0, np.nan]))
    assert wilcoxon(np.zeros(4)) == 1


def test_pairs_without_a_difference_are_counted_as_such():
    rows = table({"a": dict(zip("uvwxyz", [1.0, 2, 3, 4, 5, 6], strict=True)),
                  "b": dict(zip("uvwxyz", [1.0, 2, 2, 3, 4, 5], strict=True))})  # fmt: skip
    line = paired(rows, "std1", "psnr").iloc[0]
    assert (line["n"], line["zeros"], line["wins"], line["ties"], line["losses"]) == (6, 2, 4, 2, 0)
    assert line["p"] == line["smallest_p"] == smallest_p(4)


def test_equivalence_is_two_one_sided_tests():
    from scipy import stats

    d, margin = np.array([0.02, -0.05, 0.01, 0.08, -0.03, 0.04]), 0.1
    one_sided = [
        stats.wilcoxon(d + margin, alternative="greater", method="exact").pvalue,
        stats.wilcoxon(d - margin, alternative="less", method="exact").pvalue,
    ]
    assert equivalence(d, np.full(6, margin)) == pytest.approx(max(one_sided)) == 2**-6
    assert equivalence(d + 0.1, np.full(6, margin)) > 0.5


def test_equal_methods_are_equivalent_and_not_different_and_far_ones_the_reverse():
    values = {f"s{i}": 30.0 + i for i in range(12)}
    rows = table(
        {
            "near": {s: v + 0.01 * (-1) ** k for k, (s, v) in enumerate(values.items())},
            "far": {s: v + 2 for s, v in values.items()},
            "ref": values,
        }
    )
    lines = paired(rows, "std1", "psnr", reference="ref", margin=read_margin(0.1)).set_index("method")
    assert lines.loc["near", "p"] > 0.5 and lines.loc["near", "p_equivalence"] < 0.001
    assert lines.loc["far", "p"] < 0.001 and lines.loc["far", "p_equivalence"] == 1


def test_margin_may_be_a_share_of_the_references_value():
    share = read_margin("2 %")
    assert str(share) == "2 %" and str(read_margin(0.1)) == "0.1"
    np.testing.assert_allclose(share.at(np.array([2.0, 5.0])), [0.04, 0.1])
    rows = table(
        {"a": {f"s{i}": 5.0 + i + 0.05 for i in range(8)}, "b": {f"s{i}": 5.0 + i for i in range(8)}}, metric="sam"
    )
    assert paired(rows, "std1", "sam", margin=share)["p_equivalence"].item() == 2**-8
    assert paired(rows, "std1", "sam", margin=read_margin("0.5 %"))["p_equivalence"].item() > 0.05


def test_smallest_p_is_reached_when_every_scene_agrees():
    for n in (3, 5, 8):
        assert wilcoxon(np.arange(1.0, n + 1)) == pytest.approx(smallest_p(n))
    assert smallest_p(5) == 0.0625


def test_holm_equals_the_hand_computed_example():
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.02, np.nan, 0.9]), [0.04, np.nan, 0.9])


def test_friedman_equals_scipy_with_ties():
    from scipy import stats

    scores = np.random.default_rng(3).integers(0, 4, (12, 4)).astype(float)
    ranks = stats.rankdata(scores, axis=1)
    assert friedman(ranks) == pytest.approx(stats.friedmanchisquare(*scores.T).pvalue)


def test_nemenyi_equals_the_published_table_and_example():
    quantile = {2: 1.960, 5: 2.728, 10: 3.164}  # Demsar 2006, table 5a
    for k, q in quantile.items():
        assert nemenyi(k, 1) == pytest.approx(q * np.sqrt(k * (k + 1) / 6), rel=1e-3)
    assert nemenyi(4, 14) == pytest.approx(1.25, abs=0.01)  # its worked example


def test_intervals_are_deterministic_and_independent_of_the_row_order():
    rows = normal_table()
    shuffled = rows.sample(frac=1, random_state=1)
    for function in (summary, paired, critical_difference):
        pd.testing.assert_frame_equal(function(rows, "std1", "psnr"), function(shuffled, "std1", "psnr"))
    values = [1.0, 2, 4, 7, 3]
    assert interval_of_mean(values) == interval_of_mean(values[::-1])


@pytest.mark.parametrize("n", [5, 12])
@pytest.mark.parametrize(("kind", "mean"), [("normal", 0), ("exponential", 1)])
def test_interval_covers_the_mean_about_as_often_as_it_says(n, kind, mean):
    values = getattr(np.random.default_rng(1), kind)(size=(3000, n))
    low, high = bootstrap_t(values, resamples=999)
    assert 0.92 <= ((low <= mean) & (mean <= high)).mean() <= 0.97


def test_skewed_values_have_a_skewed_interval_and_scale_with_their_unit():
    values = np.array([1.0, 1.1, 1.3, 1.2, 4.0, 1.6, 1.15])
    low, high = interval_of_mean(values)
    assert high - values.mean() > values.mean() - low
    assert interval_of_mean(10 * values + 3) == pytest.approx((10 * low + 3, 10 * high + 3))


def test_too_few_infinite_or_tied_values_have_no_interval_and_equal_ones_an_empty_one():
    assert np.isnan(interval_of_mean([1.0, 2, 3, 4])).all()
    assert np.isnan(interval_of_mean([1.0, 2, 3, 4, np.inf])).all()
    assert np.isnan(interval_of_mean([1.0, 1, 1, 1, 9])).all()  # most resamples of it hold one value
    assert interval_of_mean([2.0] * 6) == (2, 2)


def test_summary_states_counts_means_and_seed_spread():
    rows = table({"a": {"s1": [30, 32], "s2": [40, 42], "s3": [1, 1]}}, failed={("a", "s3")})
    line = summary(rows, "std1", "psnr").iloc[0]
    assert (line["n"], line["failed"], line["mean"], line["median"]) == (2, 1, 36, 36)
    assert line["seed_std"] == pytest.approx(np.sqrt(2))
    assert line["std"] == pytest.approx(np.std([31, 41], ddof=1))
    spread = spread_over("seed", rows, "std1", "psnr").iloc[0]
    assert (spread["scenes"], spread["count"]) == (2, 2)
    assert spread["largest"] == pytest.approx(np.sqrt(2))
    assert failed_scenes(rows)[["method", "failed", "scenes"]].values.tolist() == [["a", 1, "s3"]]


def test_seeds_are_averaged_before_scenes_are_counted():
    rows = table({"a": {"s1": [30, 32, 34], "s2": [40, 41, 42]}, "b": {"s1": 31, "s2": 41}})
    assert scene_values(rows, "std1", "psnr")["value"].tolist() == [32, 41, 31, 41]
    line = paired(rows, "std1", "psnr").iloc[0]
    assert (line["n"], line["mean_difference"]) == (2, 0.5)


@pytest.mark.parametrize("as_csv", [False, True])
def test_scenes_seen_in_training_stay_out_unless_asked_for(as_csv, tmp_path):
    rows = table({"a": {"s1": 30, "s2": 50}}, seen={"s2"})
    if as_csv:
        rows = rows.assign(seen_in_training=rows["seen_in_training"].map({True: "true", False: "false"}))
        rows.to_csv(tmp_path / "metrics.csv", index=False)
        rows = pd.read_csv(tmp_path / "metrics.csv")
    assert summary(rows, "std1", "psnr")["mean"].item() == 30
    assert summary(rows, "std1", "psnr", include_seen=True)["mean"].item() == 40


def test_failed_cell_removes_the_pair_and_the_count_says_so():
    values = {m: {f"s{i}": 30.0 + i + m for i in range(6)} for m in range(3)}
    rows = table({f"m{m}": v for m, v in values.items()}, failed={("m0", "s1"), ("m2", "s4")})
    line = paired(rows, "std1", "psnr").set_index(["method", "other"]).loc[("m0", "m2")]
    assert (line["n"], line["missing"]) == (4, 2)
    ranks = critical_difference(rows, "std1", "psnr")
    assert ranks["n"].unique() == [4] and ranks["dropped"].unique() == [2]
    assert "2 of 6 scenes are left out" in ranks["remark"].iloc[0]


@pytest.mark.parametrize(("metric", "wins", "losses"), [("psnr", 2, 1), ("sam", 1, 2)])
def test_wins_follow_the_direction_of_the_metric_and_near_values_tie(metric, wins, losses):
    rows = table(
        {"a": dict(zip("wxyz", [3.0, 4, 5, 6.001], strict=True)), "b": dict(zip("wxyz", [2.0, 3, 6, 6], strict=True))},
        metric=metric,
    )
    line = paired(rows, "std1", metric).iloc[0]
    assert (line["wins"], line["ties"], line["losses"]) == (wins, 1, losses)
    assert line["tie"] > 0.001
    exact = paired(rows, "std1", metric, tie=0).iloc[0]
    assert exact["ties"] == 0


def test_comparison_against_one_reference_has_the_rows_of_all_pairs():
    rows = normal_table(methods=4)
    everything, one = paired(rows, "std1", "psnr"), paired(rows, "std1", "psnr", reference="m0")
    assert len(everything) == 6 and one["method"].tolist() == ["m1", "m2", "m3"]
    assert set(one["other"]) == {"m0"}
    both = everything.set_index(["method", "other"]).loc[("m0", "m3")]
    mirrored = one.set_index("method").loc["m3"]
    assert mirrored["mean_difference"] == pytest.approx(-both["mean_difference"])
    assert mirrored["p"] == pytest.approx(both["p"])


def test_best_method_ranks_first_whether_high_or_low_is_better():
    values = {f"m{m}": {f"s{i}": 30.0 + i + m for i in range(12)} for m in range(3)}
    assert critical_difference(table(values), "std1", "psnr")["method"].tolist() == ["m2", "m1", "m0"]
    low = critical_difference(table(values, metric="sam"), "std1", "sam")
    assert low["method"].tolist() == ["m0", "m1", "m2"]
    assert low["mean_rank"].tolist() == [1, 2, 3]


def test_cliques_are_the_maximal_runs_within_the_critical_difference():
    ranks = pd.DataFrame(
        {"dataset": "d", "board": "x", "method": list("abcde"), "mean_rank": [1, 2, 3, 4.5, 6], "cd": 2.0}
    )
    bars = cliques(ranks)
    assert bars[["first", "last", "size"]].values.tolist() == [["a", "c", 3], ["c", "d", 2], ["d", "e", 2]]


def test_few_scenes_are_said_to_prove_little():
    few = critical_difference(normal_table(scenes=2), "std1", "psnr")["remark"].iloc[0]
    assert "no paired test can reach p = 0.05" in few and "no two methods are distinguishable" in few
    many = critical_difference(normal_table(methods=6, scenes=30), "std1", "psnr")
    assert many["remark"].iloc[0] == ""
    assert many["p_friedman"].iloc[0] < 1e-6


def test_infinite_psnr_is_the_best_rank_and_no_nan():
    rows = table({"truth": {"s1": np.inf, "s2": np.inf, "s3": 60}, "b": {"s1": 40, "s2": np.inf, "s3": 50}})
    line = paired(rows, "std1", "psnr").set_index("method").loc["b"]
    assert (line["wins"], line["ties"], line["losses"]) == (0, 1, 2)
    assert line["median_difference"] == -10
    ranks = critical_difference(rows, "std1", "psnr")
    assert ranks["method"].iloc[0] == "truth"
    assert summary(rows, "std1", "psnr").set_index("method").loc["truth", "mean"] == np.inf


def test_degradations_are_never_mixed():
    rows = normal_table()
    other = rows.assign(degradation="x32", board="x32", value=rows["value"] - 10)
    both = summary(pd.concat([rows, other]), "std1", "psnr")
    assert both.groupby("board")["n"].sum().tolist() == [24, 24]
    pd.testing.assert_frame_equal(both[both["board"] == "x8"].reset_index(drop=True), summary(rows, "std1", "psnr"))


def replicated_table(lattices, draws=1):
    """A table of two methods whose scores depend on the lattice and on the draw of the noise."""
    parts = []
    for lattice in range(lattices):
        for draw in range(draws):
            rows = table(
                {"a": {"s1": [30.0 + lattice + 10 * draw] * 2, "s2": 40.0 + 3 * lattice}, "b": {"s1": 20, "s2": 21}}
            )
            parts.append(rows.assign(degradation=f"x8-phase{lattice}x0-noise{draw}", lattice=f"{lattice}x0", draw=draw))
    return pd.concat(parts)


def test_lattices_and_draws_are_replicates_and_never_scenes():
    rows = replicated_table(lattices=3, draws=2)
    line = summary(rows, "std1", "psnr").set_index("method").loc["a"]
    assert (line["n"], line["lattices"], line["draws"]) == (2, 3, 2)
    assert line["mean"] == pytest.approx(np.mean([31 + 5, 43]))
    assert line["seed_std"] == 0
    assert line["lattice_std"] == pytest.approx(np.std([35 + 2.5, 37 + 2.5, 39 + 2.5], ddof=1))
    assert line["draw_std"] == pytest.approx(np.std([37, 42], ddof=1))
    assert paired(rows, "std1", "psnr")["n"].tolist() == [2]
    spread = spread_over("lattice", rows, "std1", "psnr").set_index("method").loc["a"]
    assert (spread["scenes"], spread["count"], spread["largest"]) == (2, 3, pytest.approx(3))
    assert spread["std"] == pytest.approx(np.sqrt((1 + 9) / 2))


def test_row_that_stands_twice_is_refused():
    rows = normal_table()
    with pytest.raises(MossFuseError, match="cave/x8/m0/s0/0 more than once"):
        summary(pd.concat([rows, rows.iloc[:1]]), "std1", "psnr")


def test_missing_column_unknown_metric_and_counts_are_refused():
    rows = normal_table()
    with pytest.raises(MossFuseError, match="lacks the column status"):
        summary(rows.drop(columns="status"), "std1", "psnr")
    with pytest.raises(MossFuseError, match="unknown metric 'psn'"):
        paired(rows, "std1", "psn")
    with pytest.raises(MossFuseError, match="ranks no method"):
        critical_difference(rows, "moss", "sam_nan_pixels")


def test_table_without_a_finished_cell_gives_empty_results():
    rows = table({"a": {"s1": 1}, "b": {"s1": 1}}, failed={("a", "s1"), ("b", "s1")})
    for function in (summary, paired, critical_difference, partial(spread_over, "seed")):
        assert function(rows, "std1", "psnr").empty
    assert cliques(critical_difference(rows, "std1", "psnr")).empty
