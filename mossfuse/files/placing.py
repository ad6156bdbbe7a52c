"""Write a Georeference as each format holds it, for ``georeference=`` of a writer (mossfuse.files.cube_writer)."""

import re
from typing import Any

from mossfuse.errors import extra_needed
from mossfuse.files.image import Georeference


def for_geotiff(place: Georeference) -> dict[str, Any]:
    """Return {'geotiff': {'crs', 'transform'}}."""
    with extra_needed("a georeferenced GeoTIFF"):
        from rasterio.crs import CRS
        from rasterio.transform import Affine
    crs = CRS.from_user_input(place.crs) if place.crs else None
    return {"geotiff": {"crs": crs, "transform": Affine(*place.transform)}}


def for_envi(place: Georeference) -> dict[str, Any]:
    """Return {'envi': {'map info', and where it is known as WKT 'coordinate system string'}} of an upright image."""
    a, _, x, _, e, y = place.transform
    zone = utm_zone(place.crs)
    name = (
        "UTM" if zone else "Geographic Lat/Lon" if place.crs.upper().startswith(("GEOG", "EPSG:4326")) else "Arbitrary"
    )
    parts = [name, "1", "1", *(f"{n:.12g}" for n in (x, y, a, -e))]
    if zone:
        parts += [str(zone[0]), "North" if zone[1] == "N" else "South", "WGS-84", "units=Meters"]
    fields = {"map info": f"{{{', '.join(parts)}}}"}
    if place.crs and not place.crs.upper().startswith("EPSG:"):
        fields["coordinate system string"] = f"{{{place.crs}}}"
    return {"envi": fields}


def utm_zone(crs: str) -> tuple[int, str] | None:
    """Return (zone, 'N' or 'S') of UTM on WGS 84, or None for any other system."""
    code = re.fullmatch(r"EPSG:32([67])(\d\d)", crs.upper())
    if code:
        return int(code[2]), "N" if code[1] == "6" else "S"
    named = re.search(r"WGS[_ ]?(?:19)?84[ _/]+UTM[_ ]zone[_ ](\d+)([NS])", crs, re.IGNORECASE)
    return (int(named[1]), named[2].upper()) if named else None
