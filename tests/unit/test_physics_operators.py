"""The sensor model: block form against OpenCV, adjoint, borders, separable terms, torch against numpy."""

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mossfuse.errors import MossFuseError
from mossfuse.estimation.windows import Windows, msi_windows
from mossfuse.physics.interpolation import upsample_cubic, upsample_spline
from mossfuse.physics.kriging import apply_terms
from mossfuse.physics.psf import box_psf, gaussian_psf, separable_factors
from mossfuse.physics.psf_geometry import Geometry, official_geometry
from mossfuse.physics.sampling import BlurSample
from mossfuse.physics.tensors import blur_sample
from mossfuse.protocol import Observation, Sensor

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


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 13), st.integers(1, 13)),
    ratio=st.integers(1, 8),
    border=st.sampled_from(BORDERS),
    seed=st.integers(0, 999),
)
def test_adjoint_is_the_transpose_in_numpy_and_in_torch(size, ratio, border, seed):
    draw = np.random.default_rng(seed)
    shape = tuple(ratio * int(draw.integers(-(-14 // ratio), -(-14 // ratio) + 3)) for _ in range(2))
    phase = tuple(int(draw.integers(0, ratio)) for _ in range(2))
    operator = BlurSample(draw.random(size), phase, ratio, shape, border)
    x, y = draw.standard_normal((*shape, 1)), draw.standard_normal((*operator.low_shape, 1))
    forward, back = operator(x), operator.adjoint(y)
    assert np.isclose((forward * y).sum(), (x * back).sum(), rtol=1e-10)
    view = operator.on_tensors(torch.float64)
    as_tensor, as_array = (
        (lambda a: torch.from_numpy(a).permute(2, 0, 1)[None]),
        (lambda t: t[0].permute(1, 2, 0).numpy()),
    )
    np.testing.assert_allclose(as_array(view(as_tensor(x))), forward, atol=1e-12)
    np.testing.assert_allclose(as_array(view.adjoint(as_tensor(y))), back, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    size=st.tuples(st.integers(1, 11), st.integers(1, 11)),
    ratio=st.integers(1, 7),
    border=st.sampled_from(BORDERS),
    seed=st.integers(0, 999),
)
def test_windows_are_what_the_operator_weighs(size, ratio, border, seed):
    draw = np.random.default_rng(seed)
    shape = tuple(ratio * int(draw.integers(1, 5)) for _ in range(2))
    phase = tuple(int(draw.integers(0, ratio)) for _ in range(2))
    msi, psf = draw.standard_normal((*shape, 2)), draw.random(size)
    operator = BlurSample(psf, phase, ratio, shape, border)
    blurred = operator(msi).reshape(-1, 2)
    pair = Observation(np.zeros((*operator.low_shape, 3)), msi, ratio, Sensor(border=border))
    np.testing.assert_allclose((msi_windows(pair, Geometry(size, phase, border)) @ psf.ravel()).T, blurred, atol=1e-12)
    windows = Windows(pair, size, phase, most=3)
    np.testing.assert_allclose(windows.blur(psf), blurred[windows.low], atol=1e-12)


def test_gradients_reach_image_and_psf():
    psf = torch.rand(5, 7, dtype=torch.float64, requires_grad=True)
    image = torch.rand(1, 2, 12, 9, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, p: blur_sample(x, p, (2, 0), 3, "reflect"), (image, psf))


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
