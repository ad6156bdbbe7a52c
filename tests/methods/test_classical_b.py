"""HySure, NSSR, LTMR, LTTR and CNN-FUS: their mathematics against plain definitions, and their figures on real data."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.fft
import scipy.io
from skimage.metrics import structural_similarity

from baselines.hysure.admm import fuse_total_variation, relative_change, shrunk_gradient_adjoint
from baselines.hysure.sensors import estimate_psf, estimate_sensors, estimate_srf
from baselines.nssr.dictionary import learn_dictionary, nonnegative_codes
from baselines.nssr.nonlocal_means import nonlocal_matrix
from baselines.shared.circular import lattice, transfer_function
from baselines.shared.low_rank import shrink_singular_values, shrink_tubal, shrink_unfolding
from baselines.shared.similar_patches import PatchGrid, similar_patches
from baselines.shared.subspace import leading_vectors, widest_vertices
from helpers.classical_runs import psnr, run, sam
from mossfuse.errors import MossFuseError
from mossfuse.methods import find_method
from mossfuse.physics.interpolation import upsample_cubic
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.psf_geometry import official_geometry
from mossfuse.physics.sampling import BlurSample
from mossfuse.protocol import Observation, Sensor

NAMES = ("hysure", "hysure-blind", "nssr", "ltmr", "lttr", "cnn-fus-tv")


@pytest.mark.parametrize(
    ("name", "margin", "few"),
    [
        ("hysure", 10, {"iterations": 80, "draws": 5}),
        ("hysure-blind", 3, {"iterations": 80, "draws": 5}),
        ("nssr", 8, {"atoms": 30, "iterations": 15, "rounds": 2, "window": 6}),
        ("ltmr", 8, {"iterations": 15, "clusters": 20}),
        ("lttr", 8, {"iterations": 8, "clusters": 20}),
        ("cnn-fus-tv", 10, {"iterations": 5}),
    ],
)
def test_few_iterations_beat_bicubic_by_a_margin(name, margin, few, make_pair):
    pair, truth = make_pair()
    floor = psnr(upsample_cubic(pair.hsi, truth.shape[:2]), truth)
    assert psnr(run(name, pair, **few).cube, truth) > floor + margin


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("hysure", {"endmembers": 5, "tv_weight": 0.0, "iterations": 400}),
        ("ltmr", {"subspace": 5, "eta": 1e-9, "iterations": 15, "clusters": 5}),
        ("cnn-fus-tv", {"subspace": 5, "sigma": 1e-9}),
    ],
)
def test_scene_inside_the_subspace_is_recovered_where_the_msi_has_enough_bands(name, settings, make_pair):
    pair, truth = make_pair(msi_bands=8)
    assert psnr(run(name, pair, **settings).cube, truth) > 60


def test_penalty_on_the_full_cube_does_not_hinder_recovery_when_the_msi_sees_every_band(make_pair):
    pair, truth = make_pair(bands=8, msi_bands=8)
    seen = replace(pair, msi=truth, sensor=replace(pair.sensor, srf=np.eye(8)))
    assert psnr(run("lttr", seen, eta=1e-9, iterations=3, clusters=5).cube, truth) > 80


def test_nssr_reproduces_both_images_and_its_faithful_form_does_not(make_pair):
    pair, _ = make_pair()
    operator = BlurSample(pair.sensor.psf, pair.sensor.phase, pair.ratio, pair.msi.shape)
    few = {"atoms": 30, "iterations": 8, "rounds": 1, "window": 4}
    ours, theirs = (run("nssr", pair, faithful=flag, **few).cube for flag in (False, True))
    for cube, exact in ((ours, True), (theirs, False)):
        assert (np.abs(operator(cube) - pair.hsi).max() < 1e-5) == exact
        assert (np.abs(cube @ pair.sensor.srf.T - pair.msi).max() < 1e-5) == exact


@pytest.mark.parametrize("name", ["hysure", "ltmr", "lttr", "cnn-fus-tv"])
def test_residuals_against_both_images_are_small(name, make_pair):
    pair, _ = make_pair()
    operator = BlurSample(pair.sensor.psf, pair.sensor.phase, pair.ratio, pair.msi.shape)
    few = {"ltmr": {"iterations": 20, "clusters": 20}, "lttr": {"iterations": 10, "clusters": 20}}
    cube = run(name, pair, **few.get(name, {})).cube
    assert np.sqrt(np.mean((operator(cube) - pair.hsi) ** 2)) < 0.01
    assert np.sqrt(np.mean((cube @ pair.sensor.srf.T - pair.msi) ** 2)) < 0.005


@pytest.mark.parametrize("name", ["nssr", "ltmr", "lttr", "cnn-fus-tv"])
def test_unknown_sensor_is_refused_with_what_is_missing(name, make_pair):
    pair, _ = make_pair()
    _, module = find_method(name)
    with pytest.raises(MossFuseError, match="srf"):
        module.fuse(replace(pair, sensor=replace(pair.sensor, srf=None)), seed=0, device="cpu")


def test_hysure_with_half_a_sensor_is_refused(make_pair):
    pair, _ = make_pair()
    _, module = find_method("hysure")
    with pytest.raises(MossFuseError, match="psf"):
        module.fuse(replace(pair, sensor=replace(pair.sensor, psf=None)), seed=0, device="cpu")


@pytest.mark.parametrize("name", NAMES)
def test_wide_psf_with_reflected_border_still_beats_bicubic(name, make_pair):
    pair, truth = make_pair(rows=48, cols=40)
    psf = gaussian_psf(15, (4, 2), 30)
    sensor = replace(pair.sensor, psf=psf, psf_shape=psf.shape)
    wide = replace(pair, hsi=BlurSample(psf, sensor.phase, 8, truth.shape)(truth), sensor=sensor)
    few = {
        "hysure": {"iterations": 60},
        "hysure-blind": {"iterations": 60},
        "nssr": {"iterations": 8, "window": 4, "rounds": 1},
        "ltmr": {"iterations": 5, "clusters": 20},
        "lttr": {"iterations": 5, "clusters": 20},
        "cnn-fus-tv": {"iterations": 5},
    }
    floor = psnr(upsample_cubic(wide.hsi, truth.shape[:2]), truth)
    cube = run(name, wide, **few[name]).cube
    assert psnr(cube, truth) > floor + (1 if name == "hysure-blind" else 5)


# the mathematics


@pytest.mark.parametrize(
    ("size", "ratio", "phase"), [(7, 8, (3, 3)), (4, 4, (1, 2)), (15, 5, (2, 2)), (40, 8, (3, 0)), (7, 8, (9, -2))]
)
def test_transfer_function_is_the_circular_operator(size, ratio, phase):
    rng = np.random.default_rng(0)
    image, psf = rng.random((40, 40)), rng.random((size, size))
    blurred = scipy.fft.irfft2(transfer_function(psf, image.shape) * scipy.fft.rfft2(image), s=image.shape)
    expected = BlurSample(psf, phase, ratio, image.shape, "wrap")(image)
    np.testing.assert_allclose(blurred[lattice(phase, ratio, blurred.shape[:2])], expected, rtol=1e-10)


def by_svd(matrix, c):
    """The log-sum proximal step from its definition."""
    u, s, v = np.linalg.svd(matrix, full_matrices=False)
    return (u * np.where(s**2 >= 4 * c, (s + np.sqrt(np.maximum(s**2 - 4 * c, 0))) / 2, 0)) @ v


def test_shrinkage_minimises_the_log_penalty():
    y, c = 2.0, 0.3
    x = np.linspace(1e-3, 4, 400001)
    best = x[
        np.argmin(c * np.log(x) + (x - y) ** 2 / 2 + 1e6 * (x < 1))
    ]  # the stationary point beyond the barrier at 0
    assert abs(shrink_singular_values(np.array([[y]]), c)[0, 0] - best) < 2e-5


@pytest.mark.parametrize("shape", [(30, 8), (8, 30), (12, 12)])
def test_shrinkage_by_gram_matrices_equals_the_one_by_singular_values(shape):
    matrix = np.random.default_rng(0).standard_normal(shape)
    np.testing.assert_allclose(shrink_singular_values(matrix, 2.0), by_svd(matrix, 2.0), atol=1e-10)
    np.testing.assert_allclose(shrink_singular_values(matrix, 0.0), matrix, atol=1e-10)


def test_tubal_shrinkage_equals_the_slices_of_the_full_transform():
    rng = np.random.default_rng(1)
    patches = rng.standard_normal((17, 25, 4))
    groups = [np.array([3]), np.array([0, 5, 16]), np.array([i for i in range(17) if i not in (0, 3, 5, 16)])]
    expected = np.empty_like(patches)
    for members in groups:
        slices = np.fft.fft(patches[members], axis=1)
        for k in range(25):
            slices[:, k] = by_svd(slices[:, k], 20.0)
        expected[members] = np.fft.ifft(slices, axis=1).real
    assert np.abs(expected - patches).max() > 0.1
    np.testing.assert_allclose(shrink_tubal(patches, groups, 20.0), expected, atol=1e-9)


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_unfoldings_are_those_of_the_tensor_train(mode):
    rng = np.random.default_rng(2)
    patches = rng.standard_normal((9, 16, 5))
    groups, penalty = [np.arange(3), np.arange(3, 9)], 6.0
    out = shrink_unfolding(patches, groups, 4, mode, penalty)
    for members in groups:
        d = len(members)
        tensor = patches[members].reshape(d, 4, 4, 5)
        unfolded = [
            tensor.transpose(1, 2, 3, 0).reshape(16, 5 * d),
            tensor.transpose(1, 2, 3, 0).reshape(80, d),
            tensor.transpose(1, 2, 3, 0).reshape(4, 20 * d),
        ][mode]
        weights = np.sqrt([min(16, 5 * d), min(80, d), 4])
        expected = by_svd(unfolded, penalty * weights[mode] / weights.sum()).reshape(4, 4, 5, d)
        np.testing.assert_allclose(out[members].reshape(d, 4, 4, 5), expected.transpose(3, 0, 1, 2), atol=1e-9)


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


def test_gradient_step_is_the_vector_soft_threshold_of_the_differences():
    rng = np.random.default_rng(0)
    z, rows, cols = (rng.standard_normal((3, 6, 7)) for _ in range(3))
    wanted = np.stack([np.roll(z, -1, 1) - z - rows, np.roll(z, -1, 2) - z - cols])
    length = np.sqrt((wanted**2).sum((0, 1)))
    split = wanted * np.maximum(1 - 2.0 / length, 0)
    dual = split - wanted
    expected = sum(np.roll(s + d, 1, axis) - (s + d) for s, d, axis in zip(split, dual, (1, 2), strict=True))
    np.testing.assert_allclose(shrunk_gradient_adjoint(z, rows, cols, 2.0), expected, atol=1e-12)
    np.testing.assert_allclose(np.stack([rows, cols]), dual, atol=1e-12)


def test_hysure_converges_to_the_minimum_of_its_objective(make_pair):
    """Any small step away from the result of many iterations raises the objective."""
    pair, _ = make_pair(rows=24, cols=24)
    sensor, rng = pair.sensor, np.random.default_rng(0)
    spectra = leading_vectors(pair.hsi.reshape(-1, 31), 3)
    z, history = fuse_total_variation(
        pair.hsi, pair.msi, spectra, sensor.psf, sensor.phase, sensor.srf, 8, 1e-2, 1.0, 0.05, 3000
    )
    operator = BlurSample(sensor.psf, sensor.phase, 8, (24, 24), "wrap")

    def objective(z):
        cube = np.einsum("krc,kb->rcb", z.astype(np.float64), spectra)
        gradient = np.stack([np.roll(z, -1, 1) - z, np.roll(z, -1, 2) - z])
        data = ((operator(cube) - pair.hsi) ** 2).sum() + ((cube @ sensor.srf.T - pair.msi) ** 2).sum()
        return data / 2 + 1e-2 * np.sqrt((gradient**2).sum((0, 1))).sum()

    assert history["relative change"][-1] < 1e-4 < history["relative change"][5]
    best = objective(z)
    for _ in range(20):
        assert objective(z + 0.02 * rng.standard_normal(z.shape)) > best
    assert objective(0.98 * z) > best and objective(1.02 * z) > best


def test_relative_change_of_zeros_is_zero():
    assert relative_change(np.zeros(3), np.ones(3)) == 0


def test_vertices_are_the_pure_pixels():
    rng = np.random.default_rng(0)
    endmembers = rng.random((4, 20))
    pixels = np.concatenate([endmembers, rng.dirichlet(np.full(4, 2.0), 200) @ endmembers])
    found = widest_vertices(pixels, 4, 10, np.random.default_rng(1))
    np.testing.assert_allclose(np.sort(found, 0), np.sort(endmembers, 0), atol=1e-8)


def test_psf_is_recovered_from_exact_projections():
    rng = np.random.default_rng(0)
    psf, msi = rng.random((5, 7)), rng.random((60, 60, 3))
    target = BlurSample(psf, (2, 1), 6, msi.shape, "wrap")(msi)
    np.testing.assert_allclose(estimate_psf(target, msi, 6, (2, 1), (5, 7), 1e-9), psf, atol=1e-6)


def test_srf_is_recovered_where_the_blur_does_not_matter():
    rng = np.random.default_rng(0)
    lower_half = np.arange(64)[:, None, None] >= 32
    truth = rng.random(6) + rng.random(6) * lower_half * np.ones((64, 64, 1))
    srf = rng.random((2, 6))
    phase = official_geometry(8)[1]
    operator = BlurSample(gaussian_psf(7, 2.0), (phase, phase), 8, truth.shape)
    found = estimate_srf(operator(truth), truth @ srf.T, 8, (phase, phase), 0, 1e-9)
    middle = np.s_[8:24]  # away from the step and the wrapped border
    np.testing.assert_allclose((truth @ found.T)[middle], (truth @ srf.T)[middle], rtol=0.05)


def test_blind_kernel_sits_on_the_sampled_pixel_and_the_toolbox_one_beside_it(make_pair):
    pair, _ = make_pair(rows=128, cols=128)
    texture = np.random.default_rng(0).random((128, 128, 1)).astype(np.float32)
    cube = texture * pair.hsi.mean((0, 1))
    operator = BlurSample(pair.sensor.psf, pair.sensor.phase, 8, cube.shape)
    hsi, msi = operator(cube), (cube @ pair.sensor.srf.T).astype(np.float32)
    psf, _, srf = estimate_sensors(hsi, msi, 8, pair.sensor.phase, pair.sensor.psf_shape, 3, 1e-3, 1e-3)
    assert psf.shape == (7, 7) and np.isclose(psf.sum(), 1)
    assert np.linalg.norm(psf - pair.sensor.psf) < 0.1 * np.linalg.norm(pair.sensor.psf)
    toolbox, _, _ = estimate_sensors(hsi, msi, 8, pair.sensor.phase, None, 3, 1e-3, 1e-3, faithful=True)
    peak = np.subtract(np.unravel_index(toolbox.argmax(), toolbox.shape), [(k - 1) // 2 for k in toolbox.shape])
    assert peak.tolist() == [1, 1]


# real data: balloons at half size, official degradation, convention classical-table


def balloons(mirror_file, ratio):
    """The pair of specs' reference table and its truth."""
    truth = (scipy.io.loadmat(mirror_file("CAVE_256/balloons_ms.mat"))["Omsi"] / 65535).astype(np.float32)
    srf = scipy.io.loadmat(mirror_file("srf/MossFuse_resp.mat"))["resp"]
    size, phase = official_geometry(ratio)
    psf = gaussian_psf(size, 2.0)
    hsi = BlurSample(psf, (phase, phase), ratio, truth.shape)(truth)
    sensor = Sensor(psf=psf, psf_shape=psf.shape, phase=(phase, phase), srf=srf)
    return Observation(hsi=hsi, msi=(truth @ srf.T).astype(np.float32), ratio=ratio, sensor=sensor), truth


REFERENCE = [  # name, ratio, least PSNR, SAM of the authors' code
    ("hysure", 32, 39.0, 9.86),
    ("hysure", 8, 44.3, 5.40),
    ("nssr", 32, 41.5, 6.09),
    ("nssr", 8, 47.5, 2.40),
    ("ltmr", 8, 50.0, 1.81),
]


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize(("name", "ratio", "least", "angle"), REFERENCE)
def test_balloons_reach_the_figures_of_the_authors_code(name, ratio, least, angle, mirror_file):
    pair, truth = balloons(mirror_file, ratio)
    cube = run(name, pair).cube
    assert psnr(cube, truth) >= least
    assert sam(cube, truth) <= 1.05 * angle


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize("ratio", [32, 8])
@pytest.mark.parametrize("name", ["lttr", "cnn-fus-tv", "hysure-blind"])
def test_balloons_without_reference_beat_bicubic_by_ten_decibels(name, ratio, mirror_file):
    pair, truth = balloons(mirror_file, ratio)
    assert psnr(run(name, pair).cube, truth) > psnr(upsample_cubic(pair.hsi, truth.shape[:2]), truth) + 10


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize(("ratio", "expected"), [(32, (24.50, 13.51, 0.8395)), (8, (37.71, 3.99, 0.9766))])
def test_nssr_with_the_box_operator_reproduces_the_authors_figures(ratio, expected, mirror_file):
    pair, truth = balloons(mirror_file, ratio)
    cube = run("nssr", pair, faithful=True).cube
    ssim = np.mean([structural_similarity(cube[..., b], truth[..., b], win_size=7, data_range=1) for b in range(31)])
    assert abs(psnr(cube, truth) - expected[0]) < 0.4
    assert abs(sam(cube, truth) - expected[1]) < 0.3
    assert abs(ssim - expected[2]) < 0.005


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("ratio", "srf_error", "peak", "at", "negative"), [(32, 0.38, 0.009, (3, 1), 0.90), (8, 0.46, 0.034, (1, 1), 0.16)]
)
def test_faithful_blind_estimates_are_those_of_the_toolbox(ratio, srf_error, peak, at, negative, mirror_file):
    """The toolbox's kernel is a convolution kernel: its displacement has the other sign."""
    pair, _ = balloons(mirror_file, ratio)
    scale = pair.hsi.max()
    psf, _, srf = estimate_sensors(
        pair.hsi / scale, pair.msi / scale, ratio, pair.sensor.phase, None, 10, 10.0, 10.0, faithful=True
    )
    assert abs(np.linalg.norm(srf - pair.sensor.srf) / np.linalg.norm(pair.sensor.srf) - srf_error) < 0.01
    assert abs(psf.max() - peak) < 0.0006
    place = np.subtract(np.unravel_index(psf.argmax(), psf.shape), [(k - 1) // 2 for k in psf.shape])
    assert tuple(place) == at
    assert abs(-psf[psf < 0].sum() - negative) < 0.01
