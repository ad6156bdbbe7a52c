"""The tables and numbers of the pages by name, and the text of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pandas as pd

from pages import (
    airborne,
    boards,
    choice,
    estimates,
    figures,
    frontier,
    hyperbench,
    intervals,
    networks,
    noise,
    pairs,
    parts,
    priors,
    references,
    scripts,
    searched,
    speed,
    sweeps,
    violations,
)
from pages.context import Context
from pages.format import DIGITS
from pages.store import KNOWN, SHORTENED, TWELVE, Evidence, NotMeasured, mean

CLASSICAL_A = [
    "gsa", "gsa-psf", "gs", "sfim-hs", "sfim-hs-psf", "mtf-glp-hs", "mtf-glp-hs-psf", "regression-injection", "fuse", "fuse-faithful",
    "r-fuse", "cnmf", "cnmf-faithful", "csu", "csu-faithful", "cstf",
]  # fmt: skip
CLASSICAL_B = [
    "bicubic", "hysure", "hysure-faithful", "hysure-blind", "hysure-blind-faithful", "nssr", "nssr-faithful", "ltmr", "lttr",
    "cnn-fus-tv", "cnn-fus-tv-faithful",
]  # fmt: skip
VIOLATED = ("cave", "cave-half", "cave-8", *boards.AIRBORNE)
VERSIONS = ("cave", "cave-half", "cave-26", "cave-8")
TABLES: Mapping[str, Callable[[Context], str]] = {
    "parts": parts.parts,
    "scripts": scripts.scripts_of,
    "intervals": intervals.coverage,
    "headline": boards.headline,
    "leaders x32": partial(boards.leaders, ratio="x32", datasets=VERSIONS),
    "leaders x8": partial(boards.leaders, ratio="x8", datasets=VERSIONS),
    "leaders airborne": partial(boards.leaders, ratio="x8", datasets=boards.AIRBORNE),
    "where ours loses": boards.losses,
    "real": partial(boards.board, part="real"),
    "real moss": partial(boards.board, part="real", convention="moss", method="mossfuse-released"),
    "real clock": partial(speed.clock, part="real"),
    "remote": partial(boards.board, part="remote"),
    "remote comparison": partial(boards.compared, part="remote", first="nsgp", second="ridge-dc"),
    **{f"airborne {ratio}": partial(airborne.by_ratio, ratio=ratio) for ratio in ("x4", "x5", "x8")},
    "airborne standing": airborne.standing,
    "airborne comparison": partial(boards.compared, part="airborne", first="nsgp", second="ridge-dc"),
    "classical x32": partial(boards.board, part="classical", convention="classical-table", ratio="x32"),
    "classical x8": partial(boards.board, part="classical", convention="classical-table", ratio="x8"),
    "authors' code a": partial(references.authors_code, methods=CLASSICAL_A),
    "authors' code b": partial(references.authors_code, methods=CLASSICAL_B),
    "seeds x32": partial(boards.board, part="seeds", ratio="x32"),
    "seeds x8": partial(boards.board, part="seeds", ratio="x8"),
    **{f"noise {name}": partial(noise.levels, dataset=name) for name in VERSIONS},
    "noise comparisons": noise.comparisons,
    "frontier with weights": frontier.with_weights,
    "frontier against nsgp": frontier.against_nsgp,
    "frontier shares": frontier.share_of_members,
    "frontier guard": frontier.guarded,
    "stack weights": frontier.gains_of_weights,
    "hyperbench cameras": hyperbench.by_camera,
    "hyperbench psfs": hyperbench.by_psf,
    "hyperbench conventions": hyperbench.by_convention,
    "prior training": priors.training,
    "prior summary": priors.real_summary,
    "prior real": priors.real,
    "prior stacks": priors.stacks,
    "prior shares": priors.shares,
    **{f"violations {name}": partial(violations.departures, dataset=name) for name in VIOLATED},
    **{f"sweep {name}": partial(sweeps.curves, name=name) for name in sweeps.NAMES},
    "sweeps figure": figures.sweeps,
    "regret": sweeps.regret,
    "regret beyond": sweeps.cells_beyond,
    "regret elsewhere": sweeps.elsewhere,
    "violations behind": violations.behind,
    "denoised": partial(
        violations.compared, methods=violations.DENOISED, other="denoised+{}", noisy=True, beside=("nsgp",)
    ),
    "search chosen": searched.chosen,
    "search gained": searched.gained,
    "given nothing": partial(violations.compared, methods=violations.BLIND, other="{}-given-nothing", noisy=False),
    "deep": partial(networks.quality, name="deep"),
    "deep curves": partial(networks.progress, name="deep"),
    "deep figure": figures.deep,
    "deep slow": partial(networks.quality, name="deep-slow"),
    "deep slow curves": partial(networks.progress, name="deep-slow"),
    "deep trained": partial(networks.quality, name="deep-trained"),
    **{
        f"supervised {dataset}": partial(
            networks.beside_published, name="supervised", dataset=dataset, source=("CAVE", 8)
        )
        for dataset in ("phantom", "cave-8")
    },
    "learned baselines": references.learned,
    "constrained": networks.starts,
    "choice of mossfuse-c": choice.lattices,
    "across scenes": partial(
        networks.scenes,
        name="across-scenes",
        methods=("nsgp", "mossfuse-c", "mossfuse-c-dataset"),
        dataset=("phantom-256", "cave-8"),
    ),
    "training": partial(
        networks.scenes, name="training", methods=("bicubic", "mossfuse", "mossfuse+sdc"), dataset="phantom"
    ),
    "variants phantom": partial(networks.rows_over_seeds, name="variants", dataset="phantom"),
    "variants one pair": partial(networks.rows_over_seeds, name="variants", dataset="cave-half-one-pair"),
    "variants figure": figures.variants,
    "ablations": partial(networks.rows_over_seeds, name="ablations", dataset="phantom", first="full"),
    "phantom methods": partial(boards.pooled, part="phantom", datasets=("phantom", "phantom-1")),
    "phantom statistics": references.statistics,
    "estimation": estimates.accuracy,
    "uncertainty": estimates.coverage,
    "real pairs": pairs.figures,
    "real pairs by script": pairs.same_by_script,
    **{
        f"full resolution {case}": partial(pairs.full_resolution, case=case)
        for case in ("paris-pan-x3", "sentinel2-20-10", "sentinel2-60-10")
    },
    "real pair shifts": pairs.shifts,
    "default method": pairs.default,
    "clouds": pairs.clouds,
    "metric variants": references.variants,
    "metric conventions": references.conventions,
    "report size": partial(
        speed.measured, name="report-scale", script="docs/measure/report_scale.py", folder="report-scale"
    ),
    "report interactive": partial(
        speed.measured,
        name="report-interactive",
        script="docs/measure/report_interactive.py",
        folder="report-interactive",
    ),
    "speed inference": partial(speed.measured, name="inference", script="docs/measure/speed_of_the_network.py"),
    "speed compiled": partial(speed.measured, name="compiled", script="docs/measure/speed_of_the_network.py"),
    "speed training": partial(speed.measured, name="training", script="docs/measure/speed_of_the_network.py"),
    "speed tiles": partial(speed.measured, name="tiles", script="docs/measure/speed_of_the_network.py"),
    "speed large": partial(speed.measured, name="large", script="docs/measure/speed_of_the_network.py"),
    "fuse speed": partial(speed.measured, name="fuse", script="docs/measure/speed_of_fuse.py", folder="fuse-speed"),
    "speed nsgp": partial(
        speed.measured, name="nsgp", script="docs/measure/speed_of_nsgp.py --save", folder="speed-nsgp"
    ),
    "speed nsgp noisy": partial(
        speed.measured,
        name="nsgp-noisy",
        script="docs/measure/speed_of_nsgp.py --noisy --save",
        folder="speed-nsgp-noisy",
    ),
    "overhead": partial(
        speed.measured, name="overhead", script="docs/measure/overhead.py 100 --save", folder="overhead"
    ),
    "many scenes": partial(
        speed.measured, name="many-scenes", script="docs/measure/many_scenes.py 12 100 --save", folder="many-scenes"
    ),
    "main process": partial(
        speed.measured,
        name="main-process",
        script="docs/measure/main_process.py --save",
        folder="main-process",
        without=("wall s a job",),
    ),  # fmt: skip
    "disk": partial(speed.measured, name="plan-disk", script="docs/measure/plan_disk.py --save", folder="plan-disk"),
    "planning": partial(speed.measured, name="planning", script="docs/measure/planning.py --save", folder="planning"),
    "faults": partial(speed.measured, name="faults", script="docs/measure/faults.py --save", folder="faults"),
    **{
        f"gpu {name}": partial(
            speed.measured, name=name, script=f"docs/measure/gpu_check.py --save --parts {name}", folder=f"gpu-{name}"
        )
        for name in ("inference", "training", "sharing", "methods", "graphs")
    },
    "gpu methods again": partial(
        speed.measured,
        name="methods-again",
        script="docs/measure/gpu_check.py --save --parts methods",
        folder="gpu-methods-again",
    ),
    **{
        f"gpu {name}": partial(
            speed.measured, name=name, script="docs/measure/gpu_workflow.py --save", folder=f"gpu-{name}"
        )
        for name in ("workflow", "twice", "cells")
    },
    "rounding": partial(speed.measured, name="rounding", script="docs/measure/rounding.py --save", folder="rounding"),
}
FROM_SPECIFICATIONS = ("learned baselines",)  # tables that need no evidence
LEGENDS = {
    SHORTENED: f"{SHORTENED} A learned row with fewer steps than in its paper.",
    KNOWN: f"{KNOWN} Over scenes that the weights have seen in training, or on which a default of the method was chosen.",
}
DATASETS = {"twelve": TWELVE, "phantom-test": ("phantom",)}


def table(name: str, evidence: Evidence, folder: Path) -> str:
    """Return the lines of a table for a page in ``folder``, or the sentence that says how it is measured."""
    if name not in TABLES:
        raise KeyError(f"no table '{name}'; pages/content.py has: {', '.join(sorted(TABLES))}")
    try:
        text = TABLES[name](Context(evidence, folder))
        legends = [legend for sign, legend in LEGENDS.items() if sign in text]
        return "\n".join([text, *([""] if legends else []), *legends])
    except NotMeasured as missing:
        return f"*{str(missing)[0].upper()}{str(missing)[1:]}.*"


def number(query: str, evidence: Evidence) -> str:
    """Return one number of the evidence; 'not measured' where it has none.

    query: 'PART DATASET RATIO METHOD METRIC', such as 'leaders twelve x32 nsgp psnr'; DATASET may be 'twelve' (the distinct CAVE scenes),
    or DATASET/SCENE; METHOD may be 'A-minus-B', the difference of two. Convention std1, mean over scenes, lattices and seeds.
    """
    name, dataset, ratio, method, metric = query.split()
    dataset, _, scene = dataset.partition("/")
    where = {"dataset": DATASETS.get(dataset, dataset), "ratio": ratio} | ({"scene": scene} if scene else {})
    part = evidence.part(name)
    first, _, second = method.partition("-minus-")
    try:
        values = [mean(cells_of(part.where(**where), m), f"std1 {metric}") for m in (first, second) if m]
    except NotMeasured:
        return "not measured"
    value = values[0].value - (values[1].value if second else 0)
    return f"{value:{'+' if second else ''}.{DIGITS[metric]}f}"


def cells_of(cells: pd.DataFrame, method: str) -> pd.DataFrame:
    """Return the cells of one method."""
    return cells[cells["method"] == method]
