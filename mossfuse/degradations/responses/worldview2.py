"""WorldView-2: its eight multispectral bands as boxes between their edges."""

from mossfuse.degradations.responses._boxes import OPTICAL, boxes
from mossfuse.protocol import Response

# Lower and upper edge in nm (data sheet): coastal, blue, green, yellow, red, red edge, near infrared 1 and 2.
EDGES = ((400, 450), (450, 510), (510, 580), (585, 625), (630, 690), (705, 745), (770, 895), (860, 1040))

RESPONSE = Response(
    name="worldview2",
    title="WorldView-2, its eight multispectral bands as boxes between their edges",
    citation="DigitalGlobe, WorldView-2 data sheet",
    table=lambda mirrors, folder: boxes(EDGES),
    wavelengths=OPTICAL,
)
