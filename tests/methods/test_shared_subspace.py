"""Subspaces: the vertices of the widest simplex."""

import numpy as np

from baselines.shared.subspace import widest_vertices


def test_vertices_are_the_pure_pixels():
    rng = np.random.default_rng(0)
    endmembers = rng.random((4, 20))
    pixels = np.concatenate([endmembers, rng.dirichlet(np.full(4, 2.0), 200) @ endmembers])
    found = widest_vertices(pixels, 4, 10, np.random.default_rng(1))
    np.testing.assert_allclose(np.sort(found, 0), np.sort(endmembers, 0), atol=1e-8)
