"""The conventions of this project in sentences for readers, one metric a line; the other ones have their own description."""

WORDS = {
    "std1": (
        "Our default. Estimates are clipped to [0, 1] before scoring.",
        "PSNR: mean of 10 log10(1 / MSE) over the bands that are not zero throughout, peak 1.",
        "SSIM: 11 × 11 Gaussian window, mean over the bands.",
        "SAM: mean angle in degrees over the pixels whose true spectrum is not zero; a zero estimate counts as 90°.",
        "ERGAS: 100 / ratio times the root of the mean relative squared error of the bands (Wald).",
        "RMSE: over the whole cube. CC: mean correlation of the bands. UQI: Wang and Bovik, window 8. Q2n: blocks of 32.",
        "Further: worst band, SAM of lit pixels (true value above 0.05), MAE, RMSE of edges and of flat pixels, CIEDE2000 under D65 "
        "and A; anomaly detection and unmixing where the scene has the labels.",
    ),
    "moss": (
        "As computed by the official MossFuse code, including its errors.",
        "SSIM: uniform 7 × 7 window.",
        "SAM: the estimate is clipped to 1e-5; pixels with a zero true spectrum turn the official value into NaN, and their number is given.",
        "ERGAS: divided by the number of bands + 1, and with ratio 32 whatever the ratio is. UQI: as sewar computes it.",
    ),
    "consistency": (
        "How well the fused cube, degraded again by the true sensor, reproduces the two inputs, before clipping.",
        "The ground truth itself has a residual equal to the noise (and misregistration) of the pair.",
    ),
    "estimate": (
        "Errors of the PSF (aligned to the true sampling position) and the SRF that a blind method estimates.",
    ),
}


def words_of(name, description):
    """Return the sentences of a convention. description: the convention's own text, for those without sentences here."""
    return WORDS.get(name) or ((description,) if description else ())
