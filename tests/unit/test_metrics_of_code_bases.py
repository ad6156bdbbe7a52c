"""Conventions named after a code base give what its published function computes.

First against slow definitions, with loops over windows and pixels, on the scale and with the guards of the original: no function of
mossfuse.metrics is used but ``score``. Then against the values that the published functions themselves gave.
"""

import csv
from functools import cache

import numpy as np
import pytest

from helpers.code_base_pair import code_base_pair
from helpers.repository import ROOT
from mossfuse.metrics import effects, score

RANDOM = np.random.default_rng(3)
ROWS, COLS, BANDS, RATIO = 36, 34, 4, 8
TRUTH = np.clip(0.5 + np.cumsum(RANDOM.normal(0, 0.06, (ROWS, COLS, BANDS)), 1), 0.01, 0.99)
CUBE = TRUTH + RANDOM.normal(0, 0.04, TRUTH.shape)  # leaves [0, 1]
TRUTH[3, 4] = TRUTH[9, 9] = 0
CUBE[9, 9] = CUBE[20, 5] = 0
CLOSE = 1e-9


def windows(image, size):
    """Every window of one band, (pixels of the window,) each."""
    for i in range(image.shape[0] - size + 1):
        for j in range(image.shape[1] - size + 1):
            yield image[i : i + size, j : j + size].ravel()


def bands(x, y):
    return [(x[..., b], y[..., b]) for b in range(BANDS)]


def wang_ssim(x, y, weights, data_range, unbiased):
    """Mean SSIM of one band over the windows inside it."""
    size = round(len(weights) ** 0.5)
    c1, c2, factor = (
        (0.01 * data_range) ** 2,
        (0.03 * data_range) ** 2,
        len(weights) / (len(weights) - 1) if unbiased else 1,
    )
    values = []
    for a, b in zip(windows(x, size), windows(y, size), strict=True):
        ma, mb = weights @ a, weights @ b
        va, vb = (factor * weights @ (c - m) ** 2 for c, m in ((a, ma), (b, mb)))
        covariance = factor * weights @ ((a - ma) * (b - mb))
        values.append((2 * ma * mb + c1) * (2 * covariance + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2)))
    return np.mean(values)


def gaussian_weights():
    t = np.arange(-5, 6)
    weights = np.exp(-(t[:, None] ** 2 + t[None] ** 2) / (2 * 1.5**2)).ravel()
    return weights / weights.sum()


def wang_bovik(x, y, size):
    """img_qi: sums over the window, 1 where both are zero, the luminance factor where both are flat."""
    n, values = size**2, []
    for a, b in zip(windows(x, size), windows(y, size), strict=True):
        product, squares = a.sum() * b.sum(), a.sum() ** 2 + b.sum() ** 2
        numerator, flatness = 4 * (n * (a * b).sum() - product) * product, n * (a**2 + b**2).sum() - squares
        if flatness * squares != 0:
            values.append(numerator / (flatness * squares))
        else:
            values.append(2 * product / squares if squares else 1.0)
    return np.mean(values)


def angles(x, y, added=0.0):
    """Degrees between the spectra of every pixel; added: to the product of the norms; 90 where it is zero."""
    out = []
    for a, b in zip(x.reshape(-1, BANDS), y.reshape(-1, BANDS), strict=True):
        norms = np.sqrt(a @ a) * np.sqrt(b @ b) + added
        out.append(np.degrees(np.arccos(np.clip(a @ b / norms, -1, 1))) if norms > 0 else 90.0)
    return np.array(out)


def mapper(x, y):
    """SpectAngMapper: eps in the inner product and in both norms; the real part of an arccos above 1 is 0."""
    eps, out = np.finfo(float).eps, []
    for a, b in zip(x.reshape(-1, BANDS), y.reshape(-1, BANDS), strict=True):
        out.append(np.degrees(np.arccos(min(1.0, (a @ b + eps) / (np.sqrt(a @ a) + eps) / (np.sqrt(b @ b) + eps)))))
    return np.mean(out)


def ergas(x, y, factor):
    return 100 * factor * np.sqrt(np.mean([np.mean((a - b) ** 2) / a.mean() ** 2 for a, b in bands(x, y)]))


def rmse(x, y):
    return np.sqrt(np.mean((x - y) ** 2))


def test_u8_is_quality_assessment_of_the_hysure_family_on_8_bit_images():
    x, y = (np.round(255 * np.clip(c, 0, 1)) for c in (TRUTH, CUBE))  # im2uint8
    found = score(TRUTH, CUBE, RATIO, "u8")
    expected = {
        "psnr": np.mean([10 * np.log10(255**2 / np.mean((a - b) ** 2)) for a, b in bands(x, y)]),
        "ssim": np.mean([wang_ssim(a, b, gaussian_weights(), 255, False) for a, b in bands(x, y)]),
        "sam": mapper(x, y),
        "ergas": ergas(x, y, 1 / RATIO),
        "rmse_255": rmse(x, y),
        "dd_255": np.abs(x - y).mean(),
        "uqi": np.mean([wang_bovik(a, b, 32) for a, b in bands(x, y)]),
    }
    assert found == pytest.approx(expected, rel=CLOSE, abs=CLOSE)


def test_peak_band_is_the_evaluation_of_m2u_net():
    found = score(TRUTH, CUBE, RATIO, "peak-band")
    expected = {
        "psnr": np.mean([10 * np.log10(a.max() ** 2 / np.mean((a - b) ** 2)) for a, b in bands(TRUTH, CUBE)]),
        "ssim": np.mean([wang_ssim(a, b, np.full(49, 1 / 49), np.ptp(b), True) for a, b in bands(TRUTH, CUBE)]),
        "sam": angles(TRUTH, CUBE, 1e-7).mean(),
        "ergas": ergas(TRUTH, CUBE, 1 / RATIO),
        "rmse": rmse(TRUTH, CUBE),
        "cc": np.mean([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in bands(TRUTH, CUBE)]),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=CLOSE)


def test_imgvision_is_its_spectra_metric_where_that_gives_a_number():
    lit = (TRUTH.any(-1) & CUBE.any(-1))[..., None]
    x, y = np.where(lit, TRUTH, 0.3 + 0.01 * np.arange(BANDS)), np.where(lit, CUBE, 0.3 + 0.01 * np.arange(BANDS))
    found = score(x, y, RATIO, "imgvision")
    structure = []
    for a, b in bands(x, y):
        covariance = np.sum((a - a.mean()) * (b - b.mean())) / (a.size - 1)  # n - 1 here, n in the variances
        structure.append(
            (2 * a.mean() * b.mean() + 0.01**2)
            * (2 * covariance + 0.03**2)
            / ((a.mean() ** 2 + b.mean() ** 2 + 0.01**2) * (a.var() + b.var() + 0.03**2))
        )
    spectra = zip(x.reshape(-1, BANDS), y.reshape(-1, BANDS), strict=True)
    expected = {
        "psnr": np.mean([10 * np.log10(1 / np.mean((a - b) ** 2)) for a, b in bands(x, y)]),
        "ssim": np.mean(structure),
        "sam": angles(x, y).mean(),
        "ergas": ergas(x, y, 1 / 16),  # its default scale, whatever the ratio
        "cc_spectral": np.mean([np.corrcoef(a, b)[0, 1] for a, b in spectra]),
    }
    assert found == pytest.approx(expected, rel=1e-7)


def test_denoising_is_the_metrics_of_t3sc():
    found = score(TRUTH, CUBE, RATIO, "denoising")
    expected = {
        "psnr": np.mean([10 * np.log10(1 / np.mean((a - b) ** 2)) for a, b in bands(TRUTH, CUBE)]),
        "ssim": np.mean([wang_ssim(a, b, gaussian_weights(), 1, False) for a, b in bands(TRUTH, CUBE)]),
        "sam_rad": np.radians(angles(TRUTH, CUBE)).mean(),
        "ergas": 100 * np.sqrt(np.mean([np.mean((a - b) ** 2) / a.mean() for a, b in bands(TRUTH, CUBE)])),
    }
    assert found == pytest.approx(expected, rel=CLOSE)


def test_hyperbench_is_sewar_with_the_preparation_and_the_angle_of_that_package():
    import sewar

    x, y = TRUTH.astype(np.float32), CUBE.astype(np.float32)
    low, high = (np.clip(image * 255, 0, 255).astype(np.uint8) for image in (x, y))
    cosines = [a @ b / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-8) for a, b in spectra_of(x, y)]
    expected = {
        "psnr": sewar.psnr(low, high),
        "ssim": sewar.ssim(low, high)[0],
        "sam": np.degrees(np.mean(np.arccos(np.clip(cosines, -1 + 1e-9, 1 - 1e-9)))),
        "ergas": sewar.ergas(x, y),  # its default ratio, whatever the pair's
        "rmse": sewar.rmse(x, y),
        "uqi_sewar": sewar.uqi(x, y),
    }
    assert score(x, y, RATIO, "hyperbench") == pytest.approx(expected, rel=1e-9)


def spectra_of(x, y):
    return zip(x.reshape(-1, BANDS).astype(float), y.reshape(-1, BANDS).astype(float), strict=True)


def test_pansharpening_is_the_reduced_resolution_indices_of_the_vivone_toolbox():
    x, y = TRUTH, np.clip(CUBE, 0, 1)
    found = score(TRUTH, CUBE, RATIO, "pansharpening")
    lit = (x.any(-1) & y.any(-1)).ravel()
    gradients = []
    for cube in (x, y):  # the toolbox cuts one pixel, then filters with zeros around the rest
        padded = np.pad(cube[1:-1, 1:-1], ((1, 1), (1, 1), (0, 0)))
        weights, rows, cols = (1, 2, 1), ROWS - 2, COLS - 2
        down = sum(w * (padded[2:, k : k + cols] - padded[:-2, k : k + cols]) for k, w in enumerate(weights))
        right = sum(w * (padded[k : k + rows, 2:] - padded[k : k + rows, :-2]) for k, w in enumerate(weights))
        gradients.append(np.sqrt(down**2 + right**2))
    p, q = gradients
    expected = {
        "sam": angles(x, y)[lit].mean(),
        "ergas": ergas(x, y, 1 / RATIO),
        "scc": (p * q).sum() / np.sqrt((p**2).sum() * (q**2).sum()),
        "uqi": np.mean([wang_bovik(a, b, 32) for a, b in bands(x, y)]),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=CLOSE)


def test_moss_leaves_out_what_the_official_code_turns_into_nan_and_says_how_many_pixels():
    x, y = TRUTH, np.clip(CUBE, 0, 1)
    found, lit = score(TRUTH, CUBE, RATIO, "moss"), TRUTH.any(-1).ravel()
    relative = sum(np.mean((a - b) ** 2) / a.mean() ** 2 for a, b in bands(x, y))
    expected = {
        "psnr": np.mean([10 * np.log10(1 / np.mean((a - b) ** 2)) for a, b in bands(x, y)]),
        "ssim": np.mean([wang_ssim(a, b, np.full(49, 1 / 49), 1, True) for a, b in bands(x, y)]),
        "sam": angles(x, np.clip(y, 1e-5, 1))[lit].mean(),
        "sam_nan_pixels": 2,
        "ergas": 100 / 32 * np.sqrt(relative / (BANDS + 1)),
        "rmse": rmse(x, y),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=CLOSE)


PUBLISHED = list(
    csv.DictReader((ROOT / "docs/evidence/authors-code/metric_functions.csv").open(encoding="utf-8", newline=""))
)
NUMBERS = [row for row in PUBLISHED if row["value"] != "nan"]


@cache
def ours(pair, convention):
    """Our values on a pair: a convention's, or every variant's."""
    reference, estimate = code_base_pair(pair == "zeros")
    if convention == "variants":
        return effects(reference, np.clip(estimate, 0, 1), RATIO).set_index("variant")["value"].to_dict()
    if convention == "integers":  # the toolbox of pansharpening rounds to integers before it computes Q2n
        return score(
            np.round(reference * 1e4) / 1e4, np.round(np.clip(estimate, 0, 1) * 1e4) / 1e4, RATIO, "pansharpening"
        )
    return score(reference, estimate, RATIO, convention)


@pytest.mark.parametrize(
    "row", NUMBERS, ids=[f"{r['pair']}-{r['convention']}-{r['metric']}-{r['code']}" for r in NUMBERS]
)
def test_metric_equals_the_value_that_the_published_function_gave(row):
    name, convention = row["metric"], row["convention"]
    if name == "q2n_of_integers":
        name, convention = "q2n", "integers"
    assert float(ours(row["pair"], convention)[name]) == pytest.approx(float(row["value"]), rel=CLOSE)


def test_published_functions_without_a_number_are_those_with_zero_pixels():
    without = {(row["pair"], row["convention"], row["metric"]) for row in PUBLISHED if row["value"] == "nan"}
    assert without == {
        ("zeros", "imgvision", "sam"),
        ("zeros", "imgvision", "cc_spectral"),
        ("zeros", "u8", "sam"),  # HySure's own copy; LTMR's gives a number
        ("zeros", "moss", "sam"),
    }
