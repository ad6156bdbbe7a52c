"""Fusion in tiles: the values of the whole image, whatever the tiles, in memory and in files, in bounded memory."""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch

from helpers.repository import ROOT
from mossfuse.benchmark.run.timing import count_flops
from mossfuse.errors import MossFuseError
from mossfuse.files import read_array, write_cube
from mossfuse.methods.mossfuse import fuse
from mossfuse.network import checkpoint, planes
from mossfuse.network.architecture import MossFuse
from mossfuse.network.encoders import enlarge
from mossfuse.network.inference import run_network
from mossfuse.network.planes import EnlargedPlane, FilePlane, MemoryPlane, Region, as_image, tiles
from mossfuse.network.reparameterise import reparameterise
from mossfuse.network.tiled import fuse_tiles
from mossfuse.pair.work import prepare
from mossfuse.physics.tensors import to_array, to_tensor

BANDS, MSI_BANDS, RATIO = 7, 3, 8


def network(**options):
    """A small network ready for inference, every weight away from its initial value."""
    found = MossFuse(BANDS, MSI_BANDS, RATIO, **{"dim": 16, "decoders": False, **options})
    with torch.no_grad():
        for name, tensor in found.state_dict().items():
            if tensor.is_floating_point() and not name.startswith("blind"):
                tensor += 0.1 * torch.rand_like(tensor)
    return reparameterise(found)


def pair(low):
    rng = np.random.default_rng(1)
    msi = rng.random((low[0] * RATIO, low[1] * RATIO, MSI_BANDS), np.float32)
    return msi, rng.random((*low, BANDS), np.float32)


def whole(found, msi, hsi):
    with torch.inference_mode():
        return to_array(found.fuse_only(to_tensor(msi), to_tensor(hsi)))


def joined(parts, msi):
    """The cube of all tiles; every pixel must come exactly once."""
    cube = np.full((*msi.shape[:2], BANDS), np.nan, np.float32)
    for (rows, cols), values in parts:
        assert np.isnan(cube[rows, cols]).all() and values.dtype == np.float32
        cube[rows, cols] = values
    assert not np.isnan(cube).any()
    return cube


@pytest.mark.parametrize("kept_bytes", [2**30, 0], ids=["memory", "files"])
@pytest.mark.parametrize(
    ("low", "tile", "options"),
    [
        ((16, 16), 32, {"num_blocks": 2}),
        ((5, 7), 24, {"num_blocks": 1}),  # 40 x 56 pixels: the last tiles are smaller
        ((2, 3), 5, {"num_blocks": 1}),  # tiles hardly larger than the halo
        ((4, 3), 100, {"num_blocks": 3, "dim": 8}),  # one tile
        ((4, 4), 16, {"num_blocks": 1, "aggregation": "neither"}),
        ((4, 4), 16, {"num_blocks": 1, "aggregation": "spectral"}),
    ],
    ids=str,
)
def test_tiles_equal_the_whole_image(low, tile, options, kept_bytes):
    found, (msi, hsi) = network(**options), pair(low)
    expected = whole(found, msi, hsi)
    assert expected.std() > 0.05
    cube = joined(fuse_tiles(found, msi, hsi, tile=tile, kept_bytes=kept_bytes), msi)
    np.testing.assert_allclose(cube, expected, rtol=0, atol=2e-5 * np.abs(expected).max())


def test_threads_agree_and_are_given_back():
    found, (msi, hsi) = network(num_blocks=2), pair((9, 6))
    expected = joined(fuse_tiles(found, msi, hsi, tile=16), msi)
    torch.set_num_threads(3)
    for kept_bytes in (2**30, 0):
        cube = joined(fuse_tiles(found, msi, hsi, tile=16, kept_bytes=kept_bytes), msi)
        np.testing.assert_allclose(cube, expected, rtol=0, atol=2e-5 * np.abs(expected).max())
    next(fuse_tiles(found, msi, hsi, tile=16))  # left unfinished
    seen = []
    thread = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert seen == [3]


def test_counted_operations_do_not_depend_on_the_threads():
    found, (msi, hsi) = network(), pair((4, 4))
    counts = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        counts.append(count_flops(lambda: joined(fuse_tiles(found, msi, hsi, tile=16), msi)))
        assert torch.get_num_threads() == threads
    assert counts[0] == counts[1] > 1e6


def test_statistics_of_one_tile_alone_would_be_wrong():
    """What the equality above is worth: a tile fused on its own is something else."""
    found, (msi, hsi) = network(), pair((8, 8))
    alone = whole(found, msi[:32, :32], hsi[:4, :4])
    assert np.abs(alone - whole(found, msi, hsi)[:32, :32])[:16, :16].max() > 0.01


@pytest.mark.parametrize("halo", [1, 2, 5])
@pytest.mark.parametrize("tile", [3, 4, 16])
def test_no_later_tile_reads_a_tile_that_is_behind(tile, halo):
    shape = (13, 17)
    order = list(tiles(shape, tile))
    behind = 0
    for number, current in enumerate(order):
        for earlier in order[:number]:
            if earlier.is_behind(current, halo):
                behind += 1
                for later in order[number:]:
                    around = later.grow(halo, shape)
                    apart = [a.stop <= b.start or b.stop <= a.start for a, b in zip(around, earlier, strict=True)]
                    assert any(apart), (earlier, current, later)
    assert behind or tile == 16


@pytest.mark.parametrize("kind", [MemoryPlane, FilePlane])
def test_planes_give_back_what_was_written(kind):
    image = torch.rand(1, 4, 11, 9).contiguous(memory_format=torch.channels_last)
    plane = kind((11, 9), 4, "cpu")
    for region in tiles((11, 9), 4):
        plane.write(region, image[:, :, region.rows, region.cols])
    assert torch.equal(plane.read(Region(slice(0, 11), slice(0, 9))), image)
    assert torch.equal(plane.read(Region(slice(3, 8), slice(2, 9))), image[:, :, 3:8, 2:9])


@pytest.mark.parametrize("ratio", [2, 5, 8])
def test_enlarging_a_region_equals_enlarging_the_image(ratio):
    low = np.random.default_rng(0).random((6, 5, 3), np.float32)
    expected = enlarge(as_image(torch.from_numpy(low)), ratio)
    plane = EnlargedPlane(low, ratio, "cpu")
    for region in tiles(expected.shape[2:], 7):
        found = plane.read(region)
        torch.testing.assert_close(found, expected[:, :, region.rows, region.cols], rtol=0, atol=2e-6)


def test_a_full_disk_is_one_clear_error(monkeypatch):
    monkeypatch.setattr(planes.os, "pwrite", lambda file, line, offset: line.nbytes - 1)
    msi, hsi = pair((2, 2))
    with pytest.raises(MossFuseError, match="No space left on device.*TMPDIR"):
        next(fuse_tiles(network(), msi, hsi, kept_bytes=0))


def saved(path, **options):
    """A checkpoint as training leaves it, and its network ready for inference."""
    found = MossFuse(BANDS, MSI_BANDS, RATIO, **{"dim": 8, "decoders": False, **options})
    checkpoint.save(path, found)
    return reparameterise(found)


def test_method_and_command_line_fuse_in_tiles(make_pair, tmp_path, monkeypatch):
    from mossfuse.__main__ import main

    found = saved(tmp_path / "weights.pt")
    observation, _ = make_pair(bands=BANDS, ratio=RATIO)
    expected = whole(found, observation.msi, observation.hsi)
    cube = fuse(observation, checkpoint=tmp_path / "weights.pt", tile=24).cube
    np.testing.assert_allclose(cube, expected, rtol=0, atol=1e-5)

    monkeypatch.setattr(MossFuse, "fuse_only", None)  # the whole image is never asked for
    work = prepare(observation, method="mossfuse", weights=str(tmp_path / "weights.pt"))
    np.testing.assert_allclose(joined(work.tiles, observation.msi), expected, rtol=0, atol=1e-5)
    for name, image in (("lr", observation.hsi), ("hr", observation.msi)):
        write_cube(tmp_path / f"{name}.npy", image)
    call = ["fuse", *(str(tmp_path / name) for name in ("lr.npy", "hr.npy")), "-o", str(tmp_path / "out.npy")]
    main([*call, "--method", "mossfuse", "--weights", str(tmp_path / "weights.pt"), "--no-preview"])
    np.testing.assert_allclose(read_array(tmp_path / "out.npy"), expected, rtol=0, atol=1e-4)


def test_bfloat16_is_near_float32_and_not_the_same():
    found, (msi, hsi) = network(), pair((4, 4))
    exact, rough = (joined(run_network(found, msi, hsi, precision=p), msi) for p in ("float32", "bfloat16"))
    error = np.sqrt(((rough - exact) ** 2).mean()) / exact.std()
    assert 1e-5 < error < 0.1


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"tile": 0}, "tile must be a positive"),
        ({"tile": 64, "compile": True}, "leave tile out"),
        ({"precision": "float8"}, "unknown precision 'float8'; choose one of float32, bfloat16"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, words):
    msi, hsi = pair((2, 2))
    with pytest.raises(MossFuseError, match=words):
        list(run_network(network(), msi, hsi, **settings))


def test_compiling_without_a_compiler_is_refused(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    msi, hsi = pair((2, 2))
    with pytest.raises(MossFuseError, match="needs a C.. compiler"):
        run_network(network(), msi, hsi, compile=True)


def test_speed_benchmark_fails_where_values_differ(monkeypatch, capsys):
    path = ROOT / "docs" / "measure" / "speed_of_the_network.py"
    spec = importlib.util.spec_from_file_location("benchmark_of_the_network", path)
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    monkeypatch.delenv("MOSSFUSE_MIRRORS", raising=False)  # random weights
    options = argparse.Namespace(threads=1, repeats=1, weights=None, save=False)
    assert benchmark.inference(options, size=64)
    printed = capsys.readouterr().out
    assert "as released" in printed and "0.56, hoped 0.45" in printed
    right = benchmark.whole
    monkeypatch.setattr(benchmark, "whole", lambda *given: right(*given) + 1e-4)
    assert not benchmark.inference(options, size=64)


@pytest.mark.slow
def test_the_whole_network_can_be_captured_for_compilation(monkeypatch):
    """One graph without breaks; the speed of the compiled network is measured by docs/measure/speed_of_the_network.py."""
    capture, kinds = torch.compile, []

    def without_compiler(function, **options):
        kinds.append(options)
        return capture(function, fullgraph=True, backend="eager", **options)

    monkeypatch.setattr(torch, "compile", without_compiler)
    monkeypatch.setenv("CXX", sys.executable)
    found, (msi, hsi) = network(), pair((4, 4))
    cube = joined(run_network(found, msi, hsi, compile=True), msi)
    np.testing.assert_allclose(cube, whole(found, msi, hsi), rtol=0, atol=1e-5)
    assert kinds == [{"dynamic": False}]


PROGRAM = """
import json, sys, numpy as np, torch
sys.path[:0] = sys.argv[3:]
from test_network_tiled import network, pair, whole
from mossfuse.files import cube_writer
from mossfuse.network.tiled import fuse_tiles

torch.set_num_threads(1)
torch.manual_seed(0)
found, (msi, hsi) = network(dim=8), pair((72, 72))
peak = lambda: next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
before = peak()
if sys.argv[1] == "whole":
    np.save(sys.argv[2], whole(found, msi, hsi))
else:
    with cube_writer(sys.argv[2], (576, 576, 7)) as put:
        for region, values in fuse_tiles(found, msi, hsi, tile=144, kept_bytes=int(sys.argv[1])):
            put(*region, values)
print(json.dumps(peak() - before))
"""

# The C library gives freed memory back at once, so that the peak is what the network holds, not what is kept for later.
GIVE_BACK = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "0", "MALLOC_ARENA_MAX": "1"}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of resident memory from /proc")
def test_a_scene_of_576_pixels_in_tiles_of_144_takes_a_third_of_the_memory(tmp_path, request):
    folders, cubes = [str(request.path.parent), str(ROOT / "tests")], {}

    def peak(kind):
        """Fuse in a process of its own; return the kilobytes that this added to its peak of resident memory."""
        path = str(tmp_path / f"{kind}.npy")
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, kind, path, *folders],
            env={**os.environ, **GIVE_BACK},
            capture_output=True,
            text=True,
            check=True,
        )
        cubes[kind] = np.load(path)
        return json.loads(done.stdout)

    whole_scene, kept = peak("whole"), str(2**30)
    in_memory = peak(kept)
    in_files = peak("0")
    for kind in (kept, "0"):
        np.testing.assert_allclose(cubes[kind], cubes["whole"], rtol=0, atol=1e-4)
    assert in_memory < 0.35 * whole_scene
    assert in_files < 0.7 * in_memory
