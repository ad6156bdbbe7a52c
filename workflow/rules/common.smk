# The checked configuration, and the functions that turn wildcards into files. Methods are found by name.
import json
import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from shlex import quote

from snakemake.exceptions import WorkflowError

sys.path.insert(0, str(Path(workflow.basedir)))
from mossfuse.benchmark.data.raw_files import raw_digest
from mossfuse.benchmark.data.srf_tables import response_digest
from mossfuse.benchmark.plan.cells import Cell
from mossfuse.benchmark.plan.covered import (
    CoveredCode,
    degradation_settings,
    row_settings,
    timing_settings,
    training_settings,
)
from mossfuse.benchmark.plan.disk import require_disk
from mossfuse.benchmark.plan.download_lines import lines_for
from mossfuse.benchmark.plan.grid import Grid, untrained
from mossfuse.benchmark.plan.paths import Paths
from mossfuse.benchmark.plan.settings import check_settings
from mossfuse.benchmark.results.about import catalogue_digest
from mossfuse.benchmark.run import gpu_lock, settling, warm
from mossfuse.benchmark.run.dry_run import end_with
from mossfuse.benchmark.run.pace import pace, pace_planning
from mossfuse.errors import MossFuseError
from mossfuse.files.atomic import write_json
from mossfuse.remote.download import mirror_folders

try:
    SETTINGS = check_settings(dict(config), "configuration")
    GRID = Grid(SETTINGS)
    COVERED = CoveredCode(GRID)
except MossFuseError as error:
    raise WorkflowError(str(error))

PATHS = Paths.of(SETTINGS)
# The patterns of the rules: the same map, asked with wildcards.
PAIR_NAMES = ("{dataset}", "{degradation}", "{scene}")
CELL_NAMES = ("{dataset}", "{degradation}", "{method}", "{scene}", "{seed}")
CELL = PATHS.cell(*CELL_NAMES)
PAIR = PATHS.pair(*PAIR_NAMES)
# A scene that was read with options has a folder of its own.
SCENE = replace(PATHS.dataset("{dataset}"), variant="{variant}").scene("{scene}")
# A cube is removed once everything that reads it is finished, unless the configuration keeps it.
CUBE = CELL.cube if SETTINGS["keep_cubes"] == "all" else temp(CELL.cube)
SHOWN = sorted(set(GRID.shown_replicates().values()))
TRAINING = PATHS.training("{dataset}", "{degradation}", "{method}", "{seed}")
# Added to the priority of what reads a cube that goes afterwards: more than any other priority.
CUBES_GO = 1_000_000
# From so many jobs on, a warm process is worth its start.
WARM_FROM = 12
REAL_PAIRS = [name for name, d in GRID.degradations.items() if d.srf == "estimated"]
TRACED = [name for name, row in GRID.rows.items() if row.iterates]
# `snakemake` may be called by its path: jobs use the Python and the package that belong to it.
for name, first in (
    ("PATH", Path(sys.executable).parent),
    ("PYTHONPATH", Path(workflow.basedir)),
):
    os.environ[name] = os.pathsep.join(
        str(p) for p in (first, os.environ.get(name)) if p
    )

# The effective configuration is no parameter of a job: another one, with results elsewhere, would make shared data again.
# Text is UTF-8, whatever the locale says.
os.environ.update(MOSSFUSE_SETTINGS=str(PATHS.settings), PYTHONUTF8="1")

# Places for fusions on one GPU of this machine; on a cluster its scheduler hands out whole GPUs.
SHARES = SETTINGS["fits_per_gpu"] if workflow.local_exec else 1
if workflow.is_main_process:
    os.environ[gpu_lock.FITS] = str(SHARES)
# An undeclared resource total is unlimited, so the number of places is declared where there are GPUs.
GPUS = len(gpu_lock.visible_gpus())
if GPUS and "gpu" not in workflow.global_resources:
    workflow.register_resource("gpu", GPUS * SHARES)


wildcard_constraints:
    variant="(-[0-9a-f]{8})?",
    dataset="[^/_][^/]*",
    degradation="[^/]+",
    method="[^/_][^/]*",
    scene="[^/]+",
    seed=r"\d+",


# Every job reads the effective configuration: file, --configfile and --config together.
onstart:
    try:
        require_disk(GRID, PATHS)
        write_json(PATHS.settings, SETTINGS)
    except MossFuseError as error:
        raise WorkflowError(str(error))
    if workflow.local_exec:
        pace(workflow.scheduler)
        if len(list(workflow.dag.needrun_jobs())) >= WARM_FROM:
            warm.start(SETTINGS["threads"]["fuse"])


onsuccess:
    settling.certify(GRID, PATHS, SETTINGS, workflow)


def importance(wildcards):
    """Return the priority of a job on a scene, pair, cell or training: where the configuration has parts, entries of the grid run in their order.

    Above 0, the priority of what a leaderboard can do without: times and pictures.
    """
    if not SETTINGS["parts"]:
        return 1
    names = [
        wildcards.get(name) for name in ("dataset", "degradation", "method", "scene")
    ]
    seed = wildcards.get("seed")
    key = (*filter(None, names), *(() if seed is None else (int(seed),)))
    return 1 + GRID.importance.get(key, 0)


def reading_importance(wildcards):
    """Return the priority of a job that reads a cube: where cubes are removed, those that are there come before new ones."""
    return importance(wildcards) + (0 if SETTINGS["keep_cubes"] == "all" else CUBES_GO)


def drawing_importance(wildcards):
    """Return the priority of a cell's pictures: after the scores of all cells, unless the cube has to go."""
    return 0 if SETTINGS["keep_cubes"] == "all" else reading_importance(wildcards)


def training_importance(wildcards):
    """Return the priority of a training: before the cells, or in the order of the parts."""
    return importance(wildcards) if SETTINGS["parts"] else 50


def conventions(wildcards):
    """Return the conventions that a cell is scored under."""
    return GRID.conventions_of(Cell(**{**dict(wildcards), "seed": int(wildcards.seed)}))


def response_record(wildcards):
    """Return the record of the spectral response of a degradation."""
    return PATHS.response(GRID.degradations[wildcards.degradation].srf)


def response_now(wildcards):
    """Return the digest of the table of that spectral response."""
    name = GRID.degradations[wildcards.degradation].srf
    mirrors = mirror_folders(SETTINGS["mirrors"])
    return response_digest(name, PATHS.response(name), mirrors, PATHS.registry)


def truth_file(wildcards):
    """Return the prepared scene."""
    return PATHS.scene(wildcards.dataset, wildcards.scene)


def prepared_scenes():
    """Return every prepared scene that the grid needs."""
    return [
        PATHS.scene(label, scene)
        for label, scenes in GRID.scenes_to_prepare().items()
        for scene in scenes
    ]


def records_to_make():
    """Return the records of scenes and spectral responses that were not fetched yet."""
    records = [
        PATHS.fetched(label, scene)
        for label, scenes in GRID.scenes_to_prepare().items()
        for scene in scenes
    ]
    records += [
        PATHS.response(srf) for srf in {d.srf for d in GRID.degradations.values()}
    ]
    return sorted(record for record in records if not record.exists())


def checkpoint_files(wildcards):
    """Return the weights a cell needs: trained here, given by the user, from the registry, or none."""
    row = GRID.rows[wildcards.method]
    if row.external is not None or row.suffix:
        return []
    if row.trained_here:
        return [
            PATHS.training(
                wildcards.dataset, wildcards.degradation, row.base, wildcards.seed
            ).weights
        ]
    if row.weights:
        return (
            [row.weights]
            if Path(row.weights).suffix
            else [PATHS.registry_file(row.weights)]
        )
    return []


def base_files(wildcards):
    """Return the cube that a row with a suffix refines."""
    if not GRID.rows[wildcards.method].suffix:
        return []
    return [PATHS.of_cell(GRID.base_cell(Cell(**dict(wildcards)))).cube]


def cell_files(name, cells=None):
    """Return one file, named by a property of CellFiles, of every cell of the grid (or of ``cells``)."""
    return [
        getattr(PATHS.of_cell(cell), name)
        for cell in (GRID.cells() if cells is None else cells)
    ]


def scene_views():
    """Return the folders of pictures of every scored scene under one replicate of every degradation."""
    return [
        PATHS.scene_view(label, degradation, scene)
        for (label, _, scene), degradation in GRID.shown_replicates().items()
    ]


def external_inputs(wildcards):
    """Return the cube made elsewhere for a cell, where it exists; a missing one becomes a failed row."""
    row = GRID.rows[wildcards.method]
    if row.external is None:
        return []
    path = row.external["pattern"].format(**dict(wildcards))
    return [path] if Path(path).exists() else []


def training_pairs(wildcards):
    """Return the pairs of the training scenes."""
    return [
        PATHS.pair(wildcards.dataset, wildcards.degradation, scene)
        for scene in GRID.block_of(wildcards.dataset).train_scenes
    ]


def training_truths(wildcards):
    """Return the training scenes themselves, for supervised methods only."""
    if GRID.rows[wildcards.method].method.trains != "supervised":
        return []
    scenes = GRID.block_of(wildcards.dataset).train_scenes
    return [PATHS.scene(wildcards.dataset, scene) for scene in scenes]


def first_grid():
    """Return the grid of the rows that need no training here, where they are to be reported before anything is trained."""
    reduced = untrained(SETTINGS, GRID) if SETTINGS["first_report"] else {"grid": []}
    return Grid(reduced) if reduced["grid"] and GRID.trainings() else None


def training_records():
    """Return the record of every training."""
    return [PATHS.training(**vars(t)).record for t in GRID.trainings()]


def gpu_share(wildcards):
    """Return how many places on a GPU a fusion takes: 0 or 1."""
    row = GRID.rows[wildcards.method]
    return int(row.method is not None and row.method.gpu)


def whole_gpu(wildcards):
    """Return how many places on a GPU a training or a timing takes: 0 or all of one GPU."""
    return SHARES * gpu_share(wildcards)


def every_core(wildcards):
    """Return the number of cores of this run."""
    return workflow.cores or 1


FIRST = first_grid()

settling.watch(GRID, PATHS, SETTINGS, workflow)
