"""Limits that read the truth: each is what its name says, against dense linear algebra and slow formulas."""

import csv
import json

import numpy as np
import pytest

from mossfuse.__main__ import main
from mossfuse.benchmark.results.limits import limits, posterior_mean, statistics
from mossfuse.physics.sampling import BlurSample, operator_of
from mossfuse.protocol import Observation, Sensor

rng = np.random.default_rng(8)
ROWS, COLS, BANDS = 6, 4, 5
SRF = rng.random((2, BANDS))
SRF /= SRF.sum(1, keepdims=True)
TRUTH = np.clip(rng.random((ROWS, COLS, 2)) @ rng.random((2, BANDS)) + 0.05 * rng.random((ROWS, COLS, BANDS)), 0, 1)


def pair_of(truth=TRUTH, psf=None, phase=(0, 0), noise=(0.0, 0.0)):
    psf = np.array([[0.4, 0.2], [0.3, 0.1]]) if psf is None else psf
    hsi = BlurSample(psf, phase, 2, truth.shape[:2])(truth)
    sensor = Sensor(psf, psf.shape, phase, SRF, np.full(BANDS, noise[0]), np.full(2, noise[1]))
    hsi = hsi + noise[0] * rng.standard_normal(hsi.shape)
    msi = truth @ SRF.T + noise[1] * rng.standard_normal((ROWS, COLS, 2))
    return Observation(hsi, msi, 2, sensor)


OVERLAPPING = np.outer([1, 2, 1], [1, 2, 1]) / 16


def dense(operator):
    """H as a matrix (low pixels, pixels)."""
    columns = [operator(np.eye(ROWS * COLS)[k].reshape(ROWS, COLS)).ravel() for k in range(ROWS * COLS)]
    return np.array(columns).T


@pytest.mark.parametrize("psf", [None, OVERLAPPING], ids=["one block", "overlapping"])
@pytest.mark.parametrize("noise", [(0.0, 0.0), (0.02, 0.01)])
def test_wiener_limit_is_the_posterior_mean_of_the_dense_model(psf, noise):
    pair = pair_of(psf=psf, noise=noise)
    mean, covariance = statistics(TRUTH)
    operator = operator_of(pair)
    x0 = np.tile(mean, (ROWS * COLS, 1)).ravel()
    prior = np.kron(np.eye(ROWS * COLS), covariance)
    forward = np.concatenate([np.kron(dense(operator), np.eye(BANDS)), np.kron(np.eye(ROWS * COLS), SRF)])
    seen = np.concatenate([pair.hsi.ravel(), pair.msi.ravel()])
    sigma = np.concatenate([np.full(pair.hsi.size, noise[0] ** 2), np.full(pair.msi.size, noise[1] ** 2)])
    gain = prior @ forward.T @ np.linalg.pinv(forward @ prior @ forward.T + np.diag(sigma), rcond=1e-10, hermitian=True)
    expected = (x0 + gain @ (seen - forward @ x0)).reshape(TRUTH.shape)
    levels = (np.full(BANDS, noise[0]), np.full(2, noise[1]))
    found = posterior_mean(pair.hsi, pair.msi, SRF, operator, mean, covariance, levels)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("psf", [None, OVERLAPPING], ids=["one block", "overlapping"])
def test_null_limit_is_the_least_norm_cube_that_agrees_with_both_images(psf):
    pair = pair_of(psf=psf)
    cube = dict(limits(TRUTH, pair))["oracle-null"]
    np.testing.assert_allclose(operator_of(pair)(cube), pair.hsi, atol=1e-8)
    np.testing.assert_allclose(cube @ SRF.T, pair.msi, atol=1e-8)
    forward = np.concatenate([np.kron(dense(operator_of(pair)), np.eye(BANDS)), np.kron(np.eye(ROWS * COLS), SRF)])
    least = np.linalg.lstsq(forward, np.concatenate([pair.hsi.ravel(), pair.msi.ravel()]), rcond=None)[0]
    np.testing.assert_allclose(cube, least.reshape(TRUTH.shape), atol=1e-7)


def test_subspace_limit_is_exact_at_the_rank_of_the_scene_and_pixel_limit_at_an_affine_one():
    flat = rng.random((ROWS, COLS, 2)) @ rng.random((2, BANDS)) + rng.random(BANDS)
    found = dict(limits(flat, pair_of(flat)))
    np.testing.assert_allclose(found["oracle-subspace-3"], flat, atol=1e-10)
    np.testing.assert_allclose(found["oracle-pixel"], flat, atol=1e-10)
    loss = np.square(dict(limits(TRUTH, pair_of()))["oracle-subspace-3"] - TRUTH).sum()
    spectra = TRUTH.reshape(-1, BANDS)
    singular = np.linalg.svd(spectra - spectra.mean(0), compute_uv=False)
    assert loss == pytest.approx(np.square(singular[3:]).sum())


def test_limits_of_a_finished_run_are_written_beside_its_tables_and_no_row_of_them(tmp_path, monkeypatch, capsys):
    from mossfuse.benchmark.data.make_pair import make_pair
    from mossfuse.benchmark.data.prepare import prepare_scene
    from mossfuse.benchmark.plan.grid import Grid
    from mossfuse.benchmark.plan.paths import Paths
    from mossfuse.benchmark.plan.settings import read_settings

    monkeypatch.chdir(tmp_path)
    name = "x8-gauss7s2-nikond5100-snr35-40"
    entry = {
        "dataset": "phantom",
        "as": "small",
        "options": {"size": 64},
        "scenes": ["mosaic"],
        "degradations": [name],
        "methods": ["bicubic"],
    }
    (tmp_path / "config.yaml").write_text(
        json.dumps({"name": "t", "grid": [entry], "conventions": ["std1"]}), encoding="utf-8"
    )
    assert main(["bench", "limits"]) == 2 and "run the comparison first" in capsys.readouterr().err
    settings = read_settings("config.yaml")
    grid, paths = Grid(settings), Paths.of(settings)
    prepare_scene("phantom", "mosaic", tmp_path, (), paths.scene("small", "mosaic"), size=64)
    make_pair(
        grid.degradations[name],
        truth=paths.scene("small", "mosaic"),
        path=paths.pair("small", name, "mosaic"),
        scene="mosaic",
    )
    assert main(["bench", "limits"]) == 0
    rows = list(csv.DictReader(paths.limits.open(encoding="utf-8")))
    psnr = {row["limit"]: float(row["value"]) for row in rows if row["metric"] == "psnr"}
    assert set(psnr) == {
        "oracle-subspace-3",
        "oracle-subspace-5",
        "oracle-subspace-10",
        "oracle-pixel",
        "oracle-null",
        "oracle-wiener",
    }
    assert psnr["oracle-subspace-3"] < psnr["oracle-subspace-5"] < psnr["oracle-subspace-10"]
    assert psnr["oracle-wiener"] > psnr["oracle-pixel"] > psnr["oracle-null"]
    assert not any("oracle" in name for name in grid.rows)
