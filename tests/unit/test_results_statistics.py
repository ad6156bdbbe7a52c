"""Statistics over scenes: against scipy, brute force and published examples; honesty about holes and few scenes."""

import itertools
from functools import partial

import numpy as np
import pandas as pd
import pytest

from mossfuse.benchmark.results.statistics import (
    bootstrap_mean,
    cliques,
    critical_difference,
    failed_scenes,
    friedman,
    holm,
    nemenyi,
    paired,
    scene_values,
    smallest_p,
    spread_over,
    summary,
    wilcoxon,
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


def test_wilcoxon_equals_scipy_without_ties():
    from scipy import stats

    for n in (1, 4, 9, 20):
        d = np.random.default_rng(n).normal(0.3, 1, n)
        assert wilcoxon(d) == pytest.approx(stats.wilcoxon(d, method="exact").pvalue)


def test_wilcoxon_is_exact_with_ties_and_ignores_zeros():
    from scipy.stats import rankdata

    d = np.array([0.5, 0.5, -0.5, 1.0, 2.0, 2.0, 0.0])
    ranks = rankdata(np.abs(d[d != 0]))
    null = np.array([np.dot(ranks, signs) for signs in itertools.product((0, 1), repeat=len(ranks))])
    seen = ranks[d[d != 0] > 0].sum()
    assert wilcoxon(d) == pytest.approx(min(1, 2 * min((null >= seen).mean(), (null <= seen).mean())))
    assert wilcoxon(np.zeros(4)) == 1
    assert np.isnan(wilcoxon([]))


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


def test_bootstrap_is_deterministic_and_independent_of_the_row_order():
    rows = normal_table()
    shuffled = rows.sample(frac=1, random_state=1)
    for function in (summary, paired, critical_difference):
        pd.testing.assert_frame_equal(function(rows, "std1", "psnr"), function(shuffled, "std1", "psnr"))
    assert bootstrap_mean([1.0, 2, 4], seed=0) == bootstrap_mean([1.0, 2, 4], seed=0)


def test_bootstrap_interval_covers_the_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    for n in (5, 12):
        hits = 0
        for _ in range(400):
            low, high = bootstrap_mean(rng.normal(3, 1, n), resamples=2000)
            hits += low <= 3 <= high
        assert 0.90 <= hits / 400 <= 0.99, (n, hits)


def test_bootstrap_of_one_scene_has_no_interval():
    assert np.isnan(bootstrap_mean([3.0])).all()


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


def test_comparison_against_one_reference_corrects_for_those_rows_only():
    rows = normal_table(methods=4)
    everything, one = paired(rows, "std1", "psnr"), paired(rows, "std1", "psnr", reference="m0")
    assert len(everything) == 6 and one["method"].tolist() == ["m1", "m2", "m3"]
    assert set(one["other"]) == {"m0"}
    assert (one["p_holm"] >= one["p"]).all()
    both = everything.set_index(["method", "other"]).loc[("m0", "m3")]
    mirrored = one.set_index("method").loc["m3"]
    assert mirrored["mean_difference"] == pytest.approx(-both["mean_difference"])
    assert mirrored["p"] == pytest.approx(both["p"]) and mirrored["p_holm"] <= both["p_holm"]


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
