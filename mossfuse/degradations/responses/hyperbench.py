"""The responses of the HyperBench package: a Gaussian for each channel of IKONOS, WorldView-2 or WorldView-3.

The package spreads a scene's bands evenly over the sensor's own range, whatever their wavelengths; here the curves are read at the
scene's wavelengths, so a pair has another MSI than that package's unless the scene's bands are those.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from mossfuse.degradations.responses._integration import GRID
from mossfuse.protocol import Response

WIDTHS = 4.2  # the edges of a channel are so many standard deviations apart
# Centre, lower and upper edge in nm.
IKONOS = ((480, 421, 539), (552, 480, 624), (666, 602, 729), (803, 713, 893))
WORLDVIEW2 = (
    (427, 396, 458), (478, 442, 515), (546, 506, 586), (608, 584, 632), (659, 624, 694), (724, 699, 749), (833, 765, 901),
    (949, 856, 1043),
)  # fmt: skip
WORLDVIEW3 = (
    (426, 397, 454), (481, 445, 517), (547, 507, 586), (605, 580, 629), (661, 626, 696), (724, 698, 749), (832, 765, 899),
    (948, 857, 1039), (1210, 1184, 1235), (1572, 1546, 1598), (1661, 1636, 1686), (1730, 1702, 1759), (2164, 2137, 2191),
    (2203, 2174, 2232), (2260, 2228, 2292), (2329, 2285, 2373),
)  # fmt: skip
SENSORS = {
    3: ("IKONOS RGB", IKONOS[:3]),
    4: ("IKONOS", IKONOS),
    8: ("WorldView-2", WORLDVIEW2),
    16: ("WorldView-3", WORLDVIEW3),
}


def table(
    channels: Sequence[tuple[float, float, float]], mirrors: Sequence[str | Path] | None, folder: str | Path | None
) -> np.ndarray:
    """Return a Gaussian for each channel (channels, N), at every nm."""
    nm = np.asarray(GRID, np.float64)
    return np.stack([np.exp(-0.5 * ((nm - centre) / ((high - low) / WIDTHS)) ** 2) for centre, low, high in channels])


RESPONSES = tuple(
    Response(
        name=f"hyperbench{count}-nominal",
        title=f"{sensor}, {count} channels as the Gaussians of HyperBench",
        citation="R. Shah et al.: HyperBench, arXiv 2605.21671, 2026; package hyperbench 0.1.0 (MIT)",
        table=partial(table, channels),
        wavelengths=GRID,
    )
    for count, (sensor, channels) in SENSORS.items()
)
