"""GS, GSA, SFIM-HS, MTF-GLP-HS, FUSE, R-FUSE, CNMF, CSU and CSTF: their mathematics against plain definitions, their
promises on synthetic pairs, and the reference figures on a real scene."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import scipy.io
import torch
from skimage.metrics import structural_similarity

from baselines import cnmf, cstf
from baselines.cstf.ksvd import ksvd, matching_pursuit
from baselines.cstf.tucker import KroneckerRidge, mode_product, unfold
from baselines.csu.simplex import project_simplex
from baselines.csu.sisal import sisal
from baselines.csu.sunsal import estimate_abundances
from baselines.shared.nnls import estimate_srf, nonnegative_fit
from baselines.shared.resize import fir_upsample, imresize, spline_upsample
from baselines.shared.sharpening import assign_bands, inject
from baselines.shared.sylvester import SylvesterSolver, solve_sylvester
from baselines.shared.toolbox import FWHM, toolbox_downsample
from baselines.shared.vca import largest_simplex, vca
from helpers.classical_runs import psnr, run, sam
from mossfuse.errors import MossFuseError
from mossfuse.methods import find_method
from mossfuse.physics.interpolation import upsample_cubic
from mossfuse.physics.psf import box_psf, gaussian_psf
from mossfuse.physics.psf_geometry import official_geometry
from mossfuse.physics.sampling import BlurSample
from mossfuse.protocol import Observation, Sensor

KNOWING = ("fuse", "r-fuse", "cnmf", "csu", "cstf")
FEW = {
    "cnmf": {"iterations": 60, "endmembers": 10},
    "csu": {"iterations": 60},
    "cstf": {"atoms": 48, "iterations": 4, "core_iterations": 30},
}


def observe(truth, srf, ratio, psf=None, phase=None, border="reflect"):
    """The noise-free pair of a cube; the official Gaussian PSF unless another is given."""
    size, centre = official_geometry(ratio)
    psf = gaussian_psf(size, 2.0) if psf is None else psf
    phase = (centre, centre) if phase is None else phase
    sensor = Sensor(psf=psf, psf_shape=psf.shape, phase=phase, srf=srf, border=border)
    hsi = BlurSample(psf, phase, ratio, truth.shape, border)(truth)
    return Observation(hsi=hsi.astype(np.float32), msi=(truth @ srf.T).astype(np.float32), ratio=ratio, sensor=sensor)


# what the methods promise


@pytest.mark.parametrize(
    ("name", "margin"),
    [
        ("gs", 0.5), ("gsa", 2), ("gsa-psf", 5), ("sfim-hs", -1), ("sfim-hs-psf", 5), ("mtf-glp-hs", 2),
        ("mtf-glp-hs-psf", 8), ("fuse", 12), ("r-fuse", 12), ("cnmf", 5), ("csu", 5), ("cstf", 5),
    ],
)  # fmt: skip
def test_few_iterations_beat_bicubic_by_a_margin(name, margin, make_pair):
    pair, truth = make_pair()
    floor = psnr(upsample_cubic(pair.hsi, truth.shape[:2]), truth)
    assert psnr(run(name, pair, **FEW.get(name, {})).cube, truth) > floor + margin


@pytest.mark.parametrize("name", ["fuse", "r-fuse"])
def test_scene_inside_the_subspace_is_recovered_where_the_msi_has_enough_bands(name, make_pair):
    pair, truth = make_pair(msi_bands=8)
    assert psnr(run(name, pair, dimension=5).cube, truth) > 60


@pytest.mark.parametrize(("name", "quality"), [("cnmf", 35), ("csu", 40)])
def test_mixtures_with_pure_pixels_are_unmixed_where_the_msi_has_enough_bands(name, quality):
    rng = np.random.default_rng(0)
    endmembers = rng.random((4, 20))
    maps = np.repeat(np.repeat(rng.dirichlet(np.full(4, 0.5), (12, 12)), 4, 0), 4, 1)
    for k in range(4):
        maps[4 * k : 4 * k + 4, :4] = np.eye(4)[k]
    pair = observe(maps @ endmembers, rng.dirichlet(np.ones(20), 6), 4)
    assert psnr(run(name, pair, endmembers=4).cube, maps @ endmembers) > quality


@pytest.mark.parametrize("name", ["mtf-glp-hs-psf", "gsa-psf", "sfim-hs-psf"])
def test_hsi_proportional_to_the_msi_is_sharpened_exactly(name):
    rng = np.random.default_rng(0)
    msi = 0.2 + 0.5 * rng.random((24, 40, 1))
    truth = msi * np.linspace(0.3, 1, 6)
    srf = np.ones((1, 6)) / 6
    cube = run(name, observe(truth, srf, 8)).cube
    if name == "gsa-psf":  # keeps the means of the interpolated HSI
        cube, truth = cube - cube.mean((0, 1)), truth - truth.mean((0, 1))
    np.testing.assert_allclose(cube, truth, atol=2e-5)


@pytest.mark.parametrize(
    ("name", "hsi_error", "msi_error"),
    [("fuse", 1e-4, 1e-4), ("r-fuse", 1e-4, 1e-4), ("csu", 0.01, 0.005), ("cnmf", 0.02, 0.02), ("cstf", 0.01, 0.01)],
)
def test_result_explains_both_images(name, hsi_error, msi_error, make_pair):
    pair, _ = make_pair()
    operator = BlurSample(pair.sensor.psf, pair.sensor.phase, pair.ratio, pair.msi.shape)
    cube = run(name, pair, **FEW.get(name, {})).cube
    assert np.sqrt(np.mean((operator(cube) - pair.hsi) ** 2)) < hsi_error
    assert np.sqrt(np.mean((cube @ pair.sensor.srf.T - pair.msi) ** 2)) < msi_error


def test_csu_stays_within_its_constraints_and_lowers_its_residuals(make_pair):
    pair, _ = make_pair()
    fusion = run("csu", pair, iterations=40)
    assert fusion.cube.min() >= 0 and fusion.cube.max() <= 1
    total = np.add(fusion.history["hsi rms"], fusion.history["msi rms"])
    assert total[-1] < 0.5 * total[0]


def test_blind_methods_are_told_nothing_of_the_sensor():
    for name in ("gs", "gsa", "sfim-hs", "mtf-glp-hs"):
        assert find_method(name)[0].knows == frozenset()
    assert "srf" not in find_method("cnmf")[0].knows


def test_covariances_help_r_fuse_under_noise(make_pair):
    pair, truth = make_pair()
    rng = np.random.default_rng(0)
    noisy = {}
    for key, sigma in (("hsi", 0.02), ("msi", 0.01)):
        image = getattr(pair, key)
        noisy[key] = image + np.float32(sigma) * rng.standard_normal(image.shape, np.float32)
        noisy[f"noise_{key}"] = np.full(image.shape[2], sigma)
    blind = replace(pair, hsi=noisy["hsi"], msi=noisy["msi"])
    sensor = replace(pair.sensor, noise_hsi=noisy["noise_hsi"], noise_msi=noisy["noise_msi"])
    told = replace(blind, sensor=sensor)
    plain = psnr(run("fuse", told).cube, truth)
    assert psnr(run("r-fuse", told).cube, truth) > plain + 0.5
    estimated = run("r-fuse", blind)
    assert psnr(estimated.cube, truth) > plain + 0.5
    assert 0.8 < estimated.notes["noise hsi"] / 0.02 < 1.25


def test_faithful_csu_is_the_default_where_the_sensor_is_a_box(make_pair):
    _, truth = make_pair(rows=32, cols=32)
    pair = observe(truth.astype(np.float64), make_pair()[0].sensor.srf, 8, box_psf(8), (3, 3))
    few = {"iterations": 5}
    np.testing.assert_array_equal(run("csu", pair, faithful=True, **few).cube, run("csu", pair, **few).cube)
    other = make_pair(rows=32, cols=32)[0]
    assert np.abs(run("csu", other, faithful=True, **few).cube - run("csu", other, **few).cube).max() > 0.01


def test_assumed_psf_costs_cnmf_and_fuse_dearly(make_pair):
    """The toolbox's Gaussian of FWHM = ratio against a narrow true PSF."""
    pair, truth = make_pair(ratio=16, sigma=1.0)
    for name in ("cnmf", "fuse"):
        ours, theirs = (psnr(run(name, pair, faithful=flag, **FEW.get(name, {})).cube, truth) for flag in (False, True))
        assert ours > theirs + 5


@pytest.mark.parametrize("name", KNOWING)
def test_wide_psf_off_centre_with_reflected_border_still_beats_bicubic(name, make_pair):
    pair, truth = make_pair(rows=48, cols=40)
    wide = observe(truth.astype(np.float64), pair.sensor.srf, 8, gaussian_psf(15, (4, 2), 30), (3, 2))
    floor = psnr(upsample_cubic(wide.hsi, truth.shape[:2]), truth)
    assert psnr(run(name, wide, **FEW.get(name, {})).cube, truth) > floor + 4


@pytest.mark.parametrize("name", KNOWING)
def test_unknown_psf_is_refused_with_what_is_missing(name, make_pair):
    pair, _ = make_pair(rows=16, cols=16)
    _, module = find_method(name)
    with pytest.raises(MossFuseError, match="psf"):
        module.fuse(replace(pair, sensor=replace(pair.sensor, psf=None)), seed=0, device="cpu")


@pytest.mark.parametrize("name", ["gs", "gsa", "sfim-hs", "mtf-glp-hs", "fuse", "cnmf"])
def test_bad_pairs_are_refused(name, make_pair):
    pair, _ = make_pair(rows=32, cols=32)
    _, module = find_method(name)
    broken = pair.msi.copy()
    broken[3, 4, 0] = np.nan
    with pytest.raises(MossFuseError, match="MSI holds NaN"):
        module.fuse(replace(pair, msi=broken), seed=0, device="cpu")
    with pytest.raises(MossFuseError, match="does not fit the ratio"):
        module.fuse(replace(pair, hsi=pair.hsi[:-1]), seed=0, device="cpu")


# the mathematics


@pytest.mark.parametrize(
    ("border", "size", "phase"),
    [("reflect", 3, (1, 1)), ("wrap", 9, (3, 1)), ("reflect", 9, (3, 1)), ("zero", 10, (0, 3)), ("wrap", 4, (1, 2))],
)
def test_sylvester_solution_satisfies_its_equation(border, size, phase):
    rng = np.random.default_rng(0)
    operator = BlurSample(gaussian_psf(size, 2.0), phase, 4, (16, 20), border)
    spectra, seen = rng.standard_normal((7, 3)), rng.standard_normal((2, 3))
    weight, c1, c3 = spectra.T @ spectra, seen.T @ seen + 0.01 * np.eye(3), rng.standard_normal((16, 20, 3))
    solution = SylvesterSolver(operator).solve(c1, c3, weight)
    np.testing.assert_allclose(operator.adjoint(operator(solution)) @ weight + solution @ c1, c3, atol=1e-8)
    again = solve_sylvester(c1, c3, operator.psf, phase, 4, border, weight)
    np.testing.assert_array_equal(again, solution)
    with pytest.raises(np.linalg.LinAlgError):
        SylvesterSolver(operator).solve(c1 - 10 * np.eye(3), c3)


@pytest.mark.parametrize("size", [7, 8])
def test_what_the_msi_does_not_tell_is_interpolated_between_the_centres_of_the_psf(size):
    from baselines import regression_injection
    from baselines.shared.subspace import SubspaceData

    ramp = np.broadcast_to(np.arange(64)[:, None, None] / 64, (64, 64, 5)).astype(np.float32)
    psf = box_psf(size)
    operator = BlurSample(psf, (3, 3), 8, ramp.shape)
    sensor = Sensor(psf=psf, psf_shape=psf.shape, phase=(3, 3), srf=np.full((1, 5), 0.2))
    pair = Observation(operator(ramp), np.full((64, 64, 1), 0.5, np.float32), 8, sensor)
    inside = slice(24, 40)  # half a pixel would be 0.008
    np.testing.assert_allclose(regression_injection.fuse(pair).cube[inside], ramp[inside], atol=2e-3)
    data = SubspaceData(pair, operator, 2)
    np.testing.assert_allclose((data.interpolate() @ data.basis)[inside], ramp[inside], atol=2e-3)


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


def test_bands_go_to_the_msi_band_they_correlate_with():
    rng = np.random.default_rng(0)
    low_msi = rng.random((6, 6, 2))
    hsi = np.stack([low_msi[..., 1], 2 * low_msi[..., 0] + 1, np.full((6, 6), 0.3), -low_msi[..., 0]], -1)
    groups = {band: members.tolist() for band, members in assign_bands(hsi, low_msi)}
    assert 1 in groups[0] and 2 in groups[0] and 0 in groups[1]


def test_injection_keeps_every_bands_mean_and_a_constant_intensity_injects_nothing():
    rng = np.random.default_rng(0)
    bands, pan, intensity = rng.random((9, 7, 3)), rng.standard_normal((9, 7)), rng.standard_normal((9, 7))
    out = inject(bands, pan - pan.mean(), intensity - intensity.mean())
    np.testing.assert_allclose(out.mean((0, 1)), bands.mean((0, 1)))
    np.testing.assert_array_equal(inject(bands, pan, np.zeros((9, 7))), bands)


def test_non_negative_fit_satisfies_the_optimality_conditions():
    rng = np.random.default_rng(0)
    design, targets = rng.random((40, 5)), rng.standard_normal((40, 6))
    for free in (False, True):
        weights, offset = nonnegative_fit(design, targets, free)
        residual = design @ weights + offset - targets
        slope = design.T @ residual
        assert (weights >= 0).all() and (weights == 0).any()
        assert np.abs(slope[weights > 0]).max() < 1e-9 and slope[weights == 0].min() > -1e-9
        level = residual.sum(0)
        assert np.abs(level).max() < 1e-9 if free else (np.abs(level * offset).max() < 1e-9 and level.min() > -1e-9)


def test_srf_and_offset_are_recovered_from_clean_images():
    rng = np.random.default_rng(0)
    hsi, srf = rng.random((9, 9, 12)), rng.random((3, 12)) * (rng.random((3, 12)) > 0.4)
    found, offset = estimate_srf(hsi, hsi @ srf.T - 0.2)
    np.testing.assert_allclose(found, srf, atol=1e-9)
    np.testing.assert_allclose(offset, -0.2, atol=1e-9)


def test_cnmf_updates_never_raise_the_cost():
    rng = np.random.default_rng(0)
    y, w, h = rng.random((12, 30)), rng.random((12, 4)), rng.random((4, 30))

    def cost(w, h):
        return ((y - w @ h) ** 2).sum() + 0.25 * ((1 - h.sum(0)) ** 2).sum()

    for _ in range(10):
        before = cost(w, h)
        h = cnmf.update_abundances(y, w, h, 0.5)
        between = cost(w, h)
        w = cnmf.update_endmembers(y, w, h)
        assert cost(w, h) <= between <= before


def test_blockwise_abundances_equal_the_plain_update():
    rng = np.random.default_rng(0)
    msi, w, maps = rng.random((70, 80, 3)), rng.random((3, 5)), rng.random((70, 80, 5))
    expected = maps.reshape(-1, 5).T
    for _ in range(6):
        expected = cnmf.update_abundances(msi.reshape(-1, 3).T, w, expected, 0.3)
    found = cnmf.unmix_msi(msi, w, maps, 0.3, 3)
    np.testing.assert_allclose(found.reshape(-1, 5).T, expected, rtol=1e-4)


def test_abundances_never_leave_zero_so_they_start_above_it(monkeypatch):
    rng = np.random.default_rng(0)
    h = rng.random((4, 30)) * (rng.random((4, 30)) > 0.3)
    updated = cnmf.update_abundances(rng.random((12, 30)), rng.random((12, 4)), h, 0.5)
    assert ((updated == 0) == (h == 0)).all() and (h == 0).any()
    starts = []
    fit = cnmf.unmix_msi
    monkeypatch.setattr(cnmf, "unmix_msi", lambda *a: starts.append(a[2].copy()) or fit(*a))
    maps = np.kron(np.eye(4)[rng.integers(0, 4, (12, 12))].reshape(12, 12, 4), np.ones((4, 4, 1)))
    run("cnmf", observe(maps @ rng.random((4, 20)), rng.dirichlet(np.ones(20), 3), 4), iterations=50, endmembers=4)
    assert starts[0].min() == cnmf.LEAST


def test_virtual_dimension_counts_the_materials():
    rng = np.random.default_rng(0)
    spectra = rng.random((4, 30))
    pixels = rng.dirichlet(np.ones(4), 5000) @ spectra + 1e-3 * rng.standard_normal((5000, 30))
    assert 3 <= cnmf.virtual_dimension(pixels) <= 5


def test_mode_products_and_the_ridge_are_those_of_the_kronecker_product():
    rng = np.random.default_rng(0)
    factors = [rng.standard_normal(shape) for shape in ((3, 5), (6, 4), (2, 3))]
    core = rng.standard_normal((5, 4, 3))
    full = np.kron(np.kron(factors[0], factors[1]), factors[2])
    np.testing.assert_allclose(mode_product(core, factors).ravel(), full @ core.ravel())
    ridge = np.linalg.solve(full.T @ full + 0.3 * np.eye(60), core.ravel())
    np.testing.assert_allclose(KroneckerRidge(factors).solve(core, 0.3).ravel(), ridge, atol=1e-10)
    assert unfold(core, 1).shape == (4, 15)


def test_pursuit_recovers_sparse_codes_and_ksvd_lowers_the_error():
    rng = np.random.default_rng(0)
    atoms = np.linalg.qr(rng.standard_normal((20, 20)))[0]
    codes = np.zeros((20, 60))
    for column in codes.T:
        column[rng.permutation(20)[:2]] = 1 + rng.random(2)
    np.testing.assert_allclose(matching_pursuit(atoms @ codes, atoms, 2), codes, atol=1e-8)
    signals = atoms[:, :8] @ codes[:8]

    def error(iterations):
        found = ksvd(signals, 8, np.random.default_rng(1), iterations=iterations)
        np.testing.assert_allclose(np.linalg.norm(found, axis=0), 1)
        return np.linalg.norm(signals - found @ matching_pursuit(signals, found, 2))

    assert error(30) < 0.5 * error(0)


@pytest.mark.parametrize("axis", [0, 2])
def test_cstf_dictionary_solves_its_normal_equations(axis):
    rng = np.random.default_rng(0)
    w, h, s = rng.standard_normal((8, 5)), rng.standard_normal((6, 4)), rng.standard_normal((7, 3))
    rows, cols, srf = rng.random((2, 8)), rng.random((3, 6)), rng.random((2, 7))
    c = rng.standard_normal((5, 4, 3))
    y, z = rng.standard_normal((2, 3, 7)), rng.standard_normal((8, 6, 2))
    if axis == 0:
        arguments = (w, rows, y, (c, (None, cols @ h, s)), None, z, (c, (None, h, srf @ s)), 0, 0.1)
    else:
        arguments = (s, None, y, (c, (rows @ w, cols @ h, None)), srf, z, (c, (w, h, None)), 2, 0.1)
    factor, left_y, _, model_y, left_z, _, model_z, _, _ = arguments
    found = cstf.update_dictionary(*arguments)
    a, b = unfold(mode_product(*model_y), axis), unfold(mode_product(*model_z), axis)
    ly = np.eye(len(factor)) if left_y is None else left_y
    lz = np.eye(len(factor)) if left_z is None else left_z
    slope = ly.T @ (ly @ found @ a - unfold(y, axis)) @ a.T + lz.T @ (lz @ found @ b - unfold(z, axis)) @ b.T
    np.testing.assert_allclose(slope + 0.1 * (found - factor), 0, atol=1e-9)


def test_cstf_core_is_the_minimum_of_its_objective():
    rng = np.random.default_rng(0)
    fy = [rng.standard_normal(s) for s in ((2, 5), (3, 4), (7, 3))]
    fz = [rng.standard_normal(s) for s in ((8, 5), (6, 4), (2, 3))]
    y, z = rng.standard_normal((2, 3, 7)), rng.standard_normal((8, 6, 2))
    c = cstf.CoreProblem((5, 4, 3)).solve(y, z, fy, fz, 20.0, 0.1, 6000)

    def objective(c):
        data = ((y - mode_product(c, fy)) ** 2).sum() + ((z - mode_product(c, fz)) ** 2).sum()
        return data + 20 * np.abs(c).sum() + 0.1 * (c**2).sum()

    best = objective(c)
    assert (c == 0).any() and (c != 0).any()
    for scale in (1e-2, 1e-1):
        for _ in range(20):
            assert objective(c + scale * rng.standard_normal(c.shape)) > best


# figures on a real scene: reference runs of the authors' code on the same pair


@pytest.fixture(scope="module")
def balloons(mirror_file):
    cube = scipy.io.loadmat(mirror_file("CAVE_256/balloons_ms.mat"))["Omsi"] / 65535
    contents = scipy.io.loadmat(mirror_file("srf/MossFuse_resp.mat"))
    srf = next(v for k, v in contents.items() if not k.startswith("_")).astype(np.float64)
    return cube, srf / srf.sum(1, keepdims=True)


def scores(name, balloons, ratio, **overrides):
    truth, srf = balloons
    cube = run(name, observe(truth, srf, ratio), **overrides).cube
    ssim = structural_similarity(truth, cube.astype(np.float64), channel_axis=2, data_range=1, win_size=7)
    return psnr(cube, truth), sam(cube, truth), ssim


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "ratio", "expected", "tolerance"),
    [
        ("gsa", 32, (24.71, 25.24, 0.7065), 0.02),
        ("gsa", 8, (43.50, 3.80, 0.9907), 0.02),
        ("sfim-hs", 32, (21.11, 6.95, 0.8821), 0.02),
        ("sfim-hs", 8, (33.90, 2.27, 0.9716), 0.02),
        ("mtf-glp-hs", 32, (22.83, 11.42, 0.8241), 0.08),
        ("mtf-glp-hs", 8, (37.21, 3.81, 0.9795), 0.08),
    ],
)
def test_blind_sharpening_reproduces_the_toolbox(name, ratio, expected, tolerance, balloons):
    np.testing.assert_allclose(scores(name, balloons, ratio)[:2], expected[:2], atol=tolerance)
    assert abs(scores(name, balloons, ratio)[2] - expected[2]) < 0.003


@pytest.mark.real_data
def test_toolbox_form_of_fuse_reproduces_the_toolbox(balloons):
    for ratio, expected in ((32, (23.92, 22.12)), (8, (39.56, 5.28))):
        found = scores("fuse", balloons, ratio, faithful=True)
        np.testing.assert_allclose(found[:2], expected, rtol=0.02)


REFERENCE = [
    ("fuse", 32, 42.4, 4.78), ("fuse", 8, 48.0, 2.06),
    ("r-fuse", 32, 42.4, 4.78), ("r-fuse", 8, 48.0, 2.06),
    ("mtf-glp-hs-psf", 32, 43.5, 3.96), ("mtf-glp-hs-psf", 8, 49.0, 1.89),
    ("gsa-psf", 32, 39.8, 6.45), ("gsa-psf", 8, 45.3, 2.98),
    ("regression-injection", 32, 43.6, 3.96), ("regression-injection", 8, 49.1, 1.89),
    pytest.param("cnmf", 32, 43.2, 2.39, marks=pytest.mark.slow), pytest.param("cnmf", 8, 46.3, 2.29, marks=pytest.mark.slow),
]  # fmt: skip


@pytest.mark.real_data
@pytest.mark.parametrize(("name", "ratio", "quality", "angle"), REFERENCE)
def test_known_sensor_reaches_the_reference_run(name, ratio, quality, angle, balloons):
    found = scores(name, balloons, ratio)
    assert found[0] > quality
    assert found[1] < 1.05 * angle
