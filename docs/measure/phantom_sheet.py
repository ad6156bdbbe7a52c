"""Draw docs/images/phantom_contact_sheet.jpg: the nine phantom scenes at 256 px, seed 0, as a viewer under D65 sees them.

Colours go through the CIE 1931 observer to sRGB at one exposure for all scenes (full well = white).

    python docs/measure/phantom_sheet.py
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mossfuse.colour import encode, linear_rgb, true_colour_matrix
from mossfuse.datasets.phantom import DATASET, read
from mossfuse.progress import track

SHEET = Path(__file__).parents[1] / "images" / "phantom_contact_sheet.jpg"
SIZE, SEED, COLUMNS = 256, 0, 3
GAP, CAPTION = 6, 20


def contact_sheet():
    """Return the sheet as an image: three columns, every scene above its name and role."""
    rows = -(-len(DATASET.scenes) // COLUMNS)
    cell_width, cell_height = SIZE + GAP, SIZE + CAPTION + GAP
    sheet = Image.new("RGB", (COLUMNS * cell_width + GAP, rows * cell_height + GAP), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for i, scene in enumerate(track(DATASET.scenes, "phantom scenes")):
        row, col = divmod(i, COLUMNS)
        left, top = GAP + col * cell_width, GAP + row * cell_height
        cube, wavelengths = read(scene, None, [], size=SIZE, seed=SEED)
        picture = encode(linear_rgb(cube, true_colour_matrix(np.array(wavelengths))))
        sheet.paste(Image.fromarray(picture), (left, top))
        role = "train" if scene in DATASET.train else "test"
        pen.text((left + SIZE / 2, top + SIZE + 2), f"{scene} ({role})", "black", font, anchor="ma")
    return sheet


if __name__ == "__main__":
    SHEET.parent.mkdir(exist_ok=True)
    contact_sheet().save(SHEET, quality=88, subsampling=0, optimize=True)
