"""Compare training settings without the scenes of any table: python docs/measure/screen_training.py OUT.csv SEED KEY=VALUE ...

Trains on the embedded training scenes (phantom, 128 px, ratio 8) with the default grid's settings and the changes that
are named, fuses OTHER renderings (seed 1) of the same training scenes, and appends one line to OUT.csv: the changes, the
seed, mean PSNR and SAM (std1), the step that was chosen, CPU seconds.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
import yaml

from mossfuse.datasets import phantom
from mossfuse.degradations import degrade, find_degradation, load_srf
from mossfuse.methods import mossfuse as method
from mossfuse.metrics import score
from mossfuse.network import checkpoint

ROOT = Path(__file__).resolve().parents[2]


def pairs_of(rendering):
    """Return [(pair as a method sees it, truth)] of the training scenes."""
    degradation = find_degradation("x8-gauss7s2-nikond5100")
    out = []
    for scene in phantom.DATASET.train:
        truth, wavelengths = phantom.read(scene, None, None, size=128, seed=rendering)
        pair = degrade(truth, degradation, load_srf(degradation.srf, wavelengths), scene=scene, wavelengths=wavelengths)
        out.append((type(pair)(**{**vars(pair), "sensor": pair.sensor.restricted_to({"phase"})}), truth))
    return out


def main(out, seed, *changes):
    torch.set_num_threads(1)
    grid = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))["methods"]["mossfuse"]["train"]
    changed = {key: yaml.safe_load(value) for key, _, value in (change.partition("=") for change in changes)}
    settings = {**method.METHODS[0].train_params, **grid, **changed}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "trained.pt")
        start = time.process_time()
        method.train([pair for pair, _ in pairs_of(0)], seed=int(seed), device="cpu", path=path, **settings)
        spent = time.process_time() - start
        scores = [score(truth, method.fuse(pair, checkpoint=path).cube, 8) for pair, truth in pairs_of(1)]
        chosen = checkpoint.load(path)[1]["training"]["chosen_step"]
    psnr, sam = (np.mean([each[metric] for each in scores]) for metric in ("psnr", "sam"))
    with open(out, "a", encoding="utf-8") as file:
        file.write(f"{' '.join(changes)},{seed},{psnr:.3f},{sam:.3f},{chosen},{spent:.0f}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
