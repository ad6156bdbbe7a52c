"""``mossfuse bench``: one verb per rule of the workflow, so that every step can be run by hand.

Each verb reads the effective configuration that the workflow wrote (results/settings.json) or any configuration.
"""

import logging
import shutil
import sys
from pathlib import Path

from mossfuse.benchmark.plan.grid import Cell, Grid
from mossfuse.benchmark.plan.settings import mirror_folders, read_settings
from mossfuse.benchmark.run.gpu_lock import claim_gpu
from mossfuse.benchmark.run.isolation import follow_workflow
from mossfuse.errors import MossFuseError
from mossfuse.files.atomic import write_json

log = logging.getLogger("mossfuse")
DATA = Path("data")
CALLS = 3  # of a method that a timing needs at most: a warm-up, a timed one, and one that counts operations


def add_verbs(parser):
    verbs = parser.add_subparsers(dest="step", required=True, metavar="STEP")

    def verb(name, function, help, *positional, options=()):
        sub = verbs.add_parser(name, help=help)
        sub.add_argument("--settings", default="config.yaml", help="configuration file (default: config.yaml)")
        for argument in positional:
            sub.add_argument(argument)
        for flag, settings in options:
            sub.add_argument(flag, **settings)
        sub.set_defaults(run=function)

    job = (
        ("--log", {"help": "file that takes the method's own output"}),
        ("--gpu", {"type": int, "default": 1, "help": "0: do not use a GPU"}),
        ("--checkpoint", {"help": "weights file"}),
        ("--base", {"help": "cube that a refinement starts from"}),
    )
    verb("fetch", fetch, "make every scene's raw files available")
    verb("prepare", prepare, "read one scene into data/DATASET/scenes", "dataset", "scene")
    verb("scenes", scenes, "write the hash of every prepared scene's content")
    verb("degrade", degrade, "make the degraded pair of one scene", "dataset", "degradation", "scene")
    verb("registry-file", registry_file, "get one file of the registry", "name", "output")
    verb("train", train, "train one row: DATASET/DEGRADATION/METHOD/seedN", "training", options=job[:2])
    verb("fuse", fuse, "run one cell: DATASET/DEGRADATION/METHOD/SCENE/seedN", "cell", options=job)
    verb("time", clock, "time one cell", "cell", options=job)
    verb("score", score, "score one finished cell", "cell")
    verb("curve", curve, "score the cubes that a cell saved on its way", "cell")
    verb("render-pair", render_pair, "pictures of one scene and its pair", "dataset", "degradation", "scene")
    verb("collect", collect, "gather every cell into the tables")
    verb("report", report, "build the report")
    verb("verdict", verdict, "tell which cells failed and forget their status")


def load(options):
    follow_workflow()
    settings = read_settings(options.settings)
    return settings, Grid(settings)


def parse_cell(text, grid):
    """'dataset/degradation/method/scene/seedN' as a Cell of the grid."""
    parts = text.split("/")
    if len(parts) != 5 or not parts[4].startswith("seed") or not parts[4][4:].isdigit():
        raise MossFuseError(f"cell '{text}' is not of the form DATASET/DEGRADATION/METHOD/SCENE/seedN")
    if parts[2] not in grid.rows:
        raise MossFuseError(f"cell '{text}': the configuration has no row '{parts[2]}'; add it to the grid's methods")
    cell = Cell(*parts[:4], int(parts[4][4:]))
    if cell not in grid.runs():
        raise MossFuseError(
            f"cell '{text}' is not in the configuration's grid; check data set, degradation, scene and seed"
        )
    return cell


def degradation_of(name, grid):
    if name not in grid.degradations:
        raise MossFuseError(f"the configuration has no degradation '{name}'; it has: {', '.join(grid.degradations)}")
    return grid.degradations[name]


def device_of(options):
    """'auto' with a GPU of this job's own where there are several, or 'cpu'."""
    if not options.gpu:
        return "cpu"
    claim_gpu()
    return "auto"


def fetch(options):
    from mossfuse.benchmark.data.prepare import fetch_dataset

    settings, grid = load(options)
    for label, scenes in grid.scenes_to_prepare().items():
        fetch_dataset(grid.block_of(label).dataset, scenes, DATA / label, mirror_folders(settings))
        log.info("%s: %d scenes ready", label, len(scenes))


def prepare(options):
    from mossfuse.benchmark.data.prepare import prepare_scene

    settings, grid = load(options)
    block = grid.block_of(options.dataset)
    if options.scene not in block.spec.scenes:
        raise MossFuseError(
            f"dataset '{block.dataset}' has no scene '{options.scene}'; it has: {', '.join(block.spec.scenes)}"
        )
    prepare_scene(block.dataset, options.scene, DATA / block.label, mirror_folders(settings), **block.options)


def scenes(options):
    import json

    from mossfuse.files import read_cube
    from mossfuse.files.hashing import array_sha256

    settings, grid = load(options)
    out = {}
    for label, names in grid.scenes_to_prepare().items():
        facts = {name: json.loads((DATA / label / "fetched" / f"{name}.json").read_text()) for name in names}
        out[label] = {
            name: {
                "sha256": array_sha256(read_cube(DATA / label / "scenes" / f"{name}.mat")[0]),
                "source": facts[name]["source"],
                "verified": facts[name]["verified"],
            }
            for name in sorted(names)
        }
    write_json(Path(settings["results"]) / "scenes.json", out)


def degrade(options):
    from mossfuse.benchmark.data.pairs import write_pair
    from mossfuse.degradations.responses import load_srf
    from mossfuse.files import read_cube
    from mossfuse.physics import degrade as physics

    settings, grid = load(options)
    block, degradation = grid.block_of(options.dataset), degradation_of(options.degradation, grid)
    cube, wavelengths = read_cube(DATA / options.dataset / "scenes" / f"{options.scene}.mat")
    srf = load_srf(degradation.srf, wavelengths, mirror_folders(settings))
    pair = physics.degrade(cube, degradation, srf, scene=options.scene, wavelengths=wavelengths)
    write_pair(
        Path(settings["results"], options.dataset, options.degradation, "_pairs", f"{options.scene}.mat"),
        pair,
        degradation=degradation,
        split="train" if options.scene in block.spec.train else "test",
        seen_in_training=options.scene in block.spec.train,
    )


def registry_file(options):
    from mossfuse.remote.registry import obtain_file

    settings, _ = load(options)
    found = obtain_file(options.name, mirror_folders(settings))
    part = Path(f"{options.output}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(found.path, part)
    part.replace(options.output)


def train(options):
    from mossfuse.benchmark.run.cell import train_row

    settings, grid = load(options)
    known = {f"{label}/{degradation}/{row}/seed{seed}" for label, degradation, row, seed in grid.trainings()}
    if options.training not in known:
        raise MossFuseError(
            f"training '{options.training}' (DATASET/DEGRADATION/METHOD/seedN) is none of the configuration's: "
            f"{', '.join(sorted(known)) or 'nothing is trained'}"
        )
    label, degradation, name, seed = options.training.split("/")
    block, row = grid.block_of(label), grid.rows[name]
    pairs = [Path(settings["results"], label, degradation, "_pairs", f"{s}.mat") for s in block.train_scenes]
    truths = [DATA / label / "scenes" / f"{s}.mat" for s in block.train_scenes]
    record = train_row(
        row,
        label=label,
        degradation=degradation,
        seed=int(seed.removeprefix("seed")),
        folder=Path(settings["checkpoints"], label, degradation, name, seed),
        pairs=pairs,
        truths=truths if row.method.trains == "supervised" else [],
        scenes=block.train_scenes,
        device=device_of(options),
        threads=settings["threads"]["train"],
        limit_s=settings["limits"]["train_s"],
        log=prepared_log(options),
    )
    say(record, options.training, f"trained in {record.get('seconds', 0):.1f} s")


def fuse(options):
    from mossfuse.benchmark.run.cell import run_cell, run_external

    settings, grid = load(options)
    cell = parse_cell(options.cell, grid)
    row = grid.rows[cell.method]
    results = Path(settings["results"])
    pair = results / cell.dataset / cell.degradation / "_pairs" / f"{cell.scene}.mat"
    if row.external is not None and not row.suffix:
        record = run_external(cell, row, folder=results / cell.folder, pair=pair)
    else:
        record = run_cell(
            cell,
            row,
            folder=results / cell.folder,
            pair=pair,
            checkpoint=options.checkpoint,
            base=options.base,
            device=device_of(options),
            threads=settings["threads"]["fuse"],
            limit_s=settings["limits"]["fuse_s"],
            log=prepared_log(options),
        )
    say(record, options.cell, f"fused in {record.get('seconds', 0):.2f} s")


def clock(options):
    from mossfuse.benchmark.run.cell import time_cell

    settings, grid = load(options)
    cell = parse_cell(options.cell, grid)
    results = Path(settings["results"])
    time_cell(
        cell,
        grid.rows[cell.method],
        folder=results / cell.folder,
        pair=results / cell.dataset / cell.degradation / "_pairs" / f"{cell.scene}.mat",
        checkpoint=options.checkpoint,
        base=options.base,
        device=device_of(options),
        timing=settings["timing"],
        threads=settings["threads"]["fuse"],
        limit_s=CALLS * settings["limits"]["fuse_s"] + settings["timing"]["budget_s"],
        log=prepared_log(options),
    )


def score(options):
    from mossfuse.benchmark.results.score_cell import score_cell

    settings, grid = load(options)
    cell = parse_cell(options.cell, grid)
    results = Path(settings["results"])
    folder = results / cell.folder
    score_cell(
        run=folder / "run.json",
        cube=folder / "fused.mat",
        folder=folder,
        conventions=settings["conventions"],
        pair=results / cell.dataset / cell.degradation / "_pairs" / f"{cell.scene}.mat",
        truth=DATA / cell.dataset / "scenes" / f"{cell.scene}.mat",
    )


def curve(options):
    from mossfuse.benchmark.results.curve import score_iterates

    settings, grid = load(options)
    cell = parse_cell(options.cell, grid)
    folder = Path(settings["results"]) / cell.folder
    score_iterates(
        iterates=folder / "iterates",
        truth=DATA / cell.dataset / "scenes" / f"{cell.scene}.mat",
        ratio=grid.degradations[cell.degradation].ratio,
        convention=settings["conventions"][0],
        output=folder / "curve.csv",
    )


def render_pair(options):
    from mossfuse.benchmark.results import score_cell as scoring

    settings, _ = load(options)
    place = Path(settings["results"], options.dataset, options.degradation)
    scoring.render_pair(
        pair=place / "_pairs" / f"{options.scene}.mat",
        truth=DATA / options.dataset / "scenes" / f"{options.scene}.mat",
        folder=place / "_scenes" / options.scene / "view",
    )


def collect(options):
    from mossfuse.benchmark.results.collect import collect as gather

    settings, grid = load(options)
    gather(grid, settings["results"], settings["checkpoints"])


def report(options):
    from mossfuse.benchmark.report import build_report

    settings, _ = load(options)
    results, reports = Path(settings["results"]), Path(settings["reports"])
    build_report(results, Path(settings["checkpoints"]), DATA, reports)
    shutil.rmtree(results / "report", ignore_errors=True)
    shutil.copytree(reports, results / "report", ignore=shutil.ignore_patterns("README.md", ".gitignore"))


def verdict(options):
    from mossfuse.benchmark.results.verdict import verdict as judge

    settings, grid = load(options)
    results = Path(settings["results"])
    runs = [results / cell.folder / "run.json" for cell in grid.runs()]
    trainings = [Path(settings["checkpoints"], *map(str, t[:3]), f"seed{t[3]}", "train.json") for t in grid.trainings()]
    failures = judge(runs, trainings, results / "verdict.txt")
    if failures:
        listing = "\n".join(f"  {line}" for line in failures)
        raise MossFuseError(
            f"{len(failures)} of {len(runs) + len(trainings)} runs failed; everything else and the report are "
            f"finished, and the next run tries exactly these again:\n{listing}"
        )
    log.info("%d cells finished; open %s/index.html", len(runs), settings["reports"])


def prepared_log(options):
    if options.log:
        Path(options.log).parent.mkdir(parents=True, exist_ok=True)
        Path(options.log).write_bytes(b"")
    return options.log


def say(record, place, success):
    """One line per job for the person who watches."""
    line = success if record["status"] == "ok" else f"FAILED: {record['reason']}"
    sys.stderr.write(f"{place}: {line}\n")
