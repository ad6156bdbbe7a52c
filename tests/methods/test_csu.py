"""CSU: its constraints, its projections and its unmixing."""

import itertools

import numpy as np
import pytest

from baselines.csu.simplex import project_simplex
from baselines.csu.sisal import sisal
from baselines.csu.sunsal import estimate_abundances
from baselines.shared.vca import largest_simplex
from helpers.classical_runs import observe, run
from mossfuse.physics.psf import box_psf


def test_csu_stays_within_its_constraints_and_lowers_its_residuals(make_pair):
    pair, _ = make_pair()
    fusion = run("csu", pair, iterations=40)
    assert fusion.cube.min() >= 0 and fusion.cube.max() <= 1
    total = np.add(fusion.history["hsi rms"], fusion.history["msi rms"])
    assert total[-1] < 0.5 * total[0]


def test_faithful_csu_is_the_default_where_the_sensor_is_a_box(make_pair):
    _, truth = make_pair(rows=32, cols=32)
    pair = observe(truth.astype(np.float64), make_pair()[0].sensor.srf, 8, box_psf(8), (3, 3))
    few = {"iterations": 5}
    np.testing.assert_array_equal(run("csu", pair, faithful=True, **few).cube, run("csu", pair, **few).cube)
    other = make_pair(rows=32, cols=32)[0]
    assert np.abs(run("csu", other, faithful=True, **few).cube - run("csu", other, **few).cube).max() > 0.01


@pytest.mark.parametrize("count", [1, 2, 3, 10])
def test_simplex_projection_is_the_nearest_point(count):
    rng = np.random.default_rng(0)
    points = np.vstack([3 * rng.standard_normal((50, count)), np.zeros((1, count)), np.eye(count)[:1] * 1e6])
    found, threshold = project_simplex(points, return_threshold=True)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(1), 1)
    # the nearest point's complement makes no acute angle with any vertex: (x - p).(e_k - p) <= 0
    slack = ((points - found)[:, None] * (np.eye(count) - found[:, None])).sum(-1)
    assert slack.max() < 1e-9 * 1e6
    np.testing.assert_allclose(project_simplex(points.T, 0), found.T)
    np.testing.assert_allclose(project_simplex(points, start=threshold + rng.standard_normal(52)), found, atol=1e-9)


def test_sisal_finds_vertices_that_no_pixel_shows():
    rng = np.random.default_rng(0)
    spectra = rng.random((3, 12))
    mixtures = rng.dirichlet(np.ones(3), 3000)
    pixels = mixtures[mixtures.max(1) < 0.8] @ spectra

    def distance(found):
        return min(np.abs(found[list(order)] - spectra).max() for order in itertools.permutations(range(3)))

    best = largest_simplex(pixels, 3, np.random.default_rng(0))[0]
    assert distance(sisal(pixels, 3, np.random.default_rng(0))) < 0.03 < 0.1 < distance(best)
    flat = np.full((20, 12), 0.4)
    assert np.isfinite(sisal(flat, 3, rng)).all()


def test_abundances_satisfy_the_optimality_conditions():
    rng = np.random.default_rng(0)
    endmembers, pixels = rng.random((12, 5)), rng.random((12, 40))
    found = estimate_abundances(endmembers, pixels, iterations=3000, tolerance=1e-9)
    np.testing.assert_allclose(found.sum(0), 1, atol=1e-6)
    slope = endmembers.T @ (endmembers @ found - pixels)
    np.testing.assert_allclose(project_simplex(found - slope, 0), found, atol=1e-6)
