"""One numeric thread per process of the tests, and fixtures that several files use: real data, small synthetic pairs.

pytest-xdist runs one worker per processor: a second thread per worker would wait for the others, not work. The variables
are read when numpy and torch are first imported, and child processes inherit them.
"""

import os
import shutil
import sys
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import numpy as np
import pytest
from filelock import FileLock
from scipy.io import loadmat

from mossfuse.benchmark.check.pairs import make_pair as build_pair
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.psf_geometry import official_geometry
from mossfuse.physics.sampling import BlurSample
from mossfuse.protocol import Observation, Sensor

MIRRORS = [Path(p) for p in os.environ.get("MOSSFUSE_MIRRORS", "").split(os.pathsep) if p]


def pytest_collection_modifyitems(items):
    """Put the tests of the workflow first: they take longest, and a long test that starts last leaves a worker idle."""
    items.sort(key=lambda item: "workflow" not in item.path.parts)


@pytest.fixture(autouse=True)
def same_start():
    """Let every test start with one thread of torch and the same seed, whatever an earlier test has left."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
        sys.modules["torch"].manual_seed(0)


@pytest.fixture(scope="session")
def built_once(tmp_path_factory):
    """Return ``folder(name, build)``: a folder that ``build`` fills once for all workers of this run of the tests."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def folder(name, build):
        place, finished = shared / name, shared / f"{name}.finished"
        with FileLock(shared / f"{name}.lock"):
            if not finished.exists():
                shutil.rmtree(place, ignore_errors=True)
                place.mkdir()
                build(place)
                finished.touch()
        return place

    return folder


@pytest.fixture(scope="session")
def mirror_file():
    """Path of a file in a mirror; the test is skipped, with the reason, where no mirror holds it."""

    def find(name):
        for folder in MIRRORS:
            if (folder / name).exists():
                return folder / name
        pytest.skip(f"needs {name} in a folder of MOSSFUSE_MIRRORS")

    return find


@pytest.fixture(scope="session")
def make_pair():
    """A small synthetic pair with its truth: smooth random abundances times smooth random spectra."""

    return build_pair


@pytest.fixture(scope="session")
def balloons_x32(mirror_file):
    """(pair at ratio 32, truth, the released MossFuse's output for this pair)."""
    truth = loadmat(mirror_file("CAVE_256/balloons_ms.mat"))["Omsi"].astype(np.float32) / 65535
    srf = loadmat(mirror_file("srf/MossFuse_resp.mat"))["resp"]
    size, phase = official_geometry(32)
    psf = gaussian_psf(size, 2.0)
    hsi = BlurSample(psf, (phase, phase), 32, truth.shape)(truth)
    sensor = Sensor(psf=psf, psf_shape=psf.shape, phase=(phase, phase), srf=srf)
    pair = Observation(hsi=hsi, msi=(truth @ srf.T).astype(np.float32), ratio=32, sensor=sensor)
    released = np.load(mirror_file("mossfuse_official.npz"))["balloons/HR_HSI"][0].transpose(1, 2, 0)
    return pair, truth, released


@pytest.fixture
def metrics_outside(tmp_path, monkeypatch):
    """Call it with a name and a text to write a metric file in a folder of MOSSFUSE_METRICS, and to search again."""
    from mossfuse.metrics import all_columns, catalogue

    folder = tmp_path / "metrics"
    folder.mkdir()
    monkeypatch.setenv("MOSSFUSE_METRICS", str(folder))

    def search_again():
        catalogue.cache_clear()
        all_columns.cache_clear()

    def write(name, text):
        (folder / name).write_text(text, encoding="utf-8")
        search_again()
        return folder / name

    yield write
    monkeypatch.delenv("MOSSFUSE_METRICS")
    search_again()
