"""Colour of a spectral cube: true colour where its bands cover the visible range, a named composite elsewhere.

True colour: the spectrum is taken as a reflectance under D65, integrated with the CIE 1931 2 degree observer to XYZ
(CIE 15) and shown as sRGB (IEC 61966-2-1). One exposure per scene, set by the truth, serves every method.
"""

from dataclasses import dataclass

import numpy as np

from mossfuse.spectra.tristimulus import covers_visible, normalised_xyz

SRGB_FROM_XYZ = np.array(
    [[3.2404542, -1.5371385, -0.4985314], [-0.9692660, 1.8760108, 0.0415560], [0.0556434, -0.2040259, 1.0572252]]
)
COMPOSITE_NM = (650.0, 550.0, 450.0)
NEAR_NM = 55.0  # the blue bands of Sentinel-2 and Landsat lie at 480 to 500 nm
CLIPPED_SHARE = 0.5


@dataclass(frozen=True)
class Rendering:
    """How spectra become colour: matrix (bands, 3) to linear RGB, exposure (a factor), description (one phrase)."""

    matrix: np.ndarray
    exposure: float
    description: str


def rendering_for(truth, wavelengths):
    """Return the Rendering of a scene (H, W, B) in [0, 1] with (B,) nm or None; 0.5 % of the truth's pixels may clip."""
    matrix, description = colour_matrix(truth.shape[2], wavelengths)
    linear = linear_rgb(truth, matrix)
    white = float(np.percentile(linear.max(-1), 100 - CLIPPED_SHARE))
    return Rendering(matrix, 1 / white if white > 0 else 1.0, description)


def to_srgb(cube, rendering):
    """Return the (H, W, 3) uint8 sRGB image of a cube (H, W, B); values outside the gamut are clipped."""
    return encode(linear_rgb(cube, rendering.matrix) * np.float32(rendering.exposure))


def linear_rgb(cube, matrix):
    return np.asarray(cube, np.float32) @ matrix.astype(np.float32)


def encode(linear):
    """Return linear values as uint8 through the sRGB transfer curve; values outside [0, 1] are clipped."""
    linear = np.clip(linear, 0, 1)
    curve = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** np.float32(1 / 2.4) - 0.055)
    return np.round(255 * curve).astype(np.uint8)


def colour_matrix(bands, wavelengths):
    """Return ((B, 3) weights to linear RGB, description) of bands at ``wavelengths`` (nm, or None)."""
    if wavelengths is not None and covers_visible(wavelengths):
        return true_colour_matrix(wavelengths), "true colour: sRGB under D65, CIE 1931 observer"
    chosen, description = composite_bands(bands, wavelengths)
    return select_bands(bands, chosen), description


def select_bands(bands, chosen):
    """Return (bands, 3) weights that show three bands as red, green and blue."""
    matrix = np.zeros((bands, 3))
    matrix[chosen, range(3)] = 1
    return matrix


def true_colour_matrix(wavelengths):
    """Return the (B, 3) matrix from spectra to linear sRGB, scaled so that a flat spectrum of 1 is white (1, 1, 1)."""
    white = np.linalg.solve(SRGB_FROM_XYZ, np.ones(3))
    return (normalised_xyz(wavelengths, "D65") * white) @ SRGB_FROM_XYZ.T


def composite_bands(bands, wavelengths):
    """Return (band indices for red, green, blue; description of the composite)."""
    if wavelengths is not None:
        wavelengths = np.asarray(wavelengths, np.float64)
        nearest = [int(np.abs(wavelengths - nm).argmin()) for nm in COMPOSITE_NM]
        if len(set(nearest)) == 3 and np.abs(wavelengths[nearest] - COMPOSITE_NM).max() <= NEAR_NM:
            return nearest, f"composite of the bands at {name_bands(nearest, wavelengths)}"
    order = np.argsort(wavelengths) if wavelengths is not None else np.arange(bands)
    chosen = [int(order[round(f * (bands - 1))]) for f in (0.85, 0.5, 0.15)]
    if len(set(chosen)) == 1:
        return chosen, f"grey image of {name_bands(chosen[:1], wavelengths)}"
    return chosen, f"false colour of {name_bands(chosen, wavelengths)}"


def name_bands(bands, wavelengths):
    if wavelengths is None:
        return ("band " if len(bands) == 1 else "bands ") + ", ".join(str(b + 1) for b in bands)
    return ", ".join(f"{wavelengths[b]:.0f}" for b in bands) + " nm"


def msi_wavelengths(srf, wavelengths):
    """Return the centre of mass (nm) of every MSI band's response, or None where response or wavelengths are unknown."""
    if srf is None or wavelengths is None:
        return None
    srf = np.clip(np.asarray(srf, np.float64), 0, None)
    return srf @ np.asarray(wavelengths, np.float64) / srf.sum(1)


def msi_colour(msi, srf, wavelengths):
    """Return ((H, W, 3) uint8, description) of the MSI: its bands nearest red, green and blue, exposed by itself."""
    chosen, description = composite_bands(msi.shape[2], msi_wavelengths(srf, wavelengths))
    matrix = select_bands(msi.shape[2], chosen)
    linear = np.asarray(msi, np.float32) @ matrix.astype(np.float32)
    white = float(np.percentile(linear.max(-1), 99.5))
    return encode(linear / (white if white > 0 else 1)), description
