"""PSFs of optics and movement, responses over bands, faults of detectors: each equals a slow loop in Python's floats."""

import itertools
import math

import numpy as np
import pytest

from mossfuse.degradations import canonical_name, degrade, find_degradation, load_srf, make_psf
from mossfuse.degradations.gaps import measured_in_both, measured_pixels
from mossfuse.degradations.responses import catalogue as responses
from mossfuse.errors import MossFuseError
from mossfuse.physics.degrade import noise_generator
from mossfuse.physics.sampling import BlurSample

BANDS = np.array([450.0, 500, 560, 640])
ROWS, COLS = 12, 12
rng = np.random.default_rng(21)
CUBE = rng.uniform(0.05, 0.95, (ROWS, COLS, BANDS.size)).astype(np.float32)
SRF = rng.random((3, BANDS.size))
SRF /= SRF.sum(1, keepdims=True)
TOLERANCE = 1e-6


def pair_under(suffix, ratio=4, psf="gauss3s1"):
    degradation = find_degradation(f"x{ratio}-{psf}-nikond5100{suffix}")
    return degrade(CUBE, degradation, SRF, wavelengths=BANDS), degradation


# Kernels, pixel by pixel.


def j1(z):
    """The Bessel function by its series, exact to float64 for the arguments here."""
    return math.fsum(
        (-1) ** m / (math.factorial(m) * math.factorial(m + 1)) * (z / 2) ** (2 * m + 1) for m in range(60)
    )


def sampled(size, value):
    """A kernel over its sum from a function of the distance from the middle."""
    middle = (size - 1) / 2
    kernel = np.array([[value(math.hypot(i - middle, j - middle)) for j in range(size)] for i in range(size)])
    return kernel / math.fsum(kernel.ravel())


def airy(size, zero):
    def value(rho):
        z = 3.8317059702075125 * rho / zero
        return (2 * j1(z) / z) ** 2 if z else 1.0

    return sampled(size, value)


def moffat(size, fwhm, beta):
    alpha = fwhm / 2 / math.sqrt(2 ** (1 / beta) - 1)
    kernel = sampled(size, lambda rho: (1 + (rho / alpha) ** 2) ** -beta)
    return kernel


def defocus(radius):
    half = math.ceil(radius)
    kernel = np.zeros((2 * half + 1,) * 2)
    steps = [(k + 0.5) / 16 - 0.5 for k in range(16)]
    for i, j in np.ndindex(kernel.shape):
        kernel[i, j] = sum(math.hypot(i - half + a, j - half + b) <= radius for a in steps for b in steps)
    return kernel / kernel.sum()


def motion(length, angle):
    half = math.ceil(length / 2)
    kernel = np.zeros((2 * half + 1,) * 2)
    count = 16 * math.ceil(length)
    for k in range(count):
        along = ((k + 0.5) / count - 0.5) * length
        row, col = (half + along * f(math.radians(angle)) for f in (math.cos, math.sin))
        for i, j in np.ndindex(kernel.shape):
            kernel[i, j] += max(0, 1 - abs(row - i)) * max(0, 1 - abs(col - j)) / count
    return kernel


def matched(ratio, gain):
    sigma = ratio / math.pi * math.sqrt(-2 * math.log(gain))
    return sampled(2 * math.ceil(4 * sigma) + 1, lambda rho: math.exp(-0.5 * (rho / sigma) ** 2))


def rotated(size, along, across, angle):
    def value(i, j):
        c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        u, v = i * c + j * s, -i * s + j * c
        return math.exp(-0.5 * ((u / along) ** 2 + (v / across) ** 2))

    middle = (size - 1) / 2
    kernel = np.array([[value(i - middle, j - middle) for j in range(size)] for i in range(size)])
    return kernel / kernel.sum()


KERNELS = {
    "airyk9z3": airy(9, 3),
    "airyk8z2.5": airy(8, 2.5),
    "moffatk7w2.5b2.5": moffat(7, 2.5, 2.5),
    "defocus1.7": defocus(1.7),
    "motion4.5a30": motion(4.5, 30),
    "mtf3g0.3": matched(3, 0.3),
    "gauss7s2x1a30": rotated(7, 2, 1, 30),
    "box4": np.full((4, 4), 1 / 16),
}


def index_at(index, side, border):
    if border == "wrap":
        return index % side
    if border == "zero":
        return index if 0 <= index < side else None
    while not 0 <= index < side:
        index = -index if index < 0 else 2 * (side - 1) - index
    return index


def windowed(kernel, ratio, phase, border):
    """The HSI, window by window."""
    out = np.zeros((ROWS // ratio, COLS // ratio, BANDS.size))
    size = kernel.shape[0]
    for i, j in np.ndindex(out.shape[:2]):
        rows, cols = (
            [index_at(ratio * n + p + k - (size - 1) // 2, side, border) for k in range(size)]
            for n, p, side in zip((i, j), phase, (ROWS, COLS), strict=True)
        )
        for (r, row), (c, col) in itertools.product(enumerate(rows), enumerate(cols)):
            if row is not None and col is not None:
                out[i, j] += kernel[r, c] * CUBE[row, col].astype(float)
    return out


@pytest.mark.parametrize("psf", KERNELS)
@pytest.mark.parametrize("ratio", [3, 4])
@pytest.mark.parametrize("border", ["reflect", "wrap", "zero"])
def test_hsi_under_every_psf_border_phase_and_ratio_equals_a_slow_loop(psf, ratio, border):
    written = "" if border == "reflect" else f"-{border}"
    for phase in ((1, 1), (2, 0)):
        pair, degradation = pair_under(
            f"-phase{phase[0]}x{phase[1]}{written}" if phase != (1, 1) else written, ratio, psf
        )
        assert degradation.phase == phase
        np.testing.assert_allclose(pair.hsi, windowed(KERNELS[psf], ratio, phase, border), atol=TOLERANCE)
        operator = BlurSample(make_psf(degradation.psf), phase, ratio, (ROWS, COLS), border)
        x, y = rng.standard_normal((ROWS, COLS)), rng.standard_normal(operator.low_shape)
        assert (operator(x) * y).sum() == pytest.approx((x * operator.adjoint(y)).sum(), rel=1e-10)


@pytest.mark.parametrize(("ratio", "gain"), [(3, 0.3), (8, 0.15), (8, 0.6)])
def test_mtf_matched_gaussian_has_the_stated_gain_at_nyquist(ratio, gain):
    line = make_psf({"family": "mtf", "ratio": float(ratio), "gain": gain}).sum(0)
    middle = len(line) // 2
    modulation = math.fsum(w * math.cos(math.pi * (k - middle) / ratio) for k, w in enumerate(line))
    assert modulation == pytest.approx(gain, abs=2e-3)


def test_airy_disc_is_dark_where_it_is_said_to_be_and_moffat_has_the_stated_width():
    disc = make_psf({"family": "airy-disc", "size": 15, "zero": 4.0})
    assert disc[7, 11] < 1e-12 * disc[7, 7] and disc[7, 13] > 1e-4 * disc[7, 7]  # ring, where a Gaussian has none
    profile = make_psf({"family": "moffat-profile", "size": 15, "fwhm": 4.0, "beta": 2.5})
    assert profile[7, 9] == pytest.approx(profile[7, 7] / 2)


# Effects on the MSI and the HSI.


def seen(srf=SRF):
    out = np.zeros((ROWS, COLS, 3))
    for i, j, m in np.ndindex(out.shape):
        out[i, j, m] = math.fsum(float(srf[m, b]) * float(CUBE[i, j, b]) for b in range(BANDS.size))
    return out


def clean_hsi(kernel=None):
    return windowed(
        make_psf({"family": "gaussian", "size": 3, "sigma": 1}) if kernel is None else kernel, 4, (1, 1), "reflect"
    )


def spline_weights(t):
    """The cubic B-spline at distance t."""
    t = abs(t)
    return (4 - 6 * t**2 + 3 * t**3) / 6 if t < 1 else (2 - t) ** 3 / 6 if t < 2 else 0.0


def coefficients(values):
    """Spline coefficients of a line with mirrored ends, from the linear equations that define them."""
    n = len(values)
    matrix = np.zeros((n, n))
    for i in range(n):
        for k in range(i - 1, i + 2):
            matrix[i, index_at(k, n, "reflect")] += spline_weights(i - k)
    return np.linalg.solve(matrix, values)


def interpolated(image, place):
    """The image (rows, cols) at ``place(i, j)`` for every pixel, by cubic splines, clipped to [0, 1]."""
    spline = np.apply_along_axis(coefficients, 0, np.apply_along_axis(coefficients, 1, image))
    out = np.zeros_like(image)
    for i, j in np.ndindex(image.shape):
        row, col = place(i, j)
        for r in range(math.floor(row) - 1, math.floor(row) + 3):
            for c in range(math.floor(col) - 1, math.floor(col) + 3):
                weight = spline_weights(row - r) * spline_weights(col - c)
                out[i, j] += weight * spline[index_at(r, ROWS, "reflect"), index_at(c, COLS, "reflect")]
    return np.clip(out, 0, 1)


def turned(degrees):
    def place(i, j):
        c, s, y, x = math.cos(math.radians(degrees)), math.sin(math.radians(degrees)), i - 5.5, j - 5.5
        return 5.5 + c * y + s * x, 5.5 - s * y + c * x

    return place


@pytest.mark.parametrize(
    ("suffix", "place"),
    [
        ("-rotate5", turned(5)),
        ("-zoom10", lambda i, j: (5.5 + (i - 5.5) / 1.1, 5.5 + (j - 5.5) / 1.1)),
        ("-shift0.5x1.25", lambda i, j: (i - 0.5, j - 1.25)),
    ],
)
def test_misaligned_msi_equals_a_slow_loop_of_splines(suffix, place):
    pair, _ = pair_under(suffix)
    image = seen()
    for channel in range(3):
        np.testing.assert_allclose(pair.msi[..., channel], interpolated(image[..., channel], place), atol=TOLERANCE)
    np.testing.assert_allclose(pair.hsi, clean_hsi(), atol=TOLERANCE)


def test_turned_msi_turns_from_rows_to_columns():
    ramp = np.broadcast_to(np.linspace(0, 1, COLS)[None, :, None], CUBE.shape).astype(np.float32)
    pair = degrade(ramp, find_degradation("x4-gauss3s1-nikond5100-rotate90"), SRF, wavelengths=BANDS)
    np.testing.assert_allclose(pair.msi[:, 6, 0], np.linspace(1, 0, ROWS), atol=1e-5)


@pytest.mark.parametrize("noise", ["", "-noise3"])
def test_faults_of_detectors_equal_slow_loops(noise):
    seed = 3 if noise else 0
    hsi, msi = clean_hsi(), seen()
    striped = pair_under(f"-stripes0.05{noise}")[0]
    draw = noise_generator(CUBE, "stripes", 0.05, seed).standard_normal(hsi.shape[1:])
    for b in range(BANDS.size):
        rms = math.sqrt(math.fsum(float(x) ** 2 for x in hsi[..., b].ravel()) / hsi[..., b].size)
        for i, j in np.ndindex(hsi.shape[:2]):
            assert striped.hsi[i, j, b] == pytest.approx(hsi[i, j, b] + 0.05 * rms * draw[j, b], abs=TOLERANCE)
    np.testing.assert_allclose(striped.msi, msi, atol=TOLERANCE)
    dead = pair_under(f"-dead2{noise}")[0].hsi
    silent = set(noise_generator(CUBE, "dead", 2, seed).permutation(BANDS.size)[:2].tolist())
    for b in range(BANDS.size):
        np.testing.assert_allclose(dead[..., b], 0 if b in silent else hsi[..., b], atol=TOLERANCE)
    full = pair_under(f"-saturate0.6{noise}")[0]
    for image, recorded in ((hsi, full.hsi), (msi, full.msi)):
        for place in np.ndindex(image.shape):
            assert recorded[place] == pytest.approx(min(image[place], 0.6), abs=TOLERANCE)


def test_photons_are_counted_with_the_mean_and_the_variance_of_poisson():
    pair, degradation = pair_under("-photons50x200-noise2")
    assert canonical_name(degradation).endswith("-photons50x200-noise2")
    for image, recorded, full, name in ((clean_hsi(), pair.hsi, 50, "hsi"), (seen(), pair.msi, 200, "msi")):
        counts = recorded.astype(float) * full
        np.testing.assert_allclose(counts, np.round(counts), atol=1e-4)
        draw = noise_generator(CUBE, f"photons-{name}", float(full), 2).poisson(full * image)
        np.testing.assert_allclose(counts, draw, atol=1e-4)
        spread = (counts - full * image) / np.sqrt(full * image)
        assert abs(spread.mean()) < 4 / spread.size**0.5 and abs(spread.var() - 1) < 6 * math.sqrt(2 / spread.size)


def smoothed(field):
    """The field under a Gaussian of an eighth of its side, mirrored at the edges."""
    sigma = ROWS / 8
    reach = int(4 * sigma + 0.5)
    line = [math.exp(-0.5 * (k / sigma) ** 2) for k in range(-reach, reach + 1)]
    smooth = np.zeros((ROWS, COLS))
    for i, j in np.ndindex(smooth.shape):
        smooth[i, j] = math.fsum(
            line[r + reach]
            * line[c + reach]
            * field[index_at(i + r, ROWS, "reflect"), index_at(j + c, COLS, "reflect")]
            for r in range(-reach, reach + 1)
            for c in range(-reach, reach + 1)
        )
    return smooth


def test_clouds_cover_the_stated_share_of_the_msi_alone():
    pair, _ = pair_under("-clouds0.25")
    smooth = smoothed(noise_generator(CUBE, "clouds", 0.25, 0).standard_normal((ROWS, COLS)))
    covered = smooth >= np.sort(smooth.ravel())[-36]  # a quarter of 144 pixels
    np.testing.assert_allclose(pair.msi, np.where(covered[..., None], 0.9, seen()), atol=TOLERANCE)
    np.testing.assert_allclose(pair.hsi, clean_hsi(), atol=TOLERANCE)


@pytest.mark.parametrize(
    ("suffix", "border", "dates"),
    [
        ("-cloudmask0.125", "reflect", (("both", 0.125, 0), ("both", 0.125, 0))),
        ("-wrap-cloudmask0.125", "wrap", (("both", 0.125, 0), ("both", 0.125, 0))),
        ("-zero-cloudmask0.125x0.25-noise4", "zero", (("hsi", 0.125, 4), ("msi", 0.25, 4))),
    ],
)
def test_masked_clouds_hide_every_pixel_that_sees_one_and_change_no_other(suffix, border, dates):
    pair, degradation = pair_under(suffix, psf="gauss5s1")
    assert canonical_name(degradation).endswith(suffix)
    covered = []
    for name, share, seed in dates:
        smooth = smoothed(noise_generator(CUBE, f"cloudmask-{name}", share, seed).standard_normal((ROWS, COLS)))
        covered.append(smooth >= np.sort(smooth.ravel())[-round(share * ROWS * COLS)])
    low = np.zeros((ROWS // 4, COLS // 4), bool)
    for i, j in np.ndindex(low.shape):
        window = [[index_at(4 * k + 1 - 2 + n, ROWS, border) for n in range(5)] for k in (i, j)]
        places = [(r, c) for r in window[0] for c in window[1] if r is not None and c is not None]
        low[i, j] = any(covered[0][place] for place in places)
    assert 0 < low.sum() < low.size
    clean, _ = pair_under(suffix.partition("-cloudmask")[0], psf="gauss5s1")
    np.testing.assert_array_equal(pair.hsi, np.where(low[..., None], np.nan, clean.hsi))
    np.testing.assert_array_equal(pair.msi, np.where(covered[1][..., None], np.nan, clean.msi))
    marks = measured_pixels(CUBE, degradation)
    assert np.array_equal(marks[0], ~low) and np.array_equal(marks[1], ~covered[1])
    both = [[not low[i // 4, j // 4] and not covered[1][i, j] for j in range(COLS)] for i in range(ROWS)]
    assert np.array_equal(measured_in_both(CUBE, degradation), both)


def test_camera_that_is_not_the_known_one_equals_a_slow_loop():
    moved = np.zeros_like(SRF)
    for m, b in np.ndindex(SRF.shape):
        at = max(BANDS[b] - 20, BANDS[0])
        k = max(i for i in range(BANDS.size) if BANDS[i] <= at)
        after = min(k + 1, BANDS.size - 1)
        t = 0 if after == k else (at - BANDS[k]) / (BANDS[after] - BANDS[k])
        moved[m, b] = (1 - t) * SRF[m, k] + t * SRF[m, after]
    moved /= moved.sum(1, keepdims=True)
    mixed = np.array(
        [[0.9 * SRF[m, b] + 0.05 * sum(SRF[k, b] for k in range(3) if k != m) for b in range(4)] for m in range(3)]
    )
    for suffix, srf in (("-srfshift20", moved), ("-crosstalk0.1", mixed)):
        pair, _ = pair_under(suffix)
        np.testing.assert_allclose(pair.msi, seen(srf), atol=TOLERANCE)
        np.testing.assert_array_equal(pair.sensor.srf, SRF)  # what methods are given is the data sheet's
    kernel, extra = make_psf({"family": "gaussian", "size": 3, "sigma": 1}), sampled_line(0.7)
    wide = np.zeros((3 + 6, 3 + 6))
    for (i, j), (r, c) in itertools.product(np.ndindex(3, 3), np.ndindex(7, 7)):
        wide[i + r, j + c] += kernel[i, j] * extra[r] * extra[c]
    pair, _ = pair_under("-psfblur0.7")
    np.testing.assert_allclose(pair.hsi, clean_hsi(wide), atol=TOLERANCE)
    np.testing.assert_array_equal(pair.sensor.psf, kernel)


def sampled_line(sigma):
    half = math.ceil(3 * sigma)
    line = [math.exp(-0.5 * (k / sigma) ** 2) for k in range(-half, half + 1)]
    return [value / math.fsum(line) for value in line]


@pytest.mark.parametrize(
    ("suffix", "srf", "wavelengths", "sentence"),
    [
        ("-dead4", SRF, BANDS, "4 dead bands of 4 leave none"),
        ("-crosstalk0.1", SRF[:1], BANDS, "an SRF of one channel has no crosstalk"),
        ("-srfshift5", SRF, None, "wavelengths of the bands are not known"),
        ("-cloudmask0", SRF, BANDS, "clouds over none of the scene hide nothing"),
        ("-cloudmask0.5x0.95", SRF, BANDS, "of the scene measured in both images, and 10 % are needed"),
    ],
)
def test_effect_that_cannot_act_is_one_sentence(suffix, srf, wavelengths, sentence):
    with pytest.raises(MossFuseError, match=sentence):
        degrade(CUBE, find_degradation(f"x4-gauss3s1-nikond5100{suffix}"), srf, wavelengths=wavelengths)


def test_effects_are_written_in_the_order_in_which_they_act():
    name = (
        "x4-gauss3s1-nikond5100-psfblur1-crosstalk0.1-srfshift5-rotate1-zoom2-clouds0.1-vignette0.3-photons50x200"
        "-stripes0.05-saturate0.8-msi8bit-dead1-cloudmask0.1x0.2-snr30-35"
    )
    assert find_degradation(name).name == name


# Responses.


def test_response_over_bands_equals_the_integral_of_its_curve():
    from mossfuse.degradations.responses._integration import GRID, over_bands

    nm, curve = np.array([480, 500, 503, 540]), np.array([[0, 1, 0.2, 0.0]])
    rows = over_bands(curve, nm)
    for centre in (470, 496, 502, 512, 544, 560):
        at = [centre - 5 + (k + 0.5) / 100 for k in range(1000)]
        mean = math.fsum(float(np.interp(x, nm, curve[0], left=0, right=0)) for x in at) / len(at)
        assert rows[0, GRID.index(centre)] == pytest.approx(mean, abs=1e-4)


def test_nominal_response_counts_the_part_of_a_band_that_a_channel_covers():
    response = load_srf("sentinel2-nominal-10m", np.arange(430.0, 901, 10))
    red = response[2]  # 650-680 nm: half of the bands at 650 and 680 nm, all of 660 and 670
    np.testing.assert_allclose(red[[22, 23, 24, 25]] / red[23], [0.5, 1, 1, 0.5], atol=0.06)
    assert red[[20, 21, 26, 27]].max() < 0.01 * red[23]
    assert {name for name in responses().entries if "nominal" in name} >= {"worldview3-nominal", "ali-nominal-pan"}


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "file", "centres"),
    [
        ("sentinel2a-10m", "srf/hif_s2a_srf.csv", (494, 560, 665, 833)),
        ("landsat8-measured-vnir", "srf/NonRegSRNet_Landsat.mat", (482, 561, 654, 865)),
        ("ikonos", "srf/HySure_ikonos_spec_resp.mat", (480, 551, 665, 805)),
        ("ikonos-pan", "srf/HySure_ikonos_spec_resp.mat", (727,)),
    ],
)
def test_measured_response_of_the_mirror_has_its_channels_where_they_belong(mirror_file, name, file, centres):
    mirror = mirror_file(file).parents[1]
    bands = np.arange(400.0, 1001, 5)
    response = load_srf(name, bands, [mirror])
    np.testing.assert_allclose(response @ bands, centres, atol=25)
    np.testing.assert_allclose(response.sum(1), 1)
