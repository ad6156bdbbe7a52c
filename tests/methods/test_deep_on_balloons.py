"""Deep baselines on the real scene balloons at ratio 32."""

import numpy as np
import pytest

from helpers.deep_runs import call
from mossfuse.methods import find_method
from mossfuse.metrics import score
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.psf_geometry import official_geometry
from mossfuse.physics.sampling import BlurSample
from mossfuse.protocol import Observation, Sensor


@pytest.fixture(scope="session")
def balloons(mirror_file):
    """CAVE balloons at half size, and its official x32 pair with everything known."""
    from scipy.io import loadmat

    from mossfuse.degradations import degrade, find_degradation

    cube = (loadmat(mirror_file("CAVE_256/balloons_ms.mat"))["Omsi"] / 65535).astype(np.float32)
    responses = loadmat(mirror_file("srf/MossFuse_resp.mat"))
    srf = next(v for k, v in responses.items() if not k.startswith("_"))
    srf = srf if srf.shape[0] == 3 else srf.T
    return cube, degrade(cube, find_degradation("x32-gauss31s2-nikond700"), srf, scene="balloons")


def scores(balloons, name, seeds, **params):
    cube, pair = balloons
    rows = [score(cube, call(name, pair, seed, **params).cube, 32, "std1") for seed in seeds]
    return [row["psnr"] for row in rows], [row["sam"] for row in rows]


@pytest.mark.slow
@pytest.mark.real_data
def test_pixel_mlp_on_balloons_is_the_strong_cheap_peer(balloons):
    psnr, sam = scores(balloons, "pixel-mlp", (0, 1, 2))
    assert np.mean(psnr) >= 43.8 and min(psnr) >= 43.4
    assert np.mean(sam) <= 3.0


@pytest.mark.slow
@pytest.mark.real_data
def test_blind_pixel_mlp_loses_nothing_against_the_known_srf(balloons):
    psnr, _ = scores(balloons, "pixel-mlp-blind", (0,))
    assert psnr[0] >= 43.8


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize("name, floor", [("m2u-net", 42.0), ("edip-net", 40.0)])
def test_spectral_stages_on_balloons(balloons, name, floor):
    """Half of the default steps reach it."""
    steps = {stage: find_method(name)[0].params[stage] // 2 for stage in ("operator_steps", "spectral_steps")}
    psnr, _ = scores(balloons, name, (0,), detail_steps=0, **steps)
    assert psnr[0] >= floor


@pytest.mark.slow
@pytest.mark.real_data
def test_daem_without_pretraining_reaches_40_db_on_balloons(balloons):
    """Half of the default steps reach it."""
    psnr, _ = scores(balloons, "daem", (0,), steps=find_method("daem")[0].params["steps"] // 2)
    assert psnr[0] >= 40.0


@pytest.mark.slow
@pytest.mark.real_data
def test_udaln_reaches_39_db_on_balloons_at_ratio_32(mirror_file):
    from mossfuse.files import read_array
    from mossfuse.metrics import score

    truth = np.asarray(read_array(mirror_file("CAVE_256/balloons_ms.mat"), key="Omsi"), np.float32) / 65535
    srf = np.asarray(read_array(mirror_file("srf/MossFuse_resp.mat"), key="resp"), np.float64)
    srf = srf / srf.sum(1, keepdims=True)
    size, phase = official_geometry(32)
    psf = gaussian_psf(size, 2.0)
    hsi = BlurSample(psf, (phase, phase), 32, truth.shape)(truth)
    sensor = Sensor(psf_shape=psf.shape, phase=(phase, phase))
    pair = Observation(hsi=hsi, msi=(truth @ srf.T).astype(np.float32), ratio=32, sensor=sensor)
    method, module = find_method("udaln")
    params = {**method.params, "spectral_steps": 10000, "joint_steps": 200}
    cube = module.fuse(pair, seed=2, device="cpu", **params).cube
    assert score(truth, cube, 32, "std1")["psnr"] > 39
