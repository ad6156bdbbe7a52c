"""A folder of one's cubes as a dataset: what ``mossfuse data add`` writes, says and refuses, and what is then read."""

import math
import re
import sys

import numpy as np
import pytest
import yaml

from mossfuse import datasets
from mossfuse.__main__ import main
from mossfuse.benchmark.data.prepare import fetch_dataset, prepare_scene
from mossfuse.benchmark.data.raw_files import raw_digest
from mossfuse.benchmark.plan import digest
from mossfuse.benchmark.plan.covered import CoveredCode
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.settings import check_settings
from mossfuse.datasets import find_dataset
from mossfuse.errors import MossFuseError
from mossfuse.files import read_cube, write_cube

BANDS = np.arange(450.0, 950, 100)
COUNTS = np.random.default_rng(0).integers(0, 4000, (19, 17, BANDS.size), np.uint16)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder that MOSSFUSE_DATASETS names."""
    place = tmp_path / "My scenes"
    place.mkdir()
    monkeypatch.setenv("MOSSFUSE_DATASETS", str(place))
    datasets.catalogue.cache_clear()
    yield place
    datasets.catalogue.cache_clear()


def add(folder, capsys, *options):
    status = main(["data", "add", str(folder), *options])
    datasets.catalogue.cache_clear()
    return status, "".join(capsys.readouterr())


def write_pngs(place, cube):
    from PIL import Image

    place.mkdir()
    for band in reversed(range(cube.shape[2])):
        Image.fromarray(cube[..., band]).save(place / f"band_{band + 1}.png")  # band_10 after band_9


def write_envi(path, cube, more=""):
    cube.transpose(2, 0, 1).astype("<u2").tofile(path.with_suffix(".img"))
    fields = {"samples": cube.shape[1], "lines": cube.shape[0], "bands": cube.shape[2], "data type": 12}
    text = "".join(f"{name} = {value}\n" for name, value in fields.items())
    path.write_text(f"ENVI\n{text}interleave = bsq\nbyte order = 0\n{more}", encoding="utf-8")


def test_every_format_of_a_folder_becomes_a_scene_with_the_same_values(folder, capsys):
    import h5py
    import scipy.io

    scipy.io.savemat(folder / "a.mat", {"cube": COUNTS, "wavelengths": BANDS / 1e3})  # micrometres
    np.save(folder / "b.npy", COUNTS)
    with h5py.File(folder / "c.h5", "w") as file:
        file["cube"] = COUNTS
    write_envi(folder / "d.hdr", COUNTS)
    write_envi(folder / "gaps.hdr", COUNTS, f"data ignore value = {COUNTS[0, 0, 0]}\n")
    write_pngs(folder / "e", COUNTS)
    (folder / "notes.txt").write_text("x", encoding="utf-8")
    np.save(folder / "mask.npy", COUNTS[..., 0])
    status, said = add(folder, capsys)
    assert status == 0 and "dataset 'my-scenes', 5 scenes, 5 bands" in said
    assert "assumed: full_scale: 4095, the full scale of as many bits" in said and "mask.npy is no cube" in said
    assert re.search(r"gaps\.hdr has no data in \d+ of its pixels", said)
    assert "multiple: 8" in said and "export MOSSFUSE_DATASETS=" in said and "wavelengths: 400" not in said
    spec, _ = find_dataset("my-scenes")
    assert spec.test == ("a", "b", "c", "d", "e") and spec.wavelengths == tuple(BANDS)
    fetch_dataset("my-scenes", spec.test, folder.parent / "data", ())
    for scene in spec.test:
        cube, wavelengths = read_cube(prepare_scene("my-scenes", scene, folder.parent / "data", ()))
        np.testing.assert_array_equal(cube, (COUNTS[:16, :16] / 4095).astype(np.float32))
        np.testing.assert_array_equal(wavelengths, BANDS)


def test_scale_that_the_files_state_is_the_full_scale(folder, capsys):
    write_envi(folder / "a.hdr", COUNTS, "reflectance scale factor = 10000\n")
    write_envi(folder / "b.hdr", COUNTS // 2, "reflectance scale factor = 10000\n")
    assert "assumed: full_scale: 10000, the scale that the files state" in add(folder, capsys)[1]
    fetch_dataset("my-scenes", ("a",), folder.parent / "data", ())
    cube, _ = read_cube(prepare_scene("my-scenes", "a", folder.parent / "data", ()))
    np.testing.assert_array_equal(cube, (COUNTS[:16, :16] / 10000).astype(np.float32))


def test_bands_in_the_order_of_their_numbers_and_assumed_wavelengths(folder, capsys):
    many = np.random.default_rng(1).integers(0, 255, (8, 8, 12), np.uint8)
    write_pngs(folder / "tenth", many)
    _, said = add(folder, capsys, "--name", "mine")
    assert "assumed: wavelengths: 400 nm and 10 nm further for every band" in said
    assert "# ASSUMED wavelengths" in (folder / "dataset.yaml").read_text(encoding="utf-8")
    fetch_dataset("mine", ("tenth",), folder.parent / "data", ())
    cube, _ = read_cube(prepare_scene("mine", "tenth", folder.parent / "data", ()))
    np.testing.assert_array_equal(cube, (many / 255).astype(np.float32))


def test_description_can_be_corrected_and_is_part_of_what_a_scene_depends_on(folder, capsys):
    write_cube(folder / "a.mat", COUNTS[:16, :16].astype(np.float32), BANDS[::-1])
    assert f"full_scale: {COUNTS[:16, :16].max():g}, the largest value" in add(folder, capsys)[1]
    about = yaml.safe_load((folder / "dataset.yaml").read_text(encoding="utf-8"))
    record = folder.parent / "data" / "fetched" / "a.json"
    fetch_dataset("my-scenes", ("a",), folder.parent / "data", ())
    grid = {
        "name": "t",
        "grid": [{"dataset": "my-scenes", "degradations": ["x8-box8-nikond5100"], "methods": ["bicubic"]}],
    }

    def code():
        return CoveredCode(Grid(check_settings(grid, "t"))).dataset("my-scenes")

    before = raw_digest(record), code()
    about |= {"full_scale": 5000, "scenes": {"train": {}, "test": {"a": {"file": "a.mat", "key": "cube"}}}}
    (folder / "dataset.yaml").write_text(yaml.safe_dump(about), encoding="utf-8")
    assert raw_digest(record) != before[0]
    for name in [name for name in sys.modules if name.endswith(".my_scenes")]:
        del sys.modules[name]
    datasets.catalogue.cache_clear()
    cube, wavelengths = read_cube(prepare_scene("my-scenes", "a", folder.parent / "data", ()))
    np.testing.assert_allclose(cube, COUNTS[:16, :16, ::-1] / 5000, atol=1e-6)
    np.testing.assert_array_equal(wavelengths, BANDS)
    digest.code_of_project.cache_clear()
    assert code() != before[1]


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (lambda place: None, "holds no cube; put cubes"),
        (lambda place: np.save(place / "a.npy", COUNTS[..., :2]), "holds no cube .a.npy is no cube of 4 or more bands"),
        (lambda place: (np.save(place / "a.npy", COUNTS), np.save(place / "b.npy", COUNTS[..., :4])), "differ in their bands .a: 5, b: 4"),
        (lambda place: (np.save(place / "a.npy", COUNTS), write_pngs(place / "a", COUNTS)), "two cubes called a; rename"),
        (lambda place: (place / "run.py").write_text("boom", encoding="utf-8"), "holds Python files .run.py."),
        (lambda place: (place / "dataset.yaml").write_text("", encoding="utf-8"), "exists already; edit it, or add --force"),
        (lambda place: (place / "a.npy").write_bytes(b"x"), "holds no cube .*a.npy cannot be read"),
    ],
)  # fmt: skip
def test_folder_that_cannot_be_described_is_one_sentence(folder, capsys, prepare, sentence):
    prepare(folder)
    status, said = add(folder, capsys)
    assert status != 0 and re.search(sentence, said) and said.strip().count("\n") == 0
    assert not list(folder.glob("my_scenes.py"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"fullscale": 3}, "unknown key 'fullscale'; did you mean full_scale"),
        ({"full_scale": 0}, "'full_scale' and 'multiple' must be positive"),
        ({"full_scale": math.inf}, "'full_scale' and 'multiple' must be positive"),
        ({"wavelengths": "400 nm"}, "'wavelengths' is missing or of another type"),
        ({"wavelengths": ["410q0", 420.0]}, "'wavelengths' holds '410q0', which is no wavelength"),
        ({"wavelengths": [math.nan, 420.0]}, "'wavelengths' holds nan"),
        ({"scenes": {"test": {"a": "a.npy"}}}, "scene 'a' must be .file: NAME."),
        ({"scenes": {"validation": {}}}, "'scenes' must hold 'train' and 'test'"),
    ],
)
def test_wrong_description_is_named_and_hides_no_other_dataset(folder, capsys, change, sentence):
    np.save(folder / "a.npy", COUNTS)
    add(folder, capsys)
    path = folder / "dataset.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text("utf-8")) | change), encoding="utf-8")
    with pytest.raises(MossFuseError, match=sentence):
        find_dataset("my-scenes")
    assert find_dataset("cave")[0].name == "cave"


def test_cube_that_does_not_fit_its_description_is_named(folder, capsys):
    np.save(folder / "a.npy", COUNTS)
    add(folder, capsys)
    np.save(folder / "a.npy", COUNTS[..., :4])
    with pytest.raises(MossFuseError, match=r"a\.npy has 4 bands and .*dataset\.yaml lists 5 wavelengths"):
        prepare_scene("my-scenes", "a", folder.parent / "data", ())
    (folder / "a.npy").unlink()
    with pytest.raises(MossFuseError, match=r"a\.npy does not exist; correct dataset\.yaml"):
        fetch_dataset("my-scenes", ("a",), folder.parent / "data", ())
