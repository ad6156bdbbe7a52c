"""What a fused cube carries into its file, read back by other libraries."""

import json
import resource
import signal

import numpy as np
import pytest

from mossfuse import MossFuseError
from mossfuse.files import read_array, read_variables
from mossfuse.files.image import Georeference
from mossfuse.pair.output import result_writer
from mossfuse.pair.output.encoding import Encoding, choose_encoding
from mossfuse.pair.result import Result

SHAPE = (300, 520, 3)
CUBE = (1000 * np.random.default_rng(0).random(SHAPE)).astype(np.float32)
PLACE = Georeference("EPSG:32631", (10.0, 0.0, 5e5, 0.0, -10.0, 5.4e6))
GOOD = np.array([True, False, True])
MADE = {"method": "nsgp", "inputs": ["lr, {1}.tif"]}


def result(shape=SHAPE):
    measured = np.ones(shape[:2], bool)
    measured[:5] = False
    return Result(
        shape, good_bands=GOOD, measured=measured, wavelengths=np.array([450.0, 550, 650]), fwhm=np.array([9.0, 10, 11]),
        georeference=PLACE, stored="int16", band_names=("blue, deep", "", "red"),
    )  # fmt: skip


def written(path, encoding=None, shape=SHAPE):
    """Write CUBE in four tiles, as a method delivers it, and return the result's facts."""
    facts = result(shape)
    with result_writer(path, facts, encoding=encoding, provenance=MADE, estimates={}) as put:
        for rows in (slice(0, 128), slice(128, shape[0])):
            for cols in (slice(0, 256), slice(256, shape[1])):
                put(rows, cols, facts.complete(rows, cols, CUBE[rows, cols][..., GOOD]))
    return facts


def expected():
    cube = CUBE.copy()
    cube[:5], cube[..., 1] = np.nan, np.nan
    return cube


def test_geotiff_holds_what_a_geographic_information_system_asks(tmp_path):
    rasterio = pytest.importorskip("rasterio", reason="GeoTIFF is an optional extra")
    written(tmp_path / "o.tif")
    with rasterio.open(tmp_path / "o.tif") as file:
        np.testing.assert_array_equal(file.read().transpose(1, 2, 0), expected())
        assert file.crs.to_epsg() == 32631 and tuple(file.transform)[:6] == PLACE.transform
        assert np.isnan(file.nodata) and file.profile["compress"] == "deflate" and file.profile["tiled"]
        assert file.descriptions == ("blue, deep", "550 nm", "red") and file.overviews(1) == [2]
        assert file.tags(3, ns="IMAGERY") == {"CENTRAL_WAVELENGTH_UM": "0.65", "FWHM_UM": "0.011"}
        assert json.loads(file.tags()["MOSSFUSE"]) == MADE and file.tags(2)["bbl"] == "0"
        assert float(file.tags(1)["STATISTICS_MEAN"]) == pytest.approx(np.nanmean(expected()[..., 0]), rel=1e-6)
        assert float(file.tags(3)["STATISTICS_STDDEV"]) == pytest.approx(np.nanstd(expected()[..., 2]), rel=1e-5)


def test_integers_carry_their_factor_and_no_data(tmp_path, caplog):
    rasterio = pytest.importorskip("rasterio", reason="GeoTIFF is an optional extra")
    encoding = choose_encoding("int16", 1000.0)
    assert encoding == Encoding("int16", 1.0) and choose_encoding("int16", 1.0) == Encoding("int16", 1e4)
    written(tmp_path / "o.tif", Encoding("int16", 10.0))
    with rasterio.open(tmp_path / "o.tif") as file:
        values = file.read(masked=True).transpose(1, 2, 0) * file.scales[0]
        assert file.dtypes[0] == "int16" and file.nodata == -32768
    np.testing.assert_array_equal(np.ma.getmaskarray(values), np.isnan(expected()))
    assert np.abs(values - expected()).max() <= 0.05001
    written(tmp_path / "p.tif", Encoding("int16", 100.0))
    assert "values do not fit into int16 and were clipped" in caplog.text
    with pytest.raises(MossFuseError, match="write .tif or .hdr"):
        written(tmp_path / "o.npz", encoding)
    with pytest.raises(MossFuseError, match="choose one of float32"):
        choose_encoding("int8", 1.0)


@pytest.mark.parametrize("dtype", ["float32", "int16"])
def test_envi_is_read_by_the_library_of_its_users(tmp_path, dtype):
    envi = pytest.importorskip("mossfuse.files.reading")
    encoding = None if dtype == "float32" else Encoding("int16", 10.0)
    facts = written(tmp_path / "o.hdr", encoding)
    image = envi.read_image(tmp_path / "o.hdr")
    np.testing.assert_array_equal(image.measured, facts.measured)
    inside = image.values[facts.measured][:, GOOD]
    assert np.abs(inside - CUBE[facts.measured][:, GOOD]).max() <= (0 if encoding is None else 0.0501)
    assert image.good_bands.tolist() == GOOD.tolist() and image.fwhm.tolist() == [9, 10, 11]
    assert image.wavelengths.tolist() == [450, 550, 650] and image.band_names == ("blue; deep", "550 nm", "red")
    assert image.georeference.transform == PLACE.transform
    assert '"inputs": ["lr, (1).tif"]' in (tmp_path / "o.hdr").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["o.mat", "o.h5", "o.npz"])
def test_files_of_arrays_hold_ground_position_and_provenance(tmp_path, name):
    written(tmp_path / name)
    found = read_variables(tmp_path / name)
    np.testing.assert_array_equal(found["cube"], expected())
    assert np.ravel(found["transform"]).tolist() == list(PLACE.transform) and found["crs"] == "EPSG:32631"
    assert json.loads(found["provenance"]) == MADE and np.ravel(found["good_bands"]).tolist() == [1, 0, 1]
    assert np.ravel(found["wavelengths"]).tolist() == [450, 550, 650]


@pytest.mark.parametrize("name", ["o.mat", "o.h5", "o.tif", "o.hdr", "o.npy"])
def test_full_disk_is_one_sentence_and_leaves_nothing(tmp_path, name):
    if name == "o.tif":
        pytest.importorskip("rasterio", reason="GeoTIFF is an optional extra")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, before[1]))
    try:
        with pytest.raises(MossFuseError, match="cannot write .* disk is not full"):
            written(tmp_path / name)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert not list(tmp_path.iterdir())


def test_npy_holds_the_cube_alone(tmp_path):
    written(tmp_path / "o.npy")
    np.testing.assert_array_equal(read_array(tmp_path / "o.npy"), expected())
