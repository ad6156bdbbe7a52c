"""Reading and writing cubes. Fixtures are written with bare h5py, scipy and NumPy calls, as MATLAB and ENVI do."""

import resource
import shutil
import sys
import time

import numpy as np
import pytest

from mossfuse import files
from mossfuse.errors import MossFuseError
from mossfuse.files.atomic import read_json

CUBE = (np.arange(3 * 4 * 5, dtype=np.uint16).reshape(3, 4, 5) * 1000).astype(np.uint16)
WAVELENGTHS = np.array([400.0, 410, 420, 430, 440])


def write_as_matlab(path, **variables):
    """A v7.3 file laid out as MATLAB's save -v7.3 does: user block, reversed axes, MATLAB_class."""
    import h5py

    classes = {"u2": "uint16", "f8": "double", "f4": "single", "u1": "uint8"}
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in variables.items():
            if isinstance(value, str):
                item = file.create_dataset(name, data=np.array([[ord(c)] for c in value], np.uint16))
                item.attrs["MATLAB_class"] = np.bytes_("char")
                item.attrs["MATLAB_int_decode"] = np.int32(2)
                continue
            value = np.atleast_2d(value)
            item = file.create_dataset(name, data=value.T)
            item.attrs["MATLAB_class"] = np.bytes_(classes[value.dtype.str[1:]])
        file.create_group("#refs#").create_dataset("a", data=np.zeros((9, 9, 9)))
        cell = file.create_dataset("cell", (1, 1), dtype=h5py.ref_dtype)
        cell.attrs["MATLAB_class"] = np.bytes_("cell")
        empty = file.create_dataset("nothing", data=np.array([0, 3], np.uint64))
        empty.attrs["MATLAB_class"], empty.attrs["MATLAB_empty"] = np.bytes_("double"), np.uint8(1)
    with open(path, "r+b") as stream:
        stream.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")


def write_envi(path, cube, interleave, byte_order="<", offset=0, extra=""):
    axes = {"bsq": (2, 0, 1), "bil": (0, 2, 1), "bip": (0, 1, 2)}[interleave]
    raw = cube.transpose(axes).astype(byte_order + cube.dtype.str[1:]).tobytes()
    path.with_suffix(".img").write_bytes(b"\xff" * offset + raw)
    path.write_text(
        f"ENVI\ndescription = {{a scene,\n samples = 99}}\nsamples = {cube.shape[1]}\nlines = {cube.shape[0]}\n"
        f"bands   = {cube.shape[2]}\nheader offset = {offset}\ndata type = 12\ninterleave = {interleave.upper()}\n"
        f"byte order = {int(byte_order == '>')}\n{extra}",
        encoding="utf-8",
    )


def test_matlab_v5_file_is_read_as_stored(tmp_path):
    from scipy.io import savemat

    savemat(tmp_path / "a.mat", {"rad": CUBE, "wavelengths": WAVELENGTHS, "title": "x"})
    cube, wavelengths = files.read_cube(tmp_path / "a.mat")
    assert cube.dtype == np.uint16 and np.array_equal(cube, CUBE) and np.array_equal(wavelengths, WAVELENGTHS)


def test_matlab_v73_axes_are_turned_back(tmp_path):
    write_as_matlab(tmp_path / "a.mat", rad=CUBE, wavelength=WAVELENGTHS, border="wrap")
    cube, wavelengths = files.read_cube(tmp_path / "a.mat")
    assert cube.dtype == np.uint16 and np.array_equal(cube, CUBE) and np.array_equal(wavelengths, WAVELENGTHS)
    found = files.read_variables(tmp_path / "a.mat")
    assert found["border"] == "wrap" and found["nothing"].shape == (0, 3)
    assert set(found) == {"rad", "wavelength", "border", "nothing"}  # neither cells nor MATLAB's own folders


def test_hdf5_without_matlab_class_is_taken_as_it_is(tmp_path):
    import h5py

    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["deep/cube"] = CUBE
    assert np.array_equal(files.read_array(tmp_path / "a.h5"), CUBE)


def test_written_mat_has_matlab_layout(tmp_path):
    """What MATLAB needs of a v7.3 file: the header, reversed axes, the class of each variable."""
    import h5py

    path = tmp_path / "deep" / "out.mat"
    files.write_cube(path, CUBE.astype(np.float32), WAVELENGTHS, psf_hat=np.eye(3), srf_hat=None)
    head = path.read_bytes()[:128]
    assert head.startswith(b"MATLAB 7.3 MAT-file") and head[124:] == b"\x00\x02IM"
    with h5py.File(path) as file:
        assert set(file) == {"cube", "wavelengths", "psf_hat"}
        assert file["cube"].attrs["MATLAB_class"] == b"single" and file["psf_hat"].attrs["MATLAB_class"] == b"double"
        assert file["cube"].shape == (5, 4, 3) and np.array_equal(file["cube"][()].T, CUBE)


def test_written_mat_is_read_by_hdf5storage(tmp_path):
    import hdf5storage

    files.write_cube(tmp_path / "out.mat", CUBE, WAVELENGTHS)
    assert np.array_equal(hdf5storage.loadmat(str(tmp_path / "out.mat"))["cube"], CUBE)


def test_same_content_gives_same_bytes_at_another_time(tmp_path):
    for name in ("a.mat", "b.mat"):
        files.write_cube(tmp_path / name, CUBE, WAVELENGTHS)
        time.sleep(1.05)  # hdf5storage's own header holds the second
    assert (tmp_path / "a.mat").read_bytes() == (tmp_path / "b.mat").read_bytes()


@pytest.mark.parametrize("name", ["x.mat", "x.npz", "x.h5", "x.hdr", "x.bip", ".x.mat.part", ".x.npz.part"])
@pytest.mark.parametrize("dtype", [np.float32, np.uint16])
def test_round_trip_keeps_values_type_and_wavelengths(tmp_path, name, dtype):
    files.write_cube(tmp_path / name, CUBE.astype(dtype), WAVELENGTHS)
    cube, wavelengths = files.read_cube(tmp_path / (name if name != "x.bip" else "x.hdr"))
    assert cube.dtype == dtype and np.array_equal(cube, CUBE) and np.array_equal(wavelengths, WAVELENGTHS)
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith(".tmp")] == []


def test_npy_holds_the_cube_alone(tmp_path):
    np.save(tmp_path / "a.npy", CUBE)
    files.write_cube(tmp_path / "b.npy", CUBE, WAVELENGTHS)
    for name in ("a.npy", "b.npy"):
        cube, wavelengths = files.read_cube(tmp_path / name)
        assert np.array_equal(cube, CUBE) and wavelengths is None


def test_flat_image_becomes_one_band(tmp_path):
    np.save(tmp_path / "pan.npy", CUBE[..., 0])
    assert files.read_cube(tmp_path / "pan.npy")[0].shape == (3, 4, 1)


@pytest.mark.parametrize("interleave", ["bsq", "bil", "bip"])
@pytest.mark.parametrize(("order", "offset"), [("<", 0), (">", 7)])
def test_envi_is_read_in_every_order(tmp_path, interleave, order, offset):
    wavelengths = "wavelength units = Micrometers\nwavelength = {0.40, 0.41,\n 0.42, 0.43, 0.44}\n"
    write_envi(tmp_path / "a.hdr", CUBE, interleave, order, offset, wavelengths)
    for name in ("a.hdr", "a.img"):
        cube, found = files.read_cube(tmp_path / name)
        assert cube.dtype == np.uint16 and np.array_equal(cube, CUBE)
        np.testing.assert_allclose(found, WAVELENGTHS)


def test_envi_written_here_is_read_by_spectral_layout(tmp_path):
    """The raw file is band-sequential little-endian, as its header says."""
    files.write_cube(tmp_path / "a.hdr", CUBE, WAVELENGTHS)
    raw = np.fromfile(tmp_path / "a.img", "<u2").reshape(5, 3, 4)
    header = (tmp_path / "a.hdr").read_text(encoding="utf-8")
    assert np.array_equal(raw.transpose(1, 2, 0), CUBE)
    assert "interleave = bsq" in header and "data type = 12" in header and "byte order = 0" in header


def test_geotiff_round_trip(tmp_path):
    pytest.importorskip("rasterio", reason="GeoTIFF is an optional extra")
    files.write_cube(tmp_path / "a.tif", CUBE, WAVELENGTHS)
    cube, wavelengths = files.read_cube(tmp_path / "a.tif")
    assert np.array_equal(cube, CUBE) and np.array_equal(wavelengths, WAVELENGTHS)


def test_geotiff_without_rasterio_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "rasterio", None)
    with pytest.raises(MossFuseError, match=r"a\.tif.*pip install 'mossfuse\[geotiff\]'"):
        files.write_cube(tmp_path / "a.tif", CUBE)
    assert list(tmp_path.iterdir()) == []


def refused(path, match, **kwargs):
    with pytest.raises(MossFuseError, match=match) as caught:
        files.read_array(path, **kwargs)
    assert "\n" not in str(caught.value) and path.name in str(caught.value)


def test_missing_file_folder_and_unknown_type_are_refused(tmp_path):
    (tmp_path / "x.mat").mkdir()
    (tmp_path / "x.jp2").write_bytes(b"")
    refused(tmp_path / "y.mat", "does not exist")
    refused(tmp_path / "x.mat", "is a folder")
    refused(tmp_path / "x.jp2", "unknown file type '.jp2'; use one of .mat")


def test_wrong_key_names_the_nearest_and_lists_what_is_there(tmp_path):
    from scipy.io import savemat

    savemat(tmp_path / "a.mat", {"radiance": CUBE})
    refused(
        tmp_path / "a.mat",
        r"no variable 'radience' \(it holds radiance \(3x4x5\)\); did you mean radiance\?",
        key="radience",
    )


def test_several_cubes_need_a_key(tmp_path):
    np.savez(tmp_path / "a.npz", left=CUBE, right=CUBE)
    refused(tmp_path / "a.npz", "several arrays.*select one with a key")
    assert np.array_equal(files.read_array(tmp_path / "a.npz", key="right"), CUBE)


def test_file_without_image_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", wavelengths=WAVELENGTHS)
    refused(tmp_path / "a.npz", "holds no image")


@pytest.mark.parametrize("kind", ["v5", "v7.3", "npz", "text"])
def test_damaged_file_is_one_sentence(tmp_path, kind):
    from scipy.io import savemat

    path = tmp_path / ("a.npz" if kind == "npz" else "a.mat")
    noise = np.random.default_rng(0).integers(0, 65535, (40, 40, 5), np.uint16)
    if kind == "v5":
        savemat(path, {"rad": noise}, do_compression=True)
    elif kind == "v7.3":
        write_as_matlab(path, rad=noise)
    elif kind == "npz":
        np.savez(path, rad=noise)
    content = path.read_bytes() if kind != "text" else b"<html>404 not found</html>" * 20
    path.write_bytes(content[: len(content) // 2])
    refused(path, "damaged or of another type than its name says.*get or write it again")


def test_envi_with_short_raw_file_or_broken_header_is_refused(tmp_path):
    write_envi(tmp_path / "a.hdr", CUBE, "bsq")
    raw = tmp_path / "a.img"
    raw.write_bytes(raw.read_bytes()[:-1])
    with pytest.raises(MossFuseError, match=r"a\.img has 119 bytes, its header a\.hdr asks for 120"):
        files.read_array(tmp_path / "a.hdr")
    (tmp_path / "a.hdr").write_text("ENVI\nsamples = many\n", encoding="utf-8")
    refused(tmp_path / "a.hdr", "no valid 'samples'")
    raw.unlink()
    refused(tmp_path / "a.hdr", "no raw file beside it")


@pytest.mark.parametrize("name", ["a.npy", "a.hdr"])
def test_format_that_cannot_hold_extras_is_refused(tmp_path, name):
    with pytest.raises(MossFuseError, match=r"cannot hold psf_hat; write a \.mat, \.npz or \.h5"):
        files.write_cube(tmp_path / name, CUBE, psf_hat=np.eye(2))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["out.mat", "out.npy", "out.h5", "out.hdr"])
def test_folder_that_is_a_file_is_one_sentence(tmp_path, name):
    (tmp_path / "blocked").write_text("", encoding="utf-8")
    with pytest.raises(MossFuseError, match=rf"cannot write .*{name[:4]}.*check that the folder can be written to"):
        files.write_cube(tmp_path / "blocked" / name, CUBE)


@pytest.mark.parametrize("name", ["out.mat", "out.h5", "out.npy", "out.npz"])
def test_write_that_the_disk_refuses_keeps_the_older_file(tmp_path, name):
    """The HDF5 library ends the process where a write fails, so its files are made in memory."""
    path = tmp_path / name
    files.write_cube(path, CUBE)
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(MossFuseError, match=rf"^cannot write .*{name} \(.+\); check that") as refused:
            files.write_cube(path, CUBE + 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "\n" not in str(refused.value)
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["out.mat", "out.h5", "out.tif"])
def test_tiles_that_do_not_fit_on_the_disk_are_refused_at_the_start(tmp_path, monkeypatch, name):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(0, 0, 1000))
    with pytest.raises(MossFuseError, match=r"needs 4e-06 GB and 1e-06 GB are free"):
        with files.cube_writer(tmp_path / name, (10, 10, 10)):
            pass
    assert list(tmp_path.iterdir()) == []


def test_damaged_json_is_one_sentence(tmp_path):
    (tmp_path / "run.json").write_text('{"status": "o', encoding="utf-8")
    with pytest.raises(MossFuseError, match=r"run\.json is damaged \(.*\); delete it and run again"):
        read_json(tmp_path / "run.json")


def test_cube_needs_three_axes(tmp_path):
    with pytest.raises(MossFuseError, match="rows, cols and bands, not shape 3x4"):
        files.write_cube(tmp_path / "a.mat", CUBE[..., 0])


def test_unit_float32_divides_integers_by_their_range():
    from mossfuse.files.scaling import unit_float32

    stored = np.array([0, 1, 257, 65535], np.uint16)
    assert np.array_equal(unit_float32(stored), (stored / 65535).astype(np.float32))
    assert np.array_equal(unit_float32(np.array([0, 255], np.uint8)), [0, 1])
    assert unit_float32(np.array([0.25])).dtype == np.float32
