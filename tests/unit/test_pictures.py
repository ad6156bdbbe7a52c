"""Claims about the pictures and spectra of a cell."""

import json

import numpy as np
import pytest
from PIL import Image

from mossfuse.benchmark.pictures import render_cell, render_scene
from mossfuse.benchmark.pictures.images import assemble, sprite_for
from mossfuse.benchmark.pictures.maps import ANGLE, ERROR
from mossfuse.benchmark.pictures.spectra import chosen_pixels, grid_spectra, pack, packed_truth, pixel_grid, unpack
from mossfuse.benchmark.pictures.views import LIMITS
from mossfuse.benchmark.pictures.webp import read_grey, save_webp
from mossfuse.colour import Rendering, colour_matrix, composite_bands, msi_wavelengths, rendering_for, to_srgb
from mossfuse.errors import MossFuseError
from mossfuse.protocol import Observation, Sensor
from mossfuse.spectra import colour_checker

VISIBLE = np.arange(400.0, 701.0, 10.0)


def show(spectrum, wavelengths):
    """sRGB of one spectrum without exposure."""
    matrix, _ = colour_matrix(len(spectrum), wavelengths)
    return to_srgb(np.asarray(spectrum, np.float32)[None, None], Rendering(matrix, 1.0, ""))[0, 0].astype(int)


@pytest.mark.parametrize(
    "wavelengths", [VISIBLE, np.arange(420.0, 721.0, 10.0), np.linspace(380, 2500, 200), VISIBLE[::-1]]
)
def test_flat_spectra_are_neutral_grey(wavelengths):
    assert show(np.ones(len(wavelengths)), wavelengths).tolist() == [255, 255, 255]
    grey = show(np.full(len(wavelengths), 0.2), wavelengths)
    assert np.ptp(grey) == 0 and abs(grey[0] - 124) <= 1  # sRGB of 0.2 is 123.6


def test_colour_checker_patches_get_their_known_colours():
    """The chart maker's sRGB values; ours differ by the illuminant (D65 here, adapted D50 there) and the sample."""
    known = {"red": (175, 54, 60), "green": (70, 148, 73), "blue": (56, 61, 150), "yellow": (231, 199, 31)}
    known |= {"magenta": (187, 86, 149), "orange": (214, 126, 44), "purple": (94, 60, 108)}
    patches = colour_checker()
    for name, expected in known.items():
        assert np.abs(show(patches[name], VISIBLE) - expected).max() <= 15, name


def test_bands_out_of_order_give_the_same_colour():
    spectrum, shuffle = colour_checker()["orange"], np.random.default_rng(0).permutation(31)
    assert np.abs(show(spectrum, VISIBLE) - show(spectrum[shuffle], VISIBLE[shuffle])).max() <= 1


def test_cubes_without_blue_are_named_composites_not_true_colour():
    _, words = colour_matrix(8, np.arange(560.0, 701.0, 20.0))
    assert "true colour" not in words and "nm" in words
    assert "false colour" in colour_matrix(50, np.linspace(1000, 2500, 50))[1]
    assert colour_matrix(31, None)[1] == "false colour of bands 27, 16, 5"
    assert composite_bands(1, None) == ([0, 0, 0], "grey image of band 1")


def test_msi_bands_are_ordered_by_their_wavelength():
    srf = np.eye(31)[[5, 15, 25]]  # blue, green, red
    assert composite_bands(3, msi_wavelengths(srf, VISIBLE))[0] == [2, 1, 0]


def test_bands_of_landsat_and_sentinel_are_a_composite_in_natural_order():
    for at in ([492.4, 559.8, 664.6, 832.8], [482.0, 561.4, 654.6, 864.7]):
        chosen, words = composite_bands(4, np.array(at))
        assert chosen == [2, 1, 0] and words.startswith("composite of the bands at 6")
    assert composite_bands(2, np.array([500.0, 600.0]))[1].startswith("false colour")  # no three bands to choose


def scene(bands=31, rows=48, cols=40, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.random((rows // 8, cols // 8, bands)).repeat(8, 0).repeat(8, 1).astype(np.float32)
    return truth * np.linspace(0.3, 1, bands, dtype=np.float32)


def pair_of(truth, wavelengths, msi_bands=3, srf=True):
    bands = truth.shape[2]
    response = np.random.default_rng(1).random((msi_bands, bands)) + 0.1
    response /= response.sum(1, keepdims=True)
    sensor = Sensor(psf=np.ones((7, 7)) / 49, srf=response) if srf else Sensor()
    msi = (truth @ response.T).astype(np.float32)
    return Observation(hsi=truth[::8, ::8], msi=msi, ratio=8, sensor=sensor, wavelengths=wavelengths)


CUBES = [
    (31, VISIBLE, 3, True), (8, np.arange(560.0, 701.0, 20.0), 1, True), (200, np.linspace(380, 2500, 200), 6, True),
    (1, None, 1, False), (2, None, 2, False), (31, None, 3, False), (31, VISIBLE, 4, False),
]  # fmt: skip


@pytest.mark.parametrize(("bands", "wavelengths", "msi_bands", "srf"), CUBES)
def test_every_kind_of_cube_can_be_shown(tmp_path, bands, wavelengths, msi_bands, srf):
    truth = scene(bands)
    render_scene(truth, pair_of(truth, wavelengths, msi_bands, srf), wavelengths, tmp_path / "scene")
    render_cell(truth, truth * 1.1, wavelengths, tmp_path / "cell", key="a/b/c/d/0")
    view = json.loads((tmp_path / "scene" / "view.json").read_text(encoding="utf-8"))
    assert view["shape"] == list(truth.shape) and view["colour"] and view["msi_colour"]
    for name in ("colour.webp", "error.webp", "sam.webp"):
        assert Image.open(tmp_path / "cell" / name).size == (40, 48)
    for name in ("bands", "errors"):
        tile = view["sprites"][name]
        lines = -(-bands // tile["columns"])
        picture = Image.open(tmp_path / "cell" / f"{name}.webp")
        assert picture.size == (tile["columns"] * tile["pitch_cols"], lines * tile["pitch_rows"])
        assert max(tile["rows"], tile["cols"]) <= 256


def test_truth_and_a_perfect_cube_look_the_same(tmp_path):
    truth = scene()
    render_scene(truth, pair_of(truth, VISIBLE), VISIBLE, tmp_path / "scene")
    render_cell(truth, truth, VISIBLE, tmp_path / "cell", key="k")
    for name in ("colour.webp", "bands.webp"):
        assert (tmp_path / "scene" / name).read_bytes() == (tmp_path / "cell" / name).read_bytes()
    for name in ("error.webp", "sam.webp"):
        assert not read_grey(tmp_path / "cell" / name).any()


def test_exposure_comes_from_the_truth_and_hides_no_gain_error(tmp_path):
    truth = scene() * 0.4
    render_cell(truth, truth, VISIBLE, tmp_path / "right", key="k")
    render_cell(truth, truth * 0.5, VISIBLE, tmp_path / "dark", key="k")
    right, dark = (
        np.asarray(Image.open(tmp_path / n / "colour.webp").convert("RGB")).mean() for n in ("right", "dark")
    )
    assert right > 1.3 * dark
    assert rendering_for(truth, VISIBLE).exposure == pytest.approx(
        2.5 * rendering_for(truth / 0.4, VISIBLE).exposure, rel=1e-4
    )


def test_error_map_holds_the_error_on_the_fixed_scale(tmp_path):
    truth = np.full((16, 16, 31), 0.5, np.float32)
    cube = truth + np.linspace(0, 0.4, 16, dtype=np.float32)[None, :, None]
    render_cell(truth, cube, VISIBLE, tmp_path, key="k")
    levels = read_grey(tmp_path / "error.webp").astype(int)
    expected = [0 if e <= 3e-4 else min(255, 255 * np.log(e / 3e-4) / np.log(1000)) for e in np.linspace(0, 0.4, 16)]
    assert np.abs(levels[0] - np.array(expected)).max() <= 0.51
    assert (levels == levels[0]).all()


def test_errors_outside_zero_and_one_are_clipped_like_the_scores(tmp_path):
    truth = np.ones((16, 16, 3), np.float32)
    render_cell(truth, truth + 5, None, tmp_path, key="k")
    assert not read_grey(tmp_path / "error.webp").astype(int).any()


def test_angle_map_holds_the_angle_and_survives_zero_pixels(tmp_path):
    truth = np.zeros((16, 16, 2), np.float32)
    truth[:, 8:, 0] = 0.5
    cube = truth.copy()
    cube[:, 8:, 1] = 0.5 * np.tan(np.radians(10))
    render_cell(truth, cube, None, tmp_path, key="k")
    levels = read_grey(tmp_path / "sam.webp").astype(int)
    assert (levels[:, :8] == 0).all()
    assert np.abs(levels[:, 8:] - ANGLE.levels(10.0)).max() <= 1


def test_scale_ends_take_what_lies_outside():
    assert ERROR.levels([0, 1e-9, 3e-4, 3e-1, 2, np.inf, np.nan]).tolist() == [0, 0, 0, 255, 255, 255, 0]


def test_tile_k_of_the_sprite_is_band_k(tmp_path):
    sprite = sprite_for((20, 30, 7), 256)
    levels = np.broadcast_to(np.arange(7, dtype=np.uint8) * 30, (20, 30, 7))
    picture = assemble(levels, sprite)
    for band in range(7):
        top, left = (band // sprite.columns) * sprite.pitch_rows, (band % sprite.columns) * sprite.pitch_cols
        assert (picture[top : top + 20, left : left + 30] == 30 * band).all()
    assert sprite.pitch_rows % 8 == 0 and sprite.pitch_cols % 8 == 0


def test_packed_spectra_are_within_half_a_step():
    spectra = np.random.default_rng(0).normal(0, 0.3, (50, 31))
    back = unpack(pack(spectra, 1e-3), 1e-3, 31)
    assert back.shape == spectra.shape and np.abs(back - spectra).max() <= 0.5e-3 + 1e-12


@pytest.mark.parametrize("error", [1e-5, 1e-2, 5.0])
def test_script_holds_a_cells_spectra_to_a_twelfth_of_its_own_error(tmp_path, error):
    truth = scene()
    cube = truth + np.random.default_rng(0).normal(0, error, truth.shape).astype(np.float32)
    render_cell(truth, cube, VISIBLE, tmp_path, key="a/b/c/d/0")
    head, _, body = (tmp_path / "spectra.js").read_text(encoding="utf-8").partition(" = ")
    assert head == '(window.mossfuseSpectra ||= {})["a/b/c/d/0"]'
    content = json.loads(body.rstrip(";\n"))
    shown = packed_truth(truth)[2] + unpack(content["packed"], content["step"], 31)
    rms = np.sqrt(((grid_spectra(cube) - packed_truth(truth)[2]) ** 2).mean())
    assert np.abs(shown - grid_spectra(cube)).max() <= rms / 12 + 1e-9
    row, col = chosen_pixels(truth)[0]
    assert content["chosen"][0] == pytest.approx(cube[row, col].tolist(), rel=1e-5)


def test_stored_truth_is_within_a_4000th_of_its_largest_value():
    truth = scene()
    assert np.abs(packed_truth(truth)[2] - grid_spectra(truth)).max() <= truth.max() / 4000 + 1e-9


def test_cube_with_infinite_and_missing_values_can_be_drawn(tmp_path):
    truth = scene()
    cube = truth.copy()
    cube[0, 0, 0], cube[1, 1, 1] = np.inf, np.nan
    render_cell(truth, np.nan_to_num(cube, posinf=1e6), VISIBLE, tmp_path, key="k")
    content = json.loads((tmp_path / "spectra.js").read_text(encoding="utf-8").partition(" = ")[2].rstrip(";\n"))
    assert np.isfinite(unpack(content["packed"], content["step"], 31)).all()


def test_pictures_of_rough_fields_stay_within_their_bytes(tmp_path):
    """Structure of 8 px over the whole scene; what 25 such methods weigh stays below 6 MB."""
    rng = np.random.default_rng(0)
    sizes = {"colour": (512, 512, 3), "error": (384, 384), "sam": (384, 384)}
    for name, shape in sizes.items():
        smooth = rng.integers(0, 256, [max(2, n // 8) if k < 2 else n for k, n in enumerate(shape)], dtype=np.uint8)
        picture = Image.fromarray(smooth).resize(shape[1::-1], Image.Resampling.BICUBIC)
        save_webp(tmp_path / f"{name}.webp", picture, LIMITS[name])
        assert (tmp_path / f"{name}.webp").stat().st_size <= LIMITS[name]
    assert 25 * (sum(LIMITS.values()) + 60_000) < 5.9e6


@pytest.mark.parametrize("bands", [1, 8, 31, 200, 2000])
def test_grid_of_spectra_stays_small(bands):
    rows, cols = pixel_grid((512, 400, bands))
    assert 4 <= len(rows) <= 64 and len(rows) * len(cols) * bands <= max(60_000, 16 * bands)
    assert rows[0] >= 0 and rows[-1] < 512 and cols[-1] < 400 and (np.diff(rows) > 0).all()


def test_chosen_pixels_are_bright_and_of_different_spectra():
    truth = np.full((32, 32, 3), 0.001, np.float32)
    truth[4:8, 4:8], truth[20:24, 4:8], truth[4:8, 20:24] = (0.9, 0, 0), (0, 0.8, 0), (0, 0, 0.7)
    truth[28:, 28:] = (0, 0.05, 0.05)
    chosen = chosen_pixels(truth, 3)
    assert sorted(int(truth[p].argmax()) for p in chosen) == [0, 1, 2]
    assert all(truth[p].max() > 0.5 for p in chosen_pixels(truth, 4))
    assert chosen == chosen_pixels(truth.copy(), 3)


def test_chosen_pixels_stop_where_no_other_spectrum_is_left():
    assert len(chosen_pixels(np.full((16, 16, 5), 0.5, np.float32))) == 1
    assert len(chosen_pixels(np.zeros((16, 16, 5), np.float32))) == 1


def test_same_input_gives_same_bytes(tmp_path):
    truth = scene()
    for name in ("one", "two"):
        render_cell(truth, truth * 0.9, VISIBLE, tmp_path / name, key="k")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_cube_of_another_shape_is_refused(tmp_path):
    with pytest.raises(MossFuseError, match=r"cell 'a/b'.*\(48, 40, 30\).*\(48, 40, 31\)"):
        render_cell(scene(), scene()[..., :30], VISIBLE, tmp_path, key="a/b")


@pytest.mark.real_data
def test_balloons_look_like_balloons(tmp_path, mirror_file):
    """Regions read off the picture: the yellow, purple and blue balloon and the white patch have those colours."""
    from scipy.io import loadmat

    content = loadmat(mirror_file("CAVE_256/balloons_ms.mat"))
    cube = next(v for k, v in content.items() if not k.startswith("_")).astype(np.float32) / 65535
    picture = to_srgb(cube, rendering_for(cube, VISIBLE)).astype(int)
    yellow, purple, blue, white = (picture[p] for p in ((85, 60), (80, 190), (200, 100), (15, 75)))
    assert min(yellow[:2]) > 1.5 * yellow[2]
    assert min(purple[0], purple[2]) > purple[1] + 10
    assert blue[2] > blue[0] + 60
    assert np.ptp(white) < 25 and white.min() > 150


@pytest.mark.real_data
def test_true_colour_equals_caves_own_rendering(mirror_file):
    """CAVE ships an sRGB picture under D65 with every scene; without exposure ours is the same to a grey level or so."""
    name = "chart_and_stuffed_toy"
    theirs = mirror_file(f"CAVE/{name}_ms/{name}_ms/{name}_RGB.bmp")
    bands = [np.asarray(Image.open(theirs.with_name(f"{name}_ms_{k:02d}.png")), np.float32) for k in range(1, 32)]
    matrix, _ = colour_matrix(31, VISIBLE)
    ours = to_srgb(np.stack(bands, -1) / 65535, Rendering(matrix, 1.0, "")).astype(float)
    difference = np.abs(ours - np.asarray(Image.open(theirs).convert("RGB")))
    assert difference.mean() < 1 and np.percentile(difference, 99) <= 5
