"""`mdas`: Augsburg as EnMAP would see it at 10 m, 210 of 242 bands, with Sentinel-2 at 10 m as its picture (MDAS, 2018-05-07).

Both images were simulated from one airborne HySpex flight by an end-to-end sensor simulator (EeteS). Test: the official
sub-area 1; train: the southern half of the city, as for the official deep baselines. The degradation ``-picture`` takes the
simulated Sentinel-2 image, four bands, as MSI: ``x3-gauss5s1.3-sentinel2nominal10m-picture``. Reflectance over 10 000.
"""

import zipfile
from pathlib import Path

from mossfuse.datasets._nominal import evenly
from mossfuse.datasets._scenes import Layout, obtain_scenes, open_scene
from mossfuse.errors import MossFuseError
from mossfuse.protocol import Dataset, RemoteFile

FULL_SCALE = 10_000
STORED_BANDS, BANDS = 242, 210  # the official classical baselines use bands 1 to 210
HEADER = "band_242_meta_info.hdr"
TERMS = "CC BY-SA 4.0 (OpenStreetMap layers: ODbL); cite the paper and doi 10.14459/2022mp1657312"
FILES = {"sub_area_1": "sub_area1", "deep_train": "deep_train"}  # scene -> how its files' names end
MOST_BYTES = 1 << 31
ARCHIVE = RemoteFile(
    name="Augsburg_data_4_publication.zip",
    urls=(
        "https://huggingface.co/datasets/torchgeo/mdas/resolve/860226b74269f1cf1bed8ea3c03f571ae701144c/Augsburg_data_4_publication.zip",
    ),
    terms=TERMS,
    mirror_names=("mdas/Augsburg_data_4_publication.zip", "MDAS/Augsburg_data_4_publication.zip"),
)
DATASET = Dataset(
    name="mdas",
    title="MDAS Augsburg: simulated EnMAP and Sentinel-2 at 10 m",
    citation="J. Hu, R. Liu, D. Hong et al.: MDAS: a new multimodal benchmark dataset for remote sensing. Earth System Science Data 15, 2023",
    terms=TERMS,
    train=("deep_train",),
    test=("sub_area_1",),
    wavelengths=evenly(423, 2200, BANDS),
    files=(ARCHIVE,),
    url="https://mediatum.ub.tum.de/1657312",
    note=(
        "Bands 1 to 210, as the official classical baselines; the wavelengths of a scene are those of its header, the ones listed here are "
        "nominal. The MSI of '-picture' is the simulated Sentinel-2 image; the simulated EnMAP image at 30 m is not used."
    ),
)


def members(scene):
    """Return the names of a scene's files: EnMAP at 10 m, Sentinel-2 at 10 m, the header with the wavelengths."""
    end = FILES[scene]
    return f"EeteS_EnMAP_10m_{end}.tif", f"EeteS_Sentinel_2_10m_{end}.tif", HEADER


def locate(base, scene):
    """Return the scene's three files in the folder ``base`` or where the archive has them; [] where neither image is there.

    Raises MossFuseError where one of the three is missing beside an image.
    """
    root = base / ARCHIVE.name.removesuffix(".zip")
    places = [folder / sub for folder in (base, root) for sub in ("", "sub_area_1", "sr_deep_model_data")]
    found = [next((place / name for place in places if (place / name).is_file()), None) for name in members(scene)]
    if any(found[:2]) and not all(found):
        lacking = [name for name, path in zip(members(scene), found, strict=True) if path is None]
        raise MossFuseError(f"{base} lacks {', '.join(lacking)} of scene '{scene}'; complete it from the archive")
    return found if all(found) else []


def read_image(path, bands):
    """Return the bands (rows, cols, bands) float32 in [0, 1] of a GeoTIFF with reflectance times 10 000."""
    import numpy as np

    from mossfuse.files import read_array

    stored = read_array(path)
    if stored.shape[2] not in (bands, STORED_BANDS) or stored.shape[2] < bands:
        raise MossFuseError(
            f"{path} has {stored.shape[2]} bands, expected {bands if bands < BANDS else STORED_BANDS}; get the file again"
        )
    return np.clip(stored[..., :bands].astype(np.float32) / FULL_SCALE, 0, 1)


def read_wavelengths(header):
    """Return the wavelengths in nm of the 242 bands, from the ENVI field ``wavelength``."""
    import re

    import numpy as np

    text = header.read_text(encoding="utf-8", errors="replace")
    found = re.search(r"wavelength\s*=\s*\{([^}]*)\}", text, re.IGNORECASE)
    values = np.array([float(number) for number in re.findall(r"[-+.\dEe]*\d", found[1])] if found else [])
    if values.size != STORED_BANDS:
        raise MossFuseError(f"{header} lists {values.size} wavelengths, expected {STORED_BANDS}; get the file again")
    return values if values.max() > 100 else 1e3 * values


def load(dataset, scene, files):
    """Return the cube with its bands in the order of their wavelengths: the detectors of EnMAP overlap."""
    image = read_image(files[0], BANDS)
    return image[..., order_of(read_wavelengths(files[2]))]


def order_of(wavelengths):
    """Return the indices of the used bands in ascending order of their wavelengths."""
    import numpy as np

    return np.argsort(wavelengths[:BANDS], kind="stable")


def fetch(dataset, scenes, folder, mirrors):
    """Take the files of ``scenes`` out of the archive into folder/raw."""
    from mossfuse.files.atomic import replacing
    from mossfuse.remote.archives import copy_member
    from mossfuse.remote.download import obtain as obtain_file

    archive = obtain_file(ARCHIVE, folder, mirrors).path
    with zipfile.ZipFile(archive) as bundle:
        held = {name.rpartition("/")[2]: name for name in bundle.namelist()}
        wanted = {name for scene in scenes for name in members(scene)}
        if missing := sorted(wanted - set(held)):
            raise MossFuseError(f"{archive} holds no {', '.join(missing)}; get the archive again")
        for name in sorted(wanted):
            with replacing(Path(folder) / "raw" / name) as part, bundle.open(held[name]) as source:
                copy_member(source, part, MOST_BYTES)


LAYOUT = Layout(
    dataset=DATASET,
    locate=locate,
    load=load,
    subfolders=("", "mdas", "MDAS"),
    fetch=fetch,
    manual=f"or get the archive from {DATASET.url} by hand and put its files into {{raw}}",
)


def obtain(scenes, folder, mirrors):
    return obtain_scenes(LAYOUT, scenes, folder, mirrors)


def read(scene, folder, mirrors):
    import numpy as np

    cube, files, problems = open_scene(LAYOUT, scene, folder, mirrors)
    if cube is None:
        raise MossFuseError(f"dataset 'mdas' lacks {scene}: {'; '.join(problems) or 'fetch it first'}")
    return cube, np.sort(read_wavelengths(files[2])[:BANDS], kind="stable")


def picture(scene, folder, mirrors):
    """Return the simulated Sentinel-2 image (rows, cols, 4) float32 in [0, 1]."""
    _, files, _ = open_scene(LAYOUT, scene, folder, mirrors)
    return read_image(files[1], 4) if files else None
