"""Measured curves of satellites, downloaded: Sentinel-2A, Landsat 8 and IKONOS, integrated over bands of 10 nm."""

from mossfuse.degradations.responses._downloads import from_file
from mossfuse.degradations.responses._integration import GRID
from mossfuse.protocol import Response

SENTINEL2A = "ESA, Sentinel-2A spectral response functions, as copied in incredet/HyperSpectralSuperResolution (not compared with the original)"
LANDSAT8 = "USGS, Landsat 8 OLI relative spectral response, as copied in magamig/hif-benchmarking (not compared with the original)"
IKONOS = "IKONOS relative spectral response, as distributed with HySure (alfaiate/HySure)"

RESPONSES = (
    Response(
        name="sentinel2a",
        title="Sentinel-2A MSI, B2-B8, B8A, B11, B12, measured",
        citation=SENTINEL2A,
        table=from_file("sentinel2a", None, range(1, 11)),
        wavelengths=GRID,
    ),
    Response(
        name="sentinel2a-vnir",
        title="Sentinel-2A MSI, the eight bands B2-B8 and B8A below 900 nm, measured",
        citation=SENTINEL2A,
        table=from_file("sentinel2a", None, range(1, 9)),
        wavelengths=GRID,
    ),
    Response(
        name="sentinel2a-10m",
        title="Sentinel-2A MSI, the four bands of 10 m (B2, B3, B4, B8), measured",
        citation=SENTINEL2A,
        table=from_file("sentinel2a", None, (1, 2, 3, 7)),
        wavelengths=GRID,
    ),
    Response(
        name="landsat8-measured",
        title="Landsat 8 OLI, bands 2-7, measured",
        citation=LANDSAT8,
        table=from_file("landsat8-measured", "srf", (1, 2, 3, 4, 6, 7)),
        wavelengths=GRID,
    ),
    Response(
        name="landsat8-measured-vnir",
        title="Landsat 8 OLI, bands 2-5, measured",
        citation=LANDSAT8,
        table=from_file("landsat8-measured", "srf", (1, 2, 3, 4)),
        wavelengths=GRID,
    ),
    Response(
        name="ikonos",
        title="IKONOS, blue, green, red and near infrared, measured",
        citation=IKONOS,
        table=from_file("ikonos", "ikonos_sp", (2, 3, 4, 5)),
        wavelengths=GRID,
    ),
    Response(
        name="ikonos-pan",
        title="IKONOS, panchromatic, measured",
        citation=IKONOS,
        table=from_file("ikonos", "ikonos_sp", (1,)),
        wavelengths=GRID,
    ),
)
