"""The preview: LR-HSI, HR-MSI and fused cube side by side, one exposure for both cubes (mossfuse.benchmark.pictures)."""

import numpy as np

SIDE = 512
GAP = 8


class Preview:
    """Collects the colours of a cube that comes in tiles; the exposure is the LR-HSI's, known before the cube is."""

    def __init__(self, observation):
        from mossfuse.colour import rendering_for

        self.observation = observation
        self.rendering = rendering_for(observation.hsi, observation.wavelengths)
        self.colours = np.zeros((*observation.msi.shape[:2], 3), np.uint8)

    def add(self, rows, cols, values):
        """Render the tile [rows, cols]."""
        from mossfuse.colour import to_srgb

        self.colours[rows, cols] = to_srgb(values, self.rendering)

    def save(self, path, srf):
        """Write the PNG, panels of at most SIDE pixels; srf: (M, B), decides which MSI bands are red, green and blue."""
        from PIL import Image

        from mossfuse.colour import msi_colour, to_srgb
        from mossfuse.files import replacing

        msi, wavelengths = self.observation.msi, self.observation.wavelengths
        step = max(1, max(msi.shape[:2]) // (2 * SIDE))
        panels = (
            (to_srgb(self.observation.hsi, self.rendering), Image.Resampling.NEAREST),
            (msi_colour(msi[::step, ::step], srf, wavelengths)[0], Image.Resampling.BOX),
            (self.colours, Image.Resampling.BOX),
        )
        factor = SIDE / max(msi.shape[:2])
        height, width = (max(1, round(n * factor)) for n in msi.shape[:2])
        sheet = Image.new("RGB", (3 * width + 2 * GAP, height), "white")
        for place, (panel, how) in enumerate(panels):
            sheet.paste(Image.fromarray(panel).resize((width, height), how), (place * (width + GAP), 0))
        with replacing(path) as temporary:
            sheet.save(temporary, format="PNG")
