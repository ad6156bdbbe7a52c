"""What every method promises, checked on every method that can be found."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from mossfuse.errors import MossFuseError
from mossfuse.methods import catalogue
from mossfuse.physics.sampling import operator_of
from mossfuse.protocol import Observation

NAMES = sorted(name for name, (method, _) in catalogue().entries.items() if not method.weights)
CASES = {
    "usual": {"rows": 32, "cols": 48, "ratio": 8},
    "odd ratio and sizes": {"rows": 35, "cols": 25, "ratio": 5},
    "one MSI band": {"rows": 32, "cols": 32, "ratio": 8, "msi_bands": 1},
    "200 HSI bands": {"rows": 32, "cols": 32, "ratio": 4, "bands": 200},
    "two LR pixels in one direction": {"rows": 16, "cols": 40, "ratio": 8},
}
IMAGES = {
    "constant": lambda cube: np.full_like(cube, 0.3),
    "all-dark bands": lambda cube: cube * (np.arange(cube.shape[2]) > 3),
    "saturated band": lambda cube: np.where(np.arange(cube.shape[2]) == 7, np.float32(1), cube),
    "black": np.zeros_like,
}


FAITHFUL = [name for name in NAMES if "faithful" in catalogue().entries[name][0].presets]
CONSISTENT = ["ridge-dc", "nsgp", "nsgp-fast", "nsgp-known", "nsgp-x4", "nssr", "mossfuse-c", "mossfuse-c-ridge"]


def run(name, pair, tmp_path, seed=0, overrides=None):
    """Train (where the method trains) and fuse with the smoke preset, seeing only what the method knows."""
    method, module = catalogue().entries[name]
    preset = method.presets.get("smoke", {})
    checkpoint = None
    seen = replace(pair, sensor=pair.sensor.restricted_to(method.knows))
    if method.trains in ("dataset", "supervised"):
        checkpoint = tmp_path / f"{name}-{seed}.pt"
        params = {**method.train_params, **{k: v for k, v in preset.items() if k in method.train_params}}
        truths = (
            [np.full((*pair.msi.shape[:2], pair.hsi.shape[2]), 0.5, np.float32)]
            if method.trains == "supervised"
            else None
        )
        module.train([seen], seed=seed, device="cpu", path=str(checkpoint), resume=False, truths=truths, **params)
    params = {**method.params, **{k: v for k, v in preset.items() if k in method.params}, **(overrides or {})}
    return module.fuse(seen, seed=seed, device="cpu", checkpoint=str(checkpoint) if checkpoint else None, **params)


def check(fusion, pair):
    cube = fusion.cube
    assert cube.shape == (*pair.msi.shape[:2], pair.hsi.shape[2])
    assert cube.dtype == np.float32
    assert np.isfinite(cube).all()
    for estimate, shape in ((fusion.srf_hat, (pair.msi.shape[2], pair.hsi.shape[2])),):
        assert estimate is None or (np.shape(estimate) == shape and np.isfinite(estimate).all())
    assert fusion.psf_hat is None or np.isclose(np.sum(fusion.psf_hat), 1, atol=1e-3)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", CASES)
def test_any_shape_gives_a_finite_cube_or_one_sentence(name, case, make_pair, tmp_path):
    pair, _ = make_pair(**CASES[case])
    try:
        fusion = run(name, pair, tmp_path)
    except MossFuseError as error:
        assert case != "usual", f"the usual case must work: {error}"
        assert len(str(error)) < 400 and "\n" not in str(error)
    else:
        check(fusion, pair)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("image", IMAGES)
def test_degenerate_images_give_a_finite_cube_or_one_sentence(name, image, make_pair, tmp_path):
    _, truth = make_pair(rows=32, cols=32, ratio=8)
    pair, _ = make_pair(rows=32, cols=32, ratio=8)
    pair = observe(IMAGES[image](truth).astype(np.float32), pair)
    try:
        fusion = run(name, pair, tmp_path)
    except MossFuseError as error:
        assert len(str(error)) < 400 and "\n" not in str(error)
    else:
        check(fusion, pair)


@pytest.mark.parametrize("name", FAITHFUL)
def test_faithful_forms_survive_every_shape_and_image_too(name, make_pair, tmp_path):
    pairs = [make_pair(**case)[0] for case in CASES.values()]
    pair, truth = make_pair(rows=32, cols=32, ratio=8)
    pairs += [observe(image(truth).astype(np.float32), pair) for image in IMAGES.values()]
    for pair in pairs:
        check(run(name, pair, tmp_path, overrides=catalogue().entries[name][0].presets["faithful"]), pair)


@pytest.mark.parametrize("case", ["usual", "odd ratio and sizes", "one MSI band"])
@pytest.mark.parametrize("name", CONSISTENT)
def test_promised_agreement_with_both_images_is_kept(name, case, make_pair, tmp_path):
    """Largest residual before clipping, under the sensor that the method knows or has estimated."""
    pair, _ = make_pair(**CASES[case])
    fusion = run(name, pair, tmp_path)
    psf = pair.sensor.psf if fusion.psf_hat is None else fusion.psf_hat
    srf = pair.sensor.srf if fusion.srf_hat is None else fusion.srf_hat
    assert np.abs(operator_of(pair, psf)(fusion.cube) - pair.hsi).max() < 1e-5
    assert np.abs(fusion.cube @ np.asarray(srf).T - pair.msi).max() < 1e-5


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_gives_the_same_bytes_and_leaves_the_pair_alone(name, make_pair, tmp_path):
    pair, _ = make_pair(rows=32, cols=32, ratio=8)
    hsi, msi = pair.hsi.copy(), pair.msi.copy()
    first = run(name, pair, tmp_path, seed=3).cube
    second = run(name, pair, tmp_path, seed=3).cube
    assert first.tobytes() == second.tobytes()
    assert (pair.hsi == hsi).all() and (pair.msi == msi).all()


@pytest.mark.parametrize("name", NAMES)
def test_specification_is_complete(name):
    method, _ = catalogue().entries[name]
    for key in ("title", "citation", "licence"):
        assert getattr(method, key).strip(), f"{name}: {key} is empty"
    for preset in method.presets.values():
        unknown = set(preset) - set(method.params) - set(method.train_params)
        assert not unknown, f"{name}: preset names unknown parameters {unknown}"


def test_specifications_import_neither_torch_nor_scipy():
    """The workflow reads every specification at each start; heavy imports there would cost seconds."""
    code = "import sys; from mossfuse.methods import catalogue; catalogue(); print([m for m in ('torch','scipy','pandas') if m in sys.modules])"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"


def observe(truth, pair):
    return Observation(
        hsi=operator_of(pair)(truth),
        msi=(truth @ pair.sensor.srf.T).astype(np.float32),
        ratio=pair.ratio,
        sensor=pair.sensor,
        wavelengths=pair.wavelengths,
    )
