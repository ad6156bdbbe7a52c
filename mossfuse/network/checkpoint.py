"""Weights from and to files: our own checkpoints, and the authors' released one by parameter name.

Files are read with ``weights_only=True``: they hold tensors and plain data and cannot run code.
"""

import hashlib
import re
from pathlib import Path

from mossfuse.devices import generator_kept
from mossfuse.errors import MossFuseError
from mossfuse.files.torch_files import read_file
from mossfuse.fitting.checkpoints import check_format, write_checkpoint
from mossfuse.network.architecture import MossFuse

KIND = "mossfuse"
RELEASED_SHA256 = "8f9a4526df3f587b425cce56cf14952de58f3df2ab8fb25137670d44bccef348"
RELEASED_KEY = "Model_stage1"
RELEASED_WAVELENGTHS = [400.0 + 10.0 * band for band in range(31)]
RELEASED_CONFIG = {"bands": 31, "msi_bands": 3, "ratio": 32, "dim": 48, "num_blocks": 1}

# (pattern in the released name, name here), applied in this order
RELEASED_NAMES = (
    (r"^module\.", ""),
    (r"^modelE_MSI\.", "encoder_msi."),
    (r"^modelE_HSI\.", "encoder_hsi."),
    (r"^modelD_MSI\.", "decoder_msi."),
    (r"^modelD_HSI\.", "decoder_hsi."),
    (r"^modelD_LR\.", "decoder_lr."),
    (r"^modelD_HR\.", "decoder_hr."),
    (r"^blind\.srf$", "blind.raw_srf"),
    (r"^blind\.blur_down\.KernelParam$", "blind.factor"),
    (r"\.patch_embed\.proj\.", ".embed."),
    (r"\.baseFeature\.", ".shared."),
    (r"\.detailFeature\.", ".complementary."),
    (r"^(encoder_\w+)\.encoder_level1\.", r"\1.base."),
    (r"^(decoder_\w+)\.encoder_level2\.", r"\1.blocks."),
    (r"^(decoder_msi|decoder_hsi)\.reduce_channel\.", r"\1.unused."),
    (r"^decoder_lr\.reduce_channel\.", "decoder_lr.merge."),
    (r"^(decoder_msi|decoder_hsi)\.fuse\.", r"\1.aggregate."),
    (r"^decoder_hr\.fuse\.", "decoder_hr.merge."),
    (r"^decoder_hr\.fuse1\.", "decoder_hr.aggregate_spatial."),
    (r"^decoder_hr\.fuse2\.", "decoder_hr.aggregate_spectral."),
    (r"\.output\.", ".head."),
    (r"\.norm([12])\.body\.", r".norm\1."),
    (r"\.attn\.", ".attention."),
    (r"\.qkv\.", ".qkv.pointwise."),
    (r"\.qkv_dwconv\.", ".qkv.depthwise."),
    (r"\.ffn\.", ".feed_forward."),
    (r"\.feed_forward\.dwconv\.", ".feed_forward.depthwise."),
    (r"\.Spatial_Att\.spatial_atten\.", ".spatial.layers."),
    (r"\.Spectral_Att\.spectral_atten\.", ".spectral.layers."),
    (r"\.DWConv\.", ".complement."),
    (r"(\.\d)\.norm\.", r"\1.large_kernel.1."),
    (r"\.dwconv\.lk_origin\.", ".large_kernel.0.convs.0."),
    (r"\.dwconv\.origin_bn\.", ".large_kernel.0.norms.0."),
    (r"\.dwconv\.dil_conv_k5_1\.", ".large_kernel.0.convs.1."),
    (r"\.dwconv\.dil_bn_k5_1\.", ".large_kernel.0.norms.1."),
    (r"\.dwconv\.dil_conv_k3_2\.", ".large_kernel.0.convs.2."),
    (r"\.dwconv\.dil_bn_k3_2\.", ".large_kernel.0.norms.2."),
    (r"\.dwconv\.dil_conv_k3_3\.", ".large_kernel.0.convs.3."),
    (r"\.dwconv\.dil_bn_k3_3\.", ".large_kernel.0.norms.3."),
    (r"\.se\.", ".excitation."),
    (r"\.pwconv1\.1\.", ".expand."),
    (r"\.act\.1\.", ".response."),
    (r"\.pwconv2\.0\.", ".reduce."),
    (r"\.pwconv2\.2\.", ".norm."),
)


def translate_name(released):
    """Return this package's name for a parameter or buffer of the released code."""
    for pattern, replacement in RELEASED_NAMES:
        released = re.sub(pattern, replacement, released)
    return released


def load_by_name(network, tensors, source):
    """Copy ``tensors`` (name -> tensor) into ``network``; ``source`` names the file in errors.

    Every name must match. Shapes must be equal up to axes of length 1 (the release keeps some vectors and matrices
    as 1x1 kernels). Raises MossFuseError that lists the first names that do not fit.
    """
    own = network.state_dict()
    missing, extra = sorted(own.keys() - tensors.keys()), sorted(tensors.keys() - own.keys())
    misshapen = [n for n in sorted(own.keys() & tensors.keys()) if own[n].squeeze().shape != tensors[n].squeeze().shape]
    complaints = [
        f"{len(names)} {what} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"
        for what, names in (("missing", missing), ("unknown", extra), ("of another shape", misshapen))
        if names
    ]
    if complaints:
        raise MossFuseError(
            f"the weights in {source} do not fit this network: {'; '.join(complaints)}; "
            "use the band counts, dim and num_blocks they were trained with"
        )
    network.load_state_dict({name: tensor.reshape(own[name].shape) for name, tensor in tensors.items()})


def save(path, network, wavelengths=None, training=None):
    """Write a checkpoint in one step (a reader sees the old file or the whole new one).

    Content: format, config (bands, msi_bands, ratio, dim, num_blocks, decoders, geometry), state_dict, wavelengths
    (list of nm or None), training (facts: settings, seed, sizes).
    """
    write_checkpoint(
        path,
        KIND,
        {
            "config": network.config,
            "state_dict": {name: tensor.cpu() for name, tensor in network.state_dict().items()},
            "wavelengths": None if wavelengths is None else [float(w) for w in wavelengths],
            "training": dict(training or {}),
        },
    )


def load(path):
    """Return (network in evaluation mode, {'wavelengths', 'training'}) of a file of ``save`` or of the authors'
    release.
    """
    content = read_file(path)
    if isinstance(content, dict) and RELEASED_KEY in content:
        return load_released(path, content[RELEASED_KEY])
    check_format(content, path, KIND)
    with generator_kept():
        network = MossFuse(**content["config"])
    load_by_name(network, content["state_dict"], path)
    return network.eval(), {name: content[name] for name in ("wavelengths", "training")}


def load_released(path, tensors):
    """Load the authors' CAVE x32 checkpoint as ``load`` does; its SHA-256 must be the published file's."""
    found = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    if found != RELEASED_SHA256:
        raise MossFuseError(
            f"{path} is not the authors' CAVE x32 checkpoint: its sha256 is {found}, expected {RELEASED_SHA256}; "
            "delete it and download it again"
        )
    with generator_kept():
        network = MossFuse(**RELEASED_CONFIG)
    load_by_name(network, {translate_name(name): tensor for name, tensor in tensors.items()}, path)
    return network.eval(), {"wavelengths": RELEASED_WAVELENGTHS, "training": {}}
