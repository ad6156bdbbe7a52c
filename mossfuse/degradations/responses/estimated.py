"""`estimated`: no response is known; it stands in the name of a degradation for pairs whose MSI was measured by a real sensor.

Such a pair is not made with a response (mossfuse.benchmark.data.real_pair): methods that are given one get an estimate from the
pair itself. The table is a flat one and only fills its place.
"""

import numpy as np

from mossfuse.degradations.responses._integration import GRID
from mossfuse.protocol import Response

RESPONSE = Response(
    name="estimated",
    title="estimated from the pair",
    citation="none: the MSI of such a pair is a measured image",
    table=lambda mirrors, folder: np.ones((1, len(GRID))),
    wavelengths=GRID,
)
