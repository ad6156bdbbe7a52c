"""Endmembers among the pixels."""

import numpy as np
import pytest

from baselines.shared.vca import largest_simplex, vca
from mossfuse.errors import MossFuseError


def test_vca_finds_the_pure_pixels_and_refuses_too_many():
    rng = np.random.default_rng(0)
    spectra = rng.random((4, 20))
    pixels = np.concatenate([spectra, rng.dirichlet(np.full(4, 2.0), 200) @ spectra])
    for noise in (0, 1e-2):
        noisy = pixels + noise * rng.standard_normal(pixels.shape)
        endmembers, chosen = vca(noisy, 4, np.random.default_rng(1))
        assert sorted(chosen) == [0, 1, 2, 3]
        np.testing.assert_allclose(endmembers, pixels[chosen], atol=5 * noise + 1e-9)
    assert vca(pixels, 4, np.random.default_rng(1))[1].tolist() == vca(pixels, 4, np.random.default_rng(1))[1].tolist()
    with pytest.raises(MossFuseError, match="1 to 20"):
        vca(pixels, 21, rng)
    assert np.isfinite(vca(np.zeros((9, 5)), 3, rng)[0]).all()


def test_largest_simplex_is_no_smaller_than_a_single_run():
    rng = np.random.default_rng(0)
    pixels = rng.random((300, 12)) ** 3

    def volume(endmembers):
        return np.linalg.svd(endmembers, compute_uv=False).prod()

    single = [volume(vca(pixels, 5, np.random.default_rng(s))[0]) for s in range(10)]
    assert volume(largest_simplex(pixels, 5, np.random.default_rng(0))[0]) >= np.median(single)
