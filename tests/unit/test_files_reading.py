"""An image of a user's file: one rule for wavelength units, ENVI headers of every form, masks and bad bands."""

import numpy as np
import pytest

from mossfuse.errors import MossFuseError
from mossfuse.files.reading import read_image
from mossfuse.files.wavelengths import in_nanometres

CUBE = np.arange(1, 121, dtype="u2").reshape(6, 5, 4)
NM = [400.5, 500.25, 600.0, 700.0]
BASICS = "samples = 5\nlines = 6\nbands = 4\ndata type = 12\n"


@pytest.mark.parametrize(
    ("values", "unit", "found"),
    [
        (NM, "", NM), (NM, "Nanometers", NM), ([n / 1e3 for n in NM], "", NM), ([n / 1e3 for n in NM], "Microns", NM),
        ([n / 1e3 for n in NM], "\N{MICRO SIGN}m", NM), ([n * 10 for n in NM], "Angstroms", NM), ([n / 1e9 for n in NM], "Meters", NM),
        ([1e7 / n for n in NM], "Wavenumber", NM), ([1, 2, 3, 4], "Index", None), ([n / 1e3 for n in NM], "Unknown", NM),
    ],
)  # fmt: skip
def test_wavelengths_become_nanometres_by_their_unit_or_their_size(values, unit, found):
    wavelengths = in_nanometres(values, unit)
    assert found is None if wavelengths is None else np.allclose(wavelengths, found)


@pytest.mark.parametrize(
    ("values", "unit"), [("400:100:700", ""), ([400, np.nan], ""), ([0, 500], ""), (NM, "furlongs")]
)
def test_what_cannot_be_wavelengths_is_refused(values, unit):
    with pytest.raises(MossFuseError, match="wavelengths of x"):
        in_nanometres(values, unit, "x")


def test_files_of_arrays_follow_the_same_rule(tmp_path):
    import h5py
    from scipy.io import savemat

    savemat(tmp_path / "a.mat", {"cube": CUBE, "wavelength": np.array(NM) / 1e3})
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["scene/reflectance"], file["scene/wavelength"] = CUBE, NM
    for name in ("a.mat", "b.h5"):
        assert np.allclose(read_image(tmp_path / name).wavelengths, NM)
    savemat(tmp_path / "c.mat", {"cube": CUBE, "wavelength": NM[:3]})
    with pytest.raises(MossFuseError, match="lists 3 wavelengths for 4 bands"):
        read_image(tmp_path / "c.mat")
    savemat(tmp_path / "d.mat", {"hsi": np.ones((3, 3, 9)), "msi": CUBE, "wavelength": np.linspace(400, 700, 9)})
    assert read_image(tmp_path / "d.mat", "msi").wavelengths is None


def envi(folder, header, order=(2, 0, 1), kind="<u2", raw="x.img", skip=0, cube=CUBE):
    (folder / raw).write_bytes(bytes(skip) + np.ascontiguousarray(cube.transpose(order)).astype(kind).tobytes())
    text = header if isinstance(header, bytes) else ("ENVI\n" + header).encode()
    (folder / "x.hdr").write_bytes(text)
    return folder / raw


@pytest.mark.parametrize(
    ("header", "settings"),
    [
        (BASICS + "interleave = bsq\nsensor type =\nbyte order = 1\n", {"kind": ">u2"}),
        (BASICS + "sensor type =\ninterleave = bip\n", {"order": (0, 1, 2)}),
        (BASICS + "interleave = bip\nfile type =\nheader offset = 128\n", {"order": (0, 1, 2), "skip": 128}),
        ("description =\n" + BASICS + "interleave = bsq\n", {}),
        (BASICS + "interleave = bsq\nbyte order = Network (IEEE)\n", {"kind": ">u2"}),
        (
            b"\xef\xbb\xbfENVI\r\n" + (BASICS + "interleave = bil\n").replace("\n", "\r\n").encode(),
            {"order": (0, 2, 1)},
        ),
        (BASICS + "interleave = bsq\n", {"raw": "x.DAT"}),
        (BASICS + "interleave = bsq\n", {"raw": "x"}),
        (BASICS + "; data ignore value = 3\ninterleave = bsq\nwavelength = {400 500 600 700,}\n", {}),
    ],
)
def test_envi_headers_of_every_form_give_the_right_pixels(tmp_path, header, settings):
    raw = envi(tmp_path, header, **settings)
    for name in (raw, tmp_path / "x.hdr"):
        image = read_image(name)
        assert np.array_equal(image.values, CUBE) and image.measured is None


@pytest.mark.parametrize(
    ("header", "match"),
    [
        (BASICS, "has no 'interleave'"),
        (BASICS + "interleave = bsq\nbyte order = 7\n", "'byte order = 7' is not known"),
        (BASICS + "interleave = bsq\nwavelength = {400, 500\n", "'wavelength' has no closing brace"),
        (BASICS + "interleave = bsq\nwavelength = {400, 500}\n", "lists 2 wavelengths for 4 bands"),
        (BASICS + "interleave = bsq\nbbl = {0, 0, 0, 0}\n", "marks every band as bad"),
    ],
)
def test_envi_headers_that_say_too_little_are_refused(tmp_path, header, match):
    envi(tmp_path, header)
    with pytest.raises(MossFuseError, match=match):
        read_image(tmp_path / "x.hdr")


def test_two_headers_that_differ_are_refused(tmp_path):
    envi(tmp_path, BASICS + "interleave = bsq\n")
    (tmp_path / "x.img.hdr").write_text("ENVI\n" + BASICS + "interleave = bil\n", encoding="utf-8")
    with pytest.raises(MossFuseError, match="two headers that differ"):
        read_image(tmp_path / "x.img")


def test_envi_marks_gaps_bad_bands_and_place(tmp_path):
    more = "interleave = bsq\ndata ignore value = 1\nbbl = {1, 0, 1, 1}\nwavelength units = Micrometers\nwavelength = {.4, .5, .6, .7}\nfwhm = {.01, .01, .02, .02}\n"
    envi(
        tmp_path,
        BASICS
        + more
        + "reflectance scale factor = 10000\nmap info = {UTM, 2, 3, 500030, 4999940, 30, 30, 31, North, WGS-84}\n",
    )
    image = read_image(tmp_path / "x.hdr")
    assert (~image.measured).sum() == 1 and not image.measured[0, 0]
    assert image.good_bands.tolist() == [True, False, True, True] and np.allclose(image.fwhm, [10, 10, 20, 20])
    assert image.white == 10000 and image.georeference.crs == "EPSG:32631"
    assert image.georeference.transform == pytest.approx((30, 0, 500000, 0, -30, 5000000))


def test_geotiff_marks_alpha_nodata_and_gdals_wavelengths(tmp_path):
    rasterio = pytest.importorskip("rasterio", reason="GeoTIFF is an optional extra")
    size = {"driver": "GTiff", "height": 6, "width": 5, "dtype": "uint16"}
    with rasterio.open(tmp_path / "a.tif", "w", count=4, nodata=7, **size) as file:
        file.write(CUBE.transpose(2, 0, 1))
        for band, nm in enumerate(NM, 1):
            file.update_tags(band, ns="IMAGERY", CENTRAL_WAVELENGTH_UM=f"{nm / 1e3:.5f}")
    image = read_image(tmp_path / "a.tif")
    assert np.allclose(image.wavelengths, NM) and image.nodata == 7 and (~image.measured).sum() == 1
    with rasterio.open(tmp_path / "b.tif", "w", count=4, photometric="RGB", alpha="YES", **size) as file:
        alpha = np.full((6, 5), 65535, "u2")
        alpha[2, 2] = 0
        file.write(np.concatenate([CUBE.transpose(2, 0, 1)[:3], alpha[None]]))
    image = read_image(tmp_path / "b.tif")
    assert image.values.shape == (6, 5, 3) and (~image.measured).sum() == 1 and not image.measured[2, 2]
