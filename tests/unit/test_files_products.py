"""Products of Earth observation, of documented layout: values, bands, masks and ground position as their providers mean them."""

import numpy as np
import pytest

pytest.importorskip("rasterio", reason="GeoTIFF is an optional extra")
from helpers import products  # noqa: E402
from mossfuse.errors import MossFuseError  # noqa: E402
from mossfuse.files.reading import read_image  # noqa: E402

WAVELENGTHS = np.array([450.0, 560, 665, 850, 945, 955, 1010, 1650, 2200])
CORNER = (500000.0, 5000000.0)
CUBE = np.random.default_rng(0).uniform(0.05, 0.9, (6, 5, 9))


def test_prisma_runs_upwards_in_reflectance_from_the_outer_corner(tmp_path):
    measured = np.ones((6, 5), bool)
    measured[0, 0] = False
    products.write_prisma(tmp_path / "PRS_L2D.he5", CUBE, WAVELENGTHS, CORNER, measured)
    image = read_image(tmp_path / "PRS_L2D.he5")
    assert np.array_equal(image.wavelengths, WAVELENGTHS) and (image.fwhm == 12).all()
    assert np.abs(image.values - CUBE)[measured].max() < 1.2 / 65535
    assert image.georeference.crs == "EPSG:32631" and image.georeference.transform == (
        30,
        0,
        CORNER[0],
        0,
        -30,
        CORNER[1],
    )
    assert np.array_equal(image.measured, measured)


def test_prisma_without_projection_is_refused(tmp_path):
    import h5py

    products.write_prisma(tmp_path / "a.he5", CUBE, WAVELENGTHS, CORNER)
    with h5py.File(tmp_path / "a.he5", "r+") as file:
        file.attrs["Processing_Level"] = np.bytes_("2C")
    with pytest.raises(MossFuseError, match="level 2C, without a map projection; get level L2D"):
        read_image(tmp_path / "a.he5")


def test_enmap_takes_gains_and_offsets_of_each_band_and_leaves_clouds_out(tmp_path):
    cloud = np.zeros((6, 5), bool)
    cloud[2, 3] = True
    # as delivered: VNIR up to 955 nm, then SWIR from 945 nm
    order = [0, 1, 2, 3, 5, 4, 6, 7, 8]
    folder = tmp_path / "ENMAP01-____L2A-DT0000"
    products.write_enmap(folder, CUBE[..., order], WAVELENGTHS[order], CORNER, cloud)
    image = read_image(folder)
    kept = [np.flatnonzero(WAVELENGTHS == w)[0] for w in image.wavelengths]
    assert (np.diff(image.wavelengths) > 0).all() and len(
        kept
    ) == 7  # of the two bands in the overlap neither reaches past 950 nm
    assert np.abs(image.values - CUBE[..., kept]).max() < 1.3e-4 and np.array_equal(image.measured, ~cloud)
    assert read_image(next(folder.glob("*SPECTRAL_IMAGE.TIF"))).values.shape == (6, 5, 7)


def test_products_of_another_level_are_named(tmp_path):
    folder = tmp_path / "ENMAP01-____L1C-DT0000"
    products.write_enmap(folder, CUBE, WAVELENGTHS, CORNER)
    with pytest.raises(MossFuseError, match="EnMAP of level L1C, radiance at the sensor; get level L2A"):
        read_image(folder)
    (tmp_path / "S2A_MSIL1C.SAFE").mkdir()
    with pytest.raises(MossFuseError, match="a Sentinel-2 product of level 2A is needed"):
        read_image(tmp_path / "S2A_MSIL1C.SAFE")


def test_sentinel2_applies_its_offset_and_its_scene_classification(tmp_path):
    msi = np.random.default_rng(1).uniform(0.02, 0.6, (8, 8, 4))
    cloud = np.zeros((4, 4), bool)
    cloud[1, 2] = True
    products.write_safe(tmp_path / "S2A_MSIL2A.SAFE", msi, CORNER, cloud)
    image = read_image(tmp_path / "S2A_MSIL2A.SAFE")
    assert np.abs(image.values - msi).max() < 1e-4 and image.band_names == ("B02", "B03", "B04", "B08")
    assert (~image.measured).sum() == 4 and not image.measured[2:4, 4:6].any()
    with pytest.raises(MossFuseError, match="has no part 'R5m'"):
        read_image(tmp_path / "S2A_MSIL2A.SAFE", "R5m")
    with pytest.raises(MossFuseError, match="0 files of band B05"):
        read_image(tmp_path / "S2A_MSIL2A.SAFE", "R20m")


def test_hyperion_has_its_calibrated_bands_in_radiance(tmp_path):
    bands = [7, 8, 40, 60, 80, 100, 225]  # 7 and 225 are not calibrated, 60 lies beyond the VNIR's calibrated bands
    folder = tmp_path / "EO1H1990262013"
    products.write_hyperion(folder, CUBE[..., :7] * 100, CORNER, bands)
    image = read_image(folder)
    assert image.band_names == ("B008", "B040", "B080", "B100") and (np.diff(image.wavelengths) > 0).all()
    assert np.abs(image.values - 100 * CUBE[..., [1, 2, 4, 5]]).max() < 0.02
    assert image.wavelengths[0] == pytest.approx(426.8, abs=0.2) and image.wavelengths[3] == pytest.approx(
        1144.5, abs=0.5
    )
