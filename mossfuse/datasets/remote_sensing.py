"""`jasper-ridge`, `samson`, `pavia-crop`, `urban-crop`: small airborne scenes, the top-left part whose sides are multiples of eight.

The files carry no wavelengths. Those given here are NOMINAL: evenly spaced over the sensor's published range (AVIRIS
224 bands 380-2500 nm with the file's own list of kept bands; Samson 401-889 nm; ROSIS 430-860 nm; HYDICE 400-2500 nm, of whose
210 bands the file keeps 174 without naming them). Use the responses `landsat8` (six channels) for Jasper Ridge and Urban,
`landsat8-vnir` (four) for the other two.

Labels, for metrics alone: the maps of anomalies of Pavia and Urban; for Jasper Ridge the published endmembers and abundances
(Zhu, arXiv 1708.05125, 2017), where their file is there; for Samson the endmembers in its file, which an unmixing code starts
from: they are no ground truth, and neither are the abundances beside them.
"""

import logging
from pathlib import Path

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.protocol import Dataset, RemoteFile

# 1-based AVIRIS bands that Jasper Ridge lacks: water vapour and noise.
REMOVED = {*range(1, 4), *range(108, 113), *range(154, 167), *range(220, 225)}
NOMINAL = "Nominal wavelengths; terms of the data not stated by their distributors."


def evenly(first, last, count):
    return tuple(np.linspace(first, last, count).round(2).tolist())


FILES = {
    "jasper-ridge": RemoteFile(
        name="jasperRidge2_R198.mat",
        urls=(
            "https://github.com/kinan3bb3s/Snapshot_Image_Demosaicing_Unmixing_Completion/raw/5b8fe76/Data/jasperRidge2_R198.mat",
        ),
        sha256="0e4118a6452f6044978a8ca3762fb0f791115467904936d463c4e111e56e682e",
        size=2_987_224,
        mirror_names=("remote_sensing/jasperRidge2_R198.mat",),
    ),
    "samson": RemoteFile(
        name="real_data_samson.mat",
        urls=(
            "https://github.com/ricardoborsoi/unmixing_spectral_variability/raw/"
            "09fc0d6fbdb66e504bf7064433df94710d21585e/methods/DeepGUn/data/real_data_samson.mat",
        ),
        sha256="46f79f34d1596eb22bf795108dc1573f33cfbd46a05f1b497ffb1a154cbc5ca1",
        size=3_513_434,
        mirror_names=("remote_sensing/samson_real_data_samson.mat",),
    ),
    "pavia-crop": RemoteFile(
        name="Pavia.mat",
        urls=("https://github.com/lzw-lzw/Hyperspectral-anomaly-detection-methods/raw/0200ed8/DATASET/Pavia.mat",),
        sha256="31b7dd1877bfd8b0588cabbe2140bac39329ff70a0683431ada5c61f1d241d0f",
        size=3_334_492,
        mirror_names=("remote_sensing/pavia_HAD_100x100.mat",),
    ),
    "urban-crop": RemoteFile(
        name="urban.mat",
        urls=("https://github.com/lzw-lzw/Hyperspectral-anomaly-detection-methods/raw/377955d/urban.mat",),
        sha256="2973dc1afd8bf0c60d03feeb1052e298d77f68dfb5c74e22bfdb670bdfca3790",
        size=2_591_282,
        mirror_names=("remote_sensing/urban_HYDICE_HAD_80x100.mat",),
    ),
}
# No lasting address of this file is known: it is taken from the folder of raw files or from a mirror.
JASPER_ABUNDANCES = RemoteFile(
    name="GT_Jasper.mat",
    urls=(),
    sha256="92f5697b43705802b904fd13ba99b6ce65a3d203682864abc3fbec922beec374",
    size=178_271,
    mirror_names=("remote_sensing/jasper_GT_Jasper.mat",),
)
KEYS = {"jasper-ridge": "Y", "samson": "r_cube", "pavia-crop": "data", "urban-crop": "data"}
log = logging.getLogger(__name__)


def specification(name, title, wavelengths, shape, note):
    return Dataset(
        name=name,
        title=title,
        citation=f"{title}, as distributed for unmixing and anomaly detection",
        terms="not stated",
        train=(),
        test=(name,),
        wavelengths=wavelengths,
        shape=shape,
        files=(FILES[name],),
        url=FILES[name].urls[0],
        note=f"{note} {NOMINAL}",
    )


DATASETS = (
    specification(
        "jasper-ridge",
        "AVIRIS Jasper Ridge subscene",
        tuple(wl for b, wl in enumerate(evenly(380, 2500, 224), 1) if b not in REMOVED),
        (96, 96, 198),
        "Stored numbers over their maximum.",
    ),
    specification("samson", "Samson", evenly(401, 889, 156), (88, 88, 156), "Normalised by its distributors."),
    specification(
        "pavia-crop",
        "ROSIS Pavia, 100 x 100 crop",
        evenly(430, 860, 102),
        (96, 96, 102),
        "Normalised by its distributors.",
    ),
    specification(
        "urban-crop",
        "HYDICE Urban, 80 x 100 crop",
        evenly(400, 2500, 174),
        (80, 96, 174),
        "Normalised by its distributors.",
    ),
)


def obtain(scenes, folder, mirrors):
    from mossfuse.datasets._remote import obtain_remote

    records = obtain_remote(dataset_of(scenes[0]), FILES, scenes, folder, mirrors)
    abundances = jasper_abundances(folder, mirrors) if "jasper-ridge" in records else None
    if abundances is not None:
        record = records["jasper-ridge"]
        record["files"].append(JASPER_ABUNDANCES.name)
        record["sha256"][JASPER_ABUNDANCES.name] = abundances.sha256
        record["paths"].append(str(abundances.path))
    return records


def jasper_abundances(folder, mirrors):
    """Return the Obtained file of Jasper Ridge's endmembers and abundances, or None: only a metric needs it."""
    from mossfuse.remote.download import obtain as obtain_file

    try:
        return obtain_file(JASPER_ABUNDANCES, Path(folder) / "raw", mirrors)
    except MossFuseError as error:
        log.warning("jasper-ridge has no endmembers, so no abundances are scored: %s", error)
        return None


def read(scene, folder, mirrors):
    from mossfuse.datasets._remote import stored_array

    dataset = dataset_of(scene)
    stored, _ = stored_array(dataset, FILES, scene, Path(folder), mirrors, KEYS[scene])
    if scene == "jasper-ridge":  # one column per pixel, pixels in MATLAB's column order
        stored = stored.T.reshape(100, 100, 198, order="F") / stored.max()
    rows, cols, _ = dataset.shape
    return stored[:rows, :cols].astype(np.float32), np.array(dataset.wavelengths)


def labels(scene, folder, mirrors):
    from mossfuse.datasets._remote import stored_array
    from mossfuse.files import read_variables

    dataset = dataset_of(scene)
    rows, cols, _ = dataset.shape
    if scene == "jasper-ridge":
        file = jasper_abundances(folder, mirrors)
        if file is None:
            return {}
        found = read_variables(file.path, ("A", "M"))
        abundances = found["A"].T.reshape(100, 100, -1, order="F")
        return {"endmembers": found["M"], "abundances": abundances[:rows, :cols]}
    if scene == "samson":
        return {"endmembers": stored_array(dataset, FILES, scene, Path(folder), mirrors, "M0")[0]}
    anomalies = stored_array(dataset, FILES, scene, Path(folder), mirrors, "groundtruth")[0]
    return {"anomalies": anomalies[:rows, :cols]}


def dataset_of(scene):
    return next(d for d in DATASETS if d.name == scene)
