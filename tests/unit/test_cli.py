"""The command line for a user's own pair: what it writes, what it prints, and one sentence for every mistake."""

import json
import re
import shlex
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from helpers.repository import ROOT
from mossfuse import fuse
from mossfuse.__main__ import main
from mossfuse.files import read_array, read_cube, read_variables, write_cube
from mossfuse.metrics import score

WAVELENGTHS = np.arange(400.0, 701, 10)


@pytest.fixture
def here(tmp_path, monkeypatch, make_pair):
    """A folder with lr.mat, hr.mat and truth.mat (float32), in which the test runs."""
    pair, truth = make_pair(rows=48, cols=64)
    monkeypatch.chdir(tmp_path)
    write_cube("lr.mat", pair.hsi, WAVELENGTHS)
    write_cube("hr.mat", pair.msi)
    write_cube("truth.mat", truth, WAVELENGTHS)
    return pair, truth


def run(text):
    return main(shlex.split(text))


def refused(text, match, capsys):
    assert run(text) == 2
    captured = capsys.readouterr()
    last = captured.err.strip().splitlines()[-1]
    assert captured.out == "" and last.startswith("mossfuse: ") and re.search(match, last), captured.err


def test_fuse_writes_the_cube_and_tells_what_it_estimated(here, capsys, caplog):
    pair, _ = here
    caplog.set_level("INFO")
    assert run("fuse lr.mat hr.mat -o out.mat") == 0
    out, told = capsys.readouterr().out, caplog.text
    expected = fuse(pair.hsi, pair.msi, wavelengths=WAVELENGTHS)
    found = read_variables("out.mat")
    assert np.array_equal(found["cube"], expected.cube) and found["cube"].dtype == np.float32
    assert np.array_equal(np.ravel(found["wavelengths"]), WAVELENGTHS) and found["method"] == "nsgp"
    assert np.array_equal(found["psf_hat"], expected.psf_hat) and np.array_equal(found["srf_hat"], expected.srf_hat)
    assert "best blind method of the benchmark" in told and "nsgp" in out.splitlines()[0]
    assert "sigma 2 px; support 7x7, phase 3,3; estimated by nsgp" in out and re.search(
        r"peaks at 6[56]0, 550, 4[45]0 nm", out
    )
    assert out.count("agreement") == 2 and "out.png" in out


@pytest.mark.parametrize("name", ["o.npz", "o.h5", "o.npy", "o.hdr", "o.tif"])
def test_every_format_holds_the_same_cube(here, name):
    if name.endswith(".tif"):
        pytest.importorskip("rasterio", reason="GeoTIFF is an optional extra")
    pair, _ = here
    assert run(f"fuse lr.mat hr.mat -o {name} --method bicubic-msi --no-preview") == 0
    cube, wavelengths = read_cube(name)
    assert np.array_equal(cube, fuse(pair.hsi, pair.msi, method="bicubic-msi").cube)
    assert name == "o.npy" or np.allclose(wavelengths, WAVELENGTHS)
    sensor = read_variables(name if name in ("o.npz", "o.h5") else "o_sensor.npz")
    assert sensor["srf_hat"].shape == (3, 31) and sensor["psf_hat"].shape == (7, 7)
    assert not Path("o.png").exists()


def test_preview_shows_three_pictures(here):
    from PIL import Image

    assert run("fuse lr.mat hr.mat -o out.npy --method bicubic --preview p/look.png") == 0
    picture = np.asarray(Image.open("p/look.png"))
    assert picture.shape == (384, 3 * 512 + 16, 3)
    assert (picture[:, 512:520] == 255).all() and picture[:, :512].std() > 5 and picture[:, 1040:].std() > 5


def test_counts_stay_counts(here):
    pair, _ = here
    for name, image in (("lr", pair.hsi), ("hr", pair.msi)):
        np.save(f"{name}.npy", np.round(image * 4095).astype(np.uint16))
    assert run("fuse lr.npy hr.npy -o out.npy --method gsa") == 0
    assert abs(np.load("out.npy").mean() / np.load("lr.npy").mean() - 1) < 0.02


def test_georeference_of_the_msi_is_kept_in_envi(here, caplog):
    info = "{UTM, 1.000, 1.000, 500000.0, 5400000.0, 30.0, 30.0, 31, North, WGS-84}"
    write_cube("hr.hdr", here[0].msi)
    with open("hr.hdr", "a", encoding="utf-8") as header:
        header.write(f"map info = {info}\n")
    assert run("fuse lr.mat hr.hdr -o out.hdr --method bicubic") == 0
    assert f"map info = {info}\n" in Path("out.hdr").read_text(encoding="utf-8")
    assert run("fuse lr.mat hr.hdr -o out.mat --method bicubic --force") == 0
    assert np.ravel(read_array("out.mat", "transform")).tolist() == [30, 0, 500000, 0, -30, 5400000]
    assert run("fuse lr.mat hr.hdr -o out.npy --method bicubic --force") == 0
    assert "out.npy cannot hold the georeference; write .hdr" in caplog.text


def test_georeference_of_the_msi_is_kept_in_geotiff(here):
    rasterio = pytest.importorskip("rasterio", reason="GeoTIFF is an optional extra")
    place = {"crs": "EPSG:32631", "transform": rasterio.Affine(30, 0, 5e5, 0, -30, 5.4e6)}
    size = {"height": 48, "width": 64, "count": 3, "dtype": "float32"}
    with rasterio.open("hr.tif", "w", driver="GTiff", **size, **place) as file:
        file.write(here[0].msi.transpose(2, 0, 1))
    assert run("fuse lr.mat hr.tif -o out.tif --method bicubic") == 0
    with rasterio.open("out.tif") as file:
        assert file.crs.to_epsg() == 32631 and file.transform == place["transform"] and file.count == 31


def test_outputs_are_protected(here, capsys):
    before = Path("lr.mat").read_bytes()
    refused("fuse lr.mat hr.mat -o lr.mat --force", "lr.mat is an input and would be overwritten", capsys)
    Path("old.png").write_bytes(b"mine")
    refused("fuse lr.mat hr.mat -o old.npy", "old.png exists already; .* --force", capsys)
    assert run("fuse lr.mat hr.mat -o old.npy --method bicubic --force") == 0
    assert Path("old.png").read_bytes()[1:4] == b"PNG"
    write_cube("a.hdr", here[0].hsi)
    capsys.readouterr()
    refused("fuse a.hdr hr.mat -o a.img --force", "a.hdr is an input", capsys)
    refused("fuse lr.mat hr.mat -o x.npy --preview x.npy", "x.npy would be written twice", capsys)
    refused("fuse lr.mat hr.mat -o lr.mat/x.npy", "because of .*lr.mat; choose a folder", capsys)
    assert Path("lr.mat").read_bytes() == before


def test_every_mistake_is_one_sentence(here, capsys):
    Path("page.mat").write_text("<html>404</html>" * 50, encoding="utf-8")
    np.save("nan.npy", np.where(np.arange(31) == 3, np.nan, here[0].hsi))
    np.save("srf.npy", here[0].sensor.srf[:, :28])
    np.save("odd.npy", here[0].msi[:45])
    for text, match in (
        ("fuse hr.mat lr.mat -o x.mat", r"hr.mat \(48x64x3\) looks like the MSI and lr.mat .*swap them"),
        (
            "fuse page.mat hr.mat -o x.mat",
            "page.mat cannot be read, it is damaged or of another type than its name says",
        ),
        ("fuse none.mat hr.mat -o x.mat", "none.mat does not exist"),
        ("fuse lr.mat:hsi hr.mat -o x.mat", "no variable 'hsi' .it holds cube"),
        ("fuse lr.mat lr.mat -o x.mat", "lr.mat is named twice"),
        ("fuse lr.mat hr.mat -o x.jpg", "unknown file type '.jpg'"),
        ("fuse lr.mat odd.npy -o x.mat", "odd.npy .* 7.5 times the rows and 8 times the cols"),
        ("fuse lr.mat hr.mat -o x.mat --ratio 4", "ratio 4 does not fit"),
        ("fuse nan.npy hr.mat -o x.mat", "nan.npy holds 48 NaN"),
        ("fuse lr.mat hr.mat -o x.mat --srf srf.npy", "3 HSI bands are missing"),
        ("fuse lr.mat hr.mat -o x.mat --method nspg", "did you mean nsgp"),
        ("fuse lr.mat hr.mat -o x.mat --method mossfuse", "needs weights"),
        ("estimate lr.mat hr.mat -o x.npy", "cannot hold the estimate; write a .mat"),
        ("estimate hr.mat lr.mat", "swap them"),
        ("score truth.mat lr.mat --ratio 8", "shape"),
        ("score truth.mat truth.mat", "name it with --ratio"),
        ("score truth.mat truth.mat --ratio 0", "ratio 0 is not possible"),
        ("score truth.mat truth.mat --ratio -8", "ratio -8 is not possible"),
        ("fuse lr.mat hr.mat -o .", "unknown file type ''"),
        ("score truth.mat truth.mat --ratio 8 --convention std9", "unknown metric convention"),
    ):
        refused(text, match, capsys)
    assert not Path("x.mat").exists() and not list(Path().glob(".*.tmp"))


def test_method_that_breaks_is_one_sentence_and_can_be_traced(here, capsys, monkeypatch):
    from mossfuse.methods import find_method

    def broken(*_, **__):
        raise ValueError("shapes differ")

    monkeypatch.setattr(find_method("bicubic")[1], "fuse", broken)
    refused("fuse lr.mat hr.mat -o x.mat --method bicubic", r"failed on this pair \(shapes differ\)", capsys)
    with pytest.raises(ValueError, match="shapes differ"):
        run("fuse lr.mat hr.mat -o x.mat --method bicubic --traceback")
    assert not Path("x.mat").exists()


def test_cube_that_contradicts_the_hsi_is_told(here, caplog):
    pair, _ = here
    np.save("other.npy", pair.msi[::-1, ::-1])
    assert run("fuse lr.mat other.npy -o x.npy --method gsa") == 0
    assert "inconsistent with each other" in caplog.text


def test_estimate_can_be_used_by_fuse(here, capsys):
    pair, _ = here
    assert run("estimate lr.mat hr.mat -o cameras.mat") == 0
    out, _ = capsys.readouterr()
    table = [line.split() for line in out.splitlines() if line.startswith(" " * 10)]
    assert table[0] == ["nm", "MSI", "1", "MSI", "2", "MSI", "3"] and table[1][0] == "400" and len(table) == 33
    assert "sigma 2 px" in out and "none found" in out
    assert run("fuse lr.mat hr.mat -o told.mat --psf cameras.mat --srf cameras.mat") == 0
    assert "given" in capsys.readouterr().out
    blind = fuse(pair.hsi, pair.msi).cube
    assert np.abs(read_array("told.mat", "cube") - blind).max() < 1e-3


def test_noise_is_told_in_the_units_of_the_files(here, capsys):
    rng = np.random.default_rng(0)
    for name, image in (("n_lr", here[0].hsi), ("n_hr", here[0].msi)):
        np.save(f"{name}.npy", np.round(10000 * (image + rng.normal(0, 0.01, image.shape))).clip(0).astype(np.uint16))
    assert run("estimate n_lr.npy n_hr.npy --psf-size 7 -o n.npz") == 0
    found = read_variables("n.npz")
    assert 50 < found["noise_msi"].mean() < 200 and 30 < found["noise_hsi"].mean() < 300


def test_score_prints_the_metrics_of_the_benchmark(here, capsys):
    pair, truth = here
    cube = fuse(pair.hsi, pair.msi, method="bicubic").cube
    np.save("cube.npy", cube)
    assert run("score truth.mat cube.npy --ratio 8 --convention moss") == 0
    out = capsys.readouterr().out
    assert re.search(rf"^psnr +{score(truth, cube, 8, 'moss')['psnr']:.2f} dB$", out, re.M) and "convention moss" in out
    assert run("score truth.mat truth.mat --pair lr.mat hr.mat") == 0
    out = capsys.readouterr().out
    assert "agreement" in out and "estimated from the pair" in out


def test_score_knows_counts_from_reflectance(here, capsys, caplog):
    _, truth = here
    np.save("counts.npy", np.round(truth * 65535).astype(np.uint16))
    np.save("in_counts.npy", 0.99 * truth * 65535)
    np.save("in_units.npy", 0.99 * truth)
    found = []
    for name in ("in_counts", "in_units"):
        assert run(f"score counts.npy {name}.npy --ratio 8") == 0
        found.append(re.search(r"^psnr +(\S+) dB$", capsys.readouterr().out, re.M).group(1))
    assert found[0] == found[1] and "compared on the scale [0, 1]" in caplog.text
    np.save("floats.npy", truth * 9000)
    refused("score floats.npy in_counts.npy --ratio 8", "name with --white the value that counts as 1", capsys)
    assert run("score floats.npy floats.npy --ratio 8 --white 10000") == 0


def test_training_on_files_serves_fuse_and_leaves_its_history(here, capsys):
    pair, _ = here
    np.save("dim.npy", np.round(pair.msi * 20000).astype(np.uint16))
    np.save("dim_lr.npy", np.round(pair.hsi * 20000).astype(np.uint16))
    np.save("bright.npy", np.round(pair.msi * 60000).astype(np.uint16))
    np.save("bright_lr.npy", np.round(pair.hsi * 60000).astype(np.uint16))
    few = "--steps 25 --dim 8 --batch 1 --patch 16 --set held_out=1"
    assert run(f"train dim_lr.npy dim.npy bright_lr.npy bright.npy -o w/w.pt {few}") == 0
    out = capsys.readouterr().out
    assert "pairs     2, ratio 8" in out and "65535 count as 1" in out and "sigma 2 px; support 7x7, phase 3,3" in out
    assert re.search(r"weights of step 2[05], held-out loss", out)
    history = Path("w/w_history.csv").read_text(encoding="utf-8").splitlines()
    assert history[0].startswith("step,learning_rate,loss") and "held_out" in history[0]
    assert [line.split(",")[0] for line in history[1:]] == ["20", "25"]
    assert run("fuse bright_lr.npy bright.npy -o out.npy --weights w/w.pt --no-preview") == 0
    assert np.isfinite(np.load("out.npy")).all()
    assert not list(Path("w").glob("*.partial"))


def test_training_on_one_pair_is_what_fit_does(here, monkeypatch):
    from mossfuse.pair import work as api

    monkeypatch.setattr(api, "FIT", {**api.FIT, "dim": 8, "steps": 3, "batch": 1})
    assert run("train lr.mat hr.mat -o trained.pt --device cpu") == 0
    assert run("fuse lr.mat hr.mat -o out.npy --weights fit --save-weights fitted.pt --no-preview --device cpu") == 0
    assert Path("trained.pt").read_bytes() == Path("fitted.pt").read_bytes()


def test_every_mistake_in_training_is_one_sentence(here, capsys):
    np.save("other.npy", here[0].msi * 9000)
    Path("old.pt").write_bytes(b"mine")
    for text, match in (
        ("train lr.mat hr.mat lr.mat -o w.pt", "3 images do not make pairs"),
        ("train hr.mat lr.mat -o w.pt", "swap them"),
        ("train lr.mat hr.mat -o w.mat", "w.mat would hold weights; give it the extension .pt"),
        ("train lr.mat hr.mat -o old.pt", "old.pt exists already"),
        ("train lr.mat hr.mat -o w.pt --patch 20", "multiple of the ratio 8"),
        ("train lr.mat hr.mat -o w.pt --dim 12", "multiple of 8"),
        ("train lr.mat hr.mat -o w.pt --set ema=none", "must be a number"),
        (
            "train lr.mat hr.mat -o w.pt --set emma=0",
            "--set: the training of 'mossfuse' has no parameter 'emma'; did you mean ema",
        ),
        (
            "train lr.mat hr.mat -o w.pt --set clip=much",
            "'clip' of the training of 'mossfuse' is 'much'; it must be a number",
        ),
        (
            "train lr.mat hr.mat -o w.pt --set deterministic=1",
            "'deterministic' of the training of 'mossfuse' is 1; it must be true or false",
        ),
        ("train lr.mat hr.mat lr.mat other.npy -o w.pt", "different units .* name it with --white"),
    ):
        refused(text, match, capsys)
    assert not Path("w.pt").exists()


def test_methods_lists_names_and_json(capsys):
    assert run("methods") == 0
    assert re.search(r"^nsgp +knows phase +trains none", capsys.readouterr().out, re.M)
    assert run("methods --json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert {"nsgp", "mossfuse"} <= {m["name"] for m in listed["methods"]} and "sdc" in listed["suffixes"]


def test_methods_names_unusable_files_beside_the_list(capsys, tmp_path, monkeypatch):
    from mossfuse.methods import catalogue

    (tmp_path / "broken.py").write_text("import nothing_of_that_name", encoding="utf-8")
    monkeypatch.setenv("MOSSFUSE_BASELINES", str(tmp_path))
    catalogue.cache_clear()
    try:
        assert run("methods") == 0
    finally:
        catalogue.cache_clear()
    output, errors = capsys.readouterr()
    assert "\nnsgp " in output and "broken" not in output
    assert errors.startswith("not usable: method file ") and "broken.py cannot be imported" in errors
    assert errors.count("\n") == 1


def test_methods_describes_one_with_what_can_be_set(capsys):
    assert run("methods nsgp-fast+dc") == 0
    listed = capsys.readouterr().out
    assert re.search(r"^parameters:$", listed, re.M)
    assert re.search(r"^  setting=fast +one of fast, best$", listed, re.M)
    assert re.search(r"^  draws=1 +a whole number, at least 1$", listed, re.M)
    assert run("methods daem") == 0
    assert re.search(
        r"^published: CAVE, x32, .*16 test scenes.*: psnr 40.18, .*\(index_record", capsys.readouterr().out, re.M
    )
    assert run("methods mossfuse --json") == 0
    assert json.loads(capsys.readouterr().out)["presets"]["paper"]["num_blocks"] == 4
    refused("methods nspg", "did you mean nsgp", capsys)


def test_parameters_are_set_on_the_command_line(here, capsys):
    assert run("fuse lr.mat hr.mat -o two.npy --method nsgp --set draws=2 --no-preview") == 0
    assert run("fuse lr.mat hr.mat -o four.npy --method nsgp-x4 --set draws=2 --no-preview") == 0
    assert Path("two.npy").read_bytes() == Path("four.npy").read_bytes()
    capsys.readouterr()
    for text, match in (("--set drawz=2", "did you mean draws"), ("--set draws=few", "must be a whole number"),
                        ("--set draws", "write KEY=VALUE"), ("--preset paper", "no preset 'paper'")):  # fmt: skip
        refused(f"fuse lr.mat hr.mat -o x.npy --method nsgp {text}", match, capsys)
    assert not Path("x.npy").exists()


def test_real_command_ends_with_one_line_and_status_2(here):
    command = [sys.executable, "-m", "mossfuse", "fuse", "hr.mat", "lr.mat", "-o", "x.mat"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == "" and len(done.stderr.splitlines()) == 1


def test_interruption_is_one_sentence_and_leaves_nothing(here, capsys, monkeypatch):
    from mossfuse.pair import work as api

    def interrupted(cube):
        yield (slice(0, 8), slice(0, cube.shape[1])), cube[:8]
        raise KeyboardInterrupt

    monkeypatch.setattr(api, "cut_into_tiles", interrupted)
    before = set(Path().iterdir())
    assert main("fuse lr.mat hr.mat -o out.mat --method gsa".split()) == 130
    assert capsys.readouterr().err.count("\n") == 1 and set(Path().iterdir()) == before


def test_real_command_fuses(here):
    command = [sys.executable, "-m", "mossfuse", "fuse", "lr.mat", "hr.mat", "-o", "out.h5", "--method", "gsa"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and "agreement" in done.stdout and Path("out.h5").exists()


@pytest.mark.parametrize("arguments", ["--help", "fuse --help", "train --help", "bench --help", "bench degrade --help"])
def test_command_line_starts_without_heavy_imports(arguments):
    heavy = {"numpy", "scipy", "h5py", "torch", "pandas", "yaml", "jsonschema", "importlib.metadata", "urllib.request"}
    code = (
        "import sys; from mossfuse.__main__ import main\n"
        f"try: main({arguments.split()})\n"
        f"finally: assert not (found := {heavy} & set(sys.modules)), found"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0 and "usage: mossfuse" in done.stdout, done.stderr


def test_cube_is_written_without_being_held(here, make_pair):
    pair, truth = make_pair(rows=512, cols=512, bands=100)
    np.save("l.npy", pair.hsi)
    np.save("h.npy", pair.msi)
    size = truth.nbytes
    del pair, truth
    tracemalloc.start()
    assert run("fuse l.npy h.npy -o o.mat --method nsgp-fast") == 0
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert Path("o.mat").stat().st_size > size and peak < size


def examples():
    text = (ROOT / "docs" / "usage.md").read_text(encoding="utf-8")
    return re.findall(r"^```(python|sh)\n(.*?)^```", text, re.M | re.S)


def test_examples_of_the_documentation_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = examples()
    assert {kind for kind, _ in blocks} == {"python", "sh"} and len(blocks) >= 5
    names = {}
    for kind, block in blocks:
        if kind == "python":
            exec(compile(block, "docs/usage.md", "exec"), names)
        else:
            for line in block.strip().splitlines():
                assert line.startswith("mossfuse ") and run(line.removeprefix("mossfuse ")) == 0, line
    truth, cube = read_cube("truth.mat")[0], read_cube("fused.mat")[0]
    assert read_cube("trained.mat")[0].shape == truth.shape
    assert names["fusion"].notes["method"] == "nsgp" and np.array_equal(names["fusion"].cube, cube)
    assert score(truth / 65535, cube / 65535, 8)["psnr"] > 38
