"""`jasper-ridge`, `samson`, `pavia-crop`: small airborne scenes, the top-left part whose sides are multiples of eight.

The files carry no wavelengths. Those given here are NOMINAL: evenly spaced over the sensor's published range (AVIRIS
224 bands 380-2500 nm with the file's own list of kept bands; Samson 401-889 nm; ROSIS 430-860 nm). Use the responses
`landsat8` (six channels) for Jasper Ridge and `landsat8-vnir` (four) for the other two.
"""

from pathlib import Path

import numpy as np

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
}
KEYS = {"jasper-ridge": "Y", "samson": "r_cube", "pavia-crop": "data"}


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
)


def obtain(scenes, folder, mirrors):
    from mossfuse.datasets._remote import obtain_remote

    return obtain_remote(dataset_of(scenes[0]), FILES, scenes, folder, mirrors)


def read(scene, folder, mirrors):
    from mossfuse.datasets._remote import stored_array

    dataset = dataset_of(scene)
    stored, _ = stored_array(dataset, FILES, scene, Path(folder), mirrors, KEYS[scene])
    if scene == "jasper-ridge":  # one column per pixel, pixels in MATLAB's column order
        stored = stored.T.reshape(100, 100, 198, order="F") / stored.max()
    rows, cols, _ = dataset.shape
    return stored[:rows, :cols].astype(np.float32), np.array(dataset.wavelengths)


def dataset_of(scene):
    return next(d for d in DATASETS if d.name == scene)
