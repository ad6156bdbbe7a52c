"""A user's own pair as a dataset: products of documented layout, what is read of them, and what is refused."""

import numpy as np
import pytest

pytest.importorskip("rasterio", reason="GeoTIFF is an optional extra")
from helpers import products  # noqa: E402
from mossfuse.benchmark.data.prepare import fetch_dataset, prepare_scene, refresh_record  # noqa: E402
from mossfuse.benchmark.plan.grid import Grid  # noqa: E402
from mossfuse.benchmark.plan.paths import DatasetFiles, Paths  # noqa: E402
from mossfuse.benchmark.plan.settings import check_settings  # noqa: E402
from mossfuse.cli.bench.job import Job  # noqa: E402
from mossfuse.datasets import pair  # noqa: E402
from mossfuse.errors import MossFuseError  # noqa: E402
from mossfuse.files import read_cube  # noqa: E402
from mossfuse.files.atomic import read_json  # noqa: E402

WAVELENGTHS = np.array([450.0, 560, 665, 850, 1650, 2200])
CORNER = (500000.0, 5000000.0)
LOW = np.random.default_rng(0).uniform(0.05, 0.9, (12, 9, 6))
HIGH = np.random.default_rng(1).uniform(0.05, 0.9, (36, 27, 2)).astype(np.float32)


@pytest.fixture
def images(tmp_path):
    """Return the options of a PRISMA product (30 m) and a GeoTIFF (10 m) on one grid."""
    products.write_prisma(tmp_path / "PRS_L2D.he5", LOW, WAVELENGTHS, CORNER)
    products.write_tif(tmp_path / "hr.tif", HIGH, CORNER, 10)
    return {"lr": str(tmp_path / "PRS_L2D.he5"), "hr": str(tmp_path / "hr.tif")}


def read_pair_of(options, folder):
    """Return (LR, wavelengths, HR) as the workflow gets them."""
    fetch_dataset("pair", ("pair",), folder, (), options)
    cube, wavelengths = read_cube(prepare_scene("pair", "pair", folder, (), **options))
    return cube, wavelengths, pair.hr("pair", folder, (), **options)


def test_product_and_image_become_a_scene_with_its_hr_image(images, tmp_path):
    cube, wavelengths, high = read_pair_of({**images, "white": 1.0}, tmp_path / "data")
    np.testing.assert_allclose(cube, LOW, atol=2e-5)
    np.testing.assert_array_equal(wavelengths, WAVELENGTHS)
    np.testing.assert_allclose(high, HIGH, atol=1e-6)


def test_window_cuts_the_same_ground_out_of_both(images, tmp_path):
    cube, _, high = read_pair_of({**images, "white": 1.0, "window": [2, 1, 6, 8]}, tmp_path / "data")
    np.testing.assert_allclose(cube, LOW[2:8, 1:9], atol=2e-5)
    np.testing.assert_allclose(high, HIGH[6:24, 3:27], atol=1e-6)


def test_without_a_white_level_lr_s_largest_number_counts_as_1_in_both(images, tmp_path):
    cube, _, high = read_pair_of(images, tmp_path / "data")
    assert cube.max() == 1
    np.testing.assert_allclose(high * LOW.max(), HIGH, rtol=1e-4)


def test_changed_file_is_noticed_and_read_again(images, tmp_path):
    folder = tmp_path / "data"
    read_pair_of(images, folder)
    before = read_json(DatasetFiles(folder).fetched("pair"))["sha256"]
    products.write_tif(tmp_path / "hr.tif", HIGH / 2, CORNER, 10)
    refresh_record("pair", "pair", folder, ())
    after = read_json(DatasetFiles(folder).fetched("pair"))["sha256"]
    assert [name for name in after if after[name] != before[name]] == [images["hr"]]


def test_methods_may_open_neither_image(images):
    entry = {"dataset": "pair", "options": images, "degradations": ["x3-box3-estimated"], "methods": ["bicubic"]}
    settings = check_settings({"name": "p", "grid": [entry]})
    closed = Job(settings, Grid(settings), Paths.of(settings)).closed
    assert {images["lr"], images["hr"]} <= set(map(str, closed))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda o, path: o.pop("hr"), "'hr' is missing"),
        (lambda o, path: o.update(lr=str(path / "none.he5")), "correct the option 'lr'"),
        (lambda o, path: products.write_tif(path / "hr.tif", HIGH, (CORNER[0] + 15, CORNER[1]), 10), "0.50 LR pixels apart.*mossfuse pair"),
        (lambda o, path: products.write_tif(path / "hr.tif", HIGH[:35], CORNER, 10), "no whole multiple.*mossfuse pair"),
        (lambda o, path: o.update(white=0.5), "raise it or leave it out"),
        (lambda o, path: o.update(window=[8, 0, 6, 9]), "does not lie in"),
    ],
)  # fmt: skip
def test_what_fits_nowhere_is_refused_with_its_remedy(images, tmp_path, change, said):
    change(images, tmp_path)
    with pytest.raises(MossFuseError, match=said) as caught:
        read_pair_of(images, tmp_path / "data")
    assert "\n" not in str(caught.value)


def test_pixels_that_were_not_measured_are_refused_outside_the_window_alone(images, tmp_path):
    measured = np.ones(LOW.shape[:2], bool)
    measured[0, 0] = False
    products.write_prisma(tmp_path / "PRS_L2D.he5", LOW, WAVELENGTHS, CORNER, measured)
    with pytest.raises(MossFuseError, match="1 pixels that were not measured.*'window'"):
        read_pair_of(images, tmp_path / "data")
    assert read_pair_of({**images, "window": [1, 0, 9, 9]}, tmp_path / "data")[0].shape == (9, 9, 6)


def test_image_without_wavelengths_asks_for_them(images, tmp_path):
    products.write_tif(tmp_path / "lr.tif", LOW.astype(np.float32), CORNER, 30)
    images["lr"] = str(tmp_path / "lr.tif")
    with pytest.raises(MossFuseError, match="option 'wavelengths'"):
        read_pair_of(images, tmp_path / "data")
    given = read_pair_of({**images, "wavelengths": WAVELENGTHS[::-1].tolist()}, tmp_path / "data")
    np.testing.assert_array_equal(given[1], WAVELENGTHS)
    np.testing.assert_allclose(given[0][..., 0] * LOW.max(), LOW[..., -1], rtol=1e-5)


def test_variable_of_a_file_is_named_behind_a_colon():
    assert pair.split("a.h5:lr/cube")[1] == "lr/cube" and pair.split("b.tif")[1] is None
    assert list(map(str, pair.own_files(lr="a.h5:lr/cube", hr="b.tif"))) == ["a.h5", "b.tif"]


def test_both_files_of_an_envi_image_are_recorded_and_closed(tmp_path):
    HIGH.astype("<f4").tofile(tmp_path / "hr.dat")
    rows, cols, bands = HIGH.shape
    header = f"ENVI\nsamples = {cols}\nlines = {rows}\nbands = {bands}\ndata type = 4\ninterleave = bip\n"
    (tmp_path / "hr.hdr").write_text(header, encoding="utf-8")
    np.save(tmp_path / "lr.npy", LOW)
    expected = {tmp_path / name for name in ("hr.hdr", "hr.dat", "lr.npy")}
    for name in ("hr.hdr", "hr.dat"):
        options = {"lr": str(tmp_path / "lr.npy"), "hr": str(tmp_path / name)}
        assert set(pair.own_files(**options)) == expected
        assert set(pair.obtain(("pair",), tmp_path / "d", (), **options)["pair"]["files"]) == set(map(str, expected))
