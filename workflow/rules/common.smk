# The checked configuration, and the functions that turn wildcards into files. Methods are found by name.
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

sys.path.insert(0, str(Path(workflow.basedir)))
from mossfuse.benchmark.plan.digest import files_digest, source_digest
from mossfuse.benchmark.plan.grid import Cell, Grid
from mossfuse.benchmark.plan.settings import checked, mirror_folders
from mossfuse.errors import MossFuseError
from mossfuse.methods import split_suffix

try:
    SETTINGS = checked(dict(config), "configuration")
    GRID = Grid(SETTINGS)
except MossFuseError as error:
    raise WorkflowError(str(error))

RESULTS, REPORTS, CHECKPOINTS = (
    str(Path(SETTINGS[k])) for k in ("results", "reports", "checkpoints")
)
EFFECTIVE = f"{RESULTS}/settings.json"
PACKAGE = Path(workflow.basedir) / "mossfuse"
TRACED = [name for name, row in GRID.rows.items() if row.iterates]
CELL = "{dataset}/{degradation}/{method}/{scene}/seed{seed}"
# `snakemake` may be called by its path: jobs use the Python and the package that belong to it.
for name, first in (
    ("PATH", Path(sys.executable).parent),
    ("PYTHONPATH", Path(workflow.basedir)),
):
    os.environ[name] = os.pathsep.join(
        str(p) for p in (first, os.environ.get(name)) if p
    )


def visible_gpus():
    """How many NVIDIA GPUs this machine shows; 0 without the driver."""
    if not shutil.which("nvidia-smi"):
        return 0
    listing = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True)
    return len(listing.stdout.splitlines()) if listing.returncode == 0 else 0


# An undeclared resource total is unlimited, so the number of GPUs is declared where there are any.
if visible_gpus() and "gpu" not in workflow.global_resources:
    workflow.register_resource("gpu", visible_gpus())


wildcard_constraints:
    dataset="[^/_][^/]*",
    degradation="[^/]+",
    method="[^/_][^/]*",
    scene="[^/]+",
    seed=r"\d+",


# Every job reads the configuration as it really is: file, --configfile and --config together.
onstart:
    Path(RESULTS).mkdir(parents=True, exist_ok=True)
    Path(EFFECTIVE).write_text(json.dumps(SETTINGS, indent=1, sort_keys=True))


def code(*modules):
    """One digest over several modules of the package (and what they import)."""
    return "-".join(source_digest(PACKAGE / m) for m in modules)


def method_code(wildcards):
    row = GRID.rows[wildcards.method]
    if row.external is not None:
        return code("benchmark/run/cell.py")
    digest = source_digest(row.module.__file__)
    return f"{digest}-{code('refine.py')}" if row.suffix else digest


def row_settings(wildcards):
    """What decides the bytes of a cell besides its inputs: the row's parameters and weights."""
    row = GRID.rows[wildcards.method]
    settings = {"params": row.params, "weights": row.weights, "external": row.external}
    if row.iterates:
        settings["iterates"] = row.iterates
    return json.dumps(settings, sort_keys=True)


def pair_file(wildcards):
    return f"{RESULTS}/{wildcards.dataset}/{wildcards.degradation}/_pairs/{wildcards.scene}.mat"


def records_to_make():
    """The records of scenes that were not fetched yet."""
    records = [
        Path("data", label, "fetched", f"{scene}.json")
        for label, scenes in GRID.scenes_to_prepare().items()
        for scene in scenes
    ]
    return [str(record) for record in records if not record.exists()]


def truth_file(wildcards):
    return f"data/{wildcards.dataset}/scenes/{wildcards.scene}.mat"


def checkpoint_files(wildcards):
    """The weights a cell needs: trained here, given by the user, from the registry, or none."""
    row = GRID.rows[wildcards.method]
    if row.external is not None or row.suffix:
        return []
    if row.trained_here:
        return [
            f"{CHECKPOINTS}/{wildcards.dataset}/{wildcards.degradation}/{row.base}/seed{wildcards.seed}/weights.pt"
        ]
    if row.weights:
        return (
            [row.weights]
            if Path(row.weights).suffix
            else [f"data/_registry/{row.weights}"]
        )
    return []


def base_files(wildcards):
    """The cube that a row with a suffix refines."""
    if not GRID.rows[wildcards.method].suffix:
        return []
    base = GRID.base_cell(Cell(**dict(wildcards)))
    return [f"{RESULTS}/{base.folder}/fused.mat"]


def cell_files(name, cells=None):
    return [
        f"{RESULTS}/{cell.folder}/{name}"
        for cell in (GRID.cells() if cells is None else cells)
    ]


def external_inputs(wildcards):
    row = GRID.rows[wildcards.method]
    if row.external is None:
        return []
    path = row.external["pattern"].format(**dict(wildcards))
    return [path] if Path(path).exists() else []


def training_scenes(wildcards):
    return GRID.block_of(wildcards.dataset).train_scenes


def training_files():
    return [
        f"{CHECKPOINTS}/{label}/{degradation}/{row}/seed{seed}/train.json"
        for label, degradation, row, seed in GRID.trainings()
    ]


def gpu_wanted(wildcards):
    row = GRID.rows[wildcards.method]
    return int(row.method is not None and row.method.gpu)


def every_core(wildcards):
    return workflow.cores or 1
