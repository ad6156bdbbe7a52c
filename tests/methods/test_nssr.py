"""NSSR: both images, non-local weights, codes and the dictionary."""

import numpy as np

from baselines.nssr.dictionary import learn_dictionary, nonnegative_codes
from baselines.nssr.nonlocal_means import nonlocal_matrix
from helpers.classical_runs import run
from mossfuse.physics.sampling import BlurSample


def test_nssr_reproduces_both_images_and_its_faithful_form_does_not(make_pair):
    pair, _ = make_pair()
    operator = BlurSample(pair.sensor.psf, pair.sensor.phase, pair.ratio, pair.msi.shape)
    few = {"atoms": 30, "iterations": 8, "rounds": 1, "window": 4}
    ours, theirs = (run("nssr", pair, faithful=flag, **few).cube for flag in (False, True))
    for cube, exact in ((ours, True), (theirs, False)):
        assert (np.abs(operator(cube) - pair.hsi).max() < 1e-5) == exact
        assert (np.abs(cube @ pair.sensor.srf.T - pair.msi).max() < 1e-5) == exact


def test_nonlocal_weights_equal_a_search_pixel_by_pixel():
    image = np.random.default_rng(0).random((9, 11, 2)) * 0.1
    matrix = nonlocal_matrix(image, radius=3, neighbours=5).toarray()
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)), mode="symmetric") * 255
    for r, c in ((0, 0), (4, 5), (8, 10), (2, 9)):
        around = [(i, j) for i in range(max(r - 3, 0), min(r + 4, 9)) for j in range(max(c - 3, 0), min(c + 4, 11))]
        here = padded[r : r + 3, c : c + 3]
        found = sorted((np.mean((padded[i : i + 3, j : j + 3] - here) ** 2), i * 11 + j) for i, j in around)[:5]
        distance = np.array([d for d, _ in found])
        distance[0] = distance[1]
        weights = np.zeros(99)
        weights[[index for _, index in found]] = np.exp(-distance / 90) / np.exp(-distance / 90).sum()
        np.testing.assert_allclose(matrix[r * 11 + c], weights, atol=1e-6)


def test_codes_satisfy_the_optimality_conditions():
    rng = np.random.default_rng(0)
    atoms = rng.random((6, 20))
    atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)
    pixels = rng.random((15, 6)) * (rng.random((15, 6)) > 0.5) @ atoms
    codes = nonnegative_codes(pixels, atoms, 0.05, 300, growth=1.02)
    slope = 2 * (codes @ atoms - pixels) @ atoms.T + 0.05
    assert (codes >= 0).all() and (codes == 0).any()
    assert np.abs(slope[codes > 1e-6]).max() < 1e-3 and slope[codes == 0].min() > -1e-3


def test_learnt_dictionary_is_non_negative_and_explains_the_pixels():
    rng = np.random.default_rng(0)
    pixels = rng.dirichlet(np.ones(4), 80) @ rng.random((4, 16))
    atoms = learn_dictionary(pixels, 8, np.random.default_rng(1), rounds=4)
    assert (atoms >= 0).all() and (np.linalg.norm(atoms, axis=1) < 1 + 1e-9).all()
    fit = nonnegative_codes(pixels, atoms, 1e-3, 100) @ atoms
    assert np.linalg.norm(fit - pixels) < 0.03 * np.linalg.norm(pixels)
    assert (learn_dictionary(pixels, 8, np.random.default_rng(1), rounds=4) == atoms).all()
