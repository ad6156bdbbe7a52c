"""Claims about the scene explorer, in one browser on one report; bytes of a large scene; the vendored scripts."""

import hashlib
import json
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pandas as pd
import pytest

from helpers.fabricated_results import METHODS
from helpers.headless import centre, wait_for
from mossfuse.benchmark.pictures import render_cell, render_scene
from mossfuse.benchmark.report.style import slug
from mossfuse.protocol import Observation, Sensor

X8 = "x8-gauss7s2"
ASSETS = Path(__file__).parents[2] / "mossfuse" / "benchmark" / "report" / "assets"
VENDORED = {  # sha256 of the files in the packages of the npm registry: uplot 1.6.32, img-comparison-slider 8.0.7
    "uplot/uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    "uplot/uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
    "img-comparison-slider/index.js": "6e01335000bbafdd053f851db4e0025dc3e0fadd677deca51548d6fe95b42162",
}
READY = "document.getElementById('explorer').dataset.ready"


def open_scene(tab, site, scene="apple", fragment="", **window):
    tab.open(site / "scenes" / f"{slug('toy', X8, scene)}.html", fragment=fragment, **window)
    wait_for(tab, READY)


def address(tab):
    return {key: values[0] for key, values in parse_qs(tab.run("location.hash.slice(1)")).items()}


def place(tab, row, col, side=48):
    """Window coordinates of a pixel of the stage at zoom 1, clear of the divider's handle."""
    box = tab.run(
        "(() => { const b = document.getElementById('stage').getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; })()"
    )
    return box[0] + (col + 0.5) / side * box[2], box[1] + (row + 0.5) / side * box[3]


def act(tab, action):
    """Do something and wait until the spectra follow."""
    before = tab.run(READY)
    action()
    wait_for(tab, f"{READY} !== {before!r}")


def lines(tab):
    """Title -> values of every line in the spectra's plot."""
    return dict(
        tab.run("(() => { const p = document.getElementById('spectra').plot;"
                "return p.series.slice(1).map((s, k) => [s.label, p.data[k + 1]]); })()")
    )  # fmt: skip


@pytest.mark.parametrize("name", VENDORED)
def test_vendored_scripts_are_those_of_the_registry_with_their_licence(name):
    path = ASSETS / "vendor" / name
    assert hashlib.sha256(path.read_bytes()).hexdigest() == VENDORED[name]
    assert "Permission is hereby granted" in (path.parent / "LICENSE.txt").read_text(encoding="utf-8")


def test_nothing_else_is_vendored():
    found = {p.relative_to(ASSETS / "vendor").as_posix() for p in (ASSETS / "vendor").rglob("*") if p.is_file()}
    assert found - {f"{folder}/LICENSE.txt" for folder in ("uplot", "img-comparison-slider")} == set(VENDORED)


def test_scene_of_512_pixels_and_25_methods_stays_below_6_megabytes(tmp_path):
    """A rough scene and a rough method; the first view is the page, two methods, and the truth."""
    rng = np.random.default_rng(0)
    coarse = rng.random((64, 64, 31)).astype(np.float32).cumsum(2) / 31
    truth = coarse.repeat(8, 0).repeat(8, 1) * (0.9 + 0.1 * rng.random((512, 512, 1), np.float32))
    srf = np.full((3, 31), 1 / 31)
    pair = Observation(hsi=truth[::8, ::8], msi=truth @ srf.T.astype(np.float32), ratio=8, sensor=Sensor(srf=srf))
    nm = np.linspace(400, 700, 31)
    cube = truth + 0.02 * rng.random(truth.shape, np.float32)
    render_scene(truth, pair, nm, tmp_path / "scene")
    render_cell(truth, cube, nm, tmp_path / "cell", key="k")
    scene, cell = ({p.name: p.stat().st_size for p in (tmp_path / n).iterdir()} for n in ("scene", "cell"))
    own = sum(p.stat().st_size for p in ASSETS.rglob("*.[jc]s*")) + 120_000  # scripts, styles; the page with 25 methods
    assert sum(scene.values()) + 25 * sum(cell.values()) + own < 6e6
    assert scene["colour.webp"] + scene["spectra.js"] + 2 * (cell["colour.webp"] + cell["spectra.js"]) + own < 1.5e6


def test_first_view_loads_two_methods_and_no_more(tab, site):
    tab.forget()
    open_scene(tab, site)
    loaded = {Path(r).parent.parent.name for r in tab.requests if "/view/" in r}
    assert loaded == {"nsgp", "bicubic", "_truth"}


def test_clicked_pixel_shows_the_truth_and_every_plotted_method(tab, site, make_pair):
    truth = make_pair(48, 48, seed=0)[1]
    open_scene(tab, site)
    tab.run("document.getElementById('stage').scrollIntoView()")
    for box in METHODS:
        tab.run(
            f"(() => {{ const b = document.querySelector('input[name=plot][value=\"{box}\"]'); if (!b.checked) b.click(); }})()"
        )
    act(tab, lambda: tab.click(*place(tab, 10, 30)))
    row, col = map(int, address(tab)["p"].split(","))
    assert abs(row - 10) <= 1 and abs(col - 30) <= 1
    wait_for(tab, f"document.querySelectorAll('#legend li').length === {len(METHODS) + 1}")
    shown = lines(tab)
    assert len(shown) == len(METHODS) + 1
    assert np.abs(np.array(shown["ground truth"]) - truth[row, col]).max() <= truth.max() / 4000 + 1e-6
    angles = {n: float(a) for n, a in tab.run("[...document.querySelectorAll('#legend li[data-method]')].map(i => [i.dataset.method, i.dataset.angle])")}  # fmt: skip
    assert angles["nsgp"] < angles["bicubic"] + 5 and set(angles) == set(METHODS)


def test_preset_pixels_are_exact(tab, site, grid):
    open_scene(tab, site, fragment="#a=mossfuse&v=nsgp&s=mossfuse")
    act(tab, lambda: tab.run("document.querySelectorAll('#pixels button')[1].click()"))
    text = (grid[0] / "toy" / X8 / "mossfuse" / "apple" / "seed0" / "view" / "spectra.js").read_text(encoding="utf-8")
    exact = json.loads(text.partition(" = ")[2].rstrip(";\n"))["chosen"][1]
    assert lines(tab)["MossFuse"] == exact
    x, y = np.array(lines(tab)["ground truth"]), np.clip(exact, 0, 1)
    expected = np.degrees(np.arccos(x @ y / np.sqrt((x @ x) * (y @ y))))
    assert float(tab.run("document.querySelector('#legend li[data-method=mossfuse]').dataset.angle")) == pytest.approx(expected)  # fmt: skip


@pytest.mark.parametrize(("width", "height"), [(1400, 900), (768, 1024), (390, 844)])
def test_spectra_are_in_view_when_a_pixel_is_clicked(tab, site, width, height):
    open_scene(tab, site, width=width, height=height)
    centre(tab, "#stage")
    act(tab, lambda: tab.click(*place(tab, 20, 40)))
    top, bottom = tab.run("(() => { const b = document.getElementById('spectra').getBoundingClientRect(); return [b.top, b.bottom]; })()")  # fmt: skip
    assert top >= 0 and bottom <= height
    assert tab.run("document.documentElement.scrollWidth") <= width


def test_shift_click_pins_a_pixel_and_the_address_brings_the_whole_view_back(tab, site):
    open_scene(tab, site)
    centre(tab, "#stage")
    act(tab, lambda: tab.click(*place(tab, 10, 12), shift=True))
    pinned = address(tab)["k"]
    act(tab, lambda: tab.click(*place(tab, 40, 36)))
    tab.run("document.getElementById('zoom-in').click()")
    tab.run("document.querySelector('input[value=sam]').click()")
    assert address(tab)["k"] == pinned and any("pin 1" in title for title in lines(tab))
    before, fragment = address(tab), tab.run("location.hash")
    open_scene(tab, site, fragment=fragment)
    assert address(tab) == before and before["z"] == "2" and before["m"] == "sam"
    assert tab.run("document.querySelectorAll('#marks .pin').length") == 1
    assert tab.run("document.querySelector('#view-a .layer').src").endswith("nsgp/apple/sam.webp")


def test_region_shows_the_mean_and_the_spread_of_its_pixels(tab, site, make_pair):
    truth = make_pair(48, 48, seed=0)[1]
    open_scene(tab, site)
    centre(tab, "#stage")
    tab.run("document.querySelector('input[value=region]').click()")
    act(tab, lambda: tab.drag(place(tab, 8, 6), place(tab, 19, 17)))
    top, left, bottom, right = map(int, address(tab)["r"].split(","))
    assert (top, left, bottom, right) == (8, 6, 19, 17)
    rows, cols = (np.array(tab.run(f"JSON.parse(document.getElementById('scene-data').textContent).grid.{k}")) for k in ("rows", "cols"))  # fmt: skip
    inside = truth[np.ix_(rows[(rows >= top) & (rows <= bottom)], cols[(cols >= left) & (cols <= right)])].reshape(
        -1, 31
    )
    shown = lines(tab)
    tolerance = truth.max() / 4000 + 1e-6
    assert np.abs(np.array(shown["ground truth"]) - inside.mean(0)).max() <= tolerance
    upper = np.array(shown["ground truth, + standard deviation"]) - np.array(shown["ground truth"])
    assert np.abs(upper - inside.std(0, ddof=1)).max() <= 2 * tolerance
    assert f"{len(inside)} stored pixels" in tab.run("document.getElementById('said').textContent")
    tab.run("[...document.querySelectorAll('#pins button')].find(b => b.textContent === 'Zoom to region').click()")
    assert address(tab)["z"] == "4"


def test_divider_moves_and_flicker_changes_the_picture(tab, site):
    open_scene(tab, site)
    x, y = centre(tab, "#slider")
    tab.drag((x, y), (x + 100, y))
    assert tab.run("Number(document.getElementById('slider').value)") > 60
    tab.run("document.querySelector('input[value=flicker]').click()")
    assert tab.run("document.getElementById('slider').value") == 100
    wait_for(tab, "document.getElementById('slider').value === 0")


def test_truth_covers_both_pictures_while_the_button_is_pressed(tab, site):
    open_scene(tab, site)
    hidden = "document.getElementById('view-truth').hidden"
    x, y = centre(tab, "#press-truth")
    tab.call("Input.dispatchMouseEvent", type="mousePressed", x=x, y=y, button="left", clickCount=1)
    assert tab.run(hidden) is False
    assert tab.run("document.querySelector('#view-truth .layer').src").endswith("_truth/apple/colour.webp")
    tab.call("Input.dispatchMouseEvent", type="mouseReleased", x=x, y=y, button="left", clickCount=1)
    assert tab.run(hidden) is True


def test_band_slider_moves_both_pictures(tab, site):
    open_scene(tab, site)
    tab.run("document.getElementById('band').focus()")
    before = int(tab.run("document.getElementById('band').value"))
    tab.press("ArrowRight")
    assert int(tab.run("document.getElementById('band').value")) == before + 1
    assert tab.run("document.querySelector('input[name=mode]:checked').value") == "bands"
    assert tab.run("document.getElementById('band-name').textContent") == "17 of 31 · 560 nm"
    where = "[...document.querySelectorAll('.stage .sprite')].map(s => s.style.backgroundPosition)"
    first = tab.run(where)
    tab.press("ArrowRight")
    assert len(first) == 2 and first != tab.run(where)


def test_every_error_map_has_one_scale_for_all_methods(tab, site):
    open_scene(tab, site)
    for mode, lut in (("error", "error"), ("sam", "sam"), ("errors", "error")):
        tab.run(f"document.querySelector('input[name=mode][value={mode}]').click()")
        assert tab.run("[...document.querySelectorAll('#slider .layer')].map(l => l.style.filter)") == [f'url("#lut-{lut}")'] * 2  # fmt: skip
        assert tab.run("[...document.querySelectorAll('.scale')].filter(s => !s.hidden).map(s => s.dataset.scale)") == [mode]  # fmt: skip


def test_gallery_crops_every_method_like_the_stage(tab, site):
    open_scene(tab, site, fragment="#z=4&c=0.3,0.3")
    assert tab.run("document.querySelectorAll('#frames .frame').length") == 0  # nothing is loaded before it is opened
    tab.run("document.getElementById('gallery').open = true")
    wait_for(tab, "document.querySelectorAll('#frames .frame').length")
    assert tab.run("document.querySelectorAll('#frames .frame').length") == len(METHODS) + 3
    moved = tab.run("[...document.querySelectorAll('.explorer .layer')].map(l => { const m = new DOMMatrix(getComputedStyle(l).transform);"
                    "return [m.a, Math.round(100 * m.e / l.clientWidth), Math.round(100 * m.f / l.clientHeight)].join(); })")  # fmt: skip
    assert len(moved) == len(METHODS) + 5 and set(moved) == {"4,-70,-70"}


def test_keyboard_alone_moves_pins_zooms_and_shows_the_truth(tab, site):
    open_scene(tab, site)
    tab.run("document.getElementById('stage').focus()")
    row = int(address(tab)["p"].split(",")[0])
    act(tab, lambda: tab.press("ArrowDown"))
    assert int(address(tab)["p"].split(",")[0]) > row
    act(tab, lambda: tab.press("Enter", "\r"))
    assert address(tab)["k"] == address(tab)["p"]
    tab.press("+", "+")
    assert address(tab)["z"] == "2"
    tab.press("t", "t", up=False)
    assert tab.run("document.getElementById('view-truth').hidden") is False
    assert tab.run("document.activeElement.id") == "stage"


def test_largest_error_of_a_is_where_its_cube_differs_most(tab, site, make_pair):
    open_scene(tab, site, fragment="#a=bicubic")
    act(tab, lambda: tab.run("document.getElementById('worst').click()"))
    here = float(tab.run("document.querySelector('#legend li[data-method=bicubic]').dataset.rmse"))
    act(tab, lambda: tab.click(*(centre(tab, "#stage") and place(tab, 3, 3))))
    assert here > float(tab.run("document.querySelector('#legend li[data-method=bicubic]').dataset.rmse"))


def test_every_method_has_its_rank_on_this_scene(tab, site, results):
    open_scene(tab, site, scene="plum")
    rows = results.board("toy", X8)
    rows = rows[(rows["scene"] == "plum") & (rows["convention"] == "std1") & (rows["metric"] == "psnr")]
    order = rows.groupby("method")["value"].mean().sort_values(ascending=False).index.tolist()
    shown = dict(
        tab.run(
            "[...document.querySelectorAll('#scores tbody tr')].map(r => [r.dataset.method, r.cells[0].textContent])"
        )
    )
    assert {m: shown[m] for m in order} == {m: str(k) for k, m in enumerate(order, 1)} and shown["colleague-net"] == "–"
    assert tab.run("document.querySelector('input[name=a][value=colleague-net]').disabled") is True
    assert "NaN in 3 of 9 <samples>" in tab.run("document.querySelector('[data-frame=colleague-net]').textContent")


def test_cube_command_and_log_are_given_and_copied(tab, site):
    open_scene(tab, site)
    tab.call("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    copied = tab.run("[...document.querySelectorAll('#runs .copy')].slice(0, 3).map(b => b.dataset.copy)")
    cell = f"toy/{X8}/nsgp/apple/seed0"
    assert copied == [f"results/{cell}/fused.mat", f"mossfuse bench reproduce {cell}", f"logs/fuse/{cell}.log"]
    tab.run("document.querySelector('#runs .copy').focus()")
    tab.press("Enter", "\r")
    wait_for(tab, "document.querySelector('#runs .copy').textContent === 'copied'")


def test_browser_that_cannot_unpack_says_so_and_shows_preset_pixels(tab, site):
    script = tab.call("Page.addScriptToEvaluateOnNewDocument", source="delete window.DecompressionStream")["identifier"]
    try:
        open_scene(tab, site)
        assert len(lines(tab)["ground truth"]) == 31
        centre(tab, "#stage")
        tab.click(*place(tab, 30, 30))
        wait_for(tab, "document.getElementById('said').textContent.includes('cannot unpack')")
    finally:
        tab.call("Page.removeScriptToEvaluateOnNewDocument", identifier=script)


def test_scene_pages_say_nothing_in_the_console_and_ask_nobody(tab, site):
    tab.forget()
    open_scene(tab, site, fragment="#m=errors&w=flicker")
    assert tab.console == [] and [r for r in tab.requests if not r.startswith(("file:", "data:", "about:"))] == []


def test_scene_without_wavelengths_counts_bands(tab, site):
    tab.open(site / "scenes" / f"{slug('eight', X8, 'apple')}.html")
    wait_for(tab, READY)
    assert tab.run("document.getElementById('band-name').textContent") == "4 of 8"
    assert tab.run("document.getElementById('spectra').plot.data[0]") == list(range(1, 9))
    assert pd.notna(lines(tab)["ground truth"]).all()
