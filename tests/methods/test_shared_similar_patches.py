"""Patches: cutting, joining, grouping."""

import numpy as np
import pytest

from baselines.shared.similar_patches import PatchGrid, similar_patches


@pytest.mark.parametrize(
    ("shape", "side", "step"), [((20, 31), 7, 3), ((5, 40), 7, 3), ((16, 16), 8, 4), ((1, 2), 8, 4)]
)
def test_patches_cover_every_pixel_and_join_to_the_image(shape, side, step):
    image = np.random.default_rng(0).random((*shape, 3)).astype(np.float32)
    grid = PatchGrid(shape, side, step)
    np.testing.assert_allclose(grid.join(grid.cut(image)), image, atol=1e-6)


def test_joined_patches_are_averaged_where_they_overlap():
    grid = PatchGrid((4, 6), 4, 2)
    patches = np.stack([np.zeros((16, 1)), np.ones((16, 1))]).astype(np.float32)
    np.testing.assert_array_equal(grid.join(patches)[0, :, 0], [0, 0, 0.5, 0.5, 1, 1])


def test_groups_hold_every_patch_once_and_separate_what_is_far_apart():
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(mean, 0.01, (20, 6, 1)) for mean in (0, 1, 2)])
    groups = similar_patches(points, 3, np.random.default_rng(1))
    assert sorted(tuple(g // 20) for g in groups) == [(k,) * 20 for k in range(3)]
    assert [len(g) for g in similar_patches(np.ones((9, 4, 1)), 5, rng)] == [9]
    assert sorted(np.concatenate(similar_patches(rng.random((7, 4, 1)), 50, rng))) == list(range(7))
