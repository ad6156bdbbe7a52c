"""``from mossfuse import fuse``: fuse a pair of images with any method of the benchmark.

The command line does the same tile by tile (mossfuse.cli.fuse), so that a cube larger than memory can be written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mossfuse.estimation.memory import estimate_once
from mossfuse.files.tiles import assemble_tiles
from mossfuse.pair.assemble import NAMES
from mossfuse.pair.deliver import deliver, in_units
from mossfuse.pair.deviation import deviations_of, method_with_deviation
from mossfuse.pair.fused import Fused
from mossfuse.pair.inputs import as_input
from mossfuse.pair.judgement import judge_work
from mossfuse.pair.look import Look
from mossfuse.pair.open import open_pair
from mossfuse.pair.work import check_choice, needs_geometry, prepare
from mossfuse.physics.residuals import Residuals
from mossfuse.protocol import EMPTY


def fuse(
    hsi: Any, msi: Any, *, method: str | None = None, weights: str | Path | None = None,
    srf: ArrayLike | None = None, psf: ArrayLike | None = None, phase: tuple[int, int] | None = None,
    psf_size: int | tuple[int, int] | None = None, ratio: int | None = None, wavelengths: ArrayLike | None = None,
    white: float | tuple[float, float] | None = None, device: str | None = None, seed: int = 0,
    preset: str | None = None, params: Mapping[str, Any] = EMPTY, register: str = "report", frame: str = "hr",
    nodata: Sequence[float] = (), uncertainty: bool = False,
) -> Fused:  # fmt: skip
    """Fuse a low-resolution HSI (h, w, B) with a high-resolution MSI (H, W, M); return a Fusion (mossfuse.pair.fused.Fused).

    hsi, msi: arrays, masked arrays (masked: not measured), xarray.DataArrays with dimensions y, x and band or wavelength, or paths
    of files and products as on the command line.

    The cube (H, W, B) is float32 in the units of ``hsi``, not clipped. psf_hat and srf_hat are the sensor that relates
    the three images, given or estimated; notes hold the method, the scale, and how well the cube explains both images
    (residual_hsi_rms, ... in the units of each image). It prints a summary with a verdict, and has plot(), save() and report().

    method: name as in ``mossfuse methods``, with or without a suffix such as ``+sdc``; None: the best blind method of the
        benchmark, or its informed form if srf or psf is given, or ``stack`` for a single HR band,
        or a mean of three cubes if LR has few bands too (mossfuse.pair.default_method); the notes say why (``chosen``).
    weights: for methods that learn: a file, 'released' (the authors') or 'fit' (trained on this pair, without truth).
    srf: (M, B) or (B, M); psf: (k_rows, k_cols); phase: (row, col); psf_size; ratio; white; wavelengths (B,) nm: what is
        known; see mossfuse.pair.assemble.assemble. What a method needs and is not given is estimated from the pair, once.
    device: 'cpu' or 'cuda'; None: the GPU if the method uses one and there is one.
    preset, params: a named set of the method's parameters, and single ones by name on top of it (with weights 'fit' those
        of its training, too); the method's file and ``mossfuse methods --json`` list them.
    register, frame, nodata: see mossfuse.pair.open.open_pair. uncertainty: whether the Fusion has the standard ``deviation`` of every
    value (nsgp alone).
    Raises MossFuseError, one sentence, for images that are not a pair and for methods or weights that do not fit it.
    """
    check_choice(method, weights, preset=preset, params=params)
    if uncertainty:
        method = method_with_deviation(method, weights)
    (lr, lr_name), (hr, hr_name) = as_input(hsi, NAMES[0]), as_input(msi, NAMES[1])
    if wavelengths is not None:
        lr = replace(lr, wavelengths=fitting(wavelengths, lr.values.shape[2]))
    with estimate_once():
        pair = open_pair(
            lr, hr, names=(lr_name, hr_name), ratio=ratio, srf=srf, psf=psf, phase=phase, psf_size=psf_size, white=white,
            nodata=nodata, register=register, frame=frame, search=needs_geometry(method, weights),
        )  # fmt: skip
        observation = pair.observation
        work = prepare(
            observation, method=method, weights=weights, device=device, seed=seed, preset=preset, params=params
        )
    residuals, look = Residuals(observation, work.sensor), Look(observation, work.sensor, pair.result.measured)
    cube = assemble_tiles(deliver(pair, work, residuals, look.add), pair.result.shape)
    found = residuals.summary()
    notes = {
        "method": work.name,
        **({"chosen": work.reason} if work.reason else {}),
        **in_units(found, pair.white),
        **work.notes,
    }
    notes |= {f"{name}_source": source for name, source in work.source.items()}
    notes |= {"white_hsi": pair.white[0], "white_msi": pair.white[1], "phase": work.sensor.phase}
    verdict = judge_work(pair, work, found, look.range)
    spread = deviations_of(pair, work) if uncertainty else None
    if spread is not None:
        notes |= {"deviation": str(spread), "deviation_factor": spread.calibration.factor}
    assert work.sensor.srf is not None
    return Fused(
        cube=cube, psf_hat=work.sensor.psf, srf_hat=work.sensor.srf * (pair.white[1] / pair.white[0]),
        history=work.history, notes=notes | {"verdict": verdict.word}, verdict=verdict, pair=pair, work=work, look=look,
        deviation=None if spread is None else assemble_tiles(spread.tiles, pair.result.shape),
        misfit_hsi=np.sqrt(np.mean((residuals.low - observation.hsi) ** 2, 2)),
    )  # fmt: skip


def fitting(wavelengths: ArrayLike, bands: int) -> np.ndarray | None:
    """Return the wavelengths (bands,) float64; None where they are those of other bands."""
    centres = np.ravel(np.asarray(wavelengths, np.float64))
    return centres if centres.size == bands else None
