"""Search the parameters of the classical rivals on the embedded TRAINING scenes: python docs/measure/search.py --write

The scenes of every table are left alone. One parameter after the other (SPACE, in its order) is set to each of its values,
the others staying as they are, and keeps the one with the highest mean PSNR (std1) over three training scenes of the phantom at
ratio 8 (128 pixels) and ratio 32 (192 pixels), noise-free. The default value is always among those tried, and stays where no
other one gains MARGIN, so that rounding decides nothing. A rival that fails on a value loses that value. The result,
docs/evidence/search/chosen.json, has every value tried with its score; rows with ``params_from`` in a configuration take
their parameters from it.
"""

import argparse
import json
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from measured_code import digests  # noqa: E402

from mossfuse.benchmark.run.provenance import code_state, processor_name  # noqa: E402
from mossfuse.datasets import phantom  # noqa: E402
from mossfuse.degradations import degrade, find_degradation, load_srf  # noqa: E402
from mossfuse.errors import MossFuseError  # noqa: E402
from mossfuse.files.atomic import write_json  # noqa: E402
from mossfuse.methods import find_method  # noqa: E402
from mossfuse.metrics import score  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
RESULT = ROOT / "docs" / "evidence" / "search" / "chosen.json"
PLACES = (("x8-gauss7s2-nikond5100", 128), ("x32-gauss31s2-nikond5100", 192))
MARGIN = 0.01  # dB
SCENES = ("globes", "weave", "plumes")
SPACE = {
    "cnmf": {"endmembers": (10, 20), "iterations": (400,)},
    "hysure": {"tv_weight": (1e-4, 1e-2), "endmembers": (20,)},
    "hysure-blind": {"tv_weight": (1e-4, 1e-2), "endmembers": (20,)},
    "fuse": {"prior_weight": (1e-13, 1e-9, 1e-7), "dimension": (5, 10, 25)},
    "sfim-hs-psf": {"floor": (1e-6, 1e-3, 1e-2)},
}


def pairs():
    """Return {ratio: [(pair, truth)]} of the training scenes."""
    out = {}
    for name, size in PLACES:
        degradation = find_degradation(name)
        for scene in SCENES:
            truth, wavelengths = phantom.read(scene, None, None, size=size, seed=0)
            pair = degrade(
                truth, degradation, load_srf(degradation.srf, wavelengths), scene=scene, wavelengths=wavelengths
            )
            out.setdefault(degradation.ratio, []).append((pair, truth))
    return out


def mean_psnr(method, module, params, every):
    """Return the mean PSNR over scenes and ratios; minus infinity where a fusion fails."""
    found = []
    for ratio, scenes in every.items():
        for pair, truth in scenes:
            seen = replace(pair, sensor=pair.sensor.restricted_to(method.knows))
            try:
                cube = module.fuse(seen, seed=0, device="cpu", checkpoint=None, **params).cube
            except (MossFuseError, ValueError, np.linalg.LinAlgError):
                return -np.inf
            found.append(score(truth, cube, ratio)["psnr"])
    return float(np.mean(found))


def search(name, every):
    """Return {'params': what was chosen, 'psnr', 'default_psnr', 'tried': [[parameter, value, psnr]], 'cpu_seconds'}."""
    method, module = find_method(name)
    start, params, tried = time.process_time(), dict(method.params), []
    default = best = mean_psnr(method, module, params, every)
    for key, values in SPACE[name].items():
        for value in values:
            found = mean_psnr(method, module, {**params, key: value}, every)
            tried.append([key, value, round(found, 3) if np.isfinite(found) else None])
            if found > best + MARGIN:
                best, chosen = found, value
                params = {**params, key: chosen}
    changed = {key: params[key] for key in SPACE[name] if params[key] != method.params[key]}
    return {
        "params": changed,
        "psnr": round(best, 3),
        "default_psnr": round(default, 3),
        "tried": tried,
        "cpu_seconds": round(time.process_time() - start, 1),
    }


def main():
    """Search every rival and print what was chosen; --write keeps it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "names", nargs="*", default=list(SPACE), metavar="METHOD", help="rivals to search (default: all)"
    )
    parser.add_argument("--write", action="store_true", help=f"write {RESULT.relative_to(ROOT)}")
    options = parser.parse_args()
    every = pairs()
    for name in options.names:
        found = search(name, every)
        print(name, found["params"] or "defaults", f"{found['default_psnr']} -> {found['psnr']} dB,",
              f"{found['cpu_seconds']} CPU s", flush=True)  # fmt: skip
        if options.write:
            keep(name, found)


def keep(name, found):
    """Add a rival's result, with where it was found, to the file, which holds those of the others."""
    before = json.loads(RESULT.read_text(encoding="utf-8"))["methods"] if RESULT.exists() else {}
    places = [{"degradation": degradation, "size": size} for degradation, size in PLACES]
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    origin = {
        "commit": code_state()["commit"][:10],
        "code": digests([name])[name],
        "device": processor_name(),
        "date": date.today().isoformat(),
    }
    methods = dict(sorted({**before, name: {**found, **origin}}.items()))
    write_json(RESULT, {"scenes": list(SCENES), "places": places, "methods": methods})


if __name__ == "__main__":
    main()
