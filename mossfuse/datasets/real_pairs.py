"""`paris-ms`, `paris-pan`, `sentinel2-20m`, `sentinel2-60m`: pairs of two real sensors, for Wald's protocol one level down.

Each has a second dataset with ``-registered`` behind its name: the same scene, with HR moved into LR's frame by the shift that is estimated from the
reduced pair alone (``REGISTERED``).

A scene is the LR image as it was measured, which is the truth one level down; ``hr`` gives the HR image that was measured beside it. With a
degradation whose response is ``estimated``, such as ``x2-box2-estimated``, both are reduced by block means (mossfuse.benchmark.data.real_pair).

Paris: EO-1 Hyperion (128 of 242 bands) with ALI's nine bands on Hyperion's own grid, or with its panchromatic band at a third of its
pixels; numbers of the files over LR's maximum, so that PSNR is 2 dB above that of the files' own scale. Sentinel-2 over Vietnam: six bands
of 20 m or two of 60 m with the four of 10 m, numbers over 10 000; which band is which is nominal, in the order of their numbers.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from mossfuse.protocol import Dataset, RemoteFile

BEHIND = "registered"
VNIR_FIRST, VNIR_STEP = 355.59, 10.1747  # nm of Hyperion's band 1, and from band to band (USGS)
SWIR_FIRST, SWIR_STEP = 851.92, 10.0895  # nm of band 71
HYPERION = (
    *range(8, 57), *range(83, 97), *range(102, 119), *range(135, 163), 194, 195, 196, *range(202, 215), *range(216, 220),
)  # fmt: skip
HYSURE = "https://github.com/alfaiate/HySure/raw/8652a58/data"
PARIS_TERMS = "repository GPL-3.0; terms of the data not stated"
PARIS_CITATION = "M. Simoes, J. Bioucas-Dias, L. Almeida, J. Chanussot: A convex formulation for hyperspectral image superresolution via subspace-based regularization. IEEE TGRS 53(6), 2015"
VIETNAM = RemoteFile(
    name="vietnam.mat",
    urls=("https://github.com/hvn2/Deep-SURE-Fusion/raw/0961d61/data/S2/vietnam.mat",),
    sha256="c9e076ae0cbd0341396b1bf51912278adf3a7f1a39c88bb4c4f22c96f863958c",
    size=1_580_493,
    terms="not stated (Copernicus Sentinel data)",
    mirror_names=("real_pairs/sentinel2_vietnam/vietnam.mat",),
)
FILES = {
    "paris-ms": RemoteFile(
        name="paris_data_hs_ms.mat",
        urls=(f"{HYSURE}/paris_data_hs_ms.mat",),
        sha256="81e13528535ff32a0e0069368daa3aa9206d1393317391571a29958f5f57d839",
        size=2_899_131,
        terms=PARIS_TERMS,
        mirror_names=("real_pairs/paris_hyperion_ali/paris_data_hs_ms.mat",),
    ),
    "paris-pan": RemoteFile(
        name="paris_data_hs_pan.mat",
        urls=(f"{HYSURE}/paris_data_hs_pan.mat",),
        sha256="238baead1beab1c79da7d767ce5bc7f00ec4a7eb1380875fd9a28e6d0ab37837",
        size=2_362_945,
        terms=PARIS_TERMS,
        mirror_names=("real_pairs/paris_hyperion_ali/paris_data_hs_pan.mat",),
    ),
    "sentinel2-20m": VIETNAM,
    "sentinel2-60m": VIETNAM,
}
KEYS = {"paris-ms": ("HSim", "MSim"), "paris-pan": ("HSim", "PCim"), "sentinel2-20m": ("y20", "y10"), "sentinel2-60m": ("y60", "y10")}  # fmt: skip
FULL_SCALE = {"sentinel2-20m": 10_000.0, "sentinel2-60m": 10_000.0}  # otherwise LR's maximum


def hyperion(bands):
    """Return the nominal centres in nm of Hyperion's bands; band 71 starts a second spectrometer."""
    return tuple(
        round(VNIR_FIRST + VNIR_STEP * (b - 1) if b < 71 else SWIR_FIRST + SWIR_STEP * (b - 71), 2) for b in bands
    )


def pair(name, title, wavelengths, shape, citation):
    """Return the Dataset of one pair; shape: of LR, its sides multiples of the sensors' ratio."""
    return Dataset(
        name=name,
        title=title,
        citation=citation,
        terms=FILES[name].terms,
        train=(),
        test=(name,),
        wavelengths=wavelengths,
        shape=shape,
        files=(FILES[name],),
        url=FILES[name].urls[0],
        note="A real pair: nominal wavelengths; degradations such as x2-box2-estimated.",
    )


def with_registered(*datasets):
    """Return the datasets and, behind each, its twin whose HR is registered."""
    for dataset in datasets:
        yield dataset
        name = f"{dataset.name}-{BEHIND}"
        yield replace(dataset, name=name, title=f"{dataset.title}, registered", test=(name,))


SENTINEL = "Copernicus Sentinel-2, as distributed with Deep-SURE-Fusion (hvn2/Deep-SURE-Fusion)"
DATASETS = tuple(with_registered(
    pair("paris-ms", "Paris, Hyperion with ALI's nine bands", hyperion(HYPERION), (72, 72, 128), PARIS_CITATION),
    pair("paris-pan", "Paris, Hyperion with ALI's panchromatic band", hyperion(HYPERION), (72, 57, 128), PARIS_CITATION),
    pair("sentinel2-20m", "Sentinel-2 Vietnam, 20 m with 10 m", (705.0, 740.0, 783.0, 865.0, 1610.0, 2190.0), (210, 210, 6), SENTINEL),
    pair("sentinel2-60m", "Sentinel-2 Vietnam, 60 m with 10 m", (443.0, 945.0), (66, 66, 2), SENTINEL),
))  # fmt: skip
PLAIN = {dataset.name: dataset.name.removesuffix(f"-{BEHIND}") for dataset in DATASETS}
REGISTERED = frozenset(name for name, plain in PLAIN.items() if name != plain)
REMOTES = {name: FILES[plain] for name, plain in PLAIN.items()}


def obtain(scenes, folder, mirrors):
    from mossfuse.datasets._remote import obtain_remote

    return obtain_remote(dataset_of(scenes[0]), REMOTES, scenes, folder, mirrors)


def read(scene, folder, mirrors):
    """Return (LR as it was measured (rows, cols, bands) float32 in [0, 1], nominal wavelengths (bands,) in nm)."""
    dataset = dataset_of(scene)
    stored, white = low_and_white(scene, folder, mirrors)
    rows, cols, _ = dataset.shape
    return (stored[:rows, :cols] / white).astype(np.float32), np.array(dataset.wavelengths)


def hr(scene, folder, mirrors):
    """Return HR (H, W, M) float32 as it was measured, over the same number as LR; its first pixel is at LR's first."""
    stored = part_of(scene, folder, mirrors, 1)
    stored = stored[..., None] if stored.ndim == 2 else stored
    return (stored / low_and_white(scene, folder, mirrors)[1]).astype(np.float32)


def low_and_white(scene, folder, mirrors):
    """Return (LR as stored, the number that counts as 1)."""
    stored = part_of(scene, folder, mirrors, 0)
    return stored, FULL_SCALE.get(PLAIN[scene], float(stored.max()))


def part_of(scene, folder, mirrors, part):
    """Return LR (part 0) or HR (part 1) as stored."""
    from mossfuse.datasets._remote import stored_array

    return stored_array(dataset_of(scene), REMOTES, scene, Path(folder), mirrors, KEYS[PLAIN[scene]][part])[0]


def dataset_of(scene):
    return next(dataset for dataset in DATASETS if dataset.name == scene)
