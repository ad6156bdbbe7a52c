"""How well a fused cube explains its own observation: residuals of the sensor model, before any clipping."""

import math

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.metrics.specification import Column
from mossfuse.physics.residuals import Residuals
from mossfuse.protocol import Observation


def residual_column(name: str, title: str, order: int) -> Column:
    """Return the Column of one residual, in image units."""
    return Column(name, title, "", "lower", decimals=6, range=(0, math.inf), order=order, shown="table")


COLUMNS = (
    residual_column("residual_hsi_max", "max |HX - hsi|", 910),
    residual_column("residual_hsi_rms", "rms |HX - hsi|", 911),
    residual_column("residual_msi_max", "max |RX - msi|", 912),
    residual_column("residual_msi_rms", "rms |RX - msi|", 913),
)


def consistency(cube: np.ndarray, observation: Observation) -> dict[str, float]:
    """Return the largest and the rms value of |H X - hsi| and |R X - msi| in image units, by the names of COLUMNS.

    cube: (rows, cols, bands), not clipped. observation.sensor must hold the TRUE psf, phase and srf. Small residuals
    are necessary, not sufficient: the null space of H and R is free. With noisy data the truth itself leaves the noise, and
    with an MSI that is shifted against the HSI it leaves the shift, which is no part of R. Raises MossFuseError where the
    sensor is incomplete, for a cube of another shape, and for values that are not finite.
    """
    sensor = observation.sensor
    missing = [name for name in ("psf", "phase", "srf") if getattr(sensor, name) is None]
    if missing:
        raise MossFuseError(
            f"consistency needs the true {', '.join(missing)} of the sensor; score with the full pair file"
        )
    expected = (*observation.msi.shape[:2], observation.hsi.shape[2])
    if cube.shape != expected:
        raise MossFuseError(
            f"the fused cube has shape {cube.shape}, its pair asks for {expected}; check the cube's file"
        )
    if not np.isfinite(cube).all():
        raise MossFuseError("the fused cube holds NaN or infinite values; record the cell as failed")
    residuals = Residuals(observation, sensor)
    residuals.add(slice(None), slice(None), cube)
    return residuals.summary()
