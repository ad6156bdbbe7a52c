"""``mossfuse bench``: one verb per rule of the workflow, so that every step can be run by hand, and ``bench run``.

Each verb reads the effective configuration that the workflow wrote (results/settings.json) or any configuration.
"""

from mossfuse.cli.bench import (
    cells,
    check,
    data,
    external,
    gaps,
    real_pairs,
    report,
    reproduce,
    scores,
    single,
    training,
)

JOB = (
    ("--log", {"help": "file for the method's own output"}),
    ("--gpu", {"type": int, "default": 1, "help": "0: do not use a GPU"}),
)
CELL_JOB = (
    *JOB,
    ("--checkpoint", {"help": "weights file"}),
    ("--base", {"help": "cube that a refinement starts from"}),
)
FUSE_JOB = (
    *CELL_JOB,
    ("--code", {"help": "digest of the row's code for the record (default: computed)"}),
    ("--harness", {"help": "digest of the harness for the record (default: computed)"}),
)
# verb, function, help, positional arguments, options
VERBS = (
    ("fetch", data.fetch, "make every scene's raw files available", (), ()),
    ("prepare", data.prepare, "read one scene into data/DATASET/scenes", ("dataset", "scene"), ()),
    ("scenes", data.scenes, "write the hash of every prepared scene's content", (), ()),
    ("degrade", gaps.degrade, "make the degraded pair of one scene", ("dataset", "degradation", "scene"), ()),
    (
        "real-pair",
        real_pairs.real_pair,
        "make the pair of a scene that two real sensors measured",
        ("dataset", "degradation", "scene"),
        (),
    ),
    ("registry-file", data.registry_file, "get one file of the registry", ("name", "output"), ()),
    ("train", training.train, "train one row: DATASET/DEGRADATION/METHOD/seedN", ("training",), JOB),
    ("fuse", external.fuse, "run one cell: DATASET/DEGRADATION/METHOD/SCENE/seedN", ("cell",), FUSE_JOB),
    ("time", cells.time, "time one cell", ("cell",), CELL_JOB),
    ("score", gaps.score, "score one finished cell", ("cell",), ()),
    ("curve", gaps.curve, "score the cubes that a cell saved during its fit", ("cell",), ()),
    ("draw-cell", gaps.draw_cell, "draw one finished cell", ("cell",), ()),
    ("draw-pair", gaps.draw_pair, "draw one scene and its pair", ("dataset", "degradation", "scene"), ()),
    ("limits", scores.limits, "score what no method can pass: reconstructions that read the truth", (), ()),
    ("collect", scores.collect, "gather every cell into the tables", (), ()),
    ("report", report.report, "build the report", (), ()),
    ("first-board", report.first_board, "print the leaderboards of the rows that need no training here", (), ()),
    ("first-report", report.first_report, "report the rows that need no training here", (), ()),
    (
        "show",
        report.show,
        "print the leaderboards and what failed",
        (),
        (("--open", {"action": "store_true", "help": "open the report in the browser"}),),
    ),
    ("verdict", report.verdict, "list the cells that failed and clear their status", (), ()),
)


def add_verbs(parser):
    """Add every step to the parser of ``mossfuse bench``."""
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    for name, function, help, positional, options in VERBS:
        step = steps.add_parser(name, help=help)
        step.add_argument(
            "--settings",
            metavar="FILE",
            help="configuration (default: that of MOSSFUSE_SETTINGS, then config.yaml, then the package's own)",
        )
        for argument in positional:
            step.add_argument(argument)
        for flag, keywords in options:
            step.add_argument(flag, **keywords)
        step.set_defaults(run=function)
    single.add_run(steps)
    check.add_check(steps)
    reproduce.add_reproduce(steps)
