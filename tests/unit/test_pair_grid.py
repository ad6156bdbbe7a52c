"""Two images on one grid: georeferences, shifts estimated from the pair, sizes, gaps, bad bands."""

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from mossfuse import fuse
from mossfuse.errors import MossFuseError
from mossfuse.files.image import Georeference, Image
from mossfuse.files.no_data import mark_measured, refuse_undeclared
from mossfuse.pair.consistent import Blur, clean_rectangle, fill_by_sensor
from mossfuse.pair.grid import align
from mossfuse.pair.open import open_pair
from mossfuse.pair.registration import estimate_registration
from mossfuse.pair.registration.resample import into_frame_of_lr
from mossfuse.physics.fill import blocks_measured, fill
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.sampling import BlurSample

NAMES = ("LR", "HR")
SRF = np.random.default_rng(1).dirichlet(np.ones(12), 4)


def at(x, y, pixel, crs="EPSG:32631"):
    return Georeference(crs, (pixel, 0.0, x, 0.0, -pixel, y))


@pytest.fixture(scope="module")
def truth():
    """A scene (120, 120, 12) in [0.2, 0.8]: smooth fields and blocks of 4 pixels."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:120, 0:120] / 120
    fields = np.stack([np.sin(7 * x * (k + 1) + 3 * y * k) + np.cos(5 * y * (k + 2) - x) for k in range(4)], 2)
    cube = fields @ rng.random((4, 12)) + np.kron(rng.random((30, 30)), np.ones((4, 4)))[..., None] * rng.random(12)
    return (0.2 + 0.6 * (cube - cube.min()) / np.ptp(cube)).astype(np.float32)


@pytest.fixture(scope="module")
def pair(truth):
    """(LR (40, 40, 12), HR (120, 120, 4)), means of 3 x 3 pixels and a response."""
    return means(truth), truth @ SRF.T.astype(np.float32)


def means(cube, ratio=3):
    rows, cols = (n // ratio for n in cube.shape[:2])
    return cube[: rows * ratio, : cols * ratio].reshape(rows, ratio, cols, ratio, -1).mean((1, 3))


def fits(aligned):
    """Largest difference between LR seen through the response and HR's block means."""
    return np.abs(means(aligned.hr.values, aligned.ratio) - aligned.lr.values @ SRF.T).max()


# Georeferences.


def test_other_extents_are_cropped_to_whole_lr_pixels_of_the_common_area(pair):
    low, high = (
        Image(pair[0], georeference=at(500000, 5e6, 30)),
        Image(pair[1][4:110, 5:], georeference=at(500050, 5e6 - 40, 10)),
    )
    found = align(low, high, NAMES)
    assert found.ratio == 3 and found.lr.values.shape[:2] == (34, 38) and found.hr.values.shape[:2] == (102, 114)
    assert fits(found) < 1e-5
    assert found.lr.georeference.transform[2::3] == found.hr.georeference.transform[2::3] == (500060, 5e6 - 60)
    assert "34x38 LR pixels from row 2 and col 2" in found.notes[0]


def test_half_an_lr_pixel_between_the_origins_is_kept(pair):
    # 15 m at pixels of 30 m and 10 m: LR's blocks begin half an HR pixel away from the nearest HR pixel
    found = align(
        Image(pair[0], georeference=at(500015, 5e6, 30)), Image(pair[1], georeference=at(500000, 5e6, 10)), NAMES
    )
    assert abs(found.rest[1] * 3) == pytest.approx(0.5) and found.rest[0] == 0
    assert any("0.50 HR pixels" in note for note in found.notes)


def test_another_coordinate_system_is_warped_onto_lrs_grid(pair):
    transform = pytest.importorskip("rasterio.warp", reason="GeoTIFF is an optional extra").transform
    (x,), (y,) = transform("EPSG:32631", "EPSG:4326", [500000.0], [5e6])
    degrees = Georeference("EPSG:4326", (10 / 78847, 0, x, 0, -10 / 111132, y))
    found = align(Image(pair[0], georeference=at(500000, 5e6, 30)), Image(pair[1], georeference=degrees), NAMES)
    assert (
        found.ratio == 3 and found.hr.georeference.crs == "EPSG:32631" and "another coordinate system" in found.notes[0]
    )
    inner = (slice(3, -3), slice(3, -3))
    assert np.abs(means(found.hr.values) - found.lr.values @ SRF.T)[inner].max() < 0.02


def test_what_cannot_be_brought_together_is_refused_with_the_numbers(pair):
    low = Image(pair[0], georeference=at(500000, 5e6, 30))
    for high, match in (
        (at(600000, 5e6, 10), "x 500000 to 501200.*x 600000 to 601200.*do not overlap"),
        (at(500000, 5e6, 25), r"30 x 30.*are 1.2 times those of HR \(25 x 25\)"),
        (at(500000, 5e6, 10, crs=""), "HR has a position and no coordinate system"),
    ):
        with pytest.raises(MossFuseError, match=match):
            align(low, Image(pair[1], georeference=high), NAMES)


# The shift that the pair itself shows.


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.5, -0.37), (-1.2, 0.8)])
def test_a_shift_is_found_to_a_twentieth_of_an_lr_pixel(truth, shift):
    blurred = gaussian_filter(truth, (1.2, 1.2, 0))
    rows, cols = (np.clip(np.arange(120) + s * 3, 0, 119) for s in shift)
    from scipy.ndimage import map_coordinates

    moved = np.stack(
        [map_coordinates(b, np.meshgrid(rows, cols, indexing="ij"), order=3) for b in blurred.transpose(2, 0, 1)], 2
    )
    low = moved[1::3, 1::3]
    found = estimate_registration(low, truth @ SRF.T, 3, pixel=(30.0, 30.0))
    assert np.abs(np.subtract(found.shift, shift)).max() < 0.05 and found.trusted
    assert found.significant == any(shift) and abs(found.scale - 1) < 2e-3 and abs(found.angle) < 0.2


def test_images_that_show_different_things_are_not_trusted(pair):
    noise = np.random.default_rng(5).random(pair[1].shape)
    found = estimate_registration(pair[0], noise, 3)
    assert found is None or not found.trusted


def test_lrs_frame_resamples_hr_by_the_shift(pair):
    shifted = np.roll(pair[1], (1, -2), (0, 1))
    found = estimate_registration(pair[0], shifted, 3)
    assert np.allclose(found.shift, (1 / 3, -2 / 3), atol=0.04)
    back = into_frame_of_lr(shifted, replace(found, shift=(1 / 3, -2 / 3), corner=0.0), 3, pair[0].shape)
    assert np.abs(back - pair[1])[3:-3, 3:-3].max() < 1e-5


def test_a_shift_is_a_line_and_a_warning(pair, caplog):
    opened = open_pair(
        Image(pair[0], georeference=at(5e5, 5e6, 30)),
        Image(np.roll(pair[1], 1, 0), georeference=at(5e5, 5e6, 10)),
        psf_size=3,
    )
    assert (
        "+0.33 rows" in opened.result.notes[-1] and " m" in opened.result.notes[-1] and "LR is shifted" in caplog.text
    )
    assert "LR is shifted" not in "".join(
        open_pair(Image(pair[0]), Image(pair[1]), psf_size=3, register="off").result.notes
    )
    framed = open_pair(Image(pair[0]), Image(np.roll(pair[1], 1, 0)), psf_size=3, frame="lr", white=1)
    assert np.abs(framed.observation.msi - pair[1])[6:-6, 6:-6].max() < 0.02


def test_sizes_that_are_no_multiple_are_cropped_where_the_images_agree(pair):
    opened = open_pair(Image(pair[0]), Image(pair[1][1:, 2:119]), psf_size=3, white=1)
    assert opened.result.shape == (117, 114, 12)
    assert np.array_equal(opened.observation.msi, pair[1][3:, 3:117].astype(np.float32))
    assert "no multiple" in opened.result.notes[0] and "from row 1 and col 1" in opened.result.notes[0]


# Gaps, bad bands, fills.


def test_gaps_are_left_out_and_come_back_as_no_data(pair):
    low, high = pair[0].copy(), pair[1].copy()
    hidden, cloud = np.ones((40, 40), bool), np.ones((120, 120), bool)
    hidden[30:34, 3:9], cloud[20:50, 60:90] = False, False
    low[~hidden], high[~cloud] = -50, 3
    good = np.arange(12) != 5
    opened = open_pair(Image(low, measured=hidden, good_bands=good), Image(high, measured=cloud), psf_size=3, white=1)
    observed, result = opened.observation, opened.result
    assert observed.hsi.shape == (40, 40, 11) and result.shape == (120, 120, 12)
    assert np.array_equal(observed.hsi[hidden], pair[0][hidden][:, good]) and np.array_equal(
        observed.msi[cloud], pair[1][cloud]
    )
    assert np.abs(observed.hsi - pair[0][..., good]).max() < 0.06 and np.abs(observed.msi - pair[1]).max() < 0.3
    tile = result.complete(slice(90, 120), slice(0, 30), np.ones((30, 30, 11), np.float32))
    assert np.isnan(tile[..., 5]).all() and np.isnan(tile[0:12, 9:27]).all() and np.isfinite(tile[20, 2, good]).all()


def test_a_fill_continues_what_surrounds_it():
    image = np.broadcast_to(np.arange(20.0)[:, None, None], (20, 20, 2)).copy()
    known = np.ones((20, 20), bool)
    known[8:12, 8:12] = False
    out = fill(np.where(known[..., None], image, np.nan), known)
    assert np.isfinite(out).all() and np.abs(out - image).max() < 2.5 and np.array_equal(out[known], image[known])


def test_pixels_with_a_declared_value_or_nan_are_not_measured_and_a_dead_band_takes_none():
    cube = np.ones((4, 4, 3), np.float32)
    cube[0, 0, 1], cube[1, 1], cube[..., 2] = np.nan, -9999, -9999
    measured = mark_measured(cube, -9999)
    assert not measured[0, 0] and not measured[1, 1] and measured.sum() == 14


@pytest.mark.parametrize("fill_value", [9.96921e36, 1e20, 32767, 65535, -9999, -32768])
def test_a_fill_value_that_no_file_declares_is_refused_by_name(fill_value):
    cube = np.random.default_rng(0).uniform(100, 5000, (20, 20, 3)).astype(np.float32)
    refuse_undeclared(cube, "x.mat")
    cube[:4, :4] = fill_value
    with pytest.raises(MossFuseError, match=r"x.mat holds .* in every band of 16 of its 400 pixels.*--nodata"):
        refuse_undeclared(cube, "x.mat")


def test_a_saturated_highlight_is_no_fill_value():
    cube = np.random.default_rng(0).uniform(100, 60000, (20, 20, 3))
    cube[:2, :2] = 65535
    refuse_undeclared(cube.astype(np.uint16), "x.mat")


def test_fewer_hsi_than_msi_bands_make_a_pair(pair):
    opened = open_pair(Image(pair[0][..., :2]), Image(pair[1]), psf_size=3)
    assert opened.observation.hsi.shape[2] == 2 and opened.observation.msi.shape[2] == 4


def test_score_shows_the_figure_of_the_registered_cube_beside_its_own(truth, tmp_path, monkeypatch, capsys):
    from mossfuse.__main__ import main

    monkeypatch.chdir(tmp_path)
    np.save("truth.npy", truth[:60, :60])
    np.save("cube.npy", np.roll(truth, (1, -1), (0, 1))[:60, :60] + np.float32(0.001))
    assert main(["score", "truth.npy", "cube.npy", "--ratio", "3", "--register"]) == 0
    printed = capsys.readouterr().out
    plain, moved = (float(word) for word in re.search(r"^psnr +(\S+) dB; (\S+) dB registered$", printed, re.M).groups())
    assert moved > plain + 10 and re.search(
        r"^shift +the truth against the cube by \+1.00 rows and -1.00 cols", printed, re.M
    )


def test_a_pair_with_nan_and_a_frame_without_a_shift_are_refused(pair):
    low = pair[0].copy()
    low[3, 3, 3] = np.nan
    with pytest.raises(MossFuseError, match="holds 1 NaN or infinite values of 19200"):
        open_pair(Image(low), Image(pair[1]))
    with pytest.raises(MossFuseError, match="needs the estimated shift"):
        open_pair(Image(pair[0]), Image(pair[1]), frame="lr", register="off")


def test_gaps_that_leave_no_clean_rectangle_cost_nothing_elsewhere(make_pair):
    """One block of every LR row and col has a gap; the cube elsewhere is as near to the truth as that of the whole pair."""
    pair, truth = make_pair(rows=72, cols=72)
    measured = np.ones((72, 72), bool)
    for place in range(0, 9):
        measured[8 * place + 2, 8 * ((4 * place) % 9) + 3] = False
    assert clean_rectangle(blocks_measured(measured, 8)) is None
    known = {"method": "nsgp", "register": "off", "wavelengths": np.linspace(400, 700, pair.hsi.shape[2])}
    masked = np.ma.array(pair.msi, mask=np.repeat(~measured[..., None], pair.msi.shape[2], 2))
    whole, gaps = fuse(pair.hsi, pair.msi, **known), fuse(pair.hsi, masked, **known)
    error = [np.sqrt(np.mean((found.cube[measured] - truth[measured]) ** 2)) for found in (whole, gaps)]
    assert error[1] < 1.1 * error[0] and gaps.work.sensor.phase == pair.sensor.phase
    assert np.isnan(gaps.cube[~measured]).all()


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_noise_of_lr_is_not_blown_up_in_a_gap_of_hr(noise):
    """Where a window hardly sees the gap, its pixels would have to change without limit to explain LR's noise."""
    rng = np.random.default_rng(0)
    truth = 0.5 + 4 * gaussian_filter(rng.normal(size=(48, 48, 12)), (4, 4, 0))
    psf = gaussian_psf(7, 1.0)
    low = BlurSample(psf, (1, 1), 4, truth.shape)(truth)
    low = (low + rng.normal(0, noise, low.shape)).astype(np.float32)
    measured = np.ones((48, 48), bool)
    measured[16:32, 16:32] = False
    high = (truth @ SRF.T).astype(np.float32)
    smooth = fill(high, measured)
    found = fill_by_sensor(low, smooth, np.ones((12, 12), bool), measured, 4, Blur(psf, (1, 1), SRF))[1]
    error = [np.sqrt(np.mean((filled - high)[~measured] ** 2)) for filled in (smooth, found)]
    assert error[1] < 0.7 * error[0] and np.array_equal(found[measured], high[measured])
    assert found.min() > high.min() - 0.3 * np.ptp(high) and found.max() < high.max() + 0.3 * np.ptp(high)
