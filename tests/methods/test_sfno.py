"""SFNO: the authors' output with the authors' weights, and weights that are read without executing their file."""

import os
import pickle
import re
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from baselines.sfno import fuse
from baselines.sfno.network import SFNO, enlarge
from mossfuse.errors import MossFuseError
from mossfuse.files.hashing import sha256_of
from mossfuse.files.torchscript import read_tensors
from mossfuse.protocol import Observation, Sensor
from mossfuse.remote.download import obtain
from mossfuse.remote.registry import REGISTRY, obtain_file

BANDS, MSI_BANDS = 31, 3


@pytest.fixture(scope="module")
def scripted(tmp_path_factory):
    """Return (a TorchScript file of the network with random weights, its tensors)."""
    torch.manual_seed(0)
    network = SFNO(BANDS, MSI_BANDS).eval()
    path = tmp_path_factory.mktemp("sfno") / "traced.pt"
    example = torch.rand(1, BANDS, 8, 8), torch.rand(1, MSI_BANDS, 8, 8)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing is deprecated, but released files were made by it
        torch.jit.trace(network, example).save(str(path))
    return path, network.state_dict()


@pytest.fixture
def cave_like(make_pair):
    pair, _ = make_pair(rows=32, cols=24, ratio=8, bands=BANDS)
    return replace(pair, msi=pair.msi[..., :MSI_BANDS])


@pytest.mark.real_data
def test_authors_weights_give_the_authors_output(mirror_file):
    official = np.load(mirror_file("sfno_official.npz"))
    pair = Observation(hsi=official["hsi"], msi=official["msi"], ratio=4, sensor=Sensor())
    fusion = fuse(pair, seed=0, device="cpu", checkpoint=obtain_file("sfno-cave-x4").path)
    assert fusion.notes["parameters"] == 244_645
    np.testing.assert_allclose(fusion.cube, official["cube"], rtol=0, atol=2e-5)


def test_tensors_of_a_torchscript_file_are_read_by_name(scripted):
    path, expected = scripted
    found = read_tensors(path)
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())


def test_weights_serve_from_the_torchscript_file_and_from_their_tensors(scripted, cave_like, tmp_path):
    path, tensors = scripted
    np.savez(tmp_path / "tensors.npz", **{name: tensor.numpy() for name, tensor in tensors.items()})
    cubes = [fuse(cave_like, seed=0, device="cpu", checkpoint=file).cube for file in (path, tmp_path / "tensors.npz")]
    np.testing.assert_array_equal(*cubes)


class Harmful:
    """A pickled object that would create a file when it is read."""

    def __reduce__(self):
        return os.mkdir, ("harmed",)


def test_file_with_a_program_in_its_pickle_is_refused_and_nothing_runs(scripted, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with zipfile.ZipFile(scripted[0]) as source, zipfile.ZipFile("bad.pt", "w") as target:
        for name in source.namelist():
            harmful = name.endswith("/data.pkl")
            target.writestr(name, pickle.dumps(Harmful(), protocol=2) if harmful else source.read(name))
    with pytest.raises(MossFuseError, match="asks for posix.mkdir"):
        read_tensors("bad.pt")
    assert not Path("harmed").exists()


@pytest.mark.parametrize("content", [b"", b"not an archive"])
def test_file_that_is_no_archive_is_one_sentence(content, tmp_path):
    (tmp_path / "bad.pt").write_bytes(content)
    with pytest.raises(MossFuseError, match="bad.pt is not a TorchScript file"):
        read_tensors(tmp_path / "bad.pt")


def test_authors_weights_refuse_a_pair_with_other_bands(scripted, make_pair):
    pair, _ = make_pair(rows=32, cols=32, ratio=8, bands=20)
    with pytest.raises(MossFuseError, match=r"for 31 HSI bands and 3 MSI bands; this pair has"):
        fuse(pair, seed=0, device="cpu", checkpoint=scripted[0])


def test_interpolation_in_two_parts_ends_at_full_size():
    assert enlarge(torch.rand(1, 2, 3, 4), 32, first=8).shape == (1, 2, 96, 128)


def test_derived_file_of_a_mirror_serves_and_a_changed_one_does_not(tmp_path):
    remote = REGISTRY["sfno-cave-x4"]
    (derived,) = remote.derived
    assert re.fullmatch("[0-9a-f]{64}", derived.sha256)
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    np.savez(mirror / derived.name, weight=np.ones(3, np.float32))
    known = replace(remote, urls=(), derived=(replace(derived, sha256=sha256_of(mirror / derived.name)),))
    assert obtain(known, tmp_path / "own", [mirror]).path == mirror / derived.name
    with pytest.raises(MossFuseError, match="has sha256"):
        obtain(replace(remote, urls=()), tmp_path / "own", [mirror])
