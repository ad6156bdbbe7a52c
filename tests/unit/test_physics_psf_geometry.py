"""Where a PSF sits: moved to another pixel, within its own block."""

import numpy as np
import pytest

from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.psf_geometry import around, official_geometry, own_block
from mossfuse.physics.sampling import BlurSample


@pytest.mark.parametrize(
    ("size", "phase", "wanted"), [(8, (3, 3), (0, 0)), (7, (3, 3), (5, 2)), (8, (3, 3), (3, 3)), (3, (1, 1), (7, 7))]
)
def test_a_psf_seen_from_another_pixel_is_the_same_operator(size, phase, wanted):
    image = np.random.default_rng(0).random((48, 40, 2))
    psf = gaussian_psf(size, 1.5)
    moved = around(psf, phase, wanted)
    expected = BlurSample(psf, phase, 8, image.shape)(image)
    np.testing.assert_allclose(BlurSample(moved, wanted, 8, image.shape)(image), expected, atol=1e-12)


@pytest.mark.parametrize("ratio", [4, 8, 32])
def test_the_own_block_holds_every_pixel_of_the_official_psf(ratio):
    (rows, _), (row, _), _ = own_block(ratio)
    size, phase = official_geometry(ratio)
    start, first = row - (rows - 1) // 2, phase - (size - 1) // 2
    assert start <= first and first + size <= start + rows
