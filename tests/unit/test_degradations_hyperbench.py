"""HyperBench's own pairs: values that the package's functions (hyperbench 0.1.0, MIT) give for a scene written as a formula."""

import numpy as np
import pytest
import yaml

from helpers.repository import ROOT
from mossfuse.degradations import degrade, find_degradation, load_srf, make_psf
from mossfuse.degradations.psfs.hyperbench import SHAPES

# LR pixels [0, 0, band 0], [1, 1, band 1] and [-1, -1, band 0] of make_psf(NAME, 3.4, 7), apply_psf and downsample_image.
PACKAGE = {
    "gaussian": {4: (0.220587, 0.409108, 0.225231), 8: (0.307279, 0.367552, 0.31058)},
    "kolmogorov": {4: (0.246087, 0.422288, 0.250476), 8: (0.327601, 0.379215, 0.330499)},
    "airy": {4: (0.385135, 0.424791, 0.378578), 8: (0.403613, 0.419892, 0.406957)},
    "moffat": {4: (0.306466, 0.432129, 0.306561), 8: (0.364802, 0.399685, 0.367158)},
    "lorentzian": {4: (0.24231, 0.420464, 0.247212), 8: (0.325003, 0.377704, 0.327806)},
    "hermite": {4: (0.18646, 0.387987, 0.191053), 8: (0.278472, 0.350869, 0.282301)},
    "parabolic": {4: (0.322438, 0.437254, 0.322168), 8: (0.3767, 0.406788, 0.378186)},
    "gabor": {4: (0.201357, 0.388736, 0.205924), 8: (0.287563, 0.344216, 0.291231)},
    "delta": {4: (0.445833, 0.433333, 0.433333), 8: (0.432292, 0.427083, 0.440625)},
}
ROW, COL, BAND = np.ogrid[:16, :24, :2]
CUBE = (((7 * ROW + 3 * COL + 5 * BAND) % 11 + (ROW * COL) % 5) / 15).astype(np.float32)


@pytest.mark.parametrize("name", PACKAGE)
@pytest.mark.parametrize("ratio", [4, 8])
def test_pair_is_the_one_of_the_package(name, ratio):
    degradation = find_degradation(f"x{ratio}-hb{name}{ratio}-hyperbench4nominal-zero")
    hsi = degrade(CUBE, degradation, np.full((1, 2), 0.5)).hsi
    np.testing.assert_allclose((hsi[0, 0, 0], hsi[1, 1, 1], hsi[-1, -1, 0]), PACKAGE[name][ratio], atol=2e-6)


def test_psfs_that_are_not_what_their_name_says_are_so_and_the_corrected_one_is_a_disc():
    ring, disc, hermite = (
        make_psf({"family": f"hyperbench-{name}", "ratio": 1}) for name in ("airy", "disc", "hermite")
    )
    assert ring[7, 8] > 8 * ring[7, 7] and hermite[7, 7] == 0
    assert disc[7, 7] == disc.max() and disc[7, 8] < disc[7, 7]
    assert set(SHAPES) == {*PACKAGE, "disc"}


def test_responses_peak_at_the_centres_of_their_channels():
    bands = np.arange(400.0, 1001, 5)
    for name, centres in (("hyperbench3-nominal", (480, 552, 666)), ("hyperbench4-nominal", (480, 552, 666, 803))):
        np.testing.assert_allclose(bands[load_srf(name, bands).argmax(1)], centres, atol=2.5)


def test_configuration_has_every_psf_of_every_pair_of_ratio_and_channels_with_the_stated_noise():
    settings = yaml.safe_load((ROOT / "config/evidence/hyperbench.yaml").read_text(encoding="utf-8"))
    (entry,), given = settings["grid"], {"ridge-dc", "nsgp-known"}
    assert "hyperbench" in settings["conventions"] and given < set(entry["methods"]) >= {"nsgp", "gsa"}
    noise = {4: 35, 8: 30, 16: 25, 32: 20}
    pairs = [(4, 4), (8, 4), (16, 4), (32, 4), (8, 3), (8, 8), (8, 16)]
    expected = {
        f"x{ratio}-hb{name}{ratio}-hyperbench{bands}nominal-zero-snrb{noise[ratio]}-40"
        for name in SHAPES
        for ratio, bands in pairs
    }
    assert set(entry["degradations"]) == expected and len(expected) == 70
    for name in expected:
        assert find_degradation(name).name == name
