"""Landsat 8 OLI: bands 2-7 as boxes between their edges."""

from mossfuse.degradations.responses._boxes import OPTICAL, boxes
from mossfuse.protocol import Response

# Lower and upper edge in nm (USGS): blue, green, red, near infrared, two short-wave infrared.
EDGES = ((452, 512), (533, 590), (636, 673), (851, 879), (1566, 1651), (2107, 2294))

RESPONSES = (
    Response(
        name="landsat8",
        title="Landsat 8 OLI, six bands as boxes between their edges",
        citation="USGS, Landsat 8 band designations",
        table=lambda mirrors, folder: boxes(EDGES),
        wavelengths=OPTICAL,
    ),
    Response(
        name="landsat8-vnir",
        title="Landsat 8 OLI, the four bands below 900 nm as boxes",
        citation="USGS, Landsat 8 band designations",
        table=lambda mirrors, folder: boxes(EDGES[:4]),
        wavelengths=OPTICAL,
    ),
)
