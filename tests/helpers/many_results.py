"""A large made-up grid for measuring the report: invented scores, and the pictures of one cell linked into all of them."""

import os
import shutil
from pathlib import Path

import numpy as np

from helpers.fabricated_results import (
    CLOCK,
    HEAD,
    METHODS,
    Fake,
    catalogue,
    clock_row,
    degrade,
    fuse,
    run_record,
    write,
    write_cell,
    write_table,
)
from mossfuse.benchmark.pictures import render_scene

SIZE, BANDS = 40, 31
SCORES = (("psnr", 40.0, 3.0), ("ssim", 0.97, 0.01), ("sam", 4.0, 0.8), ("ergas", 1.1, 0.3), ("rmse", 0.01, 0.002))


def invented_methods(count):
    """Return name -> Fake of ``count`` methods: bicubic first, every third one learns, one title is eighty characters long."""
    long = "A method whose title has eighty characters and stands beside its rank and score."
    out = {"bicubic": METHODS["bicubic"]}
    for k in range(1, count):
        learns = k % 3 == 0
        title = long if k == 1 else f"Invented method {k}"
        out[f"method-{k}"] = Fake(
            title, "dataset" if learns else "none", "none", (("psf", "srf"), ("srf",), ())[k % 3], 0.1, seconds=0.01 * k,
            parameters=1000 * k if learns else 0,
        )  # fmt: skip
    return out


def fabricate_many(root, cube, scenes=32, methods=25, degradations=3, datasets=1):
    """Write results/, checkpoints/ and data/ of a large grid under ``root``; return the three folders.

    cube: (truth, wavelengths), what every scene shows.
    """
    results, checkpoints, data = (Path(root) / name for name in ("results", "checkpoints", "data"))
    truth, wavelengths = cube
    pair, fakes = degrade(truth, wavelengths, 3, 8), invented_methods(methods)
    render_scene(truth, pair, wavelengths, Path(root) / "scene")
    write_cell(
        Path(root) / "cell", truth, fuse(METHODS["nsgp"], truth, pair, 0), wavelengths, METHODS["nsgp"], pair, "one"
    )
    rng, rows, clock = np.random.default_rng(0), [], []
    cubes = {f"set{d}": {f"scene {k}": None for k in range(scenes)} for d in range(datasets)}
    places = [f"x8-gauss{2 * k + 7}s2" for k in range(degradations)]
    for dataset in cubes:
        for place in places:
            for scene in cubes[dataset]:
                folder = results / dataset / place
                link(Path(root) / "scene", folder / "_scenes" / scene / "view")
                hard = rng.normal()
                for k, (method, fake) in enumerate(fakes.items()):
                    head = (dataset, place, method, scene, 0, "test", "false", fake.weights)
                    link(Path(root) / "cell", folder / method / scene / "seed0")
                    (folder / method / scene / "seed0" / "run.json").unlink(missing_ok=True)
                    write(folder / method / scene / "seed0" / "run.json", run_record(head, fake, ""))
                    for metric, middle, spread in SCORES:
                        sign = 1 if metric in ("psnr", "ssim") else -1
                        value = middle + spread * (0.7 * hard + sign * 0.25 * (k // 2) + 0.2 * rng.normal())
                        whole = (*head[:2], place, "3x3", 0, *head[2:])
                        rows.append((*whole, "ok", "", "std1", metric, value))
            clock += [clock_row(dataset, place, m, "scene 0", f) for m, f in fakes.items()]
    write_table(results / "metrics.csv", HEAD, rows)
    write_table(results / "timing.csv", CLOCK, clock)
    about = catalogue({d: cubes[d] for d in cubes}, places[0], 8)
    first = next(iter(about["degradations"].values()))
    about["degradations"] = {place: {**first, "name": place} for place in places}
    template = about["methods"]["nsgp"]
    about["methods"] = {
        name: {
            **template,
            "title": f.title,
            "knows": list(f.knows),
            "weights": f.weights,
            "trains": f.trains,
            "published": [],
        }
        for name, f in fakes.items()
    }
    about["grid"] = [{"dataset": d, "degradations": places, "methods": list(fakes)} for d in cubes]
    write(results / "catalogue.json", about)
    return results, checkpoints, data


def link(source, target):
    """Make ``target`` a tree of hard links to the files of ``source``."""
    shutil.copytree(source, target, copy_function=os.link)
