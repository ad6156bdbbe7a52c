"""Claims about the embedded dataset `phantom`."""

import csv
import subprocess
import sys
import zlib
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from helpers.repository import ROOT
from mossfuse.datasets.phantom import DATASET, generate, obtain, read
from mossfuse.datasets.phantom.gbuffer import GBuffer
from mossfuse.datasets.phantom.materials import blend, dyed, painted
from mossfuse.datasets.phantom.mixing import absorption, dye, paint, reflectance_of
from mossfuse.datasets.phantom.objects import print_number
from mossfuse.datasets.phantom.palette import BLACK, VIVID, WHITE, hue_balanced, look_alike_pairs
from mossfuse.datasets.phantom.scenes import SCENES
from mossfuse.datasets.phantom.statistics import scene_statistics
from mossfuse.errors import MossFuseError
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.sampling import BlurSample
from mossfuse.physics.srf import apply_srf
from mossfuse.protocol import Observation, Sensor
from mossfuse.spectra import (
    colour_checker,
    colour_matching_functions,
    fidelity_samples,
    illuminant,
    nikon_d5100,
    table,
    wavelengths,
)

DOCS = ROOT / "docs"

# statistic -> (least, greatest, digits): the ranges published in docs/phantom.md, over 9 scenes and seeds 0 and 1.
RANGES_256 = {
    "mean": (0.076, 0.182, 3),
    "p99": (0.37, 0.63, 2),
    "dark02": (0.09, 0.44, 2),
    "dark05": (0.21, 0.68, 2),
    "s2": (0.15, 0.31, 2),
    "s3": (0.06, 0.13, 2),
    "s4": (0.025, 0.071, 3),
    "affine": (37, 44, 0),
    "quadratic": (40, 47, 0),
    "kurtosis": (11, 183, 0),
    "slope": (-3.5, -1.6, 1),
}
RANGES_128 = RANGES_256 | {
    "mean": (0.076, 0.193, 3),
    "p99": (0.36, 0.64, 2),
    "dark02": (0.10, 0.44, 2),
    "dark05": (0.20, 0.67, 2),
    "s2": (0.16, 0.32, 2),
    "s4": (0.028, 0.072, 3),
    "affine": (38, 44, 0),
    "kurtosis": (9, 85, 0),
    "slope": (-3.5, -1.5, 1),
}
# Mean count of the 16-bit image, 128 px, seed 0: moves when a constant or a random draw changes.
MEAN_COUNTS = {
    "globes": 10892.17,
    "canvas": 9013.71,
    "weave": 10272.44,
    "beads": 5822.65,
    "plumes": 12641.71,
    "target": 8747.06,
    "twins": 4993.12,
    "spools": 7678.56,
    "mosaic": 9905.58,
}


@cache
def cube_at(scene, size, seed=0):
    return generate(scene, size, seed)


@cache
def statistics_at(scene, size, seed=0):
    return scene_statistics(cube_at(scene, size, seed) / 65535.0)


def outside(ranges, statistics):
    """statistic -> value of what lies outside its published range, rounded as published."""
    rounded = {name: round(statistics[name], digits) for name, (_, _, digits) in ranges.items()}
    return {name: v for name, v in rounded.items() if not ranges[name][0] <= v <= ranges[name][1]}


def published_table():
    """statistic -> row of docs/phantom_statistics.csv."""
    with (DOCS / "phantom_statistics.csv").open(newline="", encoding="utf-8") as file:
        return {row["statistic"]: row for row in csv.DictReader(file)}


def halved(image):
    return image.reshape(len(image) // 2, 2, -1, 2).mean((1, 3))


@pytest.mark.parametrize("scene", ["twins", "mosaic"])
def test_same_seed_gives_same_bytes(scene):
    assert generate(scene, 64, 5).tobytes() == generate(scene, 64, 5).tobytes()


def test_bytes_do_not_depend_on_the_process_or_on_what_was_generated_before():
    code = (
        "import sys, zlib\n"
        "from mossfuse.datasets.phantom import generate\n"
        "print(zlib.crc32(generate('beads', 64, 3).tobytes()))"
    )
    elsewhere = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    generate("globes", 64, 1)
    assert int(elsewhere) == zlib.crc32(generate("beads", 64, 3).tobytes())


@pytest.mark.parametrize("scene", DATASET.scenes)
def test_another_seed_gives_another_scene(scene):
    first, second = cube_at(scene, 64, 0) / 65535.0, cube_at(scene, 64, 1) / 65535.0
    assert np.linalg.norm(first - second) > 0.2 * np.linalg.norm(first)


@pytest.mark.parametrize("scene", DATASET.scenes)
def test_recipe_has_not_drifted(scene):
    """Other processors round a few values in ten thousand to the next count, which moves the mean by under .001."""
    assert cube_at(scene, 128).mean() == pytest.approx(MEAN_COUNTS[scene], abs=0.01)


@pytest.mark.parametrize("scene", DATASET.scenes)
def test_statistics_are_in_the_published_ranges_at_128_px(scene):
    assert outside(RANGES_128, statistics_at(scene, 128)) == {}


@pytest.mark.parametrize("scene", DATASET.scenes)
def test_scene_is_neither_linear_in_its_rgb_image_nor_noise(scene):
    assert 35 < statistics_at(scene, 128)["affine"] < 46


@pytest.mark.slow
@pytest.mark.parametrize("size", [128, 256])
def test_published_table_is_what_the_generator_gives(size):
    found = [statistics_at(scene, size, seed) for scene in DATASET.scenes for seed in (0, 1)]
    published = published_table()
    assert set(published) == set(found[0])
    for name, row in published.items():
        values = [statistics[name] for statistics in found]
        for column, value in {"median": np.median(values), "min": min(values), "max": max(values)}.items():
            assert float(row[f"{column}_{size}px"]) == pytest.approx(value, rel=2e-3), (name, column)


@pytest.mark.parametrize(("size", "ranges"), [(128, RANGES_128), (256, RANGES_256)])
@pytest.mark.parametrize("end", ["min", "max"])
def test_published_table_lies_in_the_published_ranges(size, ranges, end):
    row = {name: float(columns[f"{end}_{size}px"]) for name, columns in published_table().items()}
    assert outside(ranges, row) == {}


@pytest.mark.parametrize(
    ("scene", "correlation"), [("globes", 0.995), pytest.param("twins", 0.99, marks=pytest.mark.slow)]
)
def test_geometry_is_the_same_at_128_and_256_px(scene, correlation):
    small, large = cube_at(scene, 128).mean(-1), halved(cube_at(scene, 256).mean(-1))
    assert np.corrcoef(small.ravel(), large.ravel())[0, 1] > correlation


@pytest.mark.parametrize("scene", DATASET.scenes)
def test_smallest_size_works(scene):
    cube = cube_at(scene, 64)
    assert cube.shape == (64, 64, 31) and cube.dtype == np.uint16
    assert 0.05 < cube.mean() / 65535 < 0.25


@pytest.mark.parametrize(("size", "drawn"), [(64, False), (128, True)])
def test_digits_are_left_out_where_they_would_be_illegible(size, drawn):
    gbuffer = GBuffer("target", size, 0)
    print_number(gbuffer, 0.3, 0.3, 7, 48, WHITE)
    assert gbuffer.reflectance.any() == drawn


def test_printed_digit_has_the_dots_of_the_font():
    gbuffer = GBuffer("target", 128, 0)
    print_number(gbuffer, 32 / 128, 32 / 128, 5, 7, WHITE)
    dots = gbuffer.reflectance[64:74:2, 64:70:2, 15] > 0
    assert dots.astype(int).tolist() == [[1, 1, 1], [0, 0, 1], [0, 1, 0], [0, 1, 0], [0, 1, 0]]


def test_read_gives_the_generated_counts_over_full_well():
    cube, nm = read("spools", None, [], size=64, seed=2)
    assert cube.dtype == np.float32 and cube.min() >= 0 and cube.max() <= 1
    np.testing.assert_array_equal(np.round(cube * 65535), generate("spools", 64, 2))
    np.testing.assert_array_equal(nm, DATASET.wavelengths)
    np.testing.assert_array_equal(nm, wavelengths())


def test_read_defaults_are_the_options_of_the_dataset():
    cube = read("weave", None, [])[0]
    assert cube.shape == DATASET.shape
    np.testing.assert_array_equal(np.round(cube * 65535), cube_at("weave", **DATASET.options))


def test_obtain_fetches_nothing(tmp_path):
    folder = tmp_path / "raw"
    entries = obtain(DATASET.scenes, folder, [])
    assert set(entries) == set(DATASET.scenes) and not folder.exists()
    assert entries["mosaic"] == {"source": "generated", "files": [], "sha256": {}, "verified": True}


def test_every_scene_of_the_specification_has_a_recipe():
    assert sorted(SCENES) == sorted(DATASET.scenes)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("globe",), "no scene 'globe': choose from globes, canvas"),
        (("globes", 100), "size 100: set its option 'size' to a multiple of 8 from 64 to 512"),
        (("globes", 32), "size 32"),
        (("globes", 1024), "size 1024"),
        (("globes", "128"), "size '128'"),
        (("globes", True), "size True"),
        (("globes", 128, -1), "seed -1: set its option 'seed' to an integer of 0 or more"),
        (("globes", 128, 0.5), "seed 0.5"),
    ],
)
def test_unknown_scene_size_or_seed_is_refused_in_one_sentence(arguments, words):
    with pytest.raises(MossFuseError) as refusal:
        generate(*arguments)
    assert words in str(refusal.value) and "\n" not in str(refusal.value)


def test_obtaining_an_unknown_scene_is_refused():
    with pytest.raises(MossFuseError, match="no scene 'balloons'"):
        obtain(["globes", "balloons"], None, [])


def test_specification_imports_neither_numpy_nor_scipy():
    code = "import sys, mossfuse.datasets.phantom; print({'numpy', 'scipy', 'torch'} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "set()"


def test_table_holds_what_it_announces():
    assert len(table()) == 99 + 24 + 5 + 3 + 3
    assert all(values.shape == (31,) and np.isfinite(values).all() for values in table().values())


def test_every_reflectance_is_between_0_and_1():
    reflectances = np.concatenate([fidelity_samples(), list(colour_checker().values())])
    assert reflectances.shape == (123, 31) and reflectances.min() > 0 and reflectances.max() < 1


def test_camera_rows_sum_to_one_and_peak_in_order_red_green_blue():
    camera = nikon_d5100()
    assert camera.shape == (3, 31) and camera.min() >= 0
    np.testing.assert_allclose(camera.sum(1), 1)
    assert [wavelengths()[row.argmax()] for row in camera] == [590, 530, 460]


def test_observer_sees_d65_at_its_known_chromaticity():
    """CIE 15: D65 has x = .3127, y = .3290 (1 nm); a 10 nm sum from 400 to 700 nm is within .0005."""
    xyz = illuminant("D65") @ colour_matching_functions()
    np.testing.assert_allclose(xyz[:2] / xyz.sum(), [0.3127, 0.3290], atol=5e-4)


def test_unknown_illuminant_is_refused():
    with pytest.raises(MossFuseError, match="choose from A, D50, D55, D65, D75"):
        illuminant("F11")


def test_vivid_samples_are_those_of_the_recipe():
    assert VIVID.tolist() == [
        4, 7, 10, 12, 13, 15, 18, 19, 21, 22, 24, 25, 26, 29, 30, 31, 33, 34, 38, 43, 45, 46, 48, 53, 56, 57, 58, 64,
        66, 67, 70, 76, 87, 90, 97, 99,
    ]  # fmt: skip


@pytest.mark.parametrize("source", ["samples", "checker", "illuminants", "observer", "camera"])
def test_table_equals_colour_science(source):
    colour = pytest.importorskip("colour")
    nm = wavelengths()
    if source == "samples":
        from colour.quality.cfi2017 import load_TCS_CIE2017

        shape = colour.SpectralShape(400, 700, 5)
        theirs, ours = load_TCS_CIE2017(shape)[nm].T, fidelity_samples()
    elif source == "checker":
        theirs = [patch[nm] for patch in colour.SDS_COLOURCHECKERS["ISO 17321-1"].values()]
        ours = list(colour_checker().values())
        assert list(colour.SDS_COLOURCHECKERS["ISO 17321-1"]) == list(colour_checker())
    elif source == "illuminants":
        names = ["A", "D50", "D55", "D65", "D75"]
        theirs, ours = [colour.SDS_ILLUMINANTS[n][nm] for n in names], [illuminant(n) for n in names]
    elif source == "observer":
        theirs = colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"][nm]
        ours = colour_matching_functions()
    else:
        theirs = colour.MSDS_CAMERA_SENSITIVITIES["Nikon 5100 (NPL)"][nm].T
        theirs, ours = theirs / theirs.sum(1, keepdims=True), nikon_d5100()
    np.testing.assert_allclose(ours, theirs, atol=1e-7, rtol=1e-7)


spectra_of_paint = arrays(np.float64, 31, elements=st.floats(0, 1))


@given(spectra_of_paint)
def test_kubelka_munk_inverts_within_its_range(reflectance):
    np.testing.assert_allclose(reflectance_of(absorption(reflectance)), reflectance.clip(0.003, 0.995), atol=1e-9)


@given(spectra_of_paint, spectra_of_paint, st.floats(0, 1), st.floats(0, 5))
def test_mixed_spectra_stay_between_0_and_1(first, second, share, depth):
    for mixture in (paint(first, second, share), dye(first, depth)):
        assert mixture.min() >= 0 and mixture.max() <= 1 + 1e-12


def test_textured_materials_stay_between_0_and_1():
    gbuffer = GBuffer("canvas", 64, 0)
    for material in (blend([WHITE, BLACK]), painted(WHITE, BLACK), dyed(WHITE)):
        reflectance = material(gbuffer, gbuffer.everywhere)
        assert reflectance.shape == (128, 128, 31)
        assert reflectance.min() >= 0 and reflectance.max() <= 1 and reflectance.std() > 0


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_look_alike_pairs_share_the_camera_colour_and_not_the_spectrum(seed):
    pairs = look_alike_pairs(np.random.default_rng(seed))
    assert len(pairs) >= 6
    for real, fake in pairs[:6]:
        rgb_real, rgb_fake = nikon_d5100() @ real, nikon_d5100() @ fake
        assert np.abs(rgb_real / rgb_real.sum() - rgb_fake / rgb_fake.sum()).sum() < 0.031
        assert rgb_fake.mean() == pytest.approx(rgb_real.mean(), rel=0.02)
        angle = np.arccos(real @ fake / np.linalg.norm(real) / np.linalg.norm(fake))
        assert 0.15 < angle < 0.19


@pytest.mark.parametrize("seed", range(5))
def test_palettes_are_spread_over_the_hues_whatever_the_seed(seed):
    """Every palette of seven has a colour that leans to short, one to middle and one to long wavelengths."""
    palette = np.array(hue_balanced(np.random.default_rng(seed), 7))
    lean = [palette[:, :10].mean(1), palette[:, 10:20].mean(1), palette[:, 20:].mean(1)]
    assert set(np.argmax(lean, axis=0)) == {0, 1, 2}


def test_shadow_falls_away_from_the_light():
    gbuffer = GBuffer("globes", 64, 0)
    window = gbuffer.window(0.5, 0.5, 0.1)
    gbuffer.draw(window, np.ones(gbuffer.x[window].shape), WHITE, height=0.1)
    rows, cols = np.nonzero(gbuffer.key_visibility < 0.6)
    assert rows.mean() > 64 and cols.mean() > 64 and gbuffer.light[0] < 0 and gbuffer.light[1] < 0


def x8_pair(cube):
    """The pair of degradation x8-gauss7s2-nikond5100, every property of the sensor known."""
    psf = gaussian_psf(7, 2.0)
    operator = BlurSample(psf, (3, 3), 8, cube.shape)
    sensor = Sensor(psf=psf, psf_shape=psf.shape, phase=(3, 3), srf=nikon_d5100())
    return Observation(hsi=operator(cube), msi=apply_srf(cube, nikon_d5100()), ratio=8, sensor=sensor)


@pytest.mark.slow
@pytest.mark.parametrize("scene", DATASET.test)
def test_methods_rank_as_on_cave(scene):
    """bicubic < affine regression < data-consistent closed forms < nsgp, the order of their means on CAVE."""
    from baselines import bicubic, bicubic_msi
    from mossfuse.methods import nsgp, ridge

    truth = read(scene, None, [])[0]
    pair = x8_pair(truth)

    def score(fuse, **params):
        estimate = fuse(pair, seed=0, device="cpu", **params).cube.clip(0, 1)
        return np.mean(-10 * np.log10(np.mean((estimate - truth) ** 2, axis=(0, 1), dtype=np.float64)))

    closed_forms = score(bicubic_msi.fuse), score(ridge.fuse, consistent=True)
    assert score(bicubic.fuse) + 5 < score(ridge.fuse, consistent=False) < min(closed_forms)
    assert max(closed_forms) < score(nsgp.fuse)


CAVE = {
    "balloons": {"mean": 0.140, "p99": 0.68, "dark02": 0.12, "s4": 0.040, "s12": 0.0044, "rank4": 41.5, "affine": 40.0},
    "chart": {"mean": 0.151, "p99": 0.87, "dark02": 0.44, "s4": 0.030, "s12": 0.0028, "rank4": 42.2, "affine": 41.0},
}


def cave_balloons(mirror_file):
    from mossfuse.files import read_cube

    return read_cube(mirror_file("CAVE_256/balloons_ms.mat"))[0] / 65535.0


def cave_chart(mirror_file):
    from PIL import Image

    name = "CAVE/chart_and_stuffed_toy_ms/chart_and_stuffed_toy_ms/chart_and_stuffed_toy_ms_{:02d}.png"
    bands = [np.asarray(Image.open(mirror_file(name.format(band)))) for band in range(1, 32)]
    return np.stack([halved(band / 65535.0) for band in bands], -1)


@pytest.mark.real_data
@pytest.mark.parametrize(("scene", "load"), [("balloons", cave_balloons), ("chart", cave_chart)])
def test_statistics_of_cave_are_those_published_beside_phantom(scene, load, mirror_file):
    found = scene_statistics(load(mirror_file))
    assert {name: float(f"{found[name]:.{places(value)}f}") for name, value in CAVE[scene].items()} == CAVE[scene]


def places(value):
    """Decimals of a published figure."""
    return len(str(value).partition(".")[2])
