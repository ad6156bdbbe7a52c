"""Run the trained network on a pair of any size, in the way that is fastest on the device.

On a CPU that is tile by tile (mossfuse.network.tiled); on a GPU, and compiled, the whole image at once.
"""

import os
import shutil
from functools import lru_cache

import torch

from mossfuse.errors import MossFuseError
from mossfuse.network.planes import tiles
from mossfuse.network.tiled import TILE, exact_arithmetic, fuse_tiles
from mossfuse.physics.tensors import to_array, to_tensor


def run_network(network, msi, hsi, *, device="cpu", tile=None, compile=False, precision="float32"):
    """Iterate over ((rows, cols), values) of the fused cube: slices and (rows, cols, B) float32, one row of tiles after
    another.

    network: from mossfuse.network.reparameterise, on the device. msi (rows, cols, M), hsi (rows / ratio, cols / ratio,
    B).
    tile: pixels along the side of a tile; None: 128 on a CPU, the whole image on a GPU. compile: the whole image
    through torch.compile, on a GPU with CUDA graphs; pays off only for many pairs of one size. precision: 'float32' or
    'bfloat16'. Raises MossFuseError for settings that exclude each other.
    """
    if tile is not None and (compile or type(tile) is not int or tile < 1):
        raise MossFuseError(
            "compile works on whole images: leave tile out"
            if compile
            else f"tile must be a positive whole number of pixels, not {tile}"
        )
    if compile or (tile is None and torch.device(device).type != "cpu"):
        cube = fuse_whole(network, msi, hsi, device, compile, precision)
        return ((region, cube[region]) for region in tiles(cube.shape[:2], TILE))
    return fuse_tiles(network, msi, hsi, tile=tile or TILE, device=device, precision=precision)


def fuse_whole(network, msi, hsi, device, compile, precision):
    """Return the cube (rows, cols, B) computed in one piece."""
    run = compile_network(network, torch.device(device).type) if compile else network.fuse_only
    with torch.no_grad(), exact_arithmetic(precision, device):
        return to_array(run(to_tensor(msi, device), to_tensor(hsi, device)))


@lru_cache(maxsize=1)
def compile_network(network, kind):
    """Return ``network.fuse_only`` compiled, the same object for the same network, so that a size is compiled once."""
    if kind == "cuda":
        return torch.compile(network.fuse_only, dynamic=False, mode="reduce-overhead")
    if shutil.which(os.environ.get("CXX", "g++")) is None:
        raise MossFuseError(
            "compile needs a C++ compiler, and there is no g++; install one, name it in CXX, or leave compile out"
        )
    return torch.compile(network.fuse_only, dynamic=False)
