"""Every variant of every metric by name: ``family.variant`` -> function, formula, who uses it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from mossfuse.metrics import correlation, psnr, rmse, sam, ssim, uqi
from mossfuse.metrics import ergas as ergas_module
from mossfuse.metrics.q2n import q2n


@dataclass(frozen=True)
class Variant:
    """One definition of a metric. compute(truth, cube, ratio) -> float, both cubes float64 (rows, cols, bands)."""

    name: str
    compute: Callable
    formula: str
    users: str

    @property
    def family(self):
        return self.name.partition(".")[0]


def without_ratio(function, **options):
    """Adapt function(truth, cube) to the signature of ``Variant.compute``."""
    return lambda truth, cube, ratio: function(truth, cube, **options)


def fixed_ratio(ratio):
    """ERGAS with a ratio that does not depend on the data."""
    return without_ratio(partial(ergas_module.ergas, ratio=ratio))


_ROWS = (
    (
        "psnr.bandmean_peak1",
        without_ratio(psnr.psnr_bandmean),
        "mean_b 10 log10(1 / MSE_b)",
        "std1, MossFuse, imgvision, t3sc",
    ),
    (
        "psnr.bandmean_peakband",
        without_ratio(psnr.psnr_peakband),
        "mean_b 10 log10(max(x_b)^2 / MSE_b)",
        "DAEM, M2U-Net",
    ),
    (
        "psnr.global_peak1",
        without_ratio(psnr.psnr_global),
        "10 log10(1 / MSE of the cube)",
        "hif-benchmarking, sewar, torchmetrics",
    ),
    (
        "psnr.bandmean_u8",
        without_ratio(psnr.psnr_u8),
        "band mean of 8-bit images, peak 255",
        "csnr of the HySure family",
    ),
    ("psnr.mst256", without_ratio(psnr.psnr_mst256), "band mean of round(256 x), peak 255", "MST torch_psnr"),
    ("sam.reference", without_ratio(sam.sam), "mean over pixels with x != 0; y = 0 there counts 90", "std1"),
    (
        "sam.drop",
        without_ratio(sam.sam, zeros="drop"),
        "mean over pixels with x != 0 and y != 0",
        "Vivone toolbox, LTMR, sewar",
    ),
    ("sam.zero", without_ratio(sam.sam, zeros="zero"), "zero pixels count 0, mean over all", "classical-table, HPT"),
    (
        "sam.ninety",
        without_ratio(sam.sam, zeros="ninety"),
        "zero pixels count 90, mean over all",
        "SpectAngMapper (MATLAB eps)",
    ),
    ("sam.m2u", without_ratio(sam.sam_m2u), "1e-7 added to the product of norms", "M2U-Net"),
    ("sam.daem", without_ratio(sam.sam_daem), "1e-4 added to zero pixels, 1e-6 to both norms", "DAEM"),
    ("sam.moss", without_ratio(sam.sam_moss), "y clipped to [1e-5, 1]; zero x left out (official: NaN)", "MossFuse"),
    (
        "sam.moss_nan_pixels",
        without_ratio(sam.moss_nan_pixels),
        "number of pixels with x = 0",
        "flag: MossFuse would print NaN",
    ),
    ("sam.radians", without_ratio(sam.sam_radians), "radians, zero pixels count pi/2", "t3sc, HSIR"),
    (
        "ergas.wald",
        ergas_module.ergas,
        "100/r sqrt(mean_b(MSE_b / mean_b^2))",
        "std1, Wald, sewar with r given, torchmetrics since April 2024",
    ),
    (
        "ergas.moss",
        without_ratio(ergas_module.ergas_moss),
        "100/32 sqrt(sum_b(MSE_b / mean_b^2) / (B + 1))",
        "MossFuse",
    ),
    ("ergas.fixed32", fixed_ratio(32), "wald with r = 32", "DAEM ergas"),
    ("ergas.fixed16", fixed_ratio(16), "wald with r = 16", "imgvision default, HIFtool"),
    ("ergas.fixed4", fixed_ratio(4), "wald with r = 4", "sewar default"),
    ("ergas.noratio", fixed_ratio(1), "wald with r = 1", "MST's MATLAB call"),
    (
        "ergas.times_ratio",
        ergas_module.ergas_times_ratio,
        "100 r sqrt(mean_b(MSE_b / mean_b^2))",
        "torchmetrics before April 2024",
    ),
    ("ergas.t3sc", without_ratio(ergas_module.ergas_t3sc), "100 sqrt(mean_b(MSE_b / mean_b))", "t3sc, HSIR"),
    (
        "ssim.gauss11",
        without_ratio(ssim.ssim_gauss11),
        "Gaussian 11 x 11, sigma 1.5, range 1",
        "std1, Wang et al., cal_ssim",
    ),
    (
        "ssim.uniform7",
        without_ratio(ssim.ssim_uniform7),
        "uniform 7 x 7, sample covariance, range 1",
        "MossFuse, classical-table, scikit-image default",
    ),
    (
        "ssim.uniform11",
        without_ratio(ssim.ssim_uniform11),
        "uniform 11 x 11, range 1",
        "hif-benchmarking, sewar default",
    ),
    (
        "ssim.range_est",
        without_ratio(ssim.ssim_range_est),
        "uniform7 with the range of each estimated band",
        "DAEM, M2U-Net",
    ),
    ("ssim.global", without_ratio(ssim.ssim_global), "one window: the whole band", "imgvision"),
    ("uqi.ws8", without_ratio(uqi.uqi), "Wang-Bovik, window 8, stride 1", "std1"),
    (
        "uqi.ws8_sewar",
        without_ratio(uqi.uqi_sewar),
        "window means in the formula for sums, window 8",
        "sewar: MossFuse, DAEM, M2U-Net",
    ),
    (
        "uqi.ws32",
        without_ratio(uqi.uqi, size=32),
        "Wang-Bovik, window 32, stride 1",
        "img_qi 32: HySure family, Vivone toolbox",
    ),
    ("uqi.q2n_32", without_ratio(q2n), "hypercomplex Q2^n, blocks of 32", "Vivone toolbox, HPT, Yokoya toolbox"),
    ("cc.band_pearson", without_ratio(correlation.cc), "mean_b Pearson(x_b, y_b)", "std1, M2U-Net, Yokoya forks"),
    (
        "cc.pixel_spectral",
        without_ratio(correlation.cc_pixel_spectral),
        "mean over pixels of Pearson over bands",
        "imgvision",
    ),
    (
        "scc.sobel_cosine",
        without_ratio(correlation.scc_sobel_cosine),
        "cosine of the Sobel magnitudes",
        "Vivone toolbox",
    ),
    (
        "scc.laplace_local8",
        without_ratio(correlation.scc_laplace_local8),
        "local correlation of Laplacians, window 8",
        "sewar, torchmetrics",
    ),
    ("rmse.cube", without_ratio(rmse.rmse), "sqrt(MSE of the cube)", "std1, MossFuse"),
    ("rmse.bandmean", without_ratio(rmse.rmse_bandmean), "mean_b sqrt(MSE_b)", "beside the cube RMSE, for comparison"),
    ("rmse.x255", lambda x, y, ratio: 255 * rmse.rmse(x, y), "255 sqrt(MSE of the cube)", "HySure family"),
)

VARIANTS = MappingProxyType({row[0]: Variant(*row) for row in _ROWS})
