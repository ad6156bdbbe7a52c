"""What the sharpening methods share: groups of bands, injection."""

import numpy as np

from baselines.shared.sharpening import assign_bands, inject


def test_bands_go_to_the_msi_band_they_correlate_with():
    rng = np.random.default_rng(0)
    low_msi = rng.random((6, 6, 2))
    hsi = np.stack([low_msi[..., 1], 2 * low_msi[..., 0] + 1, np.full((6, 6), 0.3), -low_msi[..., 0]], -1)
    groups = {band: members.tolist() for band, members in assign_bands(hsi, low_msi)}
    assert 1 in groups[0] and 2 in groups[0] and 0 in groups[1]


def test_injection_keeps_every_bands_mean_and_a_constant_intensity_injects_nothing():
    rng = np.random.default_rng(0)
    bands, pan, intensity = rng.random((9, 7, 3)), rng.standard_normal((9, 7)), rng.standard_normal((9, 7))
    out = inject(bands, pan - pan.mean(), intensity - intensity.mean())
    np.testing.assert_allclose(out.mean((0, 1)), bands.mean((0, 1)))
    np.testing.assert_array_equal(inject(bands, pan, np.zeros((9, 7))), bands)
