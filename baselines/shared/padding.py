"""Padding for networks that halve the image several times: reflect it up to a size they accept, crop the result."""

from mossfuse.physics.grid import border_index


def pad_reflect(image, multiple, smallest=0):
    """Reflect (N, C, rows, cols) at its bottom and right edge; crop the result with ``[..., :rows, :cols]``.

    Both sides become multiples of ``multiple``, not below ``smallest``. Images smaller than the padding are reflected
    more than once.
    """
    for axis in (2, 3):
        size = image.shape[axis]
        wanted = -(-max(size, smallest) // multiple) * multiple
        if wanted > size:
            index = border_index(size, (0, wanted - size), "reflect")
            image = image[:, :, index] if axis == 2 else image[:, :, :, index]
    return image
