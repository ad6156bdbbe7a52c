"""The sensor model: block form against OpenCV, adjoint, borders, separable terms, torch against numpy."""

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mossfuse.errors import MossFuseError
from mossfuse.physics.interpolation import upsample_cubic, upsample_spline
from mossfuse.physics.kriging import apply_terms
from mossfuse.physics.psf import box_psf, gaussian_psf, separable_factors
from mossfuse.physics.psf_geometry import official_geometry
from mossfuse.physics.sampling import BlurSample
from mossfuse.physics.tensors import blur_sample

BORDERS = ("reflect", "wrap", "zero")
OPENCV = {"reflect": cv2.BORDER_REFLECT_101, "wrap": cv2.BORDER_WRAP, "zero": cv2.BORDER_CONSTANT}
rng = np.random.default_rng(0)


def image(rows, cols, bands=2):
    return rng.random((rows, cols, bands)).astype(np.float32)


@pytest.mark.parametrize("ratio", [2, 3, 4, 5, 8, 16, 32])
def test_official_geometry_equals_opencv_blur_and_stride(ratio):
    x = image(2 * ratio, 3 * ratio)
    size, phase = official_geometry(ratio)
    blurred = cv2.GaussianBlur(x, (size, size), 2.0) if size > 1 else x
    ours = BlurSample(gaussian_psf(size, 2.0), (phase, phase), ratio, x.shape)(x)
    np.testing.assert_allclose(ours, blurred[phase::ratio, phase::ratio], atol=2e-6)


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("size, ratio, phase", [(9, 4, (1, 2)), (21, 8, (3, 0)), (5, 2, (1, 1)), (7, 3, (0, 2))])
def test_wide_psf_and_any_border_equal_direct_filtering(size, ratio, phase, border):
    x = image(8 * ratio, 6 * ratio)
    psf = gaussian_psf(size, (3.0, 1.0), 25)
    pad = size
    mode = {"reflect": "reflect", "wrap": "wrap", "zero": "constant"}[border]
    padded = np.pad(x, ((pad, pad), (pad, pad), (0, 0)), mode=mode)
    direct = cv2.filter2D(padded, -1, psf)[pad:-pad, pad:-pad][phase[0] :: ratio, phase[1] :: ratio]
    ours = BlurSample(psf, phase, ratio, x.shape, border)(x)
    np.testing.assert_allclose(ours, direct, atol=2e-6)


@settings(max_examples=30, deadline=None)
@given(
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    ratio=st.integers(1, 5),
    border=st.sampled_from(BORDERS),
    seed=st.integers(0, 99),
)
def test_adjoint_is_the_transpose(size, ratio, border, seed):
    draw = np.random.default_rng(seed)
    shape = (6 * ratio + (9 if ratio == 1 else 0), 7 * ratio + (9 if ratio == 1 else 0))
    phase = tuple(int(draw.integers(0, ratio)) for _ in range(2))
    operator = BlurSample(draw.random(size), phase, ratio, shape, border)
    x, y = draw.standard_normal((*shape, 1)), draw.standard_normal((*operator.low_shape, 1))
    assert np.isclose((operator(x) * y).sum(), (x * operator.adjoint(y)).sum(), rtol=1e-10)


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize(
    "psf", [gaussian_psf(7, (3, 1), 40), gaussian_psf(9, 2), box_psf(4)], ids=["turned", "round", "box"]
)
def test_separable_terms_rebuild_the_operator(psf, border):
    x = rng.random((24, 32, 3))
    operator = BlurSample(psf, (1, 2), 4, x.shape, border)
    np.testing.assert_allclose(apply_terms(operator.terms(), x), operator(x), atol=1e-12)
    assert len(operator.terms()) == 1 or separable_factors(psf) is None


def test_windows_of_a_single_block_make_h_ht_a_multiple_of_the_identity():
    operator = BlurSample(gaussian_psf(7, 2), (3, 3), 8, (32, 24))
    assert operator.one_block
    low = rng.standard_normal((4, 3, 1))
    np.testing.assert_allclose(operator(operator.adjoint(low)), operator.gain * low, atol=1e-12)


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("psf, phase", [(gaussian_psf(31, 2), (15, 15)), (gaussian_psf(41, (6, 2), 30), (15, 3))])
def test_torch_equals_numpy(psf, phase, border):
    x = image(96, 128, 3)
    tensor = torch.from_numpy(x).permute(2, 0, 1)[None]
    ours = blur_sample(tensor, torch.from_numpy(psf).float(), phase, 32, border)[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(ours, BlurSample(psf, phase, 32, x.shape, border)(x), atol=2e-6)


@pytest.mark.parametrize("border", BORDERS)
def test_torch_equals_numpy_where_the_psf_is_wider_than_the_image(border):
    x, psf = image(16, 40, 3), gaussian_psf(43, 8)
    tensor = torch.from_numpy(x).permute(2, 0, 1)[None]
    ours = blur_sample(tensor, torch.from_numpy(psf).float(), (3, 3), 8, border)[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(ours, BlurSample(psf, (3, 3), 8, x.shape, border)(x), atol=2e-6)


def test_size_that_is_no_multiple_of_the_ratio_is_refused_with_a_remedy():
    with pytest.raises(MossFuseError, match="crop it to 96x96"):
        BlurSample(gaussian_psf(31, 2), (15, 15), 32, (100, 100))


@pytest.mark.parametrize("ratio", [2, 3, 8, 32])
def test_bicubic_equals_opencv_and_torch(ratio):
    low = image(5, 4, 3)
    ours = upsample_cubic(low, (5 * ratio, 4 * ratio))
    by_opencv = cv2.resize(low, (4 * ratio, 5 * ratio), interpolation=cv2.INTER_CUBIC)
    tensor = torch.from_numpy(low).permute(2, 0, 1)[None]
    by_torch = torch.nn.functional.interpolate(tensor, scale_factor=ratio, mode="bicubic")[0].permute(1, 2, 0)
    np.testing.assert_allclose(ours, by_opencv, atol=2e-6)
    np.testing.assert_allclose(ours, by_torch.numpy(), atol=2e-6)


@pytest.mark.parametrize("low", [1, 2, 3, 7])
def test_spline_passes_through_its_samples(low):
    y = image(low, low + 1, 2)
    up = upsample_spline(y, 8, (3, 2))
    np.testing.assert_allclose(up[3::8, 2::8], y, atol=1e-6)


def test_spline_reproduces_a_cubic_between_inner_samples():
    t = np.arange(16.0)
    fine = (np.arange(128) - 3) / 8
    up = upsample_spline((0.001 * t**3)[:, None, None], 8, (3, 0))[:, 0, 0]
    np.testing.assert_allclose(up[48:80], 0.001 * fine[48:80] ** 3, atol=2e-3)
