"""Hundreds of damaged and odd files through the readers and verbs: an image, or one sentence; never a traceback.

``MOSSFUSE_INPUTS=10`` makes ten times as many.
"""

import os
import random
import sys
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.repository import ROOT
from mossfuse import MossFuseError
from mossfuse.__main__ import main
from mossfuse.files.image import Image
from mossfuse.pair.assemble import assemble
from mossfuse.pair.output import result_writer
from mossfuse.pair.reading import open_image
from mossfuse.pair.result import Result
from mossfuse.pair.text_tables import read_table
from mossfuse.protocol import Dataset, RemoteFile

TIMES = int(os.environ.get("MOSSFUSE_INPUTS", "1"))  # as many inputs as without it
CUBE = np.random.default_rng(0).random((6, 5, 4)).astype(np.float32)
NAMES = ("x.npy", "x.npz", "x.h5", "x.mat", "x.hdr", "x.tif")
QUICK = settings(
    max_examples=60 * TIMES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """Bytes of one small cube in every format, and of the raw file of ENVI."""
    folder = tmp_path_factory.mktemp("originals")
    result = Result(CUBE.shape, wavelengths=np.array([450.0, 550, 650, 750]))
    for name in NAMES:
        if name.endswith(".tif"):
            pytest.importorskip("rasterio", reason="GeoTIFF is an optional extra")
        with result_writer(folder / name, result) as put:
            put(slice(0, 6), slice(0, 5), CUBE)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def opened(path):
    """Return the image of a file, or None where it is refused with one sentence; anything else fails the test."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = open_image(path)
    except MossFuseError as error:
        assert str(error) and "\n" not in str(error), repr(str(error))
        return None
    assert isinstance(image, Image) and image.values.ndim == 3
    return image


def mutate(content, draw):
    """Return bytes with a part cut off, repeated, zeroed or changed."""
    place, kind = draw.randrange(len(content)), draw.randrange(5)
    if kind == 0:
        return content[:place]
    if kind == 1:
        return content[:place] + content[place + draw.randrange(1, 9) :]
    if kind == 2:
        return content[:place] + bytes([draw.randrange(256)]) + content[place + 1 :]
    if kind == 3:
        return content[:place] + bytes(16) + content[place + 16 :]
    return content + content[place:]


@pytest.mark.parametrize("name", NAMES)
def test_damaged_files_are_an_image_or_one_sentence(originals, tmp_path, name):
    draw = random.Random(name)
    for other in ("x.img", "x.hdr"):
        (tmp_path / other).write_bytes(originals[other])
    for _ in range(30 * TIMES):
        (tmp_path / name).write_bytes(mutate(originals[name], draw))
        opened(tmp_path / name)
    (tmp_path / name).write_bytes(originals[name])
    np.testing.assert_array_equal(opened(tmp_path / name).values, CUBE)


@QUICK
@given(
    lines=st.permutations(range(9)),
    blank=st.integers(0, 9),
    upper=st.booleans(),
    ending=st.sampled_from(["\n", "\r\n", " \n"]),
)
def test_form_of_an_envi_header_changes_no_value(originals, tmp_path_factory, lines, blank, upper, ending):
    folder = tmp_path_factory.mktemp("envi")
    fields = [
        "samples = 5", "lines = 6", "bands = 4", "header offset = 0", "data type = 4", "interleave = bip", "byte order = 0",
        "sensor type =", "wavelength = {450,\n 550, 650,\n 750 }",
    ]  # fmt: skip
    text = [fields[n].upper() if upper and "=" in fields[n] and "{" not in fields[n] else fields[n] for n in lines]
    text.insert(blank, "; a comment = {")
    (folder / "y.img").write_bytes(originals["x.img"])
    (folder / "y.hdr").write_bytes(ending.join(["ENVI", *text, ""]).encode())
    image = open_image(folder / "y.hdr")
    np.testing.assert_array_equal(image.values, CUBE)
    assert image.wavelengths.tolist() == [450, 550, 650, 750]


@QUICK
@given(text=st.text(st.sampled_from("0123456789.,;\t \n-+eEnaif#%x\ufeff"), max_size=60))
def test_text_is_a_table_or_one_sentence(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("table") / "t.csv"
    path.write_text(text, encoding="utf-8")
    try:
        assert read_table(path).ndim == 2
    except MossFuseError as error:
        assert "\n" not in str(error)


@QUICK
@given(
    low=st.tuples(*[st.integers(0, 9)] * 3), high=st.tuples(*[st.integers(0, 24)] * 3), value=st.sampled_from([0.5, 0, 1e30, -9999, np.nan]),
    kind=st.sampled_from(["f4", "f8", "i2", "u1", "i8", "?", "c8"]),
)  # fmt: skip
def test_any_two_arrays_are_a_pair_or_one_sentence(low, high, value, kind):
    rng = np.random.default_rng(0)
    images = [100 * rng.random(shape) for shape in (low, high)]
    images[0][:1] = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        images = [image.astype(kind) for image in images]
    try:
        assemble(*images, phase=0, psf_size=1)
    except MossFuseError as error:
        assert "\n" not in str(error)


VERBS = (
    "preview {name} -o p.png --force", "score {name} x.npy --ratio 2", "fuse {name} hr.npy -o o.npy --method bicubic --register off --no-preview --force",
    "fuse x.npy {name} -o o.npy --method gsa --no-preview --force", "score big.npy big.npy --pair {name} hr.npy",
    "train {name} hr.npy -o t.pt --steps 1 --dim 8 --batch 1 --patch 8 --force", "pair {name} hr.npy -o pair.h5 --force", "estimate {name} hr.npy -o e.npz --register off --psf-size 3 --phase 1,1 --force", "data add own --force",
)  # fmt: skip


@pytest.mark.parametrize(
    "verb", [pytest.param(v, marks=pytest.mark.slow) if v.startswith("train") else v for v in VERBS]
)
def test_verbs_end_with_one_sentence_on_damaged_files(originals, tmp_path, monkeypatch, capsys, verb):
    monkeypatch.chdir(tmp_path)
    draw = random.Random(verb)
    (tmp_path / "own").mkdir()
    np.save("big.npy", np.kron(CUBE, np.ones((4, 4, 1))))
    np.save("hr.npy", np.kron(CUBE[..., :3], np.ones((4, 4, 1))) + np.random.default_rng(1).random((24, 20, 3)) / 9)
    for name, content in originals.items():
        (tmp_path / name).write_bytes(content)
    for name in [*NAMES, "x.img"] * TIMES:
        place = tmp_path / "own" if "own" in verb else tmp_path
        for other in ("x.hdr", "x.img"):
            (place / other).write_bytes(originals[other])
        (place / name).write_bytes(mutate(originals[name], draw))
        status = main(verb.format(name=name).split())
        err = capsys.readouterr().err
        assert status == 0 or (status == 2 and err.count("mossfuse: ") == 1 and "Traceback" not in err), (name, err)
        for path in (tmp_path / "own").iterdir():
            path.unlink()
        (tmp_path / name).write_bytes(originals[name])


def test_damaged_geotiff_says_nothing_but_the_sentence(originals, tmp_path, monkeypatch, caplog):
    """GDAL quotes bytes of the file, which are no text, and its lines must not be shown beside the sentence."""
    shown, whole = [], originals["x.tif"]
    monkeypatch.setattr(sys, "unraisablehook", shown.append)
    monkeypatch.setattr(sys, "excepthook", lambda *found: shown.append(found))
    (tmp_path / "x.tif").write_bytes(whole.replace(b'sample="', b"sample=\xd8"))
    opened(tmp_path / "x.tif")
    refused = 0
    for place in range(0, len(whole), 256):
        (tmp_path / "x.tif").write_bytes(whole[:place] + bytes(24) + whole[place + 24 :])
        refused += opened(tmp_path / "x.tif") is None
    assert refused and not shown and not [record for record in caplog.records if "rasterio" in record.name]


def test_geotiff_whose_count_of_bands_is_damaged_is_refused_at_once(tmp_path):
    rasterio = pytest.importorskip("rasterio", reason="GeoTIFF is an optional extra")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(tmp_path / "x.tif", "w", driver="GTiff", height=8, width=8, count=1, dtype="int16") as file:
            file.write(np.ones((1, 8, 8), np.int16))
    content = (tmp_path / "x.tif").read_bytes()
    samples = content.index(bytes([0x15, 0x01, 3, 0, 1, 0, 0, 0])) + 8  # the tag SamplesPerPixel, little-endian
    (tmp_path / "x.tif").write_bytes(content[:samples] + b"\xff\xe7" + content[samples + 2 :])
    with pytest.raises(MossFuseError, match="states 59391 bands, more than 4096"):
        open_image(tmp_path / "x.tif")


def test_damaged_products_are_an_image_or_one_sentence(tmp_path):
    """Every file of a product in turn, cut off, repeated, zeroed or changed."""
    pytest.importorskip("rasterio", reason="GeoTIFF is an optional extra")
    from helpers import products

    low, corner, wavelengths = np.repeat(CUBE, 3, 2), (500000.0, 5000000.0), np.linspace(450, 1300, 12)
    products.write_prisma(tmp_path / "PRS.he5", low, wavelengths, corner)
    products.write_enmap(tmp_path / "ENMAP01-L2A", low, wavelengths, corner, np.zeros((6, 5)))
    products.write_safe(tmp_path / "S2.SAFE", CUBE, corner, np.zeros((3, 3), bool))
    products.write_hyperion(tmp_path / "EO1H0000", 50 * low, corner, range(8, 20))
    draw = random.Random(5)
    for product in sorted(tmp_path.iterdir()):
        files = sorted(path for path in product.rglob("*") if path.is_file()) or [product]
        for _ in range(12 * TIMES):
            file = draw.choice(files)
            content = file.read_bytes()
            file.write_bytes(mutate(content, draw))
            opened(product)
            file.write_bytes(content)
        assert opened(product) is not None


@pytest.fixture(scope="module")
def companions(tmp_path_factory):
    """Bytes of a response as table and as arrays, of a PSF, and of weights, and the folder of a pair that they fit."""
    from scipy.io import savemat

    folder = tmp_path_factory.mktemp("companions")
    rng = np.random.default_rng(3)
    srf = rng.random((3, 4))
    np.save(folder / "lr.npy", CUBE)
    np.save(folder / "hr.npy", np.kron(CUBE[..., :3], np.ones((4, 4, 1))) + rng.random((24, 20, 3)) / 9)
    np.savetxt(folder / "srf.csv", np.column_stack([[450, 550, 650, 750], srf.T]), delimiter=",")
    savemat(folder / "srf.mat", {"srf": srf})
    np.savez(folder / "psf.npz", psf=np.full((3, 3), 1 / 9), phase=[1, 1])
    np.savetxt(folder / "psf.txt", np.full((3, 3), 1 / 9))
    train = f"train {folder / 'lr.npy'} {folder / 'hr.npy'} -o {folder / 'weights.pt'} --steps 2 --dim 8 --batch 1 --patch 8"
    assert main(train.split()) == 0
    return folder


@pytest.mark.parametrize(
    "name", ["srf.csv", "srf.mat", "psf.npz", "psf.txt", pytest.param("weights.pt", marks=pytest.mark.slow)]
)
def test_damaged_companions_of_a_pair_end_with_one_sentence(companions, tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(companions)
    draw, kind = random.Random(name), name.partition(".")[0]
    method = {"srf": "gsa", "psf": "ridge", "weights": "mossfuse"}[kind]
    for _ in range(4 * TIMES):
        damaged = tmp_path / name
        damaged.write_bytes(mutate((companions / name).read_bytes(), draw))
        verb = f"fuse lr.npy hr.npy -o {tmp_path / 'o.npy'} --{kind} {damaged} --method {method} --register off --no-preview --force"
        status = main(verb.split())
        err = capsys.readouterr().err
        assert status == 0 or (status == 2 and err.count("mossfuse: ") == 1 and "Traceback" not in err), (name, err)


def sentence_of(call):
    """Return what a call raises as one sentence, or None; anything else fails the test."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call()
    except MossFuseError as error:
        assert str(error) and "\n" not in str(error), repr(str(error))
        return str(error)
    return None


def test_damaged_scenes_of_a_dataset_are_a_scene_or_one_sentence(tmp_path):
    """Published arrays in their formats, and the description of a user's folder."""
    import h5py
    from scipy.io import savemat

    from mossfuse.datasets import _windows
    from mossfuse.datasets._folder import described

    draw, array = random.Random(7), np.random.default_rng(3).integers(1, 900, (20, 16, 6)).astype(np.uint16)
    about = Dataset(
        name="w",
        title="w",
        citation="",
        terms="",
        train=(),
        test=("w",),
        wavelengths=tuple(range(400, 406)),
        shape=(8, 8, 6),
    )
    savemat(tmp_path / "a.mat", {"z": array})
    with h5py.File(tmp_path / "b.mat", "w") as file:
        file["z"] = array.transpose(2, 1, 0)
    own = tmp_path / "own"
    own.mkdir()
    np.save(own / "a.npy", array)
    assert main(["data", "add", str(own)]) == 0
    place = own / "dataset.yaml"

    def read_own():
        dataset, obtain, read = described(place)
        for scene in (*dataset.train, *dataset.test):
            obtain([scene], tmp_path, ())
            read(scene, tmp_path, ())

    whole = place.read_bytes()
    for n in range(30 * TIMES):
        for name in ("a.mat", "b.mat"):
            published = _windows.Published(
                about, RemoteFile(name, (), mirror_names=(name,)), array.shape, {"w": (2, 2)}
            )
            (tmp_path / f"mirror{n}").mkdir(exist_ok=True)
            (tmp_path / f"mirror{n}" / name).write_bytes(mutate((tmp_path / name).read_bytes(), draw))
            sentence_of(
                lambda p=published, n=n: _windows.read_window(p, "w", tmp_path / f"d{n}", [tmp_path / f"mirror{n}"])
            )
        place.write_bytes(mutate(whole, draw))
        sentence_of(read_own)
    place.write_bytes(whole)
    assert sentence_of(read_own) is None


def test_damaged_tables_of_a_run_are_read_or_one_sentence(tmp_path):
    from mossfuse.benchmark.results.layout import TIMING_COLUMNS
    from mossfuse.benchmark.results.runs import cell_of, read_rows
    from mossfuse.files.atomic import write_rows

    path, draw = tmp_path / "timing.csv", random.Random(9)
    write_rows(path, TIMING_COLUMNS, [("fruit", "x8", "nsgp", scene, 0, *TIMING_COLUMNS[5:]) for scene in "abc"])
    whole, refused = path.read_bytes(), 0
    for _ in range(60 * TIMES):
        path.write_bytes(mutate(whole, draw))
        refused += sentence_of(lambda: [cell_of(row) for row in read_rows(path, TIMING_COLUMNS)]) is not None
    assert refused


@pytest.mark.parametrize("verb", ["plan", "status"])
def test_damaged_configurations_end_with_one_sentence(tmp_path, monkeypatch, capsys, verb):
    monkeypatch.chdir(tmp_path)
    whole, draw = (ROOT / "config" / "smoke.yaml").read_bytes(), random.Random(verb)
    for _ in range(10 * TIMES):
        (tmp_path / "c.yaml").write_bytes(mutate(whole, draw))
        status = main([verb, "c.yaml"])
        err = capsys.readouterr().err
        assert status in (0, 1) or (status == 2 and err.count("mossfuse: ") == 1 and "Traceback" not in err), err
