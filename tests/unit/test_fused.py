"""What ``fuse`` returns and accepts in Python, the verdict, and the page on a pair."""

import json
import logging
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from helpers.repository import ROOT
from mossfuse import MossFuseError, fuse
from mossfuse.__main__ import main
from mossfuse.files import read_variables, write_cube
from mossfuse.pair.inputs import as_input
from mossfuse.pair.page import ticks
from mossfuse.pair.verdict import BAD, CARE, GOOD, Range, judge
from mossfuse.protocol import Fusion, Observation, Sensor

WAVELENGTHS = np.arange(400.0, 701, 10)


@pytest.fixture(scope="module")
def observation(make_pair):
    return make_pair(rows=32, cols=40)[0]


@pytest.fixture(scope="module")
def fusion(observation):
    return fuse(observation.hsi, observation.msi, wavelengths=WAVELENGTHS, method="ridge", phase=3, register="off")


def test_fusion_prints_a_summary_with_its_verdict(fusion):
    assert isinstance(fusion, Fusion)
    shown = repr(fusion)
    assert "cube      32x40x31, 400 to 700 nm" in shown and re.search(
        "^verdict   (good|with care|do not use)", shown, re.M
    )
    html = fusion._repr_html_()
    assert "data:image/png;base64," in html and "ridge" in html


def test_fusion_is_plotted(fusion):
    pytest.importorskip("matplotlib").use("agg")
    import matplotlib.pyplot as plt

    drawn = fusion.plot(bands=(3, 20), pixels=[(4, 5)])
    assert len(drawn.axes) == 4 and drawn.axes[1].get_title() == "430 nm"
    assert np.array_equal(drawn.axes[3].lines[0].get_ydata(), fusion.cube[4, 5])
    plt.close(drawn)
    with pytest.raises(MossFuseError, match="bands 0 to 30"):
        fusion.plot(bands=(31,))


def test_fusion_is_saved_and_reported(fusion, tmp_path):
    path = fusion.save(tmp_path / "o.h5")
    found = read_variables(path)
    assert (
        np.array_equal(found["cube"], fusion.cube) and found["method"] == "ridge" and '"ridge"' in found["provenance"]
    )
    with pytest.raises(MossFuseError, match="exists already"):
        fusion.save(path)
    page = fusion.report(tmp_path / "o.html").read_text(encoding="utf-8")
    assert page.count("<img") == 6 and page.count("<svg") == 3 and fusion.verdict.word in page
    assert not re.search(r'(src|href)="(?!data:)', page), "the page needs another file"


def test_images_are_accepted_as_programs_hold_them(observation, tmp_path):
    hsi = observation.hsi
    expected = fuse(hsi, observation.msi, method="gsa", register="off").cube
    write_cube(tmp_path / "lr.npy", hsi)
    masked = np.ma.MaskedArray(observation.msi, np.zeros(observation.msi.shape, bool))
    assert np.array_equal(fuse(tmp_path / "lr.npy", masked, method="gsa", register="off").cube, expected)
    hidden = masked.copy()
    hidden[:8, :8] = np.ma.masked
    cube = fuse(hsi, hidden, method="gsa", register="off").cube
    assert np.isnan(cube[:8, :8]).all() and np.isfinite(cube[8:, 8:]).all()


def array_with_coordinates(values, dims, **coords):
    """Build what as_input looks at in an xarray.DataArray, which is no dependency."""

    def transpose(*order):
        return array_with_coordinates(values.transpose([dims.index(d) for d in order]), order, **coords)

    held = {k: SimpleNamespace(values=np.asarray(v), attrs={}) for k, v in coords.items()}
    return SimpleNamespace(dims=dims, coords=held, values=values, attrs={"crs": "EPSG:32631"}, transpose=transpose)


def test_coordinates_give_wavelengths_and_ground_position(observation):
    cube = observation.hsi.transpose(2, 0, 1)
    y, x = 5.4e6 - 15 - 30 * np.arange(4), 5e5 + 15 + 30 * np.arange(5)
    image, _ = as_input(
        array_with_coordinates(cube, ("wavelength", "y", "x"), wavelength=WAVELENGTHS / 1e3, y=y, x=x), "lr"
    )
    np.testing.assert_array_equal(image.values, observation.hsi)
    np.testing.assert_allclose(image.wavelengths, WAVELENGTHS)
    assert image.georeference.transform == (30, 0, 5e5, 0, -30, 5.4e6) and image.georeference.crs == "EPSG:32631"
    with pytest.raises(MossFuseError, match="call them y, x and band"):
        as_input(array_with_coordinates(cube, ("a", "b", "c")), "lr")


def verdict_of(hsi, cube, residual=0.0, shift=0.0, srf=None, **notes):
    observation = Observation(hsi, cube[..., :1], 2)
    spread = Range(observation)
    spread.add(slice(0, len(cube)), slice(0, cube.shape[1]), cube)
    sensor = Sensor(srf=np.ones((1, hsi.shape[2])) if srf is None else srf)
    found = {"residual_hsi_rms": residual, "residual_msi_rms": 0.0}
    return judge(observation, sensor, found, spread, notes=notes, shift=shift)


def test_verdict_names_what_speaks_against_a_cube():
    hsi = np.random.default_rng(0).random((12, 12, 4)).astype(np.float32)
    cube = np.kron(hsi, np.ones((2, 2, 1), np.float32))
    assert verdict_of(hsi, cube).word == GOOD
    wild = cube.copy()
    wild[0, 0] = -9
    few = hsi[:2, :3]
    for found, word, reason in (
        (verdict_of(hsi, wild), BAD, "times LR's range outside"),
        (verdict_of(hsi, cube, residual=0.2), BAD, "does not reproduce LR"),
        (verdict_of(hsi, cube, residual=0.03), CARE, "does not reproduce LR"),
        (verdict_of(hsi, cube, residual=0.03, noise_hsi=0.03), GOOD, ""),
        (verdict_of(hsi, cube, unseen=[0.1]), CARE, "light that LR does not"),
        (verdict_of(hsi, cube, srf=np.array([[1.0, 0, 0, 0]])), CARE, "75 % of LR's bands"),
        (verdict_of(hsi, cube, shift=0.4), CARE, "shifted by 0.4 LR pixels"),
        (verdict_of(few, np.kron(few, np.ones((2, 2, 1), np.float32))), BAD, "6 LR pixels are too few"),
    ):
        assert found.word == word and reason in " ".join(found.reasons), found


def test_command_line_prints_the_verdict_and_writes_the_page(observation, tmp_path, monkeypatch, capsys, caplog):
    caplog.set_level(logging.INFO)
    monkeypatch.chdir(tmp_path)
    write_cube("lr.h5", observation.hsi, WAVELENGTHS)
    write_cube("hr.npy", observation.msi)
    assert main("fuse lr.h5 hr.npy -o o.h5 --method gsa --report r/o.html --register off".split()) == 0
    out = capsys.readouterr().out
    assert re.search(r"^verdict   (good|with care|do not use): ", out, re.M) and Path("o.png").is_file()
    assert "gsa" in Path("r/o.html").read_text(encoding="utf-8")
    assert main(["preview", "."]) == 0 and "left out: o.png exists already" in capsys.readouterr().err
    assert main(["preview", ".", "--force"]) == 0
    out = capsys.readouterr().out
    assert out.count("true colour") == 2 and "o.h5: 32x40x31, float32" in out


def test_notebook_of_the_documentation_runs(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib").use("agg")
    import matplotlib.pyplot as plt

    monkeypatch.chdir(tmp_path)
    notebook = json.loads((ROOT / "docs" / "tutorials" / "fuse-in-python.ipynb").read_text(encoding="utf-8"))
    names = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)  # noqa: S102
    plt.close("all")
    assert Path("fused.h5").is_file() and Path("fused.html").is_file() and 0.8 < names["inside"].mean() <= 1


def test_pixels_without_data_are_hatched_in_every_picture_and_no_spectrum_is_theirs(observation, tmp_path):
    """Methods see values there, which were filled in; the brightest pixel of the scene is hidden, which would be shown first."""
    brightest = np.argmax(np.square(observation.hsi - observation.hsi.mean((0, 1))).sum(2))
    row, col = (8 * int(n) for n in np.unravel_index(brightest, observation.hsi.shape[:2]))
    hidden = np.zeros(observation.msi.shape[:2], bool)
    hidden[row : row + 8, col : col + 8] = True
    msi = np.ma.MaskedArray(observation.msi, np.broadcast_to(hidden[..., None], observation.msi.shape))
    fused = fuse(observation.hsi, msi, wavelengths=WAVELENGTHS, method="ridge", phase=3, register="off")
    whole = fuse(observation.hsi, observation.msi, wavelengths=WAVELENGTHS, method="ridge", phase=3, register="off")
    low, high = fused.look.inputs
    for picture in (high, fused.look.colours):
        assert set(np.unique(picture[hidden])) == {205, 240}
        assert np.ptp(picture[hidden], axis=1).max() == 0  # grey, so no colour of the scene
    assert set(np.unique(low[row // 8, col // 8])) <= {205, 240}
    np.testing.assert_array_equal(high[~hidden], whole.look.inputs[1][~hidden])
    assert whole.look.places[0] == (row + 4, col + 4)
    assert all(not hidden[place] for place in fused.look.places) and len(fused.look.places) == 4
    page = fused.report(tmp_path / "o.html").read_text(encoding="utf-8")
    assert "hatched: not measured" in page and "hatched" not in whole.report(tmp_path / "w.html").read_text("utf-8")


def test_pictures_of_hr_say_which_bands_they_show(observation):
    look = fuse(observation.hsi, observation.msi, wavelengths=WAVELENGTHS, method="ridge", phase=3, register="off").look
    assert re.fullmatch(r"composite of the bands at 6\d\d, 5\d\d, 4\d\d nm", look.hr_description)
    blind = fuse(observation.hsi, observation.msi, method="ridge", phase=3, register="off").look
    assert sorted(re.findall(r"\d+", blind.hr_description)) == ["1", "2", "3"]
    pan = fuse(observation.hsi, observation.msi[..., 1], method="ridge", phase=3, register="off").look
    assert pan.hr_description == "grey image of band 1"


@pytest.mark.parametrize(("low", "high"), [(0, 0.894), (450, 1300), (0, 65535), (-0.1, 0.02), (1, 31), (0, 3e-6)])
def test_axes_have_few_round_numbers_within_their_limits(low, high):
    found = ticks(low, high)
    assert 3 <= len(found) <= 6 and found[0] >= low - 1e-9 and found[-1] <= high * (1 + 1e-9)
    steps = np.diff(found)
    assert f"{steps[0]:.6e}"[:4] in ("1.00", "2.00", "2.50", "5.00") and np.allclose(steps, steps[0])
    assert not np.signbit(found[found == 0]).any()
