"""Interpolation as MATLAB, splines and the pansharpening toolbox do it."""

import itertools

import numpy as np
import pytest
import torch

from baselines.shared.resize import fir_upsample, imresize, spline_upsample
from baselines.shared.toolbox import FWHM, toolbox_downsample
from mossfuse.physics.psf import gaussian_psf


@pytest.mark.parametrize(("kernel", "target"), [("bicubic", 11), ("bilinear", 11), ("bicubic", 160), ("bilinear", 90)])
def test_imresize_equals_torch_with_antialiasing_away_from_the_border(kernel, target):
    image = np.random.default_rng(0).random((44, 44, 2))
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(image).permute(2, 0, 1)[None], size=(target, target), mode=kernel, antialias=True
    )[0].permute(1, 2, 0)
    found = imresize(image, (target, target), kernel)
    inside = slice(target // 5, -(target // 5))
    np.testing.assert_allclose(found[inside, inside], expected[inside, inside], atol=1e-6)


def test_imresize_mirrors_at_the_border_as_matlab_does():
    ramp = np.array([[0.0, 1.0, 2.0, 3.0]])
    # bilinear to half the size: triangle weights 1/8 3/8 3/8 1/8, the first tap mirrored onto pixel 0
    np.testing.assert_allclose(imresize(ramp, (1, 2), "bilinear"), [[(0 + 0) / 8 + 3 / 8 + 2 / 8, (1 + 6 + 9 + 3) / 8]])


def test_spline_passes_through_the_samples_at_the_psf_centres():
    low = np.random.default_rng(0).random((6, 5, 3))
    fine = spline_upsample(low, 8, (7, 7), (3, 2))
    np.testing.assert_allclose(fine[3::8, 2::8], low, atol=1e-6)
    even = spline_upsample(low, 8, (8, 8), (3, 3))
    assert np.abs(even[3::8, 3::8] - low).max() > 0.01 and even.shape == fine.shape


def test_toolbox_interpolator_keeps_a_constant_and_wraps_around():
    flat = fir_upsample(np.full((8, 8, 1), 0.5), 8, (3, 3))
    np.testing.assert_allclose(flat, 0.5, atol=5e-3)  # 45 taps leave a ripple of 0.6 % at ratio 8
    image = np.random.default_rng(0).random((8, 8, 1))
    shifted = fir_upsample(np.roll(image, 1, 0), 8, (3, 3))
    np.testing.assert_allclose(shifted, np.roll(fir_upsample(image, 8, (3, 3)), 8, 0), atol=1e-12)


@pytest.mark.parametrize("ratio", [4, 5])
def test_toolbox_low_pass_equals_its_sums_pixel_by_pixel(ratio):
    image = np.random.default_rng(0).random((4 * ratio, 5 * ratio, 2))
    found = toolbox_downsample(image, ratio)
    for i, j in itertools.product(range(4), range(5)):
        margin = 0 if i in (0, 3) or j in (0, 4) else ratio // 2
        window = image[i * ratio - margin : (i + 1) * ratio + margin, j * ratio - margin : (j + 1) * ratio + margin]
        weights = gaussian_psf(len(window), ratio / FWHM)
        np.testing.assert_allclose(found[i, j], np.tensordot(weights, window, 2), rtol=1e-9)
