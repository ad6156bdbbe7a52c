"""Metrics are found by file: order of the tables, declarations, and files outside the package."""

import logging
import re

import numpy as np
import pytest

from mossfuse.errors import MossFuseError
from mossfuse.metrics import CONVENTIONS, all_columns, all_metrics, catalogue, metric_files, metrics_of, score
from mossfuse.metrics.specification import Column

TRUTH = np.random.default_rng(0).uniform(0.1, 0.9, (40, 36, 8))
CUBE = np.clip(TRUTH + 0.05 * np.random.default_rng(1).standard_normal(TRUTH.shape), 0, 1)
FACTS = {
    "wavelengths": np.linspace(440, 660, 8),
    "endmembers": TRUTH[0, :3].T,
    "abundances": np.full((*TRUTH.shape[:2], 3), 1 / 3),
    "anomalies": np.arange(40 * 36).reshape(40, 36) % 50 == 0,
}
OUTSIDE = """
import numpy as np
from mossfuse import Column, Metric
COLUMN = Column({column!r}, "MAE", better="lower", decimals=5, range=(0, float("inf")))
METRIC = Metric({name!r}, COLUMN, lambda x, y, ratio: float(np.abs(x - y).mean()), "mean |x - y|", conventions={conventions!r})
"""


def source(column="mae", name="mae.cube", conventions=("std1",)):
    return OUTSIDE.format(column=column, name=name, conventions=conventions)


def test_columns_of_the_tables_stand_in_their_order():
    assert list(metrics_of("std1")) == [
        "psnr", "psnr_min", "ssim", "sam", "sam_lit", "sam_p95", "ergas", "rmse", "dd", "rmse_edges", "rmse_flat", "cc",
        "uqi", "q2n", "delta_e_d65", "delta_e_a", "rx_auc", "abundance_rmse", "abundance_shift",
    ]  # fmt: skip
    assert list(metrics_of("moss")) == ["psnr", "ssim", "sam", "sam_nan_pixels", "ergas", "rmse", "uqi_sewar"]
    assert [metric.name for metric in metrics_of("pansharpening").values()] == [
        "sam.drop", "ergas.wald", "scc.sobel_cosine", "uqi.ws32", "uqi.q2n_32",
    ]  # fmt: skip


def test_every_convention_has_metrics_and_every_built_in_file_is_usable():
    assert not catalogue().broken and not catalogue().clashes
    assert all(metrics_of(name) for name in CONVENTIONS)


@pytest.mark.parametrize("cube", [CUBE, TRUTH, 1 - TRUTH, 0 * TRUTH])
def test_values_lie_in_the_declared_range(cube):
    for metric in all_metrics().values():
        low, high = metric.column.range
        if metric.name == "ssim.global":  # imgvision's covariance divides by n - 1, its variances by n
            high += 1 / (TRUTH.shape[0] * TRUTH.shape[1] - 1)
        value = metric.compute(TRUTH, cube, 4, **{name: FACTS[name] for name in metric.needs})
        assert low - 1e-9 <= value <= high + 1e-9, metric.name


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_estimate_with_more_noise_is_worse_in_the_declared_direction(convention):
    worse = np.clip(CUBE + 0.2 * np.random.default_rng(2).standard_normal(TRUTH.shape), 0, 1)
    facts = {"wavelengths": FACTS["wavelengths"]}
    better_scores, worse_scores = (score(TRUTH, cube, 4, convention, facts) for cube in (CUBE, worse))
    for name, metric in metrics_of(convention).items():
        if metric.column.better and set(metric.needs) <= set(facts):
            assert (better_scores[name] < worse_scores[name]) == metric.column.lower_is_better, metric.name


def test_metric_of_an_outside_file_stands_last_in_its_convention_and_in_no_other(metrics_outside):
    before = {name: score(TRUTH, CUBE, 4, name) for name in ("std1", "moss")}
    path = metrics_outside("mae.py", source())
    scores = score(TRUTH, CUBE, 4)
    assert list(scores) == [*before["std1"], "mae"] and scores["mae"] == pytest.approx(np.abs(TRUTH - CUBE).mean())
    assert score(TRUTH, CUBE, 4, "moss") == before["moss"]
    assert metric_files(["std1"])[-1] == path and path not in metric_files(["moss"])
    assert all_columns()["mae"].title == "MAE"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("METRIC = 1 / 0", "cannot be imported"),
        ("METRIC = 'psnr'", "METRIC must be a mossfuse.Metric, not str"),
        (source(conventions=("std2",)), "unknown convention 'std2'; did you mean std1"),
        (source(column="sam", name="own"), "column 'sam' is declared differently in .*sam.py"),
        (source(column="residual_hsi_max", name="own"), "column 'residual_hsi_max' is declared differently"),
        ("from mossfuse.metrics.definitions.psnr import METRICS, PSNR\nfrom dataclasses import replace\n"
         "METRICS = (replace(METRICS[0], name='psnr.own', conventions=('std1',)),)",
         "'psnr.own' and 'psnr.bandmean_peak1' both fill the column 'psnr' of the convention 'std1'"),
        (source(column="Mean Error"), "small letters"),
    ],
)  # fmt: skip
def test_unusable_file_is_named_and_stops_no_other(metrics_outside, caplog, text, words):
    metrics_outside("good.py", source())
    path = metrics_outside("wrong.py", text)
    with caplog.at_level(logging.WARNING):
        assert "mae" in score(TRUTH, CUBE, 4)
    assert list(catalogue().broken) == [path]
    assert caplog.messages == list(catalogue().broken.values())

    assert re.search(words, caplog.messages[0])


def test_two_files_with_one_name_are_refused_where_it_is_scored(metrics_outside):
    metrics_outside("first.py", source())
    metrics_outside("second.py", source())
    assert "mae" not in score(TRUTH, CUBE, 4, "moss")
    with pytest.raises(MossFuseError, match="two files define the metric 'mae.cube'"):
        score(TRUTH, CUBE, 4)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "a b"},
        {"better": "up"},
        {"shown": "nowhere"},
        {"range": (1, 0)},
        {"tie": -1},
        {"decimals": -1},
        {"better": None},
    ],
)
def test_column_of_another_form_is_refused(changes):
    with pytest.raises(ValueError, match="column"):
        Column(**{"name": "mae", "title": "MAE", **changes})
