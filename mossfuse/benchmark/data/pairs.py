"""Degraded pairs on disk: written once, so that every method reads the same bytes."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.protocol import Observation, Sensor

ARRAYS = ("hsi", "msi", "psf", "srf", "noise_hsi", "noise_msi", "wavelengths")


def write_pair(path, observation, *, scene="", degradation=None, made_from=None):
    """Write the pair as MATLAB v7.3 and, beside it, NAME.json with the sha256 of its arrays and file; return the former.

    scene, degradation: the scene's name and the Degradation behind the pair, which are recorded beside it: the pair itself
    holds no name. made_from: name -> sha256 of what it is made from, which is recorded as well.
    """
    from mossfuse.files import write_variables
    from mossfuse.files.atomic import write_json
    from mossfuse.files.hashing import sha256_of

    path = Path(path)
    sensor = observation.sensor
    digest = pair_sha256(observation)
    variables = {
        "hsi": observation.hsi,
        "msi": observation.msi,
        "ratio": np.int64(observation.ratio),
        "wavelengths": observation.wavelengths,
        "psf": sensor.psf,
        "psf_shape": None if sensor.psf_shape is None else np.array(sensor.psf_shape, np.int64),
        "phase": None if sensor.phase is None else np.array(sensor.phase, np.int64),
        "srf": sensor.srf,
        "noise_hsi": sensor.noise_hsi,
        "noise_msi": sensor.noise_msi,
        "border": sensor.border,
    }
    write_variables(path, variables)
    record = {
        "sha256": digest,
        "file_sha256": sha256_of(path),
        "scene": scene,
        "degradation": None if degradation is None else asdict(degradation),
        "made_from": made_from or {},
    }
    write_json(path.with_suffix(".json"), record)
    return digest


def read_pair(path, knows=None):
    """Return the Observation of a written pair, its sensor restricted to ``knows`` (None: everything, for scoring)."""
    from mossfuse.files import read_variables

    found = read_variables(path)
    missing = [name for name in ("hsi", "msi", "ratio") if name not in found]
    if missing:
        raise MossFuseError(
            f"{path} is not a degraded pair (it lacks {', '.join(missing)}); write it with mossfuse bench degrade"
        )
    flat = {
        n: np.ravel(found[n]) for n in ("wavelengths", "noise_hsi", "noise_msi", "psf_shape", "phase") if n in found
    }
    sensor = Sensor(
        psf=found.get("psf"),
        psf_shape=pixels(flat.get("psf_shape")),
        phase=pixels(flat.get("phase")),
        srf=found.get("srf"),
        noise_hsi=flat.get("noise_hsi"),
        noise_msi=flat.get("noise_msi"),
        border=found.get("border", "reflect"),
    )
    observation = Observation(
        hsi=found["hsi"],
        msi=found["msi"],
        ratio=int(np.ravel(found["ratio"])[0]),
        sensor=sensor,
        wavelengths=flat.get("wavelengths"),
    )
    return observation if knows is None else replace(observation, sensor=sensor.restricted_to(knows))


def pixels(values):
    """Return an array of pixel counts as a tuple of whole numbers, None as None."""
    return None if values is None else tuple(int(v) for v in values)


def pair_sha256(observation):
    """Return the hash of everything a method can see: images, sensor arrays, ratio, phase, border, wavelengths."""
    from mossfuse.files.hashing import array_sha256

    sensor = observation.sensor
    values = {**vars(sensor), **{n: getattr(observation, n) for n in ("hsi", "msi", "wavelengths")}}
    arrays = [np.zeros(0) if values[n] is None else np.ascontiguousarray(values[n]) for n in ARRAYS]
    facts = f"{observation.ratio} {sensor.phase} {sensor.psf_shape} {sensor.border}"
    return array_sha256(*arrays, np.frombuffer(facts.encode(), np.uint8))
