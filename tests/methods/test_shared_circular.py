"""The blur as a circular filter."""

import numpy as np
import pytest
import scipy.fft
import scipy.io

from baselines.shared.circular import lattice, transfer_function
from mossfuse.physics.sampling import BlurSample


@pytest.mark.parametrize(
    ("size", "ratio", "phase"), [(7, 8, (3, 3)), (4, 4, (1, 2)), (15, 5, (2, 2)), (40, 8, (3, 0)), (7, 8, (9, -2))]
)
def test_transfer_function_is_the_circular_operator(size, ratio, phase):
    rng = np.random.default_rng(0)
    image, psf = rng.random((40, 40)), rng.random((size, size))
    blurred = scipy.fft.irfft2(transfer_function(psf, image.shape) * scipy.fft.rfft2(image), s=image.shape)
    expected = BlurSample(psf, phase, ratio, image.shape, "wrap")(image)
    np.testing.assert_allclose(blurred[lattice(phase, ratio, blurred.shape[:2])], expected, rtol=1e-10)
