"""Raw float32 pixels, all bands of a pixel together (NumPy's own order, ENVI's bip)."""

import numpy as np


def put_pixels(stream, offset, shape):
    """Return put(rows, cols, values), which writes tiles of a (rows, cols, bands) cube into an open binary file."""
    _, width, bands = shape

    def put(rows, cols, values):
        values = np.ascontiguousarray(values, "<f4")
        for row, line in enumerate(values, rows.start):
            stream.seek(offset + (row * width + cols.start) * bands * 4)
            stream.write(line)

    return put
