"""Datasets: what is accepted, what is refused and how, and that the real files read as they should."""

import io
import json
import subprocess
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from helpers.repository import ROOT
from mossfuse import datasets
from mossfuse.benchmark.data.prepare import fetch_dataset, prepare_scene
from mossfuse.datasets import cave, cave_8, find_dataset, harvard, ntire2018
from mossfuse.errors import MossFuseError
from mossfuse.files import read_cube
from mossfuse.protocol import RemoteFile
from mossfuse.remote.download import read_sums

SIZE = 12
STORED = np.random.default_rng(3).integers(0, 65536, (SIZE, SIZE, 31), np.uint16)


@pytest.fixture
def small(monkeypatch):
    """The CAVE readers, looking for scenes of SIZE x SIZE pixels; the archive is nowhere."""
    for module in (cave, cave_8):
        dataset = replace(module.DATASET, shape=(SIZE, SIZE, module.DATASET.shape[2]))
        monkeypatch.setattr(module, "DATASET", dataset)
        monkeypatch.setattr(module, "LAYOUT", replace(module.LAYOUT, dataset=dataset))
    monkeypatch.setattr(cave, "ARCHIVE", RemoteFile(name="complete_ms_data.zip", urls=()))
    datasets.catalogue.cache_clear()
    yield
    monkeypatch.undo()
    datasets.catalogue.cache_clear()


def png(band, mode="16"):
    """One band as PNG bytes: 16-bit grey, or 8-bit grey / RGBA of its high byte."""
    from PIL import Image

    high = (band >> 8).astype(np.uint8)
    pixels = {"16": band, "8": high, "RGBA": np.stack([high, high, high, np.full_like(high, 255)], -1)}
    if mode == "colour":
        pixels[mode] = np.stack([high, 255 - high, high, np.full_like(high, 255)], -1)
    buffer = io.BytesIO()
    Image.fromarray(pixels[mode]).save(buffer, "PNG")
    return buffer.getvalue()


def write_scene(folder, scene, stored=STORED, mode="16", levels=2, bands=range(1, 32)):
    """A scene in the archive's layout, with its picture and the litter of a real one; files made in reverse order."""
    place = folder / f"{scene}_ms" / f"{scene}_ms" if levels == 2 else folder / f"{scene}_ms"
    place.mkdir(parents=True)
    for band in reversed(bands):
        (place / f"{scene}_ms_{band:02d}.png").write_bytes(png(stored[..., band - 1], mode))
    from PIL import Image

    Image.new("RGB", (stored.shape[1], stored.shape[0])).save(place / f"{scene}_RGB.bmp")
    (place / "Thumbs.db").write_bytes(b"x")
    (place / f"._{scene}_ms_01.png").write_bytes(b"x")
    return place


def write_archive(path, scenes, root="complete_ms_data/"):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as bundle:
        for scene in scenes:
            inner = f"{scene}_ms/{scene}_ms" if scene != "watercolors" else f"{scene}_ms"
            for band in range(1, 32):
                bundle.writestr(f"{root}{inner}/{scene}_ms_{band:02d}.png", png(STORED[..., band - 1]))
            bundle.writestr(f"__MACOSX/{root}{inner}/._{scene}_ms_01.png", b"x")
            bundle.writestr(f"{root}{inner}/Thumbs.db", b"x")


def obtain_and_read(tmp_path, scene="balloons", name="cave", mirrors=()):
    fetched = fetch_dataset(name, [scene], tmp_path, mirrors)
    return fetched[scene], *read_cube(prepare_scene(name, scene, tmp_path, mirrors))


def refused(tmp_path, match, scene="balloons", name="cave", mirrors=()):
    """Fetching or preparing fails with one sentence, and the scene is not written."""
    with pytest.raises(MossFuseError, match=match) as caught:
        obtain_and_read(tmp_path, scene, name, mirrors)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "scenes" / f"{scene}.mat").exists()
    return str(caught.value)


@pytest.mark.parametrize("levels", [1, 2])
def test_sixteen_bit_pngs_keep_every_bit_in_band_order(small, tmp_path, levels):
    write_scene(tmp_path / "raw", "balloons", levels=levels)
    record, cube, wavelengths = obtain_and_read(tmp_path)
    assert np.array_equal(cube, (STORED / 65535).astype(np.float32))
    assert np.array_equal(wavelengths, np.arange(400.0, 701, 10))
    assert (
        record["source"] == "folder" and not record["verified"] and len(record["sha256"]) == 31 + 1
    )  # bands and picture


@pytest.mark.parametrize("key", ["rad", "hsi", "cube", "ref"])
@pytest.mark.parametrize("version", ["v5", "v7.3"])
@pytest.mark.parametrize("name", ["balloons.mat", "balloons_ms.mat"])
def test_mat_variants_give_the_same_scene(small, tmp_path, key, version, name):
    from scipy.io import savemat

    (tmp_path / "raw").mkdir()
    if version == "v5":
        savemat(tmp_path / "raw" / name, {key: STORED, "other": STORED[:3]})
    else:
        write_v73(tmp_path / "raw" / name, key, STORED)
    record, cube, _ = obtain_and_read(tmp_path)
    assert np.array_equal(cube, (STORED / 65535).astype(np.float32)) and record["files"] == [name]


def write_v73(path, key, array):
    import h5py

    with h5py.File(path, "w", userblock_size=512) as file:
        item = file.create_dataset(key, data=array.T)
        item.attrs["MATLAB_class"] = np.bytes_({"u2": "uint16", "f8": "double", "f4": "single"}[array.dtype.str[1:]])


def test_watercolors_may_be_eight_bit_rgba_and_no_other_scene(small, tmp_path):
    write_scene(tmp_path / "raw", "watercolors", mode="RGBA", levels=1)
    _, cube, _ = obtain_and_read(tmp_path, "watercolors")
    assert np.array_equal(cube, ((STORED >> 8) / 255).astype(np.float32))
    for scene, mode in (("balloons", "RGBA"), ("clay", "8")):
        write_scene(tmp_path / "raw", scene, mode=mode)
        refused(
            tmp_path,
            rf"{scene}_ms_01\.png is a uint8 image .* expected 16-bit grey; it was converted, get the original",
            scene,
        )


def test_colour_picture_is_no_band_of_watercolors(small, tmp_path):
    write_scene(tmp_path / "raw", "watercolors", mode="colour")
    refused(tmp_path, r"watercolors_ms_01\.png is a colour picture", "watercolors")


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.9])
def test_truncated_png_is_named(small, tmp_path, kept):
    place = write_scene(tmp_path / "raw", "balloons")
    path = place / "balloons_ms_07.png"
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    refused(tmp_path, r"balloons_ms_07\.png is a damaged PNG .*delete it and get the scene again")


def test_missing_band_is_named(small, tmp_path):
    place = write_scene(tmp_path / "raw", "balloons")
    (place / "balloons_ms_03.png").unlink()
    (place / "balloons_ms_31.png").unlink()
    refused(tmp_path, r"balloons_ms lacks band\(s\) 03, 31; delete the folder and run again, or complete it")


def test_band_that_is_there_twice_is_named(small, tmp_path):
    place = write_scene(tmp_path / "raw", "balloons")
    (place / "copy_05.png").write_bytes((place / "balloons_ms_05.png").read_bytes())
    refused(tmp_path, r"two files for band 05 \(balloons_ms_05\.png, copy_05\.png\); remove one")


def test_resized_bands_are_refused(small, tmp_path):
    write_scene(tmp_path / "raw", "balloons", stored=STORED[:10, :8])
    refused(tmp_path, r"balloons_ms_01\.png has 10x8 pixels, this dataset has 12x12; a resized copy is another dataset")


def test_wrong_key_and_wrong_band_count_are_named(small, tmp_path):
    from scipy.io import savemat

    (tmp_path / "raw").mkdir()
    savemat(tmp_path / "raw" / "balloons.mat", {"Omsi": STORED})
    refused(tmp_path, r"balloons\.mat has none of the variables rad, hsi, cube, ref; it holds Omsi \(12, 12, 31\)")
    savemat(tmp_path / "raw" / "balloons.mat", {"rad": STORED[..., :26]})
    refused(tmp_path, r"balloons\.mat holds 12x12x26, a scene of 'cave' is 12x12x31; a reduced or cropped copy")


@pytest.mark.parametrize(
    ("value", "match"),
    [
        (
            np.nan,
            r"scene 'balloons' of dataset 'cave' has 1 values that are NaN or infinite; get its files again or fix them",
        ),
        (-0.25, r"scene 'balloons' of dataset 'cave' has values from -0\.25 to .*outside 0 to 1; scale it"),
        (
            4000.0,
            r"balloons\.mat holds floating-point values up to 4000, expected 0 to 1; divide them by the full scale",
        ),
    ],
)
def test_values_that_are_no_reflectance_are_refused(small, tmp_path, value, match):
    cube = (STORED / 65535).astype(np.float64)
    cube[3, 4, 5] = value
    (tmp_path / "raw").mkdir()
    write_v73(tmp_path / "raw" / "balloons.mat", "rad", cube)
    refused(tmp_path, match)


def test_archive_in_a_mirror_fills_the_folder_with_the_wanted_scenes_alone(small, tmp_path):
    (tmp_path / "mirror").mkdir()
    write_archive(tmp_path / "mirror" / "complete_ms_data.zip", ["balloons", "watercolors", "clay"])
    fetched = fetch_dataset("cave", ["watercolors", "balloons"], tmp_path / "cave", [tmp_path / "mirror"])
    assert sorted(p.name for p in (tmp_path / "cave" / "raw").iterdir()) == ["balloons_ms", "watercolors_ms"]
    assert fetched["balloons"]["source"] == "download" and not fetched["balloons"]["verified"]
    sums = read_sums(tmp_path / "cave")
    assert "complete_ms_data.zip" in sums and "balloons_ms/balloons_ms_31.png" in sums
    cube, _ = read_cube(prepare_scene("cave", "balloons", tmp_path / "cave", ()))
    assert np.array_equal(cube, (STORED / 65535).astype(np.float32))


def test_second_fetch_keeps_the_first_record_and_needs_no_archive(small, tmp_path):
    write_archive_to = tmp_path / "mirror" / "complete_ms_data.zip"
    write_archive_to.parent.mkdir()
    write_archive(write_archive_to, ["balloons"], root="")
    first = fetch_dataset("cave", ["balloons"], tmp_path / "cave", [tmp_path / "mirror"])
    assert fetch_dataset("cave", ["balloons"], tmp_path / "cave", ()) == first
    assert (
        json.loads((tmp_path / "cave" / "fetched" / "balloons.json").read_text(encoding="utf-8")) == first["balloons"]
    )


def test_scene_that_is_there_is_never_downloaded(small, tmp_path, monkeypatch):
    from mossfuse.remote import download

    monkeypatch.setattr(download, "fetch", lambda *a: pytest.fail("the network was asked"))
    monkeypatch.setattr(cave, "ARCHIVE", RemoteFile(name="complete_ms_data.zip", urls=("http://127.0.0.1:9/x.zip",)))
    write_scene(tmp_path / "mirror" / "CAVE", "clay")
    write_scene(tmp_path / "cave" / "raw", "balloons")
    fetched = fetch_dataset("cave", ["balloons", "clay"], tmp_path / "cave", [tmp_path / "mirror"])
    assert {s: r["source"] for s, r in fetched.items()} == {"balloons": "folder", "clay": "mirror"}


def test_list_that_cannot_be_completed_names_the_scenes_and_writes_nothing(small, tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(cave, "ARCHIVE", replace(cave.ARCHIVE, urls=("http://127.0.0.1:9/complete_ms_data.zip",)))
    write_scene(tmp_path / "raw", "clay")
    with pytest.raises(
        MossFuseError, match=r"dataset 'cave' lacks balloons, hairs: .*host not reachable.*by hand.*raw"
    ) as caught:
        fetch_dataset("cave", ["balloons", "clay", "hairs"], tmp_path, ())
    assert "\n" not in str(caught.value) and not (tmp_path / "fetched").exists()


def test_archive_without_the_scenes_says_how_many_it_lacks(small, tmp_path):
    write_archive(tmp_path / "mirror" / "complete_ms_data.zip", ["clay", "beads"])
    said = refused(
        tmp_path / "cave",
        r"complete_ms_data\.zip holds 2 of the 32 scenes of 'cave' and lacks 30, of which balloons is needed; put them, or the complete",
        mirrors=[tmp_path / "mirror"],
    )
    assert "delete" not in said and not (tmp_path / "cave" / "raw").exists()
    assert obtain_and_read(tmp_path / "cave", "clay", mirrors=[tmp_path / "mirror"])[0]["source"] == "download"


def test_corrupt_archive_is_named(small, tmp_path):
    write_archive(tmp_path / "complete_ms_data.zip", ["balloons"])
    content = (tmp_path / "complete_ms_data.zip").read_bytes()
    (tmp_path / "complete_ms_data.zip").write_bytes(content[:-100])
    refused(tmp_path, r"complete_ms_data\.zip is a damaged archive .*delete it and run again")


def test_broken_scene_of_a_mirror_is_passed_over_but_named_when_nothing_else_turns_up(small, tmp_path):
    place = write_scene(tmp_path / "mirror", "balloons")
    (place / "balloons_ms_09.png").unlink()
    said = refused(
        tmp_path / "cave", r"dataset 'cave' lacks balloons: .*lacks band\(s\) 09", mirrors=[tmp_path / "mirror"]
    )
    assert "complete_ms_data.zip could not be obtained" in said and "delete" not in said
    write_archive(tmp_path / "mirror" / "complete_ms_data.zip", ["balloons"])
    assert obtain_and_read(tmp_path / "cave", mirrors=[tmp_path / "mirror"])[0]["source"] == "download"


def test_scene_that_changed_since_it_was_recorded_is_refused(small, tmp_path):
    place = write_scene(tmp_path / "raw", "balloons")
    fetch_dataset("cave", ["balloons"], tmp_path, ())
    (place / "balloons_ms_01.png").write_bytes(png(STORED[..., 5]))
    with pytest.raises(MossFuseError, match=r"balloons_ms_01\.png has changed since it was first recorded"):
        fetch_dataset("cave", ["balloons"], tmp_path, ())


def test_unwritable_folder_is_one_sentence(small, tmp_path):
    write_scene(tmp_path / "mirror", "balloons")
    (tmp_path / "cave").write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(MossFuseError, match=r"cannot write .*check that the folder can be written to"):
        fetch_dataset("cave", ["balloons"], tmp_path / "cave", [tmp_path / "mirror"])
    with pytest.raises(MossFuseError, match=r"cannot write .*balloons\.mat"):
        prepare_scene("cave", "balloons", tmp_path / "cave", [tmp_path / "mirror"])


def test_eight_band_folders_are_cave_8_and_never_cave(small, tmp_path):
    write_scene(tmp_path / "mirror" / "CAVE_8band_png", "balloons", bands=range(17, 32, 2))
    _, cube, wavelengths = obtain_and_read(tmp_path / "eight", name="cave-8", mirrors=[tmp_path / "mirror"])
    assert np.array_equal(cube, (STORED[..., 16::2] / 65535).astype(np.float32)) and list(wavelengths[:2]) == [560, 580]
    said = refused(tmp_path / "cave", "dataset 'cave' lacks balloons", mirrors=[tmp_path / "mirror"])
    assert "CAVE_8band_png" not in said
    refused(
        tmp_path / "eight", r"lacks beads: no address is known .*eight/raw", "beads", "cave-8", [tmp_path / "mirror"]
    )


def test_split_is_the_official_one():
    assert (len(cave.DATASET.train), len(cave.DATASET.test), len(set(cave.DATASET.scenes))) == (20, 12, 32)
    assert "chart_and_stuffed_toy" in cave.DATASET.train and "balloons" in cave.DATASET.test
    for other in ("cave-half", "cave-26", "cave-8"):
        spec, _ = find_dataset(other)
        assert set(spec.train) <= set(cave.DATASET.train) and set(spec.test) <= set(cave.DATASET.test)
        assert len(spec.wavelengths) == spec.shape[2] and spec.shape != cave.DATASET.shape


def test_harvard_has_fifty_daylight_scenes_split_thirty_to_twenty():
    assert (len(harvard.DATASET.train), len(harvard.DATASET.test), len(set(harvard.DATASET.scenes))) == (30, 20, 50)
    assert "imgg0" not in harvard.DATASET.scenes  # artificial light


def test_harvard_is_cropped_and_divided_by_its_maximum(tmp_path, monkeypatch):
    from scipy.io import savemat

    dataset = replace(harvard.DATASET, shape=(8, 8, 31))
    monkeypatch.setattr(harvard, "RAW_SHAPE", (SIZE, SIZE, 31))
    monkeypatch.setattr(harvard, "LAYOUT", replace(harvard.LAYOUT, dataset=dataset))
    ref = np.random.default_rng(0).uniform(0, 0.02, (SIZE, SIZE, 31))
    (tmp_path / "raw").mkdir()
    savemat(tmp_path / "raw" / "imgb4.mat", {"ref": ref, "lbl": np.ones((SIZE, SIZE), np.uint8)})
    assert harvard.obtain(("imgb4",), tmp_path, ())["imgb4"]["source"] == "folder"
    cube, wavelengths = harvard.read("imgb4", tmp_path, ())
    np.testing.assert_allclose(cube, ref[:8, :8] / ref[:8, :8].max(), atol=1e-7)
    assert cube.max() == 1 and list(wavelengths[[0, -1]]) == [420, 720]
    savemat(tmp_path / "raw" / "imgb5.mat", {"ref": ref[:, :, :30]})
    with pytest.raises(MossFuseError, match=r"imgb5\.mat holds 12x12x30, a scene of 'harvard' is 12x12x31"):
        harvard.read("imgb5", tmp_path, ())


def test_harvard_scenes_come_out_of_the_archive(tmp_path, monkeypatch):
    import tarfile

    from scipy.io import savemat

    monkeypatch.setattr(harvard, "RAW_SHAPE", (SIZE, SIZE, 31))
    monkeypatch.setattr(harvard, "LAYOUT", replace(harvard.LAYOUT, dataset=replace(harvard.DATASET, shape=(8, 8, 31))))
    savemat(tmp_path / "imgb4.mat", {"ref": STORED / 1e6})
    with tarfile.open(tmp_path / "CZ_hsdb.tgz", "w:gz") as bundle:
        bundle.add(tmp_path / "imgb4.mat", "CZ_hsdb/imgb4.mat")
    assert harvard.obtain(("imgb4",), tmp_path, ())["imgb4"]["files"] == ["imgb4.mat"]
    with pytest.raises(MossFuseError, match=r"lacks imgb5: .*CZ_hsdb\.tgz holds no imgb5\.mat"):
        harvard.obtain(("imgb5",), tmp_path, ())


def test_ntire2018_is_read_from_v73_over_4095(tmp_path, monkeypatch):
    monkeypatch.setattr(
        ntire2018, "LAYOUT", replace(ntire2018.LAYOUT, dataset=replace(ntire2018.DATASET, shape=(8, 8, 31)))
    )
    rad = np.random.default_rng(0).integers(0, 4096, (10, 9, 31)).astype(np.float64)
    (tmp_path / "mirror" / "ntire2018").mkdir(parents=True)
    write_v73(tmp_path / "mirror" / "ntire2018" / "BGU_HS_00257.mat", "rad", rad)
    cube, _ = ntire2018.read("BGU_HS_00257", tmp_path, [tmp_path / "mirror"])
    np.testing.assert_allclose(cube, rad[:8, :8] / 4095, atol=1e-7)
    write_v73(tmp_path / "mirror" / "ntire2018" / "BGU_HS_00259.mat", "rad", rad[:7])
    with pytest.raises(MossFuseError, match=r"BGU_HS_00259\.mat holds 7x9x31, .*at least 8x8 pixels"):
        ntire2018.obtain(("BGU_HS_00259",), tmp_path, [tmp_path / "mirror"])


def test_ntire2018_says_that_it_needs_a_registration(tmp_path):
    with pytest.raises(
        MossFuseError, match=r"lacks BGU_HS_00257: it cannot be downloaded without registration: register at https.*raw"
    ):
        fetch_dataset("ntire2018", ["BGU_HS_00257"], tmp_path, ())


def test_unknown_dataset_and_scene_name_the_nearest(tmp_path):
    with pytest.raises(MossFuseError, match="unknown dataset 'cafe'; did you mean cave"):
        find_dataset("cafe")
    with pytest.raises(MossFuseError, match="dataset 'cave' has no scene 'baloons'; did you mean balloons"):
        fetch_dataset("cave", ["baloons"], tmp_path)
    with pytest.raises(MossFuseError, match="no scene 'balloons_ms'; did you mean balloons"):
        prepare_scene("cave", "balloons_ms", tmp_path)


@pytest.fixture
def extra_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MOSSFUSE_DATASETS", str(tmp_path))
    datasets.catalogue.cache_clear()
    yield tmp_path
    datasets.catalogue.cache_clear()


NEW = """
import numpy as np
from mossfuse.protocol import Dataset
DATASET = Dataset(name="{name}", title="", citation="", terms="", train=(), test=("ramp",), wavelengths=(500.0, 600.0),
                  shape=(4, 4, 2))
def obtain(scenes, folder, mirrors):
    return {{s: {{"source": "generated", "files": [], "sha256": {{}}, "verified": True}} for s in scenes}}
def read(scene, folder, mirrors):
    return np.full((4, 4, 2), 0.5, np.float32), np.array(DATASET.wavelengths)
"""


def test_new_dataset_is_one_file(extra_folder):
    (extra_folder / "mine.py").write_text(NEW.format(name="mine"), encoding="utf-8")
    (extra_folder / "_helper.py").write_text("raise RuntimeError", encoding="utf-8")
    record, cube, wavelengths = obtain_and_read(extra_folder / "data", "ramp", "mine")
    assert record["source"] == "generated" and (cube == 0.5).all() and list(wavelengths) == [500, 600]


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("import nothing_of_that_name", r"mine\.py cannot be imported \(ModuleNotFoundError.*fix or remove it"),
        ("DATASET = 1", r"mine\.py must define DATASET \(or DATASETS\) and obtain and read"),
    ],
)
def test_broken_dataset_file_is_named_and_stops_no_other_dataset(extra_folder, content, match):
    (extra_folder / "mine.py").write_text(content, encoding="utf-8")
    for unknown in ("mine", "another"):
        with pytest.raises(MossFuseError, match=match):
            find_dataset(unknown)
    assert find_dataset("cave")[0].name == "cave"


def test_name_that_two_files_define_is_refused_and_no_other(extra_folder):
    (extra_folder / "mine.py").write_text(NEW.format(name="cave"), encoding="utf-8")
    with pytest.raises(MossFuseError, match="two files define the dataset 'cave'.*rename one"):
        find_dataset("cave")
    assert find_dataset("phantom")[0].name == "phantom"


@pytest.mark.parametrize(
    ("returned", "sentence"),
    [
        ("None", r"read of dataset 'mine' \(.*mine\.py\) must return \(cube, wavelengths\), not NoneType"),
        ("np.zeros((4, 4, 2), np.float32)", r"must return \(cube, wavelengths\), not ndarray"),
        ("(np.zeros((4, 4, 2), np.float32), None)", "needs one wavelength per band"),
        ("([[[0.5, 0.5]]], [500, 600])", "is float64 .1, 1, 2., expected float32"),
    ],
)
def test_wrong_answer_of_read_is_one_sentence(extra_folder, returned, sentence):
    cube = "np.full((4, 4, 2), 0.5, np.float32), np.array(DATASET.wavelengths)"
    (extra_folder / "mine.py").write_text(NEW.replace(cube, returned).format(name="mine"), encoding="utf-8")
    with pytest.raises(MossFuseError, match=sentence):
        prepare_scene("mine", "ramp", extra_folder / "data")


def test_specifications_import_nothing_heavy():
    code = (
        "import sys\n"
        "from mossfuse.datasets import catalogue\n"
        "from mossfuse.degradations import catalogue as degradations, psfs, responses\n"
        "import mossfuse.remote.registry\n"
        "catalogue(), degradations(), psfs.catalogue(), responses.catalogue()\n"
        "sys.exit(', '.join(m for m in ('torch', 'scipy', 'h5py', 'hdf5storage', 'PIL', 'pandas', 'skimage') if m in sys.modules) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


@pytest.mark.real_data
def test_real_cave_scene_equals_an_independent_reader(mirror_file, tmp_path):
    cv2 = pytest.importorskip("cv2")
    folder = mirror_file("CAVE/chart_and_stuffed_toy_ms/chart_and_stuffed_toy_ms")
    record, cube, _ = obtain_and_read(tmp_path, "chart_and_stuffed_toy", mirrors=[folder.parents[2]])
    assert record["source"] == "mirror" and record["verified"] and not (tmp_path / "SHA256SUMS").exists()
    for band in (1, 16, 31):
        stored = cv2.imread(str(folder / f"chart_and_stuffed_toy_ms_{band:02d}.png"), cv2.IMREAD_UNCHANGED)
        assert stored.dtype == np.uint16 and len(np.unique(stored)) > 256
        assert np.array_equal(cube[..., band - 1], (stored / 65535).astype(np.float32))


@pytest.mark.real_data
def test_real_half_size_scene_equals_the_parity_reference(mirror_file, tmp_path):
    truth = np.load(mirror_file("mossfuse_official.npz"))["balloons/GT_uint16_HWC"]
    mirror = mirror_file("CAVE_256/balloons_ms.mat").parents[1]
    record, cube, _ = obtain_and_read(tmp_path, name="cave-half", mirrors=[mirror])
    assert record["verified"] and np.array_equal(cube, (truth / 65535).astype(np.float32))


@pytest.mark.real_data
def test_real_half_size_file_is_refused_as_cave(mirror_file, tmp_path):
    mirror = mirror_file("CAVE_256/balloons_ms.mat").parent
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "balloons_ms.mat").write_bytes((mirror / "balloons_ms.mat").read_bytes())
    refused(tmp_path, r"balloons_ms\.mat has none of the variables rad, hsi, cube, ref; it holds Omsi")


@pytest.mark.real_data
def test_real_26_and_8_band_copies_agree_where_they_overlap(mirror_file, tmp_path):
    mirror = mirror_file("CAVE_26band/balloons_ms_26band.mat").parents[1]
    r26, c26, w26 = obtain_and_read(tmp_path / "a", name="cave-26", mirrors=[mirror])
    r8, c8, w8 = obtain_and_read(tmp_path / "b", name="cave-8", mirrors=[mirror])
    assert r26["verified"] and r8["verified"] and c26.shape == (512, 512, 26) and c8.shape == (512, 512, 8)
    assert np.array_equal(c26[..., np.isin(w26, w8)], c8)


@pytest.mark.real_data
def test_real_watercolors_is_eight_bit(mirror_file, tmp_path):
    mirror = mirror_file("CAVE_8band_png/watercolors_ms").parents[1]
    _, cube, _ = obtain_and_read(tmp_path, "watercolors", "cave-8", [mirror])
    assert len(np.unique(cube)) <= 256 and cube.max() == np.float32(214 / 255)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "place", "srf"),
    [
        ("jasper-ridge", "jasperRidge2_R198.mat", "landsat8"),
        ("samson", "samson_real_data_samson.mat", "landsat8-vnir"),
        ("pavia-crop", "pavia_HAD_100x100.mat", "landsat8-vnir"),
        ("urban-crop", "urban_HYDICE_HAD_80x100.mat", "landsat8"),
    ],
)
def test_real_airborne_scene_gives_a_pair(mirror_file, tmp_path, name, place, srf):
    from mossfuse.degradations import degrade, find_degradation, load_srf

    mirror = mirror_file(f"remote_sensing/{place}").parents[1]
    record, cube, wavelengths = obtain_and_read(tmp_path, name, name, [mirror])
    assert record["verified"] and cube.shape == find_dataset(name)[0].shape and len(wavelengths) == cube.shape[2]
    both = [np.abs(np.diff(cube.mean(2), axis=axis)).mean() / cube.mean(2).std() for axis in (0, 1)]
    assert max(both) < 0.5 and max(both) < 3 * min(
        both
    )  # rows and columns are neighbours: the pixels lie in the right order
    degradation = find_degradation(f"x8-gauss7s2-{srf.replace('-', '')}")
    pair = degrade(cube, degradation, load_srf(srf, wavelengths), scene=name)
    assert pair.msi.shape[2] == {"landsat8": 6, "landsat8-vnir": 4}[srf] and pair.hsi.shape[2] == cube.shape[2]


@pytest.mark.real_data
@pytest.mark.parametrize("whole", ["jasper-ridge-100", "samson-95", "pavia-crop-100", "urban-crop-100", "moffett-50"])
def test_whole_crop_contains_the_part_and_is_made_of_fives(mirror_file, tmp_path, whole):
    mirror = mirror_file("remote_sensing/moffett_vca.mat").parents[1]
    part = whole.rpartition("-")[0]
    record, cube, wavelengths = obtain_and_read(tmp_path / "whole", whole, whole, [mirror])
    _, smaller, same = obtain_and_read(tmp_path / "part", part, part, [mirror])
    assert record["verified"] and cube.shape == find_dataset(whole)[0].shape and not any(n % 5 for n in cube.shape[:2])
    rows, cols, _ = smaller.shape
    np.testing.assert_array_equal(cube[:rows, :cols], smaller)
    np.testing.assert_array_equal(wavelengths, same)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "figures"),
    [
        ("pavia-crop", {"rx_auc": 0.9929}),
        ("urban-crop", {"rx_auc": 0.9880}),
        ("jasper-ridge", {"abundance_rmse": 0.0784, "abundance_shift": 0}),
        ("samson", {"abundance_shift": 0}),
    ],
)
def test_labels_of_an_airborne_scene_reach_the_metrics_and_not_the_pair(mirror_file, tmp_path, name, figures):
    from mossfuse.benchmark.data.labels import read_truth
    from mossfuse.benchmark.data.make_pair import make_pair
    from mossfuse.degradations import find_degradation
    from mossfuse.files import read_variables
    from mossfuse.metrics import score_all

    mirror = mirror_file("remote_sensing/jasper_GT_Jasper.mat").parents[1]
    fetch_dataset(name, (name,), tmp_path, [mirror])
    cube, facts = read_truth(prepare_scene(name, name, tmp_path, [mirror], tmp_path / "scene.mat"))
    scores = score_all(cube, cube, 8, ("std1",), facts, columns=("rx_auc", "abundance_rmse", "abundance_shift"))["std1"]
    assert scores.values == pytest.approx(figures, abs=2e-4) and not scores.reasons
    degradation = find_degradation("x8-gauss7s2-landsat8vnir")
    make_pair(degradation, truth=tmp_path / "scene.mat", path=tmp_path / "pair.mat", scene=name, mirrors=[mirror])
    assert not set(facts) - {"wavelengths"} & set(read_variables(tmp_path / "pair.mat"))
