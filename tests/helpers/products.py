"""Small products of documented layout, written with bare h5py, rasterio and text: PRISMA L2D, EnMAP L2A, Sentinel-2 L2A SAFE, EO-1."""

import numpy as np
import rasterio
from rasterio.transform import Affine

UTM = 32631
S2_OFFSET, S2_SCALE = -1000, 10000


def write_tif(path, cube, corner, pixel, nodata=None):
    """Write a GeoTIFF (rows, cols, bands) whose outer corner lies at (x, y)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cube = cube[..., None] if cube.ndim == 2 else cube
    place = {"crs": f"EPSG:{UTM}", "transform": Affine(pixel, 0, corner[0], 0, -pixel, corner[1]), "nodata": nodata}
    rows, cols, bands = cube.shape
    with rasterio.open(
        path, "w", driver="GTiff", height=rows, width=cols, count=bands, dtype=cube.dtype, **place
    ) as file:
        file.write(cube.transpose(2, 0, 1))


def write_prisma(path, cube, wavelengths, corner, measured=None):
    """Write reflectance (rows, cols, bands upwards) as PRISMA L2D: bands downwards on the middle axis, an invalid band, an overlap."""
    import h5py

    least, largest = 0.0, 1.2
    vnir, swir = wavelengths < 960, wavelengths > 940  # bands between belong to both
    with h5py.File(path, "w") as file:
        fields = file.create_group("HDFEOS/SWATHS/PRS_L2D_HCO/Data Fields")
        for name, chosen in (("Vnir", vnir), ("Swir", swir)):
            stored = np.round((cube[..., chosen][..., ::-1] - least) / (largest - least) * 65535)
            stored = np.concatenate([stored, np.zeros((*cube.shape[:2], 1))], 2)
            if measured is not None:
                stored[~measured] = 0
            fields[f"{name.upper()}_Cube"] = stored.transpose(0, 2, 1).astype(np.uint16)
            centres = np.append(wavelengths[chosen][::-1], 0)
            file.attrs[f"List_Cw_{name}"] = centres.astype(np.float32)
            file.attrs[f"List_Fwhm_{name}"] = np.where(centres > 0, 12, 0).astype(np.float32)
            file.attrs[f"List_Cw_{name}_Flags"] = (centres > 0).astype(np.uint8)
            file.attrs[f"L2Scale{name}Min"], file.attrs[f"L2Scale{name}Max"] = np.float32(least), np.float32(largest)
        file.attrs["Processing_Level"] = np.bytes_("2D")
        file.attrs["Epsg_Code"] = np.uint32(UTM)
        # the product names the centre of the corner pixel
        file.attrs["Product_ULcorner_easting"], file.attrs["Product_ULcorner_northing"] = (
            corner[0] + 15.0,
            corner[1] - 15.0,
        )
        file.attrs["Product_StartTime"] = np.bytes_("2021-06-01T10:20:30.000")


def enmap_scale(bands):
    """Return (gains, offsets) of the bands."""
    return np.linspace(1e-4, 1.2e-4, bands), np.linspace(0, 0.01, bands)


def write_enmap(folder, cube, wavelengths, corner, cloud=None):
    """Write reflectance as the folder of an EnMAP L2A product, with gains and offsets in the XML and a cloud layer."""
    folder.mkdir()
    stem = folder / folder.name
    gains, offsets = enmap_scale(len(wavelengths))
    write_tif(
        stem.with_name(stem.name + "-SPECTRAL_IMAGE.TIF"),
        np.round((cube - offsets) / gains).astype(np.int16),
        corner,
        30,
        -32768,
    )
    bands = "".join(
        f'<bandID number="{k + 1}"><wavelengthCenterOfBand>{w}</wavelengthCenterOfBand><FWHMOfBand>8</FWHMOfBand>'
        f"<GainOfBand>{g!r}</GainOfBand><OffsetOfBand>{o!r}</OffsetOfBand></bandID>"
        for k, (w, g, o) in enumerate(zip(wavelengths.tolist(), gains.tolist(), offsets.tolist(), strict=True))
    )
    text = f'<level_X xmlns:a="x"><specific><bandCharacterisation>{bands}</bandCharacterisation></specific></level_X>'
    stem.with_name(stem.name + "-METADATA.XML").write_text(text, encoding="utf-8")
    if cloud is not None:
        write_tif(stem.with_name(stem.name + "-QL_QUALITY_CLOUD.TIF"), cloud.astype(np.uint8), corner, 30)


def write_safe(folder, msi, corner, cloud=None):
    """Write reflectance (rows, cols, B02 B03 B04 B08) as a SAFE folder of level 2A, baseline 04.00: an offset, and a scene classification."""
    data = folder / "GRANULE" / "L2A_T31UDQ" / "IMG_DATA"
    for k, band in enumerate(("B02", "B03", "B04", "B08")):
        stored = np.round(msi[..., k] * S2_SCALE - S2_OFFSET).astype(np.uint16)
        write_tif(data / "R10m" / f"T31UDQ_20220101T100000_{band}_10m.tif", stored, corner, 10)
    classes = np.full(tuple(-(-n // 2) for n in msi.shape[:2]), 4, np.uint8)
    if cloud is not None:
        classes[cloud] = 9
    write_tif(data / "R20m" / "T31UDQ_20220101T100000_SCL_20m.tif", classes, corner, 20)
    offsets = "".join(f'<BOA_ADD_OFFSET band_id="{k}">{S2_OFFSET}</BOA_ADD_OFFSET>' for k in range(13))
    text = (
        f"<n1:Level-2A_User_Product xmlns:n1='x'><BOA_QUANTIFICATION_VALUE>{S2_SCALE}</BOA_QUANTIFICATION_VALUE>"
        f"<BOA_ADD_OFFSET_VALUES_LIST>{offsets}</BOA_ADD_OFFSET_VALUES_LIST></n1:Level-2A_User_Product>"
    )
    (folder / "MTD_MSIL2A.xml").write_text(text, encoding="utf-8")


def write_hyperion(folder, radiance, corner, bands):
    """Write radiance (rows, cols, bands) as a Hyperion L1T folder: one GeoTIFF of int16 for each of the band numbers."""
    for k, band in enumerate(bands):
        scale = 40 if band <= 70 else 80
        write_tif(
            folder / f"{folder.name}_B{band:03d}_L1T.TIF",
            np.round(radiance[..., k] * scale).astype(np.int16),
            corner,
            30,
        )
