"""Faults of inputs that were silent or crashed: each is right, or one sentence."""

import re
import shlex

import numpy as np
import pytest

from mossfuse import MossFuseError, files, fuse
from mossfuse.__main__ import main
from mossfuse.cli.arguments import check_outputs, output_path
from mossfuse.cli.describe import moments
from mossfuse.datasets._cubes import reflectance
from mossfuse.files.scaling import unit_float32, white_of_cube
from mossfuse.metrics import score
from mossfuse.pair.assemble import assemble
from mossfuse.pair.reading import open_image, read_srf, split_key
from mossfuse.pair.text_tables import read_table

BANDS = np.arange(400.0, 701, 10)


@pytest.fixture(scope="module")
def observation(make_pair):
    return make_pair(rows=16, cols=16)[0]


def table_of(observation):
    return np.column_stack([BANDS, observation.sensor.srf.T])


def test_psf_with_negative_weights_is_described():
    kernel = np.full((5, 5), -0.01)
    kernel[2, 1:4] = [0.3, 0.6, 0.3]
    (along, across), _ = moments(kernel)
    assert along == pytest.approx(np.sqrt(0.5), rel=1e-6) and across == 0


@pytest.mark.parametrize("unit", [1.0, 255.0])
def test_estimated_response_keeps_its_scale(observation, unit):
    gains = np.array([[0.7], [1.3], [1.1]])
    msi = observation.msi * gains.T.astype(np.float32) * unit
    srf = observation.sensor.srf * gains
    found = assemble(observation.hsi, msi, srf=srf * unit, phase=3)
    np.testing.assert_allclose(found.observation.sensor.srf, srf * (unit * found.white[0] / found.white[1]), rtol=1e-6)
    measured = assemble(observation.hsi, observation.msi, srf=9 * srf, phase=3)  # a curve with a scale of its own
    np.testing.assert_allclose(measured.observation.sensor.srf.sum(1), 1)


@pytest.mark.parametrize(
    ("choice", "match"),
    [
        ({"method": "nspg"}, "did you mean nsgp"),
        ({"method": "bicubic+sd"}, r"unknown refinement '\+sd'"),
        ({"method": "mossfuse"}, "needs weights"),
        ({"method": "nsgp", "params": {"drawz": 2}}, "did you mean draws"),
        ({"method": "nsgp", "preset": "paper"}, "no preset 'paper'"),
    ],
)
def test_wrong_choice_is_refused_before_the_images_are_looked_at(choice, match):
    with pytest.raises(MossFuseError, match=match):
        fuse(None, None, **choice)


def test_method_that_uses_no_psf_searches_for_none(observation, monkeypatch):
    from mossfuse.pair import assemble as module

    monkeypatch.setattr(module, "add_geometry", None)
    assert fuse(observation.hsi, observation.msi, method="bicubic").notes["phase"] == (3, 3)
    with pytest.raises(TypeError):
        fuse(observation.hsi, observation.msi, method="bicubic+sdc")


def test_response_table_is_read_as_spreadsheets_write_it(observation, tmp_path):
    table = table_of(observation)
    lines = [",".join(f"{v:.6f}" for v in row) for row in table]
    commas = [line.replace(",", ";").replace(".", ",") for line in lines]
    contents = {
        "mark": b"\xef\xbb\xbf" + "\n".join(lines).encode(),
        "wide": "\n".join(line.replace(",", "\t") for line in lines).encode("utf-16"),
        "comma": ("nm;red;green;blue\n" + "\n".join(commas)).encode(),
        "tabs": "\n".join(line.replace(";", "\t") for line in commas).encode(),
        "blanks": "\n".join(line.replace(";", " ") for line in commas).encode(),
        "down": "\n".join(lines[::-1]).encode(),
        "micro": "\n".join(f"{row[0] / 1e3:.6f}," + line.split(",", 1)[1] for row, line in zip(table, lines, strict=True)).encode(),
        "angstrom": "\n".join(f"{10 * row[0]:.6f}," + line.split(",", 1)[1] for row, line in zip(table, lines, strict=True)).encode(),
    }  # fmt: skip
    for name, content in contents.items():
        path = tmp_path / f"{name}.csv"
        path.write_bytes(content)
        assert read_srf(path, BANDS) == pytest.approx(observation.sensor.srf, abs=1e-6), name


@pytest.mark.parametrize("line", ["500,-,-,-", "500,0.1,0.2", "500,,0.1,0.2", "end of the visible"])
def test_line_that_is_no_row_of_a_table_is_named(observation, tmp_path, line):
    rows = [",".join(f"{v:.6f}" for v in row) for row in table_of(observation)]
    rows[10] = line
    (tmp_path / "t.csv").write_text("# nm, red, green, blue\nnm,red,green,blue\n" + "\n".join(rows), encoding="utf-8")
    with pytest.raises(MossFuseError, match="line 13"):
        read_table(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("largest", "kind", "white"),
    [(65535, "u2", 65535), (60000, "i4", 65535), (60000, "i8", 65535), (200, "i8", 255), (90, "u1", 255), (1.2, "f4", 1), (0.02, "f8", 1)],
)  # fmt: skip
def test_white_of_a_scored_cube_does_not_depend_on_the_integer_type(largest, kind, white):
    assert white_of_cube(np.array([0, largest]).astype(kind), "x") == white


@pytest.mark.parametrize(("largest", "kind"), [(10000, "i2"), (10000, "u2"), (4095, "u2"), (32767, "i2"), (70000, "i8"), (255.0, "f4")])  # fmt: skip
def test_numbers_of_no_known_scale_are_refused(largest, kind):
    with pytest.raises(MossFuseError, match="--white"):
        white_of_cube(np.array([0, largest]).astype(kind), "x")


@pytest.mark.parametrize(("largest", "kind"), [(65535, "u2"), (20000, "u2"), (60000, "i4"), (60000, "i8"), (60000, "u4"), (200, "i4"), (200, "u2"), (90, "u1"), (0.7, "f8")])  # fmt: skip
def test_scale_of_a_published_scene_does_not_depend_on_the_integer_type(largest, kind):
    """16-bit pictures that are dim stay dim; wider types say nothing, so their numbers must fill 8 or 16 bits."""
    white = {True: 1, False: 255}[kind[0] == "f"] if largest < 256 else 65535
    found = reflectance(np.array([0, largest]).astype(kind), "x.mat")
    assert found.dtype == np.float32 and found[1] == np.float32(largest) / np.float32(white)


@pytest.mark.parametrize(("largest", "kind"), [(20000, "i4"), (10000, "i2"), (4095, "i8"), (90, "u2"), (70000, "u4"), (255.0, "f4"), (1, "c8")])  # fmt: skip
def test_published_scene_of_no_known_scale_is_refused(largest, kind):
    with pytest.raises(MossFuseError, match=r"x\.mat"):
        reflectance(np.array([0, largest]).astype(kind), "x.mat")


@pytest.mark.parametrize("kind", ["u2", "i4", "i8"])
def test_scene_of_cave_is_the_same_in_every_integer_type(tmp_path, kind):
    from scipy.io import savemat

    from mossfuse.datasets import cave

    stored = np.random.default_rng(0).integers(0, 65536, (512, 512, 31))
    savemat(tmp_path / "balloons_ms.mat", {"hsi": stored.astype(kind)})
    cube, _ = cave.read("balloons", tmp_path / "data", [tmp_path])
    np.testing.assert_array_equal(cube, stored.astype(np.float32) / np.float32(65535))


def test_pixels_of_no_picture_have_no_scale_of_their_own():
    with pytest.raises(ValueError, match="int32 is the type of no picture"):
        unit_float32(np.array([0, 255], np.int32))


def write_scaled(path, cube, scale):
    """Write reflectance as int16 x scale in ENVI, with the scale in the header."""
    np.round(cube * scale).astype("<i2").transpose(2, 0, 1).tofile(path.with_suffix(".img"))
    rows, cols, bands = cube.shape
    path.write_text(
        f"ENVI\nsamples = {cols}\nlines = {rows}\nbands = {bands}\ndata type = 2\ninterleave = bsq\nreflectance scale factor = {scale}\n",
        encoding="utf-8",
    )


@pytest.mark.parametrize("truth_scale", [None, 10000, 2000])
@pytest.mark.parametrize("cube_scale", [None, 10000, 4000])
def test_score_takes_the_scale_that_a_file_states(tmp_path, monkeypatch, capsys, truth_scale, cube_scale):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.1, 0.9, (16, 24, 5))
    cube = truth + rng.normal(0, 0.02, truth.shape)
    names = []
    for name, image, scale in (("t", truth, truth_scale), ("c", cube, cube_scale)):
        np.save(f"{name}.npy", image) if scale is None else write_scaled(tmp_path / f"{name}.hdr", image, scale)
        names.append(f"{name}.{'npy' if scale is None else 'hdr'}")
    assert main(["score", *names, "--ratio", "8"]) == 0
    found = re.search(r"^psnr +(\S+) dB$", capsys.readouterr().out, re.M)[1]
    assert float(found) == pytest.approx(score(truth, cube, 8)["psnr"], abs=0.02)


@pytest.mark.parametrize(("kind", "white"), [("u1", 255), ("u2", 65535), ("i4", 65535)])
def test_cube_of_integers_is_scored_against_reflectance_on_its_own_scale(tmp_path, monkeypatch, capsys, kind, white):
    monkeypatch.chdir(tmp_path)
    truth = np.random.default_rng(0).random((16, 24, 5))
    cube = np.round(truth * white).astype(kind)
    assert scored(truth, cube) == 0
    found = re.search(r"^psnr +(\S+) dB$", capsys.readouterr().out, re.M)[1]
    assert float(found) == pytest.approx(score(truth, cube / white, 8)["psnr"], abs=0.01)
    assert scored(truth, np.round(truth * 10000).astype("i2")) == 2
    assert "store it on the truth's scale" in capsys.readouterr().err


@pytest.mark.parametrize("factor", ["0", "-3", "nan", "{10000, 1}", "x"])
def test_scale_factor_that_is_no_positive_number_is_refused(tmp_path, factor):
    write_scaled(tmp_path / "x.hdr", np.full((4, 4, 3), 0.5), 10000)
    text = (tmp_path / "x.hdr").read_text(encoding="utf-8")
    (tmp_path / "x.hdr").write_text(text.replace("= 10000", f"= {factor}"), encoding="utf-8")
    with pytest.raises(MossFuseError, match="reflectance scale factor"):
        open_image(tmp_path / "x.hdr")


def test_gains_that_are_no_list_of_the_bands_are_refused(tmp_path):
    write_scaled(tmp_path / "x.hdr", np.full((4, 4, 3), 0.5), 10000)
    with open(tmp_path / "x.hdr", "a", encoding="utf-8") as stream:
        stream.write("data gain values = {1, 2}\n")
    with pytest.raises(MossFuseError, match="lists 2 'data gain values' for 3 bands"):
        open_image(tmp_path / "x.hdr")


@pytest.mark.parametrize("raw", ["y.dat", "y.raw", "y", "y.v2", "Y.DAT"])
@pytest.mark.parametrize("header", [".hdr", ".HDR"])
def test_envi_is_found_by_the_name_of_its_raw_file_whatever_that_is(tmp_path, raw, header):
    """Every reader finds both files, and neither may be overwritten."""
    write_scaled(tmp_path / "x.hdr", np.random.default_rng(0).random((4, 5, 3)), 10000)
    expected = open_image(tmp_path / "x.hdr").values
    (tmp_path / "x.img").rename(tmp_path / raw)
    described = (tmp_path / "x.hdr").rename((tmp_path / raw).with_suffix(header))
    for cube in (
        open_image(tmp_path / raw).values,
        files.read_cube(tmp_path / raw)[0],
        files.read_array(tmp_path / raw),
    ):
        np.testing.assert_array_equal(cube, expected)
    assert set(files.parts(tmp_path / raw)) == {described, tmp_path / raw}
    if header == ".hdr":  # the name that an output has
        with pytest.raises(MossFuseError, match="is an input"):
            check_outputs([described], [str(tmp_path / raw)], True)


def test_read_cube_has_the_rule_for_units_of_a_users_file(tmp_path):
    import h5py
    from scipy.io import savemat

    cube, micrometres = np.random.default_rng(0).random((4, 5, 3)), np.array([0.4005, 0.55, 0.7])
    savemat(tmp_path / "a.mat", {"cube": cube, "wavelength": micrometres})
    np.savez(tmp_path / "a.npz", cube=cube, wavelength=micrometres)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["scene/reflectance"], file["scene/wavelength"] = cube, micrometres
    for name in ("a.mat", "a.npz", "a.h5"):
        np.testing.assert_allclose(files.read_cube(tmp_path / name)[1], [400.5, 550, 700])
    savemat(tmp_path / "few.mat", {"cube": cube, "wavelength": micrometres[:2]})
    savemat(tmp_path / "text.mat", {"cube": cube, "wavelength": "400:150:700"})
    for name, match in (("few.mat", "lists 2 wavelengths for 3 bands"), ("text.mat", "are not numbers")):
        with pytest.raises(MossFuseError, match=match):
            files.read_cube(tmp_path / name)


def test_benchmark_reads_what_it_wrote_as_it_wrote_it(tmp_path):
    cube, numbers = np.random.default_rng(0).random((4, 5, 3)).astype(np.float32), np.array([1.0, 2, 3])
    files.write_cube(tmp_path / "a.mat", cube, numbers, srf_hat=np.eye(3))
    found = files.read_prepared(tmp_path / "a.mat")
    np.testing.assert_array_equal(found[0], cube)
    np.testing.assert_array_equal(found[1], numbers)
    files.write_variables(tmp_path / "b.mat", {"psf": np.eye(3)})
    with pytest.raises(MossFuseError, match=r"b\.mat holds no cube"):
        files.read_prepared(tmp_path / "b.mat")


def scored(truth, cube, *more):
    np.save("t.npy", truth)
    np.save("c.npy", cube)
    return main(["score", "t.npy", "c.npy", "--ratio", "8", *more])


def test_score_refuses_what_fuse_refuses(tmp_path, monkeypatch, capsys, caplog):
    monkeypatch.chdir(tmp_path)
    truth = np.random.default_rng(0).random((16, 24, 5)).astype(np.float32)
    marked, dead, bad = truth.copy(), truth.copy(), truth.copy()
    marked[:4, :4] = -9999
    dead[..., 2] = 0
    bad[..., 1] = np.nan
    assert scored(marked, marked) == 2 and "goes down to -9999" in capsys.readouterr().err
    assert scored((1e4 * marked).astype("i4"), truth, "--white", "10000") == 2
    assert scored(np.zeros((31, 24, 32), np.float32), truth) == 2 and "shape" in capsys.readouterr().err
    first = np.random.default_rng(0).random((5, 16, 24))
    assert scored(first, first) == 2 and "bands on the first axis" in capsys.readouterr().err
    assert scored(dead, truth) == 0 and "band 3 of t.npy is the same everywhere" in caplog.text
    assert scored(truth, bad) == 0 and "bands 2 hold no values" in caplog.text
    assert re.search(r"^psnr +inf", capsys.readouterr().out, re.M)


def test_score_leaves_out_pixels_without_data(tmp_path, monkeypatch, capsys):
    """Metrics of pixels are those of the other pixels; SSIM is that of the largest part without gaps; the output says both."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    truth = rng.random((24, 32, 4))
    cube = np.clip(truth + rng.normal(0, 0.01, truth.shape), 0, 1)
    gap, other = truth.copy(), cube.copy()
    gap[3, :, 0] = np.nan  # rows 0 to 2 are too narrow, so rows 4 to 23 are the largest part
    other[23, 16] = -9999
    assert scored(gap, other, "--nodata", "-9999") == 0
    out = capsys.readouterr().out
    left = np.ones((24, 32), bool)
    left[3] = left[23, 16] = False
    pixels = score(truth[left][None], cube[left][None], 8)
    part = score(truth[4:23], cube[4:23], 8)
    for name, value in (
        ("psnr", pixels["psnr"]),
        ("sam", pixels["sam"]),
        ("ergas", pixels["ergas"]),
        ("ssim", part["ssim"]),
    ):
        assert float(re.search(rf"^{name} +(\S+)", out, re.M)[1]) == pytest.approx(value, rel=2e-3)
    assert "33 of 768 pixels" in out and "ssim" in re.search("^no data.*", out, re.M)[0] and "rows 4 to 22" in out
    assert scored(np.full_like(truth, np.nan), cube) == 2 and "no pixel has data" in capsys.readouterr().err


def test_home_folder_is_expanded_where_the_shell_does_not(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert split_key("~/scene.mat:cube") == (tmp_path / "scene.mat", "cube")
    assert output_path("~/o.tif") == tmp_path / "o.tif"


def test_name_that_leaves_no_room_for_an_unfinished_file_is_refused(tmp_path):
    with pytest.raises(MossFuseError, match=r"is too long \(243 bytes\)"):
        check_outputs([tmp_path / ("n" * 239 + ".npy")], [], False)


def test_misspelt_method_costs_no_time(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split("fuse none.mat none2.mat -o o.mat --method bicubicc")) == 2
    assert "did you mean bicubic" in capsys.readouterr().err


def test_cubes_in_structs_and_cells_of_matlab_are_read(tmp_path):
    import hdf5storage
    from scipy.io import savemat

    cube, other = np.arange(24.0).reshape(3, 4, 2), np.ones((3, 4, 2))
    cells = np.empty((1, 2), object)
    cells[0, 0], cells[0, 1] = other, cube
    savemat(tmp_path / "s.mat", {"scene": {"cube": cube, "wavelength": [0.5, 0.6]}})
    image = open_image(tmp_path / "s.mat")
    np.testing.assert_array_equal(image.values, cube)
    assert image.wavelengths.tolist() == [500, 600]
    savemat(tmp_path / "c.mat", {"images": cells})
    np.testing.assert_array_equal(open_image(f"{tmp_path / 'c.mat'}:images/2").values, cube)
    with pytest.raises(MossFuseError, match="several arrays .images/1"):
        open_image(tmp_path / "c.mat")
    hdf5storage.savemat(str(tmp_path / "h.mat"), {"images": cells}, format="7.3")
    np.testing.assert_array_equal(open_image(f"{tmp_path / 'h.mat'}:images/2").values, cube)


def test_file_that_another_program_holds_is_one_sentence(tmp_path, monkeypatch):
    from mossfuse.pair import reading

    def locked(*_):
        raise MossFuseError("x.h5 cannot be read (unable to lock file, errno = 11)")

    monkeypatch.setattr(reading, "read_whole_image", locked)
    with pytest.raises(MossFuseError, match="x.h5 is locked by another program"):
        reading.open_image(tmp_path / "x.h5")
    (tmp_path / "x.h5").touch()
    monkeypatch.setattr(reading.os, "access", lambda *_: False)
    with pytest.raises(MossFuseError, match="no permission to read"):
        reading.open_image(tmp_path / "x.h5")
