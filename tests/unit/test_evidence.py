"""Pages hold what docs/evidence holds, and nothing that was typed; evidence of other code than the present one is waived or stale."""

import json
import shutil
import subprocess
import sys

import pandas as pd
import pytest
import yaml

from helpers.repository import ROOT
from mossfuse.benchmark.plan.paths import Paths
from mossfuse.benchmark.plan.settings import check_settings
from mossfuse.benchmark.results.intervals import SMALLEST

sys.path.insert(0, str(ROOT / "docs" / "measure"))

import tables  # noqa: E402
from evidence import export  # noqa: E402
from measured_code import digests  # noqa: E402
from pages import boards, content, figures, networks  # noqa: E402
from pages.layout import METRICS, PROVENANCE  # noqa: E402
from pages.markers import fill, typed_results  # noqa: E402
from pages.staleness import is_part, read_waivers, scripts, stale, waived  # noqa: E402
from pages.store import Evidence, NotMeasured, fair, mean, split  # noqa: E402

BASE = "x32-gauss31s2-nikond700"
MOVED = f"{BASE}-phase26x26"


@pytest.fixture
def evidence(tmp_path, monkeypatch):
    """Two scenes, two lattices, two methods; one cell failed."""
    monkeypatch.setattr(boards, "LATTICES", 2)
    monkeypatch.setattr(boards, "DISTINCT", 2)
    rows = [
        ("cave", BASE, "nsgp", "chart_and_stuffed_toy", 0, 45.0, 4.0),
        ("cave", MOVED, "nsgp", "chart_and_stuffed_toy", 0, 46.0, 3.0),
        ("cave-8", BASE, "nsgp", "beads", 0, 41.0, 2.0),
        ("cave-8", MOVED, "nsgp", "beads", 0, 44.0, 1.0),
        ("cave", BASE, "ridge-dc", "chart_and_stuffed_toy", 0, 43.0, 5.0),
        ("cave-8", BASE, "ridge-dc", "beads", 0, 42.0, 3.0),
    ]
    columns = ["dataset", "degradation", "method", "scene", "seed", "std1 psnr", "std1 sam"]
    table = pd.DataFrame(rows, columns=columns).assign(status="ok", seen_in_training="false", tuned_on="false")
    table["std1 ssim"], table["std1 ergas"] = 0.99, 0.2
    failed = pd.DataFrame(
        [("cave", BASE, "cnmf", "chart_and_stuffed_toy", 0, "failed")], columns=[*columns[:5], "status"]
    )
    folder = tmp_path / "docs" / "evidence"
    (folder / "leaders").mkdir(parents=True)
    pd.concat([table, failed]).to_csv(folder / "leaders" / "metrics.csv", index=False)
    known = {
        "cpu_minutes": 1.5, "started": ["2026-01-01T00:00:00+00:00"] * 2, "cells": {"planned": 7, "scored": 6, "failed": 1}, "commits": {"abcdef0123": 6}, "device": {"a processor": 6},
        "threads": [1], "code": {"rows": {"nsgp": ["old"]}}, "rows": {"ridge-dc": {"shortened": True}}, "configuration": "config/evidence/leaders.yaml",
    }  # fmt: skip
    (folder / "leaders" / "provenance.json").write_text(json.dumps(known), encoding="utf-8")
    (folder / "waivers.yaml").write_text("waivers: []\n", encoding="utf-8")
    return Evidence(folder)


# The pages of this repository.


def test_pages_and_figures_are_what_the_evidence_gives():
    assert not list(tables.differing())


def test_no_result_is_typed_into_a_page():
    assert not list(tables.typed())


def test_every_waived_or_present_digest_is_that_of_the_code():
    assert not list(stale(Evidence(tables.FOLDER), ROOT))


def test_every_table_is_on_a_page():
    shown = {name for page in tables.pages() for name in tables_of(page)}
    assert shown == set(content.TABLES)


def test_every_measured_part_is_shown_on_a_page():
    text = "".join(page.read_text(encoding="utf-8") for page in tables.pages() if page.parent != tables.FOLDER)
    parts = {path.parent.name for path in tables.FOLDER.glob(f"*/{METRICS}") if is_part(path.with_name(PROVENANCE))}
    assert {name for name in parts if f"evidence/{name}/{METRICS}" not in text} == set()


def tables_of(page):
    from pages.markers import TABLE

    return [found["name"] for found in TABLE.finditer(page.read_text(encoding="utf-8"))]


# How numbers are made.


def test_spread_is_between_lattices_and_not_between_scenes(evidence):
    cells = evidence.part("leaders").where(method="nsgp")
    found = mean(cells, "std1 psnr")
    assert found.value == pytest.approx(44.0)  # (45.5 + 42.5) / 2
    assert found.spread == pytest.approx(pd.Series([43.0, 45.0]).std())
    assert (found.scenes, found.replicates, found.seeds) == (2, 2, 1)


def test_spread_counts_only_lattices_that_every_scene_has(evidence):
    cells = evidence.part("leaders").where(method="nsgp")
    assert mean(cells[(cells["scene"] != "beads") | (cells["degradation"] == BASE)], "std1 psnr").spread is None


def test_replicate_is_no_other_degradation():
    assert split(MOVED) == (BASE, "phase26x26-noise0", "x32")
    assert split(f"{BASE}-snr35-40-noise2")[:2] == (f"{BASE}-snr35-40", "phase15x15-noise2")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("leaders cave x32 nsgp psnr", "45.50"),
        ("leaders twelve x32 nsgp psnr", "44.00"),
        ("leaders cave-8/beads x32 nsgp sam", "1.50"),
        ("leaders twelve x32 ridge-dc-minus-nsgp psnr", "-1.50"),
        ("leaders cave x8 nsgp psnr", "not measured"),
        ("leaders cave x32 cnmf psnr", "not measured"),
        ("real cave x32 nsgp psnr", "not measured"),
    ],
)
def test_number_of_a_sentence(evidence, query, text):
    assert content.number(query, evidence) == text


def table_of(name, evidence, folder):
    return content.table(name, evidence, folder).replace("\N{NO-BREAK SPACE}", " ")


def test_leaders_table_links_its_cells_and_says_what_is_missing(evidence):
    lines = table_of("leaders x32", evidence, evidence.folder.parent)
    assert "| cave, chart_and_stuffed_toy | 43.00 / 5.00 | **45.50 ± 0.71** / **3.50 ± 0.71** |" in lines
    assert "[values](evidence/leaders/metrics.csv), [provenance](evidence/leaders/provenance.json)" in lines
    assert "1 of 7 cells missing" in lines and "abcdef0123" in lines


def test_lattices_of_an_unfinished_run_do_not_enter_a_mean(evidence, monkeypatch):
    monkeypatch.setattr(boards, "LATTICES", 9)
    lines = table_of("leaders x32", evidence, evidence.folder.parent)
    assert "| cave, chart_and_stuffed_toy | 43.00 / 5.00 | **45.00** / **4.00** |" in lines and "±" not in lines


def test_only_means_over_as_many_lattices_are_compared(evidence):
    path = evidence.folder / "leaders" / "metrics.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("42.0,3.0", "60.0,0.1"), encoding="utf-8")
    lines = table_of("leaders x32", Evidence(evidence.folder), evidence.folder.parent)
    assert "| cave-8, beads | 60.00 / 0.10 | **42.50" in lines


def test_headline_shows_both_groups_of_scenes(evidence):
    lines = table_of("headline", evidence, evidence.folder.parents[1])
    assert "x32, 2 distinct scenes" in lines and "docs/evidence/leaders/metrics.csv" in lines
    assert "| 44.00 ± 1.41 / 2.50 ± 0.71 | 45.50 ± 0.71 / 3.50 ± 0.71 |" in lines


def test_method_with_further_lattices_on_some_scenes_counts_with_the_default_one_on_all():
    places = [(m, s, r) for m, s in (("a", "one"), ("a", "two"), ("b", "one")) for r in ("first", "second")]
    cells = pd.DataFrame([*places, ("b", "two", "first")], columns=["method", "scene", "replicate"]).assign(dataset="d")
    kept = fair(cells, ["a", "b"])
    assert len(kept[kept["method"] == "a"]) == 4
    assert set(kept[kept["method"] == "b"]["replicate"]) == {"first"}


def test_loss_is_named_with_its_scene(evidence):
    assert "`ridge-dc` on cave-8 beads (+1.00 dB)" in content.table("where ours loses", evidence, evidence.folder)
    path = evidence.folder / "leaders" / "metrics.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("42.0,3.0", "40.0,3.0"), encoding="utf-8")
    assert "`ridge-dc` on cave-8 beads" not in content.table(
        "where ours loses", Evidence(evidence.folder), evidence.folder
    )


@pytest.mark.parametrize("name", sorted(content.TABLES.keys() - set(content.FROM_SPECIFICATIONS)))
def test_table_without_evidence_says_how_it_is_measured(tmp_path, name):
    text = content.table(name, Evidence(tmp_path / "docs" / "evidence"), tmp_path)
    assert text.startswith("*Not measured at this version; run `") and not list(typed_results(text))


def test_learned_baselines_are_listed_with_their_paper_code_and_licence(tmp_path):
    lines = content.table("learned baselines", Evidence(tmp_path), tmp_path).splitlines()
    assert "| `ssr-net` |" in lines[-3] and "| the official code states no licence |" in lines[-3]
    assert not any("||" in line.replace(" ", "") or "mossfuse" in line.lower() for line in lines)


def test_shortened_rows_and_known_scenes_are_marked_with_a_legend(evidence):
    path = evidence.folder / "leaders" / "metrics.csv"
    lines = path.read_text(encoding="utf-8").replace(
        "beads,0,42.0,3.0,ok,false,false", "beads,0,42.0,3.0,ok,false,true"
    )
    path.write_text(lines, encoding="utf-8")
    text = table_of("leaders x32", evidence, evidence.folder.parent)
    assert "| scene | `ridge-dc`‡ | `nsgp` |" in text and "‡ A learned row" in text
    assert "| cave-8, beads | 42.00° / 3.00° | **42.50" in text and "° Over scenes" in text


# Places of a page.


def test_marked_places_are_filled_and_nothing_else():
    page = "a\n<!-- table: one -->\nold\n<!-- /table -->\nb <!--n x y-->1<!--/n--> c\n"
    new = fill(page, lambda name: f"table {name}", lambda query: f"number {query}")
    assert new == "a\n<!-- table: one -->\n\ntable one\n\n<!-- /table -->\nb <!--n x y-->number x y<!--/n--> c\n"
    assert fill(new, lambda name: f"table {name}", lambda query: f"number {query}") == new


@pytest.mark.parametrize(
    "text",
    [
        "It reaches 46.09 dB.", "It gains 1 to 3 dB.", "at 4.5 degrees", "| method | PSNR dB |\n|---|---|\n| nsgp | 46.09 |",
        "| method | SAM |\n|---|---|\n| nsgp | **4.1** ± 0.2 |",
    ],
)  # fmt: skip
def test_typed_result_is_found(text):
    assert list(typed_results(text))


@pytest.mark.parametrize(
    "text",
    [
        "signal-to-noise ratio of 35/40, in dB", "`x8-gauss7s2-nikond5100`", "```\n46.09 dB\n```",
        "<!-- table: one -->\n| PSNR |\n|---|\n| 46.09 |\n<!-- /table -->", "<!--n a b-->46.09<!--/n--> dB",
        "<!-- published: a paper -->\n46.09 dB\n<!-- /published -->", "| size | seconds |\n|---|---|\n| a | 1.25 |",
    ],
)  # fmt: skip
def test_definition_evidence_and_citation_are_no_typed_results(text):
    assert not list(typed_results(text))


def test_published_figures_without_a_source_are_typed_results():
    assert list(typed_results("<!-- published:  -->\n46.09 dB\n<!-- /published -->"))


# Digests.


def test_evidence_of_other_code_is_stale_until_it_is_waived(evidence):
    folder = evidence.folder.parents[1] / "config" / "evidence"
    shutil.copytree(ROOT / "config" / "evidence", folder)
    (complaint,) = stale(evidence, evidence.folder.parents[1])
    assert complaint.startswith("leaders: rows 'nsgp' ran with code old, and now is ")
    waiver = {"part": "leaders", "row": "nsgp", "digest": "old", "reason": "only a message has changed"}
    (evidence.folder / "waivers.yaml").write_text(yaml.safe_dump({"waivers": [waiver]}), encoding="utf-8")
    assert not list(stale(evidence, evidence.folder.parents[1]))


def script_evidence(evidence, name, **provenance):
    """Write a provenance as a script of docs/measure does; return the folder of the repository."""
    evidence.folder.joinpath(name).mkdir()
    evidence.folder.joinpath(name, PROVENANCE).write_text(json.dumps(provenance), encoding="utf-8")
    root = evidence.folder.parents[1]
    shutil.copytree(ROOT / "config" / "evidence", root / "config" / "evidence")
    return root


def complaints_about(name, evidence, root):
    return [complaint for complaint in stale(evidence, root) if complaint.startswith(f"{name}:")]


def test_values_of_a_script_are_stale_where_the_code_behind_them_has_changed(evidence):
    known = digests(["nsgp", "mossfuse.estimation.sensor", "mossfuse.pair.work.prepare"])
    root = script_evidence(evidence, "trial", code={**known, "nsgp": "old", "mossfuse.gone.function": "1"})
    changed, gone = sorted(complaints_about("trial", evidence, root), reverse=True)
    assert f"'nsgp' ran with code old, and now is {known['nsgp']}" in changed
    assert "'mossfuse.gone.function' ran with code 1, and now is gone" in gone


def test_script_that_does_not_say_what_it_measures_is_stale(evidence):
    root = script_evidence(evidence, "trial", commit="1")
    (complaint,) = complaints_about("trial", evidence, root)
    assert "does not say what code its values are of" in complaint


def test_digest_of_a_stack_has_that_of_its_members():
    found = digests(["stack", "cnmf"])
    assert found["cnmf"] in found["stack"].split("-")


def test_every_evidence_of_a_script_is_on_a_page():
    text = "".join(page.read_text(encoding="utf-8") for page in tables.pages() if page.parent != tables.FOLDER)
    assert {name for name in scripts(Evidence(tables.FOLDER)) if f"evidence/{name}/" not in text} == set()


def test_every_commit_of_the_evidence_is_in_the_history():
    if not (ROOT / ".git").exists() or git("rev-parse", "--is-shallow-repository").stdout.strip() == "true":
        pytest.skip("needs the whole history of the repository")
    missing = []
    for path in sorted(tables.FOLDER.glob(f"*/{PROVENANCE}")):
        known = json.loads(path.read_text(encoding="utf-8"))
        for commit in [*known.get("commits", {}), *([known["commit"]] if "commit" in known else [])]:
            if git("merge-base", "--is-ancestor", commit, "HEAD").returncode:
                missing.append(f"{path.parent.name}: {commit}")
    assert missing == []


def git(*command):
    return subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True, check=False)


def test_interval_that_is_shown_covers_93_to_97_of_100_means():
    found = pd.read_csv(tables.FOLDER / "coverage" / "coverage.csv")
    shown = found[(found["rule"] == "bootstrap-t") & (found["n"] >= SMALLEST)]
    assert set(shown["n"]) >= {5, 8, 16, 32} and shown["coverage"].between(93, 97).all()


def test_waiver_without_a_reason_is_refused(tmp_path):
    path = tmp_path / "waivers.yaml"
    path.write_text("waivers: [{part: '*', row: nsgp, digest: '1', reason: ' '}]", encoding="utf-8")
    with pytest.raises(ValueError, match="a reason"):
        read_waivers(path)


def test_waiver_covers_its_own_digest_alone():
    waivers = [{"part": "leaders", "row": "nsgp", "digest": "1", "reason": "r"}]
    assert waived(waivers, "leaders", "nsgp", "1")
    assert not waived(waivers, "leaders", "nsgp", "2") and not waived(waivers, "real", "nsgp", "1")


def test_only_rows_that_every_seed_puts_on_one_side_are_called_better_or_worse():
    values = {"full": (30, 31), "above": (32, 33), "below": (29, 28), "mixed": (29, 33), "bicubic": (20, 20)}
    rows = [(name, seed, psnr) for name, both in values.items() for seed, psnr in enumerate(both)]
    cells = pd.DataFrame(rows, columns=["method", "seed", "std1 psnr"])
    assert (
        networks.agreed(cells, "full")
        == "Against `full` with every seed: `above` better, `below` worse (3 rows, 2 seeds)."
    )


def test_figure_carries_the_hash_of_its_values(tmp_path):
    values, picture = tmp_path / "weights.csv", tmp_path / "training-variants.png"
    lines = "dataset,method,step,psnr,sam\nphantom,bicubic,0,21,11\nphantom,fixed,1,22,9\nphantom,fixed,2,23,8\n"
    values.write_text(lines, encoding="utf-8")
    figures.draw(picture, values)
    assert figures.drawn_from(picture) == figures.hash_of(values)
    values.write_text(lines.replace("23", "24"), encoding="utf-8")
    assert figures.drawn_from(picture) != figures.hash_of(values)


def test_scripts_of_other_folders_are_no_parts():
    assert is_part(ROOT / "docs/evidence/leaders/provenance.json")
    assert not is_part(ROOT / "docs/evidence/speed/provenance.json")


def test_part_that_is_missing_raises_with_its_command(tmp_path):
    with pytest.raises(NotMeasured, match="config/evidence/real.yaml"):
        Evidence(tmp_path).part("real").where(method="nsgp")


# The export of a run.

SCORES = "convention,metric,value\nstd1,psnr,46.123456789\nstd1,sam,2.5\nstd1,cc,0.9\nmoss,psnr,40\nconsistency,residual_hsi_max,0\n"
RUN = {
    "status": "ok", "reason": "", "commit": "a" * 40, "dirty": False, "threads": 1, "started": "2026-01-01", "device_name": "a processor",
    "versions": {"numpy": "2"}, "cpu_seconds": 30, "notes": {"parameters": 12, "other": 3}, "code": {"row": "1234", "harness": "5678"},
}  # fmt: skip


def export_of(tmp_path, runs, **options):
    """Export a part of three cells of which ``runs`` (method -> changes of the record, and scores) have ended."""
    grid = [
        {
            "dataset": "cave-half",
            "degradations": [BASE],
            "methods": ["bicubic", "ridge-dc", "nsgp"],
        }
    ]
    settings = check_settings(
        {"name": "p", "results": str(tmp_path / "results"), "grid": grid, "timing": {"scenes": "none"}}
    )
    paths = Paths.of(settings)
    for method, (changes, scores) in runs.items():
        files = paths.cell("cave-half", BASE, method, "balloons", 0)
        files.folder.mkdir(parents=True)
        files.run.write_text(json.dumps({**RUN, **changes}), encoding="utf-8")
        files.score.write_text(scores, encoding="utf-8")
    counts = export("config/evidence/leaders.yaml", settings, tmp_path / "evidence", **options)
    return counts, tmp_path / "evidence"


def test_export_of_an_interrupted_run_has_what_is_finished(tmp_path):
    counts, folder = export_of(tmp_path, {"nsgp": ({}, SCORES), "bicubic": ({"dirty": True, "code": None}, SCORES)})
    assert counts == (3, 2)
    table = pd.read_csv(folder / "metrics.csv").set_index("method")
    assert list(table.index) == ["bicubic", "nsgp"]
    assert table.loc["nsgp", "std1 psnr"] == 46.12346 and table.loc["nsgp", "note parameters"] == 12
    assert not {"moss psnr", "std1 cc", "note other"} & set(table.columns)
    known = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    assert known["cells"] == {"planned": 3, "scored": 2, "failed": 0}
    assert known["cpu_minutes"] == 1
    assert known["commits"] == {"aaaaaaaaaa": 1, "aaaaaaaaaa+": 1}
    assert known["code"]["rows"]["nsgp"] == ["1234"] and set(known["code"]["rows"]) == {"bicubic", "nsgp"}
    assert known["rows"]["nsgp"]["weights"] == "none" and "reproduce" in known


def test_failed_cell_is_exported_with_its_reason_and_counts_in_no_table(tmp_path):
    failed = ({"status": "failed", "reason": "out of memory"}, "convention,metric,value\n")
    counts, folder = export_of(tmp_path, {"nsgp": failed, "bicubic": ({}, SCORES)})
    assert counts == (3, 1)
    table = pd.read_csv(folder / "metrics.csv").set_index("method")
    assert table.loc["nsgp", "reason"] == "out of memory"
    assert list(Evidence(tmp_path).part("evidence").cells["method"]) == ["bicubic"]


def test_cells_of_another_machine_join_those_that_are_there_and_change_none(tmp_path):
    _, folder = export_of(tmp_path, {"nsgp": ({}, SCORES), "bicubic": ({}, SCORES)})
    before = (folder / "metrics.csv").read_text(encoding="utf-8").splitlines()
    shutil.rmtree(tmp_path / "results")
    other = SCORES.replace("46.123", "40.123")
    elsewhere = {"commit": "b" * 40, "started": "2026-02-01", "code": {"row": "4321", "harness": "5678"}}
    export_of(tmp_path, {"nsgp": ({}, other), "ridge-dc": (elsewhere, other)}, add=True)
    lines = (folder / "metrics.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[2] for line in lines[1:]] == ["bicubic", "ridge-dc", "nsgp"]
    assert [lines[0], lines[1], lines[3]] == before
    known = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    assert known["cells"] == {"planned": 3, "scored": 3, "failed": 0} and known["started"] == [
        "2026-01-01",
        "2026-02-01",
    ]
    assert known["commits"] == {"aaaaaaaaaa": 2, "bbbbbbbbbb": 1} and known["cpu_minutes"] == 1.5
    assert known["code"]["rows"] == {"bicubic": ["1234"], "nsgp": ["1234"], "ridge-dc": ["4321"]}
    assert list(known["rows"]) and set(known["rows"]) == {"bicubic", "nsgp", "ridge-dc"}


def test_cells_that_were_run_again_take_the_place_of_the_exported_ones(tmp_path):
    failed = ({"status": "failed", "reason": "out of memory"}, "convention,metric,value\n")
    _, folder = export_of(tmp_path, {"nsgp": ({}, SCORES), "bicubic": ({}, SCORES), "ridge-dc": failed})
    before = (folder / "metrics.csv").read_text(encoding="utf-8").splitlines()
    shutil.rmtree(tmp_path / "results")
    other = SCORES.replace("46.123", "40.123")
    later = {"commit": "b" * 40, "started": "2026-02-01", "code": {"row": "4321", "harness": "5678"}}
    counts, _ = export_of(tmp_path, {"nsgp": (later, other), "ridge-dc": (later, other)}, replace=True)
    assert counts == (3, 2)
    lines = (folder / "metrics.csv").read_text(encoding="utf-8").splitlines()
    table = pd.read_csv(folder / "metrics.csv").set_index("method")
    assert lines[1] == before[1] and list(table.index) == ["bicubic", "ridge-dc", "nsgp"]
    assert (table.loc[["nsgp", "ridge-dc"], "std1 psnr"] == 40.12346).all() and (table["status"] == "ok").all()
    known = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    assert known["cells"] == {"planned": 3, "scored": 3, "failed": 0}
    assert known["commits"] == {"aaaaaaaaaa": 1, "bbbbbbbbbb": 2}
    assert known["code"]["rows"] == {"bicubic": ["1234"], "nsgp": ["4321"], "ridge-dc": ["4321"]}


@pytest.mark.parametrize("options", [[], ["--add"], ["--describe"]])
def test_command_without_results_writes_nothing(tmp_path, monkeypatch, options):
    import evidence as script

    monkeypatch.setattr(script, "EVIDENCE", tmp_path / "evidence")
    monkeypatch.setattr(sys, "argv", ["evidence.py", *options, "--results", str(tmp_path / "results"), "remote"])
    script.main()
    assert not (tmp_path / "evidence").exists()


def test_run_without_any_score_leaves_the_evidence_alone(tmp_path):
    assert export_of(tmp_path, {})[0] == (3, 0)
    assert not (tmp_path / "evidence").exists()
