"""The way through a report that docs/tutorials/reading-a-report.md describes, walked in a browser: three questions, three answers."""

import re

import numpy as np
import pandas as pd
import pytest

from helpers.headless import centre, wait_for
from helpers.paper_results import DEGRADATION
from helpers.repository import ROOT
from mossfuse.benchmark.report import style

BOARD = f"boards/cave--{DEGRADATION}.html"
TABLE = f"board-cave--{DEGRADATION}--std1"
READY = "document.getElementById('explorer').dataset.ready"


@pytest.fixture(scope="module")
def scores(paper_grid):
    """Return (method, scene) -> PSNR, from the table of the results."""
    table = pd.read_csv(paper_grid[0] / "metrics.csv")
    own = table[(table["convention"] == "std1") & (table["metric"] == "psnr")]
    return own.groupby(["method", "scene"])["value"].mean()


def text(tab, selector):
    """Return the text of every element that a selector finds."""
    return tab.run(f"[...document.querySelectorAll({selector!r})].map(e => e.textContent)")


def choose(tab, label, value):
    """Choose a value in the list that stands below a label."""
    tab.run(
        f"(() => {{ const l = [...document.querySelectorAll('label')].find(l => l.textContent.trim().startsWith({label!r}) && l.querySelector('select'));"
        f"const s = l.querySelector('select'); s.focus(); s.value = {value!r}; for (const e of ['input', 'change']) s.dispatchEvent(new Event(e, {{bubbles: true}})); }})()"
    )


def press(tab, label):
    """Press the button, or choose the option, with these words."""
    tab.run(
        f"[...document.querySelectorAll('button, label')].find(e => e.textContent.trim() === {label!r} && (e.tagName === 'BUTTON' || e.querySelector('input'))).click()"
    )


def follow(tab, site, link):
    """Open the page of a link with these words."""
    target = tab.run(
        f"[...document.querySelectorAll('a')].find(a => a.textContent.trim() === {link!r}).getAttribute('href')"
    )
    here = tab.run("location.pathname.split('/').slice(-2, -1)[0]")
    tab.open((site / ("" if here == site.name else here) / target.partition("#")[0]).resolve())


def test_who_wins_on_real_scenes_at_ratio_32_and_is_it_significant(tab, paper_site, scores):
    tab.open(paper_site / "index.html")
    means = scores.groupby("method").mean().drop("colleague-net").sort_values(ascending=False)
    leader, second = means.index[:2]
    sentences = text(tab, "ul.findings li")
    assert (
        sentences[0].startswith("Null-space Gaussian process has the highest mean PSNR over 12 scenes")
        and leader == "nsgp"
    )
    assert f"{means[leader]:.2f} dB (95 % interval" in sentences[0] and "ahead of Ridge regression" in sentences[0]
    won = sum(scores[leader, s] > scores[second, s] for s in scores[leader].index)
    assert sentences[1] == f"It beats the runner-up on {'all' if won == 12 else won} of 12 scenes.".replace(
        "all of ", "all "
    )
    assert sentences[2].startswith("The difference to the runner-up is significant")
    assert text(tab, f"#{TABLE} tbody tr:first-child .tier") == ["A"]

    pairs = pd.read_csv(paper_site / "exports" / "pairs.csv")
    own = pairs[
        ((pairs["method"] == leader) & (pairs["other"] == second))
        | ((pairs["method"] == second) & (pairs["other"] == leader))
    ]
    p = style.p_value(own["p_holm"].iloc[0])
    assert p in sentences[2]
    follow(tab, paper_site, "Statistics")
    assert any(
        p in row and "Ridge regression" in row and "Null-space" in row for row in text(tab, "tr")
    ) and "Tiers in PSNR" in "".join(text(tab, "h3"))

    tab.open(paper_site / BOARD)
    choose(tab, "Blind", "yes")
    left = tab.run(
        f"[...document.getElementById('{TABLE}').tBodies[0].rows].filter(r => !r.hidden).map(r => r.dataset.method)"
    )
    assert set(left) == {"bicubic", "mossfuse", "mossfuse-authors"}
    address = tab.run("location.hash")
    tab.open(paper_site / BOARD, fragment=address)
    assert tab.run(f"[...document.getElementById('{TABLE}').tBodies[0].rows].filter(r => !r.hidden).length") == len(
        left
    )


def test_why_does_the_paper_print_42_15(tab, paper_site, scores):
    tab.open(paper_site / BOARD)
    tip = f"#{TABLE} tr[data-method=mossfuse] .paper"
    (below,) = text(tab, tip)
    assert "paper 42.30" in below and "listed 42.15" in below
    tab.run(f"document.querySelector({tip!r}).focus()")
    words = tab.run("document.getElementById('tip').textContent")
    ours, authors = (scores[m].mean() for m in ("mossfuse", "mossfuse-authors"))
    for part in (
        f"Ours − published: {style.number('psnr', ours - 42.3, sign=True)}",
        f"{style.number('psnr', authors - 42.3, sign=True)} is there with the authors' own weights",
        f"{style.number('psnr', ours - authors, sign=True)} is training",
        "img/first.png of the official repository",
        "Published PSNR: 42.15",
        "third-party",
        "The source does not state the ratio, the scenes or the exact metric, so no gap is given",
    ):
        assert part in words, part
    assert any("Other conventions" in heading for heading in text(tab, "h2"))
    follow(tab, paper_site, "Methods")
    assert any(
        "42.15" in entry and "third-party" in entry
        for entry in text(tab, "main section, main article, main dl, main li, main tr")
    )
    follow(tab, paper_site, "Paper")
    rows = text(tab, "#paper-cave tr[data-method=mossfuse]")
    assert any("42.15 listed" in row for row in rows) and any("42.30" in row for row in rows)
    follow(tab, paper_site, "Across")
    wait_for(tab, "document.body.dataset.ready")
    choose(tab, "Convention", "moss")
    reasons = text(tab, "#reasons li")
    assert any(line.startswith("SAM: std1: ") and "moss: " in line for line in reasons)


def test_what_does_my_method_miss_on_the_worst_scene(tab, paper_site, scores):
    tab.open(paper_site / BOARD)
    assert "Every scene" in text(tab, "h2")
    choose(tab, "Metric", "psnr")
    matrix = f"#matrix-cave--{DEGRADATION}--std1"
    heads = [re.sub(r"not counted$", "", h) for h in text(tab, f"{matrix} thead th")][1:]
    row = text(tab, f"{matrix} tbody[data-m=psnr] tr:has(a[href$='#mossfuse']) td")
    values = [float(re.match(r"[\d.]+", cell)[0]) for cell in row]
    worst = heads[int(np.argmin(values))]
    assert scores["mossfuse"].min() == pytest.approx(scores["mossfuse", worst], abs=0.005)
    tab.run(f"document.querySelectorAll('{matrix} thead button')[{1 + heads.index(worst)}].click()")
    first = text(tab, f"{matrix} tbody[data-m=psnr] tr:first-child th")[0]
    assert "Null-space" in first

    follow(tab, paper_site, worst)
    wait_for(tab, READY)
    assert text(tab, "h1") == [worst] and "Scores and ranks on this scene" in text(tab, "h2")
    choose(tab, "A, left", "mossfuse")
    choose(tab, "B, right", "nsgp")
    press(tab, "RMSE")
    wait_for(
        tab,
        "[...document.querySelectorAll('#view-a *, #view-b *')].some(e => getComputedStyle(e).filter.includes('lut-error'))",
    )
    before = tab.run(READY)
    press(tab, "Largest error of A")
    wait_for(tab, f"{READY} !== {before!r}")
    lines = text(tab, "#legend li")
    assert lines[0] == "Ground truth" and any(re.match(r"MossFuse [\d.]+°, RMSE", line) for line in lines)
    assert any(line.startswith("Null-space Gaussian process") for line in lines)
    tab.run(
        "(() => { const b = document.getElementById('band'); b.value = 5; b.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )
    press(tab, "Band error")
    address = tab.run("location.hash")
    assert {"m=errors", "b=5", "a=mossfuse", "v=nsgp"} <= set(address.lstrip("#").split("&")) and "p=" in address
    command = tab.run(
        "[...document.querySelectorAll('#runs button.copy')].map(b => b.dataset.copy).find(c => c.includes('mossfuse bench reproduce') && c.includes('/mossfuse/'))"
    )
    assert command == f"mossfuse bench reproduce cave/{DEGRADATION}/mossfuse/{worst}/seed0"
    assert centre(tab, "#runs")


def test_every_control_that_the_walk_names_is_on_a_page(paper_site):
    guide = (ROOT / "docs" / "tutorials" / "reading-a-report.md").read_text(encoding="utf-8")
    pages = " ".join(
        p.read_text(encoding="utf-8")
        for p in [*paper_site.glob("*.html"), paper_site / BOARD, *list(paper_site.glob("scenes/*.html"))[:1]]
    )
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", pages)).replace("&#39;", "'")
    named = {name.partition(":")[0] for name in re.findall(r"\*\*([^*]+)\*\*", guide)}
    assert len(named) > 12 and not {name for name in named if name not in words and name not in ("A", "B")}
