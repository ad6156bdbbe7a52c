"""``from mossfuse import fuse``: fuse a pair of images with any method of the benchmark.

The command line does the same tile by tile (mossfuse.pair.work), so that a cube larger than memory can be written.
"""

import numpy as np

from mossfuse.pair.agreement import Agreement, in_units
from mossfuse.pair.assemble import assemble
from mossfuse.pair.work import prepare
from mossfuse.protocol import EMPTY, Fusion


def fuse(
    hsi, msi, *, method=None, weights=None, srf=None, psf=None, phase=None, psf_size=None, ratio=None,
    wavelengths=None, white=None, device=None, seed=0, preset=None, params=EMPTY,
):  # fmt: skip
    """Fuse a low-resolution HSI (h, w, B) with a high-resolution MSI (H, W, M); returns mossfuse.protocol.Fusion.

    The cube (H, W, B) is float32 in the units of ``hsi``, not clipped. psf_hat and srf_hat are the sensor that relates
    the three images, given or estimated; notes tell the method, the scale, and how well the cube explains both images
    (residual_hsi_rms, ... in the units of each image).

    method: name as in ``mossfuse methods``, with or without a suffix such as ``+sdc``; None: the best blind method of the
        benchmark, or its informed form where srf or psf is given.
    weights: for methods that learn: a file, 'released' (the authors') or 'fit' (trained on this pair, without truth).
    srf: (M, B) or (B, M); psf: (k_rows, k_cols); phase: (row, col); psf_size; ratio; white; wavelengths (B,) nm: what is
        known; see mossfuse.pair.assemble.assemble. What a method needs and nobody gave is estimated from the pair.
    device: 'cpu' or 'cuda'; None: the GPU where the method uses one and there is one.
    preset, params: a named set of the method's parameters, and single ones by name on top of it (with weights 'fit' those of
        its training, too); what there is stands in the method's file and in ``mossfuse methods --json``.
    Raises MossFuseError, one sentence, for input that makes no pair and for methods or weights that do not fit it.
    """
    pair = assemble(
        hsi, msi, ratio=ratio, srf=srf, psf=psf, phase=phase, psf_size=psf_size, wavelengths=wavelengths, white=white
    )
    observation = pair.observation
    work = prepare(observation, method=method, weights=weights, device=device, seed=seed, preset=preset, params=params)
    agreement = Agreement(observation, work.sensor)
    cube = np.empty((*observation.msi.shape[:2], observation.hsi.shape[2]), np.float32)
    for place, values in work.tiles:
        agreement.add(*place, values)
        cube[place] = values * np.float32(pair.white[0])
    notes = {"method": work.name, **in_units(agreement.residuals(), pair.white), **work.notes}
    notes |= {f"{name}_source": source for name, source in work.source.items()}
    notes |= {"white_hsi": pair.white[0], "white_msi": pair.white[1], "phase": work.sensor.phase}
    return Fusion(
        cube=cube, psf_hat=work.sensor.psf, srf_hat=work.sensor.srf * (pair.white[1] / pair.white[0]),
        history=work.history, notes=notes,
    )  # fmt: skip
