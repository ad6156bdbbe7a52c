"""The conformance suite finds the faults it is there for."""

import contextlib
import sys
import zlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
import torch

from mossfuse import Fusion, Method
from mossfuse.benchmark.check import method as method_claims
from mossfuse.benchmark.check import metric as metric_claims
from mossfuse.benchmark.check.claims import Skipped, Unmet
from mossfuse.errors import MossFuseError
from mossfuse.metrics import scoring
from mossfuse.metrics.catalogue import find_metric

RMSE, _ = find_metric("rmse.cube")
TRUTH = np.full((16, 16, 3), 0.5)


def test_metric_with_a_small_constant_error_is_found(tmp_path):
    shifted = replace(RMSE, compute=lambda truth, cube, ratio: RMSE.compute(truth, cube, ratio) + 1e-5)
    with pytest.raises(Unmet, match="the truth itself has 1e-05, the ideal is 0; set exact=False"):
        metric_claims.require_ideal(shifted, tmp_path)
    metric_claims.require_ideal(replace(shifted, exact=False), tmp_path)


def test_inexact_metric_still_prefers_the_truth_to_noise(tmp_path):
    blunt = replace(RMSE, compute=lambda truth, cube, ratio: max(RMSE.compute(truth, cube, ratio), 0.01), exact=False)
    with pytest.raises(Unmet, match="and noise of 0.003 has 0.01"):
        metric_claims.require_ideal(blunt, tmp_path)


def test_metric_that_raises_is_one_sentence_with_its_name(monkeypatch):
    broken = replace(RMSE, compute=lambda truth, cube, ratio: 1 / 0)
    monkeypatch.setattr(scoring, "metrics_of", lambda convention: {"rmse": broken})
    with pytest.raises(
        MossFuseError, match=r"metric 'rmse.cube' cannot be computed \(ZeroDivisionError.*fix or remove"
    ):
        scoring.compute(broken, TRUTH, 0.8 * TRUTH, 4)
    scores = scoring.score_all(TRUTH, 0.8 * TRUTH, 4, ("std1",))["std1"]
    assert not scores.values and "metric 'rmse.cube' cannot be computed (ZeroDivisionError" in scores.reasons["rmse"]


def test_metric_that_needs_labels_is_checked_on_labels(tmp_path):
    for name in ("anomalies.rx_auc", "abundances.published", "abundances.reference", "delta_e.a"):
        metric, _ = find_metric(name)
        metric_claims.require_ideal(metric, tmp_path)
        metric_claims.require_direction(metric, tmp_path)
    with pytest.raises(Skipped, match="has no depth"):
        metric_claims.require_direction(replace(RMSE, needs=("depth",)), tmp_path)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (lambda: zlib.crc32(sys.argv[0].encode()), "two seeds give two cubes"),
        (lambda: len(Path.cwd().name), "two seeds give two cubes"),
        (lambda: np.load(next(Path().glob("data/*/scenes/*"))), "the method opened .*data, which it was not handed"),
        (lambda: h5py.File("results/phantom/x8/_pairs/beads.mat"), "the method opened .*beads.mat, which it was"),
    ],
)
def test_method_that_looks_around_is_found(tmp_path, source, found):
    def fuse(observation, *, seed, device, checkpoint=None):
        with contextlib.suppress(OSError):
            return Fusion(np.full((32, 32, 31), source(), np.float32))
        return Fusion(np.zeros((32, 32, 31), np.float32))

    method = Method(name="looks", title="t", citation="c", licence="l", stochastic=False)
    with pytest.raises(Unmet, match=found):
        method_claims.require_repeatable(method, SimpleNamespace(fuse=fuse), tmp_path)


def test_method_that_draws_from_the_global_generator_of_torch_is_found(tmp_path):
    method = Method(name="draws", title="t", citation="c", licence="l", stochastic=True)

    def fuse(observation, *, seed, device, checkpoint=None):
        torch.rand(1)
        shape = (*observation.msi.shape[:2], observation.hsi.shape[2])
        return Fusion(np.zeros(shape, np.float32))

    with pytest.raises(Unmet, match="torch's global random generator"):
        method_claims.require_repeatable(method, SimpleNamespace(fuse=fuse), tmp_path)
