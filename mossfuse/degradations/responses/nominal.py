"""Sensors of which only the band edges are taken: boxes between them, integrated over bands of 10 nm. Named ``<sensor>-nominal``."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from mossfuse.degradations.responses._boxes import OPTICAL, boxes
from mossfuse.degradations.responses._integration import GRID, over_bands
from mossfuse.protocol import Response

Edges = tuple[tuple[float, float], ...]


def around(*centres_and_widths: tuple[float, float]) -> Edges:
    """Return the edges of channels given by centre and full width in nm."""
    return tuple((centre - width / 2, centre + width / 2) for centre, width in centres_and_widths)


# Lower and upper edges in nm. Sentinel-2 (ESA): B2-B7, B8, B8A, B11, B12; the others from their operators' data sheets.
SENTINEL2 = around(
    (490, 65), (560, 35), (665, 30), (705, 15), (740, 15), (783, 20), (842, 115), (865, 20), (1610, 90), (2190, 180)
)
WORLDVIEW3 = ((400, 450), (450, 510), (510, 580), (585, 625), (630, 690), (705, 745), (770, 895), (860, 1040))
WORLDVIEW3_SWIR = (
    (1195, 1225), (1550, 1590), (1640, 1680), (1710, 1750), (2145, 2185), (2185, 2225), (2235, 2285), (2295, 2365),
)  # fmt: skip
ALI = ((450, 515), (525, 605), (630, 690), (775, 805), (845, 890), (1200, 1300), (1550, 1750), (2080, 2350))
SENSORS: dict[str, tuple[str, Edges]] = {
    "sentinel2-nominal": ("Sentinel-2 MSI, ten bands", SENTINEL2),
    "sentinel2-nominal-vnir": ("Sentinel-2 MSI, the eight bands below 900 nm", SENTINEL2[:8]),
    "sentinel2-nominal-10m": ("Sentinel-2 MSI, the four bands of 10 m", (*SENTINEL2[:3], SENTINEL2[6])),
    "worldview2-nominal-pan": ("WorldView-2, panchromatic", ((450, 800),)),
    "worldview3-nominal": ("WorldView-3, eight bands", WORLDVIEW3),
    "worldview3-nominal-swir": ("WorldView-3, sixteen bands", (*WORLDVIEW3, *WORLDVIEW3_SWIR)),
    "ikonos-nominal": ("IKONOS, four bands", ((445, 516), (506, 595), (632, 698), (757, 853))),
    "quickbird-nominal": ("QuickBird, four bands", ((450, 520), (520, 600), (630, 690), (760, 900))),
    "geoeye1-nominal": ("GeoEye-1, four bands", ((450, 510), (510, 580), (655, 690), (780, 920))),
    "pleiades-nominal": ("Pleiades, four bands", ((430, 550), (490, 610), (600, 720), (750, 950))),
    "ali-nominal": ("EO-1 ALI, eight bands (without its first, 433-453 nm)", ALI),
    "ali-nominal-vnir": ("EO-1 ALI, five bands below 900 nm (without its first, 433-453 nm)", ALI[:5]),
    "ali-nominal-pan": ("EO-1 ALI, panchromatic", ((480, 690),)),
}


def table(edges: Edges, mirrors: Sequence[str | Path] | None, folder: str | Path | None) -> np.ndarray:
    """Return boxes between the edges, (channels, N), over bands, at every nm."""
    return over_bands(boxes(edges), OPTICAL)


RESPONSES = tuple(
    Response(
        name=name,
        title=f"{title}: boxes between their nominal edges",
        citation="band edges of the operator's data sheet",
        table=partial(table, edges),
        wavelengths=GRID,
    )
    for name, (title, edges) in SENSORS.items()
)
