"""Crops of a high- and a low-resolution image show the same place."""

import pytest
import torch

from mossfuse.errors import MossFuseError
from mossfuse.fitting.crops import Crops
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.psf_geometry import Geometry
from mossfuse.physics.tensors import blur_sample, to_tensor


@pytest.mark.parametrize("size", [7, 13])
def test_crops_of_high_and_low_images_show_the_same_place(make_pair, size):
    pair, truth = make_pair(rows=64, cols=48)
    psf = torch.from_numpy(gaussian_psf(size, 2.0)).float()
    cube = to_tensor(truth)
    low = blur_sample(cube, psf, (3, 3), 8)
    crops = Crops([((cube,), (low,))], 8, 16, Geometry((size, size), (3, 3)))
    (high,), (seen,) = crops.draw(3, torch.Generator().manual_seed(0))
    again = blur_sample(high, psf, (3, 3), 8)
    torch.testing.assert_close(crops.centre(again), crops.centre(seen), rtol=0, atol=1e-6)
    assert crops.centre(seen).shape[2:] == (2, 2)


def test_a_crop_of_the_whole_scene_has_no_margin(make_pair):
    pair, truth = make_pair(rows=16, cols=40)
    low = to_tensor(pair.hsi)
    crops = Crops([((to_tensor(truth),), (low,))], 8, 64, Geometry((13, 13), (3, 3)))
    assert crops.centre(crops.draw()[1][0]).shape == low.shape


def test_crops_need_a_scene_beyond_the_reach_of_the_psf():
    scenes = [((torch.zeros(1, 3, 8 * n, 8 * n),), (torch.zeros(1, 5, n, n),)) for n in (2, 4)]
    with pytest.raises(MossFuseError, match="reaches over the whole of the smallest scene"):
        Crops(scenes, 8, 16, Geometry((13, 13), (3, 3)))
