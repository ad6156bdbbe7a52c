"""Departures from the sensor model: each equals a slow loop in float64, and a degradation's name spells it."""

import math

import numpy as np
import pytest

from mossfuse.benchmark.data.make_pair import make_pair
from mossfuse.benchmark.data.pairs import read_pair
from mossfuse.benchmark.data.prepare import prepare_scene
from mossfuse.degradations import degrade, find_degradation, load_levels, make_psf
from mossfuse.errors import MossFuseError
from mossfuse.files import read_variables, write_cube
from mossfuse.physics.degrade import noise_generator

BANDS = np.arange(400.0, 701, 60)
PLAIN = "x4-gauss3s2-nikond5100"
rng = np.random.default_rng(11)
CUBE = rng.uniform(0.05, 0.95, (12, 8, BANDS.size)).astype(np.float32)
PICTURE = rng.random((12, 8, 3), np.float32)
SRF = rng.random((3, BANDS.size))
LEVELS = SRF.sum(1) / SRF.sum(1).max()
SRF = SRF / SRF.sum(1, keepdims=True)


def pair_under(suffix, psf="gauss3s2"):
    degradation = find_degradation(f"x4-{psf}-nikond5100{suffix}")
    return degrade(CUBE, degradation, SRF, wavelengths=BANDS, levels=LEVELS, picture=PICTURE), degradation


def seen_by_the_camera(gains=(1, 1, 1)):
    """Return the MSI of the scene, pixel by pixel, in Python's floats."""
    out = np.zeros((12, 8, 3))
    for i, j, m in np.ndindex(out.shape):
        out[i, j, m] = gains[m] * math.fsum(float(SRF[m, b]) * float(CUBE[i, j, b]) for b in range(BANDS.size))
    return out


def blurred(kernels, phase):
    """Return the HSI of the scene, window by window, with one kernel for each band; borders are mirrored."""
    out = np.zeros((3, 2, BANDS.size))
    for i, j, b in np.ndindex(out.shape):
        k = kernels[b]
        total = 0.0
        for r, c in np.ndindex(k.shape):
            row, col = (
                mirrored(4 * n + p + offset - (size - 1) // 2, side)
                for n, p, offset, size, side in zip((i, j), phase, (r, c), k.shape, CUBE.shape[:2], strict=True)
            )
            total += float(k[r, c]) * float(CUBE[row, col, b])
        out[i, j, b] = total
    return out


def mirrored(index, side):
    while not 0 <= index < side:
        index = -index if index < 0 else 2 * (side - 1) - index
    return index


def recorded(suffix):
    """Return the MSI under one of the effects on it, pixel by pixel."""
    gains = [0.8 * level for level in LEVELS] if suffix.startswith("-gain") else (1, 1, 1)
    out = seen_by_the_camera(gains)
    for i, j, m in np.ndindex(out.shape):
        x = out[i, j, m]
        if suffix.startswith("-vignette"):
            x *= 1 - 0.3 * ((i - 5.5) ** 2 + (j - 3.5) ** 2) / (5.5**2 + 3.5**2)
        elif suffix == "-gamma2.2-msi8bit":
            x = math.floor(255 * x ** (1 / 2.2) + 0.5) / 255
        elif suffix.startswith("-gamma"):
            x = x ** (1 / 2.2)
        elif suffix.startswith("-msi"):
            x = math.floor(255 * x + 0.5) / 255
        elif suffix == "-picture":
            x = float(PICTURE[i, j, m])
        out[i, j, m] = x
    return out


@pytest.mark.parametrize(
    "suffix", ["", "-vignette0.3", "-gamma2.2", "-msi8bit", "-gamma2.2-msi8bit", "-gain0.8", "-picture"]
)
def test_msi_under_an_effect_equals_a_slow_loop(suffix):
    pair, _ = pair_under(suffix)
    np.testing.assert_allclose(pair.msi, recorded(suffix), atol=1e-6)
    np.testing.assert_array_equal(pair.hsi, pair_under("")[0].hsi)


def test_hsi_under_a_psf_that_widens_with_the_wavelength_equals_a_slow_loop():
    pair, degradation = pair_under("-chroma0.25")
    widths = [2 * (1 + 0.25 * (2 * (wl - 400) / (BANDS[-1] - 400) - 1)) for wl in BANDS]
    kernels = [make_psf({**degradation.psf, "sigma": float(width)}) for width in widths]
    np.testing.assert_allclose(pair.hsi, blurred(kernels, degradation.phase), atol=1e-6)
    np.testing.assert_array_equal(pair.msi, pair_under("")[0].msi)


@pytest.mark.parametrize("psf", ["fwhm4", "box4"])
def test_hsi_under_a_psf_as_wide_as_its_pixel_equals_a_slow_loop(psf):
    pair, degradation = pair_under("", psf)
    kernel = np.full((4, 4), 1 / 16)
    if psf == "fwhm4":
        half = math.ceil(3 * 4 / 2.354820045)
        line = [math.exp(-4 * math.log(2) * (n / 4) ** 2) for n in range(-half, half + 1)]
        kernel = np.outer(line, line) / math.fsum(line) ** 2
        assert kernel[half, half + 2] == pytest.approx(kernel[half, half] / 2)
    np.testing.assert_allclose(pair.hsi, blurred([kernel] * BANDS.size, degradation.phase), atol=1e-6)


def test_noise_of_the_signal_equals_a_slow_loop_and_has_the_stated_ratio():
    pair, degradation = pair_under("-snrs30-25-noise4")
    clean = {"hsi": blurred([make_psf(degradation.psf)] * BANDS.size, degradation.phase), "msi": seen_by_the_camera()}
    for name, snr in (("hsi", 30.0), ("msi", 25.0)):
        image = clean[name]
        draw = noise_generator(CUBE, name, snr, 4).standard_normal(image.shape)
        power = math.fsum(float(x) ** 2 for x in image.ravel()) / image.size / 10 ** (snr / 10)
        per_signal = power / (math.fsum(map(float, image.ravel())) / image.size)
        slow = np.zeros_like(image)
        for place in np.ndindex(image.shape):
            slow[place] = image[place] + math.sqrt(per_signal * image[place]) * draw[place]
        np.testing.assert_allclose(getattr(pair, name), slow, atol=1e-6)
        sigma = getattr(pair.sensor, f"noise_{name}")
        np.testing.assert_allclose(sigma**2, per_signal * image.mean((0, 1)), rtol=1e-6)


def test_sensor_of_a_pair_is_the_one_without_effects():
    plain, changed = pair_under("")[0], pair_under("-gain0.8-chroma0.25-vignette0.3-gamma2.2-msi8bit")[0]
    for name, value in vars(plain.sensor).items():
        np.testing.assert_array_equal(value, getattr(changed.sensor, name))


@pytest.mark.parametrize(
    ("suffix", "message"),
    [
        ("-vignette7", "no effect spells 'vignette7'; known spellings: gain"),
        ("-blur3", "no effect spells 'blur3'"),
        ("-gamma2-gamma3", "no effect spells 'gamma3'"),
        ("-msi8bit-gamma2.2", "did you mean x4-gauss3s2-nikond5100-gamma2.2-msi8bit"),
    ],
)
def test_unknown_effect_is_refused_with_the_known_ones(suffix, message):
    with pytest.raises(MossFuseError, match=message):
        find_degradation(PLAIN + suffix)


def test_box_cannot_widen_and_a_scene_without_picture_has_none():
    with pytest.raises(MossFuseError, match="'box' has no width"):
        pair_under("-chroma0.25", "box4")
    with pytest.raises(MossFuseError, match="no colour picture"):
        degrade(CUBE, find_degradation(f"{PLAIN}-picture"), SRF)


def test_pair_in_a_file_is_made_with_levels_and_picture(tmp_path):
    truth, path = tmp_path / "truth.mat", tmp_path / "pair.mat"
    write_cube(truth, CUBE, BANDS, picture=PICTURE)
    make_pair(find_degradation(f"{PLAIN}-picture"), truth=truth, path=path, scene="a")
    np.testing.assert_array_equal(read_pair(path).msi, PICTURE)
    make_pair(find_degradation(f"{PLAIN}-gain0.5"), truth=truth, path=path, scene="a")
    pair = read_pair(path)
    expected = (CUBE.astype(float) @ pair.sensor.srf.T) * (0.5 * load_levels("nikon-d5100", BANDS))
    np.testing.assert_allclose(pair.msi, expected, atol=1e-6)


@pytest.mark.real_data
def test_scene_of_cave_is_prepared_with_its_own_picture(tmp_path, mirror_file):
    from PIL import Image

    bitmap = mirror_file("CAVE/chart_and_stuffed_toy_ms/chart_and_stuffed_toy_ms/chart_and_stuffed_toy_RGB.bmp")
    path = prepare_scene("cave", "chart_and_stuffed_toy", tmp_path)
    picture = read_variables(path, ("picture",))["picture"]
    with Image.open(bitmap) as image:
        np.testing.assert_allclose(picture, np.asarray(image.convert("RGB")) / 255, atol=1e-7)
