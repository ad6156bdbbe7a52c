"""``mossfuse bench run``: one method on one scene, scored, outside any grid."""

import sys
from pathlib import Path

FOLDER = "runs/single"
WIDTH = 17  # of the column of labels


def add_run(steps):
    """Add the step to the parser of ``mossfuse bench``."""
    step = steps.add_parser(
        "run", help="run and score one method on one scene",
        description="Run one method on one scene of a dataset, score it and print the scores; no result of a grid changes.",
    )  # fmt: skip
    step.add_argument(
        "method",
        metavar="METHOD",
        help="a method, also with a refinement (nsgp+dc) or on the denoised pair (denoised+cnmf)",
    )
    step.add_argument("scene", metavar="SCENE", help="a scene of the dataset")
    step.add_argument("--dataset", metavar="NAME", help="dataset (default: the configuration's first one)")
    step.add_argument("--degradation", metavar="NAME", help="degradation (default: the dataset's first one)")
    step.add_argument(
        "--config",
        metavar="FILE",
        help="configuration with options and settings (default: config.yaml, or the default grid)",
    )
    step.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the method (default: 0)")
    step.add_argument("--preset", metavar="NAME", help="a preset of the method's parameters")
    step.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a parameter of the method or its training"
    )
    step.add_argument("--train", action="store_true", help="train a method that needs it on the training scenes first")
    step.add_argument("--gpu", type=int, default=1, help="0: do not use a GPU")
    step.add_argument("-o", "--output", default=FOLDER, metavar="FOLDER", help=f"results (default: {FOLDER})")
    step.set_defaults(run=run)


def run(options):
    """Run, score, and print the scores by convention and where the cube is."""
    from mossfuse.benchmark.plan.cells import Cell
    from mossfuse.benchmark.plan.paths import Paths
    from mossfuse.benchmark.plan.settings import default_configuration, read_settings
    from mossfuse.benchmark.run.single import run_single, single_settings
    from mossfuse.cli.bench.job import device_of
    from mossfuse.parameters import parse_changes
    from mossfuse.remote.download import mirror_folders

    settings = single_settings(
        options.method,
        options.scene,
        read_settings(options.config or default_configuration()),
        dataset=options.dataset,
        degradation=options.degradation,
        seed=options.seed,
        changes=parse_changes(options.set),
        preset=options.preset,
    )
    folder = Path(options.output)
    paths = Paths(folder, folder / "report", folder / "checkpoints", folder / "data")
    entry = settings["grid"][0]
    cell = Cell(
        entry.get("as", entry["dataset"]), entry["degradations"][0], options.method, options.scene, options.seed
    )
    files, record, scores = run_single(
        settings,
        paths,
        train=options.train,
        device=device_of(options),
        mirrors=mirror_folders(settings["mirrors"]),
        log_file=folder / paths.cell_log("run", **vars(cell)),
    )
    lines = {"run": f"{cell.name}, {record['seconds']:.2f} s"}
    for convention in dict.fromkeys(convention for convention, _, _ in scores):
        lines[convention] = ", ".join(f"{metric} {value:.4g}" for c, metric, value in scores if c == convention)
    lines["cube"] = str(files.cube)
    sys.stdout.write("".join(f"{label:{WIDTH}}{line}\n" for label, line in lines.items()))
