"""Run and train a deep baseline on what it may see."""

from dataclasses import replace

import numpy as np

from mossfuse.methods import find_method


def call(name, pair, seed=0, preset="", **params):
    """fuse with what the method knows; params over the preset over the defaults."""
    method, module = find_method(name)
    chosen = {k: v for k, v in method.presets.get(preset, {}).items() if k in method.params}
    seen = replace(pair, sensor=pair.sensor.restricted_to(method.knows))
    return module.fuse(seen, seed=seed, device="cpu", **{**method.params, **chosen, **params})


def seen_by(method, pair):
    return replace(pair, sensor=pair.sensor.restricted_to(method.knows))


def rmse(cube, truth):
    return float(np.sqrt(((cube - truth) ** 2).mean()))


def trained(name, pairs, truths, path, resume=False, **changes):
    method, module = find_method(name)
    params = {**method.train_params, **{k: v for k, v in method.presets["smoke"].items() if k in method.train_params}}
    truths = truths if method.trains == "supervised" else None
    seen = [seen_by(method, pair) for pair in pairs]
    return module.train(
        seen, seed=0, device="cpu", path=str(path), resume=resume, truths=truths, **{**params, **changes}
    )
