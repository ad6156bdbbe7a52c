"""Conventions: which variant of each metric is meant, and how the estimate is prepared. Data only."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mossfuse.errors import MossFuseError
from mossfuse.metrics.variants import VARIANTS

PREPARATIONS = ("clip", "none", "u8")


@dataclass(frozen=True)
class Metric:
    """How a column of the results table is read.

    better: 'higher', 'lower' or None (a count that ranks nobody). tie: two scenes' values closer than this are a tie.
    """

    name: str
    title: str
    unit: str
    better: str | None
    decimals: int
    tie: float = 0.0


@dataclass(frozen=True)
class Convention:
    """prepare: 'clip' cuts the ESTIMATE to [0, 1]; 'none' leaves it; 'u8' rounds both cubes to 8 bit.

    variants: column name in the results -> key of VARIANTS.
    """

    name: str
    description: str
    prepare: str
    variants: Mapping[str, str]

    def __post_init__(self):
        unknown = set(self.variants.values()) - set(VARIANTS) | set(self.variants) - set(METRICS)
        if unknown or self.prepare not in PREPARATIONS:
            raise ValueError(f"convention '{self.name}': unknown {sorted(unknown) or self.prepare}")


_METRICS = (
    Metric("psnr", "PSNR", "dB", "higher", 2, 0.05),
    Metric("ssim", "SSIM", "", "higher", 4, 5e-4),
    Metric("sam", "SAM", "degrees", "lower", 3, 0.02),
    Metric("sam_rad", "SAM", "radians", "lower", 4, 3.5e-4),
    Metric("sam_nan_pixels", "zero reference pixels", "", None, 0),
    Metric("ergas", "ERGAS", "", "lower", 4, 2e-3),
    Metric("rmse", "RMSE", "", "lower", 5, 1e-4),
    Metric("rmse_255", "RMSE (0..255)", "", "lower", 3, 0.0255),
    Metric("cc", "CC", "", "higher", 4, 5e-4),
    Metric("cc_spectral", "CC (spectra)", "", "higher", 4, 5e-4),
    Metric("scc", "SCC", "", "higher", 4, 5e-4),
    Metric("uqi", "UQI", "", "higher", 4, 1e-3),
    Metric("uqi_sewar", "UQI (sewar)", "", "higher", 4, 1e-3),
    Metric("q2n", "Q2n", "", "higher", 4, 1e-3),
    Metric("residual_hsi_max", "max |HX - hsi|", "", "lower", 6),
    Metric("residual_hsi_rms", "rms |HX - hsi|", "", "lower", 6),
    Metric("residual_msi_max", "max |RX - msi|", "", "lower", 6),
    Metric("residual_msi_rms", "rms |RX - msi|", "", "lower", 6),
    Metric("psf_max_error", "PSF max error", "", "lower", 6),
    Metric("psf_l1", "PSF L1 error", "", "lower", 4),
    Metric("srf_mean_abs_error", "SRF mean error", "", "lower", 6),
    Metric("srf_sam", "SRF angle", "degrees", "lower", 3),
)
METRICS = MappingProxyType({metric.name: metric for metric in _METRICS})

_CONVENTIONS = (
    Convention(
        "std1",
        "The benchmark's own: estimate clipped to [0, 1]; PSNR band mean, peak 1; SSIM Gaussian 11; SAM in degrees over "
        "pixels with a non-zero reference (a zero estimate counts 90); ERGAS 100/ratio (Wald); RMSE of the cube; CC "
        "per band; UQI of Wang and Bovik, window 8.",
        "clip",
        {
            "psnr": "psnr.bandmean_peak1",
            "ssim": "ssim.gauss11",
            "sam": "sam.reference",
            "ergas": "ergas.wald",
            "rmse": "rmse.cube",
            "cc": "cc.band_pearson",
            "uqi": "uqi.ws8",
        },
    ),
    Convention(
        "moss",
        "The official MossFuse code's numbers with their quirks: SSIM uniform 7, SAM with the estimate clipped to "
        "1e-5 (sam_nan_pixels counts the pixels that turn the official value into NaN), ERGAS divided by B + 1 with "
        "ratio 32 for every ratio, UQI as sewar prints it.",
        "clip",
        {
            "psnr": "psnr.bandmean_peak1",
            "ssim": "ssim.uniform7",
            "sam": "sam.moss",
            "sam_nan_pixels": "sam.moss_nan_pixels",
            "ergas": "ergas.moss",
            "rmse": "rmse.cube",
            "uqi_sewar": "uqi.ws8_sewar",
        },
    ),
    Convention(
        "classical-table",
        "Not clipped; PSNR band mean, peak 1; SSIM uniform 7; SAM with zero pixels counted as 0 degrees; ERGAS 100/ratio.",
        "none",
        {
            "psnr": "psnr.bandmean_peak1",
            "ssim": "ssim.uniform7",
            "sam": "sam.zero",
            "ergas": "ergas.wald",
            "rmse": "rmse.cube",
        },
    ),
    Convention(
        "peak-band",
        "DAEM and M2U-Net: not clipped; PSNR with each reference band's maximum as peak; SSIM with the range of the "
        "estimated band; SAM with 1e-7 in the denominator; ERGAS 100/ratio; UQI as sewar prints it.",
        "none",
        {
            "psnr": "psnr.bandmean_peakband",
            "ssim": "ssim.range_est",
            "sam": "sam.m2u",
            "ergas": "ergas.wald",
            "rmse": "rmse.cube",
            "cc": "cc.band_pearson",
            "uqi_sewar": "uqi.ws8_sewar",
        },
    ),
    Convention(
        "u8",
        "MATLAB quality_assessment of the HySure family: both cubes rounded to 8 bit; PSNR band mean, peak 255; SSIM "
        "Gaussian 11; SAM with zero pixels counted as 90 degrees; RMSE on the scale 0..255; UQI window 32.",
        "u8",
        {
            "psnr": "psnr.bandmean_peak1",
            "ssim": "ssim.gauss11",
            "sam": "sam.ninety",
            "ergas": "ergas.wald",
            "rmse_255": "rmse.x255",
            "uqi": "uqi.ws32",
        },
    ),
    Convention(
        "global",
        "General image libraries (sewar, torchmetrics): estimate clipped to [0, 1]; one PSNR over the cube; SSIM uniform "
        "11; SAM in degrees with zero pixels dropped; ERGAS 100/ratio; SCC of local Laplacians; UQI as sewar prints it.",
        "clip",
        {
            "psnr": "psnr.global_peak1",
            "ssim": "ssim.uniform11",
            "sam": "sam.drop",
            "ergas": "ergas.wald",
            "rmse": "rmse.cube",
            "scc": "scc.laplace_local8",
            "uqi_sewar": "uqi.ws8_sewar",
        },
    ),
    Convention(
        "pansharpening",
        "Vivone toolbox: estimate clipped to [0, 1]; SAM with zero pixels dropped; ERGAS 100/ratio; SCC of Sobel "
        "magnitudes; UQI window 32; Q2n in blocks of 32 (without the toolbox's rounding to integers and border cut).",
        "clip",
        {"sam": "sam.drop", "ergas": "ergas.wald", "scc": "scc.sobel_cosine", "uqi": "uqi.ws32", "q2n": "uqi.q2n_32"},
    ),
    Convention(
        "imgvision",
        "imgvision / HIFtool: not clipped; PSNR band mean, peak 1; SSIM of one global window; ERGAS with ratio 16 for "
        "every ratio; correlation of spectra. Its SAM gives NaN with zero pixels; here they are dropped.",
        "none",
        {
            "psnr": "psnr.bandmean_peak1",
            "ssim": "ssim.global",
            "sam": "sam.drop",
            "ergas": "ergas.fixed16",
            "cc_spectral": "cc.pixel_spectral",
        },
    ),
    Convention(
        "denoising",
        "t3sc / HSIR: not clipped; PSNR band mean, peak 1; SSIM Gaussian 11; SAM in radians; ERGAS without ratio and "
        "with the mean not squared.",
        "none",
        {"psnr": "psnr.bandmean_peak1", "ssim": "ssim.gauss11", "sam_rad": "sam.radians", "ergas": "ergas.t3sc"},
    ),
)
CONVENTIONS = MappingProxyType({convention.name: convention for convention in _CONVENTIONS})

OTHER_GROUPS = MappingProxyType(
    {
        "consistency": "Residuals of the true sensor model, before clipping: HX against the HSI, RX against the MSI. The truth itself leaves the noise, and the shift where the pair has one.",
        "estimate": "Errors of a blind method's PSF (on one grid around the true phase) and SRF.",
    }
)


def find_convention(name):
    """The convention of that name; MossFuseError lists the known ones."""
    if name not in CONVENTIONS:
        raise MossFuseError(f"unknown metric convention '{name}'; known conventions: {', '.join(CONVENTIONS)}")
    return CONVENTIONS[name]


def find_metric(name):
    """How a metric column is read; MossFuseError lists the known ones."""
    if name not in METRICS:
        raise MossFuseError(f"unknown metric '{name}'; known metrics: {', '.join(METRICS)}")
    return METRICS[name]


def describe():
    """id -> description of everything that can stand in the column ``convention`` of the results."""
    return {name: convention.description for name, convention in CONVENTIONS.items()} | dict(OTHER_GROUPS)
