"""The conventions: how the cubes are prepared, and what a reader should know. Data only.

Which metrics a convention contains is declared by the metrics themselves (``mossfuse.metrics.definitions``).
"""

from types import MappingProxyType

from mossfuse.errors import MossFuseError, suggestion
from mossfuse.metrics.specification import Convention

_CONVENTIONS = (
    Convention(
        "std1",
        "The benchmark's own: estimate clipped to [0, 1]; PSNR band mean, peak 1; SSIM Gaussian 11; SAM in degrees over "
        "pixels with a non-zero reference (a zero estimate counts 90); ERGAS 100/ratio (Wald); RMSE of the cube; CC "
        "per band; UQI of Wang and Bovik, window 8; Q2n in blocks of 32. Further: worst band, SAM of pixels with a reference above "
        "0.05, MAE, RMSE of edges and flat pixels, CIEDE2000 under D65 and A, anomaly detection and unmixing where the scene has "
        "the labels.",
        "clip",
    ),
    Convention(
        "moss",
        "The official MossFuse code's numbers with their quirks: SSIM uniform 7, SAM with the estimate clipped to "
        "1e-5 (sam_nan_pixels counts the pixels that turn the official value into NaN), ERGAS divided by B + 1 with "
        "ratio 32 for every ratio, UQI as sewar prints it.",
        "clip",
    ),
    Convention(
        "classical-table",
        "Not clipped; PSNR band mean, peak 1; SSIM uniform 7; SAM with zero pixels counted as 0 degrees; ERGAS 100/ratio.",
        "none",
    ),
    Convention(
        "peak-band",
        "DAEM and M2U-Net: not clipped; PSNR with each reference band's maximum as peak; SSIM with the range of the "
        "estimated band; SAM with 1e-7 in the denominator; ERGAS 100/ratio; UQI as sewar prints it.",
        "none",
    ),
    Convention(
        "u8",
        "MATLAB quality_assessment of the HySure family: both cubes rounded to 8 bit; PSNR band mean, peak 255; SSIM "
        "Gaussian 11; SAM of SpectAngMapper (a pixel zero in both counts 0, one zero in one cube nearly 90 degrees); RMSE and DD on the scale 0..255; UQI window 32.",
        "u8",
    ),
    Convention(
        "global",
        "General image libraries (sewar, torchmetrics): estimate clipped to [0, 1]; one PSNR over the cube; SSIM uniform "
        "11; SAM in degrees with zero pixels dropped; ERGAS 100/ratio; SCC of local Laplacians; UQI as sewar prints it.",
        "clip",
    ),
    Convention(
        "pansharpening",
        "Vivone toolbox: estimate clipped to [0, 1]; SAM with zero pixels dropped; ERGAS 100/ratio; SCC of Sobel "
        "magnitudes; UQI window 32; Q2n in blocks of 32 (without the toolbox's rounding to integers and border cut).",
        "clip",
    ),
    Convention(
        "imgvision",
        "imgvision / HIFtool: not clipped; PSNR band mean, peak 1; SSIM of one global window; ERGAS with ratio 16 for "
        "every ratio; correlation of spectra. Its SAM gives NaN with zero pixels; here they are dropped.",
        "none",
    ),
    Convention(
        "denoising",
        "t3sc / HSIR: not clipped; PSNR band mean, peak 1; SSIM Gaussian 11; SAM in radians; ERGAS without ratio and "
        "with the mean not squared.",
        "none",
    ),
    Convention(
        "hyperbench",
        "The HyperBench package: not clipped; PSNR of the cube and SSIM uniform 11 of images truncated to 8 bit; SAM with 1e-8 added to "
        "the product of norms; ERGAS with ratio 4 for every ratio; RMSE of the cube; UQI as sewar prints it.",
        "none",
    ),
)
CONVENTIONS = MappingProxyType({convention.name: convention for convention in _CONVENTIONS})

OTHER_GROUPS = MappingProxyType(
    {
        "consistency": "Residuals of the true sensor model, before clipping: HX against the HSI, RX against the MSI. The truth itself leaves the noise, and the shift where the pair has one.",
        "estimate": "Errors of a blind method's PSF (on one grid around the true phase) and SRF.",
    }
)


def find_convention(name: str) -> Convention:
    """Return the convention of that name; raise MossFuseError with the known ones."""
    if name not in CONVENTIONS:
        raise MossFuseError(f"unknown metric convention '{name}'; {suggestion(name, CONVENTIONS, 'known conventions')}")
    return CONVENTIONS[name]


def describe() -> dict[str, str]:
    """Return id -> description of every value of the results' column ``convention``."""
    return {name: convention.description for name, convention in CONVENTIONS.items()} | dict(OTHER_GROUPS)
