"""Cubes made elsewhere come onto the scale [0, 1] by the rule of ``mossfuse score``, or are refused with the remedy."""

import numpy as np
import pytest

from mossfuse.benchmark.data.scale import require_lit
from mossfuse.benchmark.run import made_elsewhere
from mossfuse.errors import MossFuseError
from mossfuse.files import read_cube
from mossfuse.protocol import Observation, Sensor

TRUTH = np.random.default_rng(0).random((8, 8, 5))


@pytest.fixture
def taken(tmp_path, monkeypatch):
    """Store a cube as .npy, take it, and return (white, cube)."""
    pair = Observation(np.zeros((2, 2, 5), np.float32), np.zeros((8, 8, 3), np.float32), 4, Sensor())
    monkeypatch.setattr(made_elsewhere, "read_pair", lambda path, knows: pair)

    def take(stored, white=None):
        np.save(tmp_path / "theirs.npy", stored)
        level = made_elsewhere.copy_cube(tmp_path / "theirs.npy", None, white, tmp_path, tmp_path / "out.mat")
        return level, read_cube(tmp_path / "out.mat")[0]

    return take


@pytest.mark.parametrize(
    ("factor", "kind", "white", "level"),
    [(1, "f4", None, 1), (65535, "u2", None, 65535), (65535, "i4", None, 65535), (255, "u1", None, 255), (1e4, "i2", 1e4, 1e4), (255, "f4", 255, 255)],
)  # fmt: skip
def test_scale_of_a_cube_made_elsewhere(taken, factor, kind, white, level):
    stored = TRUTH * factor if kind == "f4" else np.round(TRUTH * factor)
    found, cube = taken(stored.astype(kind), white)
    assert found == level and cube.dtype == np.float32
    assert cube == pytest.approx(TRUTH, abs=0.6 / (level if kind[0] in "iu" else 1e6))


@pytest.mark.parametrize(("factor", "kind"), [(255, "f4"), (1e4, "i2"), (4095, "u2")])
def test_cube_of_no_known_scale_is_refused_with_the_remedy(taken, factor, kind):
    with pytest.raises(MossFuseError, match="give the row `white:`"):
        taken((TRUTH * factor).astype(kind))


def test_scale_that_the_file_states_counts(tmp_path, monkeypatch):
    pair = Observation(np.zeros((2, 2, 5), np.float32), np.zeros((8, 8, 3), np.float32), 4, Sensor())
    monkeypatch.setattr(made_elsewhere, "read_pair", lambda path, knows: pair)
    np.round(TRUTH * 10000).astype("<i2").tofile(tmp_path / "x.img")
    header = (
        "ENVI\nsamples = 8\nlines = 8\nbands = 5\ndata type = 2\ninterleave = bip\nreflectance scale factor = 10000\n"
    )
    (tmp_path / "x.hdr").write_text(header, encoding="utf-8")
    assert made_elsewhere.copy_cube(tmp_path / "x.hdr", None, None, tmp_path, tmp_path / "out.mat") == 10000
    np.testing.assert_allclose(read_cube(tmp_path / "out.mat")[0], TRUTH, atol=1e-4)
    assert made_elsewhere.copy_cube(tmp_path / "x.hdr", None, 20000, tmp_path, tmp_path / "out.mat") == 20000


def test_cube_of_another_shape_or_with_nan_is_refused(taken):
    with pytest.raises(MossFuseError, match="the scene needs 8x8x5"):
        taken(TRUTH[:4])
    with pytest.raises(MossFuseError, match="not finite"):
        taken(np.where(TRUTH > 0.5, np.nan, TRUTH))


def test_scene_that_its_integer_type_made_black_is_refused():
    with pytest.raises(MossFuseError, match=r"x\.mat are of a much wider type"):
        require_lit(TRUTH * 65535 / (2**31 - 1), "cave", "balloons", "x.mat")
    require_lit(TRUTH * 4095 / 65535, "cave", "balloons", "x.mat")
