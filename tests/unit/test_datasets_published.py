"""Datasets cut out of one published array: each reader on a small file of the documented layout, written with bare calls."""

import re
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from mossfuse.benchmark.data.prepare import fetch_dataset
from mossfuse.datasets import (
    arad_1k,
    botswana,
    catalogue,
    cave,
    cave_2x2,
    cave_dhif,
    chikusei,
    cuprite,
    dc_mall,
    find_dataset,
    harvard,
    houston2018,
    indian_pines,
    ksc,
    mdas,
    moffett,
    ntire2018,
    pavia_centre,
    pavia_university,
    salinas,
    urban,
)
from mossfuse.errors import MossFuseError

ROWS, COLS, SIDE = 11, 10, 8
# Module, how its file is stored, the name of the variable, and the 1-based bands that are used.
PUBLISHED = {
    pavia_centre: ("v5", "pavia", range(1, 103)),
    pavia_university: ("v5", "paviaU", range(1, 104)),
    indian_pines: ("v5", "indian_pines", [*range(1, 104), *range(109, 150), *range(164, 220)]),
    salinas: ("v5", "salinas", [*range(1, 108), *range(113, 154), *range(168, 224)]),
    cuprite: ("v5", "X", [*range(3, 104), *range(114, 148), *range(168, 221)]),
    ksc: ("v5", "KSC", range(1, 177)),
    botswana: ("v5", "Botswana", range(1, 146)),
    urban: ("columns", "Y", range(1, 163)),
    moffett: ("columns", "Y", range(4, 190)),
    dc_mall: ("tiff", "", range(1, 192)),
    chikusei: ("zip", "chikusei", range(1, 129)),
    houston2018: ("pix", "", range(1, 49)),
}
SCENES = {chikusei: "tile-2", houston2018: "tile-14"}


def small(module, monkeypatch):
    """Shrink the published array to ROWS x COLS pixels; return (its numbers, corner of the scene)."""
    published = module.PUBLISHED
    bands = published.stored[2]
    shape = (SIDE, SIDE, published.dataset.shape[2])
    corner = (2, 1) if module in SCENES else (0, 0)
    published = replace(
        published,
        stored=(ROWS, COLS, bands),
        corners=dict.fromkeys(published.corners, corner),
        dataset=replace(published.dataset, shape=shape),
        file=replace(published.file, urls=(), sha256=None),
    )
    monkeypatch.setattr(module, "PUBLISHED", published)
    random = np.random.default_rng(bands)
    return random.integers(-50, 9000, (ROWS, COLS, bands)).astype(np.int16), corner


def write_file(folder, module, stored):
    """Write the array as the distributor does."""
    import h5py
    import scipy.io
    import tifffile

    folder.mkdir(exist_ok=True, parents=True)
    kind, key, _ = PUBLISHED[module]
    path = folder / module.PUBLISHED.file.name
    if kind == "v5":
        scipy.io.savemat(path, {key: stored, "note": "x"})
    elif kind == "columns":
        scipy.io.savemat(path, {key: stored.reshape(-1, stored.shape[2], order="F").T, "nRow": ROWS, "nCol": COLS})
    elif kind == "tiff":
        tifffile.imwrite(path, stored.transpose(2, 0, 1), photometric="minisblack")
    elif kind == "pix":
        stored.transpose(2, 0, 1).astype("<i2").tofile(path)
        header = f"ENVI\nsamples = {COLS}\nlines = {ROWS}\nbands = {stored.shape[2]}\nheader offset = 0\n"
        header += "file type = ENVI Standard\ndata type = 2\ninterleave = bsq\nbyte order = 0\n"
        path.with_suffix(".hdr").write_text(header, encoding="utf-8")
    else:
        inner = folder / module.PUBLISHED.member
        with h5py.File(inner, "w", userblock_size=512) as file:
            file[key] = stored.transpose(2, 1, 0)  # as MATLAB writes
            file[key].attrs["MATLAB_class"] = np.bytes_("int16")
        with zipfile.ZipFile(path, "w") as bundle:
            bundle.write(inner, f"Chikusei_MATLAB/{inner.name}")
        inner.unlink()
    return path


@pytest.mark.parametrize("module", PUBLISHED, ids=lambda module: module.__name__.rpartition(".")[2])
def test_scene_of_a_published_array_is_its_window_over_one_scale(module, tmp_path, monkeypatch):
    stored, (row, col) = small(module, monkeypatch)
    write_file(tmp_path / "raw", module, stored)
    scene = SCENES.get(module, module.DATASET.test[0])
    record = module.obtain((scene,), tmp_path, ())[scene]
    assert record["source"] == "folder" and record["sha256"].keys() == set(record["files"])
    cube, wavelengths = module.read(scene, tmp_path, ())
    kept = stored[..., [band - 1 for band in PUBLISHED[module][2]]].clip(-50).astype(np.float64)
    white = np.quantile(kept, 0.9999)
    expected = np.clip(kept[row : row + SIDE, col : col + SIDE] / white, 0, 1)
    np.testing.assert_allclose(cube, expected, atol=1e-6)
    assert cube.dtype == np.float32 and wavelengths.shape == cube.shape[2:] and (np.diff(wavelengths) > 0).all()


@pytest.mark.parametrize("module", PUBLISHED, ids=lambda module: module.__name__.rpartition(".")[2])
def test_file_that_is_absent_is_named_with_its_place(module, tmp_path, monkeypatch):
    small(module, monkeypatch)
    with pytest.raises(MossFuseError, match=rf"dataset '{module.DATASET.name}' lacks .*put it at .*raw") as caught:
        module.obtain(module.DATASET.test, tmp_path, ())
    said = str(caught.value)
    assert "\n" not in said and module.PUBLISHED.file.name in said and module.PUBLISHED.by_hand in said


def test_damaged_cropped_and_foreign_files_are_one_sentence(tmp_path, monkeypatch):
    import scipy.io

    stored, _ = small(salinas, monkeypatch)
    path = write_file(tmp_path / "raw", salinas, stored[..., :204])
    with pytest.raises(
        MossFuseError, match=r"Salinas\.mat holds no array of 11x10x224, .* it holds .*salinas 11x10x204"
    ):
        salinas.obtain(("salinas",), tmp_path, ())
    write_file(tmp_path / "raw", salinas, stored)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(MossFuseError, match=r"Salinas\.mat cannot be read, it is damaged or of another type"):
        salinas.obtain(("salinas",), tmp_path, ())
    scipy.io.savemat(path, {"salinas": np.full((ROWS, COLS, 224), -3, np.int16)})
    assert salinas.obtain(("salinas",), tmp_path, ())  # no hash of the damaged file stands in its way
    with pytest.raises(MossFuseError, match="hardly a positive number"):
        salinas.read("salinas", tmp_path, ())


@pytest.mark.parametrize("module", PUBLISHED, ids=lambda module: module.__name__.rpartition(".")[2])
def test_partial_and_reordered_arrays_and_files_cut_short_are_one_sentence(module, tmp_path, monkeypatch):
    stored, _ = small(module, monkeypatch)
    name, scene = module.PUBLISHED.dataset.name, SCENES.get(module, module.PUBLISHED.dataset.test[0])
    wrong = {"cropped": stored[..., :-1]}
    if PUBLISHED[module][0] == "v5":
        wrong["turned"] = stored.transpose(1, 0, 2)
    for case, array in wrong.items():
        write_file(tmp_path / case / "raw", module, array)
        with pytest.raises(MossFuseError, match="holds no array of") as caught:
            prepared(name, scene, tmp_path / case)
        assert "\n" not in str(caught.value)
    path = write_file(tmp_path / "raw", module, stored)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(MossFuseError, match=re.escape(path.name.rpartition(".")[0])) as caught:
        prepared(name, scene, tmp_path)
    assert "\n" not in str(caught.value)


def prepared(name, scene, folder):
    """Fetch and read a scene as the benchmark does."""
    fetch_dataset(name, (scene,), folder, ())
    return find_dataset(name)[1].read(scene, folder, ())


@pytest.mark.parametrize(
    ("module", "scene", "key"),
    [(harvard, "imgb4", "ref"), (ntire2018, "BGU_HS_00257", "rad"), (arad_1k, "ARAD_1K_0901", "cube")],
)
def test_scene_files_with_another_variable_shape_or_end_are_one_sentence(module, scene, key, tmp_path):
    import scipy.io

    path = tmp_path / "raw" / f"{scene}.mat"
    path.parent.mkdir()
    cube = np.ones((12, 9, 31), np.float32)
    for variables, said in (
        ({"other": cube}, f"has none of the variables {key}; it holds other"),
        ({key: cube}, "holds 12x9x31, a scene of"),
        ({key: cube.transpose(2, 0, 1)}, "holds 31x12x9, a scene of"),
    ):
        scipy.io.savemat(path, variables)
        with pytest.raises(MossFuseError, match=said):
            module.obtain((scene,), tmp_path, ())
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(MossFuseError, match=path.name):
        module.obtain((scene,), tmp_path, ())


def test_unpacked_file_is_enough_and_an_archive_without_it_is_named(tmp_path, monkeypatch):
    stored, _ = small(chikusei, monkeypatch)
    archive = write_file(tmp_path / "mirror" / "chikusei", chikusei, stored)
    got = chikusei.obtain(("tile-1",), tmp_path, [tmp_path / "mirror"])["tile-1"]
    assert got["files"] == [chikusei.PUBLISHED.member] and (tmp_path / "raw" / chikusei.PUBLISHED.member).is_file()
    archive.unlink()
    assert chikusei.obtain(("tile-1",), tmp_path, ())["tile-1"]["sha256"] == got["sha256"]
    with zipfile.ZipFile(archive, "w") as bundle:
        bundle.writestr("readme.txt", "x")
    with pytest.raises(MossFuseError, match=r"Hyperspec_Chikusei_MATLAB\.zip holds no HyperspecVNIR_Chikusei"):
        chikusei.obtain(("tile-1",), tmp_path / "other", [tmp_path / "mirror"])


def test_tiles_lie_apart_inside_the_array():
    for module in (chikusei, houston2018):
        rows, cols, _ = module.PUBLISHED.stored
        corners = list(module.PUBLISHED.corners.values())
        assert len(set(corners)) == 16 and set(module.PUBLISHED.corners) == set(module.DATASET.scenes)
        assert all(row + 512 <= rows and col + 512 <= cols for row, col in corners)
        apart = {(abs(a - c) >= 512 or abs(b - d) >= 512) for a, b in corners for c, d in corners if (a, b) != (c, d)}
        assert apart == {True}
    assert chikusei.PUBLISHED.corners["tile-1"] == (106, 143) and chikusei.DATASET.test[-1] == "tile-4"


def test_arad_is_read_from_v73_and_cut_to_a_multiple_of_32(tmp_path, monkeypatch):
    import h5py

    monkeypatch.setattr(arad_1k, "STORED", (10, 9, 31))
    dataset = replace(arad_1k.DATASET, shape=(8, 9, 31))
    monkeypatch.setattr(arad_1k, "LAYOUT", replace(arad_1k.LAYOUT, dataset=dataset))
    cube = np.random.default_rng(0).random((10, 9, 31), np.float32)
    (tmp_path / "mirror" / "ARAD_1K").mkdir(parents=True)
    path = tmp_path / "mirror" / "ARAD_1K" / "ARAD_1K_0901.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file["cube"] = cube.transpose(2, 1, 0)
        file["cube"].attrs["MATLAB_class"] = np.bytes_("single")
        file["bands"] = np.arange(400.0, 701, 10)
    assert arad_1k.obtain(("ARAD_1K_0901",), tmp_path, [tmp_path / "mirror"])["ARAD_1K_0901"]["source"] == "mirror"
    np.testing.assert_array_equal(arad_1k.read("ARAD_1K_0901", tmp_path, [tmp_path / "mirror"])[0], cube[:8])
    with pytest.raises(MossFuseError, match="register at https://codalab"):
        arad_1k.obtain(("ARAD_1K_0902",), tmp_path, [tmp_path / "mirror"])


def test_cave_dhif_has_the_other_split_and_finds_the_scenes_of_cave(tmp_path):
    import scipy.io

    spec = find_dataset("cave-dhif")[0]
    assert (len(spec.train), len(spec.test)) == (20, 12) and set(spec.scenes) == set(cave.DATASET.scenes)
    assert len(set(spec.test) & set(cave.DATASET.train)) == 8
    (tmp_path / "cave" / "raw").mkdir(parents=True)
    stored = np.random.default_rng(0).integers(0, 65536, (512, 512, 31), np.uint16)
    scipy.io.savemat(tmp_path / "cave" / "raw" / "paints_ms.mat", {"rad": stored})
    cave_dhif.obtain(("paints",), tmp_path / "cave-dhif", ())
    cube, _ = cave_dhif.read("paints", tmp_path / "cave-dhif", ())
    np.testing.assert_array_equal(cube[::64], (stored[::64] / 65535).astype(np.float32))


def test_cave_2x2_is_the_mean_over_2_x_2_pixels_of_the_scenes_of_cave(tmp_path, monkeypatch):
    import scipy.io

    shape = (4, 6, 31)
    monkeypatch.setattr(cave_2x2, "LAYOUT", replace(cave_2x2.LAYOUT, dataset=replace(cave_2x2.DATASET, shape=shape)))
    (tmp_path / "cave" / "raw").mkdir(parents=True)
    stored = np.random.default_rng(0).integers(0, 65536, shape, np.uint16)
    scipy.io.savemat(tmp_path / "cave" / "raw" / "paints_ms.mat", {"rad": stored})
    assert cave_2x2.obtain(("paints",), tmp_path / "cave-2x2", ())["paints"]["source"] == "mirror"
    cube, _ = cave_2x2.read("paints", tmp_path / "cave-2x2", ())
    assert cube.shape == (2, 3, 31) and cube.dtype == np.float32
    np.testing.assert_allclose(cube[1, 2], stored[2:4, 4:6].mean((0, 1)) / 65535, rtol=1e-6)


@pytest.mark.parametrize("ratio", [4, 8])
def test_even_support_of_the_supervised_papers_fills_the_block_of_its_pixel(ratio):
    from mossfuse.degradations import find_degradation, make_psf
    from mossfuse.physics.sampling import BlurSample

    degradation = find_degradation(f"x{ratio}-gauss{ratio}s2-nikond700hif")
    sample = BlurSample(make_psf(degradation.psf), degradation.phase, ratio, (4 * ratio, 4 * ratio))
    assert sample.one_block and sample.windows(0).tolist() == np.arange(4 * ratio).reshape(4, ratio).tolist()


def write_mdas(folder, rows=9, cols=6, ending="sub_area1"):
    """The files of one MDAS scene: GeoTIFFs of uint16, bands first, and the header with overlapping detectors."""
    import rasterio

    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(1)
    images = {}
    for name, bands in (("EeteS_EnMAP_10m", 242), ("EeteS_Sentinel_2_10m", 4)):
        images[name] = random.integers(0, 9000, (bands, rows, cols)).astype(np.uint16)
        profile = {"driver": "GTiff", "width": cols, "height": rows, "count": bands, "dtype": "uint16"}
        with rasterio.open(folder / f"{name}_{ending}.tif", "w", **profile) as file:
            file.write(images[name])
    centres = np.concatenate([np.linspace(423, 999, 95), np.linspace(905, 2439, 147)])
    listed = ", ".join(f"{wl / 1000:.6f}" for wl in centres)
    (folder / mdas.HEADER).write_text(f"ENVI\nbands = 242\nwavelength = {{{listed}}}\n", encoding="utf-8")
    return images, centres


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_mdas_is_read_in_the_order_of_its_wavelengths_with_its_picture(tmp_path):
    images, centres = write_mdas(tmp_path / "mirror" / "mdas" / "Augsburg_data_4_publication" / "sub_area_1")
    mirrors = [tmp_path / "mirror"]
    assert len(mdas.obtain(("sub_area_1",), tmp_path, mirrors)["sub_area_1"]["files"]) == 3
    cube, wavelengths = mdas.read("sub_area_1", tmp_path, mirrors)
    order = np.argsort(centres[:210])
    np.testing.assert_allclose(cube, images["EeteS_EnMAP_10m"][order].transpose(1, 2, 0) / 1e4, atol=1e-6)
    np.testing.assert_allclose(wavelengths, np.sort(centres[:210]), atol=1e-2)
    picture = mdas.picture("sub_area_1", tmp_path, mirrors)
    np.testing.assert_allclose(picture, images["EeteS_Sentinel_2_10m"].transpose(1, 2, 0) / 1e4, atol=1e-6)
    place = tmp_path / "mirror" / "mdas" / "Augsburg_data_4_publication" / "sub_area_1"
    (place / "EeteS_EnMAP_10m_deep_train.tif").touch()
    with pytest.raises(MossFuseError, match="lacks EeteS_Sentinel_2_10m_deep_train.tif of scene 'deep_train'"):
        mdas.locate(place, "deep_train")
    (place / mdas.HEADER).write_text("ENVI\n", encoding="utf-8")
    with pytest.raises(MossFuseError, match=r"band_242_meta_info\.hdr lists 0 wavelengths, expected 242"):
        mdas.read("sub_area_1", tmp_path, mirrors)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_mdas_comes_out_of_its_archive(tmp_path):
    write_mdas(tmp_path / "files")
    with zipfile.ZipFile(tmp_path / mdas.ARCHIVE.name, "w") as bundle:
        for path in (tmp_path / "files").iterdir():
            bundle.write(path, f"Augsburg_data_4_publication/sub_area_1/{path.name}")
    assert mdas.obtain(("sub_area_1",), tmp_path, ())["sub_area_1"]["source"] == "download"
    with pytest.raises(MossFuseError, match="holds no EeteS_EnMAP_10m_deep_train.tif"):
        mdas.obtain(("deep_train",), tmp_path, ())


@pytest.mark.real_data
def test_moffett_of_the_mirror_is_verified_and_its_pixels_lie_in_order(mirror_file, tmp_path):
    mirror = mirror_file("remote_sensing/moffett_vca.mat").parents[1]
    record = moffett.obtain(("moffett",), tmp_path, [mirror])["moffett"]
    cube, wavelengths = moffett.read("moffett", tmp_path, [mirror])
    assert record["verified"] and cube.shape == (48, 48, 186) == (48, 48, wavelengths.size)
    assert np.ptp(cube, (0, 1)).min() > 0  # the file's first three bands are constant
    both = [np.abs(np.diff(cube.mean(2), axis=axis)).mean() / cube.mean(2).std() for axis in (0, 1)]
    assert max(both) < 0.5 and max(both) < 3 * min(both)


def test_every_dataset_says_what_it_is_and_whose():
    for spec, _ in catalogue().entries.values():
        assert spec.terms and spec.citation and spec.test and (spec.url or spec.name == "phantom"), spec.name
        assert (np.diff(spec.wavelengths) > 0).all() and not set(spec.train) & set(spec.test)
        assert spec.shape is None or spec.shape[2] == len(spec.wavelengths), spec.name
