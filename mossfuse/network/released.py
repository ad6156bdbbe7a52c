"""The network operation by operation as the released code runs it, on the parameters of this package's modules.

It is the reference for values (tests) and for speed (docs/measure), not used for fusion.
Planar tensors, normalised copies of queries and keys, every decoder, the PSF convolved at every pixel.
"""

import torch
import torch.nn.functional as F
from torch import nn

from mossfuse.network.aggregation import Aggregation
from mossfuse.network.architecture import Outputs
from mossfuse.network.blocks import TransformerBlock
from mossfuse.network.encoders import enlarge
from mossfuse.network.unireplknet import UniRepBlock
from mossfuse.physics.grid import block_span
from mossfuse.physics.tensors import project_spectra


def forward(network, msi, hsi):
    """Return all Outputs for an MSI (N, M, rows, cols) and an HSI (N, B, rows / ratio, cols / ratio).

    As released, PSF and SRF are attached to the graph in the cycle terms too.
    """
    shared_msi, complementary_msi = encode(network.encoder_msi, msi)
    shared_hsi, complementary_hsi = encode(network.encoder_hsi, enlarge(hsi, network.config["ratio"]))
    msi_rebuilt = decode_one(network.decoder_msi, shared_msi, complementary_msi)
    hsi_rebuilt = decode_one(network.decoder_hsi, shared_hsi, complementary_hsi)
    lr, hr = network.decoder_lr, network.decoder_hr
    blurred_rebuilt = lr.head(chain(lr.blocks, lr.merge(torch.cat([shared_msi, shared_hsi], 1))))
    psf, srf = network.blind.psf(), network.blind.srf()
    from_hsi = project_spectra(hsi, srf).clamp(0, 1)
    from_msi = blur_everywhere(network.blind, msi, psf).clamp(0, 1)
    x = hr.merge(torch.cat([shared_msi, shared_hsi], 1))
    x = aggregate(hr.aggregate_spectral, aggregate(hr.aggregate_spatial, x, complementary_msi), complementary_hsi)
    hr_hsi = hr.head(chain(hr.blocks, x))
    return Outputs(
        shared_msi,
        complementary_msi,
        shared_hsi,
        complementary_hsi,
        msi_rebuilt,
        hsi_rebuilt,
        blurred_rebuilt,
        from_hsi,
        from_msi,
        psf,
        srf,
        hr_hsi,
        network.blind.blur(hr_hsi, psf),
        project_spectra(hr_hsi, srf),
    )


def blur_everywhere(blind, image, psf):
    """Return the values of BlindOperators.blur by a convolution at every pixel, ratio^2 times the work."""
    ratio, geometry = blind.ratio, blind.geometry
    spans = (block_span(*which, ratio) for which in zip(psf.shape, geometry.phase, strict=True))
    (r0, r1, row), (c0, c1, col) = spans
    rows, cols = image.shape[-2:]
    pad = tuple(ratio * n for n in (-c0, c1, -r0, r1))
    if any(pad):
        mode = {"reflect": "reflect", "wrap": "circular", "zero": "constant"}[geometry.border]
        image = F.pad(image, pad, mode=mode)
    kernel = psf.expand(image.shape[1], 1, *psf.shape)
    dense = F.conv2d(image[:, :, row:, col:], kernel, groups=image.shape[1])
    return dense[:, :, :rows:ratio, :cols:ratio]


def encode(encoder, image):
    """Return the shared and complementary features of an image."""
    base = chain(encoder.base, encoder.embed(image))
    complementary = encoder.complementary
    return chain(encoder.shared, base), chain(
        complementary if isinstance(complementary, nn.Sequential) else [complementary], base
    )


def decode_one(decoder, shared, complementary):
    """Return the image that a DecoderOne rebuilds."""
    return decoder.head(chain(decoder.blocks, aggregate(decoder.aggregate, shared, complementary)))


def chain(blocks, x):
    """Apply blocks one after another."""
    for block in blocks:
        x = {TransformerBlock: transform, UniRepBlock: convolve}[type(block)](block, x)
    return x


def transform(block, x):
    """Apply a TransformerBlock."""
    attention = block.attention
    query, key, value = query_key_value(attention.qkv, pixel_norm(block.norm1, x))
    x = x + attention.project_out(attend(query, key, value, attention.temperature))
    return x + feed_forward(block.feed_forward, pixel_norm(block.norm2, x))


def aggregate(block: Aggregation, shared, complementary):
    """Apply an Aggregation."""
    attention, y = block.attention, complementary
    query, key, value = query_key_value(attention.qkv, pixel_norm(block.norm1, shared))
    weights = [attention.spatial.layers, lambda z: attention.spectral.layers(z.mean((2, 3)))[:, :, None, None]]
    query_weight, value_weight = weights if attention.kind == "spatial" else weights[::-1]
    attended = attend(query * query_weight(y), key, value, attention.temperature)
    x = shared + attention.project_out(attended + attention.complement(y) * value_weight(attended))
    return x + feed_forward(block.feed_forward, pixel_norm(block.norm2, x))


def pixel_norm(norm, x):
    """Apply a PixelNorm."""
    return F.layer_norm(x.permute(0, 2, 3, 1), norm.weight.shape, norm.weight, norm.bias).permute(0, 3, 1, 2)


def query_key_value(qkv, x):
    """Return queries, keys and values, each (N, dim, rows, cols)."""
    return qkv.depthwise(qkv.pointwise(x)).chunk(3, dim=1)


def attend(query, key, value, temperature):
    """Return the values (N, dim, rows, cols) weighted by the attention between channels."""
    shape = value.shape
    heads = temperature.shape[0]
    query, key, value = (t.reshape(shape[0], heads, shape[1] // heads, -1) for t in (query, key, value))
    query, key = F.normalize(query, dim=-1), F.normalize(key, dim=-1)
    weights = (query @ key.transpose(-2, -1) * temperature).softmax(-1)
    return (weights @ value).reshape(shape)


def feed_forward(part, x):
    """Apply a GatedFeedForward."""
    gate, content = part.depthwise(part.project_in(x)).chunk(2, dim=1)
    return part.project_out(F.gelu(gate) * content)


def convolve(block, x):
    """Apply a UniRepBlock."""
    y = block.large_kernel(x)
    excitation, response = block.excitation, block.response
    weight = excitation.up(F.relu(excitation.down(y.mean((2, 3), keepdim=True))))
    y = F.gelu(block.expand((y * weight.sigmoid()).permute(0, 2, 3, 1)))
    energy = torch.linalg.vector_norm(y, dim=(1, 2), keepdim=True)
    y = (response.gamma * (energy / (energy.mean(-1, keepdim=True) + 1e-6)) + 1) * y + response.beta
    return x + block.gamma[:, None, None] * block.norm(block.reduce(y).permute(0, 3, 1, 2))
