"""MossFuse tile by tile: the values of ``fuse_only`` in bounded memory, and the fastest way to compute them on a CPU.

Everything in the network that depends on the whole image is a sum over its pixels: products of queries and keys (which
include their lengths), means (squeeze-excitation, spectral weights) and energies (response norm). Layer by layer such a
sum is gathered over all tiles first; then the layer is applied to each tile with the halo its convolutions need. At the
image's border a region ends where the image ends, so that the convolutions' zero padding is that of the untiled image.

At most three planes of features exist at once. Small tiles also stay in the processor's cache and reuse their memory,
which makes a CPU two to three times faster than whole images do.
"""

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from itertools import islice

import torch
import torch.nn.functional as F
from torch import nn

from mossfuse.devices import mixed, precise
from mossfuse.network.aggregation import Addition, Aggregation
from mossfuse.network.blocks import TransformerBlock, matrix
from mossfuse.network.fused_operations import gated_projection, pointwise, products
from mossfuse.network.planes import EnlargedPlane, FilePlane, ImagePlane, MemoryPlane, crop, tiles
from mossfuse.network.reparameterise import FoldedBlock
from mossfuse.network.unireplknet import KERNEL
from mossfuse.progress import track

TILE = 128  # pixels
GROUP = 48  # hidden channels of a block held at once, 3 MB in a tile
PLANES = 3  # that exist at the same time, at most
KEPT_BYTES = 4 * 2**30  # features beyond that go to temporary files
PASSES = {TransformerBlock: 2, FoldedBlock: 3, Aggregation: 2, Addition: 1}  # over all tiles; an Addition has a block
OTHER_PASSES = 5  # three first convolutions, two halves of the merging one


@torch.inference_mode()
def fuse_tiles(network, msi, hsi, *, tile=TILE, device="cpu", kept_bytes=KEPT_BYTES, precision="float32"):
    """Yield (region, values): every tile of the fused cube, (rows, cols, B) float32 arrays, one row of tiles after
    another.

    network: from mossfuse.network.reparameterise, on the device. msi (rows, cols, M), hsi (rows / ratio, cols / ratio,
    B): numpy arrays. tile: pixels along each side; the result does not depend on it beyond rounding. kept_bytes:
    features that need more are stored in temporary files. precision: 'float32' or 'bfloat16', of convolutions and
    products; features stay in float32. On a CPU torch.get_num_threads() threads work on one tile each.
    """
    with Canvas(network, msi.shape[:2], tile, device, kept_bytes, precision) as canvas:
        x, y_msi, y_hsi = encode(canvas, network, msi, hsi)
        decoder = network.decoder_hr
        for aggregation, y in ((decoder.aggregate_spatial, y_msi), (decoder.aggregate_spectral, y_hsi)):
            aggregate(canvas, aggregation, x, y)
        del y, y_msi, y_hsi
        chain(canvas, decoder.blocks, x, x)
        for region, image in canvas.visit(2, lambda inner, x: inner(decoder.head(x)), x):
            yield region, image[0].permute(1, 2, 0).float().cpu().numpy()


def encode(canvas, network, msi, hsi):
    """Return planes: merged shared features, complementary features of the MSI, and those of the HSI.

    The MSI's first blocks run twice: a tenth more work and a quarter less memory than storing their output.
    """
    dim, merge = network.config["dim"], matrix(network.decoder_hr.merge)
    of_msi, of_hsi = network.encoder_msi, network.encoder_hsi
    msi, hsi = ImagePlane(msi, canvas.device), EnlargedPlane(hsi, of_hsi.ratio, canvas.device)

    x = begin(canvas, of_msi, dim, msi)
    chain(canvas, of_msi.shared, x, x)
    canvas.write(0, lambda inner, shared: pointwise(shared, merge[:, :dim]), x, x)

    y_hsi = begin(canvas, of_hsi, dim, hsi)
    shared = canvas.plane(dim)
    chain(canvas, of_hsi.shared, y_hsi, shared)
    canvas.write(0, lambda inner, x, shared: x + pointwise(shared, merge[:, dim:]), x, x, shared)
    del shared
    chain(canvas, [of_hsi.complementary], y_hsi, y_hsi)

    y_msi = begin(canvas, of_msi, dim, msi)
    chain(canvas, of_msi.complementary, y_msi, y_msi)
    return x, y_msi, y_hsi


def begin(canvas, encoder, dim, image):
    """Return a new plane with the output of an encoder's first blocks for an image."""
    plane = canvas.plane(dim)
    canvas.write(1, lambda inner, image: inner(encoder.embed(image)), plane, image)
    chain(canvas, encoder.base, plane, plane)
    return plane


def chain(canvas, blocks, source, target):
    """Apply blocks one after another, from the plane ``source`` to the plane ``target``, which may be the same."""
    for block in blocks:
        {TransformerBlock: transform, FoldedBlock: respond}[type(block)](canvas, block, source, target)
        source = target


def transform(canvas, block, source, target):
    """Apply a TransformerBlock."""
    attention, qkv = block.attention, block.attention.qkv

    def similar(inner, x):
        return (products(inner.zero_halo(qkv(block.norm1(x), qkv.queries_and_keys))),)

    (gathered,) = canvas.gather(1, similar, source)
    mix = attention.output_matrix(gathered)

    def apply(inner, x):
        x = x + pointwise(qkv(block.norm1(x), qkv.values), mix)
        return add_feed_forward(inner, block, x)

    canvas.write(2, apply, target, source)


def aggregate(canvas, block, plane, other):
    """Apply an Aggregation or Addition in place to the shared features in ``plane``; complementary ones in ``other``."""
    if isinstance(block, Addition):
        canvas.write(0, lambda inner, x, y: x + y, plane, plane, other)
        transform(canvas, block.block, plane, plane)
        return
    attention, qkv = block.attention, block.attention.qkv

    def statistics(inner, x, y):
        normal = block.norm1(x)
        features = inner.zero_halo(qkv(normal, qkv.queries_and_keys))
        if attention.kind == "spatial":
            features[:, : attention.dim] *= attention.spatial(y)
        value = inner.zero_halo(qkv(normal, qkv.values))
        return products(features), value.sum((2, 3)), inner(y).sum((2, 3))

    similar, values, others = canvas.gather(1, statistics, plane, other)
    matrices = attention.matrices(similar, values / canvas.pixels, others / canvas.pixels)

    def apply(inner, x, y):
        x = x + attention.output(qkv(block.norm1(x), qkv.values), y, *matrices)
        return add_feed_forward(inner, block, x)

    canvas.write(2, apply, plane, plane, other)


def add_feed_forward(inner, block, x):
    """Return x + feed-forward(norm(x)) without the halo, one group of hidden channels after another."""
    part, y, out = block.feed_forward, block.norm2(x), inner(x)
    expand, kernel, reduce = matrix(part.project_in), part.depthwise.weight, matrix(part.project_out)
    for gate in groups(len(kernel) // 2, GROUP // 2):
        content = slice(gate.start + len(kernel) // 2, gate.stop + len(kernel) // 2)
        hidden = pointwise(y, torch.cat([expand[gate], expand[content]]))
        taps = torch.cat([kernel[gate], kernel[content]])
        hidden = F.conv2d(hidden, taps, padding=1, groups=len(taps))
        out += gated_projection(inner(hidden), reduce[:, gate])
    return out


def respond(canvas, block, source, target):
    """Apply a folded UniRepBlock, one group of hidden channels after another."""
    halo = 0 if isinstance(block.large_kernel, nn.Identity) else KERNEL // 2
    (total,) = canvas.gather(halo, lambda inner, x: (inner(block.large_kernel(x)).sum((2, 3)),), source)
    expand, bias = block.expand_matrix(total / canvas.pixels), block.expand.bias
    parts = groups(len(bias), GROUP)

    def hidden(y, part):
        return torch.ops.aten.gelu_(pointwise(y, expand[:, part], bias[part]))

    def energy(inner, x):
        y = inner(block.large_kernel(x))
        return (torch.cat([hidden(y, part).square_().sum((2, 3)) for part in parts], 1),)

    (energies,) = canvas.gather(halo, energy, source)
    reduce = block.reduce_matrix(energies)

    def apply(inner, x):
        y, out = inner(block.large_kernel(x)), inner(x) + block.reduce_bias()[:, None, None]
        for part in parts:
            out += pointwise(hidden(y, part), reduce[:, :, part])
        return out

    canvas.write(halo, apply, target, source)


def groups(channels, size):
    """Return slices of at most ``size`` channels that cover all of them."""
    return [slice(first, min(first + size, channels)) for first in range(0, channels, size)]


@contextmanager
def exact_arithmetic(precision, device):
    """Use ``precision`` for products, with true float32: no TF32, no choice of algorithms by timing."""
    on_gpu = torch.device(device).type == "cuda"  # the flags are the process's, and tiles on a CPU have threads
    with precise() if on_gpu else nullcontext(), mixed(precision, device):
        yield


class Inner:
    """The tile proper within a tile that was read with a halo."""

    def __init__(self, region, around):
        self.region, self.around, self.place = region, around, region.inside(around)

    def __call__(self, image):
        """Return the image without the halo."""
        return crop(image, self.place)

    def zero_halo(self, image):
        """Set the halo to zero in place, so that it adds nothing to a sum; return the image."""
        for axis, (inside, size) in enumerate(zip(self.place, self.around.shape, strict=True), start=2):
            image.narrow(axis, 0, inside.start).zero_()
            image.narrow(axis, inside.stop, size - inside.stop).zero_()
        return image


class Canvas:
    """The tiles of one image and the ways to visit them.

    A visiting function receives ``inner`` (an Inner) and one tensor per plane, halo included.
    """

    def __init__(self, network, shape, tile, device, kept_bytes, precision):
        self.shape, self.tile, self.device, self.precision = tuple(shape), tile, torch.device(device), precision
        self.pixels = shape[0] * shape[1]
        self.kind = MemoryPlane if 4 * network.config["dim"] * PLANES * self.pixels <= kept_bytes else FilePlane
        parts = (network.encoder_msi, network.encoder_msi.base, network.encoder_hsi, network.decoder_hr)
        passes = OTHER_PASSES + sum(PASSES.get(type(module), 0) for part in parts for module in part.modules())
        self.threads, self.pool = torch.get_num_threads(), None
        if self.threads > 1 and self.device.type == "cpu":
            self.pool = ThreadPoolExecutor(self.threads, initializer=torch.set_num_threads, initargs=(1,))
        self.passes = iter(track(range(passes), "fusing, layer by layer", total=passes))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.pool:
            self.pool.shutdown(cancel_futures=True)
            torch.set_num_threads(self.threads)  # later threads would inherit the pool's setting
        next(self.passes, None)  # closes the progress bar

    def plane(self, channels):
        """Return a new plane for this many channels, in memory or in a file."""
        return self.kind(self.shape, channels, self.device)

    def visit(self, halo, function, *planes):
        """Yield (region, function's result) tile by tile, in their order; a few tiles are computed ahead."""

        def work(region):
            inner = Inner(region, region.grow(halo, self.shape))
            with exact_arithmetic(self.precision, self.device):
                return region, function(inner, *(plane.read(inner.around) for plane in planes))

        regions = tiles(self.shape, self.tile)
        lead = 2 * self.threads if self.pool else 1
        ahead = deque(self.start(work, region) for region in islice(regions, lead))
        while ahead:
            yield ahead.popleft()()
            ahead.extend(self.start(work, region) for region in islice(regions, 1))

    def start(self, function, *arguments):
        """Start function(*arguments) in a thread; return a callable that waits for the result.

        Each thread works on its own tile: threads that share every operation would mostly wait for each other.
        """
        if self.pool is None:
            result = function(*arguments)
            return lambda: result
        return self.pool.submit(torch.inference_mode()(function), *arguments).result

    def gather(self, halo, function, *planes):
        """Return the tensors of ``function``, each summed over all tiles (in float64)."""
        next(self.passes)
        totals = None
        for _, parts in self.visit(halo, function, *planes):
            totals = [0] * len(parts) if totals is None else totals
            totals = [total + part.double() for total, part in zip(totals, parts, strict=True)]
        return [total.float() for total in totals]

    def write(self, halo, function, target, *planes):
        """Write ``function``'s results into the plane ``target``, which may be among the planes that are read.

        A tile is then written only when no later tile needs the values it replaces.
        """
        next(self.passes)
        delayed = halo > 0 and target in planes

        def apply(inner, *images):
            image = function(inner, *images)
            return image if delayed else target.write(inner.region, image)

        waiting, writing = deque(), []
        for region, image in self.visit(halo, apply, *planes):
            while waiting and waiting[0][0].is_behind(region, halo):
                writing.append(self.start(target.write, *waiting.popleft()))
            if delayed:
                waiting.append((region, image))
        writing.extend(self.start(target.write, *each) for each in waiting)
        for finish in writing:
            finish()
