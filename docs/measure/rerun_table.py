"""Make one edit after another in a copy of the code and see which jobs a finished run plans again: the table of docs/reruns.md.

    python docs/measure/rerun_table.py            # print the table (some minutes)
    python docs/measure/rerun_table.py --write    # write it into docs/reruns.md

The run has three rows: bicubic, mossfuse with a short training, and mossfuse+sdc. What is planned comes from dry runs of Snakemake;
what should be planned follows from the list of edits below and the order of the jobs. tests/unit/test_reruns.py compares the
list with the digests themselves.
"""

import argparse
import ast
import queue
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reruns.md"
BEGIN, END = "<!-- reruns: begin -->", "<!-- reruns: end -->"
ROWS = ("bicubic", "mossfuse", "mossfuse+sdc")
TRAINED = ROWS[1:]
SCENE, TRAINING_SCENES = "mosaic", ("globes", "beads")
SCENES = (SCENE, *TRAINING_SCENES)
PLACE = {"dataset": "phantom", "as": "phantom-64", "options": {"size": 64, "seed": 0}}
DEGRADATION = "x8-gauss7s2-nikond5100"
CONFIG = {
    "grid": [
        {
            **PLACE,
            "scenes": [SCENE],
            "train_scenes": list(TRAINING_SCENES),
            "degradations": [DEGRADATION],
            "methods": list(ROWS),
        }
    ],
    "methods": {
        "mossfuse": {"train": {"dim": 8, "num_blocks": 1, "steps": 5, "patch": 32, "batch": 2, "learning_rate": 0.004}}
    },
    "timing": {"scenes": "first", "repeats": 1, "budget_s": 5},
}
FUSE, TIME, SCORE, DRAW, PREPARE, DEGRADE = (
    tuple(f"{rule} {item}" for item in items)
    for rule, items in (
        ("fuse", ROWS),
        ("time", ROWS),
        ("score", ROWS),
        ("draw_cell", ROWS),
        ("prepare", SCENES),
        ("degrade", SCENES),
    )
)
EVERY_CUBE = (*FUSE, *TIME, "train mossfuse")


@dataclass(frozen=True)
class Edit:
    """One edit: a file, the function in which a statement is added (or the text that is replaced), and the jobs it concerns.

    what: its name in the table, where the file and the function do not say it. jobs: 'RULE ITEM' of those that the edit may
    change by itself; those that follow from them are added. describes: whether it changes what the report says alone.
    """

    file: str
    where: str | tuple[str, str]
    jobs: tuple[str, ...] = ()
    what: str = ""
    describes: bool = False

    @property
    def name(self) -> str:
        """The edit as the table names it."""
        return self.what or f"`{self.file}`: `{self.where}`"


def described(file: str, old: str, what: str) -> Edit:
    """Return an edit of a descriptive text."""
    return Edit(file, (old, f"{old[0] if old[0] == chr(34) else ''}Another text"), what=what, describes=True)


RUN, DATA, VERBS = "mossfuse/benchmark/run", "mossfuse/benchmark/data", "mossfuse/cli/bench"
EDITS = (
    # The path of a cell.
    Edit(f"{VERBS}/cells.py", "fuse", FUSE),
    Edit(f"{RUN}/cell.py", "run_cell", FUSE),
    Edit(f"{RUN}/cell.py", "blocking_reason", FUSE),
    Edit(f"{RUN}/isolation.py", "run_child", EVERY_CUBE),
    Edit(f"{RUN}/child.py", "main", EVERY_CUBE),
    Edit(f"{RUN}/child.py", "fuse", FUSE),
    Edit(f"{DATA}/pairs.py", "read_pair", (*EVERY_CUBE, *SCORE, f"draw_pair {SCENE}")),
    Edit("mossfuse/files/mat.py", "read", (*PREPARE, *DEGRADE, *EVERY_CUBE, *SCORE, *DRAW, f"draw_pair {SCENE}")),
    Edit("mossfuse/fusion_check.py", "check_cube", FUSE),
    Edit("mossfuse/refine.py", "make_consistent", ("fuse mossfuse+sdc", "time mossfuse+sdc")),
    Edit("baselines/bicubic.py", "fuse", ("fuse bicubic", "time bicubic")),
    Edit("mossfuse/methods/mossfuse.py", "fuse_tiles", ("train mossfuse", "fuse mossfuse", "fuse mossfuse+sdc")),
    Edit(f"{RUN}/child.py", "train", ("train mossfuse",)),
    Edit(f"{RUN}/training.py", "train_row", ("train mossfuse",)),
    # Scenes and pairs.
    Edit(f"{VERBS}/data.py", "prepare", PREPARE),
    Edit(f"{DATA}/prepare.py", "prepare_scene", PREPARE),
    Edit(f"{DATA}/prepare.py", "fetch_dataset"),
    Edit("mossfuse/datasets/phantom/__init__.py", "generate", PREPARE),
    Edit("mossfuse/datasets/cave.py", "load"),
    Edit(f"{VERBS}/data.py", "degrade", DEGRADE),
    Edit(f"{DATA}/make_pair.py", "make_pair", DEGRADE),
    Edit(f"{DATA}/pairs.py", "write_pair", DEGRADE),
    Edit("mossfuse/physics/degrade.py", "degrade", DEGRADE),
    Edit("mossfuse/degradations/responses/nikon_d5100.py", "table", DEGRADE),
    Edit("mossfuse/degradations/responses/landsat8.py", ("RESPONSES", "RESPONSES = RESPONSES_ = NONE = ()\nRESPONSES")),
    Edit("mossfuse/remote/download.py", "obtain"),
    # The clock, scores and pictures.
    Edit(f"{VERBS}/cells.py", "time", TIME),
    Edit(f"{RUN}/cell.py", "time_cell", TIME),
    Edit(f"{RUN}/child.py", "clock", TIME),
    Edit(f"{RUN}/timing.py", "measure", TIME),
    Edit("mossfuse/benchmark/results/score_cell.py", "score_cell", SCORE),
    Edit("mossfuse/metrics/definitions/rmse.py", "rmse", SCORE),
    Edit("mossfuse/metrics/definitions/scc.py", "edges"),
    Edit("mossfuse/benchmark/pictures/images.py", "save_map", DRAW),
    Edit("mossfuse/colour.py", "composite_bands", (*DRAW, f"draw_pair {SCENE}")),
    # What records, finds or says.
    Edit(f"{RUN}/provenance.py", "versions"),
    Edit(f"{RUN}/records.py", "start_record"),
    Edit(f"{RUN}/isolation.py", "follow_workflow"),
    Edit("mossfuse/discovery.py", "search"),
    Edit("mossfuse/errors.py", "suggestion"),
    Edit("mossfuse/progress.py", "track"),
    Edit("mossfuse/benchmark/plan/grid.py", "make_row"),
    Edit("mossfuse/benchmark/results/collect.py", "nested_means", ("collect",)),
    Edit("mossfuse/benchmark/report/board.py", "marks", ("report",)),
    # What only describes.
    Edit("baselines/bicubic.py", ('title="Bicubic', 'title="Another'), what="title of a method", describes=True),
    described("baselines/bicubic.py", "R. Keys. Cubic convolution", "citation of a method"),
    described("baselines/bicubic.py", "uses the LR-HSI alone", "note of a method"),
    described("mossfuse/methods/mossfuse.py", "own implementation (the official code states", "licence of a method"),
    described("mossfuse/methods/mossfuse.py", "the figure names neither dataset", "published figure of a method"),
    described("mossfuse/datasets/phantom/__init__.py", "generated; MIT, as", "terms of a dataset"),
    described("mossfuse/datasets/phantom/__init__.py", "Phantom: studio scenes", "title of a dataset"),
    described("mossfuse/metrics/definitions/rmse.py", '"sqrt(MSE', "formula of a metric"),
    Edit("mossfuse/metrics/definitions/rmse.py", ("decimals=", "decimals=1+"), what="digits of a metric", describes=True),
    Edit("baselines/bicubic.py", ('"""Interpolate', '"""Really interpolate'), what="docstring"),
    Edit("baselines/bicubic.py", ("def fuse(", "# A comment.\ndef fuse("), what="comment"),
    Edit("baselines/bicubic.py", ("seed=0", "seed: int = 0"), what="type of an argument"),
    Edit(
        "mossfuse/methods/mossfuse.py",
        ('"smoke": {', '"other": {}, "smoke": {'),
        what="preset that no row uses",
    ),
)  # fmt: skip


def edited(edit: Edit, root: Path = ROOT) -> str:
    """Return the text of the edit's file below ``root`` after the edit; raise ValueError where its place does not exist."""
    text = (root / edit.file).read_text(encoding="utf-8")
    if isinstance(edit.where, tuple):
        old, new = edit.where
        if old not in text:
            raise ValueError(f"{edit.file} does not hold '{old}'")
        return text.replace(old, new, 1)
    return in_function(text, edit.where, "EDITED = 1")


def in_function(text: str, name: str, statement: str) -> str:
    """Return the text of a module with a statement added to a function; raise ValueError where there is no such function."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            last = node.body[-1]
            lines = text.splitlines(keepends=True)
            lines.insert(last.lineno - 1, f"{' ' * last.col_offset}{statement}\n")
            return "".join(lines)
    raise ValueError(f"there is no function {name}")


def followers(job: str) -> tuple[str, ...]:
    """Return the jobs that read what a job makes."""
    rule, _, item = job.partition(" ")
    here = item in (SCENE, "")
    after = {
        "prepare": (f"degrade {item}", "scenes", *((*SCORE, *DRAW, f"draw_pair {SCENE}") if here else ())),
        "scenes": ("collect",),
        "degrade": (*FUSE, *TIME, *SCORE, f"draw_pair {SCENE}") if here else ("train mossfuse",),
        "train": ("fuse mossfuse", "time mossfuse", "collect", "verdict"),
        "fuse": (f"time {item}", f"score {item}", f"draw_cell {item}", "collect", "verdict")
        + (("fuse mossfuse+sdc", "time mossfuse+sdc") if item == "mossfuse" else ()),
        "time": ("collect",),
        "score": ("collect",),
        "draw_cell": ("report",),
        "draw_pair": ("report",),
        "collect": ("report",),
        "report": ("verdict",),
        "verdict": (),
    }
    return after[rule]


def with_followers(jobs: tuple[str, ...] | set[str]) -> set[str]:
    """Return jobs and everything that follows from them."""
    found: set[str] = set()
    todo = list(jobs)
    while todo:
        job = todo.pop()
        if job not in found:
            found.add(job)
            todo.extend(followers(job))
    return found


def expected(edit: Edit) -> set[str]:
    """Return the jobs that the edit should run again."""
    return with_followers((*edit.jobs, *(("collect",) if edit.describes else ())))


def snakemake(code: Path, folder: Path, *arguments: str) -> str:
    """Call Snakemake on a copy of the code in a folder of results and return what it prints."""
    command = [sys.executable, "-m", "snakemake", "-s", str(code / "Snakefile"), "--directory", str(folder)]
    done = subprocess.run([*command, "--cores", "2", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return done.stdout + done.stderr


def planned(code: Path, folder: Path) -> set[str]:
    """Return the jobs of a dry run."""
    jobs = set()
    for block in re.split(r"\n(?=(?:local)?rule )", snakemake(code, folder, "--dry-run")):
        rule = re.match(r"(?:local)?rule (\w+):", block)
        if rule and rule[1] not in ("all", "fetch"):
            wildcards = dict(re.findall(r"(\w+)=([^,\n]+)", block.partition("wildcards:")[2].partition("\n")[0]))
            jobs.add(f"{rule[1]} {wildcards.get('method', wildcards.get('scene', ''))}".strip())
    return jobs


def copy_code(target: Path) -> Path:
    """Copy what the workflow reads and return the folder."""
    for name in ("mossfuse", "baselines", "workflow"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "Snakefile", target / "Snakefile")
    return target


def measure(edits: tuple[Edit, ...] = EDITS, workers: int = 1) -> list[tuple[Edit, set[str]]]:
    """Return every edit with the jobs that Snakemake plans after it; each worker has copies of its own."""
    with tempfile.TemporaryDirectory() as place:
        code, folder = copy_code(Path(place) / "code"), Path(place) / "run"
        folder.mkdir()
        (folder / "config.yaml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
        snakemake(code, folder)
        assert not planned(code, folder)
        places: queue.Queue[tuple[Path, Path]] = queue.Queue()
        for number in range(workers):
            own = Path(place) / str(number)
            places.put((shutil.copytree(code, own / "code"), shutil.copytree(folder, own / "run")))

        def after(edit: Edit) -> tuple[Edit, set[str]]:
            code, folder = places.get()
            path = code / edit.file
            before = path.read_text(encoding="utf-8")
            path.write_text(edited(edit, code), encoding="utf-8")
            jobs = planned(code, folder)
            path.write_text(before, encoding="utf-8")
            places.put((code, folder))
            sys.stderr.write(f"{edit.name}: {len(jobs)} jobs\n")
            return edit, jobs

        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(after, edits))


def counted(jobs: set[str]) -> str:
    """Return jobs as 'fuse 3, score 3', in the order of the workflow."""
    order = ("prepare", "scenes", "degrade", "train", "fuse", "time", "score", "draw_cell", "draw_pair", "collect", "report", "verdict")  # fmt: skip
    counts = {rule: sum(job.split()[0] == rule for job in jobs) for rule in order}
    return ", ".join(f"{rule} {count}" for rule, count in counts.items() if count) or "nothing"


def table(found: list[tuple[Edit, set[str]]]) -> str:
    """Return the table as Markdown."""
    lines = ["| edit | jobs planned again | missing | in vain |", "|---|---|---|---|"]
    for edit, jobs in found:
        wanted = expected(edit)
        lines.append(f"| {edit.name} | {counted(jobs)} | {len(wanted - jobs)} | {len(jobs - wanted)} |")
    missing = sum(len(expected(edit) - jobs) for edit, jobs in found)
    vain = sum(len(jobs - expected(edit)) for edit, jobs in found)
    lines.append(f"| {len(found)} edits | | {missing} | {vain} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, and print the table or write it into the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the table into docs/reruns.md")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="dry runs at once")
    options = parser.parse_args()
    text = table(measure(workers=options.workers))
    sys.stdout.write(text + "\n")
    if options.write:
        page = PAGE.read_text(encoding="utf-8")
        head, tail = page.split(BEGIN)[0], page.split(END)[1]
        PAGE.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
