"""What a run shows: a line for each rule, bars of trainings, failed jobs in full; on a terminal, in a file, without colour."""

import io
import os
import subprocess
import sys
import textwrap

import pytest
from rich.console import Console

from helpers.repository import ROOT

sys.path.insert(0, str(ROOT / "workflow" / "logger"))
from snakemake_logger_plugin_mossfuse.display import LiveDisplay, PlainDisplay  # noqa: E402
from snakemake_logger_plugin_mossfuse.rules import Rules, clock, read_bar  # noqa: E402

BAR = "training on 5 pairs:  23%|##   | 160/700 [00:32<01:48,  5.00it/s, loss 0.0123, held out 0.0113]"


@pytest.fixture
def rules(tmp_path):
    """A run in which prepare has finished, one of four scores has failed, and a training is under way."""
    rules = Rules()
    rules.plan({"prepare": 2, "score": 4, "train": 1, "report": 1, "total": 8})
    for job in (1, 2):
        rules.begin("prepare", job, [], 0.0)
        rules.end("prepare", job, False, 3.0)
    rules.begin("score", 3, [], 3.0)
    rules.end("score", 3, False, 5.0)
    rules.begin("score", 4, [], 5.0)
    rules.end("score", 4, True, 6.0)
    log = tmp_path / "train.log"
    log.write_text(f"started\n\r{BAR[:20]}\r{BAR}", encoding="utf-8")
    rules.begin("train", 5, [log], 6.0)
    return rules


def drawn(rules, **options):
    """Return the lines that a terminal shows."""
    console = Console(file=io.StringIO(), width=80, height=24, highlight=False, **options)
    console.print(LiveDisplay(console, rules).render())
    return console.file.getvalue().splitlines()


def test_every_rule_has_a_line_that_fits_80_columns(rules):
    lines = drawn(rules)
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert "3 of 8 steps" in lines[0] and "1 failed" in lines[0]
    assert "prepare scenes" in text and "2/2" in text and "then: report" in text
    assert "160/700" in text and "loss 0.0123, held out 0.0113" in text and "1:48 left" in text


def test_no_colour_is_written_where_none_is_wanted(rules, monkeypatch):
    coloured = "\n".join(drawn(rules, force_terminal=True, color_system="standard"))
    assert "\x1b[31m" in coloured or "\x1b[1;31m" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    plain = "\n".join(drawn(rules, force_terminal=True, color_system="standard"))
    assert "31m" not in plain


def test_time_left_follows_from_the_jobs_that_have_ended(rules):
    score = rules.rules["score"]
    assert score.left(6.0, []) == pytest.approx(2 * 2.0)  # two jobs of two seconds, one at a time
    assert rules.rules["report"].left(6.0, []) is None


def test_bar_followed_by_another_line_is_over(tmp_path):
    log = tmp_path / "train.log"
    log.write_text(f"{BAR}\r      \rdone\n", encoding="utf-8")
    assert read_bar(log) is None
    log.write_text(f"x\n{BAR}", encoding="utf-8")
    assert (read_bar(log).done, read_bar(log).total, read_bar(log).left) == (160, 700, 108.0)
    assert read_bar(tmp_path / "missing.log") is None
    assert [clock(s) for s in (0, 61, 3725)] == ["0:00", "1:01", "1:02:05"]


def test_plain_lines_are_said_once(rules):
    console = Console(file=io.StringIO(), width=80)
    display = PlainDisplay(console, rules)
    display.update(display.began + 7)
    display.update(display.began + 8)
    assert console.file.getvalue() == "[0:07] prepare scenes: 2 of 2 in 0:03\n"


def test_run_without_a_terminal_writes_plain_lines_and_failed_jobs_in_full(tmp_path):
    (tmp_path / "Snakefile").write_text(
        textwrap.dedent("""\
        rule all:
            input: "a.txt", "b.txt"
        rule a:
            output: "a.txt"
            shell: "echo chatter; touch {output}"
        rule b:
            output: "b.txt"
            log: "b.log"
            shell: "echo 'the reason [of the failure]' > {log}; echo 'bar: 100%|###| 5/5 [00:02<00:00, 2.00it/s]' >> {log}; exit 1"
        """),
        encoding="utf-8",
    )
    path = os.pathsep.join([str(ROOT / "workflow" / "logger"), os.environ.get("PYTHONPATH", "")])
    run = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", "--keep-going", "--logger", "mossfuse"],
        cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert run.returncode == 1
    assert "a: 1 of 1 in 0:0" in run.stderr
    assert "FAILED: b\nthe reason [of the failure]\n" in run.stderr
    assert "bar:" not in run.stderr
    assert "1 of 2 steps" in run.stderr and "1 failed" in run.stderr
    assert "chatter" not in run.stdout + run.stderr and "\x1b" not in run.stderr
    assert "exit status" not in run.stderr  # said once
    everything = (tmp_path / "logs" / "run.log").read_text(encoding="utf-8")
    assert "chatter" in everything and "Job stats" in everything


def test_mistake_in_a_configuration_is_shown(tmp_path):
    (tmp_path / "Snakefile").write_text(
        "from snakemake.exceptions import WorkflowError\nraise WorkflowError('no such key')\n", encoding="utf-8"
    )
    path = os.pathsep.join([str(ROOT / "workflow" / "logger"), os.environ.get("PYTHONPATH", "")])
    run = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", "--logger", "mossfuse"],
        cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert run.returncode == 1 and "no such key" in run.stderr
